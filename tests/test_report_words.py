"""The words of the report: two languages that say the same, and what is searched and linked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_kit import GONE, INTACT, Archive, admitted, edited, kept

from preserve.model import Nature, Reason, Verdict
from preserve.report.rendering import SIGNS, weblink
from preserve.report.searching import words_of
from preserve.report.values import GROUPS, Group
from preserve.report.wording import LANGUAGES, table


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    tables = [table(language) for language in LANGUAGES]
    assert tables[0].keys() == tables[1].keys()
    for key, words in tables[0].items():
        other = tables[1][key]
        assert isinstance(words, list) == isinstance(other, list), key
        ours, theirs = (one if isinstance(one, list) else [one] for one in (words, other))
        wanted = set(re.findall(r"{(\w+)}", ours[-1]))
        assert all(set(re.findall(r"{(\w+)}", one)) <= wanted for one in [*ours, *theirs]), key
        assert wanted - {"n"} <= set(re.findall(r"{(\w+)}", theirs[-1])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_reason_and_nature_has_words(language: str) -> None:
    words = table(language)
    for kind, members in (
        ("verdict", Verdict),
        ("meaning", Verdict),
        ("reason", Reason),
        ("nature", Nature),
        ("group", Group),
    ):
        assert [member for member in members if f"{kind}.{member.value}" not in words] == []  # type: ignore[attr-defined]
    assert set(GROUPS) == set(Verdict)
    assert set(SIGNS) == {verdict.value for verdict in Verdict}


def test_words_are_used_and_none_is_missing(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "warcs")
    archive.run([(kept(1), INTACT), (kept(2), edited())])
    archive.run([(kept(1), GONE), (kept(2), admitted(edited()))])
    archive.report(tmp_path / "site", language="zh")
    front = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert '<html lang="zh-Hans">' in front
    assert "1 个来源丢失或被改动" in front


def test_words_for_searching() -> None:
    assert list(words_of("The FERRY, 2400人次!")) == ["the", "ferry", "2400", "人", "次", "人次"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//x", "", "vbscript:x", "file:///etc"]
)
def test_what_is_no_web_address_is_no_link(url: str) -> None:
    assert weblink(url) == ""
