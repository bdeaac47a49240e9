"""What became of a post since an earlier moment. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from preserve.confirm import CONFIRMABLE, Observation, Standing, standing
from preserve.model import Verdict
from preserve.report.values import GROUPS, Group, NewsKind


def news_kind(before: Sequence[Observation], now: Standing, last: Observation) -> NewsKind | None:
    """What is to be told of a post that was checked since, or None.

    Args:
        before: what was observed until the earlier moment, oldest first; empty for a post that is new. Its texts have
            the names that `preserve.confirm.named_alike` gives them.
        now: where it stands after all observations.
        last: the last of them.
    """
    group = GROUPS[now.observed]
    then = standing(before)
    if then is None:
        return {Group.LOST: NewsKind.LOST, Group.DRIFTED: NewsKind.DRIFTED}.get(group, NewsKind.NEW)
    if group is Group.UNKNOWN:
        return None if GROUPS[then.observed] is Group.UNKNOWN else NewsKind.HIDDEN
    known = _last_known(before)
    was = GROUPS[known.verdict] if known is not None else Group.UNKNOWN
    if now.source_unchanged and was is not group:
        return NewsKind.REASSESSED
    if group is Group.HOLDS:
        return _held(now.observed, known)
    if was is not group or (known is not None and _edited_anew(known, last)):
        return NewsKind.LOST if group is Group.LOST else NewsKind.DRIFTED
    newly = now.observed in CONFIRMABLE and now.is_confirmed and then.confirmed is not now.confirmed
    return NewsKind.CONFIRMED if newly else None


def _held(observed: Verdict, known: Observation | None) -> NewsKind | None:
    if known is None:
        return NewsKind.NEW
    if GROUPS[known.verdict] is not Group.HOLDS:
        return NewsKind.BACK
    return NewsKind.MOVED if observed is Verdict.MOVED and known.verdict is not Verdict.MOVED else None


def _last_known(observations: Sequence[Observation]) -> Observation | None:
    """The last that says what became of the article."""
    known = (one for one in reversed(observations) if one.counts and GROUPS[one.verdict] is not Group.UNKNOWN)
    return next(known, None)


def _edited_anew(before: Observation, now: Observation) -> bool:
    edited = before.verdict is Verdict.EDITED and now.verdict is Verdict.EDITED
    return edited and bool(before.text) and bool(now.text) and before.text != now.text
