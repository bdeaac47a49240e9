"""The use case: a whole report into a directory, post by post, holding a line of each and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from preserve import __version__
from preserve.errors import ArchiveError
from preserve.ledger import Ledger, RunOverview
from preserve.report.facts import FactsReader
from preserve.report.feeds import Feeds
from preserve.report.gathering import Gathering, baseline_without_report
from preserve.report.listing import CHOICES, Facet, Lists
from preserve.report.postpages import PostPages
from preserve.report.rendering import Pages, post_path
from preserve.report.searching import SearchIndex
from preserve.report.site import Site
from preserve.report.values import Baseline, BaselineKind, Overview, PostLine
from preserve.report.wording import Wording
from preserve.settings import Settings

ASSETS: Final = ("report.css", "search.js")


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for.

    Attributes:
        output: the report's directory.
        language: of its words, one of `LANGUAGES`.
        title: what it is called; "" for the usual.
        url: where it will be published, for its feeds; "" where that is not known.
    """

    output: Path
    language: str = "en"
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Built:
    """What came of it.

    Attributes:
        index: the front page.
        posts: how many posts it tells of.
        files, written, removed: of the report; those that were new or different; those that are no longer part.
        overview: what the front page says.
    """

    index: Path
    posts: int
    files: int
    written: int
    removed: int
    overview: Overview


def build(ledger: Ledger, settings: Settings, options: Options) -> Built:
    """Make a report, or bring one up to date.

    Raises:
        ConfigError: the directory holds something else, or can't be written.
        ArchiveError: the ledger has no check, or can't be read.
    """
    runs = ledger.reporting.runs()
    if not any(run.checks for run in runs):
        raise ArchiveError("the ledger has no check yet: run `preserve verify POSTS` first")
    site = Site(options.output)
    site.begin()
    facts = FactsReader(settings, site.remembered())
    state = _State.of(site.state, runs)
    gathering = Gathering(ledger, facts, state.baseline)
    feeds = Feeds(ledger, settings, site, options.url).write()
    pages = Pages(Wording(options.language), options.title, feeds)
    lines = _write_posts(ledger, gathering, PostPages(ledger, facts, settings.cite.replay_url), pages, site)
    overview = gathering.overview(runs)
    assert overview is not None  # noqa: S101 - there is a check
    _write_lists(lines, overview, pages, site)
    for name in ASSETS:
        site.write(name, files("preserve.report").joinpath("assets", name).read_bytes())
    site.write(".nojekyll", b"")  # GitHub Pages: publish the files as they are
    removed = site.finish(state.next(overview), facts.lines())
    return Built(options.output / "index.html", len(lines), site.files, site.written, removed, overview)


def _write_posts(ledger: Ledger, gathering: Gathering, posts: PostPages, pages: Pages, site: Site) -> list[PostLine]:
    lines = []
    for check in ledger.latest_checks():
        seen = gathering.take(check)
        site.write(post_path(seen.line.page), pages.post(posts.page(seen)))
        lines.append(seen.line)
    return lines


def _write_lists(lines: list[PostLine], overview: Overview, pages: Pages, site: Site) -> None:
    lists, index = Lists(lines), SearchIndex()
    choices = {facet: lists.choices(facet) for facet in Facet}
    site.write("index.html", pages.front(overview, choices))
    for page in lists.pages():
        site.write(page.path(page.page), pages.list(page))
    for facet in Facet:
        if facet is Facet.ALL:
            continue
        for number in range(1, max(1, -(-len(choices[facet]) // CHOICES)) + 1):
            site.write(f"lists/{facet.value}/index-{number}.html", pages.choices(facet, choices[facet], number))
    for line in lines:
        index.add(line)
    for name, content in index.files():
        site.write(name, content)
    site.write("search.html", pages.search(index.shards()))


@dataclass(frozen=True, slots=True)
class _State:
    """What a report remembers of itself.

    Attributes:
        archive: tells archives apart: when its first run began.
        baseline: what this report measures its news from.
        upto: number of the last check there is.
    """

    archive: str
    baseline: Baseline
    upto: int

    @classmethod
    def of(cls, state: Mapping[str, Any], runs: tuple[RunOverview, ...]) -> _State:
        """From what the last report left behind; of another archive, or of none, nothing is taken."""
        archive, upto = runs[0].started_at.isoformat(), max(run.last_check for run in runs)
        try:
            known, at = int(state["upto"]), datetime.fromisoformat(state["as_of"])
            before = state["baseline"]
            kept = Baseline(BaselineKind(before["kind"]), int(before["check"]), _moment(before["at"]))
        except (KeyError, TypeError, ValueError):
            return cls(archive, baseline_without_report(runs), upto)
        if state.get("archive") != archive or known > upto or at.tzinfo is None:
            return cls(archive, baseline_without_report(runs), upto)
        # Nothing new: the news of the last report are still the news.
        return cls(archive, kept if known == upto else Baseline(BaselineKind.REPORT, known, at), upto)

    def next(self, overview: Overview) -> Mapping[str, Any]:
        """What the next report is to know."""
        base = self.baseline
        at = base.at.isoformat() if base.at else None
        return {
            "preserve": __version__,
            "archive": self.archive,
            "as_of": overview.as_of.isoformat(),
            "upto": self.upto,
            "baseline": {"kind": base.kind.value, "check": base.check, "at": at},
        }


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
