"""Anchors: which stored sentences stand on the page word for word, and which of them in the article's own order.

Owns exact finding and the choice among several occurrences. The chain of anchors is the longest rising sequence
(Fredman 1975) over the sentences that occur once, which is what patience diff does with lines; sentences that occur
several times are then placed between their neighbours. A strong sentence found outside the chain is *elsewhere*:
moved, quoted in a teaser, or repeated.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from preserve.compare.reading import Reading, Unit

_WHOLE_LEAST = 14
_MANY = 8
_FAR = 1500
_STRAY_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Anchor:
    """A unit found in the chain: `page.text[start:end]` is its key."""

    unit: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Anchoring:
    """What exact finding saw.

    Attributes:
        chain: anchors, rising in unit and in place.
        elsewhere: for strong units outside the chain, where they occur (folded index).
    """

    chain: tuple[Anchor, ...]
    elsewhere: dict[int, tuple[int, ...]]


def anchor(units: Sequence[Unit], page: Reading) -> Anchoring:
    """Find the strong units on the page and chain them.

    Where the whole text stands on the page in one piece, that is where it is, however often parts of it recur.
    """
    whole = "".join(unit.key for unit in units)
    at = page.text.find(whole) if len(whole) >= _WHOLE_LEAST else -1
    if at >= 0:
        ends = list(accumulate((len(unit.key) for unit in units), initial=at))
        return Anchoring(tuple(Anchor(index, *pair) for index, pair in enumerate(pairwise(ends))), {})
    places = {
        index: found for index, unit in enumerate(units) if unit.strong and (found := _occurrences(page.text, unit.key))
    }
    single = [(index, found[0]) for index, found in places.items() if len(found) == 1]
    backbone = _without_strays(_rising(single), units)
    chosen = _place_repeats(places, backbone, units)
    chain = tuple(Anchor(index, at, at + len(units[index].key)) for index, at in sorted(chosen.items()))
    return Anchoring(chain, {index: found for index, found in places.items() if index not in chosen})


def _occurrences(text: str, key: str) -> tuple[int, ...]:
    found: list[int] = []
    at = text.find(key)
    while at >= 0 and len(found) < _MANY:
        found.append(at)
        at = text.find(key, at + len(key))
    return tuple(found)


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence of (unit, place), given by rising unit, that also rises in place."""
    tails: list[int] = []
    holders: list[int] = []
    before: list[int] = []
    for index, (_, place) in enumerate(pairs):
        rank = bisect_left(tails, place)
        before.append(holders[rank - 1] if rank else -1)
        if rank == len(tails):
            tails.append(place)
            holders.append(index)
        else:
            tails[rank] = place
            holders[rank] = index
    chain = []
    at = holders[-1] if holders else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]


def _without_strays(chain: list[tuple[int, int]], units: Sequence[Unit]) -> list[tuple[int, int]]:
    """Drop short runs that stand far from the rest: a sentence that is only left in some teaser is not in place."""
    runs: list[list[tuple[int, int]]] = []
    for index, place in chain:
        if runs:
            last, at = runs[-1][-1]
            skipped = sum(len(unit.key) for unit in units[last + 1 : index])
            if place - at - len(units[last].key) <= _FAR + 3 * skipped:
                runs[-1].append((index, place))
                continue
        runs.append([(index, place)])
    if len(runs) < 2:
        return chain
    weights = [sum(len(units[index].key) for index, _ in run) for run in runs]
    total = sum(weights)
    return [
        pair
        for run, weight in zip(runs, weights, strict=True)
        if weight >= _STRAY_SHARE * total or weight == max(weights)
        for pair in run
    ]


def _place_repeats(
    places: dict[int, tuple[int, ...]], backbone: Sequence[tuple[int, int]], units: Sequence[Unit]
) -> dict[int, int]:
    """Put sentences that occur several times between their neighbours of the backbone, close to the one before."""
    chosen = dict(backbone)
    following = list(backbone)
    cursor = 0
    for index in sorted(places):
        while following and following[0][0] <= index:
            unit, place = following.pop(0)
            cursor = place + len(units[unit].key)
        if index in chosen:
            continue
        limit = following[0][1] if following else None
        for at in places[index]:
            end = at + len(units[index].key)
            near = not backbone or at - cursor <= _FAR
            if at >= cursor and (limit is None or end <= limit) and near and (len(places[index]) > 1):
                chosen[index] = at
                cursor = end
                break
    return chosen
