"""The closer look: one post's texts, held against the quotations it may have.

Owns which texts of a post and of its captured pages are looked at, and in which order: the article first; only what is
not in it is looked for elsewhere on the page, for which the page is read again. Runs in worker processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from preserve.errors import PostError
from preserve.extract import decode_html, extract_page
from preserve.judging import HTML_TYPES, decoded_body
from preserve.markup import blocks_of, parse_html
from preserve.model import ArchivedCapture, Block, Exchange, RecordRef, Region
from preserve.posts import parse_post
from preserve.posts.body import stored_copy
from preserve.quotations import Grade, Haystack, Match, Needle, ShingleIndex, needle_of, weigh
from preserve.quotes.scan import LIKELY
from preserve.quotes.values import Layer
from preserve.selectors import Directive, directive_for
from preserve.settings import Settings
from preserve.warc import read_block, read_capture


@dataclass(frozen=True, slots=True)
class PageTask:
    """A page that a source showed at some time.

    Attributes:
        key: the same for all captures of it.
        conversion: the record of its text, where that is known; else the page is extracted.
        capture: one capture of it.
        latest: the number of the last check that saw it, counted from 0.
    """

    key: str
    conversion: RecordRef | None
    capture: ArchivedCapture
    latest: int


@dataclass(frozen=True, slots=True)
class PostTask:
    """A post and its pages.

    Attributes:
        post: its path.
        stored: the record of its stored copy; None where there is none.
        pages: each page its source showed, once.
        last: the key of the page at the last check; "" where it brought none.
        links: make the links that lead to quotations on it.
        quotations: what is looked for.
        settings: where the archive is, how posts are read and pages decoded.
    """

    post: str
    stored: RecordRef | None
    pages: tuple[PageTask, ...]
    last: str
    links: bool
    quotations: tuple[str, ...]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Seen:
    """What a text makes of a quotation.

    Attributes:
        match: that.
        layer: in which text.
        text: the record that is this text as a whole; None where it is a part of one, or made from one.
        around: the text that the match's spans count in, from which exports cut; "" but for the last page on which it
            stands.
    """

    match: Match
    layer: Layer
    text: RecordRef | None = None
    around: str = ""


@dataclass(frozen=True, slots=True)
class PostSeen:
    """What a post's texts make of the quotations.

    Attributes:
        stored: of each quotation; None where the post can't be read.
        pages: of each page by its key, of each quotation; a page that has no text is left out.
        links: of each quotation, how a browser is led to it on the last page; None where it does not stand there.
    """

    stored: tuple[Seen, ...] | None
    pages: dict[str, tuple[Seen, ...]]
    links: tuple[Directive | None, ...]


def look(task: PostTask) -> PostSeen:
    """Look closely at one post.

    Raises:
        ArchiveError: a record is missing or damaged.
    """
    needles = [needle_of(text) for text in task.quotations]
    pages: dict[str, tuple[Seen, ...]] = {}
    links: tuple[Directive | None, ...] = (None,) * len(needles)
    stood: set[int] = set()
    for page in sorted(task.pages, key=lambda page: -page.latest):
        read = _Page(page, task.settings)
        seen = [_on_page(needle, read) for needle in needles]
        for position, one in enumerate(seen):
            if position in stood or not one.match.grade.stands:
                seen[position] = replace(one, around="")
            else:
                stood.add(position)
        if read.has_text:
            pages[page.key] = tuple(seen)
            if page.key == task.last and task.links:
                links = tuple(_link(needle, one, read) for needle, one in zip(needles, seen, strict=True))
    return PostSeen(_in_post(task, needles), pages, links)


def sift(task: PostTask) -> frozenset[int]:
    """Which quotations, by position, may stand anywhere on a post's pages, outside the article too.

    Raises:
        ArchiveError: a record is missing or damaged.
    """
    index = _index(task.quotations)
    found: set[int] = set()
    for page in task.pages:
        blind = _Page(page, task.settings).visible.blind
        found.update(number for number, _ in index.shares(blind, LIKELY))
    return frozenset(found)


@lru_cache(maxsize=1)
def _index(quotations: tuple[str, ...]) -> ShingleIndex:
    return ShingleIndex(needle for text in quotations if (needle := needle_of(text)) is not None)


def _in_post(task: PostTask, needles: Sequence[Needle | None]) -> tuple[Seen, ...] | None:
    if task.stored is None:
        return None
    data = read_block(Path(task.settings.archive.directory), task.stored)
    try:
        post = parse_post(task.post, data, task.settings.posts)
        copy = stored_copy(post, data, task.settings.posts)
    except PostError:
        return None
    article = Haystack([text for text in (copy.title, *(block.text for block in copy.blocks)) if text])
    aside = Haystack([one.text for one in copy.set_aside])
    return tuple(_first_of(needle, (article, Layer.MAIN), (aside, Layer.ASIDE)) for needle in needles)


def _first_of(needle: Needle | None, *texts: tuple[Haystack, Layer]) -> Seen:
    """Where the quotation stands; where it stands nowhere, the first text that comes nearest."""
    best = Seen(Match(Grade.ABSENT), texts[0][1])
    for haystack, layer in texts if needle is not None else ():
        assert needle is not None  # noqa: S101 - the loop is empty without one
        match = weigh(needle, haystack)
        if match.grade.stands:
            return Seen(match, layer)
        if match.alike > best.match.alike:
            best = Seen(match, layer)
    return best


def _on_page(needle: Needle | None, page: _Page) -> Seen:
    if needle is None or not page.has_text:
        return Seen(Match(Grade.ABSENT), Layer.MAIN)
    match = weigh(needle, page.article)
    if match.grade.stands:
        return Seen(match, Layer.MAIN, page.record, page.article.text)
    elsewhere = weigh(needle, page.visible)
    if elsewhere.grade.stands:
        return Seen(elsewhere, Layer.VISIBLE, None, page.visible.text)
    better = elsewhere.alike > match.alike
    return Seen(elsewhere, Layer.VISIBLE) if better else Seen(match, Layer.MAIN, page.record)


def _link(needle: Needle | None, seen: Seen, page: _Page) -> Directive | None:
    """How a browser is led to a quotation: by its place in what the page shows, from its first part to its last."""
    if needle is None or not seen.match.grade.stands:
        return None
    shown = page.shown
    match = weigh(needle, shown)
    if not match.grade.stands:
        return None
    return directive_for(shown.blocks, match.spans[0][0], match.spans[-1][1])


class _Page:
    """A page's texts, each made when it is first asked for."""

    def __init__(self, task: PageTask, settings: Settings) -> None:
        self.task, self._settings = task, settings
        self._archive = Path(settings.archive.directory)
        self._article: Haystack | None = None
        self._blocks: tuple[Block, ...] | None = None
        self._visible: Haystack | None = None
        self._exchange: tuple[Exchange, bytes] | None = None
        self.record = task.conversion

    @property
    def has_text(self) -> bool:
        return bool(self.article.text) or bool(self.visible.text)

    @property
    def article(self) -> Haystack:
        if self._article is None:
            if self.task.conversion is not None:
                self._article = Haystack.of(read_block(self._archive, self.task.conversion).decode("utf-8", "replace"))
            else:
                self._article = self._extracted()
        return self._article

    @property
    def visible(self) -> Haystack:
        if self._visible is None:
            self._visible = Haystack([block.text for block in self._all()])
        return self._visible

    @property
    def shown(self) -> Haystack:
        """What a browser searches: hidden text is not."""
        return Haystack([block.text for block in self._all() if block.region is not Region.HIDDEN])

    def _extracted(self) -> Haystack:
        exchange, body = self._read()
        if not body:
            return Haystack(())
        page = extract_page(body, content_type=exchange.header("content-type"), url=exchange.url)
        self._blocks = page.visible
        return Haystack([block.text for block in page.main])

    def _all(self) -> tuple[Block, ...]:
        if self._blocks is None:
            exchange, body = self._read()
            html = decode_html(body, exchange.header("content-type")).text if body else ""
            self._blocks = blocks_of(parse_html(html)) if html.strip() else ()
        return self._blocks

    def _read(self) -> tuple[Exchange, bytes]:
        """The exchange that decided and its body; empty where there is no page in it."""
        if self._exchange is None:
            final = read_capture(self._archive, self.task.capture).final
            assert final is not None  # noqa: S101 - the capture has a response, or it would not be asked for
            kind = (final.header("content-type") or "").partition(";")[0].strip().lower()
            body = decoded_body(final, self._settings).body if final.status and kind in HTML_TYPES else b""
            self._exchange = final, body if body.strip() else b""
        return self._exchange
