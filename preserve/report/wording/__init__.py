"""The words of a report's pages, one table for each language; templates ask for them by key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any, Final

from markupsafe import escape

LANGUAGES: Final = ("en", "zh")
TAGS: Final[Mapping[str, str]] = {"en": "en", "zh": "zh-Hans"}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Wording:
    """One language's words.

    Args:
        language: one of `LANGUAGES`.
    """

    def __init__(self, language: str) -> None:
        self.language, self.tag = language, TAGS[language]
        self._words = table(language)
        # Words without places are looked up most: escaped once, they need not be looked at again.
        self._fixed = {key: escape(words) for key, words in self._words.items() if isinstance(words, str)}

    def __call__(self, key: str, **values: Any) -> str:
        """The words of `key`, with `values` in their places; `n` chooses between one and many."""
        if not values:
            return self._fixed[key]
        words = self._words[key]
        if isinstance(words, list):
            words = words[0] if values.get("n") == 1 else words[1]
        shown = {name: self.number(value) if isinstance(value, int) else value for name, value in values.items()}
        return str(words).format(**shown)

    def number(self, value: int) -> str:
        """A whole number, its thousands parted."""
        return f"{value:,}"

    def percent(self, share: float | None) -> str:
        """A share in per cent; a dash where there is none."""
        if share is None:
            return "–"
        digits = 0 if share in (0.0, 1.0) or 0.1 <= share <= 0.9 else 1
        return f"{100 * share:.{digits}f} %"

    def day(self, when: date | datetime) -> str:
        """A calendar day, in words."""
        if self.language == "zh":
            return f"{when.year}年{when.month}月{when.day}日"
        return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def table(language: str) -> Mapping[str, Any]:
    """Every key of a language with its words."""
    found = tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
    return dict(_flat("", found))


def _flat(prefix: str, values: Mapping[str, Any]) -> Any:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", value
