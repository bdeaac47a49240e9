"""`preserve plan`: how long politeness takes, from posts, from counts and from made-up collections."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from preserve.cli.app import run
from preserve.cli.spans import bytes_text, span_text
from preserve.pace.growth import Weights, growth
from preserve.pace.loads import HostClass, Load, load_of, made_up_load
from preserve.pace.months import DAY, YEAR, Timer, simulate
from preserve.pace.passes import Pace, Pass


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Plan(Protocol):
    """Runs `preserve plan` with these words."""

    def __call__(self, *words: object) -> Done: ...


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Plan:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["preserve", "plan", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, said.out, said.err)

    return call


def write_posts(directory: Path) -> None:
    """Three sources on one host, one of them kept twice, one on another, and a post without any."""
    directory.mkdir()
    sources = ["http://one.example/a", "http://one.example/b", "http://one.example/c", "http://one.example/a"]
    for number, source in enumerate([*sources, "http://two.example/a", ""]):
        (directory / f"{number}.md").write_text(f"---\ntitle: a\nfrom: {source}\n---\ntext\n", "utf-8")


# ---------------------------------------------------------------- the rules


def test_one_host_takes_its_requests_and_the_pauses_between_them() -> None:
    pace = Pace(delay=2, seconds=0.5, jobs=8, extra=1)
    assert pace.least_seconds(3) == pytest.approx(4 * 0.5 + 3 * 2)
    assert pace.least_seconds(1) == pytest.approx(2 * 0.5 + 2)


def test_many_small_hosts_are_bound_by_how_many_are_asked_at_once() -> None:
    one = Pass(load_of([1] * 1000), Pace(delay=1, seconds=0.5, jobs=10, extra=0))
    assert one.seconds == pytest.approx(1000 * 0.5 / 10)


def test_one_large_host_is_bound_by_politeness_however_many_are_asked_at_once() -> None:
    load = load_of([10_000, *[1] * 100])
    narrow, wide = (Pass(load, Pace(jobs=jobs)).seconds for jobs in (16, 1000))
    assert wide == pytest.approx(10_001 * 1.3, rel=0.001)
    assert narrow == pytest.approx(wide, rel=0.001)


def test_a_start_that_finds_a_run_at_work_is_refused() -> None:
    pace = Pace(delay=1, seconds=1, extra=0)
    outlook = simulate(load_of([6 * 43_200]), pace, Timer(every=5 * DAY))  # six days of work, a start every five
    assert outlook.first_done == pytest.approx(6 * DAY)
    assert outlook.period == pytest.approx(10 * DAY)
    assert outlook.largest_busy == pytest.approx(0.6)


def test_without_a_timer_one_pass_follows_on_the_other() -> None:
    outlook = simulate(load_of([6 * 43_200]), Pace(delay=1, seconds=1, extra=0), Timer(every=0))
    assert outlook.period == pytest.approx(6 * DAY)
    assert outlook.largest_busy == pytest.approx(1.0)


def test_hours_a_day_stretch_a_pass_over_days() -> None:
    pace = Pace(delay=1, seconds=1, extra=0)
    outlook = simulate(load_of([43_200]), pace, Timer(hours=8), passes=2)
    assert [(one.start, one.days) for one in outlook.passes] == [(0.0, 3), (7 * DAY, 3)]
    assert outlook.first_done == pytest.approx(2 * DAY + 8 * 3600)


def test_requests_a_day_stretch_a_pass_over_days() -> None:
    outlook = simulate(load_of([10] * 100), Pace(extra=0), Timer(requests=300), passes=2)
    assert outlook.passes[0].days == 4
    assert dict(outlook.shares)[0.5] is not None
    assert DAY <= (dict(outlook.shares)[0.5] or 0) < 2 * DAY


def test_what_takes_more_than_a_century_is_said_to_have_no_end() -> None:
    outlook = simulate(made_up_load(10**8, 0.82, 1.0), Pace(), Timer(requests=100))
    assert outlook.first_done is None
    assert outlook.period is None


def test_an_archive_grows_by_what_each_pass_adds() -> None:
    grows = growth(1000, YEAR / 50, Weights(unchanged=1000, page=20_000, changed=0.1))
    assert grows.first == pytest.approx(21_000_000)
    assert grows.a_year == pytest.approx(50 * 1000 * 3000)


def test_zipf_zero_gives_each_of_the_rest_one_source() -> None:
    assert made_up_load(10**8, 0.5, 0) == Load((HostClass(1, 5 * 10**7), HostClass(5 * 10**7, 1)))
    assert made_up_load(1, 1, 1) == load_of([1])


@pytest.mark.parametrize("wrong", [(0, 0.5, 1), (1, 1.5, 1), (1, 0.5, 9)])
def test_a_load_that_cannot_be_made_up_is_refused(wrong: tuple[int, float, float]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        made_up_load(*wrong)


def test_spans_and_sizes_are_told_in_the_unit_that_fits() -> None:
    told = [span_text(seconds) for seconds in (0, 0.25, 90, 7200, 86_400, 14 * DAY, 3.4 * YEAR, 1340 * YEAR)]
    assert told == ["0 s", "0.2 s", "90 s", "2 hours", "24 hours", "14 days", "3.4 years", "1,340 years"]
    assert [bytes_text(size) for size in (12, 1400, 4.1e12)] == ["12 bytes", "1.4 kB", "4.1 TB"]


# ---------------------------------------------------------------- the command


def test_the_next_run_is_told_host_by_host_and_asks_nothing(plan: Plan, tmp_path: Path) -> None:
    write_posts(tmp_path / "posts")
    done = plan("posts", "--delay", 10, "--exchange", 1)
    assert done.returncode == 0, done.stderr
    assert "6 posts, 4 sources on 2 hosts" in done.stdout
    assert "at least 34 s: one.example bounds it" in done.stdout  # 4 requests with 3 pauses
    assert not (tmp_path / "warcs").exists()


def test_json_has_an_object_for_each_host(plan: Plan, tmp_path: Path) -> None:
    write_posts(tmp_path / "posts")
    done = plan("posts", "--delay", 10, "--exchange", 1, "--json")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"host": "one.example", "sources": 3, "requests": 4.0, "seconds": 34.0},
        {"host": "two.example", "sources": 1, "requests": 2.0, "seconds": 12.0},
    ]


def test_months_are_told_in_a_table_and_as_one_object(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "hosts.tsv").write_text("# sources by host\nbig.example\t820000\nsmall.example\t180000\n", "utf-8")
    words = ("--hosts", tmp_path / "hosts.tsv", "--simulate", "--every", "7d")
    told = plan(*words)
    assert told.returncode == 0, told.stderr
    assert "everything checked once  after 12.3 days" in told.stdout
    assert "oldest check             14 days" in told.stdout
    assert "starts meanwhile are refused" in told.stdout
    found = json.loads(plan(*words, "--json", "--runs", 3).stdout)
    assert found["sources"] == 1_000_000
    assert found["oldest"] == 14 * DAY
    assert len(found["passes"]) == 3


def test_a_window_too_narrow_for_the_run_to_be_taken_up_again_is_warned_of(plan: Plan) -> None:
    done = plan("--posts", 1_000_000, "--simulate", "--budget", "8h")
    assert "resume-within" in done.stdout
    assert "resume-within" not in plan("--posts", 10_000, "--simulate", "--budget", "8h").stdout


def test_a_hundred_million_posts_are_reckoned_at_once(plan: Plan) -> None:
    done = plan("--posts", 100_000_000, "--simulate")
    assert done.returncode == 0, done.stderr
    assert "100,000,000 sources" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "POSTS, --hosts FILE or --posts N"),
        (("x.md", "--posts", 5), "one of them"),
        (("--posts", 5, "--simulate", "--budget", "25h"), "--budget 25h"),
        (("--posts", 5, "--simulate", "--budget", "often"), "--budget"),
        (("--posts", 5, "--simulate", "--every", "weekly"), "--every"),
        (("--hosts", "nothing.tsv"), "nothing.tsv"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_words(
    plan: Plan, tmp_path: Path, words: tuple[object, ...], says: str
) -> None:
    done = plan(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "line", ["a.example 5", "a.example\t0", "a.example\t-3", "\t5", "a\tb", "b\t1\nb\t2", "", "b\t\x1b"]
)
def test_a_file_of_hosts_that_cannot_be_used_is_refused_with_its_line(plan: Plan, tmp_path: Path, line: str) -> None:
    (tmp_path / "hosts.tsv").write_text(line, "utf-8")
    done = plan("--hosts", "hosts.tsv")
    assert done.returncode == 2
    assert "hosts.tsv" in done.stderr
    assert "\x1b" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_collection_without_sources_says_so(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: a\n---\ntext\n", "utf-8")
    done = plan("a.md")
    assert done.returncode == 2
    assert "no source to ask" in done.stderr
