"""Times: how WARC and HTTP write them, how people write durations, and the clock that is handed in.

Everything inside the package is an aware UTC `datetime` or a number of seconds. Only `SystemClock` reads the
machine's clock, and only whoever assembles the program makes one.
"""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

_WARC_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z)?)?)?", re.ASCII)
_WHOLE_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z", re.ASCII)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.ASCII)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_LEAP_SECOND = 60


class Clock(Protocol):
    """What tells the time; handed to whatever needs it."""

    def now(self) -> datetime:
        """The time as an aware UTC datetime."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time as an aware UTC datetime."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        return time.monotonic()


def warc_date(when: datetime) -> str:
    """`when` as WARC 1.1, section 5.4, has it: `YYYY-MM-DDThh:mm:ss[.ffffff]Z`, none for whole seconds.

    Raises:
        ValueError: `when` is naive.
    """
    if when.tzinfo is None:
        raise ValueError(f"{when!r} has no time zone; pass an aware datetime")
    universal = when if when.tzinfo is UTC else when.astimezone(UTC)
    return universal.isoformat()[:-6] + "Z"  # without its "+00:00"


def parse_warc_date(text: str) -> datetime:
    """A `WARC-Date` of any precision WARC 1.1, section 5.4, allows (a year alone up to nanoseconds).

    What is left out is the earliest it can be; digits beyond microseconds are cut.

    Raises:
        ValueError: not a WARC date, or no such day or time.
    """
    if _WHOLE_DATE.fullmatch(text):  # as nearly every one is: read by C
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # a leap second, or no such day
    found = _WARC_DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a WARC date; one looks like 2026-03-01T12:00:00Z")
    year, month, day, hour, minute, second = (
        int(part or least) for part, least in zip(found.groups(), "011000", strict=False)
    )
    leap = second == _LEAP_SECOND
    try:
        whole = datetime(
            year,
            month,
            day,
            hour,
            minute,
            second - leap,
            int((found[7] or "0")[:6].ljust(6, "0")),
            tzinfo=UTC,
        )
    except ValueError as error:
        raise ValueError(f"{text!r} is not a WARC date: {error}") from None
    return whole + timedelta(seconds=1) if leap else whole


def parse_duration(text: str) -> float:
    """`7d`, `12h`, `30m`, `90s`, `2w` in seconds; a fraction (`1.5h`) is allowed, a bare number is not.

    Raises:
        ValueError: anything else.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    seconds = float(found[1]) * _UNITS[found[2]] if found else math.inf
    if not math.isfinite(seconds):
        raise ValueError(f"{text!r} is not a duration; write a number and one of s, m, h, d, w, for example 7d or 12h")
    return seconds


def parse_http_date(text: str) -> datetime | None:
    """An HTTP date in any form of RFC 9110, section 5.6.7, as aware UTC; None where the text is none."""
    try:
        when = parsedate_to_datetime(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (
        ValueError,
        OverflowError,
        TypeError,
        IndexError,
    ):  # what email.utils raises for dates no calendar has
        return None
