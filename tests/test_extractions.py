"""A judging process extracts a page once, however often it looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from precedent_kit import EDITED, ORDINARY, POST, PROBE, REPLIES, SOURCE, Court, Reply, post_of
from verdict_cases import html, in_site

from preserve.extract import extract_page
from preserve.extractions import Extractions
from preserve.judging import judge_capture
from preserve.model import Extraction, Verdict
from preserve.tasks import JudgeTask


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    with closing(Court(tmp_path)) as made:
        yield made


class Counting:
    """An extractor that counts."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, body: bytes, /, *, content_type: str | None, url: str) -> Extraction:
        self.made.append(url)
        return extract_page(body, content_type=content_type, url=url)


@pytest.fixture
def counting() -> Counting:
    return Counting()


def ordinary_task(court: Court, reply: Reply) -> JudgeTask:
    _, archived = court.keep(reply)
    return court.task(archived, (POST, post_of()))


def test_a_second_look_at_a_page_extracts_nothing(court: Court, counting: Counting) -> None:
    task = ordinary_task(court, REPLIES["extended"])
    kept = Extractions(counting)
    first = judge_capture(task, kept)
    second = judge_capture(replace(task, template=frozenset(first.posts[0].template_candidates)), kept)
    assert len(counting.made) == 1
    assert (first.posts[0].judgement.verdict, second.posts[0].judgement.verdict) == (Verdict.EDITED, Verdict.INTACT)
    assert second == judge_capture(replace(task, template=frozenset(first.posts[0].template_candidates)))


def test_the_page_before_and_the_probe_are_kept_too(court: Court, counting: Counting) -> None:
    kept = Extractions(counting)
    court.judge(Reply(ORDINARY))
    (before,) = (check.capture for check in court.ledger.latest_checks())
    assert before is not None
    _, probe = court.keep(PROBE)
    judge_capture(court.task(before, (POST, post_of()), previous=None, probe=probe), kept)
    judge_capture(replace(ordinary_task(court, Reply(EDITED)), probe=probe), kept)
    assert counting.made == [SOURCE, PROBE.url, SOURCE]


def test_what_an_extraction_is_made_from_tells_them_apart(court: Court, counting: Counting) -> None:
    kept = Extractions(counting)
    latin = "text/html; charset=iso-8859-1"
    one = kept.of(ORDINARY, content_type=None, url=SOURCE)
    assert kept.of(ORDINARY, content_type=None, url=SOURCE) is one
    assert kept.of(ORDINARY, content_type=latin, url=SOURCE) is not one
    assert kept.of(ORDINARY, content_type=None, url=SOURCE + "?") is not one
    assert kept.of(EDITED, content_type=None, url=SOURCE) is not one
    assert len(counting.made) == 4


@pytest.mark.parametrize("bounds", [{"most_pages": 2}, {"most_bytes": 2 * 9_000}, {"most_bytes": 10}])
def test_the_least_recently_used_is_given_up_first(counting: Counting, bounds: dict[str, int]) -> None:
    kept = Extractions(counting, **bounds)
    page = html("Short", in_site("<p>Something.</p>"))
    for url in ("a", "b", "a", "c", "a", "b"):
        kept.of(page, content_type=None, url=url)
    held = bounds != {"most_bytes": 10}
    assert counting.made == (["a", "b", "c", "b"] if held else ["a", "b", "a", "c", "a", "b"])
