"""The report in Debian's Chromium: nothing that was planted runs, everything reads, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from browser_kit import Window, browser, driving, faults, missing
from ledger_samples import PLAN, START, Sample, check_of, record
from report_kit import GONE, INTACT, Archive, admitted, edited, kept

from preserve.ledger import Ledger, RunPlan, RunState
from preserve.model import Change, ChangeKind, Evidence, Judgement, Nature, Verdict
from preserve.report.gathering import page_name
from preserve.report.searching import words_of
from preserve.settings import ArchiveSettings
from preserve.times import SystemClock
from preserve.verify.names import LEDGER
from preserve.warc import ArchiveWriter

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")

SCRIPT = "<script>window.planted=1;alert(1)</script>"
MARKUP = '</title></bdi></script>"\'><img src=x onerror="window.planted=2"><svg onload=alert(2)>{{ 7*7 }}{% raw %}'
BIDI = "invoice\u202egnp.exe\u2066\u200f"
CONTROL = "bell\x07 escape\x1b[31m null\x00 line\u2028end"
EVERYTHING = f"{SCRIPT}{MARKUP}{BIDI}{CONTROL}"
HOSTILE_PATH = f"_posts/2020-05-06-{SCRIPT.replace('/', '∕')}{BIDI}\x07\n\udcff.md"
HOSTILE_SOURCE = "javascript:window.planted=3//http://evil.example/<script>alert(3)</script>"
WEB_SOURCE = "https://evil.example/\"><script>window.planted=4</script>?a='b&c=\u202e\x07"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report over posts that are hostile wherever a page or post can be."""
    folder = tmp_path_factory.mktemp("hostile")
    archive = Archive(folder / "warcs")
    change = Change(
        ChangeKind.REPLACE,
        SCRIPT,
        MARKUP,
        f"before {SCRIPT} {BIDI}",
        f"before {MARKUP} {CONTROL}",
        natures=(Nature.NUMBER,),
    )
    added = Change(ChangeKind.INSERT, "", EVERYTHING, "", EVERYTHING, natures=(Nature.PARAGRAPH_ADDED,))
    seen = (Evidence("status", False, EVERYTHING), Evidence(MARKUP, True, f"content type {EVERYTHING}"))
    judgement = admitted(Judgement(Verdict.EDITED, None, (Nature.NUMBER,), (change, added), seen, 0.5), EVERYTHING)
    posts = [
        kept(1, path=HOSTILE_PATH, source=HOSTILE_SOURCE, title=EVERYTHING, categories=(MARKUP, BIDI, SCRIPT)),
        kept(2, source=WEB_SOURCE, title=EVERYTHING, lines=(EVERYTHING, SCRIPT, MARKUP)),
    ]
    for week in range(2):
        at = START + timedelta(weeks=week)
        checks = []
        with ArchiveWriter(ArchiveSettings(directory=str(archive.folder)), clock=SystemClock(), info={}) as writer:
            for post in posts:
                stored = writer.append_stored_copy(post.path, post.data, post.source, at)
                check = check_of(Sample("_posts/x.md", post.source, week, judgement=judgement if week else INTACT))
                checks.append(
                    replace(
                        check,
                        post=post.path,
                        stored_record=stored,
                        final_url=HOSTILE_SOURCE + EVERYTHING,
                        error=EVERYTHING,
                        extractor=EVERYTHING,
                        probe=replace(check.capture, url=MARKUP, first=record("p1", MARKUP)) if check.capture else None,
                    )
                )
        with Ledger.create_or_open(archive.folder / LEDGER) as ledger:
            run = ledger.begin_run(RunPlan(PLAN.posts_arguments, PLAN.settings, PLAN.software, at))
            ledger.append(run, checks)
            ledger.end_run(run, at + timedelta(hours=1), RunState.FINISHED)
    archive.report(folder / "site", title=f"Title {EVERYTHING}")
    return folder / "site"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report over ordinary posts, English and Chinese."""
    folder = tmp_path_factory.mktemp("plain")
    archive = Archive(folder / "warcs")
    posts = [kept(number) for number in range(8)]
    chinese = kept(20, title="云溪渡船恢复摆渡", categories=("民生",), source="https://shi.example/a.html")
    archive.run([(post, INTACT) for post in [*posts, chinese]])
    archive.run([(post, INTACT) for post in posts[2:]] + [(posts[0], edited()), (posts[1], GONE), (chinese, edited())])
    archive.report(folder / "site")
    archive.report(folder / "zh", language="zh")
    return folder / "site"


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with driving() as running:
        yield running


@pytest.fixture(scope="module")
def window(driver: Any) -> Iterator[Window]:
    with browser(driver) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _nothing_left_over(window: Window) -> None:
    for heard in (window.complaints, window.dialogs, window.asked):
        heard.clear()


def post_file(site: Path, post: str) -> Path:
    name = page_name(post)
    return site / "posts" / name[:2] / f"{name[2:]}.html"


# ---------------------------------------------------------------- what is planted stays text


def test_nothing_that_was_planted_runs_and_all_of_it_shows(window: Window, hostile: Path) -> None:
    files = sorted(hostile.rglob("*.html"))
    assert len(files) > 20
    for file in files:
        page = window.show(file)
        assert page.evaluate("window.planted") is None, file
        assert page.locator("main img, main svg[onload], main script, iframe, object, embed, base").count() == 0, file
        assert page.evaluate("[...document.links].filter(a => !/^(https?|file):/.test(a.protocol)).length") == 0, file
        shown = page.evaluate("document.documentElement.innerText") + page.title()
        assert not set("\x00\x07\x1b\u202e\u2066\u200f\u2028") & set(shown), file
    assert window.dialogs == []
    assert window.complaints == []
    assert {asked for asked in window.asked if not asked.startswith("file:")} == set()


@pytest.mark.parametrize("post", [HOSTILE_PATH, kept(2).path], ids=["script-source", "web-source"])
def test_a_hostile_post_reads_as_it_is_written(window: Window, hostile: Path, post: str) -> None:
    text = window.show(post_file(hostile, post)).evaluate("document.body.innerText")
    for wanted in (
        SCRIPT,
        "<img src=x onerror=",
        "{{ 7*7 }}",
        "invoice\\u202egnp.exe\\u2066\\u200f",
        "bell\u2407 escape\u241b[31m null",
    ):
        assert wanted in text


def test_a_script_address_is_no_link_and_a_web_address_is_a_harmless_one(window: Window, hostile: Path) -> None:
    page = window.show(post_file(hostile, HOSTILE_PATH))
    assert page.locator("a.away").count() == 0
    assert HOSTILE_SOURCE in page.evaluate("document.body.innerText")
    link = window.show(post_file(hostile, kept(2).path)).locator("a.away").first
    href = link.get_attribute("href")
    assert href.startswith("https://evil.example/%22%3E%3Cscript%3E")
    assert "\u202e" not in href
    assert "noreferrer" in link.get_attribute("rel")


def test_file_names_are_ours_alone(hostile: Path) -> None:
    for path in hostile.rglob("*"):
        assert str(path.relative_to(hostile)).isascii()
        assert not set(str(path.relative_to(hostile))) & set("<>\"'&% \n\x07\\")


def test_what_is_found_by_searching_is_text_too(window: Window, hostile: Path) -> None:
    page = window.show(hostile / "search.html", query="?q=planted")
    page.locator("#results li").first.wait_for()
    assert page.locator("#results script, #results img").count() == 0
    assert SCRIPT in page.locator("#results").inner_text()
    assert "\u202e" not in page.locator("#results").inner_text()
    assert page.evaluate("window.planted") is None
    window.show(hostile / "search.html", query="?q=%22%3E%3Cscript%3Ewindow.planted%3D5%3C%2Fscript%3E")
    assert page.evaluate("window.planted") is None
    assert window.dialogs == []


# ---------------------------------------------------------------- reading


def test_the_front_page_begins_with_what_changed(window: Window, plain: Path) -> None:
    page = window.show(plain / "index.html")
    assert page.locator("h1").inner_text() == "3 sources were lost or changed since 1 March 2026"
    headings = page.locator("main h2").all_inner_texts()
    assert [heading.split()[0] for heading in headings[:2]] == ["Lost", "Changed"]
    assert headings[2:] == [
        "The collection",
        "Where it happens",
        "How long sources last",
        "Link rot, as others count it",
    ]
    page.locator(".news a", has_text="Title 0").click()
    assert page.locator("h1").inner_text() == "Title 0"
    assert window.complaints == []


def test_figures_and_style_come_through_the_policy(window: Window, plain: Path) -> None:
    page = window.show(plain / "index.html")
    assert page.evaluate("getComputedStyle(document.querySelector('.v-intact .rect')).fill") != "rgb(0, 0, 0)"
    assert page.locator("svg.figure[role=img]:visible").count() == 3
    assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none"
    assert window.complaints == []
    assert {asked.rpartition("/")[2] for asked in window.asked} == {"index.html", "report.css"}


@pytest.mark.parametrize("scripts", [True, False])
def test_both_views_of_a_difference_are_reached_without_scripts(driver: Any, plain: Path, scripts: bool) -> None:
    with browser(driver, scripts=scripts) as opened:
        page = opened.show(post_file(plain, kept(0).path))
        assert page.locator(".view.inline").is_visible()
        assert page.locator(".view.side").is_hidden()
        assert page.locator(".view.inline del").inner_text().endswith("2400")
        page.get_by_label("Side by side").focus()
        page.keyboard.press("Space")
        assert page.locator(".view.side").is_visible()
        assert page.locator(".view.inline").is_hidden()
        assert page.locator(".view.side ins").inner_text().endswith("2300")


def test_every_list_is_read_without_scripts(driver: Any, plain: Path) -> None:
    with browser(driver, scripts=False) as opened:
        page = opened.show(plain / "index.html")
        page.get_by_role("link", name="All posts").click()
        page.locator(".orders a", has_text="verdict").click()
        assert page.locator(".posts .verdict").last.inner_text().endswith("gone")
        page.get_by_role("link", name="Hosts").click()
        page.locator("main table a", has_text="news1.example").click()
        assert page.locator(".posts tbody tr").count() == 3
        opened.show(plain / "search.html")
        assert page.locator("noscript").inner_text().startswith("Searching needs a script")
        assert page.locator("form.search").is_hidden()


def test_the_keyboard_reaches_the_text_first(window: Window, plain: Path) -> None:
    page = window.show(plain / "index.html")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the text"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "text"


def test_unchanged_paragraphs_are_folded_and_open(window: Window, plain: Path) -> None:
    page = window.show(post_file(plain, kept(0).path))
    fold = page.locator(".view.inline details").first
    assert fold.locator("p").first.is_hidden()
    fold.locator("summary").press("Enter")
    assert fold.locator("p").first.is_visible()


@pytest.mark.parametrize("word", ["titl 3", "TITLE 3", "post-3", "news0"])
def test_searching_finds_beginnings_of_words(window: Window, plain: Path, word: str) -> None:
    page = window.show(plain / "search.html", query=f"?q={word}")
    page.locator("#results li").first.wait_for()
    found = page.locator("#results a").all_inner_texts()
    assert "Title 3" in found
    assert len(found) < 9
    assert window.complaints == []


def test_searching_finds_chinese_and_what_was_changed_and_filters(window: Window, plain: Path) -> None:
    page = window.show(plain / "search.html", query="?q=渡船")
    page.locator("#results li").first.wait_for()
    assert page.locator("#results a").all_inner_texts() == ["云溪渡船恢复摆渡"]
    page.locator("#words").fill("2400")
    page.locator("#results", has_text="Title 0").wait_for()
    assert page.locator("#results li").count() == 2
    page.locator("#words").fill("title")
    page.locator("#verdict").select_option("gone")
    page.locator("#said", has_text="1 found").wait_for()
    assert page.locator("#results a").all_inner_texts() == ["Title 1"]
    page.locator("#results a").click()
    assert page.locator("h1").inner_text() == "Title 1"


@pytest.mark.parametrize(
    "text", ["The FERRY, 2400人次!", "www.example.com/a-b_c.html", "x 5 ① ２４ ñandú Привет мир", "云溪 渡", ""]
)
def test_words_are_cut_alike_here_and_there(window: Window, plain: Path, text: str) -> None:
    page = window.show(plain / "search.html")
    there = page.evaluate("text => preserveSearch.wordsOf(text)", text)
    here = list(words_of(text))
    # A pair of signs says all that each of them does, so what is asked for are pairs alone.
    assert [word for word in there if word not in here] == []
    assert {word for word in here if word.isascii()} <= set(there)


def test_the_masthead_leads_to_the_search(window: Window, plain: Path) -> None:
    page = window.show(post_file(plain, kept(0).path))
    page.locator("#find").fill("title 5")
    page.locator("#find").press("Enter")
    page.locator("#results li").first.wait_for()
    assert page.locator("#words").input_value() == "title 5"
    assert page.locator("#results a").first.inner_text() == "Title 5"


def test_dark_and_light_are_the_readers_own(window: Window, plain: Path) -> None:
    def lightness(dark: bool) -> int:
        colour = window.show(plain / "index.html", dark=dark).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        return int(colour.removeprefix("rgb(").split(",")[0])

    assert lightness(False) > 240
    assert lightness(True) < 40


@pytest.mark.parametrize("width", [320, 390, 768, 1600])
def test_no_page_is_wider_than_its_window(window: Window, plain: Path, hostile: Path, width: int) -> None:
    some = (
        plain / "index.html",
        post_file(plain, kept(0).path),
        plain / "lists/all/posts/date-1.html",
        plain / "search.html",
    )
    for file in (*some, hostile / "index.html", post_file(hostile, HOSTILE_PATH)):
        page = window.show(file, width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, file


def test_chinese_is_told_to_be_chinese(window: Window, plain: Path) -> None:
    page = window.show(plain / "index.html")
    assert page.locator(".news bdi", has_text="云溪渡船").get_attribute("lang") == "zh"
    assert page.evaluate("getComputedStyle(document.querySelector('.news bdi[lang=zh]')).lineBreak") == "strict"
    page = window.show(plain.parent / "zh" / "index.html")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert page.locator("h1").inner_text().replace("\u200a", "") == "2026年3月1日以来，有 3 个来源丢失或被改动"
    assert page.locator(".news bdi", has_text="Title 0").get_attribute("lang") == ""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(window: Window, plain: Path, hostile: Path, dark: bool) -> None:
    post = post_file(plain, kept(0).path)
    lists = (plain / "lists/all/posts/date-1.html", plain / "lists/host/index-1.html", plain / "search.html")
    for file in (
        plain / "index.html",
        post,
        *lists,
        plain.parent / "zh" / "index.html",
        post_file(hostile, HOSTILE_PATH),
    ):
        page = window.show(file, dark=dark)
        if file == post:
            page.get_by_label("Side by side").check(force=True)
        assert faults(page) == [], file


def test_axe_would_find_something(window: Window, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(
        "<!DOCTYPE html><html><title>x</title><img src=x><p style='color:#ccc'>pale</p><a href=#></a>"
    )
    assert faults(window.show(tmp_path / "bad.html"))
