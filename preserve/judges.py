"""The judging processes: HTML is parsed here, a page at a time, and never in the process that archives.

A page that kills its process (a crash in a C library), exhausts its memory or stalls it costs that page an
`unextractable` verdict and a new process; the run goes on. A page has no say in how busy the machine is: its time is
the processor's, and what may have come from outside (a signal, a memory that earlier pages filled, a frozen disk)
counts against it only when it happens again in a process of its own. What a judgement is belongs to `preserve.judging`.
"""

from __future__ import annotations

import os
import queue
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from preserve.errors import ArchiveError, JudgingError, PreserveError
from preserve.extractions import Extractions
from preserve.settings import JudgeSettings
from preserve.spawning import Child, our_end, spare_the_collector
from preserve.tasks import Judged, JudgeTask

QUEUED_PER_WORKER = 8
GRACE_SECONDS = 5.0
STARTS = 3
START_SECONDS = 120.0
STALLED = 10
"""A process that gave no answer after so many times a page's processor time is waiting for something."""


_Tasks = queue.Queue[tuple[JudgeTask, Future[Judged]] | None]


class _PageFailedError(Exception):
    """The judging process could not finish this page; the message says why.

    Attributes:
        surely: another process would fail in the same way.
    """

    def __init__(self, why: str, *, surely: bool = False) -> None:
        super().__init__(why)
        self.surely = surely


class Judges:
    """A pool of judging processes. `submit` is thread-safe and blocks while the queue is full.

    Args:
        settings: how many processes, and what one page may cost.
    """

    def __init__(self, settings: JudgeSettings) -> None:
        count = settings.workers or len(os.sched_getaffinity(0))
        self._tasks: _Tasks = queue.Queue(QUEUED_PER_WORKER * count)
        self._threads = [
            threading.Thread(target=_dispatch, args=(self._tasks, settings), name=f"judge-{n}", daemon=True)
            for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: JudgeTask) -> Future[Judged]:
        """Queue `task`; the future holds its `Judged` or raises `ArchiveError`."""
        future: Future[Judged] = Future()
        self._tasks.put((task, future))
        return future

    def close(self) -> None:
        """Finish what is queued and end the processes."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()


def _dispatch(tasks: _Tasks, settings: JudgeSettings) -> None:
    """One thread per process: hand over a task, wait for its result, replace the process when it fails.

    A result is held back until the process has its next task, so that it need not stand still while the result is
    seen to; where there is no next task, nothing is held back.
    """
    worker = _Worker(settings)
    with ExitStack() as held:
        while (item := _next(tasks, held)) is not None:
            task, future = item
            publish: Callable[[], object]
            try:
                publish = partial(future.set_result, _judge(worker, task, held.close))
            except _PageFailedError as failure:
                publish = partial(_judge_unread, task, str(failure), future)
            except Exception as error:  # noqa: BLE001 - whoever waits for the future must hear of it
                publish = partial(future.set_exception, error)
            held.close()  # if no process took the task
            held.callback(publish)
    worker.close()


def _next(tasks: _Tasks, held: ExitStack) -> tuple[JudgeTask, Future[Judged]] | None:
    try:
        return tasks.get_nowait()
    except queue.Empty:
        held.close()
    return tasks.get()


def _judge(worker: _Worker, task: JudgeTask, sent: Callable[[], None]) -> Judged:
    """Judge a page; once more in a new process, where it may not have been the page that ended the first."""
    try:
        return worker.judge(task, sent)
    except _PageFailedError as failure:
        if failure.surely:
            raise
    try:
        return worker.judge(task, sent)
    except _PageFailedError as failure:
        raise failure if failure.surely else _PageFailedError(f"{failure}, like another before it") from failure


def _judge_unread(task: JudgeTask, problem: str, future: Future[Judged]) -> None:
    from preserve.judging import judge_unread  # noqa: PLC0415 - heavy, and rarely needed on this side

    try:
        future.set_result(judge_unread(task, problem))
    except PreserveError as error:
        future.set_exception(error)


class _Worker:
    """One judging process and the pipe to it; started when first needed, and again after it was lost."""

    def __init__(self, settings: JudgeSettings) -> None:
        self._settings = settings
        self._child: Child | None = None

    def judge(self, task: JudgeTask, sent: Callable[[], None]) -> Judged:
        """The judgement; `sent` is called once the process has the task."""
        pipe = self._ready()
        seconds = _processor_seconds(task, self._settings)
        try:
            pipe.send(task)
            sent()
            if not pipe.poll(STALLED * seconds or None):
                self._kill()
                raise _PageFailedError(f"its judging process stood still for {STALLED * seconds:g} s")
            kind, value = pipe.recv()
        except (EOFError, ConnectionError) as error:
            code = self._kill()
            if code == -signal.SIGPROF:
                raise _PageFailedError(f"took more than {seconds:g} s of the processor", surely=True) from error
            raise _PageFailedError(f"its judging process died ({_exit_text(code)})") from error
        if kind == "archive-error":
            raise ArchiveError(value)
        if kind == "broken":
            raise JudgingError(f"pages can't be judged: {value}")
        if kind == "failed":
            raise _PageFailedError(value, surely=True)
        if kind == "memory":
            self._kill()  # what earlier pages left in it is gone with it
            raise _PageFailedError(f"its judging process needed more than {self._settings.page_memory} bytes of memory")
        judged: Judged = value
        return judged

    def _ready(self) -> Connection[Any, Any]:
        """The pipe to a process that has loaded all it needs: what ends it from then on may have to do with a page."""
        if self._child is not None and self._child.alive:
            return self._child.pipe
        why = ""
        for _ in range(STARTS):
            self._kill()
            try:
                self._child = Child("preserve.judges:serve")
                self._child.pipe.send(self._settings)
                why = self._child.pipe.recv() if self._child.pipe.poll(START_SECONDS) else "the process for it hangs"
            except (EOFError, ConnectionError):
                why = f"the process for it ended as it began ({_exit_text(self._kill())}){self._perhaps_the_memory()}"
            except OSError as error:
                raise JudgingError(f"no judging process can be started: {error.strerror}") from error
            if self._child is not None and not why:  # else once more: what ended it may have passed
                return self._child.pipe
        raise JudgingError(f"pages can't be judged: {why}")

    def _perhaps_the_memory(self) -> str:
        """What to try where a process ended without a word, as one does when a C library finds no room."""
        limit = self._settings.page_memory
        return f". Perhaps judge.page_memory, now {limit} bytes, is too little for it" if limit else ""

    def _kill(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        code = child.wait(0.5)
        child.kill()
        return code

    def close(self) -> None:
        if self._child is None:
            return
        with suppress(ConnectionError):  # it is gone already
            self._child.pipe.send(None)
            self._child.wait(GRACE_SECONDS)
        self._kill()


def _processor_seconds(task: JudgeTask, settings: JudgeSettings) -> float:
    """What a task may take of the processor; 0 for no limit."""
    return settings.page_seconds * (1 + len(task.posts) / 10)


def _exit_text(code: int | None) -> str:
    if code is None:
        return "no exit code"
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def serve(descriptor: int) -> None:
    """The judging process: one task in, one answer out, until the other side is done or gone.

    Args:
        descriptor: of its end of the pipe, on which the settings come first.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the coordinator, who closes the pipe
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends this process, wherever in a C library it is
    pipe, extractions = our_end(descriptor), Extractions()
    try:
        settings = pipe.recv()
        _limit_memory(settings.page_memory)
        pipe.send(_load())
        task = pipe.recv()
        if task is not None:
            pipe.send(_answer(task, settings, extractions))
            spare_the_collector()
            while (task := pipe.recv()) is not None:
                pipe.send(_answer(task, settings, extractions))
    except (EOFError, ConnectionError):
        return


