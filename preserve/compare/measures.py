"""Measures of similarity for researchers; no verdict rests on them.

Sources: shingles and resemblance, Broder (1997), "On the resemblance and containment of documents"; Dice (1945);
Sørensen (1948); cosine over term frequencies, Salton & McGill (1983); normalised indel (longest common subsequence)
similarity as in rapidfuzz.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from math import sqrt
from operator import mul

from rapidfuzz.distance import Indel

from preserve.model import Measures

SHINGLE = 5
GRAM = 3
_MOST = 4_000
_MOST_EDITED = 2_000
_EXACT = 1_000
_SAMPLE = 4


def measure(stored: str, page: str) -> Measures:
    """All measures over two folded texts.

    Shingles are runs of 5 characters of the folded text, as sets; grams are runs of 3 characters, counted. Texts
    are taken up to 4,000 characters each: measuring costs as much as comparing, and the beginning of an article says
    how alike two versions are; for the edit similarity, up to 2,000. Where one is longer than 1,000, only the
    shingles and grams that begin with one of a quarter of all characters are taken, the same on both sides (Broder
    1997, sampling modulo m). Two empty texts are alike (1.0).
    """
    if stored == page:
        return Measures(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    stored, page = stored[:_MOST], page[:_MOST]
    sampled = max(len(stored), len(page)) > _EXACT
    runs = [_sampled().findall(text) if sampled else _runs(text, SHINGLE) for text in (stored, page)]
    old, new = map(set, runs)
    shared = len(old & new)
    one, two = (
        Counter([run[:GRAM] for run in found] if sampled else _runs(text, GRAM))
        for text, found in zip((stored, page), runs, strict=True)
    )
    return Measures(
        containment_old=_share(shared, len(old)),
        containment_new=_share(shared, len(new)),
        jaccard=_share(shared, len(old) + len(new) - shared),
        dice=_share(2 * shared, len(old) + len(new)),
        cosine=_cosine(one, two),
        edit_similarity=Indel.normalized_similarity(stored[:_MOST_EDITED], page[:_MOST_EDITED]),
    )


@cache
def _sampled() -> re.Pattern[str]:
    """Finds the shingles that begin with a character whose code point is divisible by four."""
    first = "".join(re.escape(chr(code)) for code in range(0, 0x10000, _SAMPLE) if not 0xD800 <= code < 0xE000)
    return re.compile(f"(?=([{first}].{{{SHINGLE - 1}}}))", re.DOTALL)


def _runs(text: str, length: int) -> list[str]:
    """Every run of `length` characters; none in a shorter text."""
    return [text[at : at + length] for at in range(len(text) - length + 1)]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _cosine(one: Counter[str], two: Counter[str]) -> float:
    both = one.keys() & two.keys()
    product = sum(map(mul, map(one.__getitem__, both), map(two.__getitem__, both)))
    squares = [sum(map(mul, grams.values(), grams.values())) for grams in (one, two)]
    return product / sqrt(squares[0] * squares[1]) if product else 0.0
