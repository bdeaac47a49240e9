"""Judging again: what newer versions would change is told, accepted beside the checks, and is never an edit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import replace
from io import StringIO
from itertools import count, islice, pairwise
from pathlib import Path

import click
import pytest
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import WireServer

from preserve.audit import audit
from preserve.cli.app import group
from preserve.confirm import confirmations, standing
from preserve.errors import ArchiveError
from preserve.ledger import Ledger, RunKind, RunPlan, RunState
from preserve.model import Check, Judgement, Verdict
from preserve.rejudge import Cause, Question, Rejudged, Tally, begin, judge_locally, rejudge_all
from preserve.settings import JudgeSettings
from preserve.times import SystemClock
from preserve.verify.names import LEDGER

OLD = "trafilatura/1.0 old"
OTHER_TEXT = "sha256:" + "ab" * 32


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer({}) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path) -> Stage:
    return stage(tmp_path)


def cut(number: int = 0) -> list[str]:
    """The article less a sentence that the stored copy has."""
    return [*article(number)[:2], *article(number)[3:]]


def publish(server: WireServer, place: Stage, number: int, paragraphs: list[str], extra: str = "") -> str:
    """A post, and its source as it is now."""
    server.scripts[f"/{number}"] = answer(page(paragraphs, extra=extra))
    return str(write_post(place.posts, f"2020-05-06-report-{number}.md", server.url(f"/{number}"), article(number)))


def as_an_older_version_had_it(place: Stage, change: Callable[[Check], Check]) -> None:
    """Write the ledger anew, with what an older extractor and older rules would have concluded."""
    path = place.archive / LEDGER
    with Ledger.open_readonly(path) as ledger:
        runs = [(run.started_at, list(ledger.checks_of(run.number))) for run in ledger.reporting.runs()]
    path.unlink()
    with Ledger.create_or_open(path) as ledger:
        for started, checks in runs:
            run = ledger.begin_run(RunPlan(("_posts",), "{}", "preserve/0", started))
            ledger.append(run, [change(check) for check in checks])
            ledger.end_run(run, started, RunState.FINISHED)


def said(verdict: Verdict, *, text: str = OTHER_TEXT, rules: str = "compare/1") -> Callable[[Check], Check]:
    def change(check: Check) -> Check:
        judgement = check.judgement if check.judgement.verdict is verdict else Judgement(verdict)
        return replace(check, judgement=judgement, extractor=OLD, rules=rules, text_digest=text)

    return change


def run_command(place: Stage, *words: str) -> tuple[int, str]:
    out = StringIO()
    with redirect_stdout(out):
        code = group.main(["rejudge", "--archive", str(place.archive), *words], standalone_mode=False)
    return code, out.getvalue()


def told(place: Stage, verb: str, post: str) -> str:
    """What another command says of a post, as one line."""
    out = StringIO()
    with redirect_stdout(out), pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        group.main([verb, "--archive", str(place.archive), post], standalone_mode=False)
    return " ".join(out.getvalue().split())


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def all_again(place: Stage) -> list[Rejudged]:
    with place.ledger() as ledger:
        return list(rejudge_all(ledger.rejudging.checks(), place.settings))


def test_every_check_of_every_run_is_judged_again(server: WireServer, place: Stage) -> None:
    publish(server, place, 0, list(article(0)))
    publish(server, place, 1, cut(1))
    write_post(place.posts, "twice.md", server.url("/1"), article(1))
    write_post(place.posts, "no-source.md", None, article(4))
    place.verify()
    server.scripts["/0"] = answer(page(cut(0)))
    place.verify()
    tally = Tally()
    results = all_again(place)
    for result in results:
        tally.add(result)
    assert (tally.checks, tally.without, tally.same, tally.carried, tally.different) == (8, 2, 6, 0, 0)
    assert sum(result.latest for result in results) == 4
    payloads = [result.check.capture.final.payload_digest for result in results if result.check.capture]  # type: ignore[union-attr]
    assert len([one for one, two in pairwise(payloads) if one != two]) == len(set(payloads)) - 1


def test_what_would_change_is_reported_and_nothing_is_written(server: WireServer, place: Stage) -> None:
    publish(server, place, 0, cut(0))
    publish(server, place, 1, list(article(1)))
    place.verify()
    place.verify()
    as_an_older_version_had_it(place, said(Verdict.INTACT))
    before = digest_of(place.archive / LEDGER)
    code, text = run_command(place, "--all")
    assert code == 1
    assert "Because of the extractor or the rules" in text
    assert "Nothing was written" in text
    assert "4 checks" in text
    assert "2 different" in text
    assert "1 post would stand otherwise" in text
    assert "Ingrid" in text  # the sentence that is missing, as an example
    assert digest_of(place.archive / LEDGER) == before
    code, lines = run_command(place, "--all", "--json")
    *changed, last = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    assert [(one["stands"]["verdict"], one["verdict"], one["run"]) for one in changed] == [
        ("intact", "edited", 1),
        ("intact", "edited", 2),
    ]
    assert last["summary"]["different"] == 2
    assert last["summary"]["accepted"] is None


@pytest.mark.parametrize(
    ("extractor", "rules", "text", "cause"),
    [
        (OLD, None, OTHER_TEXT, Cause.EXTRACTOR),
        (None, "compare/1", None, Cause.RULES),
        (OLD, "compare/1", None, Cause.RULES),
        (OLD, "compare/1", OTHER_TEXT, Cause.EITHER),
        (None, None, None, Cause.SETTINGS),
    ],
)
def test_the_cause_is_told_as_far_as_versions_tell(
    server: WireServer, place: Stage, extractor: str | None, rules: str | None, text: str | None, cause: Cause
) -> None:
    publish(server, place, 0, cut(0))
    place.verify()
    (now,) = all_again(place)
    then = replace(
        now.check,
        judgement=Judgement(Verdict.INTACT),
        extractor=extractor or now.check.extractor,
        rules=rules or now.check.rules,
        text_digest=text or now.check.text_digest,
    )
    assert replace(now, check=then).cause is cause


def test_what_is_accepted_stands_and_the_checks_stay(server: WireServer, place: Stage) -> None:
    post = publish(server, place, 0, cut(0))
    place.verify()
    place.verify()
    as_an_older_version_had_it(place, said(Verdict.INTACT))
    with place.ledger() as ledger:
        made = ledger.history(post)
    code, text = run_command(place, "--all", "--accept")
    assert code == 1
    assert "no check was changed and no source was visited" in " ".join(text.split())
    with place.ledger() as ledger:
        history, latest = ledger.history(post), ledger.latest(post)
        assert [one.check for one in ledger.log.checks_of(post)] == made
        assert {row.verdict: row.posts for row in ledger.summary()} == {Verdict.EDITED: 1}
        assert [one.verdict for one in ledger.reporting.rounds(post)] == [Verdict.EDITED] * 2
        assert ledger.unfinished_run() is None
        assert [run.checks for run in ledger.reporting.runs()] == [1, 1, 0]
    assert latest == history[-1]
    assert [check.judgement.verdict for check in history] == [Verdict.EDITED] * 2
    for check, before in zip(history, made, strict=True):
        assert check.judged_again is not None
        assert (check.judged_again.verdict, check.judged_again.extractor) == (Verdict.INTACT, OLD)
        visit = (check.checked_at, check.captured_at, check.capture, check.stored_record)
        assert visit == (before.checked_at, before.captured_at, before.capture, before.stored_record)
    assert not audit(place.archive).findings
    assert "no new visit; the visit concluded intact, with trafilatura/1.0" in told(place, "show", Path(post).name)
    assert "no new visit, was intact" in told(place, "log", Path(post).name)
    again, text = run_command(place, "--all", "--accept")
    assert again == 0
    assert "0 judgements were added" in " ".join(text.split())


def test_a_judgement_that_is_accepted_is_no_observation_and_no_news(server: WireServer, place: Stage) -> None:
    post = publish(server, place, 0, cut(0))
    place.verify()
    as_an_older_version_had_it(place, said(Verdict.INTACT))
    run_command(place, "--all", "--accept")
    with place.ledger() as ledger:
        once = standing(ledger.observations(post))
    assert once is not None
    assert (once.observed, once.strikes, once.confirmed) == (Verdict.EDITED, 1, None)
    place.verify()
    with place.ledger() as ledger:
        twice = standing(ledger.observations(post))
        assert confirmations(ledger.observations(post)) == ()
    assert twice is not None
    assert (twice.strikes, twice.confirmed) == (2, Verdict.EDITED)


@pytest.mark.parametrize("extra", ["", "<p>Seen 17 times today.</p>"])
def test_a_newer_version_that_finds_an_old_difference_reports_no_edit(
    server: WireServer, place: Stage, extra: str
) -> None:
    post = publish(server, place, 0, cut(0))
    place.verify()
    as_an_older_version_had_it(place, said(Verdict.INTACT))
    publish(server, place, 0, cut(0), extra)
    _, third = place.verify()
    place.verify()
    assert third.checks[0].judgement.verdict is Verdict.EDITED
    with place.ledger() as ledger:
        observed = ledger.observations(post)
    found = standing(observed)
    assert found is not None
    assert found.is_confirmed
    assert found.source_unchanged
    assert confirmations(observed) == ()


def test_a_change_of_the_article_beside_an_old_difference_does_not_make_that_new(
    server: WireServer, place: Stage
) -> None:
    post = publish(server, place, 0, cut(0))
    place.verify()
    as_an_older_version_had_it(place, said(Verdict.INTACT))
    less = cut(0)[:-1]  # the source changed as well; the first difference was there before
    publish(server, place, 0, less)
    _, third = place.verify()
    place.verify()
    assert third.checks[0].verdict_before is Verdict.EDITED
    with place.ledger() as ledger:
        found = standing(ledger.observations(post))
    assert found is not None
    assert found.source_unchanged


def test_an_edit_made_after_the_upgrade_is_reported(server: WireServer, place: Stage) -> None:
    post = publish(server, place, 0, list(article(0)))
    place.verify()
    as_an_older_version_had_it(place, said(Verdict.INTACT))
    publish(server, place, 0, cut(0))
    _, third = place.verify()
    place.verify()
    assert third.checks[0].verdict_before is Verdict.INTACT
    with place.ledger() as ledger:
        observed = ledger.observations(post)
    (told,) = confirmations(observed)
    assert (told.verdict, told.at) == (Verdict.EDITED, observed[2].at)
    found = standing(observed)
    assert found is not None
    assert not found.source_unchanged


def test_an_edit_is_confirmed_across_versions_and_told_once(server: WireServer, place: Stage) -> None:
    post = publish(server, place, 0, list(article(0)))
    place.verify()
    publish(server, place, 0, cut(0))
    place.verify()

    def older(check: Check) -> Check:
        return said(check.judgement.verdict, text=f"sha256:{len(check.judgement.changes):064}")(check)

    as_an_older_version_had_it(place, older)
    for _ in range(2):
        place.verify()
    with place.ledger() as ledger:
        observed = ledger.observations(post)
    assert len({one.text for one in observed[1:]}) == 2  # named by two versions
    (told,) = confirmations(observed)
    assert told.at == observed[2].at
    found = standing(observed)
    assert found is not None
    assert not found.unstable


def test_an_acceptance_that_was_interrupted_goes_on(server: WireServer, place: Stage) -> None:
    for number in range(3):
        publish(server, place, number, cut(number))
    place.verify()
    as_an_older_version_had_it(place, said(Verdict.INTACT))
    with Ledger.create_or_open(place.archive / LEDGER) as ledger:
        first = begin(ledger, SystemClock(), "{}", "a")
        with closing(rejudge_all(ledger.rejudging.checks(), place.settings)) as found:
            results = list(islice(found, 2))
        assert list(first.taken(results)) == results
        second = begin(ledger, SystemClock(), "{}", "a")
        assert (second.run, second.done) == (first.run, 2)
        left = list(rejudge_all(ledger.rejudging.checks(but_in=second.run), place.settings))
        assert len(left) == ledger.rejudging.count(but_in=second.run) == 1
        list(second.taken(left))
        second.finish()
        assert ledger.rejudging.unfinished() is None
        assert begin(ledger, SystemClock(), "{}", "b").run != first.run
        assert begin(ledger, SystemClock(), "{}", "c").run != first.run  # another software begins anew
    assert not audit(place.archive).findings


@pytest.mark.parametrize("why", [KeyboardInterrupt(), ArchiveError("gone")])
def test_what_was_judged_before_it_was_interrupted_is_accepted(
    server: WireServer, place: Stage, why: BaseException
) -> None:
    for number in range(3):
        publish(server, place, number, cut(number))
    place.verify()
    as_an_older_version_had_it(place, said(Verdict.INTACT))
    results = all_again(place)

    def broken_off() -> Iterator[Rejudged]:
        yield from results[:2]
        raise why

    with Ledger.create_or_open(place.archive / LEDGER) as ledger:
        acceptance = begin(ledger, SystemClock(), "{}", "a")
        with pytest.raises(type(why)):
            list(acceptance.taken(broken_off()))
        assert acceptance.done == 2
        assert begin(ledger, SystemClock(), "{}", "a").done == 2
        assert ledger.rejudging.count(but_in=acceptance.run) == 1
    assert not audit(place.archive).findings


def test_an_interrupted_acceptance_leaves_a_run_that_visits_to_be_taken_up(server: WireServer, place: Stage) -> None:
    for number in range(6):
        publish(server, place, number, cut(number))
    stopped, _ = place.verify(stop_after_visits=2)
    with Ledger.create_or_open(place.archive / LEDGER) as ledger:
        ledger.begin_run(RunPlan((), "{}", "a", SystemClock().now(), RunKind.REJUDGE))
    resumed, _ = place.verify()
    assert resumed.run == stopped.run


def test_a_record_that_is_damaged_is_told_and_the_others_go_on(server: WireServer, place: Stage) -> None:
    for number in range(3):
        publish(server, place, number, cut(number))
    _, watcher = place.verify()
    as_an_older_version_had_it(place, said(Verdict.INTACT))
    capture = watcher.checks[1].capture
    assert capture is not None
    path = place.archive / capture.summary.file
    data = bytearray(path.read_bytes())
    data[capture.summary.offset + capture.summary.length // 2] ^= 0xFF
    path.write_bytes(data)
    code, text = run_command(place, "--all", "--accept")
    assert code == 1
    assert "1 could not be judged" in text
    with place.ledger() as ledger:
        verdicts = {check.post: check.judgement.verdict for check in ledger.latest_checks()}
    assert verdicts.pop(watcher.checks[1].post) is Verdict.INTACT
    assert set(verdicts.values()) == {Verdict.EDITED}


def test_questions_are_asked_for_as_they_can_be_used() -> None:
    asked = count()
    endless = (Question(None, None, next(asked)) for _ in count())
    answers = judge_locally(endless, JudgeSettings(workers=2))
    assert [answer.tag for answer in islice(answers, 100)] == list(range(100))
    assert next(asked) < 200
    answers.close()


def test_accepting_takes_every_check(place: Stage) -> None:
    with pytest.raises(click.UsageError, match="--all"):
        run_command(place, "--accept")
