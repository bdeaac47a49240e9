"""Leases: nobody works longer than the coordinator counts on, however late a message is."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preserve.errors import ArchiveLockedError
from preserve.work.lease import NOTE, Lease, WorkersNote

SECONDS = 10.0


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_begun_before_the_first_renewal() -> None:
    assert Lease(SECONDS, Hands()).is_set()


def test_a_renewal_counts_from_when_it_was_asked_for() -> None:
    clock = Hands()
    lease = Lease(SECONDS, clock)
    number = lease.ask()
    clock.now += 7
    lease.renew(number)
    assert lease.left == 3
    assert not lease.is_set()
    clock.now += 3
    assert lease.is_set()


def test_an_answer_that_was_under_way_for_longer_than_the_lease_renews_nothing() -> None:
    clock = Hands()
    lease = Lease(SECONDS, clock)
    number = lease.ask()
    clock.now += SECONDS + 1
    lease.renew(number)
    assert lease.is_set()


def test_an_answer_counts_once_and_one_to_no_question_counts_for_nothing() -> None:
    clock = Hands()
    lease = Lease(SECONDS, clock)
    number = lease.ask()
    lease.renew(number)
    clock.now += SECONDS
    lease.renew(number)
    lease.renew(number + 7)
    assert lease.is_set()


def test_a_stop_is_a_stop_whatever_the_lease() -> None:
    lease = Lease(SECONDS, Hands())
    lease.renew(lease.ask())
    lease.set()
    assert lease.is_set()


@given(st.lists(st.tuples(st.sampled_from(("ask", "answer", "wait")), st.floats(0, 20)), max_size=40))
def test_a_worker_never_works_on_when_the_coordinator_counts_it_out(steps: list[tuple[str, float]]) -> None:
    clock = Hands()
    lease = Lease(SECONDS, clock)
    under_way: list[int] = []
    counted_out = clock.now  # the coordinator's: a lease after it last heard a question that it then answered
    for what, seconds in steps:
        if what == "ask":
            under_way.append(lease.ask())
            counted_out = clock.now + SECONDS  # it can't hear it earlier
        elif what == "answer" and under_way:
            lease.renew(under_way.pop(int(seconds) % len(under_way)))
        else:
            clock.now += seconds
        assert lease.is_set() or clock.now < counted_out


def test_a_note_is_seen_only_in_the_archive_it_was_left_in(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    token = WorkersNote(here).write(SECONDS)
    assert WorkersNote(here).has(token)
    assert not WorkersNote(there).has(token)
    WorkersNote(here).remove(token)
    assert list(here.iterdir()) == []


def test_who_comes_after_a_coordinator_that_died_waits_for_a_lease(tmp_path: Path) -> None:
    WorkersNote(tmp_path).write(0.25)
    waited: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0.0)
            return False

    told: list[str] = []
    assert WorkersNote(tmp_path).wait_for_orphans(Stop(), told.append)
    assert waited[0] > 0.25
    assert len(told) == 1
    assert not WorkersNote(tmp_path).wait_for_orphans(Stop(), told.append), "once is enough"


def test_a_note_that_can_not_be_read_is_waited_for_all_the_longer(tmp_path: Path) -> None:
    (tmp_path / NOTE.format("x")).write_text("{")
    stop = threading.Event()
    stop.set()
    with pytest.raises(ArchiveLockedError, match="run again later"):
        WorkersNote(tmp_path).wait_for_orphans(stop, lambda _text: None)
    assert (tmp_path / NOTE.format("x")).exists(), "still to be waited for"
