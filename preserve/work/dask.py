"""A crew of Dask workers: on one machine or on many, wherever a scheduler says there are some.

On each Dask worker one long task stands between the scheduler and a process of ours (`preserve.work.relay`). All that
is said goes through queues at the scheduler, so that workers need to reach nothing but it and the archive. A worker
that is not heard from is given up only when its lease is over (`preserve.work.lease`): until then it may be alive, and
may be asking. What is done about all this is the `office`'s.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

from preserve.work.cluster import check
from preserve.work.crew import Deliver, Site
from preserve.work.office import Office
from preserve.work.processes import Setup
from preserve.work.values import Batch


class DaskCrew:
    """The workers of a Dask cluster; those that join are taken on, those that leave are lost.

    Args:
        site: where they work.
        address: `local:N` begins a cluster of N on this machine; else the scheduler's.
        setup: for all of them together; threads are shared out.

    Raises:
        ConfigError: see `check`.
    """

    def __init__(self, site: Site, address: str, setup: Setup) -> None:
        check(address)
        self._site, self._address, self._setup = site, address, setup
        self._office: Office | None = None
        self._thread: threading.Thread | None = None

    def start(self, deliver: Deliver) -> None:
        """See `Crew.start`: returns when the first worker is ready."""
        office = self._office = Office(self._site, self._address, self._setup, deliver)
        self._thread = threading.Thread(target=lambda: asyncio.run(office.run()), name="dask", daemon=True)
        self._thread.start()
        office.opened.result()

    def seats(self) -> dict[int, int]:
        """See `Crew.seats`."""
        return dict(self._office.seats) if self._office else {}

    def send(self, worker: int, batch: Batch) -> None:
        """See `Crew.send`."""
        self._do(lambda office: office.tell(worker, batch))

    def stop(self) -> None:
        """See `Crew.stop`."""
        self._do(lambda office: office.tell_all("stop"))

    def finish(self) -> None:
        """See `Crew.finish`."""
        self._do(lambda office: office.finish())

    def close(self) -> None:
        """See `Crew.close`."""
        self._do(lambda office: office.leave())
        if self._thread is not None:
            self._thread.join()
        self._office = self._thread = None

    def _do(self, what: Callable[[Office], None]) -> None:
        office = self._office
        if office is not None and office.loop is not None:
            with suppress(RuntimeError):  # its loop has ended, and so has all it could do
                office.loop.call_soon_threadsafe(what, office)
