"""Alignment of two readings: what is the same, what was edited, lost and gained, and where.

Owns the walk along the chain of anchors. The result says what differs; which differences count is for the rules of
`additions`, `layers` and `nature`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from preserve.compare.anchors import Anchor, Anchoring, anchor
from preserve.compare.furniture import outside_column
from preserve.compare.gaps import Edit, Gap, align_gap
from preserve.compare.reading import Reading, Unit
from preserve.model import Region

_EDGE_FACTOR = 3
_EDGE_LEAST = 1500
_RUN_LEAST = 6
_COLUMN_SHARE = 0.2
_STOPS = re.compile("[!?。！？；…\t\n]")  # cells and lines end what is said, too


class Place(StrEnum):
    """Where in the article something stands."""

    HEAD = "head"  # before the first anchor
    INNER = "inner"  # between two anchors
    TAIL = "tail"  # after the last anchor
    WHOLE = "whole"  # there is no anchor


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Sentences of one side, or of both, that have no counterpart at this point of the article.

    Attributes:
        old: indexes of stored units.
        new: units of the page.
        place: where.
        around: the folded text of the page between the two anchors.
    """

    old: tuple[int, ...]
    new: tuple[Unit, ...]
    place: Place
    around: str


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a stored reading lies on a page.

    Attributes:
        units: the stored sentences.
        anchoring: the exact finds.
        chain: the anchors that hold (see `_firm`).
        paired: for stored units that have an edited counterpart in place, their similarity (100: same words).
        edits: the differences inside paired sentences.
        unmatched: sentences without counterpart, in order.
        column: the regions of the page the article stands in, by where its sentences were found.
        first, last: the range of `page.text` from the first anchor to the last; both 0 without anchors.
    """

    units: tuple[Unit, ...]
    anchoring: Anchoring
    chain: tuple[Anchor, ...]
    paired: dict[int, float]
    edits: tuple[Edit, ...]
    unmatched: tuple[Unmatched, ...]
    column: frozenset[Region]
    first: int
    last: int


def align(stored: Reading, page: Reading, *, cut: bool = False) -> Alignment:
    """Lay the stored reading on the page; `cut` says that the stored side breaks off in mid-sentence."""
    units = stored.units(whole=frozenset(page.keys))
    if cut and units:
        units[-1] = replace(units[-1], cut=True)
    anchoring = anchor(units, page)
    chain = _firm(anchoring.chain, units, page)
    edits: list[Edit] = []
    paired: dict[int, float] = {}
    unmatched: list[Unmatched] = []
    column = _column(chain, page)
    first = chain[0].start if chain else 0
    last = chain[-1].end if chain else 0
    stretches: list[_Stretch] = []
    for whole in _stretches(chain, units, page):
        trimmed, same = _trim(whole, units, page)
        paired.update((index, 100.0) for index in same)
        stretches.extend(stretch for stretch in trimmed if not stretch.empty)
    for stretch in stretches:
        old = units[stretch.unit : stretch.unit_end]
        new = _candidates(page, stretch, {unit.key for unit in old}, column)
        gap = align_gap(stored, page, old, new)
        edits.extend(gap.edits)
        paired.update((stretch.unit + index, score) for index, score in gap.paired.items())
        around = page.text[stretch.start : stretch.end]
        for lost, gained, place in _placed(gap, len(old), stretch.place):
            indexes = tuple(stretch.unit + index for index in lost)
            unmatched.append(Unmatched(indexes, tuple(new[index] for index in gained), place, around))
    return Alignment(tuple(units), anchoring, tuple(chain), paired, tuple(edits), tuple(unmatched), column, first, last)


def _column(chain: Sequence[Anchor], page: Reading) -> frozenset[Region]:
    """The regions that hold a good part of what was found; the body always."""
    held: Counter[Region] = Counter()
    for found in chain:
        held[page.blocks[page.block_at(found.start)].region] += found.end - found.start
    least = _COLUMN_SHARE * held.total()
    return frozenset({Region.BODY, *(region for region, chars in held.items() if chars >= least)})


def _placed(gap: Gap, count: int, place: Place) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], Place]]:
    """The unmatched runs of a stretch; those between two paired sentences of it lie inside the article."""
    first, last = min(gap.paired, default=count), max(gap.paired, default=-1)
    for lost, gained, before in gap.lost:
        if place is not Place.INNER and first < before <= last:
            yield lost, gained, Place.INNER
        elif place is Place.WHOLE:
            yield lost, gained, Place.HEAD if before <= first < count else Place.TAIL
        else:
            yield lost, gained, place


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What lies between two anchors: stored units from `unit`, page text from `start`."""

    unit: int
    unit_end: int
    start: int
    end: int
    place: Place

    @property
    def empty(self) -> bool:
        return self.unit >= self.unit_end and self.start >= self.end


