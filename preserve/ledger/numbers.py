"""Owns the numbers of what is kept once: found, given where it is new, and remembered. Opens no transaction itself."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from preserve.ledger.codec import pack_text
from preserve.ledger.database import Database
from preserve.urls import host_of

# What is kept once: how it is found, and how it is added.
_INTERNED: Final = {
    "host": ("SELECT id FROM hosts WHERE host = ?", "INSERT INTO hosts (host) VALUES (?)"),
    "post": ("SELECT id FROM posts WHERE path = ?", "INSERT INTO posts (path) VALUES (?)"),
    "file": ("SELECT id FROM files WHERE file = ?", "INSERT INTO files (file) VALUES (?)"),
    "version": ("SELECT id FROM versions WHERE version = ?", "INSERT INTO versions (version) VALUES (?)"),
    "digest": ("SELECT id FROM digests WHERE digest = ?", "INSERT INTO digests (digest) VALUES (?)"),
    "url": ("SELECT id FROM urls WHERE url = ?", "INSERT INTO urls (url, host_id) VALUES (?, ?)"),
    "detail": ("SELECT id FROM details WHERE digest = ?", "INSERT INTO details (digest, content) VALUES (?, ?)"),
}
# Of each; what a check refers to comes again within a few checks or hardly ever.
MOST_REMEMBERED: Final = 4096
# Of a value, so that what is remembered stays small whatever URLs a page comes from.
_LONGEST: Final = 512


class Numbers:
    """Numbers by value, asked for inside the caller's transaction.

    What was given in a transaction that is rolled back is not there: all that is remembered is forgotten with it.

    Args:
        database: open for writing.
    """

    def __init__(self, database: Database) -> None:
        self._database, self._as_of = database, database.undone
        self._remembered: dict[str, dict[str | bytes, int]] = {what: {} for what in _INTERNED}

    def of(self, what: str, value: str | bytes) -> int:
        """The number of a value: of a host, a post, a file, a version or a digest."""
        number = self._known_number(what, value)
        return self._new_number(what, value, value) if number is None else number

    def url(self, url: str) -> int:
        """The number of a URL, with its host."""
        packed = pack_text(url)
        number = self._known_number("url", packed)
        if number is not None:
            return number
        return self._new_number("url", packed, packed, self.of("host", pack_text(host_of(url.strip()))))

    def detail(self, content: str) -> int:
        """The number of a finding's text, which may be long: known by its digest."""
        digest = sha256(content.encode("utf-8")).digest()
        number = self._known_number("detail", digest)
        return self._new_number("detail", digest, digest, content) if number is None else number

    def _known_number(self, what: str, value: str | bytes) -> int | None:
        if self._as_of != self._database.undone:
            for remembered in self._remembered.values():
                remembered.clear()
            self._as_of = self._database.undone
        number = self._remembered[what].get(value)
        if number is None:
            row = self._database.one(_INTERNED[what][0], (value,))
            number = self._remember(what, value, int(row[0])) if row else None
        return number

    def _new_number(self, what: str, value: str | bytes, *columns: Any) -> int:
        return self._remember(what, value, self._database.insert(_INTERNED[what][1], columns))

    def _remember(self, what: str, value: str | bytes, number: int) -> int:
        remembered = self._remembered[what]
        if len(value) <= _LONGEST:
            if len(remembered) >= MOST_REMEMBERED:
                remembered.clear()
            remembered[value] = number
        return number
