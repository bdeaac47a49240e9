"""Additions: which text of a page that the stored copy lacks was added to the article.

In the comparison of a stored copy with a page additions are the weaker evidence: copies lack captions, kickers,
notices and whatever else the site put around and between the paragraphs. So an addition must stand between or next to
matched blocks, be prose, and be in the main text; and it must not be the site's template.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256

from preserve.compare.align import Place
from preserve.compare.furniture import not_prose, outside_article
from preserve.compare.reading import Reading, Unit
from preserve.text import fold


def block_digest(key: str) -> str:
    """How a block is named in template sets: the first 16 hex digits of the SHA-256 of its folded text."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class AdditionRules:
    """Decides, unit by unit, whether text that only the page has is an addition.

    Args:
        page: the page's visible text.
        main: the folded main text.
        known: folded texts the stored side has without comparing them (title, byline, text set aside).
        template: digests of the host's template blocks.
    """

    def __init__(self, page: Reading, main: str, known: AbstractSet[str], template: AbstractSet[str]) -> None:
        self._page, self._main, self._known, self._template = page, main, known, template

    def refusal(self, run: Sequence[Unit], place: Place) -> str:
        """Why consecutive sentences of one block of the page are no addition; "" when they are one."""
        index = run[0].block
        block, key = self._page.blocks[index], self._page.keys[index]
        text = block.text[run[0].start : run[-1].end]
        if self._template and block_digest(key) in self._template:
            return "template"
        if key in self._known or fold(text) in self._known:
            return "known"
        reason = outside_article(block)
        if reason:
            return reason
        if key not in self._main and place is not Place.INNER:
            return "outside-main"
        return not_prose(text)
