"""The judging processes: HTML is parsed here, a page at a time, and never in the process that archives.

A page that kills its process (a crash in a C library), exhausts its memory or stalls it costs that page an
`unextractable` verdict and a new process; the run goes on. What a judgement is belongs to `preserve.judging`.
"""

from __future__ import annotations

import gc
import os
import queue
import resource
import signal
import threading
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from preserve.errors import ArchiveError, JudgingError, PreserveError
from preserve.extractions import Extractions
from preserve.settings import JudgeSettings
from preserve.spawning import Child, our_end
from preserve.tasks import Judged, JudgeTask

QUEUED_PER_WORKER = 8
GRACE_SECONDS = 5.0


class _PageFailedError(Exception):
    """The judging process could not finish this page; the message says why."""


class Judges:
    """A pool of judging processes. `submit` is thread-safe and blocks while the queue is full.

    Args:
        settings: how many processes, and what one page may cost.
    """

    def __init__(self, settings: JudgeSettings) -> None:
        count = settings.workers or len(os.sched_getaffinity(0))
        self._tasks: queue.Queue[tuple[JudgeTask, Future[Judged]] | None] = queue.Queue(QUEUED_PER_WORKER * count)
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


def _dispatch(tasks: queue.Queue[tuple[JudgeTask, Future[Judged]] | None], settings: JudgeSettings) -> None:
    """One thread per process: hand over a task, wait for its result, replace the process when it fails."""
    worker = _Worker(settings)
    while (item := tasks.get()) is not None:
        task, future = item
        try:
            future.set_result(worker.judge(task))
        except _PageFailedError as failure:
            _judge_unread(task, str(failure), future)
        except Exception as error:  # noqa: BLE001 - whoever waits for the future must hear of it
            future.set_exception(error)
    worker.close()


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

    def judge(self, task: JudgeTask) -> Judged:
        pipe = self._ready()
        limit = self._settings.page_seconds * (1 + len(task.posts) / 10) or None
        try:
            pipe.send(task)
            if not pipe.poll(limit):
                self._kill()
                raise _PageFailedError(f"took longer than {limit:g} s to read and judge")
            kind, value = pipe.recv()
        except (EOFError, ConnectionError) as error:
            code = self._kill()
            raise _PageFailedError(f"its judging process died ({_exit_text(code)})") from error
        if kind == "archive-error":
            raise ArchiveError(value)
        if kind == "broken":
            raise JudgingError(f"pages can't be judged: {value}. Install preserve-archive again.")
        if kind == "failed":
            raise _PageFailedError(value)
        judged: Judged = value
        return judged

    def _ready(self) -> Connection[Any, Any]:
        if self._child is None or not self._child.alive:
            self._kill()
            try:
                self._child = Child("preserve.judges:serve")
            except OSError as error:
                raise JudgingError(f"no judging process can be started: {error.strerror}") from error
            self._child.pipe.send(self._settings.page_memory)
        return self._child.pipe

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


def _exit_text(code: int | None) -> str:
    if code is None:
        return "no exit code"
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def serve(descriptor: int) -> None:
    """The judging process: one task in, one answer out, until the other side is done or gone.

    Args:
        descriptor: of its end of the pipe, on which the bound on its memory comes first.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the coordinator, who closes the pipe
        signal.signal(number, signal.SIG_IGN)
    pipe, extractions = our_end(descriptor), Extractions()
    try:
        memory = pipe.recv()
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        task = pipe.recv()
        if task is not None:
            pipe.send(_answer(task, memory, extractions))
            _spare_the_collector()
            while (task := pipe.recv()) is not None:
                pipe.send(_answer(task, memory, extractions))
    except (EOFError, ConnectionError):
        return


def _spare_the_collector() -> None:
    """Once everything is loaded: look for cyclic garbage less often, and never in what stays for good.

    Reading a page makes ten thousands of objects and hardly a cycle; looking through them took 4 to 6 % of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _answer(task: JudgeTask, memory: int, extractions: Extractions) -> tuple[str, Any]:
    """What the judging process sends back: the kind of answer, and the judgement or what went wrong."""
    try:
        from preserve.judging import judge_capture  # noqa: PLC0415 - heavy; only judging processes pay

        return "judged", judge_capture(task, extractions)
    except PreserveError as error:
        return "archive-error", str(error)
    except ImportError as error:
        return "broken", str(error)
    except MemoryError:
        return "failed", f"needs more than {memory} bytes of memory"
    except Exception as error:  # noqa: BLE001 - the per-page boundary: a parser may raise anything
        return "failed", f"{type(error).__name__}: {error}"[:500]
