"""Checks judged again, on the same path as in the run, from the records they refer to: capture, post's bytes, probe,
earlier capture. So a difference can only come from newer rules, a newer extractor or other settings; never from the
source. Asks nothing of the network and writes nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace

from preserve.errors import ArchiveError
from preserve.ledger import NumberedCheck
from preserve.model import Check
from preserve.rejudge.pool import Answer, Backend, Question, judge_locally
from preserve.rejudge.tasks import TOGETHER, Tasks, payload_of, task_of, together
from preserve.rejudge.values import Rejudged, rejudged
from preserve.settings import Settings


def rejudge(checks: Iterable[Check], settings: Settings) -> Iterator[Rejudged]:
    """Judge each of `checks` again, in order.

    Args:
        checks: from the ledger.
        settings: where the archive is and how posts are read; use those of the run to compare like with like.

    Raises:
        ArchiveError: a record is missing or damaged.
    """
    questions = (Question(payload_of(check), task_of(check, settings), (check,)) for check in checks)
    with closing(judge_locally(questions, settings.judge)) as answers:
        for answer in answers:
            if answer.problem:
                raise ArchiveError(answer.problem)
            yield from _results(answer, [NumberedCheck(0, 0, answer.tag[0], latest=True)])


def rejudge_all(
    checks: Iterable[NumberedCheck], settings: Settings, backend: Backend = judge_locally
) -> Generator[Rejudged, None, None]:
    """Judge each of `checks` again, in order; what can't be judged says why, and the others go on.

    Args:
        checks: those of one payload one after another (`Ledger.rejudging`).
        settings: as for `rejudge`.
        backend: who judges.
    """
    with closing(backend(_questions(checks, settings), settings.judge)) as answers:
        for answer in answers:
            yield from _results(answer, answer.tag[0], answer.tag[1])


def _questions(checks: Iterable[NumberedCheck], settings: Settings) -> Iterator[Question]:
    tasks = Tasks(settings)
    for group in _groups(checks):
        check = group[0].check
        if check.capture is None or check.stored_record is None:
            yield Question(None, None, (group, ""))
            continue
        try:
            yield Question(payload_of(check), tasks.of(group), (group, ""))
        except ArchiveError as error:
            yield Question(None, None, (group, str(error)))


def _groups(checks: Iterable[NumberedCheck]) -> Iterator[tuple[NumberedCheck, ...]]:
    """The checks that one task can judge, of those that come one after another."""
    group: list[NumberedCheck] = []
    for one in checks:
        if group and not (len(group) < TOGETHER and one.check.stored_record and together(group[-1].check, one.check)):
            yield tuple(group)
            group = []
        group.append(one)
    if group:
        yield tuple(group)


def _results(answer: Answer, group: Iterable[NumberedCheck], problem: str = "") -> Iterator[Rejudged]:
    problem = problem or answer.problem
    for place, one in enumerate(group):
        if answer.judged is None:
            found = Rejudged(one.check, None, problem=problem)
        else:
            found = rejudged(one.check, answer.judged, answer.judged.posts[place])
        yield replace(found, number=one.number, run=one.run, latest=one.latest)
