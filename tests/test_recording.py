"""Checks reach the ledger a few at a time: enough of them, or after a short while, and all at the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from ledger_samples import PLAN, START, Sample, capture_of, check_of
from run_kit import Watcher
from warc_support import writer_for

from preserve.git import PostVersions
from preserve.ledger import Ledger
from preserve.verify.names import LEDGER
from preserve.verify.recording import COMMIT_EVERY, COMMIT_SECONDS, Recorder
from preserve.verify.tools import Archive
from preserve.warc import ArchiveLock, IndexKeeper


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> datetime:
        return START

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def recorder(tmp_path: Path, clock: HandClock, watcher: Watcher) -> Iterator[Recorder]:
    with Ledger.create_or_open(tmp_path / LEDGER) as ledger, writer_for(tmp_path) as writer:
        archive = Archive(writer, IndexKeeper(tmp_path), ledger, ArchiveLock(tmp_path), ledger.begin_run(PLAN), {})
        yield Recorder(archive, PostVersions(None, (), watcher.notice), watcher, clock)


def test_nothing_is_due_where_nothing_waits(recorder: Recorder, clock: HandClock) -> None:
    clock.at += 10 * COMMIT_SECONDS
    assert not recorder.due


def test_enough_checks_are_due_at_once(recorder: Recorder, watcher: Watcher) -> None:
    for number in range(COMMIT_EVERY):
        assert not recorder.due
        recorder.add(check_of(Sample(f"{number}.md", source=f"http://a.example/{number}")))
    assert recorder.due
    assert watcher.checks == []
    recorder.commit()
    assert len(watcher.checks) == recorder.committed == COMMIT_EVERY
    assert not recorder.due


@pytest.mark.parametrize("what", ["check", "robots.txt", "blocks"])
def test_what_waits_is_due_a_while_after_the_first_of_it_came(recorder: Recorder, clock: HandClock, what: str) -> None:
    def take(number: int) -> None:
        sample = Sample(f"{number}.md", source=f"http://a.example/{number}")
        if what == "check":
            recorder.add(check_of(sample))
        elif what == "robots.txt":
            recorder.add_beside((capture_of(sample),))
        else:
            recorder.learn("a.example", str(sample.source), ("sha256:00",))

    for round_ in range(2):
        take(round_)
        clock.at += COMMIT_SECONDS / 2
        take(round_ + 10)
        assert not recorder.due
        clock.at += COMMIT_SECONDS / 2
        assert recorder.due
        recorder.commit()
        assert not recorder.due
        clock.at += 2 * COMMIT_SECONDS


def test_no_robots_txt_is_nothing_that_waits(recorder: Recorder, clock: HandClock) -> None:
    recorder.add_beside(())
    clock.at += COMMIT_SECONDS
    assert not recorder.due
