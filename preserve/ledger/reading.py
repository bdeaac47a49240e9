"""Owns how rows become checks and captures again, equal to what was written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from preserve.alterations import Sighting
from preserve.confirm import Observation
from preserve.errors import ArchiveError
from preserve.ledger.codec import (
    UNREADABLE,
    unpack_admission,
    unpack_changes,
    unpack_digest,
    unpack_evidence,
    unpack_flag,
    unpack_measures,
    unpack_moment,
    unpack_natures,
    unpack_record,
    unpack_record_id,
    unpack_text,
    unpack_texts,
    unpack_version,
)
from preserve.ledger.database import Database, Row
from preserve.ledger.judgements import MADE, REJUDGED, STANDING
from preserve.model import (
    ArchivedCapture,
    ArchivedExchange,
    Check,
    JudgedAgain,
    Judgement,
    Reason,
    RecordRef,
    Rejudgement,
    SinceLast,
    Verdict,
)

_COLUMNS: Final = """
SELECT
    posts.path, source.url, checks.checked_at,
    checks.verdict, checks.reason, checks.natures, checks.remaining, checks.wants_probe,
    changes.content, evidence.content, measures.content,
    final.url, checks.http_status, checks.captured_at, checks.capture_id,
    copies.digest, copies.record, copy_files.file, copies.offset, copies.length,
    checks.previous_at, checks.changed_since, since.content,
    texts.digest, extractors.version, rules.version, checks.error,
    checks.previous_capture_id, checks.probe_capture_id, template.content, admission.content,
    copies.commit_state, copies.commit_id, copies.committed_at,
    checks.verdict_before, checks.again_run, checks.again_at, checks.first_verdict, checks.first_reason,
    first_extractors.version, first_rules.version,
    checks.again_id, checks.id, checks.run_id
"""
_JOINED: Final = """
JOIN posts ON posts.id = checks.post_id
JOIN versions AS extractors ON extractors.id = checks.extractor_id
JOIN versions AS rules ON rules.id = checks.rules_id
LEFT JOIN urls AS source ON source.id = checks.source_id
LEFT JOIN urls AS final ON final.id = checks.final_url_id
LEFT JOIN details AS changes ON changes.id = checks.changes_id
LEFT JOIN details AS evidence ON evidence.id = checks.evidence_id
LEFT JOIN details AS measures ON measures.id = checks.measures_id
LEFT JOIN details AS since ON since.id = checks.changes_since_id
LEFT JOIN details AS admission ON admission.id = checks.admission_id
LEFT JOIN details AS template ON template.id = checks.template_id
LEFT JOIN digests AS texts ON texts.id = checks.text_digest_id
LEFT JOIN stored_copies AS copies ON copies.id = checks.stored_copy_id
LEFT JOIN files AS copy_files ON copy_files.id = copies.file_id
LEFT JOIN versions AS first_extractors ON first_extractors.id = checks.first_extractor_id
LEFT JOIN versions AS first_rules ON first_rules.id = checks.first_rules_id
"""
_CHECKS: Final = f"{_COLUMNS} FROM {STANDING} AS checks {_JOINED}"

_POST: Final = "(SELECT id FROM posts WHERE path = ?)"
# All of these are put together from constants.
OF_POST: Final = f"{_CHECKS} WHERE checks.post_id = {_POST} ORDER BY checks.id"
# As they were made, for the log; as they stand; and re-judgements by their own numbers.
_NUMBERED: Final = f"{_COLUMNS} FROM {MADE} AS checks {_JOINED} WHERE checks.id IN ({{marks}})"
_STANDING_NUMBERED: Final = f"{_CHECKS} WHERE checks.id IN ({{marks}})"
_REJUDGED_NUMBERED: Final = f"{_COLUMNS} FROM {REJUDGED} AS checks {_JOINED} WHERE checks.again_id IN ({{marks}})"
OF_RUN: Final = f"{_CHECKS} WHERE checks.run_id = ? ORDER BY checks.id"
LATEST: Final = f"{_CHECKS} WHERE checks.id IN (SELECT check_id FROM latest) ORDER BY checks.id"  # noqa: S608
# In the order of OBSERVED, so that both can be read side by side; CROSS JOIN keeps SQLite to it without sorting.
LATEST_BY_POST: Final = (
    f"{_COLUMNS} FROM latest CROSS JOIN {STANDING} AS checks ON checks.id = latest.check_id {_JOINED}"
    " ORDER BY latest.post_id"
)
LATEST_OF_POST: Final = f"{_CHECKS} WHERE checks.id = (SELECT check_id FROM latest WHERE post_id = {_POST})"  # noqa: S608
LATEST_OF_SOURCE: Final = (
    f"{_CHECKS} WHERE checks.id IN (SELECT check_id FROM latest WHERE source_id IN"  # noqa: S608
    " (SELECT id FROM urls WHERE url IN (?, ?, ?, ?, ?))) ORDER BY checks.id"
)

_OBSERVED: Final = f"""
SELECT
    posts.path, coalesce(captures.captured_at, checks.checked_at),
    checks.verdict, checks.reason, texts.digest, checks.changes_id, captures.summary_record,
    EXISTS (SELECT 1 FROM incidents AS met WHERE met.run_id = checks.run_id AND met.host_id = source.host_id),
    checks.extractor_id, checks.rules_id, checks.changed_since, previous.summary_record, checks.verdict_before,
    coalesce(checks.first_verdict, checks.verdict)
