"""An audit finds what was changed or removed, says where, and has nothing to say of an archive as it was written."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import WireServer

from preserve.audit import Audit, Part, audit
from preserve.errors import ArchiveError, ArchiveLockedError
from preserve.warc import ArchiveLock

POSTS = 4
RUNS = 3


def with_key(place: Stage) -> Stage:
    key = str(place.folder / "config" / "signing-key.pem")
    archive = replace(place.settings.archive, signing_key=key)
    return replace(place, settings=replace(place.settings, archive=archive))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An archive of three runs, with an edit, a 404, a revisit and a post that can't be read."""
    place = with_key(stage(tmp_path_factory.mktemp("audited")))
    with WireServer({}) as server:
        for number in range(POSTS):
            server.scripts[f"/{number}"] = answer(page(article(number)))
            write_post(place.posts, f"report-{number}.md", server.url(f"/{number}"), article(number))
        write_post(place.posts, "gone.md", server.url("/gone"), article(9))
        write_post(place.posts, "no-source.md", None, article(8))
        place.verify()
        changed = [paragraph.replace("2,400", "2,300") for paragraph in article(1)]
        server.scripts["/1"] = answer(page(changed))
        for _ in range(RUNS - 1):
            place.verify()
    yield place.archive


@pytest.fixture
def archive(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "warcs"))


def checkpoints(archive: Path) -> list[Path]:
    return sorted((archive / "checkpoints").glob("*.note"))


def tamper(archive: Path, *statements: str) -> None:
    """Change the ledger as somebody would who knows SQLite: past the triggers, which are put back."""
    with closing(sqlite3.connect(archive / "ledger.db", isolation_level=None)) as database:
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)
        for _, sql in triggers:
            database.execute(sql)


def said(result: Audit, part: Part | None = None) -> str:
    found = [one for one in result.findings if part in (None, one.part)]
    return "\n".join(f"{one.where}: {one.what} ({one.hence})" for one in found)


def test_an_archive_as_it_was_written_has_nothing_wrong(original: Path) -> None:
    result = audit(original)
    assert said(result) == ""
    assert result.notes == []
    assert result.checkpoints == RUNS
    assert result.entries == result.signed + 1  # the checkpoint's own
    assert result.captures >= RUNS * (POSTS + 1)


def test_an_audit_changes_nothing(archive: Path) -> None:
    before = {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    audit(archive)
    assert {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()} == before


def test_an_archive_that_is_being_written_is_left_alone(archive: Path) -> None:
    with ArchiveLock(archive), pytest.raises(ArchiveLockedError, match="wait until it has finished"):
        audit(archive)


def test_no_archive_is_no_finding(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="--archive DIR"):
        audit(tmp_path / "nothing")


# ---------------------------------------------------------------- the ledger, through SQL


def test_a_changed_verdict_is_named_and_the_log_believed(archive: Path) -> None:
    tamper(archive, "UPDATE checks SET verdict = 'intact' WHERE verdict = 'edited' AND run_id = 2")
    found = said(audit(archive))
    assert "report-1.md in run 2): its rows are not what was logged" in found
    assert "signs the log's side: the rows were changed" in found


def test_a_verdict_changed_with_its_leaf_is_found_by_every_later_checkpoint(archive: Path) -> None:
    from preserve.ledger import Ledger  # noqa: PLC0415

    tamper(archive, "UPDATE checks SET verdict = 'gone' WHERE id = 1")
    with Ledger.open_readonly(archive / "ledger.db") as ledger:
        stray = next(entry for entry in ledger.log.entries() if entry.now != entry.hash)
    assert stray.now is not None
    tamper(archive, f"UPDATE log_leaves SET hash = x'{stray.now.hex()}' WHERE position = {stray.position}")
    result = audit(archive)
    assert said(result, Part.LOG).count("have another root than the one signed") == RUNS
    assert (result.checkpoints, result.signed) == (0, 0)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("DELETE FROM checks WHERE id = 3", "row 3"),
        ("DELETE FROM log_leaves WHERE position = 5", "entries 5 to 5"),
        ("DELETE FROM run_ends WHERE run_id = 2", "run-end, row 2"),
        ("DELETE FROM exchanges WHERE capture_id = 2", "differs from the ledger in: exchanges"),
        ("DELETE FROM captures WHERE id = 1", "refers to a row of captures"),
        ("DELETE FROM stored_copies WHERE id = 1", "refers to a row of stored_copies"),
        ("DELETE FROM warc_digests WHERE id = 1", "its rows are gone"),
        ("DELETE FROM checkpoints", "its rows are gone"),
        ("DELETE FROM latest", "not the last check"),
        ("UPDATE runs SET settings = '{}' WHERE id = 1", "run 1"),
        ("UPDATE runs SET started_at = replace(started_at, '20', '19')", "run 1"),
        ("UPDATE captures SET captured_at = captured_at + 1 WHERE id = 2", "captured_at"),
        ("UPDATE captures SET summary_offset = summary_offset + 1 WHERE id = 2", "is not there"),
        ("UPDATE exchanges SET block_digest = zeroblob(32) WHERE capture_id = 2", "exchanges"),
        ("UPDATE stored_copies SET digest = zeroblob(32) WHERE id = 1", "stored copy"),
        ("UPDATE details SET content = replace(content, '2,300', '2,500')", "details"),
        ("UPDATE versions SET version = version || '.1'", "its rows are not what was logged"),
        ("UPDATE posts SET path = path || 'x' WHERE id = 1", "its rows are not what was logged"),
        ("UPDATE checkpoints SET peaks = zeroblob(length(peaks))", "root or peaks"),
        ("UPDATE exchanges SET position = 9 WHERE capture_id = 2 AND position = 0", "not numbered one after another"),
        ("UPDATE stored_copies SET file_id = NULL WHERE id = 1", "a record without its place"),
        ("UPDATE checks SET changed_since = 0 WHERE previous_at IS NULL", "partly empty"),
        ("UPDATE exchanges SET original_offset = 0 WHERE original_record IS NULL", "partly empty"),
        ("UPDATE captures SET first_length = 0 WHERE first_record IS NULL", "partly empty"),
        ("DROP VIEW latest_checks", "view latest_checks is missing"),
        ("DROP INDEX checks_by_run", "index checks_by_run is missing"),
    ],
)
def test_what_is_done_to_the_ledger_is_named(archive: Path, statement: str, names: str) -> None:
    tamper(archive, statement)
    assert names in said(audit(archive))


