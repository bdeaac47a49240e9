"""Asking whether a page is still as it was (RFC 9110, section 13): which fields may be sent, purely."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from preserve.times import parse_http_date

# An entity-tag (RFC 9110, section 8.8.3), of ASCII only and of a length that a header bears.
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,500}"')
_DATE = re.compile(r"[\x20-\x7e]{1,60}")


@dataclass(frozen=True, slots=True)
class Validators:
    """What the last answer of a URL gave to recognise it by.

    Attributes:
        url: the URL they belong to; no other is asked with them.
        etag, last_modified: as received; "" without. At least one is there.
    """

    url: str
    etag: str = ""
    last_modified: str = ""

    def fields(self, url: str) -> Sequence[tuple[str, str]]:
        """The header fields to send with a request for `url`; none when they are another's."""
        if url != self.url:
            return ()
        found = (("If-None-Match", self.etag), ("If-Modified-Since", self.last_modified))
        return tuple((name, value) for name, value in found if value)


def validators_of(url: str, headers: Sequence[tuple[str, str]]) -> Validators | None:
    """The validators of an answer of `url`, or None when it has none that can be sent back."""
    etag = _first(headers, "etag").strip()
    modified = _first(headers, "last-modified").strip()
    if not _ETAG.fullmatch(etag):
        etag = ""
    if not _DATE.fullmatch(modified) or parse_http_date(modified) is None:
        modified = ""
    return Validators(url, etag, modified) if etag or modified else None


def _first(headers: Sequence[tuple[str, str]], name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")
