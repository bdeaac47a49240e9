"""The machine's clock was wrong: set back between runs or within one. No work is lost, repeated or put off for good."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import WireServer

from preserve.audit import audit
from preserve.model import Verdict
from preserve.verify.names import LEDGER
from preserve.warc import closed_files

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
POSTS = 4
DAY = 86400.0


@dataclass
class SetClock:
    """A clock that goes on from `start`."""

    start: datetime
    began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=time.monotonic() - self.began)

    def monotonic(self) -> float:
        return time.monotonic()


def clock(days: float = 0) -> SetClock:
    return SetClock(NOW + timedelta(days=days))


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer({}, address="127.0.0.52") as running:
        yield running


@pytest.fixture
def place(server: WireServer, tmp_path: Path) -> Stage:
    place = stage(tmp_path).with_run(jobs=1)
    for number in range(POSTS):
        server.scripts[f"/{number}"] = answer(page(article(number)))
        write_post(place.posts, f"{number}.md", server.url(f"/{number}"), article(number))
    return place


def asked(server: WireServer) -> list[str]:
    targets = sorted(target for target in server.targets if target != "/robots.txt")
    server.heads.clear()
    return targets


def told_of_clock(notices: list[str]) -> bool:
    return any("The clock says" in notice for notice in notices)


def test_a_clock_set_back_is_told_of_once_and_nothing_else_changes(place: Stage) -> None:
    place.verify(clock=clock(30))
    _, set_back = place.verify(clock=clock())
    _, after = place.verify(clock=clock(1))
    (told,) = (notice for notice in set_back.notices if "The clock says" in notice)
    assert "2026-05-04 12:00 UTC, which is before the ledger's last entry of 2026-06-03 12:00 UTC" in told
    assert not told_of_clock(after.notices)
    assert set(set_back.verdicts.values()) == {Verdict.INTACT}
    assert audit(place.archive).findings == []


def test_corrections_of_seconds_are_not_worth_telling(place: Stage) -> None:
    place.verify(clock=clock())
    _, watcher = place.verify(clock=SetClock(NOW - timedelta(seconds=30)))
    assert not told_of_clock(watcher.notices)


def test_the_last_check_is_the_one_made_last(place: Stage, server: WireServer) -> None:
    place.verify(clock=clock(30))
    server.scripts["/0"] = answer(b"", status="404 Not Found")
    place.verify(clock=clock())
    with place.ledger() as ledger:
        latest = {Path(check.post).name: check for check in ledger.latest_checks()}
        history = ledger.history(latest["0.md"].post)
    assert latest["0.md"].judgement.verdict is Verdict.GONE
    assert [check.judgement.verdict for check in history] == [Verdict.INTACT, Verdict.GONE]
    assert history[0].checked_at > history[1].checked_at
    names = [path.name for path in closed_files(place.archive)]
    assert len(set(names)) == 2  # a name is never given twice, whatever the clock says


def test_a_run_of_the_future_is_taken_up(place: Stage, server: WireServer) -> None:
    summary, first = place.verify(clock=clock(30), stop_after_visits=2)
    assert summary.interrupted
    done = {Path(check.post).name for check in first.checks}
    asked(server)
    again, watcher = place.verify(clock=clock())
    assert again.run == summary.run
    assert not again.interrupted
    assert len(done) + len(watcher.checks) == POSTS
    assert len(asked(server)) == POSTS - len(done)


@pytest.mark.parametrize(("first", "then"), [(30, 0), (0, -30), (0, 30)])
def test_what_was_captured_before_a_crash_is_judged_whatever_the_clock_says(
    place: Stage, server: WireServer, first: float, then: float
) -> None:
    """The run is taken up with another clock, dies with captures nobody judged, and is taken up again."""
    place = place.with_run(resume_within=40 * DAY)
    summary, _ = place.verify(clock=clock(first), stop_after_visits=1)
    before = (place.archive / LEDGER).read_bytes()
    killed, _ = place.verify(clock=clock(then), stop_after_visits=2)
    assert killed.run == summary.run
    (place.archive / LEDGER).write_bytes(before)  # as if it had died before its first commit
    asked(server)

    last, watcher = place.verify(clock=clock(first))

    assert last.run == summary.run
    assert any("are judged, not fetched again" in notice for notice in watcher.notices)
    assert len(asked(server)) < POSTS - 1
    assert len(watcher.checks) == POSTS - 1
    assert audit(place.archive).findings == []


@pytest.mark.parametrize(
    ("checked", "due"),
    [(-8, True), (-6, False), (3, False), (20, True), (30_000, True)],
)
def test_a_check_dated_in_the_future_does_not_put_a_post_off_for_good(
    place: Stage, server: WireServer, checked: float, due: bool
) -> None:
    place.verify(clock=clock(checked))
    asked(server)
    summary, _ = place.with_run(older_than=7 * DAY).verify(clock=clock())
    assert bool(asked(server)) is due
    assert summary.plan.not_due == (0 if due else POSTS)


def test_captures_of_another_ledgers_run_of_that_number_are_not_judged(place: Stage, server: WireServer) -> None:
    place.verify(clock=clock(-1))
    (place.archive / LEDGER).unlink()
    place.verify(clock=clock(), stop_after_visits=1)
    asked(server)
    summary, watcher = place.verify(clock=clock())
    assert summary.run == 1
    assert len(asked(server)) == POSTS - 1
    assert not any("not fetched again" in notice for notice in watcher.notices)