def _stretches(chain: Sequence[Anchor], units: Sequence[Unit], page: Reading) -> list[_Stretch]:
    """The stretches between anchors that are not empty on both sides.

    Before the first and after the last anchor the page has much that is no article; only as much of it is
    taken as the stored side could need.
    """
    if not chain:
        reach = _EDGE_FACTOR * sum(len(unit.key) for unit in units) + _EDGE_LEAST
        return [_Stretch(0, len(units), 0, min(len(page.text), reach), Place.WHOLE)] if units else []
    found = []
    before = sum(len(unit.key) for unit in units[: chain[0].unit])
    start = max(0, chain[0].start - _EDGE_FACTOR * before - _EDGE_LEAST)
    start = page.begins[page.block_at(start)]
    found.append(_Stretch(0, chain[0].unit, start, chain[0].start, Place.HEAD))
    for left, right in pairwise(chain):
        if right.unit > left.unit + 1 or right.start > left.end:
            found.append(_Stretch(left.unit + 1, right.unit, left.end, right.start, Place.INNER))
    after = sum(len(unit.key) for unit in units[chain[-1].unit + 1 :])
    end = min(len(page.text), chain[-1].end + _EDGE_FACTOR * after + _EDGE_LEAST)
    end = page.begins[page.block_at(end) + 1]
    found.append(_Stretch(chain[-1].unit + 1, len(units), chain[-1].end, end, Place.TAIL))
    return found


def _goes_on(page: Reading, index: int, border: int) -> bool:
    return index != border and _inside_sentence(page, index)


def _trim(stretch: _Stretch, units: Sequence[Unit], page: Reading) -> tuple[list[_Stretch], list[int]]:
    """Take off the stored units that stand, word for word, where the stretch begins and ends.

    These are the sentences too short to be anchors, and cells of a table that one side writes as a row. Gives what
    is left, and the units taken off.
    """
    if stretch.place is Place.WHOLE:
        return [stretch], []
    unit, unit_end, start, end = stretch.unit, stretch.unit_end, stretch.start, stretch.end
    whole = "".join(item.key for item in units[unit:unit_end])
    if stretch.place is not Place.INNER and len(whole) >= _RUN_LEAST:
        at = page.text.find(whole, start, end) if stretch.place is Place.TAIL else page.text.rfind(whole, start, end)
        after = at + len(whole)
        if at >= 0 and not _goes_on(page, at, -1) and not _goes_on(page, after, -1):
            # The whole rest stands near the edge of the article, with other things between.
            before_run, behind_run = (
                (Place.HEAD, Place.INNER) if stretch.place is Place.HEAD else (Place.INNER, Place.TAIL)
            )
            parts = [_Stretch(unit, unit, start, at, before_run), _Stretch(unit, unit, after, end, behind_run)]
            return parts, list(range(unit, unit_end))
    while stretch.place is not Place.HEAD and unit < unit_end:
        after = start + len(units[unit].key)
        if not page.text.startswith(units[unit].key, start, end) or _goes_on(page, after, end):
            break
        start = after
        unit += 1
    while stretch.place is not Place.TAIL and unit < unit_end:
        before = end - len(units[unit_end - 1].key)
        if not page.text.endswith(units[unit_end - 1].key, start, end) or _goes_on(page, before, start):
            break
        end = before
        unit_end -= 1
    same = [*range(stretch.unit, unit), *range(unit_end, stretch.unit_end)]
    return [_Stretch(unit, unit_end, start, end, stretch.place)], same


def _candidates(page: Reading, stretch: _Stretch, wanted: AbstractSet[str], column: AbstractSet[Region]) -> list[Unit]:
    """The page's sentences in a stretch, without those that the markup puts outside the article.

    What a navigation or an aside says may be alike to anything short; it counts only when it is the same.
    """
    spans = page.pieces(stretch.start, stretch.end)
    if not wanted:  # nothing can be the same, so what stands outside need not even be cut
        spans = [span for span in spans if not outside_column(page.blocks[span.block], column)]
    return [
        unit for unit in page.units(spans) if not outside_column(page.blocks[unit.block], column) or unit.key in wanted
    ]


def _firm(chain: Sequence[Anchor], units: Sequence[Unit], page: Reading) -> list[Anchor]:
    """The anchors without those whose sentence goes on, on the page, into text the stored copy does not have.

    "He left." lies word for word in "He left the room.", and 20 in 200; such a sentence was edited, so it must be
    aligned with the whole sentence of the page.
    """
    held = list(chain)
    loose: set[int] = set()
    for index, left in enumerate(held):
        begins_at = held[index - 1].end if index else -1
        ends_at = held[index + 1].start if index + 1 < len(held) else -1
        if left.start != begins_at and _inside_sentence(page, left.start):
            loose.add(index)
        if left.end != ends_at and not units[left.unit].cut and _inside_sentence(page, left.end):
            loose.add(index)
    return [left for index, left in enumerate(held) if index not in loose]


def _inside_sentence(page: Reading, index: int) -> bool:
    """Whether the page's text goes on within one sentence across `index`."""
    if index >= len(page.text):
        return False
    block = page.block_at(index)
    if page.begins[block] == index:
        return False
    at = index - page.begins[block]
    if at in page.cuts(block):
        return False
    folded = page.folded(block)
    return not _STOPS.search(page.blocks[block].text, folded.ends[at - 1], folded.starts[at])