def _limit_memory(size: int) -> None:
    """Limit this process's address space to `size` bytes; 0 for as much as it was given."""
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    if size and (most == resource.RLIM_INFINITY or size < most):
        resource.setrlimit(resource.RLIMIT_AS, (size, most))
    else:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _load() -> str:
    """Load what judging needs; why that is not possible, or ""."""
    try:
        import preserve.judging  # noqa: F401, PLC0415 - heavy; only judging processes pay
    except ImportError as error:
        _limit_memory(0)
        return f"{_incomplete(error)} Or judge.page_memory is too little"  # a library that finds no room is not found
    except MemoryError:
        _limit_memory(0)  # to say so takes some, too
        return "judge.page_memory is too little"
    except Exception as error:  # noqa: BLE001 - a module may raise anything as it finds no room
        _limit_memory(0)
        return f"{type(error).__name__}: {error}. Perhaps judge.page_memory is too little"
    return ""


def _incomplete(error: ImportError) -> str:
    return f"{' '.join(str(error).split()).rstrip('.')}. Install preserve-archive again, with all it depends on."


def _answer(task: JudgeTask, settings: JudgeSettings, extractions: Extractions) -> tuple[str, Any]:
    """What the judging process sends back: the kind of answer, and the judgement or what went wrong."""
    from preserve.judging import judge_capture  # noqa: PLC0415 - loaded by now

    signal.setitimer(signal.ITIMER_PROF, _processor_seconds(task, settings))
    try:
        return "judged", judge_capture(task, extractions)
    except PreserveError as error:
        return "archive-error", str(error)
    except ImportError as error:
        return "broken", _incomplete(error)
    except MemoryError:
        _limit_memory(0)  # to say so takes some, too
        return "memory", ""
    except Exception as error:  # noqa: BLE001 - the per-page boundary: a parser may raise anything
        return "failed", f"{type(error).__name__}: {error}"[:500]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
