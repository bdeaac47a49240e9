"""What a crew does with Dask: calls workers, hands on what is said, and knows when one can be at work no more.

One thread with an event loop of its own does all of it. How a scheduler is reached is `cluster`'s, what runs on a Dask
worker `relay`'s.
"""

from __future__ import annotations

import asyncio
import pickle
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any

from preserve.errors import ArchiveError, PreserveError
from preserve.warc.storage import Storage
from preserve.work.cluster import CLOSE_SECONDS, SchedulerError, connect, library
from preserve.work.crew import Deliver, Site
from preserve.work.depot import notes_for
from preserve.work.lease import MARGIN_SECONDS, WorkersNote
from preserve.work.processes import LOSSES_BORNE, Setup
from preserve.work.relay import BEGIN, GONE, HELLO, LEAVE, PASS, SAYS, Post, serve
from preserve.work.values import Alive, Batch, Broken, Ended, Event, Lost, Notice, Renewed
from preserve.work.versions import unlike, versions

START_SECONDS = 60.0
LOOK_SECONDS = 0.5


class _State(Enum):
    CALLED = auto()  # its task was handed in
    BEGUN = auto()  # it was told what to work with
    READY = auto()  # it has its lease, and works
    LEFT = auto()  # nothing is to be expected of it, but its lease is not over
    GONE = auto()  # it is certain that it asks nobody


@dataclass(slots=True)
class _Worker:
    """A worker as the office knows it; `until` is when its lease is over for certain, on the monotonic clock."""

    number: int
    address: str
    inbox: Any
    task: Any
    state: _State = _State.CALLED
    incarnation: str = ""
    until: float = 0.0
    threads: int = 0
    why: str = ""
    ended: bool = False


