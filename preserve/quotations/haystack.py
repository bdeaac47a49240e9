"""A text to look for quotations in: its folded form, and the way back to what it says.

Owns offsets: what is found is told in code points of `text`, the blocks joined by an empty line. Folding a block with
offsets costs ten times as much as folding it, so only those are folded so that something was found in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from preserve.quotations.script import script_blind
from preserve.text import Folded, fold, fold_with_offsets

BETWEEN = "\n\n"


class Haystack:
    """A text in blocks, folded.

    Args:
        blocks: its paragraphs, in order.

    Attributes:
        blocks: the same.
        text: all of it.
        blind: all of it in the form quotations are looked for in (`Part.blind`).
    """

    def __init__(self, blocks: Sequence[str]) -> None:
        self.blocks = tuple(blocks)
        self.text = BETWEEN.join(self.blocks)
        folded = [fold(block) for block in self.blocks]
        self.blind = script_blind("".join(folded))
        self._begins = list(accumulate((len(block) + len(BETWEEN) for block in self.blocks), initial=0))
        self._folded_begins = list(accumulate(map(len, folded), initial=0))
        self._offsets: dict[int, Folded] = {}

    @classmethod
    def of(cls, text: str) -> Haystack:
        """A text whose blocks are set apart by empty lines."""
        return cls(text.split(BETWEEN))

    def occurrences(self, blind: str, start: int = 0, at_most: int = 200) -> Iterator[int]:
        """Where `blind` begins in the folded text, from `start` on."""
        at = self.blind.find(blind, start)
        while at >= 0 and at_most:
            yield at
            at_most -= 1
            at = self.blind.find(blind, at + 1)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The range of `text` that the folded range `start` to `end` came from; it may not be empty."""
        return self._offset(start)[0], self._offset(end - 1)[1]

    def block_of(self, offset: int) -> int:
        """The block in which an offset of `text` lies."""
        return min(bisect_right(self._begins, offset) - 1, len(self.blocks) - 1)

    def begin_of(self, block: int) -> int:
        """Where in `text` a block begins."""
        return self._begins[block]

    def _offset(self, at: int) -> tuple[int, int]:
        """Where in `text` the folded character `at` came from."""
        # Blocks that fold to nothing begin where the next one does: the last of them holds the character.
        block = bisect_right(self._folded_begins, at) - 1
        if block not in self._offsets:
            self._offsets[block] = fold_with_offsets(self.blocks[block])
        folded, inside = self._offsets[block], at - self._folded_begins[block]
        return self._begins[block] + folded.starts[inside], self._begins[block] + folded.ends[inside]
