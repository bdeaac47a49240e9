"""A crew of processes on this machine, each with a worker in it.

Each process fetches, has its pages judged by judging processes of its own and writes to a WARC file of its own. It
inherits the archive's lock, so that the archive stays taken until the last of them is gone, and ends when the
coordinator does.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from preserve.errors import ArchiveError, PreserveError
from preserve.fetch import HttpFetcher, system_tools
from preserve.judges import Judges
from preserve.ledger import Ledger
from preserve.settings import Settings
from preserve.spawning import Child, our_end, spare_the_collector
from preserve.warc import ArchiveWriter
from preserve.warc.files import make_directory
from preserve.warc.storage import Storage, open_store
from preserve.work.crew import Deliver, Site
from preserve.work.depot import FILE_BYTES, Depot
from preserve.work.lease import Lease
from preserve.work.repeats import Payloads
from preserve.work.values import Alive, Batch, Broken, Ended, Event, FileBegun, FileClosed, FileLines, Lost, Renewed
from preserve.work.worker import Bench, Worker

TARGET = "preserve.work.processes:serve"
GRACE_SECONDS = 5.0
RENEWALS_A_LEASE = 5
WATCH_SECONDS = 0.1
FIRST_LEASE_SECONDS = 60.0
LINES_AT_ONCE = 2_000  # some 1 MB
LOSSES_BORNE = 5
"""So many processes may be lost in a run; then something is wrong that another process would not mend."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker's process is told first.

    Attributes:
        settings: all of them, its share of threads and judging processes in them.
        ledger: the path of the archive's ledger, for payloads; "" where it can't be read from there.
        info: for its `warcinfo`.
        environment: proxies and certificates; None takes the environment that the process has.
        seed: of the random paths of probes.
        lease: seconds that it may work on without a word from the coordinator; 0 where the pipe's end tells enough.
        away: the archive's directory is out of reach: the one in the settings is the worker's own, and its files go
            to the storage.
    """

    settings: Settings
    ledger: str
    info: Mapping[str, str]
    environment: Mapping[str, str] | None
    seed: str
    lease: float = 0.0
    away: bool = False


class _Process:
    """One process, the pipe to it, and the thread that listens to it."""

    def __init__(self, number: int, setup: Setup, lock: int, deliver: Deliver) -> None:
        self.number = number
        self.seats = setup.settings.run.jobs
        self.lost = False
        self._deliver = deliver
        self._child = Child(TARGET, (lock,))
        self._child.pipe.send(setup)
        self._ears = threading.Thread(target=self._listen, name=f"worker-{number}", daemon=True)
        self._ears.start()

    def send(self, message: Batch | str) -> None:
        with suppress(OSError):  # it is gone: the listening thread tells
            self._child.pipe.send(message)

    def close(self) -> None:
        self.send("quit")  # has no effect on one that has finished
        self._child.wait(GRACE_SECONDS if not self.lost else 0.0)
        self._child.kill()

    def _listen(self) -> None:
        ended = False
        while not ended:
            try:
                events: Sequence[Event] = self._child.pipe.recv()
            except (EOFError, OSError):
                self.lost = True
                code = self._child.wait(GRACE_SECONDS)
                self._deliver(self.number, (Lost(f"process {self._child.pid} ended with {code}"),))
                return
            ended = any(isinstance(event, Ended) for event in events)
            self._deliver(self.number, events)


class ProcessCrew:
    """So many processes, replaced when they are lost.

    Args:
        site: where they work.
        workers: how many.
        setup: for all of them together; threads and judging processes are shared out.
    """

    def __init__(self, site: Site, workers: int, setup: Setup) -> None:
        self._site, self._workers = site, workers
        self._setup = replace(setup, settings=_share(site, workers))
        self._numbers = itertools.count()
        self._processes: dict[int, _Process] = {}
        self._deliver: Deliver | None = None
        self._stopping = False

    def start(self, deliver: Deliver) -> None:
        """See `Crew.start`."""
        self._deliver = deliver
        for _ in range(self._workers):
            self._hire()

    def seats(self) -> dict[int, int]:
        """See `Crew.seats`."""
        self._replace_lost()
        return {number: process.seats for number, process in self._processes.items() if not process.lost}

    def send(self, worker: int, batch: Batch) -> None:
        """See `Crew.send`."""
        process = self._processes.get(worker)
        if process is not None:  # if it was lost, that is told already
            process.send(batch)

    def stop(self) -> None:
        """See `Crew.stop`."""
        self._stopping = True
        for process in self._processes.values():
            process.send("stop")

    def finish(self) -> None:
        """See `Crew.finish`."""
        self._stopping = True
        for process in self._processes.values():
            process.send("finish")

    def close(self) -> None:
        """See `Crew.close`."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()

    def _hire(self) -> None:
        if self._deliver is None:
            return
        number = next(self._numbers)
        try:
            self._processes[number] = _Process(number, self._setup, self._site.lock.fileno(), self._deliver)
        except OSError as error:
            raise ArchiveError(f"no working process can be started: {error.strerror}") from error

    def _replace_lost(self) -> None:
        lost = [number for number, process in self._processes.items() if process.lost]
        for number in lost:
            self._processes.pop(number).close()
            if not self._stopping:
                if number >= self._workers + LOSSES_BORNE:
                    raise ArchiveError(
                        f"{LOSSES_BORNE} working processes were lost; look for what ended them (memory?) and run "
                        "again: what is finished is kept"
                    )
                self._hire()