FROM {STANDING} AS checks
JOIN posts ON posts.id = checks.post_id
LEFT JOIN urls AS source ON source.id = checks.source_id
LEFT JOIN captures ON captures.id = checks.capture_id
LEFT JOIN captures AS previous ON previous.id = checks.previous_capture_id
LEFT JOIN digests AS texts ON texts.id = checks.text_digest_id
"""  # noqa: S608

OBSERVED: Final = f"{_OBSERVED} ORDER BY checks.post_id, checks.id"
OBSERVED_OF_POST: Final = f"{_OBSERVED} WHERE checks.post_id = {_POST} ORDER BY checks.id"

_SEEN: Final = """
SELECT posts.path, checks.checked_at, copies.digest, copies.commit_state, copies.commit_id, copies.committed_at
FROM checks
JOIN posts ON posts.id = checks.post_id
JOIN stored_copies AS copies ON copies.id = checks.stored_copy_id
WHERE copies.record IS NOT NULL
"""
SEEN_OF_POST: Final = f"{_SEEN} AND checks.post_id = {_POST} ORDER BY checks.id"
SEEN_ALTERED: Final = (
    f"{_SEEN} AND checks.post_id IN (SELECT post_id FROM stored_copies WHERE record IS NOT NULL"  # noqa: S608
    " GROUP BY post_id HAVING count(DISTINCT digest) > 1) ORDER BY checks.post_id, checks.id"
)

# The status a capture ended with, and whether it ended with a 304 that stands for an earlier response.
_LAST_EXCHANGE: Final = "FROM exchanges WHERE capture_id = captures.id ORDER BY position DESC LIMIT 1"
_FINAL: Final = f"(SELECT http_status {_LAST_EXCHANGE})"
_NOT_MODIFIED: Final = f"(SELECT http_status = 304 AND original_record IS NOT NULL {_LAST_EXCHANGE})"
_SOURCE: Final = "(SELECT id FROM urls WHERE url = ?1)"

LAST_WITH_ARTICLE: Final = f"""
SELECT id FROM captures
WHERE source_id = {_SOURCE}
AND id < coalesce((SELECT id FROM captures WHERE summary_record = ?2), ~(1 << 63))
AND ({_FINAL} BETWEEN 200 AND 299 OR {_NOT_MODIFIED})
AND EXISTS (SELECT 1 FROM {STANDING} AS checks WHERE capture_id = captures.id AND verdict IN (?3, ?4, ?5, ?6))
ORDER BY id DESC LIMIT 1
"""  # noqa: S608

NOT_MODIFIED_IN_A_ROW: Final = f"""
SELECT count(*) FROM captures
WHERE source_id = {_SOURCE} AND {_NOT_MODIFIED} AND id > coalesce(
    (SELECT max(id) FROM captures WHERE source_id = {_SOURCE} AND {_FINAL} BETWEEN 200 AND 299), 0)
"""  # noqa: S608

RESPONSE_WITH_PAYLOAD: Final = """
SELECT
    CASE response_record WHEN 0 THEN summary_record ELSE response_record END, file,
    coalesce(response_offset, summary_offset), coalesce(response_length, summary_length)
