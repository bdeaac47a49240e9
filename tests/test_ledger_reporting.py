"""What the ledger answers a report: a line for each check of a post, and every run with its last check."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from ledger_samples import PLAN, POST, START, Sample, check_of, without_capture

from preserve.ledger import Ledger, RunPlan, RunState
from preserve.model import Reason, Verdict
from preserve.verify.names import LEDGER


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Three runs: intact, gone, and one that made no check and has no end."""
    opened = Ledger.create_or_open(tmp_path / LEDGER)
    outcomes = (Sample(), Sample(week=1, verdict=Verdict.GONE, reason=Reason.NOT_FOUND, status=404))
    for week, sample in enumerate(outcomes):
        run = opened.begin_run(
            RunPlan(PLAN.posts_arguments, PLAN.settings, PLAN.software, START + timedelta(weeks=week))
        )
        opened.append(run, [check_of(sample), without_capture(check_of(Sample("other.md", None, week)))])
        opened.end_run(run, START + timedelta(weeks=week, hours=1), RunState.FINISHED)
    opened.begin_run(PLAN)
    return opened


def test_a_round_says_what_the_check_says(ledger: Ledger) -> None:
    for found, check in zip(ledger.reporting.rounds(POST), ledger.history(POST), strict=True):
        assert (found.checked_at, found.verdict, found.reason) == (
            check.checked_at,
            check.judgement.verdict,
            check.judgement.reason,
        )
        assert (found.http_status, found.remaining) == (check.http_status, check.judgement.remaining)
        assert found.changed == (check.since_last.changed if check.since_last else None)
        assert check.capture is not None
        assert found.record == check.capture.summary.record_id


def test_rounds_go_with_observations_one_by_one(ledger: Ledger) -> None:
    for post in (POST, "other.md"):
        rounds, observations = ledger.reporting.rounds(post), ledger.observations(post)
        assert [one.verdict for one in rounds] == [one.verdict for one in observations]
        assert [one.number for one in rounds] == sorted(one.number for one in rounds)
    assert [one.record for one in ledger.reporting.rounds("other.md")] == ["", ""]
    assert ledger.reporting.rounds("no such post") == ()


def test_runs_are_told_with_their_last_check(ledger: Ledger) -> None:
    runs = ledger.reporting.runs()
    assert [(run.number, run.checks, run.last_check) for run in runs] == [(1, 2, 2), (2, 2, 4), (3, 0, 0)]
    assert [run.ended_at for run in runs] == [START + timedelta(hours=1), START + timedelta(weeks=1, hours=1), None]
    assert runs[0].started_at == START
