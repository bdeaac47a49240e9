"""In what language a text is, as far as its script tells, for `lang` attributes. Pure."""

from __future__ import annotations

import re
from typing import Final

_KANA: Final = re.compile(r"[\u3040-\u30ff]")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_HANGUL: Final = re.compile(r"[\uac00-\ud7af]")
_LEAST_HAN: Final = 8  # one character in so many


def tongue(text: str) -> str:
    """The language's tag; "" (unknown, in HTML) where the script does not tell."""
    if text.isascii():
        return ""
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh" if len(_HAN.findall(text)) * _LEAST_HAN > len(text) else ""
