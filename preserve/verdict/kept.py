"""The rules for pages that are the article: truncated, edited, moved, intact.

Owns where a truncation ends and an edit begins: a truncation leaves the beginning and nothing after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from preserve.model import Comparison, Layer, Reason, Region, Verdict
from preserve.verdict.case import Finding
from preserve.verdict.view import View
from preserve.verdict.wording import fold, ideas

_ELSEWHERE = frozenset({Region.NAVIGATION, Region.HEADER, Region.FOOTER, Region.HIDDEN, Region.COMMENTS})
MOST = 0.9  # with this much left, what is missing was edited away
REPLACED = 0.45  # new characters for each lost one: beyond it the text was rewritten, not cut
_NEAR = 3  # blocks that may stand between the halves of a wall's message


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the page's text ends.

    Attributes:
        kept: stored sentences before the cut; lost: after it.
        clean: share (0..1) of them on their side of it: found before, missing after.
    """

    kept: int
    lost: int
    clean: float


def find_cut(layers: tuple[Layer, ...]) -> Cut:
    """The place that best parts found sentences from missing ones."""
    found = [layer in (Layer.MAIN, Layer.VISIBLE) for layer in layers]
    right = found.count(False)
    best_at, best = 0, right
    for at, here in enumerate(found, start=1):
        right += 1 if here else -1
        if right > best:
            best_at, best = at, right
    return Cut(best_at, len(found) - best_at, best / len(found) if found else 0.0)


def in_sight(view: View) -> Finding | None:
    """The article or its beginning is there: no rule about other pages is tried."""
    if view.comparison is None or not view.in_sight:
        return None
    return Finding(f"{coverage_of(view.comparison)} of the stored copy, or its headline and beginning, is there")


def truncated(view: View) -> Finding | None:
    """Only the beginning is left: from one place on all is missing, and nothing has taken its place."""
    comparison = view.comparison
    cut = find_cut(comparison.layers) if comparison is not None and comparison.coverage < MOST else None
    if comparison is None or cut is None or not (_parts_cleanly(cut) or _only_lead(comparison)) or cut.lost < 2:
        return None
    lost, wall = 1 - comparison.coverage, _wall_below(view)
    saw = f"the first {cut.kept} sentences are there, the {cut.lost} after them are not ({lost:.0%})"
    if _replacement(comparison) > REPLACED:
        return Finding(f"{saw}, but other text stands in their place")
    if wall is not None:
        return Finding(f"{saw}; below them stands a wall", Verdict.TRUNCATED, wall)
    if comparison.coverage < 0.25 and not comparison.headline_found:
        return Finding(f"{saw}, but the headline is gone too")
    deep = lost >= 0.5 or (lost >= 0.25 and cut.lost >= 8)
    if not deep:
        saw += ": no more than an edit may take away"
    return Finding(saw, Verdict.TRUNCATED if deep else None, Reason.CUT_SHORT if deep else None)


def _parts_cleanly(cut: Cut) -> bool:
    return cut.kept > 0 and cut.clean >= 0.9


def _only_lead(comparison: Comparison) -> bool:
    """The same by characters, for copies with many short lines that recur elsewhere on a page."""
    return comparison.coverage <= 0.5 and comparison.lead >= 0.6 and comparison.tail <= 0.1


def _replacement(comparison: Comparison) -> float:
    """How much new text the page has for each character that was lost."""
    lost = sum(len(change.old) for change in comparison.changes)
    return sum(len(change.new) for change in comparison.changes) / lost if lost else 0.0


def edited(view: View) -> Finding | None:
    """The article is there with differences that matter."""
    comparison = view.comparison
    if comparison is None or not comparison.changes:
        return Finding("no difference that matters")
    count = len(comparison.changes)
    noun = "difference" if count == 1 else "differences"
    saw = f"{count} {noun}, {coverage_of(comparison)} of the stored copy is on the page"
    return Finding(saw, Verdict.EDITED)


def moved(view: View) -> Finding | None:
    """The article is there, unchanged, at another address."""
    if not view.redirected:
        return None
    return Finding(f"intact at {view.final_url}", Verdict.MOVED)


def intact(view: View) -> Finding:
    """Every sentence of the stored copy is there."""
    comparison = view.comparison
    if comparison is None:
        return Finding("there is no text to compare", Verdict.UNEXTRACTABLE, Reason.EMPTY)
    return Finding(f"{coverage_of(comparison)} of the stored copy is on the page", Verdict.INTACT)


def coverage_of(comparison: Comparison) -> str:
    """The coverage for people, never rounded up to the whole."""
    return f"{int(comparison.coverage * 1000) / 10:g} %"


def _wall_below(view: View) -> Reason | None:
    """The wall that the page's own words put up: they ask for money or an account, and speak of the rest."""
    if view.facts.accessible_for_free is False:
        return Reason.PAYWALL
    if view.page is None:
        return None
    blocks = [block for block in view.page.visible if block.region not in _ELSEWHERE]
    texts = [fold(block.text) if len(block.text) < 400 else "" for block in blocks]
    said = [ideas("wall", text) if text else frozenset() for text in texts]
    login = False
    for at in range(len(said)):
        near = frozenset[str]().union(*said[at : at + _NEAR])
        if {"subscribe", "rest"} <= near or {"subscribe", "login"} <= near:
            return Reason.PAYWALL
        login = login or {"login", "rest"} <= near
    return Reason.LOGIN_WALL if login else None
