"""A collection in git, checked week by week: its commits stand in the archive, and alterations are told."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from git_kit import Repository, needs_git
from run_kit import Stage, answer, article, page, stage, write_post
from warc_support import other_reader
from wire_server import WireServer

import preserve
from preserve.audit import audit
from preserve.model import Check, CommitState, PostVersion
from preserve.warc import warc_files

pytestmark = needs_git
ROOT = str(Path(preserve.__file__).parent.parent)
NAMES = ("kept.md", "corrected.md", "meddled.md", "new.md")


@dataclass
class Collection:
    """Posts in a repository, an archive beside them, and the commits made."""

    place: Stage
    commits: list[str]
    runs: list[dict[str, Check]]


def rewrite(place: Stage, name: str, number: int) -> None:
    path = place.posts / name
    text = path.read_text("utf-8")
    path.write_text(text.replace("</div>", f"<p>Note {number}.</p></div>"), "utf-8")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    place = stage(tmp_path_factory.mktemp("collection"))
    repository = Repository(place.posts)
    with WireServer({}) as server:
        for number, name in enumerate(NAMES):
            server.scripts[f"/{number}"] = answer(page(article(number)))
            write_post(place.posts, name, server.url(f"/{number}"), article(number))
        write_post(place.posts, "unreadable.md", "no url", article(9))
        repository.git("add", *(name for name in NAMES if name != "new.md"), "unreadable.md")
        repository.git("commit", "-q", "-m", "first")
        repository.day += 1
        commits, runs = [repository.git("rev-parse", "HEAD")], []

        def check() -> None:
            summary, watcher = place.verify()
            assert not summary.interrupted
            assert watcher.notices == []
            runs.append({Path(one.post).name: one for one in watcher.checks})

        check()
        rewrite(place, "corrected.md", 1)
        commits.append(repository.commit())
        rewrite(place, "meddled.md", 1)
        check()
        check()
        yield Collection(place, commits, runs)


def version(collection: Collection, run: int, name: str) -> PostVersion | None:
    return collection.runs[run][name].post_version


def test_a_check_names_the_commit_of_its_post(collection: Collection) -> None:
    first, second = collection.commits
    found = version(collection, 0, "kept.md")
    assert found is not None
    assert (found.state, found.commit) == (CommitState.COMMITTED, first)
    assert (
        version(collection, 0, "unreadable.md") == found
    )  # its source is no URL; its bytes are witnessed all the same
    assert version(collection, 0, "new.md") == PostVersion(CommitState.UNCOMMITTED)
    corrected, meddled = version(collection, 1, "corrected.md"), version(collection, 1, "meddled.md")
    assert corrected is not None
    assert meddled is not None
    assert (corrected.state, corrected.commit) == (CommitState.COMMITTED, second)
    assert (meddled.state, meddled.commit) == (CommitState.MODIFIED, first)


def test_what_was_said_of_known_bytes_stays(collection: Collection) -> None:
    """`new.md` was committed after the first run; its record and what it says are the first run's."""
    assert version(collection, 1, "new.md") == version(collection, 0, "new.md") == PostVersion(CommitState.UNCOMMITTED)
    assert [version(collection, 2, name) for name in NAMES] == [version(collection, 1, name) for name in NAMES]


def test_the_ledger_gives_the_checks_back(collection: Collection) -> None:
    with collection.place.ledger() as ledger:
        for run in collection.runs:
            for check in run.values():
                assert check in ledger.history(check.post)


def test_the_records_name_commits_and_nobody(collection: Collection) -> None:
    found = {}
    for path in warc_files(collection.place.archive):
        for kind, named, _ in other_reader(path):
            if kind == "resource":
                key = (named["WARC-Target-URI"].rpartition("/")[2], named.get_header("WARC-Preserve-Commit"))
                found[key] = (named["WARC-Preserve-Commit-State"], named.get_header("WARC-Preserve-Commit-Date"))
        assert b"Keeper" not in path.read_bytes()
    first, second = collection.commits
    assert found["kept.md", first] == ("committed", "2020-09-13T12:26:40Z")
    assert found["corrected.md", second] == ("committed", "2020-09-14T12:26:40Z")
    assert found["meddled.md", first] == ("modified", "2020-09-13T12:26:40Z")
    assert found["new.md", None] == ("uncommitted", None)