FROM exchanges JOIN captures ON captures.id = capture_id JOIN files ON files.id = file_id
WHERE payload_digest_id = (SELECT id FROM digests WHERE digest = ?1)
AND response_record IS NOT NULL AND original_record IS NULL
ORDER BY exchanges.url_id IS (SELECT id FROM urls WHERE url = ?2) DESC, capture_id DESC, position DESC LIMIT 1
"""
OBSERVED_OF_LATEST: Final = (
    f"{_OBSERVED} WHERE checks.post_id IN (SELECT post_id FROM latest WHERE verdict IN ({{marks}}))"  # noqa: S608
    " ORDER BY checks.post_id, checks.id"
)
COUNT_OF_LATEST: Final = """
SELECT count(*) FROM (
    SELECT 1 FROM latest JOIN checks ON checks.post_id = latest.post_id
    WHERE latest.verdict IN ({marks}) LIMIT ?)
"""

# The last by number: an entry before it may have a later time, where the clock was set back.
LAST_TIMES: Final = """
SELECT
    (SELECT started_at FROM runs WHERE id = (SELECT max(id) FROM runs)),
    (SELECT ended_at FROM run_ends WHERE run_id = (SELECT max(id) FROM runs)),
    (SELECT checked_at FROM checks WHERE id = (SELECT max(id) FROM checks))
"""

_CAPTURES: Final = """
SELECT
    captures.id, source.url, asked.url, captures.captured_at,
    first_record, file, first_offset, first_length,
    summary_record, file, summary_offset, summary_length
FROM captures
JOIN urls AS source ON source.id = captures.source_id
JOIN urls AS asked ON asked.id = captures.url_id
JOIN files ON files.id = captures.file_id
WHERE captures.id IN ({marks})
"""

_EXCHANGES: Final = """
SELECT
    urls.url, http_status, response_record, response_offset, response_length,
    digests.digest, block_digest, original_record, originals.file, original_offset, original_length,
    position, capture_id
