"""The JSON object a check is printed as (`--json`, one a line); docs/verdicts.md documents every key."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from preserve.alterations import Alteration
from preserve.confirm import Standing
from preserve.ledger import CheckLine
from preserve.model import Admission, Change, Check, JudgedAgain, Measures, PostVersion, SinceLast, Verdict
from preserve.times import warc_date

_MEASURES: Final = tuple(field.name for field in fields(Measures))


def check_object(check: Check) -> dict[str, Any]:
    """`check` as plain JSON values, keys in the documented order."""
    judgement, capture = check.judgement, check.capture
    final = capture.final if capture is not None else None
    summary = capture.summary if capture is not None else None
    record = final.response if final is not None and final.response is not None else summary
    return line_object(
        CheckLine(
            post=check.post,
            source=check.source,
            verdict=judgement.verdict,
            reason=judgement.reason,
            natures=judgement.natures,
            changes=judgement.changes,
            admission=judgement.admission,
            since_last=check.since_last,
            final_url=check.final_url,
            http_status=check.http_status,
            checked_at=check.checked_at,
            captured_at=check.captured_at,
            record_id=record.record_id if record is not None else None,
            record_file=record.file if record is not None else None,
            record_offset=record.offset if record is not None else None,
            payload_digest=final.payload_digest or None if final is not None else None,
            stored_record_id=check.stored_record.record_id if check.stored_record is not None else None,
            post_digest=check.post_digest,
            post_version=check.post_version,
            remaining=judgement.remaining,
            evidence=judgement.evidence,
            measures=check.measures,
            extractor=check.extractor,
            rules=check.rules,
            error=check.error,
            verdict_before=check.verdict_before,
            judged_again=check.judged_again,
        )
    )


def line_object(line: CheckLine) -> dict[str, Any]:
    """`line` as the same values as its check."""
    return {
        "post": line.post,
        "url": line.source,
        "verdict": line.verdict.value,
        "reason": line.reason.value if line.reason else None,
        "nature": [nature.value for nature in line.natures],
        "changes": [change_object(change) for change in line.changes],
        "admitted": _admitted_object(line.verdict, line.admission),
        "since_last": _since_last_object(line.since_last),
        "final_url": line.final_url,
        "http_status": line.http_status,
        "checked_at": warc_date(line.checked_at),
        "captured_at": warc_date(line.captured_at) if line.captured_at else None,
        "record_id": line.record_id,
        "warc_file": line.record_file,
        "warc_offset": line.record_offset,
        "payload_digest": line.payload_digest,
        "stored_record_id": line.stored_record_id,
        "post_digest": line.post_digest or None,
        **version_object(line.post_version),
        "remaining": line.remaining,
        # Both are flat; `asdict` would copy them deeply, which tells over a whole collection.
        "evidence": [{"rule": one.rule, "held": one.held, "saw": one.saw} for one in line.evidence],
        "measures": {name: getattr(line.measures, name) for name in _MEASURES} if line.measures else None,
        "extractor": line.extractor or None,
        "rules": line.rules or None,
        "error": line.error or None,
        "verdict_before": line.verdict_before.value if line.verdict_before else None,
        "judged_again": _judged_again_object(line.judged_again),
    }


def _judged_again_object(again: JudgedAgain | None) -> dict[str, Any] | None:
    if again is None:
        return None
    return {
        "at": warc_date(again.at),
        "verdict_at_visit": again.verdict.value,
        "reason_at_visit": again.reason.value if again.reason else None,
        "extractor_at_visit": again.extractor or None,
        "rules_at_visit": again.rules or None,
    }


def version_object(version: PostVersion | None) -> dict[str, Any]:
    """What git said of a post, as plain JSON values."""
    at = None if version is None else version.committed_at
    return {
        "post_commit": version.commit or None if version is not None else None,
        "post_committed_at": warc_date(at) if at is not None else None,
        "post_commit_state": version.state.value if version is not None else None,
    }


def alteration_object(alteration: Alteration) -> dict[str, Any]:
    """One alteration of a stored copy as plain JSON values."""
    return {
        "last_seen_before": warc_date(alteration.before.at),
        "first_seen": warc_date(alteration.after.at),
        "old_digest": alteration.before.digest,
        "post_digest": alteration.after.digest,
        "how": alteration.how.value,
        "by_commit": alteration.commit or None,
        **version_object(alteration.after.version),
    }


def standing_object(standing: Standing | None) -> dict[str, Any] | None:
    """Where a post stands after all its checks, as plain JSON values; null for a post without one."""
    if standing is None:
        return None
    return {
        "observed": standing.observed.value,
        "confirmed": standing.confirmed.value if standing.confirmed else None,
        "counted": standing.counted.value if standing.counted else None,
        "strikes": standing.strikes,
        "needed": standing.needed,
        "since": warc_date(standing.since),
        "next_strike": warc_date(standing.next_strike) if standing.next_strike else None,
        "unstable": standing.unstable,
        "resurrected": standing.resurrected,
        "source_unchanged": standing.source_unchanged,
    }


def change_object(change: Change) -> dict[str, Any]:
    """`change` as plain JSON values."""
    return {
        "kind": change.kind.value,
        "old": change.old,
        "new": change.new,
        "old_context": change.old_context,
        "new_context": change.new_context,
        "nature": [nature.value for nature in change.natures],
        "weight": round(change.weight, 4),
    }


def _admitted_object(verdict: Verdict, admission: Admission | None) -> dict[str, Any] | None:
    if verdict is not Verdict.EDITED:
        return None
    return {
        "silent": admission is None,
        "kind": admission.kind.value if admission is not None else None,
        "text": admission.text if admission is not None else None,
    }


def _since_last_object(since_last: SinceLast | None) -> dict[str, Any] | None:
    if since_last is None:
        return None
    return {
        "changed": since_last.changed,
        "changes": [change_object(change) for change in since_last.changes],
        "previous_at": warc_date(since_last.previous_at),
    }
