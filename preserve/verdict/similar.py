"""How alike two pages look: the measure of the random-path rule."""

from __future__ import annotations

from preserve.model import Extraction, Region
from preserve.verdict.wording import fold

_SHINGLE = 5
_CHARS = 20000


def resemblance(one: Extraction, other: Extraction) -> float:
    """Dice coefficient (0..1) of the character 5-gram shingles of what is in sight on both pages.

    After Bar-Yossef et al. 2004, who compare shingles of the page and of a random path's page. Digits are one
    sign, so that an error page that shows the time or a request number stays the same page.
    """
    first, second = _shingles(one), _shingles(other)
    if not first or not second:
        return 1.0 if first == second else 0.0
    return 2 * len(first & second) / (len(first) + len(second))


def _shingles(page: Extraction) -> frozenset[str]:
    text = fold(" ".join(block.text for block in page.visible if block.region is not Region.HIDDEN))[:_CHARS]
    text = "".join("0" if sign.isdigit() else sign for sign in text)
    if len(text) < _SHINGLE:
        return frozenset({text}) if text else frozenset()
    return frozenset(text[at : at + _SHINGLE] for at in range(len(text) - _SHINGLE + 1))
