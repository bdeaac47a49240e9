"""The byline: whether a page names another author than it did.

Pages name people in many places, and what an extractor takes for the byline may be a commentator's or another
article's. So a byline has changed only where one name took the other's place: in the same words around it, beside the
same block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from preserve.compare.nature import weight
from preserve.compare.reading import Reading
from preserve.model import Change, ChangeKind, Nature
from preserve.text import fold

_FRAME = 60


def byline_change(old: tuple[str, Reading], new: tuple[str, Reading], told: Sequence[Change]) -> Change | None:
    """The change where another byline took the place of one; None where either is empty or goes into the other.

    Args:
        old, new: the bylines of two captures of a page, each with the page.
        told: changes of its text; what they tell already is not told again.
    """
    (before, earlier), (after, later) = (fold(old[0]), old[1]), (fold(new[0]), new[1])
    if not before or not after or before in after or after in before:
        return None
    if any(fold(change.old) in before and fold(change.new) in after for change in told if change.old and change.new):
        return None
    left, right = set(_settings(before, earlier)), set(_settings(after, later))
    if not left & right:
        return None
    natures = (Nature.BYLINE,)
    return Change(ChangeKind.REPLACE, old[0], new[0], old[0], new[0], None, None, natures, weight(natures))


def _settings(byline: str, page: Reading) -> Iterator[tuple[str, str, str]]:
    """Where a byline stands: what is around it in its block, the side on which a block stands beside it, and which."""
    for index, key in enumerate(page.keys):
        head, found, tail = key.partition(byline)
        if found and len(head) + len(tail) <= _FRAME:
            frame = f"{head}|{tail}"
            if index > 0:
                yield frame, "after", page.keys[index - 1]
            if index + 1 < len(page.keys):
                yield frame, "before", page.keys[index + 1]
