"""The JSON object a check is printed as (`--json`, one a line); docs/verdicts.md documents every key."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from preserve.alterations import Alteration
from preserve.confirm import Standing
from preserve.model import Change, Check, JudgedAgain, Judgement, Measures, PostVersion, SinceLast, Verdict
from preserve.times import warc_date

_MEASURES: Final = tuple(field.name for field in fields(Measures))


def check_object(check: Check) -> dict[str, Any]:
    """`check` as plain JSON values, keys in the documented order."""
    judgement, final = check.judgement, check.capture.final if check.capture else None
    record = final.response if final and final.response else check.capture.summary if check.capture else None
    return {
        "post": check.post,
        "url": check.source,
        "verdict": judgement.verdict.value,
        "reason": judgement.reason.value if judgement.reason else None,
        "nature": [nature.value for nature in judgement.natures],
        "changes": [change_object(change) for change in judgement.changes],
        "admitted": _admitted_object(judgement),
        "since_last": _since_last_object(check.since_last),
        "final_url": check.final_url,
        "http_status": check.http_status,
        "checked_at": warc_date(check.checked_at),
        "captured_at": warc_date(check.captured_at) if check.captured_at else None,
        "record_id": record.record_id if record else None,
        "warc_file": record.file if record else None,
        "warc_offset": record.offset if record else None,
        "payload_digest": final.payload_digest if final and final.payload_digest else None,
        "stored_record_id": check.stored_record.record_id if check.stored_record else None,
        "post_digest": check.post_digest or None,
        **version_object(check.post_version),
        "remaining": judgement.remaining,
        # Both are flat; `asdict` would copy them deeply, which tells over a whole collection.
        "evidence": [{"rule": one.rule, "held": one.held, "saw": one.saw} for one in judgement.evidence],
        "measures": {name: getattr(check.measures, name) for name in _MEASURES} if check.measures else None,
        "extractor": check.extractor or None,
        "rules": check.rules or None,
        "error": check.error or None,
        "verdict_before": check.verdict_before.value if check.verdict_before else None,
        "judged_again": _judged_again_object(check.judged_again),
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


def _admitted_object(judgement: Judgement) -> dict[str, Any] | None:
    if judgement.verdict is not Verdict.EDITED:
        return None
    admission = judgement.admission
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
