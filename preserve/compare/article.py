"""The article of a page: which of its visible blocks it runs from and to.

Owns the answer for a page alone. The main text names most of it; a stored copy, where there is one, names what the
extractor overlooked or the markup calls a comment, an aside or a link.
"""

from __future__ import annotations

from dataclasses import dataclass

from preserve.compare.anchors import anchor
from preserve.compare.reading import Reading, Readings
from preserve.model import Block, Extraction, StoredCopy

_STRONG = 14
_LINKS = 0.7  # a block of links alone changes from day to day, though an extractor took it


@dataclass(frozen=True, slots=True)
class Article:
    """The article of a page.

    Attributes:
        page: the whole page, folded.
        blocks: the blocks from the article's first to its last, with what stands between them.
        sure: those of `blocks`, by index, that the main text or the stored copy has.
    """

    page: Reading
    blocks: tuple[Block, ...]
    sure: frozenset[int]


def article_of(page: Extraction, readings: Readings, stored: StoredCopy | None = None) -> Article:
    """Find the article of `page`; a stored copy of it helps."""
    visible, main = readings.visible(page), readings.main(page).text
    inside = {index for index, key in enumerate(visible.keys) if len(key) >= _STRONG and key in main}
    sure = {index for index in inside if visible.blocks[index].link_density <= _LINKS}
    if stored is not None:
        held = _held(stored, visible)
        inside |= held
        sure |= held
    if not inside:
        return Article(visible, page.main, frozenset(range(len(page.main))))
    first, last = min(inside), max(inside)
    return Article(visible, page.visible[first : last + 1], frozenset(index - first for index in sure))


def _held(stored: StoredCopy, page: Reading) -> set[int]:
    """The blocks of a page that hold sentences of a stored copy, in its order."""
    units = Reading(stored.blocks, like=page).units(whole=frozenset(page.keys))
    return {
        block
        for found in anchor(units, page).chain
        for block in range(page.block_at(found.start), page.block_at(found.end - 1) + 1)
    }
