"""Owns the tables of formats: which function writes which. A feed alone takes changes instead of rows (`atom`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TextIO

from preserve.export import datasette, junit, report, sarif, table
from preserve.export.rows import Row

ROW_FORMATS: Final[Mapping[str, Callable[[Iterable[Row], TextIO], None]]] = {
    "json": report.write,
    "csv": table.write,
    "junit": junit.write,
    "sarif": sarif.write,
}
# The same for every archive.
FIXED_FORMATS: Final[Mapping[str, Callable[[TextIO], None]]] = {
    "datasette": datasette.write,
    "schema": report.write_schema,
}
