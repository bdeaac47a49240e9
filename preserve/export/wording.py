"""Owns the few sentences that reports for machines carry for people: what a post's source came to, and why."""

from __future__ import annotations

from collections.abc import Iterator

from preserve.confirm import CONFIRMABLE, Standing
from preserve.model import Change, ChangeKind, Check, Verdict
from preserve.times import warc_date
from preserve.visible import shortened

_LONGEST = 200


def rule_of(check: Check) -> str:
    """Verdict and reason as one name: `gone/not-found`, `edited`."""
    judgement = check.judgement
    return f"{judgement.verdict}/{judgement.reason}" if judgement.reason else str(judgement.verdict)


def headline(check: Check, standing: Standing) -> str:
    """One sentence: what was found, and how sure that is."""
    judgement = check.judgement
    text = rule_of(check)
    if judgement.verdict is Verdict.EDITED and judgement.natures:
        text += f" ({', '.join(judgement.natures)})"
    if judgement.verdict is Verdict.MOVED and check.final_url:
        text += f" to {shortened(check.final_url, _LONGEST)}"
    text += f" since {standing.since:%Y-%m-%d}"
    if judgement.verdict not in CONFIRMABLE:
        return text
    if standing.is_confirmed:
        return f"{text}, confirmed"
    return f"{text}, observed {standing.strikes} of {standing.needed} times needed"


def details(check: Check, most: int = 20) -> Iterator[str]:
    """Lines below the headline: source, record, and the differences or what decided."""
    yield f"source: {shortened(check.source or 'none', 2000)}"
    yield f"checked: {warc_date(check.checked_at)}"
    if check.capture is not None:
        yield f"record: {check.capture.summary.record_id} in {check.capture.summary.file}"
    judgement = check.judgement
    if check.error:
        yield shortened(check.error, _LONGEST)
    if judgement.evidence and not judgement.changes:
        yield f"{judgement.evidence[-1].rule}: {shortened(judgement.evidence[-1].saw, _LONGEST)}"
    for change in judgement.changes[:most]:
        yield told(change)
    if len(judgement.changes) > most:
        yield f"and {len(judgement.changes) - most} more differences"


def label(change: Change) -> str:
    """What kind of change it is."""
    return ", ".join(nature.value for nature in change.natures) or change.kind.value


def told(change: Change) -> str:
    """A change in one line."""
    old, new = shortened(change.old, _LONGEST), shortened(change.new, _LONGEST)
    if change.kind is ChangeKind.MOVE:
        return f"{label(change)}: moved: {old}"
    if not new:
        return f"{label(change)}: − {old}"
    return f"{label(change)}: + {new}" if not old else f"{label(change)}: {old} → {new}"
