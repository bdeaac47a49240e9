"""Measures of similarity for researchers; no verdict rests on them.

Sources: shingles and resemblance, Broder (1997), "On the resemblance and containment of documents"; Dice (1945);
Sørensen (1948); cosine over term frequencies, Salton & McGill (1983); normalised indel (longest common subsequence)
similarity as in rapidfuzz.
"""

from __future__ import annotations

from collections import Counter
from math import sqrt

from rapidfuzz.distance import Indel

from preserve.model import Measures

SHINGLE = 5
GRAM = 3
_MOST = 40_000


def measure(stored: str, page: str) -> Measures:
    """All measures over two folded texts.

    Shingles are runs of 5 characters of the folded text, as sets; grams are runs of 3 characters, counted. Texts are
    taken up to 40,000 characters each, so that no page can make this dear. Two empty texts are alike (1.0).
    """
    stored, page = stored[:_MOST], page[:_MOST]
    old, new = _shingles(stored), _shingles(page)
    shared = len(old & new)
    return Measures(
        containment_old=_share(shared, len(old)),
        containment_new=_share(shared, len(new)),
        jaccard=_share(shared, len(old) + len(new) - shared),
        dice=_share(2 * shared, len(old) + len(new)),
        cosine=_cosine(stored, page),
        edit_similarity=Indel.normalized_similarity(stored, page),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _shingles(text: str) -> set[str]:
    if len(text) < SHINGLE:
        return {text} if text else set()
    return {text[at : at + SHINGLE] for at in range(len(text) - SHINGLE + 1)}


def _cosine(left: str, right: str) -> float:
    one, two = _grams(left), _grams(right)
    if not one or not two:
        return 1.0 if left == right else 0.0
    product = sum(count * two[gram] for gram, count in one.items() if gram in two)
    return product / sqrt(
        sum(count * count for count in one.values()) * sum(count * count for count in two.values())
    )


def _grams(text: str) -> Counter[str]:
    return Counter(text[at : at + GRAM] for at in range(len(text) - GRAM + 1))
