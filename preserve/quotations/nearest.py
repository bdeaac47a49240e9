"""The wording of a text that comes nearest to a quotation, and the difference, word by word.

Owns where to look (most shingles in their places) and what belongs to the wording found. Characters take the place of
words where they are written without spaces; a number is always one.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from rapidfuzz.distance import Indel, LCSseq

from preserve.compare.nature import Side, word_natures
from preserve.model import Nature
from preserve.quotations.haystack import Haystack
from preserve.quotations.needle import Part
from preserve.quotations.script import script_blind
from preserve.quotations.shingles import placed_shingles
from preserve.text import Token, fold, is_unspaced, tokens

_SLACK, _LEAST_SLACK = 3, 32  # a third of the quotation on each side, or so many folded characters
_SAME_SHINGLE = 12  # places of one shingle that are looked at
_SHINGLES = 2000
_PIECE = 3
_SENTENCE_END = re.compile(r"[.!?。！？；]|\n\n")
_ISLAND = 3  # letters
_OTHER_WORDS = 0.9  # "now here" and "nowhere"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a quotation beside the same stretch of the wording found.

    Attributes:
        same: whether both say the same, cosmetics aside.
        quoted, found: original text, with the signs and spaces that follow; either may be empty.
    """

    same: bool
    quoted: str
    found: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """A wording near to a quotation.

    Attributes:
        start, end: its place in the text, in code points.
        alike: 0..1, letters that both have by the letters of both.
        distance: how many words (or characters) differ.
        pieces: the difference.
        natures: what kind of difference it is.
    """

    start: int
    end: int
    alike: float
    distance: int
    pieces: tuple[Piece, ...]
    natures: tuple[Nature, ...]


@dataclass(slots=True)
class _Run:
    """Tokens of the quotation beside tokens of the text."""

    same: bool
    q0: int
    q1: int
    t0: int
    t1: int


def nearest(part: Part, haystack: Haystack) -> Nearest | None:
    """The wording of `haystack` that comes nearest to `part`; None where nothing of it is there."""
    quoted = tokens(part.text)
    region = _region(part, haystack)
    if region is None or not quoted:
        return None
    text = haystack.text
    said = tokens(text, *region)
    runs = _aligned([script_blind(token.key) for token in quoted], [script_blind(token.key) for token in said])
    runs = _trimmed(runs, quoted, said, text)
    found = [run for run in runs if run.t1 > run.t0]
    if not any(run.same for run in runs) or not found:
        return None
    start, end = said[found[0].t0].start, said[found[-1].t1 - 1].end
    both = sum(_weight(quoted, run.q0, run.q1) for run in runs if run.same)
    whole = sum(_weight(quoted, run.q0, run.q1) + _weight(said, run.t0, run.t1) for run in runs)
    said = said[: found[-1].t1]  # what follows the last word is not part of the wording
    pieces = tuple(_piece(run, part.text, quoted, text, said) for run in runs)
    same_letters = script_blind(fold(text[start:end])) == part.blind
    return Nearest(
        start=start,
        end=end,
        alike=max(2 * both / whole, _OTHER_WORDS if same_letters else 0.0),
        distance=sum(max(run.q1 - run.q0, run.t1 - run.t0) for run in runs if not run.same),
        pieces=pieces,
        natures=_natures(pieces),
    )


