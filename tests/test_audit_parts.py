"""What an audit finds depends neither on how it is cut into parts nor on how many processes carry them out."""

from __future__ import annotations

import gzip
import random
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from doubling_kit import Doubling
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import WireServer

from preserve.audit import Audit, audit
from preserve.audit import files as audit_files
from preserve.audit import log as audit_log
from preserve.audit.processes import carried_out
from preserve.digests import digest
from preserve.errors import ArchiveError
from preserve.warc.members import read_members
from preserve.warc.records import Record, decode, encode

POSTS = 6


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three runs over pages that do not change, so that two of them are revisits."""
    place = stage(tmp_path_factory.mktemp("parts"))
    key = str(place.folder / "config" / "signing-key.pem")
    settings = replace(place.settings, archive=replace(place.settings.archive, signing_key=key))
    place = Stage(place.folder, settings)
    with WireServer({}) as server:
        for number in range(POSTS):
            server.scripts[f"/{number}"] = answer(page(article(number)))
            write_post(place.posts, f"report-{number}.md", server.url(f"/{number}"), article(number))
        for _ in range(3):
            place.verify()
    return place.archive


@pytest.fixture
def archive(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "elsewhere" / "warcs"))


def said(result: Audit) -> str:
    return "\n".join(f"{one.where}: {one.what} ({one.hence})" for one in result.findings)


def rewrite(path: Path, kind: str, change: Callable[[Record], Record], holding: bytes = b"") -> None:
    """Change the first record of a kind that holds something, as somebody would who writes its digests anew."""
    data = path.read_bytes()
    with path.open("rb") as stream:
        member, record = next(
            (member, record)
            for member in read_members(stream)
            if (record := decode(member.data)).kind == kind and holding in record.block
        )
    path.write_bytes(data[: member.offset] + encode(change(record)) + data[member.end :])


def with_field(record: Record, name: str, value: str) -> Record:
    return replace(record, fields=tuple((key, value if key == name else old) for key, old in record.fields))


def damage_records(archive: Path) -> None:
    chosen = random.Random(1)
    for path in archive.glob("*.warc.gz"):
        data = bytearray(path.read_bytes())
        for _ in range(3):
            data[chosen.randrange(len(data))] ^= 0xFF
        path.write_bytes(data)


def misplace_rows(archive: Path) -> None:
    """Name places to cut at which are none."""
    with closing(sqlite3.connect(archive / "ledger.db")) as database:
        database.execute("DROP TRIGGER captures_no_update")
        database.execute("UPDATE captures SET first_offset = first_offset + 40 WHERE first_offset IS NOT NULL")
        database.execute("UPDATE captures SET summary_offset = summary_offset + 1 WHERE id % 3 = 0")
        database.commit()


def cut_the_log(archive: Path) -> None:
    with closing(sqlite3.connect(archive / "ledger.db")) as database:
        database.execute("DROP TRIGGER log_leaves_no_delete")
        database.execute("DELETE FROM log_leaves WHERE position BETWEEN 3 AND 9 OR position = 12")
        database.commit()


@pytest.mark.parametrize(
    "harm", [lambda _: None, damage_records, misplace_rows, cut_the_log], ids=["none", "records", "rows", "log"]
)
def test_cuts_and_processes_change_nothing(
    archive: Path, harm: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    harm(archive)
    whole = audit(archive, processes=1)
    assert bool(whole.findings) == (harm in (damage_records, misplace_rows, cut_the_log))
    for step in (1500, 4000):
        monkeypatch.setattr(audit_files, "STRETCH_BYTES", step)
        monkeypatch.setattr(audit_log, "PART_LEAVES", 5)
        assert audit(archive, processes=1) == whole
        assert audit(archive, processes=3) == whole


def test_a_revisit_that_says_another_date_than_its_original_has_is_named(archive: Path) -> None:
    path = sorted(archive.glob("*.warc.gz"))[1]
    rewrite(path, "revisit", lambda record: with_field(record, "WARC-Refers-To-Date", "2020-01-01T00:00:00.123456Z"))
    assert "says another URL, date or payload digest of its original than that has" in said(audit(archive))


def test_an_original_that_was_written_anew_is_named(archive: Path) -> None:
    path = sorted(archive.glob("*.warc.gz"))[0]

    def changed(record: Record) -> Record:
        block = record.block.replace(b"2,400", b"2,300")
        body = block[block.index(b"\r\n\r\n") + 4 :]
        with_digests = with_field(replace(record, block=block), "WARC-Block-Digest", digest(block))
        return with_field(with_digests, "WARC-Payload-Digest", digest(body))

    rewrite(path, "response", changed, holding=b"2,400")
    found = said(audit(archive))
    assert "differs from the ledger in: " in found
    assert "its bytes are not those it was closed with" in found or "when it was closed" in found


def test_an_archive_of_no_more_than_can_be_read_is_audited_in_place_and_elsewhere(
    original: Path, archive: Path
) -> None:
    for path in (archive, *archive.rglob("*")):
        path.chmod(stat.S_IRUSR | (stat.S_IXUSR if path.is_dir() else 0))
    before = sorted(path.name for path in archive.rglob("*"))
    try:
        assert audit(archive) == audit(original)
        assert sorted(path.name for path in archive.rglob("*")) == before
    finally:
        for path in (archive, *archive.rglob("*")):
            path.chmod(stat.S_IRWXU)


def test_a_record_behind_a_bare_gzip_member_is_still_found(archive: Path) -> None:
    path = sorted(archive.glob("*.warc.gz"))[0]
    path.write_bytes(gzip.compress(b"no record") + path.read_bytes())
    found = said(audit(archive))
    assert f"{path.name}, bytes 0 to " in found
    assert "no whole record" in found


# ---------------------------------------------------------------- the processes themselves


@pytest.fixture(params=["alone", "beside a thread"])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    """With a second thread, processes are started anew and not forked."""
    end = threading.Event()
    waiting = threading.Thread(target=end.wait)
    if request.param != "alone":
        waiting.start()
    yield
    end.set()
    if waiting.ident is not None:
        waiting.join()


@pytest.mark.parametrize("processes", [1, 2, 5])
@pytest.mark.usefixtures("threads")
def test_results_come_in_order(processes: int) -> None:
    tasks = [number for number in range(60) if number not in (13, 17)]
    assert list(carried_out(Doubling(), tasks, processes)) == [2 * number for number in tasks]


@pytest.mark.parametrize("processes", [1, 3])
@pytest.mark.usefixtures("threads")
def test_an_error_of_a_task_is_told(processes: int) -> None:
    with pytest.raises(ArchiveError, match="13 can't be read"):
        list(carried_out(Doubling(), [1, 2, 13, 4], processes))


@pytest.mark.usefixtures("threads")
def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(ArchiveError, match=r"ended early \(exit code 3\)"):
        list(carried_out(Doubling(), [1, 17, 2, 3, 4, 5, 6], 2))
