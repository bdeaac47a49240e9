"""Owns what a person may mean by a word: spellings of a source, queries that find a post, the year of a path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from preserve.ledger.codec import pack_text

_YEAR: Final = re.compile(r"(?:^|/)(\d{4})-\d{2}-\d{2}-[^/]*$|(?:^|/)(\d{4})/(?:[^/]+/)*[^/]+$")


def year_of(path: str) -> str:
    """The year of a post by its file name or directory (`2021-05-06-x.md`, `2021/05/x.md`); "" without one."""
    found = _YEAR.search(path)
    return (found[1] or found[2]) if found else ""


def same_source(source: str) -> tuple[str | bytes, ...]:
    """The five spellings of a source URL that are taken for one."""
    bare = re.sub(r"^https?://", "", source).rstrip("/")
    urls = [f"{scheme}{bare}{slash}" for scheme in ("http://", "https://") for slash in ("", "/")]
    return (pack_text(source), *(pack_text(url) for url in urls))


def searches(fragment: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The queries that may find a post, in the order of preference."""
    yield (
        "SELECT path FROM latest JOIN posts ON posts.id = post_id WHERE source_id IN"
        " (SELECT id FROM urls WHERE url IN (?, ?, ?, ?, ?))",
        same_source(fragment),
    )
    end = pack_text("/" + fragment.lstrip("/"))
    yield "SELECT path FROM posts WHERE substr(path, -length(?1)) = ?1", (end,)
    whole = pack_text(fragment)
    # The same file named from further up: `./_posts/x.md`, `/home/me/site/_posts/x.md`.
    yield "SELECT path FROM posts WHERE substr(?1, -length(path) - 1) = '/' || path", (whole,)
    yield "SELECT path FROM posts WHERE instr(path, ?1) > 0", (whole,)