def _region(part: Part, haystack: Haystack) -> tuple[int, int] | None:
    """The stretch of text in which most of the shingles stand as far apart as in the quotation."""
    blind, size = part.blind, len(part.blind)
    width = max(8, size // 4)
    votes: Counter[int] = Counter()
    # One that is too short to have shingles is looked for in smaller pieces.
    pieces = [(at, blind[at : at + _PIECE]) for at in range(max(1, size - _PIECE + 1))]
    placed = list(islice(placed_shingles(blind), _SHINGLES)) or pieces
    for at, one in placed:
        for place in haystack.occurrences(one, at_most=_SAME_SHINGLE):
            votes[(place - at) // width] += 1
    if not votes:
        return None
    # Half of what an insertion has moved lies one step further on.
    step = max(votes, key=lambda one: (votes[one] + votes[one + 1], -one))
    slack = max(_LEAST_SLACK, size // _SLACK)
    start = max(0, step * width - slack)
    end = min(len(haystack.blind), (step + 2) * width + size + slack)
    return haystack.original(start, end) if start < end else None


def _aligned(quoted: list[str], said: list[str]) -> list[_Run]:
    """What both have, in the shortest stretch of the text that has as much of it as any."""
    first, last = _tightest(quoted, said)
    runs: list[_Run] = []
    for code in Indel.opcodes(quoted, said[first:last]):
        same = code.tag == "equal"
        q0, q1, t0, t1 = code.src_start, code.src_end, code.dest_start + first, code.dest_end + first
        if runs and runs[-1].same == same:
            runs[-1].q1, runs[-1].t1 = q1, t1
        else:
            runs.append(_Run(same, q0, q1, t0, t1))
    return runs


def _tightest(quoted: list[str], said: list[str]) -> tuple[int, int]:
    """Of the stretches that have as many tokens in common with the quotation as the whole, in order, the shortest.

    Found from both ends by halving: what is in common never grows when the stretch shrinks.
    """
    whole = LCSseq.similarity(quoted, said)
    low, high = 0, len(said)
    while low < high:
        middle = (low + high) // 2
        if LCSseq.similarity(quoted, said[:middle]) < whole:
            low = middle + 1
        else:
            high = middle
    last = low
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        if LCSseq.similarity(quoted, said[middle:last]) < whole:
            high = middle - 1
        else:
            low = middle
    return low, last


def _trimmed(runs: list[_Run], quoted: list[Token], said: list[Token], text: str) -> list[_Run]:
    """What the quotation spans, and no word before or after it that only happens to recur there."""
    runs = _without_islands(runs, quoted, said)
    for first in (True, False):
        while (ends := _loose_end(runs, quoted, said, first=first)) is not None:
            runs = _merged(runs, *ends)
        _widen(runs, said, text, first=first)
    return [run for run in runs if run.q1 > run.q0 or run.t1 > run.t0]


def _loose_end(runs: list[_Run], quoted: list[Token], said: list[Token], *, first: bool) -> tuple[int, int] | None:
    """The outermost runs up to the first gap, where more lies in the gap than is in common beyond it."""
    common = next((n for n in (range(len(runs)) if first else range(len(runs) - 1, -1, -1)) if runs[n].same), -1)
    gap = common + (1 if first else -1)
    if common < 0 or not 0 <= gap < len(runs) or sum(run.same for run in runs) < 2:
        return None
    more = _weight(said, runs[gap].t0, runs[gap].t1) - _weight(quoted, runs[gap].q0, runs[gap].q1)
    if _weight(quoted, runs[common].q0, runs[common].q1) >= more:
        return None
    return (0, gap) if first else (gap, len(runs) - 1)


def _widen(runs: list[_Run], said: list[Token], text: str, *, first: bool) -> None:
    """Where the first or last words differ, set as many words of the text beside them, of the same sentence."""
    run = runs[0] if first else runs[-1]
    if run.same:
        return
    room, count = run.q1 - run.q0, 0
    edge = run.t1 if first else run.t0
    while count < room:
        at = edge - count - 1 if first else edge + count
        if not 0 <= at < len(said):
            break
        if first:
            between = text[said[at].end : said[at + 1].start] if at + 1 < len(said) else ""
        else:
            between = text[said[at - 1].end : said[at].start] if at else ""
        if _SENTENCE_END.search(between):
            break
        count += 1
    run.t0, run.t1 = (edge - count, edge) if first else (edge, edge + count)


def _without_islands(runs: list[_Run], quoted: list[Token], said: list[Token]) -> list[_Run]:
    """A small word alone between two longer differences is read as part of them."""
    at = 1
    while at < len(runs) - 1:
        run, before, after = runs[at], runs[at - 1], runs[at + 1]
        small = run.same and run.q1 - run.q0 == 1 and _weight(quoted, run.q0, run.q1) <= _ISLAND
        beside = [max(side.q1 - side.q0, side.t1 - side.t0) for side in (before, after)]
        if small and min(beside) >= 2 and at > 1 and at < len(runs) - 2:
            runs = _merged(runs, at - 1, at + 1)
        else:
            at += 1
    return runs


def _merged(runs: list[_Run], first: int, last: int) -> list[_Run]:
    one = _Run(False, runs[first].q0, runs[last].q1, runs[first].t0, runs[last].t1)
    return [*runs[:first], one, *runs[last + 1 :]]


def _weight(found: list[Token], start: int, end: int) -> int:
    """How much tokens say, in letters; a character of a script without spaces counts for two."""
    return sum(2 if is_unspaced(token.key) else len(token.key) for token in found[start:end])


def _piece(run: _Run, quote: str, quoted: list[Token], text: str, said: list[Token]) -> Piece:
    return Piece(run.same, _slice(quote, quoted, run.q0, run.q1), _slice(text, said, run.t0, run.t1))


def _slice(text: str, found: list[Token], start: int, end: int) -> str:
    if start >= end:
        return ""
    until = found[end].start if end < len(found) else found[end - 1].end
    return text[found[start].start : until]


def _natures(pieces: tuple[Piece, ...]) -> tuple[Nature, ...]:
    """The kinds of difference, by the words that differ, each within the wording around it."""
    quote, wording = "".join(one.quoted for one in pieces), "".join(one.found for one in pieces)
    found: dict[Nature, None] = {}
    at_quote = at_wording = 0
    for one in pieces:
        if not one.same:
            old = Side(one.quoted.strip(), quote, at_quote if one.quoted else -1)
            new = Side(one.found.strip(), wording, at_wording if one.found else -1)
            found.update(dict.fromkeys(word_natures(old, new, frozenset())))
        at_quote += len(one.quoted)
        at_wording += len(one.found)
    return tuple(found)
