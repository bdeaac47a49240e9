"""Layers of evidence: a sentence is missing only when no layer of the page has it.

Owns the order in which the layers are asked: main text, visible text, structured text (docs/verdicts.md).
"""

from __future__ import annotations

from collections.abc import Mapping

from preserve.compare.reading import Reading, Unit
from preserve.model import Extraction, Layer
from preserve.text import fold

_BODY_SHARE = 0.3


class Layers:
    """The folded texts of a page's layers.

    Attributes:
        main: the main text.
        has_body: whether the structured text holds a whole article, not only descriptions of it.
    """

    def __init__(self, page: Extraction, visible: Reading, main: Reading, script: Mapping[int, int]) -> None:
        self.main = main.text
        self._visible = visible
        self._structured = fold(" ".join(page.structured)).translate(dict(script))
        self.has_body = any(len(text) > _BODY_SHARE * len(visible.text) for text in page.structured)
        self._blocks = frozenset(visible.keys)

    @property
    def main_chars(self) -> int:
        """Folded characters of the main text."""
        return len(self.main)

    def find(self, unit: Unit) -> Layer:
        """The first layer that has the sentence."""
        if unit.strong:
            if unit.key in self.main:
                return Layer.MAIN
            if unit.key in self._visible.text:
                return Layer.VISIBLE
            if unit.key in self._structured:
                return Layer.STRUCTURED
            return Layer.MISSING
        # Too short to be recognised inside other text: it must be a block by itself.
        return Layer.VISIBLE if unit.key in self._blocks else Layer.MISSING
