"""A byline to names.

Cuts only what is sure. A name in Han, kana or hangul stays as it is written, family name first and without a space or
comma, as the styles want it; so does an organisation, and whatever may be one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from preserve.cite.plain import plain
from preserve.cite.values import Name

_LEAD: Final = re.compile(r"^(?:by\s+|(?:作者|撰文|文)\s*[:：/／|]\s*|記者\s+|记者\s+)", re.IGNORECASE)
_SURE: Final = re.compile(r"\s*[;；、|｜]\s*")
_UNSURE: Final = re.compile(r"\s*,\s+and\s+|\s+and\s+|\s*[&＆]\s*|\s*[,，]\s*")
_WORD: Final = re.compile(r"(?:[^\W\d_]\.-?)+|[^\W\d_]+(?:['’\-‐][^\W\d_]+)*\.?")
_PARTICLES: Final = frozenset(
    (
        *("van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "ten", "ter", "zu"),
        *("af", "bin", "ibn", "al", "el"),
    )
)
# Words that organisations are called by.
_OF_ORGANISATIONS: Final = frozenset(
    (
        *("agency", "and", "associated", "association", "board", "bureau", "centre", "center", "club", "college"),
        *("commission", "committee", "company", "corporation", "council", "courier", "daily", "department", "desk"),
        *("digest", "editor", "editors", "editorial", "express", "faculty", "foundation", "gazette", "government"),
        *("group", "guardian", "herald", "inc", "institute", "journal", "lab", "library", "limited", "ltd"),
        *("magazine", "mail", "ministry", "museum", "network", "news", "newsroom", "of", "office", "online"),
        *("organisation", "organization", "post", "press", "project", "radio", "report", "reporter", "reporters"),
        *("review", "school", "service", "society", "staff", "star", "studio", "team", "telegraph", "the", "times"),
        *("tribune", "tv", "university", "wire", "writer", "writers"),
    )
)
_SUFFIXES: Final = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"])
_MOST_WORDS: Final = 5
_MOST_FULL_NAMES: Final = 2  # of three, nobody can tell from outside whether two are the family's


def names_of(byline: str) -> tuple[Name, ...]:
    """The authors a byline or front matter names, in order.

    Parts between semicolons, 、 and bars are authors. Commas, `and` and `&` part authors where every part is a
    person's name beyond doubt, and belong to the name otherwise (`Department of Arts and Crafts`, `Doe, Jane`).
    """
    text = _LEAD.sub("", plain(byline))
    return tuple(name for part in _SURE.split(text) if part for name in _authors(part))


def _authors(text: str) -> tuple[Name, ...]:
    parts = [part for part in _UNSURE.split(text) if part]
    persons = [_person(part) for part in parts]
    if parts and all(persons):
        return tuple(person for person in persons if person)
    return (Name(literal=text),)


def _person(text: str) -> Name | None:
    """The name, where it is a person's without doubt."""
    if _is_east_asian(text):
        return Name(literal=text) if 1 < len(text) <= 4 else None
    words = text.split()
    folded = [word.strip(".").casefold() for word in words]
    names = [word for word, low in zip(words, folded, strict=True) if low not in _PARTICLES]
    if not _may_be_person(words, folded) or not _are_names(names) or words[-1] not in names:
        return None
    start = len(words) - 1
    while start > 1 and folded[start - 1] in _PARTICLES and words[start - 1][0].islower():
        start -= 1
    return Name(family=" ".join(words[start:]), given=" ".join(words[:start]))


def _may_be_person(words: Sequence[str], folded: Sequence[str]) -> bool:
    """Whether no word speaks against it: none that organisations have, no suffix, no capitals all through."""
    return (
        1 < len(words) <= _MOST_WORDS
        and all(_WORD.fullmatch(word) for word in words)
        and _OF_ORGANISATIONS.isdisjoint(folded)
        and folded[-1] not in _SUFFIXES
        and not any(
            len(word) > 3 and word.isupper() and "." not in word for word in words
        )  # BBC NEWS; JANE DOE may be either
    )


def _are_names(words: Sequence[str]) -> bool:
    """Whether these, particles left out, are one given name and one family name, initials besides."""
    full = sum(len(word.strip(".")) > 1 and "." not in word[:-1] for word in words)
    return len(words) > 1 and full <= _MOST_FULL_NAMES and all(word[0].isupper() for word in words)


def _is_east_asian(text: str) -> bool:
    return all(_SCRIPTS.match(unicodedata.name(character, "")) for character in text)


_SCRIPTS: Final = re.compile("CJK |HIRAGANA|KATAKANA|HANGUL")
