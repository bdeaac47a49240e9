"""Owns the questions by which texts are found in the archive: stored copies, captured pages, and what lies beside them.

Reads only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from preserve.ledger.codec import (
    pack_record_id,
    pack_text,
    unpack_digest,
    unpack_moment,
    unpack_record,
    unpack_record_id,
    unpack_text,
)
from preserve.ledger.database import Database
from preserve.ledger.judgements import STANDING
from preserve.ledger.reading import Reader
from preserve.model import ArchivedCapture, Reason, RecordRef, Verdict

# Where the first record of a capture is its last one too, it stands there once.
_STRETCHES: Final = """
SELECT file, coalesce(first_offset, summary_offset) AS start, summary_offset + summary_length
FROM captures JOIN files ON files.id = file_id ORDER BY file, start
"""
# With max() the other columns are those of the row that has it (SQLite, "Bare columns in an aggregate query").
_WITNESSED: Final = """
SELECT path, record, file, offset, length FROM (
    SELECT post_id, max(id), stored_copy_id FROM checks WHERE stored_copy_id IS NOT NULL GROUP BY post_id) AS last
JOIN posts ON posts.id = last.post_id
JOIN stored_copies ON stored_copies.id = last.stored_copy_id
JOIN files ON files.id = stored_copies.file_id
WHERE record IS NOT NULL
"""
# The record that closes a capture may be its response (0); the capture has its place.
_RECORD: Final = "CASE response_record WHEN 0 THEN summary_record ELSE response_record END"
_SIGHTINGS: Final = f"""
SELECT
    checks.id, source.url, coalesce(final.url, source.url), checks.checked_at, captures.captured_at, checks.verdict,
    checks.reason, checks.capture_id, digests.digest,
    {_RECORD}, files.file, coalesce(response_offset, summary_offset), coalesce(response_length, summary_length)
FROM {STANDING} AS checks
LEFT JOIN urls AS source ON source.id = checks.source_id
LEFT JOIN urls AS final ON final.id = checks.final_url_id
LEFT JOIN captures ON captures.id = checks.capture_id
LEFT JOIN files ON files.id = captures.file_id
LEFT JOIN exchanges ON exchanges.capture_id = captures.id AND position =
    (SELECT max(position) FROM exchanges AS every WHERE every.capture_id = captures.id)
LEFT JOIN digests ON digests.id = payload_digest_id
WHERE checks.post_id = (SELECT id FROM posts WHERE path = ?) ORDER BY checks.id
"""  # noqa: S608 - put together from constants
_RESPONSES: Final = f"""
SELECT {_RECORD}, capture_id FROM exchanges JOIN captures ON captures.id = capture_id WHERE response_record IS NOT NULL
"""  # noqa: S608
_POSTS_OF_CAPTURE: Final = """
SELECT DISTINCT path FROM checks JOIN posts ON posts.id = post_id WHERE capture_id = ?
"""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one check of a post saw of its source, as far as it tells which text that was.

    Attributes:
        source, url: the source URL as the post has it, and the one that answered in the end; "" without.
        checked_at, captured_at: of check and capture; None without a capture.
        verdict, reason: of the check.
        capture: the capture's number, for `capture`; 0 without one.
        payload: labelled digest of what came; "" where nothing came.
        response: its record; None where nothing came.
    """

    source: str
    url: str
    checked_at: datetime
    captured_at: datetime | None
    verdict: Verdict
    reason: Reason | None
    capture: int
    payload: str
    response: RecordRef | None


class Texts:
    """Where the archive's texts lie.

    Args:
        database: open for reading.
        reader: of the same.
    """

    def __init__(self, database: Database, reader: Reader) -> None:
        self._database, self._reader = database, reader

    def stretches(self) -> Iterator[tuple[str, int, int]]:
        """File, first byte and end of the records of each capture, in the order they lie in, streamed.

        What lies between them is no part of a capture: stored copies, extracted texts.
        """
        for file, start, end in self._database.stream(_STRETCHES, size=5000):
            yield unpack_text(file), start, end

    def witnessed(self) -> Iterator[tuple[str, RecordRef]]:
        """Each post and the record of its stored copy, as its last check that could read it compared it; streamed."""
        for path, *record in self._database.stream(_WITNESSED, size=5000):
            yield unpack_text(path), unpack_record(*record)

    def witnessed_of(self, posts: Collection[str]) -> dict[str, RecordRef]:
        """The same for some posts; those never read are left out."""
        found = {}
        for post in posts:
            row = self._database.one(f"{_WITNESSED} AND path = ?", (pack_text(post),))
            if row is not None:
                found[post] = unpack_record(*row[1:])
        return found

    def sightings(self, post: str) -> list[Sighting]:
        """What every check of a post saw, oldest first."""
        return [
            Sighting(
                source=unpack_text(row[1] or ""),
                url=unpack_text(row[2] or ""),
                checked_at=unpack_moment(row[3]),
                captured_at=None if row[4] is None else unpack_moment(row[4]),
                verdict=Verdict(row[5]),
                reason=None if row[6] is None else Reason(row[6]),
                capture=row[7] or 0,
                payload="" if row[8] is None else unpack_digest(row[8]),
                response=None if row[9] is None else unpack_record(*row[9:13]),
            )
            for row in self._database.rows(_SIGHTINGS, (pack_text(post),))
        ]

    def capture(self, number: int) -> ArchivedCapture:
        """The capture of that number, which must exist."""
        return self._reader.capture(number)

    def posts_by_response(self, record_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The posts whose checks rest on the captures that some responses belong to."""
        wanted = {pack_record_id(record_id) for record_id in record_ids}
        captures: dict[int, list[str]] = defaultdict(list)
        if wanted:
            for record, capture in self._database.stream(_RESPONSES, size=5000):
                if record in wanted:
                    captures[capture].append(unpack_record_id(record))
        found: dict[str, tuple[str, ...]] = {}
        for capture, ids in captures.items():
            posts = tuple(unpack_text(path) for (path,) in self._database.rows(_POSTS_OF_CAPTURE, (capture,)))
            found.update(dict.fromkeys(ids, posts))
        return found
