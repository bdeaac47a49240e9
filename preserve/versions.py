"""Two versions of one article laid side by side: any two captures of a source, or a stored copy and a capture.

Works from the archive alone, with today's extractor and rules; concludes nothing and writes nothing. What a
difference is belongs to `preserve.compare`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from preserve.compare import compare, compare_pages
from preserve.errors import ArchiveError, PostError
from preserve.judging import extraction_of
from preserve.model import Check, Comparison, Extraction, RecordRef, StoredCopy
from preserve.posts import parse_post
from preserve.posts.body import stored_copy
from preserve.settings import Settings
from preserve.warc import read_block


class Side(StrEnum):
    """Which of the two texts that a check has."""

    STORED_COPY = "stored-copy"
    CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an article.

    Attributes:
        side: the stored copy, or the page.
        check: the check that witnessed or captured it.
    """

    side: Side
    check: Check

    @property
    def at(self) -> datetime:
        """When it was captured, or, of a stored copy, when the check read it."""
        captured = self.check.captured_at if self.side is Side.CAPTURE else None
        return captured or self.check.checked_at

    @property
    def record(self) -> RecordRef | None:
        """The record that holds it; of a page that had not changed, the `revisit`."""
        if self.side is Side.STORED_COPY:
            return self.check.stored_record
        final = self.check.capture.final if self.check.capture is not None else None
        return final.response if final is not None else None


@dataclass(frozen=True, slots=True)
class Difference:
    """What the newer version changed.

    Attributes:
        old, new: the versions.
        comparison: how they relate; its changes are none where they say the same.
    """

    old: Version
    new: Version
    comparison: Comparison


class NoTextError(ArchiveError):
    """A version has no text that could be compared."""


def captured_until(history: Sequence[Check], moment: datetime) -> Check | None:
    """The last check, up to a moment, whose capture brought a response; None where there is none.

    Args:
        history: checks of one post, oldest first.
        moment: captures later than it are passed over.
    """
    return next((check for check in reversed(history) if _answered(check) and _captured(check) <= moment), None)


def difference(old: Version, new: Version, settings: Settings) -> Difference:
    """Compare two versions of one article.

    Args:
        old: a stored copy or a capture.
        new: a capture.
        settings: where the archive is and how posts are read.

    Raises:
        NoTextError: one of them has no text to compare.
        ArchiveError: a record is missing or damaged.
    """
    page = _page(new, settings)
    template = frozenset(new.check.template)
    if old.side is Side.STORED_COPY:
        return Difference(old, new, compare(_copy(old, settings), page, template=template))
    stored = _copy(Version(Side.STORED_COPY, new.check), settings) if new.check.stored_record else None
    return Difference(old, new, compare_pages(_page(old, settings), page, stored=stored, template=template))


def _answered(check: Check) -> bool:
    final = check.capture.final if check.capture is not None else None
    return final is not None and final.status is not None


def _captured(check: Check) -> datetime:
    return check.captured_at or check.checked_at


def _page(version: Version, settings: Settings) -> Extraction:
    capture = version.check.capture
    found = extraction_of(Path(settings.archive.directory), capture, settings) if capture is not None else None
    if found is None or not found.visible:
        raise NoTextError(
            f"{version.check.post}: the capture of {version.at:%Y-%m-%d %H:%M} UTC has no text to compare "
            f"({version.check.judgement.verdict}); `preserve log` lists the others"
        )
    return found


def _copy(version: Version, settings: Settings) -> StoredCopy:
    path, record = version.check.post, version.record
    if record is None:
        raise NoTextError(f"{path}: the post could not be read when it was checked, so there is no stored copy")
    data = read_block(Path(settings.archive.directory), record)
    try:
        return stored_copy(parse_post(path, data, settings.posts), data, settings.posts)
    except PostError as error:
        raise NoTextError(f"{error}; the stored copy can't be compared") from error
