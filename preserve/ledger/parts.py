"""Owns what every part of the ledger holds: the open file, and how rows become values and back."""

from __future__ import annotations

from preserve.ledger.database import Database
from preserve.ledger.reading import Reader
from preserve.ledger.writing import Writer


class Part:
    """A part of the ledger: its questions on one subject.

    Args:
        database: the open file.
    """

    def __init__(self, database: Database) -> None:
        self._database, self._reader, self._writer = database, Reader(database), Writer(database)
