"""The formats by name, and a bibliography in each that needs no citation style."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final

from preserve.cite.csl import csl_item
from preserve.cite.latex import biblatex, bibtex
from preserve.cite.links import robust_link
from preserve.cite.ris import ris
from preserve.cite.values import Reference


class Format(StrEnum):
    """What a citation is written as."""

    BIBTEX = "bibtex"
    BIBLATEX = "biblatex"
    RIS = "ris"
    CSL_JSON = "csl-json"
    APA = "apa"
    CHICAGO = "chicago"
    GB7714 = "gb7714"
    ROBUST_LINK = "robust-link"


FORMAT_NAMES: Final = tuple(one.value for one in Format)
STYLED: Final = frozenset({Format.APA, Format.CHICAGO, Format.GB7714})
"""Set by a citation style (`preserve.styles`)."""

_WRITERS: Mapping[Format, tuple[Callable[[Reference, str], str], str]] = {
    Format.BIBTEX: (bibtex, "\n"),
    Format.BIBLATEX: (biblatex, "\n"),
    Format.RIS: (ris, "\n"),
    Format.ROBUST_LINK: (robust_link, ""),
}


def write(references: Iterable[Reference], form: Format, language: str = "") -> str:
    """A bibliography, in order, ending with a line break.

    Args:
        references: with keys that differ.
        form: none of `STYLED`.
        language: of notes; "" takes each item's own.
    """
    if form is Format.CSL_JSON:
        return write_csl(references, language)
    writer, between = _WRITERS[form]
    return between.join(writer(one, language or one.language) for one in references)


def write_csl(references: Iterable[Reference], language: str = "") -> str:
    """CSL-JSON: one array."""
    items = [csl_item(one, language or one.language) for one in references]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"
