"""Owns how what was judged in a check is put together again from its records."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path

from preserve.ledger import NumberedCheck
from preserve.model import Check
from preserve.settings import Settings
from preserve.tasks import JudgeTask, PostBytes
from preserve.warc import read_block

# The posts of one payload come one after another, mostly the same post again.
REMEMBERED = 32
# Posts of one capture that are judged together; more would wait for too long on one process.
TOGETHER = 16


def task_of(check: Check, settings: Settings) -> JudgeTask | None:
    """What was judged in `check`, put together again from its records; None where nothing was captured.

    Raises:
        ArchiveError: the post's record is missing or damaged.
    """
    if check.capture is None or check.stored_record is None:
        return None
    return _task((check,), (read_block(Path(settings.archive.directory), check.stored_record),), settings)


class Tasks:
    """Makes tasks for checks that come one after another, reading no post's record twice in a row.

    Args:
        settings: where the archive is and how posts are read.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._blocks: OrderedDict[str, bytes] = OrderedDict()

    def of(self, checks: tuple[NumberedCheck, ...]) -> JudgeTask:
        """The task that judges checks of one capture (`together`).

        Raises:
            ArchiveError: a post's record is missing or damaged.
        """
        return _task(tuple(one.check for one in checks), tuple(map(self._block, checks)), self._settings)

    def _block(self, one: NumberedCheck) -> bytes:
        record = one.check.stored_record
        assert record is not None  # noqa: S101 - only such checks are given
        data = self._blocks.get(record.record_id)
        if data is None:
            data = read_block(Path(self._settings.archive.directory), record)
            self._blocks[record.record_id] = data
            if len(self._blocks) > REMEMBERED:
                self._blocks.popitem(last=False)
        return data


def payload_of(check: Check) -> Hashable:
    """What a check's capture brought, the same for captures of the same page."""
    final = check.capture.final if check.capture is not None else None
    return None if final is None else (final.payload_digest, final.url)


def together(one: Check, other: Check) -> bool:
    """Whether two checks are of one capture and were judged with the same things beside it."""
    return (
        one.capture is not None
        and other.capture is not None
        and one.capture.summary.record_id == other.capture.summary.record_id
        and (one.previous, one.probe, one.template) == (other.previous, other.probe, other.template)
    )


def _task(checks: tuple[Check, ...], blocks: tuple[bytes, ...], settings: Settings) -> JudgeTask:
    first = checks[0]
    assert first.capture is not None  # noqa: S101 - only such checks are given
    return JudgeTask(
        archive=settings.archive.directory,
        capture=first.capture,
        posts=tuple(PostBytes(check.post, data) for check, data in zip(checks, blocks, strict=True)),
        previous=first.previous,
        probe=first.probe,
        template=frozenset(first.template),
        settings=settings,
    )