FROM exchanges
JOIN urls ON urls.id = exchanges.url_id
JOIN digests ON digests.id = exchanges.payload_digest_id
LEFT JOIN files AS originals ON originals.id = exchanges.original_file_id
WHERE capture_id IN ({marks}) ORDER BY capture_id, position
"""
_MOST_MARKS: Final = 500


class Fetched:
    """Rows of checks and captures that were fetched together, made into values one at a time.

    One query for many is ten times as fast as one for each; and a row that can't be read spoils no other.

    Args:
        path: of the ledger, for messages.
        checks: rows by number.
        captures: rows by number, each with those of its exchanges.
        rejudgements: rows by number.
    """

    def __init__(
        self,
        path: Path,
        checks: Mapping[int, Row],
        captures: Mapping[int, tuple[Row, Sequence[Row]]],
        rejudgements: Mapping[int, Row] | None = None,
    ) -> None:
        self._path, self._checks, self._captures = path, checks, captures
        self._rejudgements = rejudgements or {}

    def check(self, number: int) -> tuple[int, Check]:
        """The check of that number, and its run.

        Raises:
            ArchiveError: it can't be read; it, or a row it refers to, is not there.
        """
        row = self._checks.get(number)
        if row is None:
            raise ArchiveError(f"ledger {self._path}: row {number} of checks, or one it refers to, is not there")
        return row[-1], self.check_of(row)

    def rejudgement(self, number: int) -> tuple[int, Rejudgement]:
        """The re-judgement of that number, and the run that made it.

        Raises:
            ArchiveError: it can't be read; it, or a row it refers to, is not there.
        """
        row = self._rejudgements.get(number)
        if row is None:
            raise ArchiveError(f"ledger {self._path}: row {number} of rejudgements, or one it refers to, is not there")
        check = self.check_of(row)
        if check.judged_again is None:
            raise ArchiveError(f"ledger {self._path}: row {number} of rejudgements can't be read")
        return row[35], Rejudgement(row[-2], row[-1], check.judged_again.at, check)

    def check_of(self, row: Row) -> Check:
        """The check in a row.

        Raises:
            ArchiveError: it can't be read.
        """
        try:
            return self._check(row)
        except UNREADABLE as error:
            raise _unreadable(self._path, row[0], error) from error

    def capture(self, number: int) -> ArchivedCapture:
        """The capture of that number.

        Raises:
            ValueError: it is not there, or can't be read.
        """
        if number not in self._captures:
            raise ValueError(f"capture {number}, or a row that it refers to, is not there")
        row, exchanges = self._captures[number]
        if [entry[-2] for entry in exchanges] != list(range(len(exchanges))):
            raise ValueError(f"the exchanges of capture {number} are not numbered one after another")
        summary = unpack_record(*row[8:12])
        return ArchivedCapture(
            source=unpack_text(row[1]),
            url=unpack_text(row[2]),
            captured_at=unpack_moment(row[3]),
            first=summary if _absent(row[4], *row[6:8]) else unpack_record(*row[4:8]),
            summary=summary,
            exchanges=tuple([_exchange(entry, summary) for entry in exchanges]),
        )

    def _check(self, row: Row) -> Check:
        capture = None if row[14] is None else self.capture(row[14])
        previous = None if row[27] is None else self.capture(row[27])
        return Check(
            post=unpack_text(row[0]),
            source=_text_or_none(row[1]),
            checked_at=unpack_moment(row[2]),
            judgement=_judgement(row),
            final_url=_text_or_none(row[11]),
            http_status=row[12],
            captured_at=_time_of(row[13], capture),
            capture=capture,
            stored_record=_record_or_none(row[16:20]),
            post_digest="" if row[15] is None else unpack_digest(row[15]),
            since_last=_since_last(row, previous),
            extractor=unpack_text(row[24]),
            rules=unpack_text(row[25]),
            measures=unpack_measures(row[10]),
            probe=None if row[28] is None else self.capture(row[28]),
            template=() if row[29] is None else unpack_texts(row[29]),
            previous=previous,
            error="" if row[26] is None else unpack_text(row[26]),
            text_digest="" if row[23] is None else unpack_digest(row[23]),
            post_version=unpack_version(*row[31:34]),
            verdict_before=None if row[34] is None else Verdict(row[34]),
            judged_again=_judged_again(row),
        )


class Reader:
    """Reads checks and captures back.

    Args:
        database: open for reading or writing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def checks(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Check]:
        """The checks that one of this module's queries names, streamed."""
        for rows in self._database.batches(sql, parameters):
            fetched = Fetched(self._database.path, {}, self._captures(_captures_of(rows)))
            for row in rows:
                yield fetched.check_of(row)

    def fetched(
        self, checks: Collection[int], captures: Collection[int], rejudgements: Collection[int] = ()
    ) -> Fetched:
        """The checks as they were made, captures and re-judgements of these numbers, as far as they are there."""
        rows, again = self._in(_NUMBERED, checks), self._in(_REJUDGED_NUMBERED, rejudgements)
        numbers = _captures_of(rows) | _captures_of(again) | set(captures)
        return Fetched(
            self._database.path,
            {row[-2]: row for row in rows},
            self._captures(numbers),
            {row[-3]: row for row in again},
        )

    def fetched_standing(self, numbers: Collection[int]) -> Fetched:
        """The checks of these numbers as they stand, as far as they are there."""
        rows = {row[-2]: row for row in self._in(_STANDING_NUMBERED, numbers)}
        return Fetched(self._database.path, rows, self._captures(_captures_of(rows.values())))

    def standing(self, numbers: Sequence[int]) -> Iterator[tuple[int, int, Check]]:
        """The checks of these numbers as they stand, in this order: number, run, check.

        Raises:
            ArchiveError: one is not there, or can't be read.
        """
        fetched = self.fetched_standing(numbers)
        for number in numbers:
            yield number, *fetched.check(number)

    def observations(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[str, Observation]]:
        """Posts and what one check of each observed, streamed."""
        for row in self._database.stream(sql, parameters, size=5000):
            try:
                observed = _observation(row)
            except UNREADABLE as error:
                raise _unreadable(self._database.path, row[0], error) from error
            yield unpack_text(row[0]), observed

    def sightings(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[str, Sighting]]:
        """Posts and what one check of each saw of their bytes, streamed."""
        for post, at, digest, *version in self._database.stream(sql, parameters, size=5000):
            try:
                seen = Sighting(unpack_moment(at), unpack_digest(digest), unpack_version(*version))
            except UNREADABLE as error:
                raise _unreadable(self._database.path, post, error) from error
            yield unpack_text(post), seen

    def capture(self, number: int) -> ArchivedCapture:
        """The capture of that number, which must exist."""
        return self.fetched((), (number,)).capture(number)

    def _captures(self, numbers: Collection[int]) -> dict[int, tuple[Row, list[Row]]]:
        found: dict[int, tuple[Row, list[Row]]] = {row[0]: (row, []) for row in self._in(_CAPTURES, numbers)}
        for row in self._in(_EXCHANGES, numbers):
            if row[-1] in found:
                found[row[-1]][1].append(row)
        return found

    def _in(self, sql: str, numbers: Collection[int]) -> list[Row]:
        """The rows of a query for all of these numbers."""
        asked = sorted(number for number in numbers if isinstance(number, int))
        rows = []
        for start in range(0, len(asked), _MOST_MARKS):
            part = asked[start : start + _MOST_MARKS]
            rows += self._database.rows(sql.format(marks=", ".join("?" * len(part))), part)
        return rows


