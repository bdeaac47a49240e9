"""A reading: blocks taken as one folded text, so that a sentence is found however the blocks were cut.

Owns the way from blocks to folded text and back (index -> block and offset) and the cutting into units of comparison.
Does not compare.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from preserve.model import Block, Extraction, Span
from preserve.text import Folded, fold_all, fold_with_offsets, is_unspaced, sentence_spans, tokens

_STRONG = 14
_STRONG_UNSPACED = 6


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence of one block.

    Attributes:
        block, start, end: where it stands.
        key: its folded text; never empty.
        cut: it ends where an excerpt was cut, and may go on.
    """

    block: int
    start: int
    end: int
    key: str
    cut: bool = False

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

    def __init__(
        self, blocks: Sequence[Block], script: Mapping[int, int] | None = None, like: Reading | None = None
    ) -> None:
        """Read `blocks`.

        Args:
            blocks: what to read.
            script: takes characters to one script (see `preserve.text.script_table`).
            like: a reading in the same script that has many of the same blocks; they are not folded again.
        """
        self.blocks = tuple(blocks)
        self._script = dict(script or {})
        self.keys = self._fold_blocks({} if like is None else like._known())
        self.begins = [0]
        for key in self.keys:
            self.begins.append(self.begins[-1] + len(key))
        self.text = "".join(self.keys)
        self._folded: dict[int, Folded] = {}
        self._cuts: dict[int, dict[int, tuple[int, int]]] = {}

    def folded(self, block: int) -> Folded:
        """The fold of one block, with offsets."""
        if block not in self._folded:
            self._folded[block] = fold_with_offsets(self.blocks[block].text)
        return self._folded[block]

    def block_at(self, index: int) -> int:
        """The block that holds the character at `index` of `text`; for the end of `text`, the last block."""
        return min(bisect_right(self.begins, index) - 1, len(self.blocks) - 1)

    def cuts(self, block: int) -> dict[int, tuple[int, int]]:
        """Where a block may be cut: folded index -> (end of the sentence before, start of the one after).

        Includes both ends of the block.
        """
        if block not in self._cuts:
            text = self.blocks[block].text
            spans = sentence_spans(text)
            found = {0: (0, 0)}
            at = before = 0
            for (start, end), key in zip(spans, self._fold([text[a:b] for a, b in spans]), strict=True):
                if key:
                    found.setdefault(at, (before, start))
                    at += len(key)
                    before = end
            found[len(self.keys[block])] = (before, len(text))
            self._cuts[block] = found
        return self._cuts[block]

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
            cuts = self.cuts(block)
            if low in cuts and high in cuts:
                found.append(Span(block, cuts[low][1], length if high == last - first else cuts[high][0]))
                continue
            folded = self.folded(block)
            left = folded.ends[low - 1] if low else 0
            right = folded.starts[high] if high < len(folded.starts) else length
            found.append(Span(block, min(left, folded.starts[low]), max(right, folded.ends[high - 1])))
        return found

    def slice(self, span: Span) -> str:
        """The original text of a span."""
        return self.blocks[span.block].text[span.start : span.end]

    def units(self, spans: Sequence[Span] | None = None, whole: AbstractSet[str] = frozenset()) -> list[Unit]:
        """The sentences of all blocks, or of the given places, in order; without those that fold to nothing.

        Args:
            spans: the places; None for everything.
            whole: folded texts of blocks that need not be cut: each is one unit.
        """
        if spans is None:
            spans = [Span(index, 0, len(block.text)) for index, block in enumerate(self.blocks)]
        found: list[Unit] = []
        for span in spans:
            text, key = self.slice(span), self.keys[span.block]
            complete = len(text) == len(self.blocks[span.block].text)
            if complete and key and key in whole:
                found.append(Unit(span.block, 0, len(text), key))
                continue
            cuts = sentence_spans(text)
            keys = [key] if complete and len(cuts) == 1 else self._fold([text[a:b] for a, b in cuts])
            found.extend(
                Unit(span.block, span.start + start, span.start + end, part)
                for (start, end), part in zip(cuts, keys, strict=True)
                if part
            )
        return found

    def marks(self, spans: Sequence[Span]) -> list[Mark]:
        """The tokens of the given places, in order."""
        return [
            Mark(token.key.translate(self._script), span.block, token.start, token.end)
            for span in spans
            for token in tokens(self.blocks[span.block].text, span.start, span.end)
        ]

    def _known(self) -> dict[str, str]:
        return {block.text: key for block, key in zip(self.blocks, self.keys, strict=True)}

    def _fold_blocks(self, known: Mapping[str, str]) -> list[str]:
        texts = [block.text for block in self.blocks]
        fresh = [text for text in texts if text not in known]
        folded = dict(zip(fresh, self._fold(fresh), strict=True))
        return [known[text] if text in known else folded[text] for text in texts]

    def _fold(self, texts: Sequence[str]) -> list[str]:
        """Fold many texts at the price of one."""
        keys = fold_all(texts)
        return [key.translate(self._script) for key in keys] if self._script else keys


class Readings:
    """Readings of pages, each made when it is first asked for: a page is folded once for all that is held against it.

    Not for long: what was read is kept as long as this is.
    """

    def __init__(self) -> None:
        self._made: dict[int, Reading] = {}

    def visible(self, page: Extraction) -> Reading:
        """What `page` shows."""
        return self._of(page.visible, None)

    def main(self, page: Extraction) -> Reading:
        """The main text of `page`."""
        return self._of(page.main, self.visible(page))

    def _of(self, blocks: tuple[Block, ...], like: Reading | None) -> Reading:
        # By identity, for which the reading keeps the blocks: to tell whether they are equal takes as long as reading.
        if id(blocks) not in self._made:
            self._made[id(blocks)] = Reading(blocks, like=like)
        return self._made[id(blocks)]
