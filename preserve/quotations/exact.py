"""Where a text has a quotation word for word, and how nearly character for character.

Owns what is only cosmetic in a quotation. Case, width, punctuation and line breaks are; whether letters stand in one
word or in two is not ("nowhere", "now here"), nor does a quotation begin or end inside a word or a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum

from preserve.compare.words import CONTRACTION, NEGATION, NEGATION_SIGN
from preserve.quotations.haystack import Haystack
from preserve.quotations.needle import ANYWHERE, Part
from preserve.quotations.script import script_blind
from preserve.text import fold, fold_with_offsets, is_unspaced, tokens

_SPACES = re.compile(r"\s+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]+")
_LITTLE = 3  # words
_IN_NUMBER = re.compile(r"\d[.,:/\-]\d")

Span = tuple[int, int]


class Grade(StrEnum):
    """What a text makes of a quotation."""

    VERBATIM = "verbatim"  # character for character, line breaks aside
    COSMETIC = "cosmetic"  # but for case, width, punctuation
    SCRIPT_VARIANT = "script-variant"  # but for simplified and traditional characters
    REWORDED = "reworded"
    ABSENT = "absent"

    @property
    def stands(self) -> bool:
        """Whether the quotation is there, cosmetics aside."""
        return self in (Grade.VERBATIM, Grade.COSMETIC, Grade.SCRIPT_VARIANT)


_ORDER = tuple(Grade)


def weakest(grades: Sequence[Grade]) -> Grade:
    """The grade of a whole, from those of its parts."""
    return max(grades, key=_ORDER.index)


def find_parts(parts: Sequence[Part], haystack: Haystack) -> tuple[Grade, tuple[Span, ...]] | None:
    """Where all parts stand in order, each as near to the one before as it must be; None where they do not.

    The nearest to character for character is taken, and of those the shortest stretch.
    """
    best: tuple[int, int, Grade, tuple[Span, ...]] | None = None
    for start in haystack.occurrences(parts[0].blind):
        found = _chain(parts, haystack, start)
        if found is None:
            continue
        grade, spans = found
        key = (_ORDER.index(grade), spans[-1][1] - spans[0][0])
        if best is None or key < best[:2]:
            best = (*key, grade, spans)
        if len(parts) == 1 and grade is Grade.VERBATIM:
            break
    return None if best is None else best[2:]


def _chain(parts: Sequence[Part], haystack: Haystack, start: int) -> tuple[Grade, tuple[Span, ...]] | None:
    grades: list[Grade] = []
    spans: list[Span] = []
    end = start
    for number, part in enumerate(parts):
        for at in (start,) if number == 0 else _after(part, haystack, end):
            found = _graded(part, haystack, at)
            if found is not None and not (spans and _hides_negation(haystack.text[spans[-1][1] : found[1][0]])):
                grades.append(found[0])
                spans.append(found[1])
                end = at + len(part.blind)
                break
        else:
            return None
    return weakest(grades), tuple(spans)


def _after(part: Part, haystack: Haystack, end: int) -> Iterator[int]:
    for at in haystack.occurrences(part.blind, end):
        if part.reach != ANYWHERE and at - end > part.reach:
            return
        yield at


def _hides_negation(gap: str) -> bool:
    """Whether next to nothing but a "not" was left out."""
    left_out = tokens(gap)
    if len(left_out) > _LITTLE:
        return False
    return bool(NEGATION_SIGN.search(gap) or CONTRACTION.search(gap)) or any(
        NEGATION.fullmatch(token.key) for token in left_out
    )


def _graded(part: Part, haystack: Haystack, at: int) -> tuple[Grade, Span] | None:
    """How the text has `part` at a folded position; None where it only looks so when folded."""
    start, end = haystack.original(at, at + len(part.blind))
    said = haystack.text[start:end]
    folded = fold(said)
    if script_blind(folded) != part.blind or _cuts_word(haystack.text, start) or _cuts_word(haystack.text, end):
        return None
    if _core(part.text) == _plain(said):
        return Grade.VERBATIM, (start, end)
    if _differ_in_words(part.text, said):
        return None
    return (Grade.COSMETIC if folded == part.folded else Grade.SCRIPT_VARIANT), (start, end)


def _core(text: str) -> str:
    """A quotation without the signs at its ends that fold to nothing."""
    folded = fold_with_offsets(text)
    return _plain(text[folded.starts[0] : folded.ends[-1]])


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", _SPACES.sub(" ", text))


def _cuts_word(text: str, at: int) -> bool:
    """Whether the place before the character `at` lies inside a word or a number."""
    before, after = _INVISIBLE.sub("", text[max(0, at - 8) : at])[-2:], _INVISIBLE.sub("", text[at : at + 8])[:2]
    if not before or not after:
        return False
    if _IN_NUMBER.search(before[-1] + after) or _IN_NUMBER.search(before + after[0]):
        return True
    return _spaced(before[-1]) and (_spaced(after[0]) or unicodedata.combining(after[0]) > 0)


def _spaced(character: str) -> bool:
    """Whether a character is part of a word of a script that is written with spaces."""
    return character.isalnum() and not is_unspaced(character)


def _differ_in_words(one: str, other: str) -> bool:
    """Whether two texts of the same fold part their letters into words differently.

    Only white space against nothing counts: a dash, a hyphen or any other sign may stand for either.
    """
    left, right = fold_with_offsets(one), fold_with_offsets(other)
    for at in range(1, min(len(left.text), len(right.text))):
        if not (_spaced(left.text[at - 1]) and _spaced(left.text[at])):
            continue
        gaps = {_INVISIBLE.sub("", text[f.ends[at - 1] : f.starts[at]]) for text, f in ((one, left), (other, right))}
        if "" in gaps and any(gap.isspace() for gap in gaps):
            return True
    return False
