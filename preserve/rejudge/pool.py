"""The seam between what is to be judged and who judges it: questions in, answers out, in the same order.

Owns which judging process gets which question: those of one payload go to the same one, so that it need not extract
it anew. Holds a bounded number of questions, however many there are.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Final

from preserve.errors import ArchiveError
from preserve.judges import Judges
from preserve.settings import JudgeSettings
from preserve.tasks import Judged, JudgeTask

# Questions under way at once, for each process: it never waits for the next, and memory stays small.
IN_FLIGHT: Final = 16
# Of one payload so many go to one process in a row; then another may help.
IN_A_ROW: Final = 64


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be judged.

    Attributes:
        key: the same for questions that rest on the same payload.
        task: None for what needs no judging; it keeps its place.
        tag: comes back with the answer; it goes to no other process.
    """

    key: Hashable
    task: JudgeTask | None
    tag: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: `judged`, or `problem`, or neither where there was no task."""

    tag: Any
    judged: Judged | None = None
    problem: str = ""


# Takes the questions as it can use them, gives the answers in the order of the questions.
Backend = Callable[[Iterable[Question], JudgeSettings], Generator[Answer, None, None]]


def judge_locally(questions: Iterable[Question], settings: JudgeSettings) -> Generator[Answer, None, None]:
    """Judge on this machine, in as many processes as the settings say; a `Backend`."""
    crew = _Crew(settings)
    waiting: deque[tuple[Any, Future[Judged] | None]] = deque()
    try:
        for question in questions:
            waiting.append((question.tag, None if question.task is None else crew.submit(question.key, question.task)))
            if len(waiting) >= IN_FLIGHT * crew.size:
                yield _answer(*waiting.popleft())
        while waiting:
            yield _answer(*waiting.popleft())
    finally:
        crew.close()  # what is queued with a process, a few pages, is finished


def _answer(tag: Any, future: Future[Judged] | None) -> Answer:
    try:
        return Answer(tag, None if future is None else future.result())
    except ArchiveError as error:
        return Answer(tag, problem=str(error))


class _Crew:
    """One `Judges` of one process each, so that it can be said which of them judges."""

    def __init__(self, settings: JudgeSettings) -> None:
        self.size = settings.workers or len(os.sched_getaffinity(0))
        self._judges = [Judges(replace(settings, workers=1)) for _ in range(self.size)]
        self._busy: list[deque[Future[Judged]]] = [deque() for _ in range(self.size)]
        self._key: Hashable = object()
        self._at = self._row = 0

    def submit(self, key: Hashable, task: JudgeTask) -> Future[Judged]:
        if key != self._key or self._row >= IN_A_ROW:
            self._key, self._row, self._at = key, 0, self._least_busy()
        self._row += 1
        future = self._judges[self._at].submit(task)
        self._busy[self._at].append(future)
        return future

    def close(self) -> None:
        for judges in self._judges:
            judges.close()

    def _least_busy(self) -> int:
        for futures in self._busy:
            while futures and futures[0].done():
                futures.popleft()
        return min(range(self.size), key=lambda place: len(self._busy[place]))