def test_a_dropped_trigger_is_named(archive: Path) -> None:
    with closing(sqlite3.connect(archive / "ledger.db")) as database:
        database.execute("DROP TRIGGER checks_no_delete")
    assert "trigger checks_no_delete is missing" in said(audit(archive))


def test_a_check_that_was_slipped_in_is_named(archive: Path) -> None:
    columns = "run_id, source_id, checked_at, verdict, wants_probe, extractor_id, rules_id"
    values = f"(SELECT max(id) FROM posts), {columns}"
    tamper(
        archive,
        "INSERT INTO posts (path) VALUES ('slipped-in.md')",
        f"INSERT INTO checks (post_id, {columns}) SELECT {values} FROM checks WHERE id = 1",
    )
    assert "slipped-in.md in run 1: was never logged" in said(audit(archive))


LAST_RUN = (
    "DELETE FROM log_leaves WHERE position >= (SELECT max(size) FROM checkpoints WHERE size <"
    " (SELECT max(size) FROM checkpoints)) + 1",
    "DELETE FROM checks WHERE run_id = 3",
    "DELETE FROM run_ends WHERE run_id = 3",
    "DELETE FROM runs WHERE id = 3",
    "DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)",
    "DELETE FROM latest",
    "INSERT INTO latest SELECT post_id, max(id), verdict, reason, source_id FROM checks GROUP BY post_id",
)


def test_a_deleted_last_run_is_found_by_its_checkpoint(archive: Path) -> None:
    tamper(archive, *LAST_RUN)
    assert "were cut off its end" in said(audit(archive), Part.LOG)


def test_a_log_cut_back_with_its_checkpoint_is_found_by_whoever_kept_that(archive: Path) -> None:
    last = checkpoints(archive)[-1]
    kept = last.read_bytes()
    assert not said(audit(archive, kept))
    tamper(archive, *LAST_RUN, "DELETE FROM warc_digests WHERE id NOT IN (SELECT row FROM log_leaves WHERE kind = 5)")
    last.unlink()
    alone = audit(archive)
    assert "cut off" not in said(alone)
    assert "the checkpoint you kept: signs" in said(audit(archive, kept))


# ---------------------------------------------------------------- files


def test_a_missing_file_is_named_with_what_it_held(archive: Path) -> None:
    gone = next(archive.glob("*.warc.gz"))
    gone.unlink()
    assert f"{gone.name}: the file is missing (it held " in said(audit(archive))


def test_a_missing_ledger_leaves_the_files_to_be_checked(archive: Path) -> None:
    for path in archive.glob("ledger.db*"):
        path.unlink()
    result = audit(archive)
    assert "no ledger" in said(result)
    assert result.records
    assert result.checkpoints == RUNS


def test_a_missing_checkpoint_is_named(archive: Path) -> None:
    gone = checkpoints(archive)[0]
    gone.unlink()
    assert f"{gone.name}: is missing" in said(audit(archive))


def test_a_missing_key_is_said(archive: Path) -> None:
    (archive / "checkpoints" / "key.pub").unlink()
    assert "is not signed by a key" in said(audit(archive))


def test_a_damaged_record_is_named_with_the_posts_that_rest_on_it(archive: Path) -> None:
    with closing(sqlite3.connect(archive / "ledger.db")) as database:
        sql = (
            "SELECT file, summary_offset, path FROM captures JOIN files ON files.id = file_id"
            " JOIN checks ON checks.capture_id = captures.id JOIN posts ON posts.id = post_id"
            " WHERE path LIKE '%report-2.md' AND run_id = 1"
        )
        file, offset, post = database.execute(sql).fetchone()
    flip(archive / file, offset + 100)
    found = said(audit(archive), Part.WARC)
    assert f"{file}, bytes {offset} to " in found
    assert f"checks of {post} rest on it" in found
    assert "revisits refer to it" in found


