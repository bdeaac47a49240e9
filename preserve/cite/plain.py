"""Foreign text and dates as citations can hold them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

from preserve.cite.values import PartialDate

_DROPPED: Final = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff\u200b\u2060"
)
_DATE: Final = re.compile(
    r"\s*(\d{4})(?:(?P<sign>[-/.])(\d{1,2})(?:(?P=sign)(\d{1,2}))?|年(?:(\d{1,2})月(?:(\d{1,2})日)?)?)?(?!\d)", re.ASCII
)


def plain(text: str) -> str:
    """`text` on one line: white space as single spaces; control, bidi and undecodable characters dropped."""
    return " ".join("".join(_kept(character) for character in text).split())


def _kept(character: str) -> str:
    if character in _DROPPED:
        return ""
    if character.isspace():
        return " "
    if unicodedata.category(character) in ("Cc", "Cs"):
        return ""
    code = ord(character)
    return "" if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF else character  # no characters at all


def partial_date(text: str) -> PartialDate | None:
    """The date that `text` begins with, as far as it goes; None where there is none that a calendar has.

    Years, years with a month, and days, as ISO 8601 has them, with `/` or `.`, or with 年, 月 and 日. A day is taken as
    it is written, whatever the time zone behind it. Dates in words and those that begin with day or month are not
    guessed at.
    """
    found = _DATE.match(text)
    if found is None:
        return None
    year, month, day = (int(part or 0) for part in (found[1], found[3] or found[5], found[4] or found[6]))
    written = found[3] or found[5]
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    if written and not month:  # 2020-00
        return PartialDate(year)
    return PartialDate(year, month, day)
