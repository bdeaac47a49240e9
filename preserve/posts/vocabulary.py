"""Lines that are nothing but dates, counters or share buttons, recognised by their words.

Such lines come in every format and language; a grammar for each would never be whole. A line is taken for
furniture only when every word of it is known (`rules` has the lists) and the words together make sense as a
date, a count or a row of buttons. A date needs its year or a time of day: `4 May` may be a diary's paragraph.
"""

from __future__ import annotations

import re
import unicodedata

from preserve.posts.rules import Words

LONGEST = 160

_TIME_OR_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b|\d{4}年|\d{1,2}:\d\d")
_NUMERIC_DATE = re.compile(r"\d{1,4} ?[-/.年] ?\d{1,2} ?[-/.月] ?\d{1,4}|\d{4}年\d{1,2}月")
_TOKEN = re.compile(
    r"(?P<number>\d[\d.,:']*)"
    r"|(?P<space>[\s,，、·|/•‧:：.()\[\]（）【】<>《》~+–—-]+)"
    r"|(?P<latin>[^\W\d_\u3040-\u30ff\u3400-\u9fff]+(?:-mail)?)"
    r"|(?P<cjk>[\u3040-\u30ff\u3400-\u9fff]+)"
)
_PLAIN_DATE = re.compile(r"\d{4}-\d\d-\d\dt\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?")


def furniture_of(text: str, known: Words) -> str:
    """The rule that a line meets: `date-line`, `counter` or `share-buttons`; "" when it is none of them."""
    if not text or len(text) > LONGEST:
        return ""
    line = unicodedata.normalize("NFKC", text).casefold()
    if _PLAIN_DATE.fullmatch(line):
        return "date-line"
    has_number = any(character.isdigit() for character in line)
    if has_number:
        words = _split(line, known.counters)
        if words is not None:
            return _count_or_date(line, words, known)
        return ""
    words = _split(line, known.share)
    return "share-buttons" if words and known.share_verbs.intersection(words) else ""


def _count_or_date(line: str, words: list[str], known: Words) -> str:
    if not known.dates.issuperset(words):
        return "counter"
    named = _TIME_OR_YEAR.search(line) and any(word in known.months for word in words)
    dated = named or _NUMERIC_DATE.search(line)
    ago = any(word.endswith("前") or word in {"ago", "vor", "il"} for word in words)
    return "date-line" if dated or ago else ""


def _split(line: str, known: frozenset[str]) -> list[str] | None:
    """The words of a line, numbers and separators left out; None when one is not known."""
    words: list[str] = []
    position = 0
    while position < len(line):
        found = _TOKEN.match(line, position)
        if found is None:
            return None
        if found["latin"]:
            if found["latin"] not in known:
                return None
            words.append(found["latin"])
        elif found["cjk"]:
            parts = _split_cjk(found["cjk"], known)
            if parts is None:
                return None
            words += parts
        position = found.end()
    return words


def _split_cjk(run: str, known: frozenset[str]) -> list[str] | None:
    """A run without spaces as known words, the longest first."""
    words = []
    position = 0
    while position < len(run):
        size = next((size for size in range(6, 0, -1) if run[position : position + size] in known), 0)
        if not size:
            return None
        words.append(run[position : position + size])
        position += size
    return words
