"""Measures of similarity for researchers; no verdict rests on them.

Sources: shingles and resemblance, Broder (1997), "On the resemblance and containment of documents"; Dice (1945);
Sørensen (1948); cosine over term frequencies, Salton & McGill (1983); normalised indel (longest common subsequence)
similarity as in rapidfuzz.
"""

from __future__ import annotations

from collections import Counter
from math import sqrt
from operator import mul

from rapidfuzz.distance import Indel

from preserve.model import Measures

SHINGLE = 5
GRAM = 3
_MOST = 4_000


def measure(stored: str, page: str) -> Measures:
    """All measures over two folded texts.

    Shingles are runs of 5 characters of the folded text, as sets; grams are runs of 3 characters, counted. Texts
    are taken up to 4,000 characters each: measuring costs as much as comparing, and the beginning of an article says
    how alike two versions are. Two empty texts are alike (1.0).
    """
    if stored == page:
        return Measures(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    stored, page = stored[:_MOST], page[:_MOST]
    old, new = (set(_runs(text, SHINGLE)) for text in (stored, page))
    shared = len(old & new)
    one, two = (Counter(_runs(text, GRAM)) for text in (stored, page))
    return Measures(
        containment_old=_share(shared, len(old)),
        containment_new=_share(shared, len(new)),
        jaccard=_share(shared, len(old) + len(new) - shared),
        dice=_share(2 * shared, len(old) + len(new)),
        cosine=_cosine(one, two),
        edit_similarity=Indel.normalized_similarity(stored, page),
    )


def _runs(text: str, length: int) -> list[str]:
    """Every run of `length` characters; none in a shorter text."""
    return [text[at : at + length] for at in range(len(text) - length + 1)]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _cosine(one: Counter[str], two: Counter[str]) -> float:
    product = sum(one[gram] * two[gram] for gram in one.keys() & two.keys())
    squares = [sum(map(mul, grams.values(), grams.values())) for grams in (one, two)]
    return product / sqrt(squares[0] * squares[1]) if product else 0.0
