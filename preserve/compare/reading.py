"""A reading: blocks taken as one folded text, so that a sentence is found however the blocks were cut.

Owns the way from blocks to folded text and back (index -> block and offset) and the cutting into units of comparison.
Does not compare.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preserve.model import Block, Span
from preserve.text import SEPARATOR, Folded, fold, fold_with_offsets, is_unspaced, sentence_spans, tokens

_STRONG = 14
_STRONG_UNSPACED = 6


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence of one block.

    Attributes:
        block, start, end: where it stands.
        key: its folded text; never empty.
    """

    block: int
    start: int
    end: int
    key: str

    @property
    def strong(self) -> bool:
        """Whether it is long enough to be recognised anywhere on a page by its text alone."""
        return len(self.key) >= _STRONG or (len(self.key) >= _STRONG_UNSPACED and is_unspaced(self.key[1:]))

    @property
    def span(self) -> Span:
        """Its place as a span."""
        return Span(self.block, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Mark:
    """A token of a reading: its key and its place."""

    key: str
    block: int
    start: int
    end: int


class Reading:
    """Blocks as one folded text.

    Attributes:
        blocks: as given.
        keys: the folded text of each.
        begins: the index in `text` at which each begins, and the length of `text` at the end.
        text: all keys, joined without a separator.
    """

    def __init__(self, blocks: Sequence[Block], script: Mapping[int, int] | None = None) -> None:
        """Read `blocks`; `script` takes characters to one script (see `preserve.text.script_table`)."""
        self.blocks = tuple(blocks)
        self._script = dict(script or {})
        self.keys = self._fold([block.text for block in self.blocks])
        self.begins = [0]
        for key in self.keys:
            self.begins.append(self.begins[-1] + len(key))
        self.text = "".join(self.keys)
        self._folded: dict[int, Folded] = {}

    def folded(self, block: int) -> Folded:
        """The fold of one block, with offsets."""
        if block not in self._folded:
            self._folded[block] = fold_with_offsets(self.blocks[block].text)
        return self._folded[block]

    def block_at(self, index: int) -> int:
        """The block that holds the character at `index` of `text`; for the end of `text`, the last block."""
        return min(bisect_right(self.begins, index) - 1, len(self.blocks) - 1)

    def pieces(self, start: int, end: int) -> list[Span]:
        """The places, block by block, from which `text[start:end]` came.

        Punctuation and white space at the ends of a place belong to it: a block that is covered whole is given whole.
        """
        found: list[Span] = []
        if start >= end:
            return found
        for block in range(self.block_at(start), self.block_at(end - 1) + 1):
            first, last = self.begins[block], self.begins[block + 1]
            if first == last:
                continue
            low, high = max(start, first) - first, min(end, last) - first
            length = len(self.blocks[block].text)
            if low == 0 and high == last - first:
                found.append(Span(block, 0, length))
                continue
            folded = self.folded(block)
            left = folded.ends[low - 1] if low else 0
            right = folded.starts[high] if high < len(folded.starts) else length
            found.append(Span(block, min(left, folded.starts[low]), max(right, folded.ends[high - 1])))
        return found

    def slice(self, span: Span) -> str:
        """The original text of a span."""
        return self.blocks[span.block].text[span.start : span.end]

    def units(self, spans: Sequence[Span] | None = None) -> list[Unit]:
        """The sentences of all blocks, or of the given places; what folds to nothing joins its neighbour."""
        if spans is None:
            spans = [Span(index, 0, len(block.text)) for index, block in enumerate(self.blocks)]
        found: list[Unit] = []
        for span in spans:
            text = self.slice(span)
            cuts = sentence_spans(text)
            if len(cuts) == 1 and len(text) == len(self.blocks[span.block].text):
                keys = [self.keys[span.block]]
            else:
                keys = self._fold([text[start:end] for start, end in cuts])
            for (start, end), key in zip(cuts, keys, strict=True):
                if key:
                    found.append(Unit(span.block, span.start + start, span.start + end, key))
        return found

    def marks(self, spans: Sequence[Span]) -> list[Mark]:
        """The tokens of the given places, in order."""
        return [
            Mark(token.key.translate(self._script), span.block, token.start, token.end)
            for span in spans
            for token in tokens(self.blocks[span.block].text, span.start, span.end)
        ]

    def _fold(self, texts: Sequence[str]) -> list[str]:
        """Fold many texts at the price of one."""
        joined = fold(SEPARATOR.join(texts))
        if self._script:
            joined = joined.translate(self._script)
        keys = joined.split(SEPARATOR) if texts else []
        if len(keys) != len(texts):  # a text holds the separator itself
            return [fold(text.replace(SEPARATOR, " ")).translate(self._script) for text in texts]
        return keys
