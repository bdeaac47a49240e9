"""Excerpts: stored copies that end before the article does, and are compared as far as they go.

A feed cuts its entries: at a sign (…, [...], "read more"), or after the first paragraphs. Without a sign an excerpt
is told from an addition at the article's end by how much follows: one or two paragraphs are an addition, a third or
half of the article is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CUT = re.compile(
    r"(?:…|\.{3,}|‥{2,}|[\[(（【](?:…|\.{3,})[\])）】])\s*"
    r"(?:(?:(?:continue|keep) reading|(?:read|see|show) (?:more|on)|more|weiter ?lesen|mehr|lire la suite|leer más|"
    r"阅读全文|閱讀全文|阅读更多|閱讀更多|全文|更多|続きを読む)[^\w]*)?$",
    re.I,
)
_MOST_ADDED = 2
_SHARE = 0.6
_LEAST = 400
_REST_SHARE = 0.5
_REST_LEAST = 200


def is_cut(text: str) -> bool:
    """Whether a text ends with a sign that it was cut."""
    return bool(_CUT.search(text.rstrip()))


def goes_on(tail: Sequence[int], stored_chars: int, main_chars: int) -> bool:
    """Whether what follows the last matched sentence is the rest of the article, not an addition to it.

    Args:
        tail: folded characters of each block of prose that follows.
        stored_chars: of the stored copy.
        main_chars: of the page's main text.
    """
    if not tail:
        return False
    added = sum(tail)
    rest = main_chars - stored_chars - added
    return (
        len(tail) > _MOST_ADDED
        or added > max(_LEAST, _SHARE * stored_chars)
        or rest > max(_REST_LEAST, _REST_SHARE * stored_chars)
    )