class Office:
    """All that is done with Dask, by one thread with an event loop of its own.

    Attributes:
        opened: done when the first worker is ready; raises why none is.
        seats: what `Crew.seats` says; replaced, never changed.
    """

    def __init__(self, site: Site, address: str, setup: Setup, deliver: Deliver) -> None:
        self._site, self._address, self._setup, self._deliver = site, address, setup, deliver
        self._directory = Path(site.settings.archive.directory).resolve()
        self._note = WorkersNote(self._directory)
        self._name = f"preserve-{secrets.token_hex(8)}"
        self._token = ""
        self._client: Any = None
        self._outbox: Any = None
        self._letters: asyncio.Queue[tuple[int, list[object]]] = asyncio.Queue()
        self._workers: dict[int, _Worker] = {}
        self._unfit: dict[str, str] = {}
        self._losses = 0
        self._taking = True
        self._left = asyncio.Event()
        self._capacity = 1
        self._storage = Storage.of(site.settings.archive)
        self._away: bool | None = None  # whether workers use the storage and not the folder; the first decides
        self.loop: asyncio.AbstractEventLoop | None = None
        self.opened: Future[None] = Future()
        self.seats: Mapping[int, int] = {}

    # ------------------------------------------------------------ from beginning to end

    async def run(self) -> None:
        """Everything; ends when it was left, or when the scheduler is lost and no worker can be at work any more."""
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(_unheard)
        try:
            async with AsyncExitStack() as stack:
                await self._open(stack)
                await self._serve()
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it
            self._tell_of(error)
        finally:
            if not self._at_large():
                self._note.remove(self._token)

    async def _open(self, stack: AsyncExitStack) -> None:
        self._client = await connect(self._address, stack)
        self._outbox = await library().Queue(f"{self._name}-out", client=self._client)
        self._token = self._note.write(self._setup.lease)

    async def _serve(self) -> None:
        """Listen, speak and look after the workers until it is left; when the scheduler is lost, see that out."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(work) for work in (self._listen(), self._speak(), self._look_after())]
                await self._left.wait()
                await self._dismiss()
                for task in tasks:
                    task.cancel()
                for one in (self._outbox, *(worker.inbox for worker in self._workers.values())):
                    one.close()
        except ExceptionGroup as group:
            error = group.exceptions[0]
            if isinstance(error, PreserveError):
                raise error from group
            await self._see_out(error)

    async def _see_out(self, error: BaseException) -> None:
        """Without a scheduler: wait until no worker can be at work, then tell."""
        for worker in self._workers.values():
            self._give_up(worker, "the scheduler is gone")
        while self._at_large():
            await asyncio.sleep(LOOK_SECONDS)
            self._count_leases()
        raise SchedulerError(
            f"{self._address}: the Dask scheduler is gone ({str(error) or 'it does not answer'}); run again once it is "
            "back: what is finished is kept"
        )

    async def _dismiss(self) -> None:
        """Have whoever is still there leave, and wait a little for it."""
        self.seats = {}
        self._taking = False
        for worker in self._workers.values():
            if worker.state is not _State.GONE:
                self._post(worker, LEAVE, b"")
        deadline = time.monotonic() + CLOSE_SECONDS
        while self._at_large() and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_SECONDS / 10)
        if not self._letters.empty():
            await asyncio.wait_for(self._letters.join(), CLOSE_SECONDS)

    def _tell_of(self, error: BaseException) -> None:
        if not isinstance(error, PreserveError):
            error = SchedulerError(f"{self._address}: {type(error).__name__}: {error}")
        if not self.opened.done():
            self.opened.set_exception(error)
        elif not self._left.is_set():
            self._deliver(-1, (Broken(error),))

    def _at_large(self) -> bool:
        """Whether anybody may be asking."""
        return any(worker.state in (_State.BEGUN, _State.READY, _State.LEFT) for worker in self._workers.values())

    # ------------------------------------------------------------ what the coordinator wants

    def tell(self, number: int, message: Batch | Renewed | str) -> None:
        """Say something to a worker; one that is lost hears nothing."""
        worker = self._workers.get(number)
        if worker is not None and worker.state is _State.READY:
            if self._away and self._storage is not None and isinstance(message, Batch):
                message = replace(message, stored=notes_for(self._directory, self._storage, message.orders))
            self._post(worker, PASS, pickle.dumps(message))

    def tell_all(self, message: str) -> None:
        """Say something to all that work."""
        self._taking = False
        for number in self._workers:
            self.tell(number, message)

    def finish(self) -> None:
        """Nothing more is to be done."""
        self.tell_all("finish")

    def leave(self) -> None:
        """End everything."""
        self._left.set()

    def _post(self, worker: _Worker, kind: str, blob: bytes) -> None:
        self._letters.put_nowait((worker.number, [kind, blob]))

    async def _speak(self) -> None:
        """Send what is to be sent; at the same time to all, since a far scheduler takes its time."""
        while True:
            letters = [await self._letters.get()]
            while not self._letters.empty():
                letters.append(self._letters.get_nowait())
            bags: dict[int, list[list[object]]] = {}
            for number, letter in letters:
                bags.setdefault(number, []).append(letter)
            await asyncio.gather(*(self._workers[number].inbox.put(bag) for number, bag in bags.items()))
            for _ in letters:
                self._letters.task_done()

    # ------------------------------------------------------------ what the workers say

    async def _listen(self) -> None:
        while True:
            said = [await self._outbox.get(), *await self._outbox.get(batch=True)]
            for number, incarnation, kind, what in said:
                worker = self._workers.get(number)
                if worker is not None and worker.state is not _State.GONE:
                    self._take_in(worker, incarnation, kind, what)

    def _take_in(self, worker: _Worker, incarnation: str, kind: str, what: Any) -> None:
        if kind == HELLO and worker.state is _State.CALLED:
            self._welcome(worker, incarnation, what)
        elif incarnation != worker.incarnation:
            return  # another task under its name: it gets no lease, and does nothing
        elif kind == SAYS:
            for message in what:
                self._hear(worker, pickle.loads(message))  # noqa: S301 - the cluster's own: Dask does no less
        elif kind == GONE:
            self._lose(worker, worker.why or f"on {worker.address}, {what}", ended=True)
            self._bear(worker)

    def _welcome(self, worker: _Worker, incarnation: str, who: dict[str, Any]) -> None:
        """Tell a worker what to work with, if it is fit to."""
        wrong = unlike(versions(), who)
        if not who["sees"] and self._storage is None:
            wrong.append(
                f"does not see this archive at {self._directory}: it needs a folder shared under that path, or "
                "archive.storage"
            )
        elif not who["sees"] and self._away is False:  # what others write into the folder it could not read
            wrong.append(f"does not see this archive at {self._directory}, and others of this run do")
        if wrong:
            self._turn_away(worker, f"on {who['host']}: it {'; it '.join(wrong)}")
            return
        if self._away is None:
            self._away = not who["sees"]
        worker.state, worker.incarnation = _State.BEGUN, incarnation
        worker.until = time.monotonic() + START_SECONDS + self._setup.lease
        worker.threads = self._capacity
        self._post(worker, BEGIN, pickle.dumps(self._setup_for(who)))

    def _setup_for(self, who: dict[str, Any]) -> Setup:
        settings = self._setup.settings
        return replace(
            self._setup,
            away=bool(self._away),
            settings=replace(
                settings,
                archive=replace(settings.archive, directory=who["room"] if self._away else str(self._directory)),
                run=replace(settings.run, jobs=self._capacity),
                judge=replace(settings.judge, workers=settings.judge.workers or max(int(who["threads"]), 1)),
            ),
        )

    def _turn_away(self, worker: _Worker, why: str) -> None:
        self._unfit[worker.address] = why
        self._post(worker, LEAVE, b"")
        worker.state = _State.GONE
        self._notice(f"The Dask worker {worker.address} is not used; {why}.")

    def _hear(self, worker: _Worker, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Alive) and worker.state in (_State.BEGUN, _State.READY):
                worker.until = time.monotonic() + self._setup.lease
                if worker.state is _State.BEGUN:
                    worker.state = _State.READY
                    self._share_out()
                    self._notice(f"The Dask worker {worker.address} has begun; {len(self.seats)} work now.")
                self.tell(worker.number, Renewed(event.number))
            worker.ended = worker.ended or isinstance(event, Ended)
        told = tuple(event for event in events if not isinstance(event, Alive))
        if told:
            self._deliver(worker.number, told)

    # ------------------------------------------------------------ who there is

    async def _look_after(self) -> None:
        begun = time.monotonic()
        while True:
            # A scheduler that says nothing for so long is as good as gone: the workers have lost their leases too.
            there = await asyncio.wait_for(self._client.nthreads(), self._setup.lease)
            for worker in self._workers.values():
                if worker.address not in there:
                    self._give_up(worker, f"the Dask worker {worker.address} is gone")
            self._count_leases()
            await self._call(list(there))
            await self._look_at_tasks()
            self._see_whether_open(begun, there)
            await asyncio.sleep(LOOK_SECONDS)

    async def _call(self, there: Sequence[str]) -> None:
        """Hand in a task for each worker that is there and needed."""
        used = {worker.address for worker in self._workers.values() if worker.state is not _State.GONE}
        fit = [address for address in there if address not in self._unfit]
        threads = self._site.threads
        if not self.seats:
            # More than its share, for when others leave.
            self._capacity = min(2 * -(-threads // max(min(len(fit), threads), 1)), threads)
        for address in fit:
            if self._taking and address not in used and len(used) < threads:
                used.add(address)
                await self._call_one(address)

    async def _call_one(self, address: str) -> None:
        number = len(self._workers)
        post = Post(number, f"{self._name}-{number}", f"{self._name}-out", str(self._directory), self._token)
        inbox = await library().Queue(post.inbox, client=self._client)
        task = self._client.submit(
            serve,
            asdict(post),
            key=post.inbox,
            workers=[address],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )
        self._workers[number] = _Worker(number, address, inbox, task)

    async def _look_at_tasks(self) -> None:
        for worker in self._workers.values():
            if worker.state is _State.GONE or worker.task.status != "error":
                continue
            error = await worker.task.exception()
            why = f"{type(error).__name__}: {error}"
            if isinstance(error, ImportError | AttributeError):
                why += ": install the same preserve-archive[dask] there"
            if worker.state is _State.CALLED:
                self._turn_away(worker, f"its task failed: {why}")
            else:
                self._give_up(worker, why)

    def _see_whether_open(self, begun: float, there: Mapping[str, int]) -> None:
        if self.opened.done():
            return
        if any(worker.state is _State.READY for worker in self._workers.values()):
            self.opened.set_result(None)
        elif there and all(address in self._unfit for address in there):
            first = next(iter(there))
            raise SchedulerError(f"No worker of {self._address} can be used; {first} {self._unfit[first]}")
        elif time.monotonic() - begun > START_SECONDS:
            raise SchedulerError(
                f"{self._address}: no worker began within {START_SECONDS:.0f} s ({len(there)} are connected); start "
                "some with `dask worker`, or wait until they are less busy"
            )

    def _give_up(self, worker: _Worker, why: str) -> None:
        """Expect nothing of a worker any more; it may live until its lease is over."""
        if worker.state is _State.CALLED:
            worker.state = _State.GONE
            worker.task.release()
        elif worker.state in (_State.BEGUN, _State.READY):
            worker.state, worker.why = _State.LEFT, why
            worker.task.release()  # or it would begin again on a worker of the same address
            self._share_out()

    def _count_leases(self) -> None:
        now = time.monotonic()
        for worker in self._workers.values():
            if worker.state in (_State.BEGUN, _State.READY, _State.LEFT) and now > worker.until + MARGIN_SECONDS:
                self._lose(worker, worker.why or f"nothing was heard from {worker.address}")

    def _lose(self, worker: _Worker, why: str, *, ended: bool = False) -> None:
        """It is certain that the worker asks nobody; `ended`, that its process is gone."""
        known = worker.state is not _State.BEGUN
        worker.state = _State.GONE
        worker.task.release()
        self._share_out()
        if known and not worker.ended:
            self._deliver(worker.number, (Lost(why, ended),))
        if self._taking and not self.seats and self.opened.done():
            self._notice(f"No Dask worker is left at {self._address}; waiting for one (Ctrl-C stops the run).")

    def _bear(self, worker: _Worker) -> None:
        """A process was lost on a Dask worker that is well; now and then that happens."""
        self._losses += not worker.ended and self._taking
        if self._losses > LOSSES_BORNE:
            raise ArchiveError(
                f"{self._losses} working processes were lost, the last on {worker.address}; look for what ended them "
                "(memory?) and run again: what is finished is kept"
            )

    def _share_out(self) -> None:
        """Seats for those that work: as many together as there are threads wanted."""
        ready = [worker for worker in self._workers.values() if worker.state is _State.READY]
        left = [worker.number for worker in self._workers.values() if worker.state is _State.LEFT]
        each, more = divmod(self._site.threads, max(len(ready), 1))
        shares = {worker.number: min(each + (at < more), worker.threads) for at, worker in enumerate(ready)}
        self.seats = shares | dict.fromkeys(left, 0)

    def _notice(self, text: str) -> None:
        self._deliver(-1, (Notice(text),))


def _unheard(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    """What fails in the library's own tasks when a connection is lost: what follows from it is seen by ours."""
