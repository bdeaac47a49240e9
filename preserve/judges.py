"""The judging processes: HTML is parsed here, a page at a time, and never in the process that archives.

A page that kills its process (a crash in a C library), exhausts its memory or stalls it costs that page an
`unextractable` verdict and a new process; the run goes on. What a judgement is belongs to `preserve.judging`.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import resource
import signal
import threading
from concurrent.futures import Future
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from preserve.errors import ArchiveError, JudgingError, PreserveError
from preserve.settings import JudgeSettings
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
        self._process: BaseProcess | None = None
        self._pipe: Connection[Any, Any] | None = None

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
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self._kill()
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve, args=(theirs, self._settings.page_memory), name="preserve-judge", daemon=True
            )
            self._process.start()
            theirs.close()
            self._pipe = ours
        return self._pipe

    def _kill(self) -> int | None:
        code = None
        if self._process is not None:
            self._process.join(0.5)
            code = self._process.exitcode
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None
        return code

    def close(self) -> None:
        if self._pipe is not None and self._process is not None:
            try:
                self._pipe.send(None)
                self._process.join(GRACE_SECONDS)
            except ConnectionError:
                pass  # it is gone already
        self._kill()


def _exit_text(code: int | None) -> str:
    if code is None:
        return "no exit code"
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _serve(pipe: Connection[Any, Any], memory: int) -> None:
    """The judging process: one task in, one answer out, until the other side is done or gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the coordinator, who closes the pipe
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    while True:
        try:
            task = pipe.recv()
            if task is None:
                return
            pipe.send(_answer(task, memory))
        except (EOFError, ConnectionError):
            return


def _answer(task: JudgeTask, memory: int) -> tuple[str, Any]:
    """What the judging process sends back: the kind of answer, and the judgement or what went wrong."""
    try:
        from preserve.judging import judge_capture  # noqa: PLC0415 - heavy; only judging processes pay

        return "judged", judge_capture(task)
    except PreserveError as error:
        return "archive-error", str(error)
    except ImportError as error:
        return "broken", str(error)
    except MemoryError:
        return "failed", f"needs more than {memory} bytes of memory"
    except Exception as error:  # noqa: BLE001 - the per-page boundary: a parser may raise anything
        return "failed", f"{type(error).__name__}: {error}"[:500]
