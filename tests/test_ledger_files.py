"""The ledger's file: opened, refused, brought up to date, read while written, and killed at any moment."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ledger_samples import PLAN, POST, SOURCE, START, Sample, capture_of, check_of

from preserve.errors import ArchiveError
from preserve.ledger import Ledger, RunState
from preserve.ledger import database as database_module
from preserve.ledger.database import Database, open_for_reading, open_for_writing
from preserve.ledger.schema import APPLICATION_ID, STEPS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def make(path: Path) -> None:
    """A ledger with one check."""
    with Ledger.create_or_open(path) as ledger:
        run = ledger.begin_run(PLAN)
        ledger.append(run, [check_of(Sample())])
        ledger.end_run(run, START, RunState.FINISHED)


def pragma(path: Path, name: str) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]
    finally:
        connection.close()


def sqlite_file(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


# ---------------------------------------------------------------- opening


def test_a_new_ledger_says_what_it_is(path: Path) -> None:
    make(path)
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == len(STEPS)
    assert pragma(path, "journal_mode") == "wal"
    assert pragma(path, "integrity_check") == "ok"


def test_the_directory_is_made(tmp_path: Path) -> None:
    make(tmp_path / "new" / "archive" / "ledger.db")
    assert (tmp_path / "new" / "archive" / "ledger.db").is_file()


@pytest.mark.parametrize("name", ["a b#c?d%41&mode=ro", "档案", "e\udcff"])
def test_any_directory_name_will_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "ledger.db"
    make(path)
    with Ledger.open_readonly(path) as ledger:
        assert ledger.latest(POST) == check_of(Sample())
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_an_empty_file_becomes_a_ledger(path: Path) -> None:
    path.touch()
    make(path)
    with Ledger.open_readonly(path) as ledger:
        assert ledger.latest(POST)


def test_opening_again_keeps_what_is_there(path: Path) -> None:
    make(path)
    with Ledger.create_or_open(path) as ledger:
        assert ledger.history(POST) == [check_of(Sample())]


def test_after_closing_only_the_file_is_left(path: Path) -> None:
    make(path)
    with Ledger.open_readonly(path) as ledger:
        ledger.summary()
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_closing_twice_does_no_harm(path: Path) -> None:
    ledger = Ledger.create_or_open(path)
    ledger.close()
    ledger.close()


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("opened", [Ledger.create_or_open, Ledger.open_readonly])
class TestRefusals:
    def test_a_file_that_is_not_sqlite(self, path: Path, opened: Callable[[Path], Ledger]) -> None:
        path.write_text("these are notes of mine\n" * 100)
        with pytest.raises(ArchiveError, match=r"ledger\.db: .*not a database: .*--archive"):
            opened(path)
        assert path.read_text().startswith("these are notes of mine\n")

    def test_the_database_of_another_program(self, path: Path, opened: Callable[[Path], Ledger]) -> None:
        sqlite_file(path, "CREATE TABLE notes (note TEXT)")
        before = path.read_bytes()
        with pytest.raises(ArchiveError, match=r"not a ledger of preserve: name the archive's directory"):
            opened(path)
        assert path.read_bytes() == before

    def test_a_ledger_of_a_newer_version(self, path: Path, opened: Callable[[Path], Ledger]) -> None:
        make(path)
        sqlite_file(path, f"PRAGMA user_version = {len(STEPS) + 1}")
        with pytest.raises(ArchiveError, match=f"version {len(STEPS) + 1}, .* up to {len(STEPS)}: update"):
            opened(path)

    def test_a_ledger_cut_short(self, path: Path, opened: Callable[[Path], Ledger]) -> None:
        make(path)
        path.write_bytes(path.read_bytes()[:5000])
        with pytest.raises(ArchiveError, match=r"ledger\.db: .*malformed: it is damaged; .*backup"):
            opened(path).summary()

    def test_a_directory_in_its_place(self, path: Path, opened: Callable[[Path], Ledger]) -> None:
        path.mkdir()
        with pytest.raises(ArchiveError, match=r"ledger\.db"):
            opened(path)


def test_reading_makes_no_ledger(path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"no ledger at .*ledger\.db: run `preserve verify` first"):
        Ledger.open_readonly(path)
    assert not path.exists()


def test_an_archive_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError, match=r"archive .*file/archive: .*check the path"):
        Ledger.create_or_open(tmp_path / "file" / "archive" / "ledger.db")


def test_a_ledger_opened_to_read_cannot_be_written(path: Path) -> None:
    make(path)
    with Ledger.open_readonly(path) as ledger, pytest.raises(ArchiveError, match="readonly"):
        ledger.begin_run(PLAN)


def test_replacing_a_row_is_deleting_it(path: Path) -> None:
    make(path)
    database = open_for_writing(path)
    with pytest.raises(ArchiveError, match="the ledger only grows"):
        database.insert("INSERT OR REPLACE INTO posts (id, path) VALUES (1, 'other.md')")
    database.close()


def test_a_second_writer_is_told_to_wait(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(path)
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.05)
    first, second = open_for_writing(path), Ledger.create_or_open(path)
    with first.transaction(), pytest.raises(ArchiveError, match=r"locked: another process is writing"):
        second.begin_run(PLAN)
    second.begin_run(PLAN)
    first.close()
    second.close()


def test_a_full_disk_leaves_the_checks_that_were_finished(path: Path) -> None:
    make(path)
    database = open_for_writing(path)
    ledger = Ledger(database)
    run = ledger.begin_run(PLAN)
    pages = database.rows("PRAGMA page_count")[0][0]
    database.rows(f"PRAGMA max_page_count = {pages + 1}")

    with pytest.raises(ArchiveError, match="full: the disk is full; free some space"):
        ledger.append(run, [check_of(Sample(post=f"{number}.md")) for number in range(500)])
    database.rows("PRAGMA max_page_count = 100000")

    assert ledger.posts_checked_in(run) == set()
    ledger.append(run, [check_of(Sample(week=1))])
    ledger.close()
    assert pragma(path, "integrity_check") == "ok"


# ---------------------------------------------------------------- reading meanwhile, and on read-only media


def test_a_reader_sees_whole_transactions_of_a_run_that_goes_on(path: Path) -> None:
    with Ledger.create_or_open(path) as writer:
        run = writer.begin_run(PLAN)
        with Ledger.open_readonly(path) as reader:
            assert reader.posts_checked_in(run) == set()
            writer.append(run, [check_of(Sample(post="a.md")), check_of(Sample(post="b.md"))])
            assert reader.posts_checked_in(run) == {"a.md", "b.md"}


def test_several_threads_may_ask_and_append(path: Path) -> None:
    with Ledger.create_or_open(path) as ledger, ThreadPoolExecutor(4) as threads:
        run = ledger.begin_run(PLAN)
        ledger.append(run, [check_of(Sample())])
        asked, appended = [], []
        for number in range(40):
            asked.append(threads.submit(lambda: (ledger.latest(POST), ledger.last_capture(SOURCE))))
            checks = [check_of(Sample(post=f"{number}.md"))]
            appended.append(threads.submit(ledger.append, run, checks))
        assert {answer.result() for answer in asked} == {(check_of(Sample()), capture_of(Sample()))}
        assert [done.result() for done in appended] == [None] * 40
        assert len(ledger.posts_checked_in(run)) == 41


def test_a_ledger_is_read_where_nothing_can_be_written(path: Path) -> None:
    make(path)
    # Where SQLite's shared memory file can't be made, as on a read-only medium; chmod wouldn't stop root.
    path.with_name("ledger.db-shm").mkdir()
    path.with_name("ledger.db-wal").mkdir()
    with Ledger.open_readonly(path) as ledger:
        assert ledger.latest(POST) == check_of(Sample())


def test_what_a_killed_run_left_in_the_write_ahead_log_is_read(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    with Ledger.create_or_open(path) as ledger:
        run = ledger.begin_run(PLAN)
        ledger.append(run, [check_of(Sample())])
        for found in path.parent.glob("ledger.db*"):
            (copy / found.name).write_bytes(found.read_bytes())
    (copy / "ledger.db-shm").unlink()

    with Ledger.open_readonly(copy / "ledger.db") as ledger:
        assert ledger.posts_checked_in(run) == {POST}


# ---------------------------------------------------------------- migration


def test_an_older_file_is_brought_up_to_date_and_keeps_its_rows(path: Path) -> None:
    first = STEPS[:1]
    open_for_writing(path, first).close()
    sqlite_file(path, "INSERT INTO hosts (host) VALUES ('kept.example')")
    later = (
        *first,
        ("ALTER TABLE hosts ADD COLUMN note TEXT", "CREATE TABLE extra (id INTEGER PRIMARY KEY)"),
        ("INSERT INTO extra (id) VALUES (7)",),
    )

    database = open_for_writing(path, later)

    assert database.rows("SELECT host, note FROM hosts") == [("kept.example", None)]
    assert database.rows("SELECT id FROM extra") == [(7,)]
    database.close()
    open_for_writing(path, later).close()
    assert pragma(path, "user_version") == 3


def test_a_step_that_fails_leaves_the_file_at_the_version_before(path: Path) -> None:
    first = STEPS[:1]
    open_for_writing(path, first).close()
    broken = (*first, ("CREATE TABLE extra (id INTEGER)", "INSERT INTO missing VALUES (1)"))

    with pytest.raises(ArchiveError, match="no such table: missing"):
        open_for_writing(path, broken)

    assert pragma(path, "user_version") == 1
    open_for_writing(path, (*first, ("CREATE TABLE extra (id INTEGER)",))).close()


def test_an_older_file_opened_to_read_says_how_to_bring_it_up_to_date(path: Path) -> None:
    open_for_writing(path, STEPS[:1]).close()
    with pytest.raises(ArchiveError, match="version 1, this preserve reads 2: run `preserve verify`"):
        open_for_reading(path, (*STEPS[:1], ("SELECT 1",)))


def test_every_released_step_brings_an_older_file_up_to_this_version(path: Path) -> None:
    for version in range(1, len(STEPS) + 1):
        open_for_writing(path, STEPS[:version]).close()
    make(path)
    with Ledger.open_readonly(path) as ledger:
        assert ledger.latest(POST) == check_of(Sample())


# ---------------------------------------------------------------- killed

WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from ledger_samples import PLAN, Sample, check_of
from preserve.ledger import Ledger

ledger = Ledger.create_or_open(Path(sys.argv[1]))
run = ledger.begin_run(PLAN)
for batch in range(100_000):
    posts = [f"{run}-{batch}-{n}.md" for n in range(3)]
    ledger.append(run, [check_of(Sample(post=post, source=f"https://h.example/{post}")) for post in posts])
    print(run, batch, flush=True)
"""


@pytest.mark.parametrize("batches", [1, 25])
def test_killed_at_any_moment_the_ledger_has_every_check_it_reported(path: Path, batches: int) -> None:
    tests = Path(__file__).parent
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(tests), str(tests.parent)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        for _line in zip(range(batches), process.stdout, strict=False):
            pass
        os.kill(process.pid, signal.SIGKILL)
        last = process.stdout.readlines()
        process.stdout.close()
        process.wait()
        reported = int(last[-1].split()[1]) + 1 if last and last[-1].endswith("\n") else batches

        with Ledger.create_or_open(path) as ledger:
            run = ledger.unfinished_run()
            assert run is not None
            posts = ledger.posts_checked_in(run.id)
            assert posts >= {f"{run.id}-{batch}-{n}.md" for batch in range(reported) for n in range(3)}
            assert len(posts) % 3 == 0, "a batch is kept whole or not at all"
            assert {check.post for check in ledger.checks_of(run.id)} == posts
    assert pragma(path, "integrity_check") == "ok"
    assert len(connection_rows(path, "PRAGMA foreign_key_check")) == 0


def connection_rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    database: Database = open_for_writing(path)
    try:
        return database.rows(sql)
    finally:
        database.close()
