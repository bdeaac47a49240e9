"""The demo collection through the real command line: every verdict as examples/cases.toml has it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

import preserve
from preserve.model import Nature, Verdict

EXAMPLES = Path(__file__).parent.parent / "examples"
CASES: list[dict[str, Any]] = tomllib.loads((EXAMPLES / "cases.toml").read_text("utf-8"))["case"]


def case_id(case: dict[str, Any]) -> str:
    return str(case["post"]).removesuffix(".md")


@dataclass(frozen=True)
class Shown:
    """What a showing of the demo left behind."""

    exit_code: int
    output: str
    errors: str
    archive: Path
    checks: dict[str, dict[str, Any]]


def free_port() -> int:
    """A port that is free on the demo's addresses, and the one after it too."""
    for _ in range(50):
        with socket.create_server(("127.0.0.2", 0)) as one:
            port = int(one.getsockname()[1])
        try:
            with socket.create_server(("127.0.0.13", port + 1)):
                return port
        except OSError:
            continue
    pytest.fail("no two free ports on the loopback addresses")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run Python on `words`, with the preserve that is tested and not another that may be installed."""
    environment = os.environ | {"PYTHONPATH": str(Path(preserve.__file__).parent.parent)}
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment, check=False)


def demo(*words: str) -> subprocess.CompletedProcess[str]:
    return run(str(EXAMPLES / "demo.py"), *words)


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return run("-P", "-m", "preserve", *words)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """One showing, both epochs, in a process of its own."""
    archive = tmp_path_factory.mktemp("demo") / "archive"
    done = demo("--port", str(free_port()), "--archive", str(archive))
    listed = command("status", "--json", "--archive", str(archive))
    checks = [json.loads(line) for line in listed.stdout.splitlines()]
    yield Shown(
        done.returncode,
        done.stdout,
        done.stderr,
        archive,
        {Path(check["post"]).name: check for check in checks},
    )


def test_the_demo_ends_well(shown: Shown) -> None:
    assert shown.exit_code == 0, shown.errors
    assert "Traceback" not in shown.errors
    assert f"All {len(CASES)} verdicts" in shown.output


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_verdict_is_as_the_case_has_it(shown: Shown, case: dict[str, Any]) -> None:
    check = shown.checks[case["post"]]
    assert (check["verdict"], check["reason"]) == (case["verdict"], case.get("reason"))
    assert "nature" not in case or case["nature"] in check["nature"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["verdict"] == "edited" and "edits" in case], ids=case_id
)
def test_an_edit_is_found_where_it_was_made(shown: Shown, case: dict[str, Any]) -> None:
    edit = case["edits"][0]
    changes = shown.checks[case["post"]]["changes"]
    if "insert" in edit:
        assert edit["insert"] in " ".join(change["new"] for change in changes)
    elif "delete" in edit:
        assert any(change["old"].startswith(edit["delete"]) for change in changes)
    else:
        old, new = smallest(edit["old"], edit["new"])
        assert any(old in change["old"] or old in change["old_context"] for change in changes)
        assert any(new in change["new"] or new in change["new_context"] for change in changes)
    made = sum(len(text) for each in case["edits"] for key, text in each.items() if key not in ("after", "delete"))
    deleted = sum(paragraph_length(case["post"], each["delete"]) for each in case["edits"] if "delete" in each)
    reported = sum(len(change["old"]) + len(change["new"]) for change in changes)
    assert reported <= made + deleted, "more was reported than was changed"


def paragraph_length(post: str, beginning: str) -> int:
    """Length of the paragraph of a post that begins so."""
    stored = (EXAMPLES / "_posts" / post).read_text("utf-8")
    return len(stored[stored.index(beginning) :].split("</p>")[0])


def smallest(old: str, new: str) -> tuple[str, str]:
    """The middles that differ."""
    start = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return old[start : len(old) - end], new[start : len(new) - end]


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["verdict"] in ("intact", "edited") and case.get("nature") != "script-variant"],
    ids=case_id,
)
def test_since_last_says_what_changed_between_the_runs(shown: Shown, case: dict[str, Any]) -> None:
    since = shown.checks[case["post"]]["since_last"]
    material = case["verdict"] == "edited" and "always" not in case
    assert since is not None
    assert since["changed"] is material
    assert bool(since["changes"]) is material


def test_every_verdict_is_in_the_collection() -> None:
    assert {case["verdict"] for case in CASES} == {verdict.value for verdict in Verdict}


def test_every_post_has_a_case_and_every_case_a_post() -> None:
    assert sorted(case["post"] for case in CASES) == sorted(path.name for path in posts_with_cases())
    natures = {nature.value for nature in Nature}
    assert {case["nature"] for case in CASES if "nature" in case} <= natures


def posts_with_cases() -> list[Path]:
    return list((EXAMPLES / "_posts").iterdir())


def test_judged_again_from_the_archive_every_verdict_is_the_same(shown: Shown) -> None:
    again = command("rejudge", "--json", "--archive", str(shown.archive), "--config", str(EXAMPLES / "preserve.toml"))
    assert again.returncode == 0, again.stderr
    for line in again.stdout.splitlines():
        check = json.loads(line)
        before = shown.checks[Path(check["post"]).name]
        for key in ("verdict", "reason", "nature", "changes"):
            assert check[key] == before[key], check["post"]


def test_every_kind_of_record_and_field_in_the_archive_is_documented(shown: Shown) -> None:
    page = (EXAMPLES.parent / "docs" / "formats.md").read_text("utf-8")
    found = {"warcinfo"}
    for path in shown.archive.glob("*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, no_record_parse=True):
                found.add(record.rec_type)
                found.update(name for name, _ in record.rec_headers.headers)
    assert len(found) > 15
    assert {word for word in found if f"`{word}`" not in page} == set()


def test_a_port_that_is_taken_is_said_clearly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = demo("--port", port, "--archive", str(tmp_path))
    assert done.returncode == 2
    assert f"Is port {port} taken?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_web_site_stops_with_the_demo(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    words = [sys.executable, str(EXAMPLES / "demo.py"), "--port", str(port), "--archive", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as playing:
        assert playing.stdout is not None
        assert playing.stdout.readline().startswith(b"First run")  # the site answers
        playing.send_signal(number)
        assert playing.wait(timeout=20) in (2, 130)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=2).close()


def test_an_archive_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", "utf-8")
    done = demo("--archive", str(tmp_path))
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_session_of_the_quote_check_is_what_it_prints(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    docs = (EXAMPLES.parent / "docs" / "quotes.md").read_text("utf-8")
    session = docs.split("<!-- session: quotations of examples/notes.md -->")[1].split("<!-- end of session -->")[0]
    _, _, printed = session.partition("--archive examples/archive\n")
    done = command("quote", "--file", str(EXAMPLES / "notes.md"), "--archive", str(shown.archive))
    assert done.returncode == 1, done.stderr
    assert said(done.stdout) == said(printed)


def said(output: str) -> str:
    """What is printed, at whatever time."""
    return re.sub(r"20\d\d-\d\d-\d\d(?: \d\d:\d\d)?", "<when>", " ".join(output.split()))