# ---------------------------------------------------------------- how runs are sealed


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Stage]:
    """Three posts whose sources answer."""
    place = with_key(stage(tmp_path))
    with WireServer({}) as server:
        for number in range(3):
            server.scripts[f"/{number}"] = answer(page(article(number)))
            write_post(place.posts, f"report-{number}.md", server.url(f"/{number}"), article(number))
        yield place


def test_an_interrupted_run_is_signed_as_far_as_it_came_and_again_at_its_end(served: Stage) -> None:
    summary, _ = served.verify(stop_after_visits=1)
    assert summary.interrupted
    assert len(checkpoints(served.archive)) == 1
    assert not audit(served.archive).findings
    served.verify()
    result = audit(served.archive)
    assert (said(result), result.notes, result.checkpoints) == ("", [], 2)


def test_a_run_that_can_not_sign_is_finished_and_says_so(served: Stage) -> None:
    blocked = served.folder / "config"
    blocked.write_text("a file where the directory should be")
    summary, watcher = served.verify()
    assert not summary.interrupted
    assert any(notice.startswith("No checkpoint was made: signing key") for notice in watcher.notices)
    result = audit(served.archive)
    assert not result.findings
    assert "signed by no checkpoint yet" in result.notes[0]
    blocked.unlink()
    served.verify()
    assert audit(served.archive).notes == []


def test_the_key_is_told_once_and_is_not_in_the_archive(served: Stage) -> None:
    (_, first), (_, second) = served.verify(), served.verify()
    key = (served.archive / "checkpoints" / "key.pub").read_text().strip()
    assert [key in " ".join(watcher.notices) for watcher in (first, second)] == [True, False]
    secret = Path(served.settings.archive.signing_key).read_bytes().splitlines()[1]
    kept = b"".join(path.read_bytes() for path in served.archive.rglob("*") if path.is_file())
    assert secret not in kept
    assert served.settings.archive.signing_key.encode() not in kept


def test_a_torn_end_of_an_open_file_is_no_fault(archive: Path) -> None:
    last = max(archive.glob("*.warc.gz"))
    (archive / "preserve-20990101000000000000-00000-00000000.warc.gz.open").write_bytes(last.read_bytes()[:-30])
    result = audit(archive)
    assert not result.findings
    assert "torn bytes; the next run cuts them off" in result.notes[0]


# ---------------------------------------------------------------- one byte anywhere


def flip(path: Path, offset: int, mask: int = 0xFF) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= mask
    path.write_bytes(data)


def contents(path: Path) -> object:
    """All that SQL can read of a ledger; template_blocks are hints for later checks, and no evidence."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
            tables = database.execute("SELECT name, sql FROM sqlite_master").fetchall()
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = {
                name: database.execute(f"SELECT * FROM {name}").fetchall()
                for name in names
                if name != "template_blocks"
            }
            return tables, rows
    except (sqlite3.Error, ValueError) as error:
        return str(error)


def settle(archive: Path) -> None:
    """One file, without a write-ahead log beside it."""
    with closing(sqlite3.connect(archive / "ledger.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


Files = Callable[[Path], list[Path]]


@pytest.mark.parametrize(
    ("files", "flips"),
    [
        (lambda archive: sorted(archive.glob("*.warc.gz")), 40),
        (lambda archive: [*checkpoints(archive), archive / "checkpoints" / "key.pub"], 40),
        (lambda archive: [archive / "index.idx"], 60),
        (lambda archive: list(archive.glob("index-*.cdxj.gz")), 60),
    ],
    ids=["warc", "checkpoints", "index-summary", "index-data"],
)
def test_a_flipped_bit_in_a_file_is_found(archive: Path, files: Files, flips: int) -> None:
    chosen = random.Random(4)
    for _ in range(flips):
        path = chosen.choice(files(archive))
        offset, mask = chosen.randrange(path.stat().st_size), 1 << chosen.randrange(8)
        flip(path, offset, mask)
        assert audit(archive).findings, f"{path.name} {offset} {mask:#x}"
        flip(path, offset, mask)
    assert not audit(archive).findings


def test_a_flipped_bit_in_the_ledger_is_found_where_it_changes_what_can_be_read(archive: Path) -> None:
    """What stays unseen is free room in pages, SQLite's own counters, and template_blocks (docs/provenance.md)."""
    settle(archive)
    path, chosen, seen = archive / "ledger.db", random.Random(5), 0
    before = contents(path)
    for _ in range(120):
        offset, mask = chosen.randrange(path.stat().st_size), 1 << chosen.randrange(8)
        flip(path, offset, mask)
        if contents(path) != before:
            seen += 1
            assert audit(archive).findings, f"{offset} {mask:#x}"
        flip(path, offset, mask)
    assert seen > 10
    assert not audit(archive).findings
