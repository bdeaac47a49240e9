"""Tokens: the smallest units a difference is told in.

A word where words are written apart, a character where they are not (Han, Kana, Thai, ...), and always a whole number:
2400万 against 2300万 is a difference of two numbers, never of one digit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from preserve.text.folding import fold

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_TOKEN = re.compile(
    r"\d+(?:[.,:/\-\u2010-\u2015'’．，：]\d+)*"  # a number
    rf"|[{_UNSPACED}][\u0300-\u036f\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef\u0e31\u0e34-\u0e4e]*"
    rf"|[^\W\d_{_UNSPACED}](?:[^\W\d_{_UNSPACED}]|[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u064b-\u065f\u0900-\u0dff"
    rf"\u200c\u200d\u2060]|['’ʼ\u2010\u2011\-](?=[^\W\d_{_UNSPACED}]))*"
    r"|[%‰$€£¥₩₽₹+=<>°％＄￥＋]",
)
_HAN = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_CJK = re.compile(f"[{_UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Token:
    """One unit of comparison.

    Attributes:
        key: its folded form; never empty.
        start, end: its place in the text, in code points.
    """

    key: str
    start: int
    end: int


def tokens(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens of `text[start:end]`, in order, with offsets into `text`; what folds to nothing is no token."""
    found = []
    for match in _TOKEN.finditer(text, start, len(text) if end is None else end):
        raw = match.group()
        if len(raw) == 1 and "\u4e00" <= raw <= "\u9fff":
            key = raw
        else:
            key = raw.lower() if raw.isascii() and raw.isalnum() else fold(raw)
        if key:
            found.append(Token(key, match.start(), match.end()))
    return found


def is_number(token: str) -> bool:
    """Whether a token (raw or folded) is a number in digits."""
    return any(character.isdigit() for character in token)


def is_unspaced(text: str) -> bool:
    """Whether `text` begins with a character of a script that is written without spaces."""
    return bool(_CJK.match(text))


def han_share(text: str) -> float:
    """Share of `text` (0..1) that is Han characters."""
    return len(_HAN.findall(text)) / len(text) if text else 0.0


def weight_of(text: str) -> int:
    """How much a text says, in Latin letters: a character of an unspaced script counts for two."""
    return len(text) + (0 if text.isascii() else len(_CJK.findall(text)))
