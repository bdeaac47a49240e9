"""Entries for BibTeX and biblatex.

Fields are those of BibTeX's `misc` with the `url` and `urldate` that styles since natbib know, and of biblatex's
`online` (biblatex manual, section 2.1.1). Unicode is kept: LaTeX has read UTF-8 since 2018.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from preserve.cite.values import Name, Reference
from preserve.cite.wording import remarks

# Braces as commands: BibTeX counts those with a backslash before them, too.
_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{sign: f"\\{sign}" for sign in "$&%#_"},
}
_ANY_SPECIAL: Final = re.compile("[" + re.escape("".join(_SPECIAL)) + "]")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# babel's names, as biblatex's langid wants them.
_LANGIDS: Final = {
    "ar": "arabic",
    "de": "ngerman",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "ja": "japanese",
    "ko": "korean",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
    "ru": "russian",
    "zh": "chinese",
}


def bibtex(reference: Reference, language: str) -> str:
    """An entry for BibTeX; `language` is that of its note."""
    issued, accessed = reference.issued, reference.accessed
    site = f"{reference.site}." if reference.site else ""
    fields = {
        "author": _names(reference.authors),
        "title": _protected(reference.title),
        "howpublished": f"\\url{{{reference.url}}}" if reference.url else "",
        "year": f"{issued.year:04}" if issued else "",
        "month": _MONTHS[issued.month - 1] if issued and issued.month else "",
        "url": reference.url,
        "urldate": f"{accessed:%Y-%m-%d}" if accessed else "",
        "note": escaped(" ".join(filter(None, (site, remarks(reference, language))))),
    }
    return _entry("misc", reference.key, fields)


def biblatex(reference: Reference, language: str) -> str:
    """An entry for biblatex; `language` is that of its addendum."""
    accessed, archived = reference.accessed, reference.archived
    fields = {
        "author": _names(reference.authors),
        "title": _protected(reference.title),
        "organization": _protected(reference.site),
        "date": str(reference.issued) if reference.issued else "",
        "url": reference.url,
        "urldate": f"{accessed:%Y-%m-%d}" if accessed else "",
        "langid": _LANGIDS.get(reference.language.partition("-")[0].lower(), ""),
        "library": escaped(f"{archived.file}, {archived.record_id}") if archived else "",
        "addendum": escaped(remarks(reference, language).removesuffix(".")),
    }
    return _entry("online", reference.key, fields)


def escaped(text: str) -> str:
    """`text` with the characters that LaTeX or BibTeX would take for commands written as such."""
    return _ANY_SPECIAL.sub(lambda hit: _SPECIAL[hit[0]], text)


def _protected(text: str) -> str:
    """Escaped, in braces of its own: a title is as it was published, and no style knows its proper names."""
    return f"{{{escaped(text)}}}" if text else ""


def _names(names: Iterable[Name]) -> str:
    return " and ".join(
        f"{{{escaped(name.literal)}}}" if name.literal else f"{escaped(name.family)}, {escaped(name.given)}"
        for name in names
    )


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    """The fields that have a value; a month is one of BibTeX's own strings and stands bare."""
    written = {name: value if name == "month" else f"{{{value}}}" for name, value in fields.items() if value}
    lines = "".join(f"  {name} = {value},\n" for name, value in written.items())
    return f"@{kind}{{{key},\n{lines}}}\n"
