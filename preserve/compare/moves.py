"""Moves: sentences that are lost at their place and stand, word for word, at another place of the article.

A move is told once, as a move, and neither as a removal nor as an addition. A sentence that is only repeated in a
teaser or a pull quote outside the column was not moved there.
"""

from __future__ import annotations

from preserve.compare.align import Alignment
from preserve.compare.furniture import not_prose, outside_article
from preserve.compare.reading import Reading
from preserve.text import weight_of

_BESIDE = 400
_LEAST = 40


def moved_units(old: Reading, new: Reading, alignment: Alignment, main: str) -> dict[int, int]:
    """Stored units that were moved, each with the block of the page it now stands in."""
    found: dict[int, int] = {}
    low, high = alignment.first - _BESIDE, alignment.last + _BESIDE
    for part in alignment.unmatched:
        for index in part.old:
            unit = alignment.units[index]
            if weight_of(unit.key) < _LEAST and not_prose(old.slice(unit.span)):
                continue
            for at in alignment.anchoring.elsewhere.get(index, ()):
                block = new.block_at(at)
                inside = low <= at <= high or new.keys[block] in main
                if inside and not outside_article(new.blocks[block], alignment.column):
                    found[index] = block
                    break
    return found
