"""Owns the questions about captures and posts' bytes: what a source brought last, which record has some payload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from preserve.alterations import Sighting
from preserve.ledger.codec import pack_digest, pack_record_id, pack_text, unpack_record, unpack_version
from preserve.ledger.judgements import STANDING
from preserve.ledger.parts import Part
from preserve.ledger.queries import POST
from preserve.model import ArchivedCapture, PostVersion, RecordRef, Verdict

# The checks whose page was the article: what a later capture of the source can be compared with.
_ARTICLE: Final = ", ".join(
    f"'{verdict.value}'" for verdict in (Verdict.INTACT, Verdict.EDITED, Verdict.TRUNCATED, Verdict.MOVED)
)
_SEEN: Final = """
SELECT posts.path, checks.checked_at, copies.digest, copies.commit_state, copies.commit_id, copies.committed_at
FROM checks
JOIN posts ON posts.id = checks.post_id
JOIN stored_copies AS copies ON copies.id = checks.stored_copy_id
WHERE copies.record IS NOT NULL
"""
_SEEN_OF_POST: Final = f"{_SEEN} AND checks.post_id = {POST} ORDER BY checks.id"
_SEEN_ALTERED: Final = (
    f"{_SEEN} AND checks.post_id IN (SELECT post_id FROM stored_copies WHERE record IS NOT NULL"  # noqa: S608
    " GROUP BY post_id HAVING count(DISTINCT digest) > 1) ORDER BY checks.post_id, checks.id"
)

# The status a capture ended with, and whether it ended with a 304 that stands for an earlier response.
_LAST_EXCHANGE: Final = "FROM exchanges WHERE capture_id = captures.id ORDER BY position DESC LIMIT 1"
_FINAL: Final = f"(SELECT http_status {_LAST_EXCHANGE})"
_NOT_MODIFIED: Final = f"(SELECT http_status = 304 AND original_record IS NOT NULL {_LAST_EXCHANGE})"
# Both of the source `urls.id`.
_WITH_ARTICLE: Final = f"""
SELECT id FROM captures
WHERE source_id = urls.id AND ({_FINAL} BETWEEN 200 AND 299 OR {_NOT_MODIFIED})
AND EXISTS (SELECT 1 FROM {STANDING} AS checks WHERE capture_id = captures.id AND verdict IN ({_ARTICLE}))
"""  # noqa: S608
_NOT_MODIFIED_IN_A_ROW: Final = f"""
SELECT count(*) FROM captures
WHERE source_id = urls.id AND {_NOT_MODIFIED} AND id > coalesce(
    (SELECT max(id) FROM captures WHERE source_id = urls.id AND {_FINAL} BETWEEN 200 AND 299), 0)
"""  # noqa: S608
_LAST_BEFORE: Final = f"""
SELECT ({_WITH_ARTICLE} AND id < coalesce((SELECT id FROM captures WHERE summary_record = ?2), ~(1 << 63))
    ORDER BY id DESC LIMIT 1)
FROM urls WHERE url = ?1
"""  # noqa: S608
_IN_A_ROW_OF: Final = f"SELECT ({_NOT_MODIFIED_IN_A_ROW}) FROM urls WHERE url = ?"  # noqa: S608
# Of sources: the number of the last capture with the article, and how often in a row it was not modified.
LAST_OF_SOURCES: Final = f"""
SELECT url, ({_WITH_ARTICLE} ORDER BY id DESC LIMIT 1), ({_NOT_MODIFIED_IN_A_ROW}) FROM urls WHERE url IN ({{marks}})
"""  # noqa: S608

_RESPONSE_WITH_PAYLOAD: Final = """
SELECT
    CASE response_record WHEN 0 THEN summary_record ELSE response_record END, file,
    coalesce(response_offset, summary_offset), coalesce(response_length, summary_length)
FROM exchanges JOIN captures ON captures.id = capture_id JOIN files ON files.id = file_id
WHERE payload_digest_id = (SELECT id FROM digests WHERE digest = ?1)
AND response_record IS NOT NULL AND original_record IS NULL
ORDER BY exchanges.url_id IS (SELECT id FROM urls WHERE url = ?2) DESC, capture_id DESC, position DESC LIMIT 1
"""


class Captures(Part):
    """What was captured, and the posts' own bytes beside it."""

    def last_capture(self, source: str, *, before: ArchivedCapture | None = None) -> ArchivedCapture | None:
        """The last capture of a source that brought the article: what "since last" is measured from.

        Args:
            source: the source URL exactly as the post has it.
            before: only captures older than this one, when it is in the ledger (for judging it again).

        Returns:
            The last capture whose final status is 2xx (or a 304 that stands for such a response) and whose
            check found the article, whole or in part; None where there is none.
        """
        summary = None if before is None else pack_record_id(before.summary.record_id)
        row = self._database.one(_LAST_BEFORE, (pack_text(source), summary))
        return None if row is None or row[0] is None else self._reader.capture(row[0])

    def captures_without_check(self, captures: Iterable[ArchivedCapture]) -> list[ArchivedCapture]:
        """Of the captures found in the archive, those the ledger does not know, in the same order."""
        return [
            capture
            for capture in captures
            if not self._database.one(
                "SELECT 1 FROM captures WHERE summary_record = ?",
                (pack_record_id(capture.summary.record_id),),
            )
        ]

    def response_with_payload(self, digest: str, url: str) -> RecordRef | None:
        """A response in the archive that brought this payload: what a revisit of it can refer to.

        Args:
            digest: labelled digest of the payload.
            url: a response of this URL is preferred, then the newest: it was read last.

        Returns:
            A `response` record, never a `revisit`; None where there is none.
        """
        row = self._database.one(_RESPONSE_WITH_PAYLOAD, (pack_digest(digest), pack_text(url)))
        return None if row is None or not digest else unpack_record(*row)

    def not_modified_in_a_row(self, source: str) -> int:
        """How many captures of a source ended in a revisit by 304 since one brought the page itself.

        Args:
            source: the source URL exactly as the post has it.
        """
        row = self._database.one(_IN_A_ROW_OF, (pack_text(source),))
        return 0 if row is None else int(row[0])

    def stored_copy(self, post: str, digest: str) -> tuple[RecordRef, PostVersion | None] | None:
        """The `resource` record of a post's bytes and what git said of them, when they have been witnessed."""
        row = self._database.one(
            "SELECT record, file, offset, length, commit_state, commit_id, committed_at FROM stored_copies"
            " JOIN files ON files.id = file_id WHERE post_id = (SELECT id FROM posts WHERE path = ?) AND digest = ?"
            " ORDER BY stored_copies.id LIMIT 1",
            (pack_text(post), pack_digest(digest)),
        )
        return None if row is None else (unpack_record(*row[:4]), unpack_version(*row[4:]))

    def sightings(self, post: str) -> list[Sighting]:
        """Each time a post's bytes were seen, oldest first."""
        return [one for _, one in self._reader.sightings(_SEEN_OF_POST, (pack_text(post),))]

    def sightings_of_altered(self) -> Iterator[tuple[str, list[Sighting]]]:
        """The same for every post that was seen with more than one content, streamed."""
        for post, seen in groupby(self._reader.sightings(_SEEN_ALTERED), key=itemgetter(0)):
            yield post, [one for _, one in seen]
