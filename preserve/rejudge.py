"""Every verdict derived again from the archive alone: no network, nothing written.

Each check is judged from the records it refers to (its capture, its post's bytes, the probe, the earlier
capture), on the same path as in the run, so that a difference can only come from newer rules or a newer
extractor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from preserve.judges import Judges
from preserve.model import Check
from preserve.settings import Settings
from preserve.tasks import Judged, JudgedPost, JudgeTask, PostBytes
from preserve.warc import read_block

IN_FLIGHT = 32


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One check, judged again.

    Attributes:
        check: as the ledger has it.
        again: what today's rules conclude from the same records; None where nothing was captured.
        extractor, rules: today's.
    """

    check: Check
    again: JudgedPost | None
    extractor: str = ""
    rules: str = ""

    @property
    def same(self) -> bool:
        """Whether verdict, reason, labels and changes are all as they were."""
        if self.again is None:
            return True
        old, new = self.check.judgement, self.again.judgement
        return (old.verdict, old.reason, old.natures, old.changes, old.admission) == (
            new.verdict,
            new.reason,
            new.natures,
            new.changes,
            new.admission,
        )


def rejudge(checks: Iterable[Check], settings: Settings) -> Iterator[Rejudged]:
    """Judge each of `checks` again, in order.

    Args:
        checks: from the ledger.
        settings: where the archive is and how posts are read; use those of the run to compare like with like.

    Raises:
        ArchiveError: a record is missing or damaged.
    """
    judges = Judges(settings.judge)
    waiting: deque[tuple[Check, Future[Judged] | None]] = deque()
    try:
        for check in checks:
            waiting.append((check, _ask(judges, check, settings)))
            if len(waiting) >= IN_FLIGHT:
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())
    finally:
        judges.close()


def task_of(check: Check, settings: Settings) -> JudgeTask | None:
    """What was judged in `check`, put together again from its records; None where nothing was captured.

    Raises:
        ArchiveError: the post's record is missing or damaged.
    """
    if check.capture is None or check.stored_record is None:
        return None
    archive = settings.archive.directory
    data = read_block(Path(archive), check.stored_record)
    return JudgeTask(
        archive=archive,
        capture=check.capture,
        posts=(PostBytes(check.post, data),),
        previous=check.previous,
        probe=check.probe,
        template=frozenset(check.template),
        settings=settings,
    )


def _ask(judges: Judges, check: Check, settings: Settings) -> Future[Judged] | None:
    task = task_of(check, settings)
    return None if task is None else judges.submit(task)


def _result(check: Check, future: Future[Judged] | None) -> Rejudged:
    if future is None:
        return Rejudged(check, None)
    judged = future.result()
    return Rejudged(check, judged.posts[0], judged.extractor, judged.rules)
