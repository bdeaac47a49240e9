"""Questions handed on in chunks, to judges that are far away: a message each would take longer than the judging.

Owns what goes together: questions one after another, so that those of one payload are judged where it was extracted.
Holds a bounded number of chunks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import Final, Protocol

from preserve.rejudge.pool import IN_A_ROW, Answer, Backend, Question
from preserve.settings import JudgeSettings
from preserve.tasks import Judged, JudgeTask

# A chunk ends with a payload once it has so many questions, or where it would hold more bytes of posts.
FULL: Final = 32
FULL_BYTES: Final = 1 << 20


class FarJudges(Protocol):
    """Who judges chunks."""

    @property
    def room(self) -> int:
        """How many chunks they can make use of at once."""
        ...

    def submit(self, tasks: Sequence[JudgeTask]) -> Future[tuple[Judged | str, ...]]:
        """What each task came to, in order, or why it could not be judged."""
        ...


def in_chunks(judges: FarJudges) -> Backend:
    """A `Backend` that has `judges` judge, by the settings in each task."""

    def judge(questions: Iterable[Question], _settings: JudgeSettings) -> Generator[Answer, None, None]:
        waiting: deque[tuple[list[tuple[object, bool]], Future[tuple[Judged | str, ...]] | None]] = deque()
        for chunk in _chunks(questions):
            tasks = [question.task for question in chunk if question.task is not None]
            tags = [(question.tag, question.task is not None) for question in chunk]
            waiting.append((tags, judges.submit(tasks) if tasks else None))
            while len(waiting) >= judges.room + 1:
                yield from _answers(*waiting.popleft())
        while waiting:
            yield from _answers(*waiting.popleft())

    return judge


def _answers(tags: list[tuple[object, bool]], future: Future[tuple[Judged | str, ...]] | None) -> Iterator[Answer]:
    outcomes = iter(() if future is None else future.result())
    for tag, asked in tags:
        outcome = next(outcomes) if asked else None
        yield Answer(tag, problem=outcome) if isinstance(outcome, str) else Answer(tag, outcome)


def _chunks(questions: Iterable[Question]) -> Iterator[list[Question]]:
    chunk: list[Question] = []
    size = 0
    for question in questions:
        weight = 0 if question.task is None else sum(len(post.data) for post in question.task.posts)
        ends = len(chunk) >= FULL and question.key != chunk[-1].key
        if chunk and (ends or len(chunk) >= IN_A_ROW or size + weight > FULL_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(question)
        size += weight
    if chunk:
        yield chunk
