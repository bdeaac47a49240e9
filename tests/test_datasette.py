"""The ledger in the real Datasette, with the metadata that is shipped: every view and every query put ready."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from export_kit import WEEKS, Archive
from ledger_samples import PLAN, START

from preserve.export import FIXED_FORMATS
from preserve.ledger import Ledger, RunPlan

# Datasette is a program of its own here: it asks each path of its own server, in process, and prints the answers.
ASK = """
import asyncio, json, sys
from datasette.app import Datasette

async def main(ledger, metadata, *paths):
    immutable, metadata = metadata.startswith("!"), json.load(open(metadata.lstrip("!")))
    datasette = Datasette([] if immutable else [ledger], immutables=[ledger] if immutable else [], metadata=metadata)
    await datasette.invoke_startup()
    found = {}
    for path in paths:
        answer = await datasette.client.get(path, follow_redirects=True)
        is_json = "json" in answer.headers["content-type"]
        found[path] = [answer.status_code, answer.json() if is_json else answer.text]
    print(json.dumps(found))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Archive(tmp_path_factory.mktemp("datasette"), unicode=True).write()


@pytest.fixture(scope="module")
def metadata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("metadata") / "metadata.json"
    with path.open("w", encoding="utf-8") as stream:
        FIXED_FORMATS["datasette"](stream)
    return path


def asked(ledger: Path, metadata: Path, *paths: str, immutable: bool = True) -> dict[str, Any]:
    """What Datasette answers to each path."""
    given = f"{'!' if immutable else ''}{metadata}"
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(ledger), given, *paths],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # tracebacks are printed before
    assert {path: status for path, (status, _) in answers.items() if status != 200} == {}, done.stdout[:4000]
    return {path: body for path, (_, body) in answers.items()}


def rows(body: Any) -> list[dict[str, Any]]:
    """The rows of a JSON answer."""
    assert body["ok"], body
    found: list[dict[str, Any]] = body["rows"]
    return found


def test_every_query_and_view_answers(ledger: Path, metadata: Path) -> None:
    described = json.loads(metadata.read_text("utf-8"))["databases"]["ledger"]
    views = ("latest_checks", "history", "run_overview")
    gone = str(ledger.parent.parent / "gone.md")
    given = {"post": f"&post={gone}", "source": "&url=https://news.example/gone.md"}
    queries = {name: f"/ledger/{name}.json?_shape=objects{given.get(name, '')}" for name in described["queries"]}
    pages = {view: f"/ledger/{view}" for view in views}
    answers = asked(ledger, metadata, *queries.values(), *pages.values(), "/ledger", "/ledger.json")
    found = {name: rows(answers[path]) for name, path in queries.items()}
    assert {row["verdict"]: row["posts"] for row in found["verdicts"]}["gone"] == 3
    first = {
        Path(row["post"]).name: row["first_observed"][:10] for row in found["lost"] if row["post"].endswith("e.md")
    }
    assert first == {"gone.md": "2026-03-01"}
    assert [row["first_observed"][:10] for row in found["lost"] if row["post"].endswith("newly.md")] == ["2026-03-22"]
    assert found["edits"][0]["old"] == "2400"
    assert found["hosts"][0]["host"] == "news.example"
    assert (found["hosts"][0]["posts"], found["hosts"][0]["lost"]) == (7, 2)
    assert [row["final_url"] for row in found["moved"]] == ["https://new.example/@"]
    assert [row["run"] for row in found["post"]] == [1, 2, 3, 4]
    assert len(found["source"]) == WEEKS + 1
    assert found["link_rot_pew"] == [{"status": 404, "posts": 3, "percent": 37.5}]
    assert "Each post" in answers["/ledger/latest_checks"]
    tables = {table["name"]: table["hidden"] for table in answers["/ledger.json"]["tables"]}
    assert all(tables.values()), "the ledger's inner tables are hidden"
    assert {view["name"] for view in answers["/ledger.json"]["views"]} == set(views)


def test_nothing_is_written_to_the_ledger(ledger: Path, metadata: Path) -> None:
    before, beside = ledger.read_bytes(), sorted(ledger.parent.iterdir())
    asked(ledger, metadata, "/ledger/verdicts.json")
    assert ledger.read_bytes() == before
    assert sorted(ledger.parent.iterdir()) == beside


def test_a_run_that_is_writing_is_read_through_its_log_and_not_disturbed(tmp_path: Path, metadata: Path) -> None:
    path = Archive(tmp_path, unicode=True).write()
    runs = "/ledger/run_overview.json?_shape=objects"
    with Ledger.create_or_open(path) as writing:
        at = START + timedelta(weeks=WEEKS + 1)
        writing.begin_run(RunPlan(PLAN.posts_arguments, PLAN.settings, PLAN.software, at))
        live = asked(path, metadata, runs, immutable=False)[runs]
        immutable = asked(path, metadata, runs)[runs]
    # The new run is in the write-ahead log: seen live, and not yet in the one file.
    assert len(rows_of_table(live)) == WEEKS + 2
    assert len(rows_of_table(immutable)) == WEEKS + 1


def rows_of_table(body: dict[str, Any]) -> list[Any]:
    found: list[Any] = body["rows"]
    return found
