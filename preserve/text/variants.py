"""Simplified and traditional characters taken as one: for readings that differ in script alone.

The only module that imports OpenCC. Characters are mapped one by one, without phrases, so that a text keeps its
length and its offsets; what phrases would decide (乾 in 乾隆) is folded the same way on both sides and does no harm.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

_SCHEMES = ("hk2s", "tw2s", "t2s")
_TRADITIONAL = 0.08
_SIMPLIFIED = 0.02
# Pairs that the converters leave apart because each is right in its own place.
_ALSO = str.maketrans(
    "著妳祂牠麼係藉瞭乾徵祇隻餘託佔週遊採砲裏鬱硃覈甚", "着你他它么系借了干征只只余托占周游采炮里郁朱核什"
)


@cache
def _converters() -> tuple[OpenCC, ...]:
    """The converters, read from disk when the first Chinese page asks for them."""
    from opencc import OpenCC  # noqa: PLC0415

    return tuple(OpenCC(scheme) for scheme in _SCHEMES)


def script_table(*texts: str) -> dict[int, int]:
    """A table for `str.translate` that takes every character of `texts` to its simplified form."""
    characters = sorted({character for text in texts for character in text if character > "\u3400"})
    lines = "\n".join(characters)
    for converter in _converters():
        lines = converter.convert(lines)
    simplified = lines.translate(_ALSO).split("\n")
    if len(simplified) != len(characters):
        return {}
    return {ord(old): ord(new) for old, new in zip(characters, simplified, strict=True) if len(new) == 1 and new != old}


def differ_in_script(one: str, other: str, table: dict[int, int]) -> bool:
    """Whether one text is written in traditional and the other in simplified characters."""
    shares = sorted(_traditional(text, table) for text in (one, other))
    return shares[0] < _SIMPLIFIED and shares[1] > _TRADITIONAL


def _traditional(text: str, table: dict[int, int]) -> float:
    return sum(ord(character) in table for character in text) / len(text) if text else 0.0
