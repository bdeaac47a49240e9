"""An earlier judgement is followed where judging again would give the same, and nowhere else."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from precedent_kit import (
    ADDED,
    EDITED,
    NEWS,
    ORDINARY,
    POST,
    PROBE,
    REPLIES,
    SOFTWARE,
    SOURCE,
    TITLE,
    Court,
    Reply,
    capture_of,
    post_of,
)
from run_kit import answer, page, stage, write_post
from run_kit import article as run_article
from verdict_cases import CHINESE, ENGLISH, article, html, in_site
from wire_server import WireServer

from preserve import precedent
from preserve.editions import installed_extractor
from preserve.extract import extractor_id
from preserve.judging import COMPARABLE, judge_capture
from preserve.ledger import RunKind, RunPlan
from preserve.model import Failure, FailureKind, Judgement, Nature, Rejudgement, Truncation, Verdict
from preserve.precedent import Followed
from preserve.rejudge import rejudge, task_of
from preserve.settings import DigestAlgorithm, FetchSettings, PostSettings
from preserve.tasks import Judged
from preserve.text import block_digest, fold
from preserve.verdict.chain import ANSWER, NOT_THE_ARTICLE, TEXT
from preserve.verify.run import settings_text
from preserve.warc import read_beginning, read_capture

# What decided them is nothing that the ledger keeps, or nothing that costs an extraction.
JUDGED_ANEW = {"not-found-empty", "not-found-cut-off", "pdf-as-html", "cut-short", "empty", "blank", "not-gzip"}


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    with closing(Court(tmp_path)) as made:
        yield made


def is_what_judging_gives(followed: Followed) -> bool:
    """Whether judging gives the same, but for what `Followed` says is left out."""
    anew = judge_capture(followed.task)
    return without_what_is_left_out(anew) == followed.judged


def without_what_is_left_out(judged: Judged) -> Judged:
    posts = tuple(
        post if post.judgement.verdict in COMPARABLE else replace(post, template_candidates=()) for post in judged.posts
    )
    return replace(judged, posts=posts, text="")


# ---------------------------------------------------------------- followed or judged anew, never something else


Change = Callable[[Reply], Reply]
CHANGES: dict[str, Change] = {
    "nothing": lambda reply: reply,
    "cookie": lambda reply: replace(reply, headers=(*reply.headers, ("Set-Cookie", "visit=2"))),
    "vendor": lambda reply: replace(reply, headers=(*reply.headers, ("x-datadome", "protected"))),
    "no-vendor": lambda reply: replace(reply, headers=()),
    "charset": lambda reply: replace(reply, kind="text/html; charset=iso-8859-1"),
    "type": lambda reply: replace(reply, kind="application/octet-stream"),
    "no-type": lambda reply: replace(reply, kind=""),
    "chunked": lambda reply: replace(reply, coded="chunked"),
    "plain": lambda reply: replace(reply, coded=""),
    "gzip": lambda reply: replace(reply, coded="gzip"),
    "mislabelled": lambda reply: replace(reply, headers=(*reply.headers, ("Content-Encoding", "zstd"))),
    "body": lambda reply: replace(reply, body=reply.body.replace(b"2007", b"2006") + b"<!-- later -->"),
    "status": lambda reply: replace(reply, status=200 if reply.status != 200 else 404),
    "redirected": lambda reply: replace(reply, via=(SOURCE,), url="http://paper.example/new/harbour-bridge"),
    "another-hop": lambda reply: replace(reply, via=(SOURCE, "http://paper.example/r?1")),
    "truncated": lambda reply: replace(reply, truncated=Truncation.LENGTH),
    "cut-off": lambda reply: replace(reply, failure=Failure(FailureKind.CUT_OFF, "3 of 4 bytes")),
    "not-modified": lambda reply: replace(reply, bare=True),
}


@pytest.mark.parametrize("name", REPLIES)
def test_whatever_changes_of_an_answer_it_is_judged_as_judging_would(tmp_path: Path, name: str) -> None:
    with closing(Court(tmp_path)) as court:
        court.judge(REPLIES[name])
        results = {change: court.again(made(REPLIES[name])) for change, made in CHANGES.items()}
    followed = {change: result for change, result in results.items() if result is not None}
    assert [change for change, result in followed.items() if not is_what_judging_gives(result)] == []
    assert ("nothing" in followed) is (name not in JUDGED_ANEW)
    assert not {"body", "type", "status", "another-hop", "truncated", "cut-off"} & set(followed)


def test_the_answers_here_are_of_every_verdict_that_a_source_can_have(court: Court) -> None:
    followed = set(REPLIES) - JUDGED_ANEW
    verdicts = {court.judge(REPLIES[name]).posts[0].judgement.verdict for name in followed}
    assert verdicts == set(Verdict) - {Verdict.UNCHECKED}


@pytest.fixture(scope="module")
def long_court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    with closing(Court(tmp_path_factory.mktemp("court"))) as made:
        yield made


TEMPLATES = (frozenset[str](), frozenset({block_digest(fold(ADDED))}), frozenset({"0" * 16}))


class Step(NamedTuple):
    """One check of a made-up history."""

    reply: str
    change: str
    template: frozenset[str]
    probed: bool


STEPS = st.builds(
    Step,
    st.sampled_from(["intact", "edited", "extended", "admitted", "soft-404", "truncated", "other-article"]),
    st.sampled_from(["nothing", "cookie", "vendor", "chunked", "gzip"]),
    st.sampled_from(TEMPLATES),
    st.booleans(),
)


@settings(max_examples=30, deadline=None)
@given(history=st.lists(STEPS, min_size=1, max_size=4), other=STEPS, repeated=st.booleans())
def test_whatever_came_before_a_page_is_judged_as_judging_would(
    long_court: Court, history: list[Step], other: Step, repeated: bool
) -> None:
    court, name = long_court, f"{long_court.now:%Y-%j}"
    url, post = f"http://paper.example/{name}", (f"_posts/{name}.md", post_of())
    _, probe = court.keep(PROBE)
    steps = [*history, history[-1] if repeated else other]
    replies = [replace(CHANGES[step.change](REPLIES[step.reply]), url=url) for step in steps]
    rest = [{"template": step.template, "probe": probe if step.probed else None} for step in steps]
    for reply, more in zip(replies[:-1], rest[:-1], strict=True):
        court.judge(reply, post, **more)
    followed = court.again(replies[-1], post, **rest[-1])
    assert followed is None or is_what_judging_gives(followed)


def test_a_new_date_or_cookie_and_other_framing_are_nothing_new(court: Court) -> None:
    court.judge(Reply(ORDINARY, coded="chunked"))
    for reply in (
        Reply(ORDINARY, headers=(("Set-Cookie", "a=1"), ("X-Request", "77"))),
        Reply(ORDINARY, coded="chunked"),
        Reply(ORDINARY, headers=(("x-datadome", "protected"),)),
    ):
        assert court.again(reply) is not None


@pytest.mark.parametrize("name", ["other-article", "truncated"])
def test_the_traces_of_a_vendor_matter_where_the_page_is_not_plainly_the_article(court: Court, name: str) -> None:
    court.judge(REPLIES[name])
    assert court.again(CHANGES["cookie"](REPLIES[name])) is not None
    assert court.again(CHANGES["vendor"](REPLIES[name])) is None


def test_a_head_that_may_stand_in_a_record_of_its_own_is_not_read(court: Court) -> None:
    way = tuple(f"http://paper.example/{number}" for number in range(150))
    court.judge(Reply(ORDINARY, via=way))
    (check,) = court.ledger.latest_checks()
    assert check.capture is not None
    assert check.capture.exchanges[-1].response != check.capture.summary
    assert court.again(Reply(ORDINARY, via=way)) is None


def test_what_broke_off_once_says_nothing_of_what_came_whole(court: Court) -> None:
    court.judge(REPLIES["not-found-cut-off"])
    whole = replace(REPLIES["not-found-cut-off"], failure=None)
    assert court.again(whole) is None
    court.judge(whole)
    assert court.again(whole) is not None


def test_sha1_proves_nothing_but_a_common_original_does(tmp_path: Path) -> None:
    with closing(Court(tmp_path, DigestAlgorithm.SHA1)) as court:
        court.judge(Reply(ORDINARY))
        assert court.again(Reply(ORDINARY)) is not None
        capture = capture_of(Reply(ORDINARY), court.now)
        archived = court.writer.append_capture(capture)  # the page once more, not a revisit
        assert court.follow(capture, court.task(archived, (POST, post_of()), previous=None)) is None


@pytest.mark.parametrize("change", ["charset", "type", "no-type", "gzip", "mislabelled"])
def test_an_encoding_or_a_type_that_changed_is_judged_anew(court: Court, change: str) -> None:
    court.judge(Reply(ORDINARY))
    assert court.again(CHANGES[change](Reply(ORDINARY))) is None


# ---------------------------------------------------------------- not modified


def test_a_304_is_judged_as_what_it_stands_for_and_reads_nothing(court: Court) -> None:
    court.judge(Reply(ORDINARY))
    for _ in range(3):
        capture, archived = court.keep(Reply(ORDINARY, bare=True))
        task = court.task(archived, (POST, post_of()))
        found = court.ledger.precedents.of([POST])
        followed = precedent.follow(task, capture, found, court.terms, _never)
        assert followed is not None
        assert is_what_judging_gives(followed)
        court.write(followed.task, followed.judged)


def test_a_304_after_a_page_that_came_again_stands_for_the_first(court: Court) -> None:
    court.judge(Reply(ORDINARY))
    court.judge(Reply(ORDINARY, headers=(("Set-Cookie", "a=1"),)))
    followed = court.again(Reply(ORDINARY, bare=True))
    assert followed is not None
    assert is_what_judging_gives(followed)


def test_a_304_nobody_asked_for_is_judged_anew(court: Court) -> None:
    court.judge(Reply(ORDINARY))
    court.originals.append(court.originals[-1])
    capture, _ = court.keep(Reply(ORDINARY, bare=True))
    archived = court.writer.append_capture(capture)
    assert court.follow(capture, court.task(archived, (POST, post_of()))) is None


def _never(_: object) -> bytes:
    raise AssertionError("nothing need be read")


# ---------------------------------------------------------------- post, terms, settings


def test_another_post_is_judged_anew(court: Court) -> None:
    court.judge(Reply(ORDINARY))
    other = post_of(tuple(text.replace("four", "five") for text in ENGLISH))
    assert court.again(Reply(ORDINARY), (POST, other)) is None
    assert court.again(Reply(ORDINARY), ("_posts/2019-05-03-other.md", post_of())) is None
    assert court.again(Reply(ORDINARY), (POST, post_of())) is not None


@pytest.mark.parametrize("part", [field.name for field in fields(precedent.Terms)])
def test_other_terms_mean_judging_anew(court: Court, part: str) -> None:
    court.judge(Reply(ORDINARY))
    capture, archived = court.keep(Reply(ORDINARY))
    task = court.task(archived, (POST, post_of()))
    assert court.follow(capture, task) is not None
    assert court.follow(capture, task, replace(court.terms, **{part: "another"})) is None
    assert court.follow(capture, task, replace(court.terms, **{part: ""})) is None


def test_settings_matter_as_far_as_they_bear_on_a_judgement(court: Court) -> None:
    court.judge(Reply(ORDINARY))
    before = court.settings
    court.settings = replace(before, fetch=FetchSettings(delay=9.0, tries=1))
    assert court.again(Reply(ORDINARY)) is not None
    court.settings = replace(before, fetch=FetchSettings(max_decoded_bytes=1000))
    assert court.again(Reply(ORDINARY)) is None
    court.settings = replace(before, posts=PostSettings(set_aside=(("ad", "Buy.*"),)))
    assert court.again(Reply(ORDINARY)) is None


def test_a_run_that_noted_no_such_setting_is_not_followed(court: Court) -> None:
    court.judge(Reply(ORDINARY))
    (found,) = court.ledger.precedents.of([POST]).values()
    assert json.loads(found.settings)["max_ratio"] == 200.0
    capture, archived = court.keep(Reply(ORDINARY))
    task = court.task(archived, (POST, post_of()))
    terms = replace(court.terms, settings="")
    assert precedent.follow(task, capture, {POST: replace(found, settings="")}, terms, _never) is None


# ---------------------------------------------------------------- what changed since


def test_since_last_is_drawn_from_the_capture_before(court: Court) -> None:
    first = court.judge(Reply(ORDINARY))
    assert first.posts[0].since_last is None
    for _ in range(2):
        capture, archived = court.keep(Reply(ORDINARY))
        task = court.task(archived, (POST, post_of()))
        followed = court.follow(capture, task)
        assert followed is not None
        assert task.previous is not None
        since = followed.judged.posts[0].since_last
        assert since is not None
        assert (since.changed, since.changes, since.previous_at) == (False, (), task.previous.captured_at)
        court.write(followed.task, followed.judged)


def test_an_edit_that_was_held_against_another_page_is_judged_anew_once(court: Court) -> None:
    court.judge(Reply(ORDINARY))
    court.judge(Reply(EDITED))
    assert court.again(Reply(EDITED)) is None
    court.judge(Reply(EDITED))
    followed = court.again(Reply(EDITED))
    assert followed is not None
    assert is_what_judging_gives(followed)


def test_a_page_that_became_the_article_again_is_held_against_the_last_one(court: Court) -> None:
    court.judge(Reply(EDITED))
    court.judge(REPLIES["not-found"])
    assert court.again(Reply(ORDINARY)) is None
    followed = court.again(REPLIES["not-found"])
    assert followed is not None
    assert followed.judged.posts[0].since_last is None


def test_a_capture_made_for_another_post_between_them_is_held_against_too(court: Court) -> None:
    """The last capture of the source is what "since last" means, whichever post it was made for."""
    court.judge(Reply(ORDINARY))
    court.judge(Reply(EDITED), ("_posts/other.md", post_of()))
    assert court.again(Reply(ORDINARY)) is None


def test_the_same_page_at_another_address_is_compared(court: Court) -> None:
    court.judge(REPLIES["moved"])
    assert court.again(REPLIES["moved"]) is not None
    court.judge(Reply(ORDINARY), ("_posts/other.md", post_of()))
    assert court.again(REPLIES["moved"]) is None


def test_a_week_of_outage_leaves_the_judgement_before_it_standing(court: Court) -> None:
    court.judge(Reply(ORDINARY))
    refused = Failure(FailureKind.REFUSED, "refused")
    court.judge(Reply(ORDINARY, failure=refused))
    followed = court.again(Reply(ORDINARY))
    assert followed is not None
    assert is_what_judging_gives(followed)


# ---------------------------------------------------------------- template and probe


def test_a_template_learned_since_matters_where_it_holds_an_addition(court: Court) -> None:
    extended = REPLIES["extended"]
    judged = court.judge(extended)
    (candidate,) = judged.posts[0].template_candidates
    assert candidate == block_digest(fold(ADDED))
    assert court.again(extended, template=frozenset({candidate})) is None
    followed = court.again(extended, template=frozenset({"0" * 16}))
    assert followed is not None
    assert followed.task.template == frozenset()
    assert is_what_judging_gives(followed)


def test_additions_in_another_script_are_judged_anew(court: Court) -> None:
    """What they are called in a template is told by folding the whole page to one script."""
    traditional = tuple(opencc.OpenCC("s2t").convert(text) for text in CHINESE)
    added = "書店對面的麵館老闆說,她會想念每天傍晚從櫥窗裏透出來的燈光,也會想念那些來借雨傘的客人。"
    post = (POST, post_of(CHINESE, title="书店"))
    same = Reply(html("書店", in_site(article("書店", traditional)), lang="zh-Hant"))
    more = Reply(html("書店", in_site(article("書店", (*traditional[:2], added, *traditional[2:]))), lang="zh-Hant"))
    court.judge(same, post)
    followed = court.again(same, post)
    assert followed is not None
    assert is_what_judging_gives(followed)
    judged = court.judge(more, post, previous=None)
    assert Nature.SCRIPT_VARIANT in judged.posts[0].judgement.natures
    assert judged.posts[0].template_candidates
    assert court.again(more, post) is None


@pytest.mark.parametrize("name", sorted(set(REPLIES) - JUDGED_ANEW))
def test_whatever_the_template_a_page_is_judged_as_judging_would(tmp_path: Path, name: str) -> None:
    template = frozenset({block_digest(fold(text)) for text in (ADDED, ENGLISH[1], "Weather")})
    with closing(Court(tmp_path)) as court:
        court.judge(REPLIES[name], template=template)
        followed = court.again(REPLIES[name], template=template)
        assert followed is not None
        assert is_what_judging_gives(followed)
        assert court.again(REPLIES[name], template=frozenset()) is None


@pytest.mark.parametrize("name", ["soft-404", "isolated", "other-article", "front-page"])
def test_a_probe_matters_where_the_article_is_not_in_sight(court: Court, name: str) -> None:
    _, probe = court.keep(PROBE)
    court.judge(REPLIES[name])
    assert court.again(REPLIES[name]) is not None
    assert court.again(REPLIES[name], probe=probe) is None
    court.judge(REPLIES[name], probe=probe)
    assert court.again(REPLIES[name]) is None
    followed = court.again(REPLIES[name], probe=probe)
    assert followed is not None
    assert is_what_judging_gives(followed)


@pytest.mark.parametrize("name", ["intact", "edited", "not-found"])
def test_no_probe_matters_where_no_rule_looks_at_it(court: Court, name: str) -> None:
    _, probe = court.keep(PROBE)
    court.judge(REPLIES[name], probe=probe)
    followed = court.again(REPLIES[name])
    assert followed is not None
    assert is_what_judging_gives(followed)


def test_a_probe_matters_for_another_article_under_the_old_headline(court: Court) -> None:
    middle = tuple(f"Sentence {number} of {number * 7919} about the bridge and its lorries." for number in range(60))
    news = tuple(f"{text} That was week {number}." for number in range(8) for text in NEWS)
    texts = (ENGLISH[0], *middle, ENGLISH[-1])
    reply = Reply(html(TITLE, in_site(article(TITLE, (ENGLISH[0], *news, ENGLISH[-1])))))
    judged = court.judge(reply, (POST, post_of(texts)))
    assert judged.posts[0].judgement.wants_probe
    assert "in-sight" in [evidence.rule for evidence in judged.posts[0].judgement.evidence]
    assert court.again(reply, (POST, post_of(texts))) is not None
    _, probe = court.keep(PROBE)
    assert court.again(reply, (POST, post_of(texts)), probe=probe) is None


def test_whatever_the_template_another_article_is_judged_anew(court: Court) -> None:
    """How much new text stands in the place of the old tells it from a page that was cut short."""
    court.judge(REPLIES["other-article"])
    assert court.again(REPLIES["other-article"], template=frozenset({"0" * 16})) is None
    court.judge(REPLIES["not-found"])
    assert court.again(REPLIES["not-found"], template=frozenset({"0" * 16})) is not None


# ---------------------------------------------------------------- several posts, many checks


def test_posts_of_one_source_are_followed_together_or_not_at_all(court: Court) -> None:
    posts = ((POST, post_of()), ("_posts/other.md", post_of(ENGLISH[:4])))
    court.judge(Reply(ORDINARY), *posts)
    followed = court.again(Reply(ORDINARY), *posts)
    assert followed is not None
    assert [post.path for post in followed.judged.posts] == [path for path, _ in posts]
    assert is_what_judging_gives(followed)
    assert court.again(Reply(ORDINARY), *posts, ("_posts/third.md", post_of())) is None
    assert court.again(Reply(ORDINARY), posts[0], (posts[1][0], post_of())) is None


def test_posts_of_one_source_that_were_judged_under_two_templates_are_judged_anew(court: Court) -> None:
    posts = ((POST, post_of()), ("_posts/other.md", post_of()))
    template = frozenset({"0" * 16})
    court.judge(Reply(ORDINARY), posts[0])
    court.judge(Reply(ORDINARY), posts[1], template=template)
    assert court.again(Reply(ORDINARY), posts[0], template=template) is not None
    assert court.again(Reply(ORDINARY), posts[1], template=template) is not None
    assert court.again(Reply(ORDINARY), *posts, template=template) is None


def test_the_checks_of_many_posts_are_found_at_once(court: Court) -> None:
    posts = tuple(
        (f"_posts/{number}.md", post_of((*ENGLISH, f"Number {number} of the series."))) for number in range(600)
    )
    _, archived = court.keep(REPLIES["not-found"])
    task = court.task(archived, *posts[:3])
    judged = judge_capture(task)
    many = tuple(replace(judged.posts[0], path=path) for path, _ in posts)
    court.write(
        replace(task, posts=tuple(replace(task.posts[0], path=path) for path, _ in posts)), replace(judged, posts=many)
    )
    found = court.ledger.precedents.of([path for path, _ in posts] + ["_posts/never.md"])
    assert sorted(found) == sorted(path for path, _ in posts)
    assert all(found[path].check.post == path for path in found)
    assert {one.software for one in found.values()} == {SOFTWARE}
    assert court.ledger.precedents.of([]) == {}


def test_what_is_followed_is_the_same_when_it_is_judged_again(court: Court) -> None:
    replies = ("intact", "edited", "extended", "truncated", "soft-404", "challenge", "not-found", "moved")
    for name in replies:
        path = f"_posts/{name}.md"
        url = {"moved": SOURCE}.get(name, f"http://paper.example/{name}")
        reply = replace(REPLIES[name], url=REPLIES[name].url if name == "moved" else url)
        court.judge(reply, (path, post_of()))
        capture, archived = court.keep(reply)
        followed = court.follow(capture, court.task(archived, (path, post_of())))
        assert followed is not None, name
        court.write(followed.task, followed.judged)
    checks = list(court.ledger.latest_checks())
    assert len(checks) == len(replies)
    assert all(result.same for result in rejudge(checks, court.settings))


def test_the_checks_of_a_run_are_followed_by_the_next(tmp_path: Path) -> None:
    place = stage(tmp_path)
    edited = [paragraph.replace("2,400", "2,300") for paragraph in run_article(1)]
    not_modified = [b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n']
    with WireServer({}) as server:
        server.scripts["/0"] = answer(page(run_article(0)))
        server.scripts["/1"] = answer(page(edited))
        server.scripts["/2"] = [answer(page(run_article(2)), headers='ETag: "one"\r\n'), not_modified]
        server.scripts["/3"] = [answer(page(run_article(3))), answer(page(run_article(4)))]
        for number in range(5):  # the last is answered with 404
            write_post(place.posts, f"{number}.md", server.url(f"/{number}"), run_article(number))
        place.verify()
        with place.ledger() as ledger:
            found = ledger.precedents.of(check.post for check in ledger.latest_checks())
        _, second = place.verify()
    terms = precedent.todays_terms(place.settings, SOFTWARE)
    results = {}
    for check in second.checks:
        task = task_of(check, place.settings)
        assert task is not None
        capture = read_capture(place.archive, task.capture)
        results[Path(check.post).name] = precedent.follow(
            task, capture, found, terms, lambda ref: read_beginning(place.archive, ref)
        )
    assert sorted(name for name, followed in results.items() if followed is not None) == ["0.md", "1.md", "2.md"]
    assert all(is_what_judging_gives(followed) for followed in results.values() if followed is not None)


# ---------------------------------------------------------------- judged again since


@pytest.mark.parametrize("name", REPLIES)
def test_a_judgement_accepted_since_is_followed_as_one_of_the_visit_is(tmp_path: Path, name: str) -> None:
    with closing(Court(tmp_path)) as court:
        court.judge_as_an_older_version(REPLIES[name])
        assert court.again(REPLIES[name]) is None
        accepted = court.accept()
        (check,) = court.ledger.latest_checks()
        results = {change: court.again(made(REPLIES[name])) for change, made in CHANGES.items()}
    followed = {change: result for change, result in results.items() if result is not None}
    assert [change for change, result in followed.items() if not is_what_judging_gives(result)] == []
    assert not {"body", "type", "status", "another-hop", "truncated", "cut-off"} & set(followed)
    learned = check.measures is None or check.judgement.verdict in COMPARABLE
    assert ("nothing" in followed) is (accepted == 1 and learned and name not in JUDGED_ANEW)


@settings(max_examples=30, deadline=None)
@given(history=st.lists(st.tuples(STEPS, st.booleans()), min_size=1, max_size=4), other=STEPS, repeated=st.booleans())
def test_whatever_was_accepted_before_a_page_is_judged_as_judging_would(
    long_court: Court, history: list[tuple[Step, bool]], other: Step, repeated: bool
) -> None:
    court, name = long_court, f"again-{long_court.now:%Y-%j}"
    url, post = f"http://paper.example/{name}", (f"_posts/{name}.md", post_of())
    _, probe = court.keep(PROBE)
    last = history[-1][0] if repeated else other

    def asked(step: Step) -> tuple[Reply, dict[str, object]]:
        reply = replace(CHANGES[step.change](REPLIES[step.reply]), url=url)
        return reply, {"template": step.template, "probe": probe if step.probed else None}

    for step, older in history:
        reply, more = asked(step)
        (court.judge_as_an_older_version if older else court.judge)(reply, post, **more)
    court.accept(posts=(post[0],))
    reply, more = asked(last)
    followed = court.again(reply, post, **more)
    assert followed is None or is_what_judging_gives(followed)


def test_a_judgement_accepted_by_other_terms_is_not_followed(court: Court) -> None:
    court.judge_as_an_older_version(Reply(ORDINARY))
    court.accept(replace(court.settings, fetch=FetchSettings(max_decoded_bytes=10_000_000)))
    assert court.again(Reply(ORDINARY)) is None


@pytest.mark.parametrize("name", ["preserve/0 {rules} {extractor}", "{software} compare/1 {extractor}", SOFTWARE])
def test_a_judgement_accepted_by_other_software_is_not_followed(court: Court, name: str) -> None:
    court.judge_as_an_older_version(Reply(ORDINARY))
    terms = court.terms
    court.accept(software=name.format(rules=terms.rules, extractor=terms.extractor, software=SOFTWARE))
    assert court.again(Reply(ORDINARY)) is None


def test_what_was_judged_at_the_visit_is_not_followed_past_another_judgement(court: Court) -> None:
    """Whoever went back to an earlier version has its pages judged by it."""
    court.judge(Reply(ORDINARY))
    (number,) = list(court.ledger.rejudging.checks())
    newer = replace(number.check, extractor="trafilatura/9.0", judgement=Judgement(Verdict.EDITED))
    run = court.ledger.begin_run(RunPlan((), settings_text(court.settings), SOFTWARE, court.now, RunKind.REJUDGE))
    court.ledger.rejudging.append(run, [Rejudgement(number.number, number.run, court.now, newer)])
    assert court.again(Reply(ORDINARY)) is None


def test_the_next_visit_of_an_accepted_judgement_says_nothing_of_an_edit(court: Court) -> None:
    court.judge_as_an_older_version(Reply(EDITED))
    court.accept()
    for _ in range(2):
        capture, archived = court.keep(Reply(EDITED))
        followed = court.follow(capture, court.task(archived, (POST, post_of())))
        assert followed is not None
        court.write(followed.task, followed.judged)
    observed = court.ledger.observations(POST)
    assert [(one.verdict, one.changed) for one in observed] == [
        (Verdict.EDITED, None),
        (Verdict.EDITED, False),
        (Verdict.EDITED, False),
    ]
    assert all(result.same for result in rejudge(court.ledger.latest_checks(), court.settings))


def test_a_damaged_re_judgement_is_not_followed(court: Court) -> None:
    court.judge_as_an_older_version(Reply(ORDINARY))
    court.accept()
    assert court.again(Reply(ORDINARY)) is not None
    with closing(sqlite3.connect(court.path)) as other, other:
        other.execute("DROP TRIGGER rejudgements_no_update")
        other.execute("UPDATE rejudgements SET verdict = 'nonsense'")
    assert court.again(Reply(ORDINARY)) is None


# ---------------------------------------------------------------- damage


def test_a_damaged_record_is_not_followed(court: Court) -> None:
    court.judge(Reply(ORDINARY))
    court.writer.sync()
    (check,) = court.ledger.latest_checks()
    assert check.capture is not None
    capture, archived = court.keep(Reply(ORDINARY))
    task = court.task(archived, (POST, post_of()))
    found = court.ledger.precedents.of([POST])
    for beginning in (b"", b"HTTP/1.1", b"nonsense\r\n\r\n", b"HTTP/1.1 500 Oh\r\nContent-Type: text/html\r\n\r\n"):
        assert precedent.follow(task, capture, found, court.terms, lambda _, given=beginning: given) is None  # type: ignore[misc]


# ---------------------------------------------------------------- what is said here about other modules


def test_the_rules_are_called_as_the_chain_calls_them() -> None:
    answer = {name for name, _ in ANSWER}
    assert answer == precedent.BY_ANSWER | precedent.BY_PAGE | {"failure", "unread", "incomplete"}
    assert {name for name, _ in NOT_THE_ARTICLE} == precedent.NOT_THE_ARTICLE
    assert {name for name, _ in TEXT} == precedent.BY_TEXT
    assert precedent.COMPARED == COMPARABLE
    order = [name for name, _ in ANSWER]
    assert all(order.index(name) < order.index("unread") for name in precedent.BY_ANSWER)
    assert all(order.index(name) > order.index("incomplete") for name in precedent.BY_PAGE)


def test_the_extractor_is_named_without_loading_it() -> None:
    assert installed_extractor() == extractor_id()
    heavy = ["lxml", "trafilatura", "opencc", "rapidfuzz", "sqlite3", "preserve.compare", "preserve.verdict"]
    code = (
        f"import sys, preserve.precedent as p; p.installed_extractor(); print([m for m in {heavy} if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
