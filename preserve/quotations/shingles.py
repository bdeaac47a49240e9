"""Finding the few texts worth a closer look: quotations indexed by their shingles, texts streamed past them.

Owns what a shingle is: a few characters of folded text, three of a script written without spaces, eight of any other.
It is the quotations that are indexed, so that memory depends on them alone, however many texts there are.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain

from preserve.quotations.needle import Needle
from preserve.quotations.script import script_blind
from preserve.text import fold

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
_RUNS = re.compile(f"([{_UNSPACED}]+)|[^{_UNSPACED}]+")
_UNSPACED_SIZE, _SPACED_SIZE = 3, 8
_COMMON = 32
"""A shingle of more quotations than this tells little: it is not counted."""
_ENOUGH = 24
_LEAST = 2
"""A quotation with fewer shingles is looked for as it is."""


def shingles(text: str) -> set[str]:
    """The shingles of a folded text; a run of one script that is shorter than a shingle is one by itself."""
    found: set[str] = set()
    for run in _RUNS.finditer(text):
        part = run.group()
        size = _UNSPACED_SIZE if run.group(1) else _SPACED_SIZE
        found |= {part[at : at + size] for at in range(max(1, len(part) - size + 1))}
    return found


def placed_shingles(text: str) -> Iterator[tuple[int, str]]:
    """The shingles of a part of a text, with where each begins, in order.

    A short run at its beginning or end is left out: in the whole text it may be longer.
    """
    for run in _RUNS.finditer(text):
        part, start = run.group(), run.start()
        size = _UNSPACED_SIZE if run.group(1) else _SPACED_SIZE
        if len(part) < size and (start == 0 or run.end() == len(text)):
            continue
        for at in range(max(1, len(part) - size + 1)):
            yield start + at, part[at : at + size]


def _sample(found: list[str]) -> set[str]:
    """Enough of a quotation's shingles to know it by, evenly spread; a long one has many more than are needed."""
    return set(found[:: max(1, len(found) // _ENOUGH)])


class ShingleIndex:
    """Quotations by their shingles.

    Args:
        needles: each is known by its position.
    """

    def __init__(self, needles: Iterable[Needle]) -> None:
        by_shingle: dict[str, list[int]] = defaultdict(list)
        self._whole: list[str] = []
        counts: list[int] = []
        for number, needle in enumerate(needles):
            parts = _sample([one for part in needle.parts for _, one in placed_shingles(part.blind)])
            for one in parts:
                by_shingle[one].append(number)
            self._whole.append(max((part.blind for part in needle.parts), key=len))
            counts.append(len(parts))
        self._by_shingle = {one: tuple(numbers) for one, numbers in by_shingle.items() if len(numbers) <= _COMMON}
        self._known = frozenset(self._by_shingle)
        kept = Counter(number for numbers in self._by_shingle.values() for number in numbers)
        self._counts = [kept[number] for number in range(len(counts))]
        # Too common in every shingle, or too short to have one: looked for as they are.
        self._plain = [number for number, count in enumerate(self._counts) if count < _LEAST]

    def shares(self, text: str, least: float) -> Iterator[tuple[int, float]]:
        """Which quotations a text may hold, with the share (0..1) of their shingles that it has.

        Args:
            text: as `script_blind(fold(text))` gives it.
            least: quotations of which it has a smaller share are left out.
        """
        shared = self._known & shingles(text)
        # A rare few of the quotations pass; counting and sifting them all is left to C.
        seen = Counter(chain.from_iterable(map(self._by_shingle.__getitem__, shared)))
        counts = self._counts
        for number in [number for number, count in seen.items() if count >= least * counts[number]]:
            if counts[number] >= _LEAST:
                yield number, seen[number] / counts[number]
        for number in self._plain:
            if self._whole[number] in text:
                yield number, 1.0


def searched(text: str) -> str:
    """The form in which texts are looked through."""
    return script_blind(fold(text))
