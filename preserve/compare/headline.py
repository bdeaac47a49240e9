"""The headline: whether the stored one still stands on the page as a headline, and what stands there instead.

A page names its headline in several places (h1, og:title, JSON-LD, <title>), with the site's name before or after
it, cut short, or in an older wording. The stored title may carry such a suffix itself. So a headline is the same when
either contains the other, the site's part set aside, and only the page's own first headline can be the new one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from preserve.compare.nature import weight
from preserve.model import Change, ChangeKind, Extraction, Nature
from preserve.text import fold

_SITE_PART = re.compile(r"\s+[|–—\-·»«:_/]\s+|\s*[|_｜]\s*|\s+[-–—]+\s*|\s*[-–—]+\s+")
_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\s*$")


def variants(title: str) -> list[str]:
    """The folded title whole, and its parts where it is split by the signs that join a site's name to a title."""
    parts = [part for part in _SITE_PART.split(title) if part and part.strip()]
    whole = [title, _CUT.sub("", title)]
    if len(parts) > 1:
        whole.extend(" ".join(parts[:end]) for end in range(1, len(parts)))
        whole.extend(" ".join(parts[start:]) for start in range(1, len(parts)))
    return list(dict.fromkeys(key for text in whole if (key := fold(text))))


def same_headline(stored: str, page: str) -> bool:
    """Whether two titles are the same headline, the site's part and a cut-off end aside."""
    left, right = fold(stored), fold(page)
    if not left or not right:
        return False
    if left == right:
        return True
    lefts, rights = variants(stored), variants(page)
    longest_left, longest_right = max(lefts, key=len), max(rights, key=len)
    if longest_left in rights or longest_right in lefts:
        return True
    if set(lefts[1:]) & {
        key for key in rights if len(key) >= 0.5 * min(len(longest_left), len(longest_right))
    }:
        return True
    if _CUT.search(stored) and right.startswith(lefts[-1]):
        return True
    return bool(_CUT.search(page)) and left.startswith(
        variants(page)[1] if len(variants(page)) > 1 else right
    )


def similar_headline(stored: str, page: str) -> float:
    """Similarity 0..100 of two titles."""
    return fuzz.ratio(fold(stored), fold(page))


def is_found(stored: str, headlines: Sequence[str]) -> bool:
    """Whether any of the page's headlines is the stored one."""
    return any(same_headline(stored, headline) for headline in headlines)


def headline_change(stored: str, page: Extraction) -> tuple[bool, list[Change]]:
    """Whether the stored headline stands on the page, and the change where another one took its place."""
    if not stored or is_found(stored, page.headlines):
        return bool(stored), []
    new = page.headline
    if not new:
        return False, []
    natures = (Nature.HEADLINE,)
    return False, [Change(ChangeKind.REPLACE, stored, new, stored, new, None, None, natures, weight(natures))]
