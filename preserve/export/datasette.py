"""Writes the metadata with which Datasette shows the ledger: what its views mean, and questions put ready.

It is data/datasette.json as it is; it names the ledger's own tables and views, so a test opens it with Datasette.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final, TextIO

_METADATA: Final = "data/datasette.json"


def write(stream: TextIO) -> None:
    """Write the metadata (JSON)."""
    stream.write(files("preserve.export").joinpath(_METADATA).read_text("utf-8"))
