"""Foreign text made visible: what would steer a terminal or reorder a line is shown instead of obeyed.

Owns which characters those are, for the terminal and for the report alike. Knows no output format.
"""

from __future__ import annotations

import unicodedata

KEPT = frozenset("\t")
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
CONTROL_PICTURES = 0x2400


def visible(text: str) -> str:
    """`text` on one line, with control, bidi and undecodable characters shown instead of obeyed.

    Control characters become their Unicode control pictures, bidi controls and lone surrogates `\\uXXXX`.
    """
    if text.isprintable() and BIDI.isdisjoint(text):
        return text
    return "".join(_visible_character(character) for character in text)


def _visible_character(character: str) -> str:
    code = ord(character)
    if character in KEPT:
        return " "
    if character == "\n":
        return " "
    if code < 0x20:
        return chr(CONTROL_PICTURES + code)
    if code == 0x7F:
        return "\u2421"
    if character in BIDI or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return f"\\u{code:04x}"
    return character


def shortened(text: str, width: int) -> str:
    """`text`, visible, cut to `width` characters with an ellipsis."""
    clean = " ".join(visible(text).split())
    return clean if len(clean) <= width else clean[: width - 1] + "…"
