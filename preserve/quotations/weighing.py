"""What a text makes of a quotation: there word for word, reworded, or absent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from preserve.model import Nature
from preserve.quotations.exact import Grade, Span, find_parts
from preserve.quotations.haystack import Haystack
from preserve.quotations.nearest import Nearest, Piece, nearest
from preserve.quotations.needle import Needle, Part

REWORDED: Final = 0.6
"""A wording less alike than this is another sentence, not the quotation reworded."""
OMITTED: Final = " … "


@dataclass(frozen=True, slots=True)
class Match:
    """A quotation in a text.

    Attributes:
        grade: what the text makes of it.
        spans: where it stands, one for each part, in code points of the text; empty where it is absent.
        wording: what stands there; parts set apart by an ellipsis. Of an absent quotation the nearest wording, or "".
        alike: 0..1.
        distance: how many words (characters, where they are written without spaces) differ.
        pieces: the difference, where there is one.
        natures: of the difference.
    """

    grade: Grade
    spans: tuple[Span, ...] = ()
    wording: str = ""
    alike: float = 0.0
    distance: int = 0
    pieces: tuple[Piece, ...] = ()
    natures: tuple[Nature, ...] = ()


def weigh(needle: Needle, haystack: Haystack) -> Match:
    """Look for a quotation in a text."""
    for parts in dict.fromkeys(((needle.whole,), needle.parts)):
        found = find_parts(parts, haystack)
        if found is not None:
            grade, spans = found
            return Match(grade, spans, _wording(haystack, spans), 1.0)
    return _reworded(needle, haystack)


def _reworded(needle: Needle, haystack: Haystack) -> Match:
    found = [(part, nearest(part, haystack)) for part in needle.parts]
    near = [one for _, one in found if one is not None]
    if not near:
        return Match(Grade.ABSENT)
    weight = sum(len(part.blind) for part, _ in found)
    alike = sum(len(part.blind) * one.alike for part, one in found if one is not None) / weight
    spans = tuple((one.start, one.end) for one in near)
    pieces: list[Piece] = []
    for part, one in found:
        if pieces:
            pieces.append(Piece(True, OMITTED, OMITTED))
        pieces.extend(one.pieces if one is not None else (Piece(False, part.text, ""),))
    natures = dict.fromkeys(nature for one in near for nature in one.natures)
    if not natures and [one.start for one in near] != sorted(one.start for one in near):
        natures = {Nature.REORDERED: None}
    grade = Grade.REWORDED if alike >= REWORDED else Grade.ABSENT
    return Match(
        grade=grade,
        spans=spans if grade is Grade.REWORDED else (),
        wording=_wording(haystack, spans),
        alike=alike,
        distance=_distance(found),
        pieces=tuple(pieces),
        natures=tuple(natures) if grade is Grade.REWORDED else (),
    )


def _distance(found: Sequence[tuple[Part, Nearest | None]]) -> int:
    return sum(one.distance if one is not None else 1 for _, one in found)


def _wording(haystack: Haystack, spans: tuple[Span, ...]) -> str:
    return OMITTED.join(haystack.text[start:end] for start, end in spans)
