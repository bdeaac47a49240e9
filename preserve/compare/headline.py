"""The headline: whether the stored one still stands on the page as a headline, and what stands there instead.

A page names its headline in several places, with the site's name before or after it, or cut short. What readers see
are the first heading and the <title>; og:title and structured data may keep an older wording for years. So a stored
headline that is only left in those is gone when heading and <title> agree on another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from preserve.compare.nature import weight
from preserve.model import Change, ChangeKind, Extraction, Nature
from preserve.text import fold

_JOINT = re.compile(r"\s+[|–—\-·»«:_/@]+\s+|\s*[|_｜]\s*|\s+[-–—]+\s*|\s*[-–—]+\s+")
_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\s*$")
_LEAST_PART = 0.5
NO_SCRIPT: Mapping[int, int] = MappingProxyType({})


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


def headline_found(stored: str, page: Extraction, script: Mapping[int, int] = NO_SCRIPT) -> bool:
    """Whether the stored headline stands on the page as a headline that readers see.

    Args:
        stored: the stored headline.
        page: the page.
        script: takes characters to one script, where the two sides differ in script.
    """
    stored, headline, title = (text.translate(script) for text in (stored, page.headline, page.facts.title))
    if same_headline(stored, headline) or same_headline(stored, title):
        return True
    if not any(same_headline(stored, other.translate(script)) for other in page.headlines):
        return False
    # It is left in metadata or a lesser heading; gone when the first heading and the title agree on another.
    seen, shown = fold(headline), fold(title)
    return not (seen and seen in shown and fold(stored) not in shown)


def headline_change(stored: str, page: Extraction, script: Mapping[int, int] = NO_SCRIPT) -> Change | None:
    """The change where another headline took the stored one's place; None where it stands or nothing else does."""
    if not fold(stored) or not fold(page.headline) or headline_found(stored, page, script):
        return None
    natures = (Nature.HEADLINE,)
    return Change(
        ChangeKind.REPLACE, stored, page.headline, stored, page.headline, None, None, natures, weight(natures)
    )


def known_titles(stored: str, headlines: Sequence[str]) -> frozenset[str]:
    """Folded titles; a block that says no more than one of them is no addition."""
    return frozenset(key for text in (stored, *headlines) if (key := fold(text)))