def _share(site: Site, workers: int) -> Settings:
    """One worker's share of threads and judging processes."""
    settings = site.settings
    judging = settings.judge.workers or len(os.sched_getaffinity(0))
    return replace(
        settings,
        run=replace(settings.run, jobs=-(-site.threads // workers)),
        judge=replace(settings.judge, workers=max(-(-judging // workers), 1)),
    )


class Teller:
    """Sends events to the coordinator; hears of the writer's files."""

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe, self._lock = pipe, threading.Lock()

    def tell(self, events: Sequence[Event]) -> None:
        """Send events; a coordinator that is gone ends this process."""
        with self._lock:
            try:
                self._pipe.send(events)
            except OSError:
                os._exit(1)
            except Exception as error:  # noqa: BLE001 - an exception that can't be pickled must be told all the same
                self._pipe.send([Broken(PreserveError(f"{type(error).__name__}: {error}; {events!r:.500}"))])

    def begun(self, name: str) -> None:
        """See `FileKeeper.begun`."""
        self.tell((FileBegun(name),))

    def closed(self, name: str, lines: Iterable[bytes]) -> None:
        """See `FileKeeper.closed`."""
        left = iter(lines)
        part = tuple(islice(left, LINES_AT_ONCE))
        while following := tuple(islice(left, LINES_AT_ONCE)):
            self.tell((FileLines(name, part),))
            part = following
        self.tell((FileClosed(name, part),))


def serve(descriptor: int) -> None:
    """The process of a worker: batches come in, events go out, until it is told to finish or nobody listens.

    Args:
        descriptor: of its end of the pipe.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the coordinator, who tells what is to be done
        signal.signal(number, signal.SIG_IGN)
    pipe = our_end(descriptor)
    try:
        setup = pipe.recv()
    except (EOFError, OSError):
        return
    teller = Teller(pipe)
    spare_the_collector()
    try:
        _work(pipe, setup, teller)
    except Exception as error:  # noqa: BLE001 - told to the coordinator, which ends the run
        teller.tell((Broken(error),))
    teller.tell((Ended(),))


def _work(pipe: Connection[Any, Any], setup: Setup, teller: Teller) -> None:
    lease = Lease(setup.lease) if setup.lease else None
    stop = lease or threading.Event()
    settings = setup.settings
    depot = _depot(settings, teller) if setup.away else None
    if depot is not None:
        rolled = min(settings.archive.roll_over, FILE_BYTES)
        settings = replace(settings, archive=replace(settings.archive, roll_over=rolled))
    environment = dict(os.environ) if setup.environment is None else setup.environment
    tools = system_tools(settings.fetch, stop, environment, setup.seed)
    with (
        _payloads(setup.ledger) as payloads,
        ArchiveWriter(settings.archive, clock=tools.clock, info=setup.info, keeper=depot or teller) as writer,
    ):
        bench = Bench(
            settings=settings,
            software=setup.info["software"],
            fetcher=HttpFetcher(settings.fetch, tools),
            writer=writer,
            judges=Judges(settings.judge),
            payloads=payloads,
            stop=stop,
            threads=settings.run.jobs,
        )
        worker = Worker(bench, depot.tell if depot else teller.tell)
        if depot is not None:
            depot.start(writer)
        worker.start()
        if lease is not None:
            threading.Thread(target=_ask_for_more, args=(lease, teller), daemon=True).start()
            threading.Thread(target=_end_with, args=(lease,), daemon=True).start()
        _obey(pipe, worker, stop, depot)
        worker.close()
        if depot is not None:
            depot.close()


def _depot(settings: Settings, teller: Teller) -> Depot:
    storage = Storage.of(settings.archive)
    if storage is None:
        raise ArchiveError("a worker that does not see the archive's folder needs archive.storage")
    return Depot(make_directory(settings.archive.directory), open_store(storage), teller.tell)


def _obey(pipe: Connection[Any, Any], worker: Worker, stop: threading.Event, depot: Depot | None) -> None:
    """Do as the coordinator says, until there is nothing more to do."""
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            os._exit(1)  # the coordinator is gone; what is on disk is judged by the next run
        match message:
            case Batch():
                if depot is not None:
                    depot.learn(message)
                worker.take(message)
            case Renewed() if isinstance(stop, Lease):
                stop.renew(message.number)
            case "stop":
                stop.set()
            case "finish":
                return
            case "quit":
                os._exit(0)


@contextmanager
def _payloads(ledger: str) -> Iterator[Payloads]:
    """What lies in the archive already, as far as it can be asked from here."""
    if not ledger:
        yield lambda _digest, _url: None
        return
    with Ledger.open_readonly(Path(ledger)) as known:
        yield known.response_with_payload


def _ask_for_more(lease: Lease, teller: Teller) -> None:
    while True:
        teller.tell((Alive(lease.ask()),))
        time.sleep(lease.seconds / RENEWALS_A_LEASE)


def _end_with(lease: Lease) -> None:
    """End this process as soon as its lease is over, whatever its threads are at; nothing less is sure to stop them."""
    lease.wait_for_first(FIRST_LEASE_SECONDS)
    while (left := lease.left) > 0:
        time.sleep(min(left, WATCH_SECONDS))
    os._exit(1)
