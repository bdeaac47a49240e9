"""Putting a file's records together again: captures, stored copies, and what belongs to neither.

Pure: records go in one at a time, in the order they lie in. Does not read files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from preserve.model import ArchivedCapture, PostVersion, RecordRef
from preserve.times import parse_warc_date
from preserve.warc.building import post_of, source_of, version_of
from preserve.warc.records import Record
from preserve.warc.summary import archived_capture, is_summary

_OF_CAPTURES = frozenset({"request", "response", "revisit", "metadata"})


@dataclass(frozen=True, slots=True)
class ArchivedPost:
    """A post's bytes in the archive.

    Attributes:
        post: its path as it was named when archived.
        source: its source URL exactly as it had it; None without one.
        at: when the bytes were read.
        record: the `resource` record.
        digest: labelled digest of the bytes, in the archive's algorithm.
        version: what git said of them; None where nothing is said.
    """

    post: str
    source: str | None
    at: datetime
    record: RecordRef
    digest: str
    version: PostVersion | None = None


class Grouping:
    """Takes the records of one file in order and hands back what they make up.

    Attributes:
        loose: whole records that belong to no closed capture, as far as can be said yet.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[Record, RecordRef]] = []
        self._passed_over = 0

    @property
    def loose(self) -> int:
        """Records taken that belong to no closed capture (yet)."""
        return self._passed_over + len(self._pending)

    def take(self, record: Record, ref: RecordRef) -> ArchivedCapture | ArchivedPost | None:
        """The next record; what it completes, or None. Blocks are let go at once.

        Raises:
            ValueError: a summary that can't be understood; its records count as loose.
        """
        post = post_of(record)
        if post is not None:
            at = parse_warc_date(record.field("WARC-Date") or "")
            block = record.field("WARC-Block-Digest") or ""
            return ArchivedPost(post, source_of(record), at, ref, block, version_of(record))
        if is_summary(record):
            return self._close(record, ref)
        if record.kind in _OF_CAPTURES:
            self._pending.append((record.without_block(), ref))
        return None

    def _close(self, record: Record, ref: RecordRef) -> ArchivedCapture:
        pairs, self._pending = [*self._pending, (record, ref)], []
        try:
            found = archived_capture(pairs)
        except ValueError:
            self._passed_over += len(pairs)
            raise
        self._passed_over += sum(before.offset < found.first.offset for _, before in pairs)
        return found
