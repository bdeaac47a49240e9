"""Owns the last checks as lists of many show them: flat, and without what a line has no room for.

A whole `Check` refers to its captures with all their exchanges, to the earlier capture and to the probe. A list of a
collection shows nothing of these but where the deciding record is, and making them is most of its time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from preserve.confirm import Observation
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
    unpack_record_id,
    unpack_text,
    unpack_version,
)
from preserve.ledger.database import Row
from preserve.ledger.judgements import REFERRED, STANDING
from preserve.ledger.rows import REASONS, VERDICTS, judged_again, unreadable
from preserve.ledger.standings import Standings
from preserve.model import (
    Admission,
    Change,
    Evidence,
    JudgedAgain,
    Measures,
    Nature,
    PostVersion,
    Reason,
    SinceLast,
    Verdict,
)

# In the order of `Standings.all_observations`, so that both can be read side by side.
_LINES: Final = f"""
SELECT
    posts.path, source.url, checks.checked_at, checks.verdict, checks.reason, checks.natures,
    changes.content, admission.content, checks.previous_at, checks.changed_since, since.content,
    previous.id, previous.captured_at, checks.previous_capture_id,
    final.url, checks.http_status, checks.captured_at, checks.capture_id, captures.id, captures.captured_at,
    captures.summary_record, summary_files.file, captures.summary_offset,
    response_record, response_offset, payloads.digest,
    copies.record, copies.digest, copies.commit_state, copies.commit_id, copies.committed_at,
    checks.remaining, evidence.content, measures.content, extractors.version, rules.version,
    checks.error, checks.verdict_before,
    checks.again_run, checks.again_at, checks.first_verdict, checks.first_reason,
    first_extractors.version, first_rules.version
FROM latest CROSS JOIN {STANDING} AS checks ON checks.id = latest.check_id
{REFERRED}
LEFT JOIN captures ON captures.id = checks.capture_id
LEFT JOIN files AS summary_files ON summary_files.id = captures.file_id
LEFT JOIN exchanges ON exchanges.capture_id = captures.id AND exchanges.position =
    (SELECT max(position) FROM exchanges AS asked WHERE asked.capture_id = captures.id)
LEFT JOIN digests AS payloads ON payloads.id = exchanges.payload_digest_id
LEFT JOIN captures AS previous ON previous.id = checks.previous_capture_id
ORDER BY latest.post_id
"""  # noqa: S608 - put together from constants


class CheckLine(NamedTuple):
    """The last check of a post, as a line of a list.

    A tuple, for it is made a hundred thousand times: a frozen dataclass takes five times as long. What has no further
    word here is as in `Check` and `Judgement`.

    Attributes:
        record_id, record_file, record_offset: the deciding exchange's response; where there was none, the record that
            closes the capture; None where nothing was asked.
        payload_digest: of the deciding exchange; None where there was none.
        stored_record_id: the record of the post's bytes; None where they couldn't be read.
    """

    post: str
    source: str | None
    verdict: Verdict
    reason: Reason | None
    natures: tuple[Nature, ...]
    changes: tuple[Change, ...]
    admission: Admission | None
    since_last: SinceLast | None
    final_url: str | None
    http_status: int | None
    checked_at: datetime
    captured_at: datetime | None
    record_id: str | None
    record_file: str | None
    record_offset: int | None
    payload_digest: str | None
    stored_record_id: str | None
    post_digest: str
    post_version: PostVersion | None
    remaining: float | None
    evidence: tuple[Evidence, ...]
    measures: Measures | None
    extractor: str
    rules: str
    error: str
    verdict_before: Verdict | None
    judged_again: JudgedAgain | None


class Lines(Standings):
    """The last checks as lines."""

    def latest_lines(self) -> Iterator[tuple[CheckLine, Sequence[Observation]]]:
        """What `latest_with_observations` gives, each check as a line of a list; several times as fast.

        Raises:
            ArchiveError: as there. Damage of what a line does not show is not noticed.
        """
        return self._with_observations(self._lines())

    def _lines(self) -> Iterator[CheckLine]:
        for row in self._database.stream(_LINES):
            try:
                line = _line(row)
            except UNREADABLE as error:
                raise unreadable(self._database.path, row[0], error) from error
            yield line


def _line(row: Row) -> CheckLine:
    captured_at, record_id, file, offset, payload = _capture(row[16:26])
    copy, copy_digest, *version = row[26:31]
    remaining, evidence, measures, extractor, rules, error, before = row[31:38]
    return CheckLine(
        unpack_text(row[0]),
        None if row[1] is None else unpack_text(row[1]),
        VERDICTS[row[3]],
        REASONS[row[4]],
        unpack_natures(row[5]),
        unpack_changes(row[6]),
        unpack_admission(row[7]),
        _since_last(row[8:14]),
        None if row[14] is None else unpack_text(row[14]),
        row[15],
        unpack_moment(row[2]),
        captured_at,
        record_id,
        file,
        offset,
        payload,
        None if copy is None else unpack_record_id(copy),
        "" if copy_digest is None else unpack_digest(copy_digest),
        unpack_version(*version),
        remaining,
        unpack_evidence(evidence),
        unpack_measures(measures),
        unpack_text(extractor),
        unpack_text(rules),
        "" if error is None else unpack_text(error),
        None if before is None else VERDICTS[before],
        judged_again(row[38:44]),
    )


def _capture(
    columns: Row,
) -> tuple[datetime | None, str | None, str | None, int | None, str | None]:
    """When the deciding exchange began, its record's id, file and offset, and its payload's digest."""
    at, wanted, capture, capture_at, summary, file, summary_offset, response, offset, payload = columns
    if wanted is None:
        return None if at is None else unpack_moment(at), None, None, None, None
    if capture is None or file is None:
        raise ValueError(f"capture {wanted}, or a row that it refers to, is not there")
    if response is None or response == 0:  # none, or the one that closes the capture
        response, offset = summary, summary_offset
    return (
        None if at is None else unpack_moment(capture_at if at == "" else at),
        unpack_record_id(response),
        unpack_text(file),
        offset,
        None if payload is None else unpack_digest(payload) or None,
    )


def _since_last(columns: Row) -> SinceLast | None:
    at, changed, changes, previous, previous_at, wanted = columns
    if wanted is not None and previous is None:
        raise ValueError(f"capture {wanted}, or a row that it refers to, is not there")
    if at is None:
        return None
    return SinceLast(unpack_flag(changed), unpack_changes(changes), unpack_moment(previous_at if at == "" else at))