def _unreadable(path: Path, post: str | bytes, error: Exception) -> ArchiveError:
    """A row that this package can't have written is damage of the file, not a fault of the caller."""
    return ArchiveError(
        f"ledger {path}: a check of {unpack_text(post)} can't be read ({error}): the"
        " file was changed by something else; put a backup in its place"
    )


def _captures_of(checks: Iterable[Row]) -> set[int]:
    """The captures that rows of checks refer to."""
    return {number for row in checks for number in (row[14], row[27], row[28]) if number is not None}


def _observation(row: Row) -> Observation:
    # Without the page's text, the same changes to the stored copy tell that it says the same.
    changes = "" if row[5] is None else f"changes:{row[5]}"
    return Observation(
        at=unpack_moment(row[1]),
        verdict=Verdict(row[2]),
        reason=None if row[3] is None else Reason(row[3]),
        text=changes if row[4] is None else unpack_digest(row[4]),
        capture="" if row[6] is None else unpack_record_id(row[6]),
        incident=bool(row[7]),
        judged_by=f"{row[8]} {row[9]}",
        changed=None if row[10] is None else bool(row[10]),
        previous="" if row[11] is None else unpack_record_id(row[11]),
        before=None if row[12] is None else Verdict(row[12]),
        at_visit=Verdict(row[13]),
    )


def _judgement(row: Row) -> Judgement:
    return Judgement(
        verdict=Verdict(row[3]),
        reason=None if row[4] is None else Reason(row[4]),
        natures=unpack_natures(row[5]),
        changes=unpack_changes(row[8]),
        evidence=unpack_evidence(row[9]),
        remaining=row[6],
        wants_probe=unpack_flag(row[7]),
        admission=unpack_admission(row[30]),
    )


def _judged_again(row: Row) -> JudgedAgain | None:
    run, at, verdict, reason, extractor, rules = row[35:41]
    if _absent(run, at, verdict, extractor, rules):
        return None
    return JudgedAgain(
        run=run,
        at=unpack_moment(at),
        verdict=Verdict(verdict),
        reason=None if reason is None else Reason(reason),
        extractor=unpack_text(extractor),
        rules=unpack_text(rules),
    )


def _since_last(row: Row, previous: ArchivedCapture | None) -> SinceLast | None:
    at = _time_of(row[20], previous)
    return (
        None
        if _absent(at, row[21], row[22]) or at is None
        else SinceLast(unpack_flag(row[21]), unpack_changes(row[22]), at)
    )


def _time_of(value: Any, capture: ArchivedCapture | None) -> datetime | None:
    """A time as `writing` has it: '' is the capture's own."""
    if value is None:
        return None
    return capture.captured_at if capture is not None and value == "" else unpack_moment(value)


def _exchange(row: Row, summary: RecordRef) -> ArchivedExchange:
    return ArchivedExchange(
        url=unpack_text(row[0]),
        status=row[1],
        response=_response(row[2:5], summary),
        payload_digest=unpack_digest(row[5]),
        block_digest=unpack_digest(row[6]),
        revisit_of=_record_or_none(row[7:11]),
    )


def _response(columns: Row, summary: RecordRef) -> RecordRef | None:
    record, offset, length = columns
    if _absent(None if record == 0 else record, offset, length):
        return summary if record == 0 else None
    return unpack_record(record, summary.file, offset, length)


def _absent(first: Any, *others: Any) -> bool:
    """Whether columns that go together are NULL, as the first one tells; ValueError where one of the others is not."""
    if first is None and any(other is not None for other in others):
        raise ValueError("columns that go together are partly empty")
    return first is None


def _record_or_none(columns: Row) -> RecordRef | None:
    return None if _absent(*columns) else unpack_record(*columns)


def _text_or_none(value: str | bytes | None) -> str | None:
    return None if value is None else unpack_text(value)
