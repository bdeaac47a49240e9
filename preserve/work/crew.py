"""Who does the work: a crew of workers, in this process, in processes of this machine, or elsewhere.

Owns what the coordinator may ask of any crew, and the crew of one worker in the coordinator's own process, which small
runs are done with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from preserve.ledger import Ledger
from preserve.settings import Settings
from preserve.times import Clock
from preserve.warc import ArchiveLock, ArchiveWriter
from preserve.work.values import Batch, Ended, Event
from preserve.work.worker import Bench, Worker

Deliver = Callable[[int, Sequence[Event]], None]
"""Takes events and the number of the worker they come from; may be called by any thread."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a crew is to work.

    Attributes:
        settings: all of them.
        writer: the coordinator's own WARC file.
        ledger: the archive's.
        lock: held on the archive.
        info: for the `warcinfo` of files that workers make.
        clock: wall and monotonic time.
        hosts, sources: how many there are to ask.
    """

    settings: Settings
    writer: ArchiveWriter
    ledger: Ledger
    lock: ArchiveLock
    info: dict[str, str]
    clock: Clock
    hosts: int
    sources: int

    @property
    def threads(self) -> int:
        """How many batches are worked on at the same time, by all workers together."""
        return max(min(self.settings.run.jobs, self.hosts), 1)


class Crew(Protocol):
    """Workers; its methods are called by the coordinator's thread only."""

    def start(self, deliver: Deliver) -> None:
        """Make ready; whatever the workers tell goes to `deliver`.

        Raises:
            PreserveError: it can't be.
        """

    def seats(self) -> dict[int, int]:
        """The workers there are, by number, and how many batches each may have at the same time.

        A worker that was lost is not among them; another may have taken its place, under a number of its own.
        """
        ...

    def send(self, worker: int, batch: Batch) -> None:
        """Hand a batch to a worker; if it is lost meanwhile, `Lost` will tell."""

    def stop(self) -> None:
        """Begin nothing new; the batches come back with what is left of them."""

    def finish(self) -> None:
        """There is nothing more to do: the workers close their files and tell so, `Ended` last."""

    def close(self) -> None:
        """Let go of everything, whatever state it is in."""


class Hire(Protocol):
    """Makes the crew of a run."""

    def __call__(self, site: Site, /) -> Crew:
        """A crew for `site`, not yet started."""
        ...


class OwnCrew:
    """One worker in this process, which writes to the coordinator's own file.

    Args:
        site: where it works.
        bench: its tools, made for `site.threads` batches at the same time.
    """

    def __init__(self, site: Site, bench: Bench) -> None:
        self._site, self._bench = site, bench
        self._worker: Worker | None = None
        self._deliver: Deliver | None = None

    def start(self, deliver: Deliver) -> None:
        """See `Crew.start`."""
        self._deliver = deliver
        self._worker = Worker(self._bench, lambda events: deliver(0, events))
        self._worker.start()

    def seats(self) -> dict[int, int]:
        """See `Crew.seats`."""
        return {0: self._bench.threads}

    def send(self, worker: int, batch: Batch) -> None:
        """See `Crew.send`."""
        if self._worker is not None:
            self._worker.take(batch)

    def stop(self) -> None:
        """See `Crew.stop`: whoever set the bench's `stop` has done it already."""
        self._bench.stop.set()

    def finish(self) -> None:
        """See `Crew.finish`; the file is the coordinator's to close."""
        self.close()
        if self._deliver is not None:
            self._deliver(0, (Ended(),))

    def close(self) -> None:
        """See `Crew.close`."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()
