"""Work carried out by several processes, its results handed back in the order it was given.

Knows nothing of what is done. What comes out does not depend on how many processes there were.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import product
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from preserve.errors import ArchiveError, PreserveError

Task = TypeVar("Task")
Result = TypeVar("Result")
# Results that wait for one before them are held in memory; so no process runs further ahead than this.
AHEAD_PER_PROCESS = 4
# Each has its next task before it is asked for the last result.
HELD_PER_PROCESS = 2


class Bench(ABC, Generic[Task, Result]):
    """Where tasks are carried out: entered once in each process."""

    @abstractmethod
    def opened(self) -> AbstractContextManager[Callable[[Task], Result]]:
        """What carries out one task after another."""


def carried_out(bench: Bench[Task, Result], tasks: Sequence[Task], processes: int) -> Iterator[Result]:
    """The result of each task, in order.

    Args:
        bench: can be pickled.
        tasks: likewise, and so must be their results.
        processes: how many to use; with one, all is done in this one.

    Raises:
        ArchiveError: a task raised it, or the process that had it died.
    """
    if processes < 2:
        with bench.opened() as carry_out:
            yield from map(carry_out, tasks)
        return
    with _Crew(bench, processes) as crew:
        yield from crew.results(tasks)


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection[Any, Any]
    has: deque[int] = field(default_factory=deque)


class _Crew(Generic[Task, Result]):
    def __init__(self, bench: Bench[Task, Result], processes: int) -> None:
        self._bench, self._count = bench, processes
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        # A fork needs no second start of Python, which takes as long as an audit of some hundred captures; beside
        # other threads it is not safe.
        method = "fork" if threading.active_count() == 1 else "spawn"
        context: Any = multiprocessing.get_context(method)
        for _ in range(self._count):
            ours, theirs = context.Pipe()
            # What a fork hands down of the others' pipes is closed there: each must end when this process does.
            inherited = [ours, *(worker.pipe for worker in self._workers)] if method == "fork" else []
            process = context.Process(target=_serve, args=(self._bench, theirs, inherited), daemon=True)
            process.start()
            theirs.close()
            self._workers.append(_Worker(process, ours))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.pipe.close()
            if kind is not None:
                worker.process.terminate()
            worker.process.join()
            worker.process.close()

    def results(self, tasks: Sequence[Task]) -> Iterator[Result]:
        """As `carried_out`."""
        done: dict[int, Result] = {}
        given = told = 0
        while told < len(tasks):
            bound = min(len(tasks), told + AHEAD_PER_PROCESS * self._count)
            for _, worker in product(range(HELD_PER_PROCESS), self._workers):
                if len(worker.has) < HELD_PER_PROCESS and given < bound:
                    worker.pipe.send(tasks[given])
                    worker.has.append(given)
                    given += 1
            busy = {worker.pipe: worker for worker in self._workers if worker.has}
            for pipe in wait(list(busy)):
                worker = busy[cast("Connection[Any, Any]", pipe)]
                done[worker.has.popleft()] = _answer(worker)
            while told in done:
                yield done.pop(told)
                told += 1


def _answer(worker: _Worker) -> Any:
    try:
        failed, value = worker.pipe.recv()
    except (EOFError, ConnectionError) as error:
        worker.process.join()
        raise ArchiveError(
            f"a process of this audit ended early (exit code {worker.process.exitcode}); is there too little memory?"
            " Run it again with --processes 1"
        ) from error
    if failed:
        raise ArchiveError(value)
    return value


def _serve(bench: Bench[Any, Any], pipe: Connection[Any, Any], inherited: Sequence[Connection[Any, Any]]) -> None:
    """A process of the crew: one task in, one result out, until the other side is done or gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that handed out the tasks
    for other in inherited:
        other.close()
    with bench.opened() as carry_out:
        while True:
            try:
                task = pipe.recv()
            except (EOFError, ConnectionError):
                return
            try:
                answer = (False, carry_out(task))
            except PreserveError as error:
                answer = (True, str(error))
            try:
                pipe.send(answer)
            except ConnectionError:
                return
