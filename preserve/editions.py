"""What a page is read and judged by, in the names that checks are recorded with.

Owns the names alone, so that whoever only has to tell them apart need not load an HTML parser. What they stand for
belongs to `preserve.extract`, `preserve.markup` and `preserve.compare`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final

RULES: Final = "compare/2"
"""Version of the comparison rules; it changes whenever the same input may give another comparison."""

MARKUP_RULES: Final = "markup/1"
"""Version of the rules of `preserve.markup`: raised whenever the same tree may give other blocks."""

EXTRACTION_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "include_comments": False,
        "include_tables": True,
        "deduplicate": False,
        "with_metadata": False,
        "favor_recall": False,
    }
)
"""What trafilatura is called with."""


def extractor_name(trafilatura: str) -> str:
    """Name, version and options of what makes an extraction.

    Args:
        trafilatura: its version.
    """
    options = ",".join(f"{name}={str(value).lower()}" for name, value in sorted(EXTRACTION_OPTIONS.items()))
    return f"trafilatura/{trafilatura} {options}; {MARKUP_RULES}"


def judging_software(software: str, rules: str, extractor: str) -> str:
    """What a run that judges again is recorded with: unlike one that visits, it is all of one version.

    Args:
        software: name and version of this package.
        rules, extractor: as checks are recorded with them.
    """
    return f"{software} {rules} {extractor}"


def installed_extractor() -> str:
    """The same of what is installed, without loading it."""
    return extractor_name(version("trafilatura"))
