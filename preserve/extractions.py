"""Extractions that a judging process has made, for the pages it meets again.

A page is looked at twice when its host's template or a probe became known in between, and the last run's page is
often today's. Owns which extractions are kept; what an extraction is belongs to `preserve.extract`.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import Final, Protocol

from preserve.model import Extraction

MOST_PAGES: Final = 256  # a host's pages wait for its template, up to 128 of them
MOST_BYTES: Final = 64 * 1024 * 1024
_BLOCK: Final = 300  # bytes a block takes beside its text
_CHARACTER: Final = 2  # bytes; four for the rarest, one for plain English

_Key = tuple[bytes, str | None, str]


class Extract(Protocol):
    """Makes an extraction: `preserve.extract.extract_page`."""

    def __call__(self, body: bytes, /, *, content_type: str | None, url: str) -> Extraction:
        """The same arguments give the same value."""


def _extract_page(body: bytes, /, *, content_type: str | None, url: str) -> Extraction:
    from preserve.extract import extract_page  # noqa: PLC0415 - heavy; whoever holds a cache need not fill it

    return extract_page(body, content_type=content_type, url=url)


class Extractions:
    """Extractions by all that they are made from, the least recently used given up first. For one thread.

    Args:
        extract: makes one.
        most_pages, most_bytes: how many are kept, and how much memory they may take, by estimate.
    """

    def __init__(
        self, extract: Extract = _extract_page, *, most_pages: int = MOST_PAGES, most_bytes: int = MOST_BYTES
    ) -> None:
        self._extract, self._most_pages, self._most_bytes = extract, most_pages, most_bytes
        self._kept: OrderedDict[_Key, tuple[Extraction, int]] = OrderedDict()
        self._bytes = 0

    def of(self, body: bytes, *, content_type: str | None, url: str) -> Extraction:
        """The extraction of a page; arguments as for `preserve.extract.extract_page`."""
        key = (sha256(body, usedforsecurity=False).digest(), content_type, url)
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known[0]
        made = self._extract(body, content_type=content_type, url=url)
        self._keep(key, made)
        return made

    def _keep(self, key: _Key, made: Extraction) -> None:
        size = _size(made)
        if size > self._most_bytes:
            return
        self._kept[key] = (made, size)
        self._bytes += size
        while len(self._kept) > self._most_pages or self._bytes > self._most_bytes:
            _, (_, freed) = self._kept.popitem(last=False)
            self._bytes -= freed


def _size(made: Extraction) -> int:
    """About the bytes of memory that an extraction takes."""
    blocks = (*made.main, *made.visible)
    texts = sum(len(block.text) for block in blocks) + sum(len(text) for text in made.structured)
    return _BLOCK * len(blocks) + _CHARACTER * texts
