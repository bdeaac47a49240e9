"""Gaps: what lies between two anchors, on both sides, told as the smallest differences.

Owns the alignment of sentences that are alike but not the same, and of the words and characters within them. A gap is
small: everything that is word for word the same has been anchored. Differences are only found here; whether they
matter is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from preserve.compare.reading import Mark, Reading, Unit
from preserve.model import Span
from preserve.text import is_unspaced

# Least similarity (0..100, normalised indel) at which two sentences are one sentence, edited. Two unrelated sentences
# of an alphabetic language come to 50-58, of a Han text to 20-30; a few letters are soon alike by chance.
_ALIKE = 65.0
_ALIKE_UNSPACED = 50.0
_ALIKE_SHORT = 74.0
_SHORT = 12
_MERGE_GAIN = 8.0
_MOST_CELLS = 6000
_MOST_MARKS = 3000


@dataclass(frozen=True, slots=True)
class Edit:
    """Some words of one sentence became others.

    Attributes:
        old, new: the places that differ; empty where the other side only adds.
        old_sentence, new_sentence: the places of the sentences around them.
        alike: similarity of the two sentences, 0..100.
    """

    old: tuple[Span, ...]
    new: tuple[Span, ...]
    old_sentence: tuple[Span, ...]
    new_sentence: tuple[Span, ...]
    alike: float


@dataclass(frozen=True, slots=True)
class Gap:
    """What differs between two anchors.

    Attributes:
        edits: within sentences that are on both sides.
        paired: stored units (index into the gap's units) that have a counterpart, with their similarity.
        lost: runs of stored units (indexes) without counterpart, each with the page units that stand in their
            place, and the index of the stored unit that follows.
    """

    edits: tuple[Edit, ...]
    paired: dict[int, float]
    lost: tuple[tuple[tuple[int, ...], tuple[int, ...], int], ...]


def align_gap(stored: Reading, page: Reading, old: Sequence[Unit], new: Sequence[Unit]) -> Gap:
    """Align the stored units of a gap with the page's units of the same gap."""
    pairs = _pair(old, new)
    edits: list[Edit] = []
    paired: dict[int, float] = {}
    lost: list[tuple[tuple[int, ...], tuple[int, ...], int]] = []
    i = j = 0
    for (i0, i1), (j0, j1), score in [*pairs, ((len(old), len(old)), (len(new), len(new)), 0.0)]:
        if i0 > i or j0 > j:
            lost.append((tuple(range(i, i0)), tuple(range(j, j0)), i0))
        if i1 > i0 and j1 > j0:
            for index in range(i0, i1):
                paired[index] = score
            edits.extend(_edits(stored, page, old[i0:i1], new[j0:j1], score))
        i, j = i1, j1
    return Gap(tuple(edits), paired, tuple(lost))


Pairing = tuple[tuple[int, int], tuple[int, int], float]


def _pair(old: Sequence[Unit], new: Sequence[Unit]) -> list[Pairing]:
    """Pair sentences in order, one with one, one with two or two with one, so that most text is paired."""
    if not old or not new:
        return []
    if len(old) * len(new) > _MOST_CELLS:
        return _pair_equal(old, new)
    rows, columns = len(old), len(new)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    step: list[list[tuple[int, int, float]]] = [[(0, 0, 0.0)] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            choice, move = best[i + 1][j], (1, 0, 0.0)
            if best[i][j + 1] > choice:
                choice, move = best[i][j + 1], (0, 1, 0.0)
            for di, dj, gain, score in _candidates(old, new, i, j):
                if gain + best[i + di][j + dj] > choice:
                    choice, move = gain + best[i + di][j + dj], (di, dj, score)
            best[i][j], step[i][j] = choice, move
    return _trace(step, rows, columns)


def _trace(step: list[list[tuple[int, int, float]]], rows: int, columns: int) -> list[Pairing]:
    pairs: list[Pairing] = []
    i = j = 0
    while i < rows and j < columns:
        di, dj, score = step[i][j]
        if di and dj:
            pairs.append(((i, i + di), (j, j + dj), score))
        i, j = i + di, j + dj
    return pairs


def _candidates(old: Sequence[Unit], new: Sequence[Unit], i: int, j: int) -> list[tuple[int, int, float, float]]:
    """Ways to pair the sentence at `i` with the one at `j`: (stored taken, page taken, gain, similarity)."""
    left, right = old[i].key, new[j].key
    if old[i].cut:
        right = right[: len(left)]
    score = similarity(left, right)
    found = []
    if score:
        found.append((1, 1, score * (len(left) + len(right)), score))
        if score == 100.0 or old[i].cut:
            return found
    if j + 1 < len(new) and len(left) > len(right):
        both = right + new[j + 1].key
        wide = similarity(left, both, _across(new[j], new[j + 1]))
        if wide >= score + _MERGE_GAIN:
            found.append((1, 2, wide * (len(left) + len(both)), wide))
    if i + 1 < len(old) and len(right) > len(left):
        both = left + old[i + 1].key
        wide = similarity(both, right, _across(old[i], old[i + 1]))
        if wide >= score + _MERGE_GAIN:
            found.append((2, 1, wide * (len(both) + len(right)), wide))
    return found


def _across(unit: Unit, following: Unit) -> float:
    """Least similarity at which two sentences are taken for one: more when they stand in two blocks."""
    return 0.0 if unit.block == following.block else _ALIKE_SHORT


def similarity(left: str, right: str, least: float = 0.0) -> float:
    """Normalised indel similarity of two folded texts, 0..100; 0 when they are not one text, edited."""
    if left == right:
        return 100.0
    shorter = left if len(left) <= len(right) else right
    if is_unspaced(shorter[:1]) or is_unspaced(shorter[-1:]):
        cutoff = _ALIKE_UNSPACED if len(shorter) >= _SHORT // 2 else _ALIKE_SHORT
    else:
        cutoff = _ALIKE if len(shorter) >= _SHORT else _ALIKE_SHORT
    return fuzz.ratio(left, right, score_cutoff=max(least, cutoff))


def _pair_equal(old: Sequence[Unit], new: Sequence[Unit]) -> list[Pairing]:
    """For gaps too large to align: only what is the same, in order."""
    places: dict[str, int] = {}
    for index in range(len(new) - 1, -1, -1):
        places[new[index].key] = index
    pairs: list[Pairing] = []
    cursor = 0
    for index, unit in enumerate(old):
        at = places.get(unit.key, -1)
        if at >= cursor:
            pairs.append(((index, index + 1), (at, at + 1), 100.0))
            cursor = at + 1
    return pairs


def _edits(stored: Reading, page: Reading, old: Sequence[Unit], new: Sequence[Unit], score: float) -> list[Edit]:
    """The words that differ between paired sentences."""
    if score == 100.0:
        return []  # of a cut sentence: the same as far as it goes
    old_spans, new_spans = _join(old), _join(new)
    left, right = stored.marks(old_spans), page.marks(new_spans)
    if len(left) > _MOST_MARKS or len(right) > _MOST_MARKS:
        return [Edit(old_spans, new_spans, old_spans, new_spans, score)]
    ranges = word_differences([mark.key for mark in left], [mark.key for mark in right])
    if old[-1].cut:
        ranges = _within(ranges, left, right)
    return [Edit(spans_of(left[a:b]), spans_of(right[c:d]), old_spans, new_spans, score) for a, b, c, d in ranges]


def _within(
    ranges: list[tuple[int, int, int, int]], left: Sequence[Mark], right: Sequence[Mark]
) -> list[tuple[int, int, int, int]]:
    """Differences of a sentence that was cut, without how it goes on: the last word may be cut as well."""
    if ranges and ranges[-1][1] == len(left):
        a, b, c, d = ranges[-1]
        if "".join(mark.key for mark in right[c:d]).startswith("".join(mark.key for mark in left[a:b])):
            return ranges[:-1]
    return ranges


def _join(units: Sequence[Unit]) -> tuple[Span, ...]:
    """The places of consecutive sentences, one span a block."""
    spans: list[Span] = []
    for unit in units:
        if spans and spans[-1].block == unit.block:
            spans[-1] = Span(unit.block, spans[-1].start, unit.end)
        else:
            spans.append(unit.span)
    return tuple(spans)


def spans_of(marks: Sequence[Mark]) -> tuple[Span, ...]:
    """The places of consecutive tokens, one span a block."""
    spans: list[Span] = []
    for mark in marks:
        if spans and spans[-1].block == mark.block:
            spans[-1] = Span(mark.block, spans[-1].start, mark.end)
        else:
            spans.append(Span(mark.block, mark.start, mark.end))
    return tuple(spans)


def word_differences(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Ranges of tokens that differ, as (old start, old end, new start, new end), in order.

    Applying them to `old` gives `new`. Ranges that only an unbroken word apart are one: "in May 2019" to "at June
    2018" is told once.
    """
    if "".join(old) == "".join(new):
        return []  # the same text, cut differently
    ranges: list[list[int]] = []
    for op in Levenshtein.opcodes(old, new):
        if op.tag == "equal":
            continue
        if ranges and op.src_start - ranges[-1][1] <= _bridge(old, ranges[-1][1], op.src_start):
            ranges[-1][1], ranges[-1][3] = op.src_end, op.dest_end
        else:
            ranges.append([op.src_start, op.src_end, op.dest_start, op.dest_end])
    return [(a, b, c, d) for a, b, c, d in ranges]


def _bridge(tokens: Sequence[str], start: int, end: int) -> int:
    """How many equal tokens may stand between two differences that are told as one: a single short one."""
    return 1 if end - start == 1 and len(tokens[start]) <= 2 else 0
