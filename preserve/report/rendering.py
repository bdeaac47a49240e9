"""Owns Jinja2: the pages of a report, in which everything foreign is escaped and made visible.

Every value a template prints passes `_shown`: control and bidi characters become visible signs there, and autoescape
makes the rest text. So a template can't forget it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from preserve import __version__
from preserve.errors import PreserveError
from preserve.report import plots
from preserve.report.listing import CHOICES, Choice, Facet, ListPage, Order, choices_path, first_path
from preserve.report.passages import Mark, Marked, Passage
from preserve.report.tongues import tongue
from preserve.report.values import GROUPS, Group, NewsKind, Overview, PostLine, PostPage
from preserve.report.wording import Wording
from preserve.urls import legal_uri
from preserve.visible import shortened, visible

SIGNS: Final[Mapping[str, str]] = {
    "intact": "✓",
    "moved": "→",
    "edited": "≠",
    "truncated": "✂",
    "replaced": "⇄",
    "gone": "✗",
    "blocked": "⊘",
    "unreachable": "…",
    "unextractable": "?",
    "unchecked": "–",
}
ROWS_ON_FRONT: Final = 12
HISTORY_SHOWN: Final = 400
TEXT_SHOWN: Final = 16_000
_FOLDED_FROM: Final = 2


class Pages:
    """Renders pages in one language.

    Args:
        wording: of that language.
        title: what the report is called; foreign text, from the command line.
        feeds: of the categories that have a feed, its file.
    """

    def __init__(self, wording: Wording, title: str, feeds: Mapping[str, str]) -> None:
        self._wording, self._feeds = wording, feeds
        env = Environment(
            loader=PackageLoader("preserve.report"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
            keep_trailing_newline=True,
        )
        env.filters.update(
            weblink=weblink,
            iso=_iso,
            clock=_clock,
            percent=wording.percent,
            day=wording.day,
            number=wording.number,
            cut=shortened,
            tongue=tongue,
        )
        env.globals.update(
            t=wording,
            title=title or wording("site.title"),
            version=__version__,
            groups=GROUPS,
            kinds=Group,
            signs=SIGNS,
            marks=Mark,
            facets=Facet,
            first_path=first_path,
            choices_path=choices_path,
            post_path=post_path,
            folded=folded,
            masthead=self._masthead,
        )
        self._mastheads: dict[tuple[str, str], Markup] = {}
        self._env = env
        row = env.get_template("row.html.j2").module
        self._row: Any = row.row  # type: ignore[attr-defined]
        self._rows: dict[str, Markup] = {}

    def front(self, overview: Overview, choices: Mapping[Facet, Sequence[Choice]]) -> str:
        """The front page."""
        where = {facet: {choice.name: choice.path for choice in choices[facet]} for facet in Facet}
        return self._render(
            "front.html.j2",
            root="",
            here="front",
            o=overview,
            where=where,
            bad=sum(overview.news_counts.get(kind, 0) for kind in (NewsKind.LOST, NewsKind.DRIFTED)),
            ages=_ages(overview),
            shown=ROWS_ON_FRONT,
            **self._figures(overview),
        )

    def post(self, page: PostPage) -> str:
        """A post's page."""
        return self._render(
            "post.html.j2",
            root="../../",
            here="",
            p=page,
            line=page.line,
            check=page.check,
            marked=bounded(page.marked),
            since_last=bounded(page.since_last),
            history_shown=HISTORY_SHOWN,
        )

    def list(self, page: ListPage) -> str:
        """A page of a list."""
        rows = [self._line(line) for line in page.lines]
        facet, name = page.choice.facet, page.choice.name
        feed = self._feeds.get(name) if facet is Facet.CATEGORY else None
        return self._render("list.html.j2", root="../../../", here=facet.value, page=page, rows=rows, feed=feed)

    def choices(self, facet: Facet, choices: Sequence[Choice], page: int) -> str:
        """A page of the lists of a facet."""
        pages = max(1, -(-len(choices) // CHOICES))
        part = choices[(page - 1) * CHOICES : page * CHOICES]
        return self._render(
            "choices.html.j2", root="../../", here=facet.value, facet=facet, choices=part, page=page, pages=pages
        )

    def search(self, shards: str) -> str:
        """The page that searches."""
        return self._render("search.html.j2", root="", here="search", shards=shards, orders=Order)

    def _masthead(self, root: str, here: str) -> Markup:
        """The same on many pages, so it is rendered once."""
        found = self._mastheads.get((root, here))
        if found is None:
            html = self._render("masthead.html.j2", root=root, here=here)
            found = self._mastheads[root, here] = Markup(html)  # noqa: S704 - rendered with autoescape
        return found

    def _line(self, line: PostLine) -> Markup:
        row = self._rows.get(line.page)
        if row is None:
            row = self._rows[line.page] = Markup(str(self._row(line)))  # noqa: S704 - rendered with autoescape
        return row

    def _figures(self, overview: Overview) -> Mapping[str, Markup]:
        t = self._wording
        curves = {
            f"curves_{width}": plots.survival_curves(
                overview.survival,
                plots.Words(f"sv-{width}", t("survival.figure"), t("survival.figure_text")),
                narrow=width == "narrow",
            )
            for width in ("wide", "narrow")
            if overview.survival.there.subjects
        }
        columns = {
            f"years_{width}": plots.year_columns(
                overview.years,
                plots.Words(f"yr-{width}", t("where.figure"), t("where.figure_text")),
                narrow=width == "narrow",
            )
            for width in ("wide", "narrow")
            if any(tally.name for tally in overview.years)
        }
        bar = {
            "bar": plots.verdict_bar(overview.verdicts, plots.Words("vb", t("state.figure"), t("state.figure_text")))
        }
        figures = {
            "curves_wide": "",
            "curves_narrow": "",
            "years_wide": "",
            "years_narrow": "",
            **bar,
            **curves,
            **columns,
        }
        return {name: Markup(figure) for name, figure in figures.items()}  # noqa: S704 - plots escapes its words

    def _render(self, template: str, **values: Any) -> str:
        return self._env.get_template(template).render(**values)


def post_path(page: str) -> str:
    """Where a post's page lies, from the report's root."""
    return f"posts/{page[:2]}/{page[2:]}.html"


def weblink(url: str) -> str:
    """The address to link to; "" for what is no web address, which is then shown as text alone."""
    address = url.strip()
    if not address.lower().startswith(("http://", "https://")):
        return ""
    try:
        return legal_uri(address)
    except (ValueError, PreserveError):
        return ""


def folded(passages: Sequence[Passage]) -> list[tuple[bool, Sequence[Passage]]]:
    """The passages in stretches: (unchanged and long enough to be folded away, passages)."""
    stretches: list[tuple[bool, list[Passage]]] = []
    for passage in passages:
        if not stretches or stretches[-1][0] is passage.changed:
            stretches.append((not passage.changed, [passage]))
        else:
            stretches[-1][1].append(passage)
    return [(same and len(stretch) >= _FOLDED_FROM, stretch) for same, stretch in stretches]


def bounded(marked: Marked | None, limit: int = TEXT_SHOWN) -> tuple[Marked, bool] | None:
    """The passages that fit a page, changed ones first to be kept, and whether any was left out."""
    if marked is None:
        return None
    left = {True: limit, False: limit}
    kept, unplaced = (tuple(_fitting(passages, left)) for passages in (marked.passages, marked.unplaced))
    if not kept and marked.passages:
        kept = (_cut(marked.passages[0], limit),)
    return Marked(kept, unplaced, marked.whole, marked.changes), min(left.values()) < 0


def _fitting(passages: Sequence[Passage], left: dict[bool, int]) -> Iterator[Passage]:
    for passage in passages:
        left[passage.changed] -= sum(len(piece.text) for piece in passage.both)
        if left[passage.changed] >= 0:
            yield passage


def _cut(passage: Passage, limit: int) -> Passage:
    old, new, both = (
        tuple(type(piece)(piece.text[:limit], piece.mark, piece.change) for piece in side[:4])
        for side in (passage.old, passage.new, passage.both)
    )
    return Passage(old, new, both, passage.headline)


def _ages(overview: Overview) -> list[int]:
    longest = max(overview.survival.there.longest, overview.survival.same.longest)
    return [age for age in (1, 2, 3, 5, 7, 10, 15, 20, 25, 30) if age <= longest]


def _shown(value: object) -> object:
    return visible(value) if type(value) is str else value


def _iso(when: date | datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(when, datetime) else when.isoformat()


def _clock(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
