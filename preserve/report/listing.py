"""Owns how posts are cut into lists: one for each verdict, edit, host, year and category, sorted, in pages. Pure.

No page lists everything: a page has `ROWS` posts, and a list as many pages as it takes, in each of its orders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from preserve.model import Verdict
from preserve.report.values import GROUPS, PostLine, Tally

ROWS: Final = 150
CHOICES: Final = 250


class Facet(StrEnum):
    """What a list has in common."""

    ALL = "all"
    VERDICT = "verdict"
    NATURE = "nature"
    HOST = "host"
    YEAR = "year"
    CATEGORY = "category"


class Order(StrEnum):
    """How a list is sorted."""

    DATE = "date"  # of the post, newest first
    SINCE = "since"  # latest change first
    HOST = "host"
    VERDICT = "verdict"


_ORDERS: Final[Mapping[Facet, tuple[Order, ...]]] = {
    Facet.ALL: (Order.DATE, Order.SINCE, Order.HOST, Order.VERDICT),
    Facet.VERDICT: (Order.SINCE, Order.DATE, Order.HOST),
    Facet.NATURE: (Order.SINCE, Order.DATE, Order.HOST),
    Facet.HOST: (Order.DATE, Order.SINCE, Order.VERDICT),
    Facet.YEAR: (Order.DATE, Order.HOST, Order.VERDICT),
    Facet.CATEGORY: (Order.DATE, Order.SINCE, Order.VERDICT),
}
_VERDICT_PLACE: Final = {verdict: index for index, verdict in enumerate(GROUPS)}


@dataclass(frozen=True, slots=True)
class Choice:
    """A list to choose, with where its first page lies.

    Attributes:
        facet, name: what it has in common; `name` is "" for the posts that have none.
        path: of its first page in its first order, from the report's root.
        tally: what became of its posts.
    """

    facet: Facet
    name: str
    path: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list.

    Attributes:
        choice: the list.
        order, orders: how it is sorted, and each way it can be, with the path of the first page.
        page, pages: from 1.
        first, total: number of its first post, and of all.
        lines: its posts.
    """

    choice: Choice
    order: Order
    orders: tuple[tuple[Order, str], ...]
    page: int
    pages: int
    first: int
    total: int
    lines: Sequence[PostLine]

    def path(self, page: int) -> str:
        """Where a page of this list and order lies, from the report's root."""
        return page_path(self.choice.facet, self.choice.name, self.order, page)


def page_path(facet: Facet, name: str, order: Order, page: int = 1) -> str:
    """Where a page of a list lies, from the report's root."""
    return f"lists/{facet.value}/{_slug(facet, name)}/{order.value}-{page}.html"


def first_path(facet: Facet, name: str = "") -> str:
    """Where a list's first page lies, in its first order."""
    return page_path(facet, name, _ORDERS[facet][0])


def choices_path(facet: Facet, page: int = 1) -> str:
    """Where the page lies on which one of a facet's lists is chosen."""
    return f"lists/{facet.value}/index-{page}.html"


class Lists:
    """The lists of a report.

    Args:
        lines: every post; held, not copied.
    """

    def __init__(self, lines: Sequence[PostLine]) -> None:
        found: dict[Facet, dict[str, list[PostLine]]] = {facet: defaultdict(list) for facet in Facet}
        for line in lines:
            for facet, name in _names(line):
                found[facet][name].append(line)
        self._found = found

    def choices(self, facet: Facet) -> tuple[Choice, ...]:
        """A facet's lists, in an order fit to choose from."""
        made = [
            Choice(facet, name, first_path(facet, name), _tally(name, lines))
            for name, lines in self._found[facet].items()
        ]
        return tuple(sorted(made, key=_choice_key))

    def pages(self) -> Iterator[ListPage]:
        """Every page of every list in every order."""
        for facet in Facet:
            orders = _ORDERS[facet]
            for choice in self.choices(facet):
                lines = self._found[facet][choice.name]
                firsts = tuple((order, page_path(facet, choice.name, order)) for order in orders)
                for order in orders:
                    yield from _paged(choice, order, firsts, sorted(lines, key=_KEYS[order]))


def _names(line: PostLine) -> Iterator[tuple[Facet, str]]:
    yield Facet.ALL, ""
    yield Facet.VERDICT, line.verdict.value
    if line.verdict is Verdict.EDITED:
        for nature in line.natures:
            yield Facet.NATURE, nature.value
    yield Facet.HOST, line.host
    yield Facet.YEAR, line.year
    for category in line.categories or ("",):
        yield Facet.CATEGORY, category


def _tally(name: str, lines: Iterable[PostLine]) -> Tally:
    counts: dict[Verdict, int] = defaultdict(int)
    for line in lines:
        counts[line.verdict] += 1
    return Tally(name, dict(counts))


def _choice_key(choice: Choice) -> tuple[Any, ...]:
    if choice.facet is Facet.VERDICT:
        return (_VERDICT_PLACE[Verdict(choice.name)],)
    if choice.facet is Facet.YEAR:
        return (not choice.name, -int(choice.name or 0))
    return (not choice.name, -choice.tally.posts, choice.name)


def _paged(
    choice: Choice, order: Order, orders: tuple[tuple[Order, str], ...], lines: Sequence[PostLine]
) -> Iterator[ListPage]:
    pages = max(1, -(-len(lines) // ROWS))
    for page in range(1, pages + 1):
        start = (page - 1) * ROWS
        yield ListPage(choice, order, orders, page, pages, start + 1, len(lines), lines[start : start + ROWS])


def _slug(facet: Facet, name: str) -> str:
    """A folder's name: our own words and years as they are, anything foreign by its digest."""
    if facet is Facet.ALL:
        return "posts"
    if not name:
        return "none"
    if facet in (Facet.VERDICT, Facet.NATURE, Facet.YEAR):
        return name
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _by_date(line: PostLine) -> tuple[Any, ...]:
    return -(line.day or date.min).toordinal(), line.post


def _by_since(line: PostLine) -> tuple[Any, ...]:
    return -line.since.timestamp(), line.post


_KEYS: Final[Mapping[Order, Callable[[PostLine], tuple[Any, ...]]]] = {
    Order.DATE: _by_date,
    Order.SINCE: _by_since,
    Order.HOST: lambda line: (not line.host, line.host, *_by_date(line)),
    Order.VERDICT: lambda line: (_VERDICT_PLACE[line.verdict], *_by_date(line)),
}
