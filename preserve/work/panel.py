"""Pages judged by the workers of a Dask cluster, from what lies in the archive: nothing is fetched, nothing written.

Judging is pure, so that neither leases nor notes are needed (`office`): a chunk whose worker is lost is judged again
by another, and if the first lives after all, its answer counts for nothing. One thread with an event loop of its own
speaks with Dask; how a scheduler is reached is `cluster`'s, what runs on a Dask worker `bench`'s.
"""

from __future__ import annotations

import asyncio
import pickle
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import AsyncExitStack, suppress
from dataclasses import astuple, dataclass, field, replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from preserve.errors import ArchiveError, PreserveError
from preserve.tasks import Judged, JudgeTask
from preserve.warc import read_block
from preserve.work.bench import begin, judge_chunk
from preserve.work.cluster import SchedulerError, check, connect
from preserve.work.versions import versions

START_SECONDS = 60.0
ANSWER_SECONDS = 10.0
LOOK_SECONDS = 0.25
LOSSES_BORNE = 5
"""So many workers one chunk may lose; then it is the chunk's fault."""


class _LostError(Exception):
    """No answer is to be expected of a worker."""


@dataclass(slots=True)
class _Seat:
    """A Dask worker; `gone` once nothing is to be expected of it."""

    address: str
    threads: int
    bench: Any
    fit: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Panel:
    """The workers of a Dask cluster as judges; those that join are taken on. A context manager.

    It begins with the first chunk, and only one thread may give it chunks.

    Args:
        address: `local:N` begins a cluster of N on this machine; else the scheduler's.
        notice: told of workers that are not used or lost, by another thread.

    Raises:
        ConfigError: see `cluster.check`.
    """

    def __init__(self, address: str, notice: Callable[[str], None]) -> None:
        check(address)
        self._address, self._notice = address, notice
        self._name, self._numbers = f"preserve-{secrets.token_hex(8)}", count()
        self._seats: dict[str, _Seat] = {}
        self._unfit: dict[str, str] = {}
        self._free: asyncio.Queue[_Seat | None] = asyncio.Queue()  # None: no seat will ever be free again
        self._left = asyncio.Event()
        self._client: Any = None
        self._error: PreserveError | None = None
        self._opened: Future[asyncio.AbstractEventLoop] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            while self._loop is None:
                self._thread.join(LOOK_SECONDS)
            self._loop.call_soon_threadsafe(self._left.set)
            self._thread.join()

    @property
    def room(self) -> int:
        """How many chunks it can make use of at once; 1 before the first."""
        return sum(self._places(seat) for seat in list(self._seats.values()) if seat.fit) or 1

    def submit(self, tasks: Sequence[JudgeTask]) -> Future[tuple[Judged | str, ...]]:
        """Have some tasks judged by one process; the future tells what each came to, or why it could not be judged.

        Raises:
            SchedulerError: no cluster or no worker of it can be used; the future raises it where that comes to pass
                later.
        """
        there = tuple(replace(task, archive=str(Path(task.archive).resolve())) for task in tasks)
        if self._thread is None:
            self._thread = threading.Thread(target=lambda: asyncio.run(self._run(_asked(there))), daemon=True)
            self._thread.start()
        loop = self._opened.result()
        return asyncio.run_coroutine_threadsafe(self._judged(pickle.dumps(there)), loop)

    # ------------------------------------------------------------ from beginning to end

    async def _run(self, asked: Mapping[str, Any]) -> None:
        """Everything. It stays until it is left, so that whoever gives it a chunk hears what went wrong."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(lambda _loop, _context: None)  # what a lost connection fails in the library
        try:
            async with AsyncExitStack() as stack:
                self._client = await connect(self._address, stack)
                await self._look_after(asked)
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            self._end(error)
            await self._left.wait()

    def _end(self, error: Exception) -> None:
        if not isinstance(error, PreserveError):
            why = str(error) or "it does not answer"
            error = SchedulerError(f"{self._address}: the Dask scheduler is gone ({why}); run again once it is back")
        self._error = error
        self._free.put_nowait(None)
        for seat in self._seats.values():
            seat.gone.set()
        if not self._opened.done():
            self._opened.set_exception(error)

    # ------------------------------------------------------------ who there is

    async def _look_after(self, asked: Mapping[str, Any]) -> None:
        last = time.monotonic()
        while not self._left.is_set():
            if self._client.status != "running":  # it would try to come back, but all that was asked is lost
                raise ConnectionError("the connection was lost")
            there = await asyncio.wait_for(self._client.nthreads(), ANSWER_SECONDS)
            self._call(there, asked)
            await self._admit()
            if any(seat.fit and not seat.gone.is_set() for seat in self._seats.values()):
                last = time.monotonic()
            else:
                self._see_whether_any_can_be(there, last)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._left.wait(), LOOK_SECONDS)

    def _call(self, there: Mapping[str, int], asked: Mapping[str, Any]) -> None:
        """Let go of those that left, and look at those that are new."""
        for address, seat in list(self._seats.items()):
            if address not in there and not seat.gone.is_set():
                seat.gone.set()
                if not self._left.is_set():
                    self._notice(f"The Dask worker {address} is gone; others judge what it had.")
            if seat.gone.is_set():
                del self._seats[address]
        for address, threads in there.items():
            if address not in self._seats and address not in self._unfit:
                self._seats[address] = _Seat(address, threads, self._ask(address, begin, asked))

    async def _admit(self) -> None:
        """Have those begin that were looked at."""
        for seat in self._seats.values():
            if seat.fit or seat.bench.status == "pending":
                continue
            if seat.bench.status == "finished":
                seat.fit = True
                for _ in range(self._places(seat)):
                    self._free.put_nowait(seat)
                if not self._opened.done():
                    self._opened.set_result(asyncio.get_running_loop())
            elif seat.bench.status == "error":
                self._turn_away(seat, await seat.bench.exception())
            else:
                seat.gone.set()  # Dask lost it

    def _turn_away(self, seat: _Seat, error: BaseException) -> None:
        why = str(error) if isinstance(error, PreserveError) else f"{type(error).__name__}: {error}"
        if isinstance(error, ImportError | AttributeError):
            why += ": install the same preserve-archive[dask] there"
        seat.gone.set()
        self._unfit[seat.address] = why
        if not self._left.is_set():
            self._notice(f"The Dask worker {seat.address} is not used: {why}.")

    def _see_whether_any_can_be(self, there: Mapping[str, int], last: float) -> None:
        if there and all(address in self._unfit for address in there):
            first = next(iter(there))
            raise SchedulerError(f"No worker of {self._address} can be used; {first}: {self._unfit[first]}")
        if time.monotonic() - last > START_SECONDS:
            raise SchedulerError(
                f"{self._address}: no worker began within {START_SECONDS:.0f} s ({len(there)} are connected); start "
                "some with `dask worker`, or wait until they are less busy"
            )

    @staticmethod
    def _places(seat: _Seat) -> int:
        """Chunks that a worker may have: one for each thread, and one so that none waits for the next."""
        return seat.threads + 1

    # ------------------------------------------------------------ what is to be judged

    async def _judged(self, tasks: bytes) -> tuple[Judged | str, ...]:
        """What a chunk came to, whoever judged it in the end."""
        for _ in range(LOSSES_BORNE):
            seat = await self._free_seat()
            try:
                outcome: tuple[Judged | str, ...] = pickle.loads(await self._told(seat, tasks))  # noqa: S301 - see bench
            except _LostError:
                continue
            self._free.put_nowait(seat)
            return outcome
        raise SchedulerError(
            f"{self._address}: {LOSSES_BORNE} Dask workers were lost one after another with the same pages; look for "
            "what ended them (memory?) and run again"
        )

    async def _free_seat(self) -> _Seat:
        while True:
            seat = await self._free.get()
            if seat is None:
                self._free.put_nowait(None)
                assert self._error is not None  # noqa: S101 - set before
                raise self._error
            if not seat.gone.is_set():
                return seat

    async def _told(self, seat: _Seat, tasks: bytes) -> Any:
        """What a worker says of a chunk.

        Raises:
            _LostError: nothing, and nothing is to be expected of it any more.
        """
        asking = asyncio.ensure_future(self._answer(seat, tasks))
        gone = asyncio.ensure_future(seat.gone.wait())
        try:
            await asyncio.wait({asking, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise _LostError
            return asking.result()
        finally:
            asking.cancel()
            gone.cancel()

    async def _answer(self, seat: _Seat, tasks: bytes) -> Any:
        try:
            future = self._ask(seat.address, judge_chunk, seat.bench, tasks)
            try:
                return await future.result()
            finally:
                future.release()
        except (CancelledError, OSError) as error:  # Dask itself cancels what it lost
            seat.gone.set()
            raise _LostError from error
        except Exception as error:
            self._turn_away(seat, error)
            raise _LostError from error

    def _ask(self, address: str, function: Callable[..., Any], *values: object) -> Any:
        """A task for one Dask worker and no other."""
        return self._client.submit(
            function,
            *values,
            key=f"{self._name}-{next(self._numbers)}",
            workers=[address],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )


def _asked(tasks: Sequence[JudgeTask]) -> dict[str, Any]:
    """What `bench.begin` is to look at."""
    return {"versions": versions(), "archive": tasks[0].archive, "record": _readable(tasks)}


def _readable(tasks: Sequence[JudgeTask]) -> tuple[object, ...] | None:
    """A record that can be read here, so that whoever sees the same archive can read it, too."""
    for task in tasks:
        with suppress(ArchiveError):
            read_block(task.archive, task.capture.summary)
            return astuple(task.capture.summary)
    return None
