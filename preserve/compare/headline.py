"""The headline: whether the stored one still stands on the page as a headline, and what stands there instead.

A page names its headline in several places, with the site's name before or after it, or cut short. What readers see
are the first heading and the <title>; og:title and structured data may keep an older wording for years. So a stored
headline that is only left in those is gone when heading and <title> agree on another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from preserve.compare.nature import weight
from preserve.model import Change, ChangeKind, Extraction, Nature
from preserve.text import fold

_JOINT = re.compile(r"\s+[|–—\-·»«:_/@]+\s+|\s*[|_｜]\s*|\s+[-–—]+\s*|\s*[-–—]+\s+")
_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\s*$")
_LEAST_PART = 0.5


def same_headline(one: str, other: str) -> bool:
    """Whether two titles are the same headline, the site's part and a cut-off end aside."""
    left, right = fold(one), fold(other)
    if not left or not right:
        return False
    if left == right or left in _parts(other) or right in _parts(one):
        return True
    if _CUT.search(one) or _CUT.search(other):
        shorter, longer = sorted((fold(_CUT.sub("", one)), fold(_CUT.sub("", other))), key=len)
        return bool(shorter) and longer.startswith(shorter)
    # "Headline - Site A" and "Headline | Site B"
    first = max((part for part in _openings(one) & _openings(other)), key=len, default="")
    return len(first) >= _LEAST_PART * min(len(left), len(right))


def _openings(title: str) -> set[str]:
    """The folded beginnings of a title up to each joint."""
    parts = _split(title)
    return {key for end in range(1, len(parts) + 1) if (key := fold(" ".join(parts[:end])))}


def _parts(title: str) -> set[str]:
    """The folded beginnings and endings of a title that a site's name may have been joined to."""
    parts = _split(title)
    endings = {key for start in range(len(parts)) if (key := fold(" ".join(parts[start:])))}
    return _openings(title) | endings


def _split(title: str) -> list[str]:
    return [part for part in _JOINT.split(title) if part and part.strip()]


def headline_found(stored: str, page: Extraction) -> bool:
    """Whether the stored headline stands on the page as a headline that readers see."""
    if not any(same_headline(stored, headline) for headline in page.headlines):
        return False
    seen, title, key = fold(page.headline), fold(page.facts.title), fold(stored)
    replaced = bool(seen) and seen in title and key not in title and not _among(stored, page)
    return not replaced


def _among(stored: str, page: Extraction) -> bool:
    return same_headline(stored, page.headline) or same_headline(stored, page.facts.title)


def headline_change(stored: str, page: Extraction) -> Change | None:
    """The change where another headline took the stored one's place; None where it stands or nothing else does."""
    if not fold(stored) or not fold(page.headline) or headline_found(stored, page):
        return None
    natures = (Nature.HEADLINE,)
    return Change(
        ChangeKind.REPLACE, stored, page.headline, stored, page.headline, None, None, natures, weight(natures)
    )


def known_titles(stored: str, headlines: Sequence[str]) -> frozenset[str]:
    """Folded titles; a block that says no more than one of them is no addition."""
    return frozenset(key for text in (stored, *headlines) if (key := fold(text)))
