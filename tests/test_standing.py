"""What is confirmed is shown beside what is observed: one post in a sentence, the collection in a column."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_samples import EDIT, PLAN, START, Sample, check_of

import preserve
from preserve.cli.showing import standing_line
from preserve.confirm import CONFIRMABLE, Observation, confirmed_counts, standing
from preserve.ledger import Ledger, RunPlan, RunState
from preserve.model import Reason, Verdict
from preserve.verify.names import LEDGER

GONE, INTACT, BLOCKED, EDITED = Verdict.GONE, Verdict.INTACT, Verdict.BLOCKED, Verdict.EDITED


def after(*verdicts: Verdict, apart: timedelta = timedelta(weeks=1), text: str = "t") -> str:
    """What is said of a post that was observed so, `apart` from each other."""
    history = [
        Observation(START + index * apart, verdict, text=text if verdict is EDITED else str(verdict))
        for index, verdict in enumerate(verdicts)
    ]
    found = standing(history)
    assert found is not None
    return standing_line(found)


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ((INTACT,), "intact since 2026-03-01"),
        ((GONE,), "gone since 2026-03-01, observed 1 of 3 times needed; the next counts from 2026-03-04"),
        (
            (INTACT, GONE, GONE),
            "gone since 2026-03-08, observed 2 of 3 times needed; the next counts from 2026-03-18",
        ),
        ((GONE, GONE, GONE), "gone since 2026-03-01, confirmed"),
        ((EDITED,), "edited since 2026-03-01, observed 1 of 2 times needed"),
        ((EDITED, EDITED), "edited since 2026-03-01, confirmed"),
        (
            (GONE, BLOCKED),
            "blocked since 2026-03-08, which says nothing of the article; before: gone, observed 1 of 3 times needed;"
            " the next counts from 2026-03-04",
        ),
        ((BLOCKED,), "blocked since 2026-03-01; nothing is known of the article yet"),
        ((GONE, INTACT), "intact since 2026-03-08; resurrected: it was gone or replaced before"),
        (
            (EDITED, EDITED, GONE),
            "gone since 2026-03-15, observed 1 of 3 times needed; the next counts from 2026-03-18;"
            " confirmed before as edited",
        ),
        ((INTACT, EDITED, INTACT), "intact since 2026-03-15; unstable: what the source says comes and goes"),
    ],
)
def test_a_standing_in_a_sentence(verdicts: tuple[Verdict, ...], said: str) -> None:
    assert after(*verdicts) == said


def test_only_posts_whose_last_verdict_is_confirmed_are_counted() -> None:
    def history(*verdicts: Verdict) -> list[Observation]:
        return [Observation(START + timedelta(weeks=week), verdict) for week, verdict in enumerate(verdicts)]

    counts = confirmed_counts(
        [history(GONE, GONE, GONE), history(GONE, GONE), history(GONE, GONE, GONE, INTACT), history(INTACT), []]
    )
    assert counts == {GONE: 1, EDITED: 0, Verdict.REPLACED: 0}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks: one post gone all along, one for a week, one edited all along, one intact."""
    folder = tmp_path_factory.mktemp("standing")
    with Ledger.create_or_open(folder / LEDGER) as ledger:
        for week in range(3):
            at = START + timedelta(weeks=week)
            run = ledger.begin_run(RunPlan(PLAN.posts_arguments, PLAN.settings, PLAN.software, at))
            not_found = {"week": week, "verdict": GONE, "reason": Reason.NOT_FOUND}
            newly = not_found if week == 2 else {"week": week}
            samples = [
                Sample(post="p/long-gone.md", source="https://a.example/1", **not_found),  # type: ignore[arg-type]
                Sample(post="p/newly-gone.md", source="https://a.example/2", **newly),
                Sample(post="p/edited.md", source="https://a.example/3", week=week, judgement=EDIT),
                Sample(post="p/intact.md", source="https://a.example/4", week=week),
            ]
            ledger.append(run, [check_of(sample) for sample in samples])
            ledger.end_run(run, at + timedelta(hours=1), RunState.FINISHED)
    return folder


def command(archive: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(Path(preserve.__file__).parent.parent), "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "preserve", *words, "--archive", str(archive)],
        capture_output=True,
        text=True,
        env=environment | {"NO_COLOR": "1"},
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_status_counts_the_confirmed_beside_the_observed(archive: Path) -> None:
    rows = [line.split() for line in command(archive, "status").splitlines()]
    assert rows[1][:4] == ["verdict", "posts", "confirmed", "share"]
    assert [row[1:4] for row in rows if row[1:2] == ["gone"]] == [["gone", "2", "1"]]
    assert [row[1:4] for row in rows if row[1:2] == ["edited"]] == [["edited", "1", "1"]]
    assert [row[1:4] for row in rows if row[1:2] == ["intact"]] == [["intact", "1", "25.0"]]
    assert command(archive, "status", "--confirmed") == command(archive, "status")


def test_the_ledger_knows_when_counting_takes_long(archive: Path) -> None:
    with Ledger.open_readonly(archive / LEDGER) as ledger:
        assert not ledger.more_observations_than(9, CONFIRMABLE)
        assert ledger.more_observations_than(8, CONFIRMABLE)
        assert [post for post, _ in ledger.observations_of({EDITED})] == ["p/edited.md"]
        assert sum(len(observed) for _, observed in ledger.observations_of(CONFIRMABLE)) == 9


def test_show_and_status_give_the_standing_to_scripts(archive: Path) -> None:
    said = json.loads(command(archive, "show", "newly-gone", "--json"))["standing"]
    assert said == {
        "observed": "gone",
        "confirmed": "intact",
        "counted": "gone",
        "strikes": 1,
        "needed": 3,
        "since": "2026-03-15T06:00:00Z",
        "next_strike": "2026-03-18T06:00:00Z",
        "unstable": False,
        "resurrected": False,
        "source_unchanged": False,
    }
    lines = [json.loads(line) for line in command(archive, "status", "--json").splitlines()]
    confirmed = {Path(line["post"]).name: line["standing"]["confirmed"] for line in lines}
    assert confirmed == {
        "long-gone.md": "gone",
        "newly-gone.md": "intact",
        "edited.md": "edited",
        "intact.md": "intact",
    }


def test_show_says_where_a_post_stands(archive: Path) -> None:
    shown = " ".join(command(archive, "show", "long-gone").split())
    assert "standing gone since 2026-03-01, confirmed" in shown
