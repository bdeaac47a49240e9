"""Atom feeds of confirmed changes beside the pages: one of all, and one for each category that has any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from io import StringIO
from typing import Final

from preserve.export import ConfirmedChange, Feed, Material, facts_reader, write_feed
from preserve.ledger import Ledger
from preserve.report.gathering import page_name
from preserve.report.rendering import post_path
from preserve.report.site import Site
from preserve.settings import Settings

ALL: Final = "feeds/all.atom"


class Feeds:
    """Writes feeds into a report.

    Args:
        ledger: open for reading.
        settings: where the archive is and how posts are read.
        site: takes the files.
        url: where the report will be published, so that entries lead to its pages; "" where that is not known.
    """

    def __init__(self, ledger: Ledger, settings: Settings, site: Site, url: str) -> None:
        self._material = Material(ledger, facts_reader(settings))
        self._site, self._base = site, f"{url.rstrip('/')}/" if url else ""

    def write(self) -> Mapping[str, str]:
        """Write them all; the files of the categories that have one."""
        self._put(ALL, None, self._material.changes())
        found = {}
        for category, changes in self._material.changes_by_category().items():
            digest = sha256(category.encode("utf-8", "surrogatepass")).hexdigest()
            found[category] = f"feeds/{digest[:16]}.atom"
            self._put(found[category], category, changes())
        return found

    def _put(self, name: str, category: str | None, changes: Iterable[ConfirmedChange]) -> None:
        stream = StringIO()
        feed = Feed(
            archive=self._material.began_at(),
            category=category,
            url=self._base and self._base + name,
            page=self._page if self._base else None,
        )
        write_feed(changes, stream, feed)
        self._site.write(name, stream.getvalue())

    def _page(self, post: str) -> str:
        return self._base + post_path(page_name(post))
