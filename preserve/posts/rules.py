"""What in a stored copy is not the article: the rules, read from `rules.toml`.

A rule names a shape that feed makers, blog engines and page templates leave in a copy: a line that is only a
date, a counter, a row of share buttons, a feed's footer. Users add theirs in the configuration (`set-aside`).
Owns the shape of the data; `body` and `vocabulary` apply it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

NEAR_START = 6
"""How many blocks are near the start of a copy."""
NEAR_END = 6
"""How many blocks are near its end."""
BOX_LONGEST = 600
"""The longest text, in characters, of an element set aside for its class."""
BOX_SHARE = 0.2
"""The largest share of a copy's text that such an element may hold."""


class Where(Enum):
    """Near which end of the copy a rule is tried."""

    END = "end"
    EITHER = "either end"


@dataclass(frozen=True, slots=True)
class Rule:
    """A shape of text that is not the article.

    Attributes:
        name: kept with the text that is set aside.
        where: near which end of the copy it may stand.
        longest: of the block, in characters.
        pattern: what the whole block looks like, white space as single spaces.
    """

    name: str
    where: Where
    longest: int
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of lines that are nothing but dates, counters or share buttons; casefolded, in NFKC."""

    months: frozenset[str]
    dates: frozenset[str]
    counters: frozenset[str]
    share: frozenset[str]
    share_verbs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """All of them.

    Attributes:
        lines: rules for blocks, in the order they are tried.
        words: for the lines that are recognised word by word.
        boxes: (rule name, words of a class or id) for whole elements.
    """

    lines: tuple[Rule, ...]
    words: Words
    boxes: tuple[tuple[str, frozenset[str]], ...]


@cache
def load_rules() -> Rules:
    """The rules that come with the package; read once, when the first copy is cut."""
    data = tomllib.loads(files("preserve.posts").joinpath("rules.toml").read_text("utf-8"))
    return Rules(
        lines=tuple(_line_rule(rule, data["parts"]) for rule in data["rule"]),
        words=_words(data["words"]),
        boxes=tuple((name, _split(text)) for name, text in data["boxes"].items()),
    )


def _line_rule(rule: Mapping[str, Any], parts: Mapping[str, str]) -> Rule:
    pattern = "|".join(f"(?:{alternative})" for alternative in rule["patterns"])
    for name, part in parts.items():
        pattern = pattern.replace(f"<{name}>", part)
    return Rule(rule["name"], Where(rule["where"]), rule["longest"], re.compile(pattern, re.IGNORECASE))


def _words(words: Mapping[str, str]) -> Words:
    months, share_verbs = _split(words["months"]), _split(words["share_verbs"])
    dates = months | _split(words["weekdays"]) | _split(words["dates"]) | _split(words["ago"])
    return Words(months, dates, dates | _split(words["counters"]), _split(words["share"]) | share_verbs, share_verbs)


def _split(text: str) -> frozenset[str]:
    return frozenset(unicodedata.normalize("NFKC", text).casefold().split())
