"""How long, how many and how large, in as few words as carry it."""

from __future__ import annotations

from typing import Final

_SPANS: Final = ((365.25 * 86400, "years"), (86400, "days"), (3600, "hours"), (60, "minutes"), (1, "s"))
_BYTES: Final = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def span_text(seconds: float) -> str:
    """Seconds in the largest unit of which there are at least two: `15.4 hours`, `12.4 days`."""
    for unit, name in _SPANS:
        if seconds >= 2 * unit:
            return f"{_short(seconds / unit)} {name}"
    return f"{seconds:.1f} s".replace(".0 s", " s")


def number_text(number: float) -> str:
    """A whole number with its thousands parted."""
    return f"{number:,.0f}"


def bytes_text(size: float) -> str:
    """Bytes in decimal units: `1.4 kB`."""
    for unit, name in _BYTES:
        if size >= unit:
            return f"{_short(size / unit)} {name}"
    return f"{size:.0f} bytes"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.1f}".removesuffix(".0")