def test_an_audit_notes_what_was_altered_and_finds_no_fault(collection: Collection) -> None:
    result = audit(collection.place.archive)
    assert result.findings == []
    notes = [note for note in result.notes if note.startswith("stored copy")]
    (corrected,) = (note for note in notes if "corrected.md" in note)
    (meddled,) = (note for note in notes if "meddled.md" in note)
    assert len(notes) == 2
    first, second = collection.commits
    assert f"commit {first[:12]} of 2020-09-13" in corrected
    assert f"to what commit {second[:12]} of 2020-09-14 12:26 UTC has" in corrected
    assert "by no commit" in meddled


def tampered(collection: Collection, folder: Path, statement: str) -> str:
    """What an audit finds when a row was changed past the triggers."""
    archive = folder / "warcs"
    archive.mkdir()
    for path in collection.place.archive.rglob("*"):
        to = archive / path.relative_to(collection.place.archive)
        if path.is_file():
            to.parent.mkdir(exist_ok=True)
            to.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(archive / "ledger.db", isolation_level=None)) as database:
        (trigger,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'stored_copies_no_update'").fetchone()
        database.execute("DROP TRIGGER stored_copies_no_update")
        database.execute(statement)
        database.execute(trigger)
    return "\n".join(f"{one.part} {one.where}: {one.what}" for one in audit(archive).findings)


@pytest.mark.parametrize(
    "change",
    [
        "commit_id = x'0123456789012345678901234567890123456789'",
        "committed_at = committed_at + 1000000",
        "commit_state = 'modified'",
        "commit_state = NULL, commit_id = NULL, committed_at = NULL",
    ],
)
def test_another_commit_in_the_ledger_is_found_by_log_and_record(
    collection: Collection, tmp_path: Path, change: str
) -> None:
    said = tampered(collection, tmp_path, f"UPDATE stored_copies SET {change} WHERE commit_state = 'committed'")
    assert "kept.md: names another commit than the ledger has" in said
    assert "kept.md in run 1): its rows are not what was logged" in said


@pytest.mark.parametrize(
    "change",
    [
        "commit_state = 'blessed'",
        "commit_state = NULL",
        "committed_at = 'once'",
        "committed_at = 9223372036854775807",
        "commit_id = 'abc'",
        "commit_id = 7",
    ],
)
def test_a_version_that_is_none_is_found(collection: Collection, tmp_path: Path, change: str) -> None:
    said = tampered(collection, tmp_path, f"UPDATE stored_copies SET {change} WHERE commit_state = 'committed'")
    assert "kept.md" in said or "can't be read" in said


def run(collection: Collection, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": ROOT, "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "preserve", *words, "--archive", str(collection.place.archive)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_show_says_of_which_commit_and_when_altered(collection: Collection) -> None:
    first, second = collection.commits
    said = " ".join(run(collection, "show", "corrected.md").split())
    assert f"commit {second[:12]} of 2020-09-14 12:26 UTC" in said
    assert "stored copy altered between" in said
    line = json.loads(run(collection, "show", "meddled.md", "--json"))
    assert line["post_commit"] == first
    assert line["post_committed_at"] == "2020-09-13T12:26:40Z"
    assert line["post_commit_state"] == "modified"
    (altered,) = line["altered"]
    assert altered["by_commit"] is None
    assert altered["how"] == "no-commit"
    assert (altered["old_digest"], altered["post_digest"]) == (
        collection.runs[0]["meddled.md"].post_digest,
        line["post_digest"],
    )


def test_copies_say_it_too(collection: Collection) -> None:
    assert "stored copy altered between" in " ".join(run(collection, "copies", "corrected.md").split())
    line = json.loads(run(collection, "copies", "corrected.md", "--json"))
    (copy,) = line["copies"]
    assert copy["post_commit"] == collection.commits[1]
    assert [one["by_commit"] for one in copy["altered"]] == [collection.commits[1]]


def test_the_views_show_it(collection: Collection) -> None:
    with closing(sqlite3.connect(collection.place.archive / "ledger.db")) as database:
        rows = database.execute("SELECT DISTINCT post_commit_state, post_commit FROM latest_checks").fetchall()
    first, second = collection.commits
    assert set(rows) == {("committed", first), ("committed", second), ("modified", first), ("uncommitted", None)}
