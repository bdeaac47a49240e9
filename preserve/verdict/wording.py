"""Recognises ideas in words: "verify", "not found", "for sale", in any of many languages.

Owns the reading of data/wording.toml and the matching; what follows from an idea is the rules' business.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

# Scripts that set no spaces between words, or glue particles to them: entries match anywhere.
_GLUED = re.compile(r"[\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WIDE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0002ffff]")
_QUOTES = (("\u2018", "'"), ("\u2019", "'"), ("\u02bc", "'"), ("\u00ad", ""), ("\u200b", ""))
WIDE_WEIGHT = 2.5  # a Chinese character says about as much as two and a half Latin letters


def fold(text: str) -> str:
    """`text` as the word lists are written: NFKC, lower case, straight apostrophes, single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        for sign, plain in _QUOTES:
            text = text.replace(sign, plain)
    return " ".join(text.lower().split())


def reading_length(text: str) -> float:
    """How much there is to read, in Latin letters: wide characters count `WIDE_WEIGHT`."""
    wide = 0 if text.isascii() else len(_WIDE.findall(text))
    return len(text) + (WIDE_WEIGHT - 1) * wide


def ideas(section: str, folded: str) -> frozenset[str]:
    """Names of the ideas of `section` (a table of data/wording.toml) that text (see `fold`) holds."""
    return frozenset(name for name, pattern in _patterns()[section] if pattern.search(folded))


def holds(section: str, idea: str, folded: str) -> bool:
    """Whether `folded` text holds one idea of `section`."""
    return any(name == idea and pattern.search(folded) is not None for name, pattern in _patterns()[section])


def entries(section: str, idea: str) -> frozenset[str]:
    """The words of one idea, folded and without their `*`."""
    return frozenset(fold(word.strip("*")) for word in _table()[section][idea])


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    text = files("preserve.verdict").joinpath("data/wording.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _patterns() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    return {
        section: tuple((name, _pattern(words)) for name, words in table.items()) for section, table in _table().items()
    }


def _pattern(words: list[str]) -> re.Pattern[str]:
    bounded: list[str] = []
    anywhere: list[str] = []
    for word in words:
        stem = r"\s+".join(re.escape(part) for part in fold(word.strip("*")).split())
        if _GLUED.search(word):
            anywhere.append(stem)
            continue
        stem = stem if word.endswith("*") else stem + r"(?!\w)"
        (anywhere if word.startswith("*") else bounded).append(stem)
    parts = [rf"(?<!\w)(?:{'|'.join(bounded)})"] if bounded else []
    return re.compile("|".join(parts + anywhere))
