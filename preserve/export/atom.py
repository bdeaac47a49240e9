"""Writes an Atom feed (RFC 4287) of confirmed changes, newest first.

An entry is the change, not the post: its id, its times and what it says are the same in every feed that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TextIO
from uuid import UUID, uuid5

from preserve import __version__
from preserve.export.changes import ConfirmedChange
from preserve.export.wording import label, rule_of
from preserve.export.xmlout import XmlStream
from preserve.model import Change, ChangeKind, Verdict
from preserve.times import warc_date
from preserve.visible import shortened

_NAMESPACE: Final = UUID("6f0f3a7e-5a3b-5d0e-9a53-0d6c8f3f1b52")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ATOM: Final = "http://www.w3.org/2005/Atom"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_SHOWN: Final = 10
_LONGEST: Final = 400
_SAID: Final = {
    Verdict.GONE: "gone",
    Verdict.REPLACED: "replaced",
    Verdict.EDITED: "edited",
    Verdict.INTACT: "intact again",
    Verdict.MOVED: "intact again, at another address",
}


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says of itself.

    Attributes:
        archive: tells the archive from others: when its first run began; None for one without runs.
        category: whose changes it has; None for all.
        url: where it will be published; "" where that is not known.
        page: gives the address of a post's page, which entries then lead to instead of the source; None without pages.
    """

    archive: datetime | None = None
    category: str | None = None
    url: str = ""
    page: Callable[[str], str] | None = None


def write(changes: Iterable[ConfirmedChange], stream: TextIO, feed: Feed) -> None:
    """Write a feed of `changes`, which come newest first."""
    found = list(changes)  # no more than a feed shows
    out = XmlStream(stream)
    out.begin()
    with out.inside("feed", xmlns=_ATOM):
        title = "Confirmed changes of sources"
        out.element("title", title if feed.category is None else f"{title}: {feed.category}")
        out.element("id", _id("feed", _moment(feed.archive or _EPOCH), *_known(feed.category)))
        out.element("updated", _moment(found[0].confirmation.at if found else feed.archive or _EPOCH))
        with out.inside("author"):
            out.element("name", "preserve")
        out.element("generator", "preserve", version=__version__)
        if feed.url:
            out.element("link", rel="self", type="application/atom+xml", href=feed.url)
        for change in found:
            _entry(change, out, feed)


def _entry(change: ConfirmedChange, out: XmlStream, feed: Feed) -> None:
    check, confirmation = change.check, change.confirmation
    name = shortened(change.facts.title, _LONGEST) or check.post.rpartition("/")[2]
    source = check.source.strip() if check.source else ""
    with out.inside("entry"):
        out.element("title", f"{_SAID[confirmation.verdict]}: {name}")
        settled = confirmation.capture or _moment(confirmation.at)
        out.element("id", _id("change", check.post, str(confirmation.verdict), settled))
        out.element("updated", _moment(confirmation.at))
        for category in change.facts.categories:
            out.element("category", term=category)
        if feed.page is not None:
            out.element("link", rel="alternate", type="text/html", href=feed.page(check.post))
        if source.lower().startswith(("http://", "https://")):
            out.element("link", rel="alternate" if feed.page is None else "via", href=_iri(source))
        with out.inside("content", type="xhtml"), out.inside("div", xmlns=_XHTML):
            _content(change, out)


def _content(change: ConfirmedChange, out: XmlStream) -> None:
    check, confirmation = change.check, change.confirmation
    said = f"{rule_of(check)}, first observed {confirmation.since:%Y-%m-%d}, confirmed {confirmation.at:%Y-%m-%d}."
    out.element("p", said)
    out.element("p", f"Post: {check.post}")
    out.element("p", f"Source: {check.source or 'none'}")
    if check.final_url and check.final_url != check.source:
        out.element("p", f"Answered by: {check.final_url}")
    changes = check.judgement.changes
    if not changes:
        return
    with out.inside("ul"):
        for one in changes[:_SHOWN]:
            _difference(one, out)
    if len(changes) > _SHOWN:
        out.element("p", f"And {len(changes) - _SHOWN} more.")


def _difference(change: Change, out: XmlStream) -> None:
    with out.inside("li"):
        out.text(f"{label(change)}: ")
        if change.kind is ChangeKind.MOVE:
            out.text(f"moved: {shortened(change.old, _LONGEST)}")
            return
        if change.old:
            out.inline("del", shortened(change.old, _LONGEST))
            out.text(" ")
        if change.new:
            out.inline("ins", shortened(change.new, _LONGEST))


def _id(*parts: str) -> str:
    """An IRI that is the same for the same parts: nobody here owns a domain to make `tag:` URIs from (RFC 4151)."""
    return uuid5(_NAMESPACE, "\n".join(parts).encode("utf-8", "backslashreplace").decode()).urn


def _known(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _moment(when: datetime) -> str:
    """As RFC 3339 has it."""
    return warc_date(when)


def _iri(url: str) -> str:
    """A URL with what no IRI may hold (RFC 3987) percent-encoded."""
    return "".join(one if _in_iri(one) else _encoded(one) for one in url)


def _in_iri(character: str) -> bool:
    if character.isascii():
        return character.isprintable() and character not in ' <>"{}|\\^`'
    return character.isprintable()


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
