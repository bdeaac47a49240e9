"""Exports: what the ledger knows, in the formats that other programs read. One file a format, no network.

    Material.rows() -> json, csv, junit, sarif       Material.changes() -> atom       nothing -> datasette, schema

A writer takes rows or changes and a text stream, and holds no more than one row at a time.
"""

from preserve.export.atom import Feed
from preserve.export.atom import write as write_feed
from preserve.export.changes import ConfirmedChange
from preserve.export.formats import FIXED_FORMATS, ROW_FORMATS
from preserve.export.material import Material, Wanted
from preserve.export.rows import Facts, Row, facts_reader

__all__ = [
    "FIXED_FORMATS",
    "ROW_FORMATS",
    "ConfirmedChange",
    "Facts",
    "Feed",
    "Material",
    "Row",
    "Wanted",
    "facts_reader",
    "write_feed",
]
