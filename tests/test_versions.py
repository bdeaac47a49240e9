"""`preserve log` and `preserve diff`: every check of a post, and any two versions of its article."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import WireServer

import preserve
from preserve.model import Check
from preserve.versions import NoTextError, Side, Version, captured_until, difference

POST = "2020-05-06-ferry.md"
KEPT = article(0)
EDITED = tuple(text.replace("2,400", "2,300") for text in KEPT)
CUT = EDITED[:-1]
GONE = [b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found"]


@dataclass(frozen=True)
class Told:
    """A post that was checked six times: as kept twice, edited, cut, gone, and cut again."""

    place: Stage
    history: list[Check]

    def preserve(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        root = str(Path(preserve.__file__).parent.parent)
        return subprocess.run(
            [sys.executable, "-m", "preserve", *arguments, "--archive", str(self.place.archive)],
            cwd=self.place.folder,
            env={**os.environ, "PYTHONPATH": root, "COLUMNS": "110"},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    place = stage(tmp_path_factory.mktemp("versions"))
    with WireServer({}) as server:
        write_post(place.posts, POST, server.url("/ferry"), KEPT)
        for shown in (page(KEPT), page(KEPT), page(EDITED), page(CUT), None, page(CUT)):
            server.scripts["/ferry"] = GONE if shown is None else answer(shown)
            place.verify(new_run=True)
    with place.ledger() as ledger:
        history = ledger.history(str(place.posts / POST))
    yield Told(place, history)


def capture(told: Told, number: int) -> Version:
    return Version(Side.CAPTURE, told.history[number - 1])


def told_changes(told: Told, old: Version, new: Version) -> list[tuple[str, str]]:
    return [(one.old, one.new) for one in difference(old, new, told.place.settings).comparison.changes]


def test_two_captures_differ_in_what_was_changed_between_them(told: Told) -> None:
    assert told_changes(told, capture(told, 1), capture(told, 3)) == [("2,400", "2,300")]
    assert told_changes(told, capture(told, 3), capture(told, 4)) == [(KEPT[-1], "")]
    assert told_changes(told, capture(told, 1), capture(told, 2)) == []


def test_the_order_tells_which_is_old(told: Told) -> None:
    assert told_changes(told, capture(told, 3), capture(told, 1)) == [("2,300", "2,400")]


def test_the_stored_copy_is_laid_beside_a_capture(told: Told) -> None:
    stored = Version(Side.STORED_COPY, told.history[-1])
    assert told_changes(told, stored, capture(told, 3)) == [("2,400", "2,300")]
    assert told_changes(told, stored, capture(told, 2)) == []


def test_a_page_without_text_is_an_error_that_says_where_to_look(told: Told) -> None:
    with pytest.raises(NoTextError, match=r"gone.*preserve log"):
        difference(capture(told, 1), Version(Side.CAPTURE, _no_capture(told)), told.place.settings)


def _no_capture(told: Told) -> Check:
    from dataclasses import replace  # noqa: PLC0415

    return replace(told.history[4], capture=None)


def test_a_capture_is_found_by_time(told: Told) -> None:
    second, third = told.history[1], told.history[2]
    assert second.captured_at is not None
    assert third.captured_at is not None
    assert captured_until(told.history, second.captured_at) == second
    middle = second.captured_at + (third.captured_at - second.captured_at) / 2
    assert captured_until(told.history, middle) == second
    first = told.history[0].captured_at
    assert first is not None
    assert captured_until(told.history, first - (third.captured_at - first)) is None


def test_diff_shows_what_differs_and_exits_as_diff_does(told: Told) -> None:
    shown = told.preserve("diff", POST, "--from", "1", "--to", "3")
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "≠ 1 difference" in shown.stdout
    assert "2,400" in shown.stdout
    assert "2,300" in shown.stdout
    assert told.history[2].capture is not None
    assert told.history[2].capture.summary.record_id in shown.stdout
    alike = told.preserve("diff", POST, "--from", "1", "--to", "2")
    assert (alike.returncode, alike.stdout.startswith("✓ no difference")) == (0, True)


def test_diff_without_times_lays_the_stored_copy_beside_the_last_answer(told: Told) -> None:
    said = json.loads(told.preserve("diff", POST, "--json").stdout)
    assert (said["old"]["version"], said["new"]["version"]) == ("stored-copy", "capture")
    assert {(one["old"], one["new"]) for one in said["changes"]} == {("2,400", "2,300"), (KEPT[-1], "")}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "yesterday"), "not a date"),
        (("--from", "7"), "has checks 1 to 6"),
        (("--to", "2001-01-01"), "nothing was captured"),
        (("--from", "0"), "has checks 1 to 6"),
    ],
)
def test_a_time_that_names_nothing_is_explained(told: Told, arguments: tuple[str, ...], message: str) -> None:
    shown = told.preserve("diff", POST, *arguments)
    assert shown.returncode == 2
    assert message in shown.stderr
    assert "Traceback" not in shown.stderr


def test_log_has_a_line_for_checks_in_a_row_that_are_alike(told: Told) -> None:
    lines = [line for line in told.preserve("log", POST).stdout.splitlines() if line.strip()]
    assert [line.split()[0] for line in lines[3:]] == ["1–2", "3", "4", "5", "6"]
    assert "intact" in lines[3]
    assert "2,400 → 2,300" in lines[4]
    assert "changed" in lines[5]
    assert "gone" in lines[6]


def test_log_has_a_line_a_check_where_asked(told: Told) -> None:
    lines = [line for line in told.preserve("log", POST, "--all").stdout.splitlines() if line.strip()]
    assert [line.split()[0] for line in lines[3:]] == ["1", "2", "3", "4", "5", "6"]
    said = [json.loads(line) for line in told.preserve("log", POST, "--json").stdout.splitlines()]
    assert [one["number"] for one in said] == [1, 2, 3, 4, 5, 6]
    assert [one["verdict"] for one in said] == [check.judgement.verdict.value for check in told.history]
