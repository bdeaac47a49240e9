"""Findings: what became of each stored sentence, and the shares that follow from it."""

from __future__ import annotations

from preserve.compare.align import Alignment
from preserve.compare.layers import Layers
from preserve.model import Layer


class Findings:
    """Where each stored sentence was found.

    Attributes:
        layers: for each sentence, in order.
        stored_chars: folded characters of all sentences.
        found_chars: of those, found; of an edited sentence the share that is still the same.
    """

    def __init__(self, alignment: Alignment, layers: Layers) -> None:
        self._lengths = [len(unit.key) for unit in alignment.units]
        anchored = {anchor.unit for anchor in alignment.chain}
        found: list[Layer] = []
        self._shares: list[float] = []
        for index, unit in enumerate(alignment.units):
            alike = alignment.paired.get(index, 0.0)
            if index in anchored or alike == 100.0:
                found.append(Layer.MAIN if unit.key in layers.main else Layer.VISIBLE)
            else:
                found.append(layers.find(unit))
            self._shares.append(1.0 if found[-1] is not Layer.MISSING else alike / 100)
        self.layers = tuple(found)
        self.stored_chars = sum(self._lengths)
        self.found_chars = round(sum(s * n for s, n in zip(self._shares, self._lengths, strict=True)))

    def layer(self, index: int) -> Layer:
        """Where one sentence was found."""
        return self.layers[index]

    def coverage(self, start: float, stop: float) -> float:
        """Share found of the stored text between two shares of its length, over two sentences at least."""
        count = len(self._lengths)
        taken: list[int] = []
        at = 0
        for index, length in enumerate(self._lengths):
            middle = (at + length / 2) / self.stored_chars
            if start <= middle <= stop:
                taken.append(index)
            at += length
        if len(taken) < 2:
            taken = list(range(count))[:2] if start == 0.0 else list(range(count))[-2:]
        chars = sum(self._lengths[index] for index in taken)
        return sum(self._shares[index] * self._lengths[index] for index in taken) / chars if chars else 0.0
