"""The report as a reader finds it: what is news, what the figures rest on, and pages that hold together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from report_kit import BLOCKED, GONE, INTACT, REPLACED, Archive, admitted, edited, kept

import preserve
from preserve.errors import ArchiveError
from preserve.ledger import Ledger
from preserve.model import Judgement, Nature, Reason, Verdict
from preserve.report.gathering import page_name
from preserve.report.values import BaselineKind, Group, NewsKind
from preserve.verify.names import LEDGER

MOVED = Judgement(Verdict.MOVED, remaining=1.0)
UNCHECKED = Judgement(Verdict.UNCHECKED, Reason.ROBOTS)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "warcs")


def news(archive: Archive, output: Path) -> dict[str, NewsKind]:
    overview = archive.report(output).overview
    return {item.line.title: kind for kind, items in overview.news.items() for item in items}


def pages(output: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(output.rglob("*.html")):
        yield str(path.relative_to(output)), path.read_text("utf-8")


def page_of(output: Path, post: str) -> str:
    name = page_name(post)
    return (output / "posts" / name[:2] / f"{name[2:]}.html").read_text("utf-8")


# ---------------------------------------------------------------- what is news


def test_a_first_report_of_one_run_has_no_news(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(1), INTACT), (kept(2), GONE)])
    overview = archive.report(tmp_path / "site").overview
    assert (overview.baseline.kind, overview.news) == (BaselineKind.NOTHING, {})
    assert "50 % of 2 sources still say what the copies say" in (tmp_path / "site" / "index.html").read_text("utf-8")


def test_a_first_report_of_several_runs_tells_the_last(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(1), INTACT), (kept(2), INTACT)])
    archive.run([(kept(1), GONE), (kept(2), INTACT)])
    built = archive.report(tmp_path / "site")
    assert built.overview.baseline.kind is BaselineKind.RUN
    assert {kind: len(items) for kind, items in built.overview.news.items()} == {NewsKind.LOST: 1}


def test_news_are_measured_from_the_last_report_and_stay_until_there_is_something_new(
    archive: Archive, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    archive.run([(kept(1), INTACT), (kept(2), INTACT)])
    archive.report(site)
    archive.run([(kept(1), GONE), (kept(2), INTACT)])
    archive.run([(kept(1), GONE), (kept(2), edited())])
    assert news(archive, site) == {"Title 1": NewsKind.LOST, "Title 2": NewsKind.DRIFTED}
    front = (site / "index.html").read_bytes()
    built = archive.report(site)
    assert (built.written, built.removed) == (0, 0)
    assert (site / "index.html").read_bytes() == front
    archive.run([(kept(1), GONE), (kept(2), edited())])
    assert news(archive, site) == {"Title 1": NewsKind.CONFIRMED, "Title 2": NewsKind.CONFIRMED}


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (INTACT, GONE, NewsKind.LOST),
        (INTACT, REPLACED, NewsKind.LOST),
        (edited(), GONE, NewsKind.LOST),
        (BLOCKED, GONE, NewsKind.LOST),
        (GONE, REPLACED, None),
        (INTACT, edited(), NewsKind.DRIFTED),
        (edited(), edited(new="2299"), NewsKind.DRIFTED),
        (edited(), edited(), NewsKind.CONFIRMED),
        (GONE, INTACT, NewsKind.BACK),
        (edited(), INTACT, NewsKind.BACK),
        (GONE, edited(), NewsKind.DRIFTED),
        (INTACT, MOVED, NewsKind.MOVED),
        (MOVED, MOVED, None),
        (INTACT, BLOCKED, NewsKind.HIDDEN),
        (BLOCKED, UNCHECKED, None),
        (BLOCKED, INTACT, NewsKind.NEW),
        (INTACT, INTACT, None),
        (None, INTACT, NewsKind.NEW),
        (None, GONE, NewsKind.LOST),
    ],
)
def test_what_is_told_of_a_post(
    archive: Archive, tmp_path: Path, before: Judgement | None, now: Judgement, kind: NewsKind | None
) -> None:
    first = [(kept(9), INTACT)]
    archive.run([*first, (kept(1), before)] if before is not None else first)
    archive.run([*first, (kept(1), now)])
    assert news(archive, tmp_path / "site").get("Title 1") is kind


def test_a_report_on_another_archive_into_the_same_directory_begins_anew(tmp_path: Path) -> None:
    one, other = Archive(tmp_path / "one"), Archive(tmp_path / "other", week=9)
    one.run([(kept(1), INTACT)])
    one.report(tmp_path / "site")
    other.run([(kept(2), GONE)])
    built = other.report(tmp_path / "site")
    assert built.overview.baseline.kind is BaselineKind.NOTHING
    assert built.removed > 0
    assert len(list((tmp_path / "site" / "posts").rglob("*.html"))) == 1


# ---------------------------------------------------------------- what the figures rest on


def test_every_denominator_is_counted(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(5), INTACT), (kept(6), UNCHECKED)])
    archive.run(
        [
            *((kept(1), INTACT), (kept(2), admitted(edited())), (kept(3), GONE), (kept(4), BLOCKED)),
            *((kept(5), UNCHECKED), (kept(6), UNCHECKED), (kept(7), edited())),
        ]
    )
    overview = archive.report(tmp_path / "site").overview
    coverage = overview.coverage
    assert (coverage.posts, coverage.checked, coverage.unverifiable, coverage.skipped, coverage.never) == (
        7,
        4,
        1,
        1,
        1,
    )
    assert overview.silent == 1
    assert overview.natures == {Nature.NUMBER: 2}
    hosts = {tally.name: tally for tally in overview.hosts}
    assert sum(tally.posts for tally in overview.hosts) == 7
    assert hosts["news1.example"].of(Group.UNKNOWN) == 1
    assert [(tally.name, tally.posts) for tally in overview.years] == [("2020", 7)]


def test_categories_are_read_from_the_stored_copy_and_a_post_without_one_is_counted(
    archive: Archive, tmp_path: Path
) -> None:
    archive.run([(kept(1, categories=("海", "Town")), GONE), (kept(2, categories=()), INTACT), (kept(3), INTACT)])
    overview = archive.report(tmp_path / "site").overview
    assert {tally.name: tally.posts for tally in overview.categories} == {"海": 1, "Town": 2, "": 1}


def test_a_post_that_cannot_be_read_has_no_facts_and_a_page_all_the_same(archive: Archive, tmp_path: Path) -> None:
    broken = kept(1)
    archive.run([(replace(broken, title="A"), edited()), (kept(2), INTACT)])
    for file in archive.folder.glob("*.warc.gz"):
        file.unlink()
    built = archive.report(tmp_path / "site")
    assert {tally.name for tally in built.overview.categories} == {""}
    page = page_of(tmp_path / "site", broken.path)
    assert "2020-05-02-post-1.md" in page
    assert "The stored copy could not be read" in page


def test_link_rot_is_counted_as_the_study_counts_it(archive: Archive, tmp_path: Path) -> None:
    timeout = Judgement(Verdict.UNREACHABLE, Reason.TIMEOUT)
    archive.run([(kept(1), INTACT), (kept(2), GONE), (kept(3), REPLACED), (kept(4), timeout), (kept(5), BLOCKED)])
    pew = archive.report(tmp_path / "site").overview.pew
    assert (pew.asked, dict(pew.by_status), pew.no_answer, pew.inaccessible) == (5, {404: 1}, 1, 2)
    assert (pew.ours_lost, pew.both, pew.soft, pew.doubtful) == (2, 1, 1, 1)


def test_ages_count_from_the_posts_date_and_a_loss_lies_halfway_between_two_looks(
    archive: Archive, tmp_path: Path
) -> None:
    old, older, undated = kept(1, date="2024-03-01"), kept(2, date="2016-03-01"), kept(3, date="", path="_posts/x.md")
    for judgement in (INTACT, GONE, GONE):
        archive.run([(old, INTACT), (older, judgement), (undated, INTACT)])
    survival = archive.report(tmp_path / "site").overview.survival
    assert (survival.there.subjects, survival.there.ended, survival.left_out) == (2, 1, 1)
    (step,) = survival.there.steps
    assert step.time == pytest.approx((3652 + 3659) / 2 / 365.25)  # week 0 saw it, week 1 missed it


def test_a_source_that_was_never_seen_was_lost_halfway_from_the_posts_date(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(1, date="2016-03-01"), GONE)])
    (step,) = archive.report(tmp_path / "site").overview.survival.there.steps
    assert step.time == pytest.approx(3652 / 2 / 365.25)


# ---------------------------------------------------------------- pages that hold together


class Links(HTMLParser):
    """Every place a page points to, and what in it is not allowed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []
        self.labels: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.wrong += [f"{tag} {name}" for name, _ in attrs if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in found):
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with something of everything, and lists of several pages."""
    folder = tmp_path_factory.mktemp("report")
    archive = Archive(folder / "warcs")
    every = [Judgement(verdict, evidence=GONE.evidence) for verdict in Verdict if verdict is not Verdict.EDITED]
    some = [(kept(number), every[number % len(every)]) for number in range(30)]
    twice = [(kept(500), admitted(edited())), (kept(501, source=kept(500).source), edited())]
    odd = [(kept(502, source=None), UNCHECKED), (kept(503, title="", date="", path="_posts/undated.md"), INTACT)]
    archive.run([(kept(number), INTACT) for number in range(180)] + twice + odd)
    archive.run(some + twice)
    archive.report(folder / "site")
    return folder / "site"


def test_every_link_is_relative_and_leads_somewhere(site: Path) -> None:
    for name, text in pages(site):
        found = Links(text)
        for link in found.links:
            if link.startswith("http"):
                continue
            path, _, anchor = link.partition("#")
            there = (site / name).parent / unquote(path) if path else site / name
            assert there.resolve().is_relative_to(site.resolve())
            assert there.is_file(), f"{name}: {link}"
            assert not anchor or anchor in found.ids, f"{name}: {link}"


def test_every_page_has_a_strict_policy_and_nothing_it_would_refuse(site: Path) -> None:
    for name, text in pages(site):
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
        assert policy is not None, name
        assert policy[1].startswith("default-src 'none'")
        assert "unsafe" not in policy[1]
        assert ("script-src" in policy[1]) == (name == "search.html")
        found = Links(text)
        assert found.wrong == [], name
        assert len(found.ids) == len(set(found.ids)), name


def test_pages_stay_small_and_none_lists_everything(site: Path) -> None:
    for path in site.rglob("*"):
        assert path.stat().st_size <= 300_000, path
    rows = [text.count("<tr><td>") for name, text in pages(site) if name.startswith("lists/all/posts/date-")]
    assert sorted(rows) == [34, 150]


def test_a_list_holds_each_of_its_posts_once_in_every_order(site: Path) -> None:
    for order in ("date", "since", "host", "verdict"):
        found = []
        for number in (1, 2):
            text = (site / "lists" / "all" / "posts" / f"{order}-{number}.html").read_text("utf-8")
            found += re.findall(r'<tr><td><a href="../../../posts/([^"]+)"', text)
        assert len(found) == len(set(found)) == 184, order


def test_a_page_tells_of_other_copies_and_of_an_admission(site: Path) -> None:
    page = page_of(site, kept(500).path)
    assert kept(501).path in page
    assert "Correction: the number was wrong." in page
    assert "no: a silent edit" in page_of(site, kept(501).path)


def test_a_page_cites_the_source_with_the_capture_that_has_the_article(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(1), INTACT)])
    archive.run([(kept(1), GONE)])
    archive.report(tmp_path / "site")
    with Ledger.open_readonly(archive.folder / "ledger.db") as ledger:
        first, last = ledger.history(kept(1).path)
    page = page_of(tmp_path / "site", kept(1).path)
    assert "@online{" in page
    assert "\nTY  - ELEC\n" in page.replace('<code lang="en">', "\n")
    assert "&lt;a href=" in page
    cited = page[page.index('id="cite"') :]
    records = [
        check.capture.final.response.record_id
        for check in (first, last)
        if check.capture and check.capture.final and check.capture.final.response
    ]
    assert [record in cited for record in records] == [True, False]


def test_confirmed_changes_have_feeds_that_the_pages_lead_to(archive: Archive, tmp_path: Path) -> None:
    for _ in range(3):
        archive.run([(kept(1, categories=("Town", "<Sea>")), edited()), (kept(2, categories=("Hill",)), INTACT)])
    archive.report(tmp_path / "site", url="https://me.example/report")
    feeds = {path.name: path.read_text("utf-8") for path in (tmp_path / "site" / "feeds").iterdir()}
    assert len(feeds) == 3  # all, and the two categories of the post that was edited
    (link,) = re.findall(r'rel="alternate"[^>]* href="([^"]+)"', feeds["all.atom"])
    assert (tmp_path / "site" / link.removeprefix("https://me.example/report/")).is_file()
    led_to = {name for _, text in pages(tmp_path / "site") for name in re.findall(r"feeds/([0-9a-z]+\.atom)", text)}
    assert led_to == set(feeds)


def test_hostile_lengths_do_not_make_a_page_large(archive: Archive, tmp_path: Path) -> None:
    long = "<&>\"'" * 4000
    posts = [
        (kept(n, title=long, categories=(long[: 300 + n],), source=f"https://e.example/{long}"), INTACT)
        for n in range(160)
    ]
    archive.run(posts)
    archive.run([*posts, (kept(600, lines=(long,) * 40), edited())])
    archive.report(tmp_path / "site", title=long[:400])
    for name, text in pages(tmp_path / "site"):
        assert len(text.encode()) <= 300_000, name


def test_a_history_of_years_stands_in_spells_and_is_cut_where_it_is_long(archive: Archive, tmp_path: Path) -> None:
    for judgement in [INTACT] * 3 + [BLOCKED] + [INTACT] * 2:
        archive.run([(kept(1), judgement)])
    archive.report(tmp_path / "site")
    page = page_of(tmp_path / "site", kept(1).path)
    timeline = page.split('<ol class="timeline">')[1].split("</ol>")[0]
    assert re.findall(r'<li class="v-(\w+)">', timeline) == ["intact", "blocked", "intact"]
    assert "3 times" in timeline
    assert len(re.findall(r"<code>urn:uuid:", timeline)) == 6


def test_two_reports_of_one_archive_are_the_same_byte_for_byte(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(1), INTACT), (kept(2), INTACT)])
    archive.run([(kept(1), edited()), (kept(2), GONE)])
    archive.report(tmp_path / "one")
    archive.report(tmp_path / "other")
    one, other = ((folder / "SHA256SUMS").read_text() for folder in (tmp_path / "one", tmp_path / "other"))
    assert one == other


def test_a_run_rewrites_only_what_it_changed(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(1), INTACT), (kept(2), INTACT)])
    archive.report(tmp_path / "site")
    before = page_of(tmp_path / "site", kept(2).path)
    archive.run([(kept(1), GONE)])
    built = archive.report(tmp_path / "site")
    assert built.written < built.files
    assert page_of(tmp_path / "site", kept(2).path) == before
    assert "gone" in page_of(tmp_path / "site", kept(1).path)


# ---------------------------------------------------------------- the command


def command(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(preserve.__file__).parent.parent)}
    run = [sys.executable, "-P", "-m", "preserve", "report", *words]
    return subprocess.run(run, capture_output=True, text=True, env=environment, check=False, timeout=100)


def test_the_command_ends_with_the_path_of_its_front_page(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(1), INTACT)])
    done = command("-o", str(tmp_path / "site"), "--archive", str(archive.folder), "--title", "My posts")
    assert (done.returncode, done.stderr) == (0, "")
    last = Path(done.stdout.splitlines()[-1])
    assert last == tmp_path / "site" / "index.html"
    assert "My posts" in last.read_text("utf-8")


def test_the_command_refuses_a_directory_with_something_else(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(1), INTACT)])
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "index.html").write_text("mine")
    done = command("-o", str(tmp_path / "home"), "--archive", str(archive.folder))
    assert done.returncode == 2
    assert "not a report" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_ledger_without_a_check_is_told(archive: Archive, tmp_path: Path) -> None:
    Ledger.create_or_open(archive.folder / LEDGER).close()
    with pytest.raises(ArchiveError, match="no check yet"):
        archive.report(tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_reports_write_nothing_into_the_archive(archive: Archive, tmp_path: Path) -> None:
    archive.run([(kept(1), INTACT)])
    before = {path.name: path.read_bytes() for path in archive.folder.iterdir() if path.suffix in (".gz", ".db")}
    archive.report(tmp_path / "site")
    assert {
        path.name: path.read_bytes() for path in archive.folder.iterdir() if path.suffix in (".gz", ".db")
    } == before
