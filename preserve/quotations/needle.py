"""The forms in which a quotation is looked for.

Owns how a quotation is cut: at marks of omission it may leave out text, at words in brackets it may replace some, and
[sic] is the quoter's own. A quotation is tried whole first, since an author writes dots and brackets too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from preserve.quotations.script import script_blind
from preserve.text import fold, is_unspaced, tokens

_DOTS = r"(?:…+|‥+|⋯+|\.{3,}|\.(?: \.){2,}|。{3,}|·{3,})"
_OMISSION = re.compile(
    rf"\[\s*{_DOTS}\s*\]|［\s*{_DOTS}\s*］|\(\s*{_DOTS}\s*\)|（\s*{_DOTS}\s*）|【\s*{_DOTS}\s*】|{_DOTS}"
)
_SIC = re.compile(r"\s*(?:[\[(（［]\s*(?:sic!?|原文如此|原文如是)\s*[\])）］])", re.IGNORECASE)
_LETTERS_IN_BRACKETS = re.compile(r"(?<![^\W\d_])\[([^\W\d_]{1,3})\](?=[^\W\d_])")  # [T]he council
_BRACKETED = re.compile(r"\[[^\[\]\n]{1,200}\]|［[^［］\n]{1,200}］|〔[^〔〕\n]{1,200}〕|\(\s*\)")
_CUT = re.compile(f"(?P<omission>{_OMISSION.pattern})|(?P<bracketed>{_BRACKETED.pattern})")
ANYWHERE = -1
_BRACKET_REACH = 40  # folded characters that a word in brackets may stand for
_SHORT = 5


@dataclass(frozen=True, slots=True)
class Part:
    """An unbroken stretch of a quotation.

    Attributes:
        text: as quoted.
        folded, blind: its folded form; the same with simplified and traditional characters taken as one.
        reach: how many folded characters may lie between the part before and this one; ANYWHERE for any number.
    """

    text: str
    folded: str
    blind: str
    reach: int = 0


@dataclass(frozen=True, slots=True)
class Needle:
    """A quotation as it is looked for.

    Attributes:
        text: as quoted.
        whole: all of it as one stretch, dots and brackets taken for the author's.
        parts: what stands between marks of omission and bracketed words; `whole` alone where there are none.
    """

    text: str
    whole: Part
    parts: tuple[Part, ...]


def needle_of(text: str) -> Needle | None:
    """The forms of a quotation; None where nothing in it can be looked for (dots, signs)."""
    said = _LETTERS_IN_BRACKETS.sub(r"\1", _SIC.sub("", text))
    whole = _part(said, 0)
    if not whole.folded:
        return None
    parts = tuple(_parts(said))
    return Needle(text, whole, parts or (whole,))


def is_short(text: str) -> bool:
    """Whether a quotation is too short to say whose it is: a term in quotation marks, a title, a word of irony.

    Fewer than three words, or than five characters of a script that is written without spaces.
    """
    return sum(1 if is_unspaced(token.key) else 2 for token in tokens(text)) < _SHORT


def _parts(text: str) -> Iterator[Part]:
    at, reach = 0, 0
    for cut in _CUT.finditer(text):
        part = _part(text[at : cut.start()], reach)
        if part.folded:
            yield part
            reach = 0
        at = cut.end()
        reach = ANYWHERE if cut["omission"] or reach == ANYWHERE else _BRACKET_REACH
    part = _part(text[at:], reach)
    if part.folded:
        yield part


def _part(text: str, reach: int) -> Part:
    folded = fold(text)
    return Part(text.strip(), folded, script_blind(folded), reach)
