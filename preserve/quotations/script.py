"""Simplified and traditional characters taken as one, whatever the texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from preserve.text import script_table

_HAN = re.compile("[\u3400-\u9fff]")


@cache
def _simplified() -> Mapping[int, int]:
    """One table for every Han character, so that any two texts are taken to the same script."""
    return script_table("".join(map(chr, range(0x3400, 0xA000))))


def script_blind(folded: str) -> str:
    """A folded text with simplified and traditional characters taken as one; as long as before."""
    return folded.translate(_simplified()) if _HAN.search(folded) else folded
