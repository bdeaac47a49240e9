"""Places: where on a page each stored sentence stands, for people who want to look it up.

Owns no decision: the layers are those of the comparison, the places those of its alignment.
"""

from __future__ import annotations

from dataclasses import dataclass

from preserve.compare.reading import Reading, Unit
from preserve.compare.stored import lay_copy
from preserve.compare.telling import Laid
from preserve.model import Block, BlockKind, Extraction, Layer, Span, StoredCopy


@dataclass(frozen=True, slots=True)
class Found:
    """Where one stored sentence was found.

    Attributes:
        stored: its place in the stored copy's blocks.
        layer: the first layer of the page that has it; `MISSING` where none has it word for word.
        inside: the layer whose texts `places` count in: `VISIBLE` for the page's visible blocks, in which the main
            text stands too, `MAIN` where only the main text has it, `STRUCTURED` for the structured texts;
            `MISSING` where there are no places.
        places: one span a block; of a missing sentence, where its edited counterpart stands.
        alike: 0..1, how much of it stands there: 1 where it was found, 0 without places.
    """

    stored: Span
    layer: Layer
    inside: Layer
    places: tuple[Span, ...]
    alike: float


def places(stored: StoredCopy, page: Extraction) -> tuple[Found, ...]:
    """Where each sentence of a stored copy stands on a page, in the order of the stored copy.

    Args:
        stored: as for `compare`.
        page: as for `compare`.

    Returns:
        One entry for each of `Comparison.layers`, which they agree with.
    """
    laid = lay_copy(stored, page)
    finder = _Finder(laid, page)
    return tuple(finder.found(index, unit) for index, unit in enumerate(laid.alignment.units))


class _Finder:
    """Looks a stored sentence up where the comparison found it."""

    def __init__(self, laid: Laid, page: Extraction) -> None:
        self._laid = laid
        self._anchors = {anchor.unit: anchor for anchor in laid.alignment.chain}
        self._cursor = 0
        texts = tuple(Block(BlockKind.PARAGRAPH, text) for text in page.structured)
        self._layers = (
            (Layer.VISIBLE, laid.new),
            (Layer.MAIN, Reading(page.main, laid.script)),
            (Layer.STRUCTURED, Reading(texts, laid.script)),
        )

    def found(self, index: int, unit: Unit) -> Found:
        """Where the sentence of that index was found; to be asked in order."""
        layer = self._laid.findings.layers[index]
        if layer is Layer.MISSING:
            spans = self._counterpart(unit)
            alike = self._laid.alignment.paired.get(index, 0.0) / 100 if spans else 0.0
            return Found(unit.span, layer, Layer.VISIBLE if spans else layer, spans, alike)
        if index in self._anchors:
            anchor = self._anchors[index]
            self._cursor = anchor.end
            spans = tuple(self._laid.new.pieces(anchor.start, anchor.end))
            return Found(unit.span, layer, Layer.VISIBLE, spans, 1.0)
        inside, spans = self._by_text(unit)
        return Found(unit.span, layer, inside, spans, 1.0)

    def _counterpart(self, unit: Unit) -> tuple[Span, ...]:
        """Where the page has the sentence that an edit made of this one."""
        for edit in self._laid.alignment.edits:
            for span in edit.old_sentence:
                if span.block == unit.block and span.start <= unit.start and unit.end <= span.end:
                    return edit.new_sentence
        return ()

    def _by_text(self, unit: Unit) -> tuple[Layer, tuple[Span, ...]]:
        """The first place from the last find on, else the first of all, in the first layer that has the text."""
        for layer, reading in self._layers:
            if not unit.strong and unit.key in reading.keys:  # too short to be found inside another text
                block = reading.keys.index(unit.key)
                return layer, (Span(block, 0, len(reading.blocks[block].text)),)
            at = reading.text.find(unit.key, self._cursor if layer is Layer.VISIBLE else 0)
            at = reading.text.find(unit.key) if at < 0 else at
            if at >= 0:
                return layer, tuple(reading.pieces(at, at + len(unit.key)))
        return Layer.MISSING, ()
