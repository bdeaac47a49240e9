"""WARC files in a storage: put there whole, read back, found by every reader, and nothing replaced or lost.

The object store is a server in a process of its own (tests/storage_kit.py), the folder a real one; fsspec's way with
file servers is taken with its `local` file system.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_kit import command, environment
from hypothesis import given
from hypothesis import strategies as st
from run_kit import Stage, answer, article, page
from storage_kit import BUCKET, CREDENTIALS, Gate, ObjectStore, publish, s3, stored_stage
from wire_server import WireServer

from preserve.audit import Part, audit
from preserve.config import load_settings
from preserve.errors import ArchiveError, ConfigError
from preserve.ledger import Ledger, RunPlan
from preserve.model import Check, Verdict
from preserve.rejudge import rejudge
from preserve.settings import ArchiveSettings
from preserve.verify.names import LEDGER
from preserve.verify.run import settings_text
from preserve.warc import closed_files, lookup, read_block, read_capture, refresh, warc_files
from preserve.warc.storage import NotStoredError, Storage, Stored, WarcStore, open_store
from preserve.warc.stored import find_stored, note_stored, store_closed, stored_files
from preserve.warc.streams import StoredStream

POSTS = 3
SECRET = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    store = ObjectStore(tmp_path_factory.mktemp("store") / "log")
    yield store
    store.kill()


@dataclass(frozen=True)
class Kind:
    """A kind of storage, and how a test gets at what lies in it, by another way."""

    name: str
    storage: Storage
    folder: Path | None
    bucket: ObjectStore

    @property
    def prefix(self) -> str:
        return self.storage.url.removeprefix(f"s3://{BUCKET}/")

    def bytes_of(self, name: str) -> bytes | None:
        if self.folder is None:
            return self.bucket.object(f"{self.prefix}/{name}")
        path = self.folder / name
        return path.read_bytes() if path.exists() else None

    def replace(self, name: str, data: bytes) -> None:
        if self.folder is None:
            self.bucket.replace(f"{self.prefix}/{name}", data)
        else:
            (self.folder / name).write_bytes(data)

    def remove(self, name: str) -> None:
        if self.folder is None:
            self.bucket.remove(f"{self.prefix}/{name}")
        else:
            (self.folder / name).unlink()

    def names(self) -> list[str]:
        return sorted(open_store(self.storage).sizes())


def kind_of(name: str, folder: Path, bucket: ObjectStore) -> Kind:
    if name == "s3":
        return Kind(name, s3(bucket, folder.name), None, bucket)
    folder = folder / "mounted drive"
    folder.mkdir()
    return Kind(name, Storage(folder.as_uri() if name == "folder" else f"local://{folder}"), folder, bucket)


@pytest.fixture(params=["s3", "folder", "fsspec"])
def kind(request: pytest.FixtureRequest, tmp_path: Path, bucket: ObjectStore) -> Kind:
    return kind_of(request.param, tmp_path, bucket)


def written(folder: Path, data: bytes = b"some bytes", name: str = "preserve-1.warc.gz") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path


# Putting


def test_a_file_is_put_there_whole_and_read_back(kind: Kind, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    stored = open_store(kind.storage).put(written(tmp_path / "here", data))
    assert kind.bytes_of(stored.name) == data
    assert stored.size == len(data)
    assert open_store(kind.storage).digest(stored.name, stored.size) == stored.digest
    assert kind.names() == [stored.name]


def test_what_is_there_already_is_left_as_it_is(kind: Kind, tmp_path: Path) -> None:
    store, path = open_store(kind.storage), written(tmp_path / "here")
    assert store.put(path) == store.put(path)


@pytest.mark.parametrize("taken", [b"other byte", b"longer than what is to go there"])
def test_a_name_that_is_taken_is_not_replaced(kind: Kind, tmp_path: Path, taken: bytes) -> None:
    path = written(tmp_path / "here")
    kind.replace(path.name, taken)
    with pytest.raises(NotStoredError, match=f"{path.name}: another file has this name"):
        open_store(kind.storage).put(path)
    assert kind.bytes_of(path.name) == taken


def test_a_name_that_is_taken_between_look_and_upload_is_not_replaced(kind: Kind, tmp_path: Path) -> None:
    path, place = written(tmp_path / "here"), open_store(kind.storage)._place
    kind.replace(path.name, b"theirs")
    with pytest.raises(FileExistsError):
        place.upload(path, path.name)
    assert kind.bytes_of(path.name) == b"theirs"


def test_a_file_that_is_not_what_the_log_says_is_not_put_there(kind: Kind, tmp_path: Path) -> None:
    with pytest.raises(NotStoredError, match="is not what it was when it was closed"):
        open_store(kind.storage).put(written(tmp_path / "here"), "sha256:" + 64 * "0")
    assert kind.names() == []


def test_a_file_of_several_parts_arrives_and_replaces_nothing(bucket: ObjectStore, tmp_path: Path) -> None:
    store = open_store(s3(bucket, "parts"))
    path = written(tmp_path / "here", os.urandom(1 << 20) * 33)
    assert store.put(path).size == path.stat().st_size
    assert sum("uploadId" in asked.target and asked.method == "PUT" for asked in bucket.asked()) > 1
    path.write_bytes(bytes(1 << 20) * 33)
    with pytest.raises(FileExistsError):
        store._place.upload(path, path.name)


def test_no_folder_is_no_empty_folder(tmp_path: Path) -> None:
    store = open_store(Storage((tmp_path / "unmounted").as_uri()))
    with pytest.raises(ArchiveError, match="no such folder; mount or make it"):
        store.put(written(tmp_path / "here"))
    with pytest.raises(ArchiveError, match="mount or make it"):
        store.sizes()


def test_no_bucket_is_told(bucket: ObjectStore, tmp_path: Path) -> None:
    store = open_store(Storage("s3://nobodys/prefix", s3(bucket).options))
    with pytest.raises(ArchiveError, match=r"s3://nobodys/prefix: no such bucket or folder; make it"):
        store.put(written(tmp_path / "here"))


def test_what_lies_behind_the_end_is_empty(kind: Kind, tmp_path: Path) -> None:
    store, path = open_store(kind.storage), written(tmp_path / "here")
    store.put(path)
    assert store.read(path.name, 5, 100) == b"bytes"
    assert store.read(path.name, 10, 100) == b""
    with pytest.raises(FileNotFoundError):
        store.read("nothing.warc.gz", 0, 100)


READS = st.lists(st.tuples(st.sampled_from("serx"), st.integers(0, 700_000), st.integers(0, 400_000)), max_size=12)


@given(READS)
def test_a_stored_file_is_read_as_one_on_the_disk(stored_bytes: tuple[WarcStore, Stored, bytes], steps: Any) -> None:
    store, stored, data = stored_bytes
    stream, at = StoredStream(store, stored), 0
    for what, offset, count in steps:
        if what == "s":
            at = stream.seek(offset)
        elif what == "x":
            stream.expect(offset, offset + count)
            at = offset
        else:
            got = stream.read(count)
            assert got == data[at : at + len(got)]
            assert len(got) >= min(count, max(len(data) - at, 0), 64)
            at += len(got)
        assert stream.tell() == at
    assert stream.digest() == stored.digest


@pytest.fixture(scope="module")
def stored_bytes(tmp_path_factory: pytest.TempPathFactory) -> tuple[WarcStore, Stored, bytes]:
    folder, data = tmp_path_factory.mktemp("bytes"), os.urandom(600_000)
    store = open_store(Storage((folder / "there").as_uri()))
    (folder / "there").mkdir()
    return store, store.put(written(folder, data)), data


# A whole run


@dataclass(frozen=True)
class Kept:
    """An archive of two runs whose WARC files lie in a storage alone."""

    place: Stage
    kind: Kind
    notices: list[str]

    @property
    def archive(self) -> Path:
        return self.place.archive

    def checks(self) -> list[Check]:
        with self.place.ledger() as ledger:
            return [check for latest in ledger.latest_checks() for check in ledger.history(latest.post)]

    def preserve(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return command(*words, "--config", configured(self.place), columns=200)


KINDS = ("s3", "folder", "fsspec")
# For what takes long, and is the same for each kind.
only_s3 = pytest.mark.parametrize("written_once", ["s3"], indirect=True)


@pytest.fixture(scope="module", params=KINDS)
def written_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, bucket: ObjectStore
) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    kind = kind_of(request.param, folder, bucket)
    place = stored_stage(folder / "stage", kind.storage, keep_local=False)
    with pytest.MonkeyPatch.context() as patch, WireServer({}) as server:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        publish(server, place, POSTS)
        _, first = place.verify()
        server.scripts["/1"] = answer(page([paragraph.replace("2,400", "2,300") for paragraph in article(1)]))
        _, second = place.verify()
    yield Kept(place, kind, first.notices + second.notices)


@pytest.fixture
def kept(written_once: Kept, tmp_path: Path) -> Iterator[Kept]:
    """A copy of the archive; what a test does to the storage is made good."""
    folder = Path(shutil.copytree(written_once.place.folder, tmp_path / "stage"))
    place = replace(written_once.place, folder=folder).with_archive(directory=str(folder / "warcs"))
    kind = written_once.kind
    before = {name: kind.bytes_of(name) or b"" for name in kind.names()}
    yield replace(written_once, place=place)
    for name, data in before.items():
        if kind.bytes_of(name) != data:
            kind.replace(name, data)


def test_without_its_files_an_archive_is_read_from_the_storage(kept: Kept) -> None:
    assert warc_files(kept.archive) == ()
    assert kept.kind.names() == sorted(stored_files(kept.archive))
    assert [check.judgement.verdict for check in kept.checks()].count(Verdict.EDITED) == 1
    found = audit(kept.archive)
    assert found.findings == []
    assert found.files == 2
    assert found.captures == len({check.capture.summary for check in kept.checks() if check.capture}) + 2  # robots.txt
    checks = kept.checks()
    again = list(rejudge(checks, kept.place.settings))
    assert len(again) == 2 * POSTS
    assert all(one.same for one in again)


@only_s3
def test_every_command_reads_it(kept: Kept, tmp_path: Path) -> None:
    proof, records = tmp_path / "p.json", tmp_path / "r.warc.gz"
    for words, code, says in (
        (("audit",), 0, ""),
        (("show", "report-1"), 0, "2,300"),
        (("diff", "report-1"), 1, "2,300"),
        (("rejudge",), 0, ""),
        (("report", "-o", tmp_path / "site"), 0, ""),
        (("prove", "report-1", "-o", proof, "--records", records), 0, ""),
        (("captures", "report-1"), 0, ""),
    ):
        done = kept.preserve(*words)
        assert (done.returncode, says in done.stdout) == (code, True), (words, done.stdout, done.stderr)
    held = command("audit", proof, "--record", records)
    assert "report-1" in held.stdout, held.stderr


def test_an_index_that_is_lost_is_made_from_the_storage(kept: Kept) -> None:
    url = next(check.source for check in kept.checks() if check.source)
    before = lookup(kept.archive, url)
    for path in kept.archive.glob("index*"):
        path.unlink()
    assert len(refresh(kept.archive)) == 2
    assert lookup(kept.archive, url) == before != ()


def test_an_index_keeps_the_lines_of_files_that_are_stored(kept: Kept) -> None:
    assert refresh(kept.archive) == ()
    assert all(lookup(kept.archive, check.source) for check in kept.checks() if check.source)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_changed_object_is_found(kept: Kept) -> None:
    name = kept.kind.names()[0]
    data = kept.kind.bytes_of(name)
    assert data is not None
    kept.kind.replace(name, flipped(data, len(data) // 2))
    found = audit(kept.archive).findings
    assert any(name in one.where and "no whole record" in one.what for one in found), found
    assert any(kept.kind.storage.url in one.where and "not those it was closed with" in one.what for one in found)


def test_an_object_that_was_cut_is_found(kept: Kept) -> None:
    name = kept.kind.names()[0]
    data = kept.kind.bytes_of(name)
    assert data is not None
    kept.kind.replace(name, data[:-100])
    found = [one for one in audit(kept.archive).findings if name in one.where]
    assert any(f"has {len(data) - 100} bytes, and had {len(data)}" in one.what for one in found), found


def test_an_object_that_is_missing_is_found_and_named(kept: Kept) -> None:
    name = kept.kind.names()[0]
    kept.kind.remove(name)
    found = audit(kept.archive).findings
    assert any(one.part is Part.WARC and name in one.where and kept.kind.storage.url in one.where for one in found)
    capture = next(check.capture for check in kept.checks() if check.capture and check.capture.summary.file == name)
    with pytest.raises(ArchiveError, match=f"{name}: no such file in the storage; restore it"):
        read_capture(kept.archive, capture)


def test_of_files_that_are_here_too_the_audit_looks_at_the_copies(kind: Kind, tmp_path: Path) -> None:
    place = stored_stage(tmp_path / "stage", kind.storage)
    with WireServer({}) as server:
        publish(server, place, POSTS)
        place.verify()
    assert audit(place.archive).findings == []
    (path,) = closed_files(place.archive)
    kind.replace(path.name, b"short")
    assert ["5 bytes in the storage" in one.what for one in audit(place.archive).findings] == [True]
    kind.remove(path.name)
    assert ["missing in the storage" in one.what for one in audit(place.archive).findings] == [True]


# Requests


def test_a_record_is_one_request(bucket: ObjectStore, tmp_path: Path) -> None:
    place = stored_stage(tmp_path / "stage", s3(bucket, tmp_path.name), keep_local=False)
    with WireServer({}) as server:
        publish(server, place, 1)
        server.scripts["/0"] = answer(page(article(0), extra=f"<!-- {os.urandom(400_000).hex()} -->"))  # packs badly
        place.verify()
    with place.ledger() as ledger:
        (check,) = ledger.latest_checks()
    assert check.capture is not None and check.stored_record is not None
    before = len(bucket.asked())
    read_block(place.archive, check.stored_record)
    assert [asked.status for asked in bucket.asked()[before:]] == [206]
    read_capture(place.archive, check.capture)
    assert [asked.status for asked in bucket.asked()[before + 1 :]] == [206]
    assert audit(place.archive).findings == []
    listed, *read = bucket.asked()[before + 2 :]
    assert "list-type" in listed.target
    assert len(read) == len(stored_files(place.archive))  # for its records and its digest


def test_where_the_files_are_kept_here_too_no_file_is_asked_for(bucket: ObjectStore, tmp_path: Path) -> None:
    place = stored_stage(tmp_path / "stage", s3(bucket, tmp_path.name))
    with WireServer({}) as server:
        publish(server, place, POSTS)
        place.verify()
        before = len(bucket.asked())
        _, watcher = place.verify()
    assert set(watcher.verdicts.values()) == {Verdict.INTACT}
    (name,) = [path.name for path in closed_files(place.archive)[1:]]
    listed = [asked for asked in bucket.asked()[before:] if "list-type" in asked.target]
    others = [asked for asked in bucket.asked()[before:] if asked not in listed]
    assert all(name in asked.target or "preserve-asks" in asked.target for asked in others)
    assert len(listed) <= 3  # whether it answers, what workers left there, whether the new name is free


# Interrupted


def configured(place: Stage) -> Path:
    """The stage's settings as a file, for a process of its own."""
    archive = place.settings.archive
    options = ", ".join(f"{name} = {json.dumps(one)}" for name, one in json.loads(archive.storage_options).items())
    path = place.folder / "preserve.toml"
    path.write_text(
        f'[archive]\ndirectory = "{archive.directory}"\nstorage = "{archive.storage}"\n'
        f"storage-options = {{ {options} }}\nkeep-local = {str(archive.keep_local).lower()}\n"
        f'[fetch]\nallow-private = ["127.0.0.0/8"]\ndelay = 0\n',
        "utf-8",
    )
    return path


def test_a_run_that_is_killed_in_the_midst_of_an_upload_is_gone_on_with(bucket: ObjectStore, tmp_path: Path) -> None:
    prefix = tmp_path.name
    gate = Gate(bucket.port, after=6000)  # more than the questions before it, less than the file
    with WireServer({}) as server, gate.serving() as address:
        place = stored_stage(tmp_path / "stage", s3(address, prefix), keep_local=False)
        publish(server, place, POSTS)
        words = [sys.executable, "-m", "preserve", "verify", str(place.posts), "--config", str(configured(place))]
        process = subprocess.Popen(
            words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert gate.held.wait(60)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        pages = len(server.targets)
        (path,) = closed_files(place.archive)
        data = path.read_bytes()
        assert bucket.object(f"{prefix}/{path.name}") is None
        assert stored_files(place.archive) == {}

        through = stored_stage(tmp_path / "stage", s3(bucket, prefix), keep_local=False)
        through.with_run(older_than=86400.0).verify()
        assert len(server.targets) == pages  # nothing was asked for again
    assert bucket.object(f"{prefix}/{path.name}") == data
    assert closed_files(place.archive) == ()
    assert audit(place.archive).findings == []


def test_what_a_worker_stored_and_did_not_tell_of_is_judged_by_the_next_run(kind: Kind, tmp_path: Path) -> None:
    place = stored_stage(tmp_path / "stage", kind.storage, keep_local=False)
    with WireServer({}) as server:
        publish(server, place, POSTS)
        place.verify(stop_after_visits=1)
        before = shutil.copytree(place.archive, tmp_path / "before")
        place.verify()
        pages = len(server.targets)
        shutil.rmtree(place.archive)
        shutil.copytree(before, place.archive)  # nothing is known here of what the run did after that
        (path,) = closed_files(place.archive)
        (untold,) = set(kind.names()) - {path.name}
        _, watcher = place.verify()
        assert len(server.targets) == pages  # nothing was asked for again
    assert any(f"entered now: {untold}" in notice for notice in watcher.notices), watcher.notices
    assert any("captures without a verdict are judged" in notice for notice in watcher.notices)
    assert set(watcher.verdicts.values()) == {Verdict.INTACT}
    assert untold in stored_files(place.archive)
    assert audit(place.archive).findings == []


def test_a_store_that_dies_is_told_and_its_files_wait(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "log")
    place = stored_stage(tmp_path / "stage", s3(store), keep_local=False)
    with WireServer({}) as server:
        publish(server, place, POSTS)
        store.kill()
        _, watcher = place.verify()
        assert set(watcher.verdicts.values()) == {Verdict.INTACT}
        assert any("The storage can't be used now" in notice for notice in watcher.notices)
        assert any("1 WARC file wait" in notice for notice in watcher.notices), watcher.notices
        (path,) = closed_files(place.archive)

        again = ObjectStore(tmp_path / "log", store.port)
        try:
            _, watcher = place.with_run(older_than=86400.0).verify()
            assert again.object(f"warcs/{path.name}") is not None
        finally:
            again.kill()
    assert not any("can't be used" in notice for notice in watcher.notices)


def test_without_its_store_an_archive_is_no_archive_with_missing_files(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "log")
    place = stored_stage(tmp_path / "stage", s3(store), keep_local=False)
    with WireServer({}) as server:
        publish(server, place, 1)
        place.verify()
    store.kill()
    with pytest.raises(ArchiveError, match=r"s3://kept/warcs: can't be listed: .*check URL, network"):
        audit(place.archive)


@only_s3
def test_a_storage_that_the_user_did_not_name_is_not_asked(kept: Kept) -> None:
    before = len(kept.kind.bucket.asked())
    for words in (("audit",), ("show", "report-1"), ("rejudge",), ("verify", kept.place.posts)):
        done = command(*words, "--archive", kept.archive, cwd=kept.place.folder)
        assert done.returncode == 2, (words, done.stdout)
        assert f"keeps WARC files in {kept.kind.storage.url}" in done.stderr
    options = json.dumps({"endpoint_url": "http://127.0.0.9:1"})
    elsewhere = configured(kept.place.with_archive(storage_options=options))
    assert command("audit", "--config", elsewhere).returncode == 2
    assert len(kept.kind.bucket.asked()) == before


def test_a_storage_that_was_moved_is_read_in_its_new_place(kept: Kept, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    first, second = kept.kind.names()
    (folder / first).write_bytes(kept.kind.bytes_of(first) or b"")
    store = open_store(Storage(folder.as_uri()))
    done = store_closed(kept.archive, store, {}, keep_local=False)
    assert [one.name for one in done.stored] == [first]
    assert (done.waiting, [second in problem for problem in done.problems]) == (1, [True])
    (folder / second).write_bytes(kept.kind.bytes_of(second) or b"")
    assert [one.name for one in store_closed(kept.archive, store, {}, keep_local=False).stored] == [second]
    assert audit(kept.archive).findings == []


def closed_archive(tmp_path: Path, kind: Kind) -> tuple[Stage, WarcStore, Path, dict[str, str]]:
    """An archive with one closed file, not stored, and what the log says of it."""
    place = stored_stage(tmp_path / "stage", Storage(""))
    with WireServer({}) as server:
        publish(server, place, POSTS)
        place.verify()
    (path,) = closed_files(place.archive)
    with place.ledger() as ledger:
        logged = {file.file: file.digest for file in ledger.log.files()}
    return place, open_store(kind.storage), path, logged


def test_between_any_two_steps_the_next_run_goes_on(kind: Kind, tmp_path: Path) -> None:
    place, store, path, logged = closed_archive(tmp_path, kind)
    data, directory = path.read_bytes(), place.archive

    store.put(path)  # killed before it was noted
    done = store_closed(directory, store, logged, keep_local=True)
    assert [one.name for one in done.stored] == [path.name]
    assert store_closed(directory, store, logged, keep_local=True).stored == ()

    done = store_closed(directory, store, logged, keep_local=False)  # noted, and killed before it was removed
    assert (done.stored, done.removed, done.waiting) == ((), (path.name,), 0)
    assert not path.exists()
    assert kind.bytes_of(path.name) == data
    assert audit(directory).findings == []


def test_a_file_stays_here_until_it_is_read_back_there(kind: Kind, tmp_path: Path) -> None:
    place, store, path, logged = closed_archive(tmp_path, kind)
    note_stored(place.archive, store.put(path))
    kind.replace(path.name, b"damaged since")
    done = store_closed(place.archive, store, logged, keep_local=False)
    assert (done.removed, done.waiting) == ((), 1)
    assert ["another file has this name" in problem for problem in done.problems] == [True]
    assert path.exists()
    kind.remove(path.name)
    assert store_closed(place.archive, store, logged, keep_local=False).removed == (path.name,)
    assert kind.bytes_of(path.name) is not None


def test_what_the_log_does_not_know_waits(kind: Kind, tmp_path: Path) -> None:
    place, store, path, _ = closed_archive(tmp_path, kind)
    done = store_closed(place.archive, store, {}, keep_local=False)
    assert (done.stored, done.removed, done.waiting) == ((), (), 1)
    assert path.exists()


def test_a_file_that_a_worker_stored_elsewhere_is_logged_and_read(kind: Kind, tmp_path: Path) -> None:
    place, store, path, logged = closed_archive(tmp_path, kind)
    other = written(tmp_path / "elsewhere", path.read_bytes(), path.name.replace("preserve-", "preserve-0"))
    note = place.with_archive(storage=kind.storage.url, storage_options=kind.storage.options)
    store_closed(place.archive, store, logged, keep_local=True)
    stored = store.put(other)
    note_stored(place.archive, stored)
    with WireServer({}) as server:
        publish(server, note, 1)
        note.verify()
    with note.ledger() as ledger:
        assert {file.file: file.digest for file in ledger.log.files()}[other.name] == stored.digest


def test_what_was_captured_and_stored_but_not_judged_is_not_fetched_again(bucket: ObjectStore, tmp_path: Path) -> None:
    place = stored_stage(tmp_path, s3(bucket, "unjudged"), keep_local=False)
    with WireServer({}) as server:
        publish(server, place, 4)
        place.verify()
        assert not warc_files(place.archive)
        _leave_unfinished(place, judged=1)
        asked = len(server.targets)
        summary, watcher = place.verify()
        assert [line for line in watcher.notices if "not fetched again" in line] == [
            "3 captures without a verdict are judged, not fetched again."
        ]
        assert len(server.targets) == asked
    assert not summary.interrupted
    with place.ledger() as ledger:
        assert sorted(row.posts for row in ledger.summary()) == [4]
        assert [run.checks for run in ledger.reporting.runs()] == [4]
    assert not [finding for finding in audit(place.archive).findings if finding.part is not Part.LOG]


def test_of_an_unfinished_run_no_older_stored_file_is_asked_for(bucket: ObjectStore, tmp_path: Path) -> None:
    place = stored_stage(tmp_path, s3(bucket, "older"), keep_local=False)
    with WireServer({}) as server:
        publish(server, place, 2)
        place.verify()
        _leave_unfinished(place, judged=0, begun=datetime.now(UTC) + timedelta(days=2))
        before = len(bucket.asked())
        place.verify(new_run=True)
        names = {path.name for path in map(Path, stored_files(place.archive))}
    assert len(names) == 2
    assert not [one for one in bucket.asked()[before:] if one.method == "GET" and min(names) in one.target]


def _leave_unfinished(place: Stage, judged: int, begun: datetime | None = None) -> None:
    """Write the ledger anew as a run that was killed would have left it: some checked, the rest archived."""
    path = place.archive / LEDGER
    with Ledger.open_readonly(path) as ledger:
        (run,) = ledger.reporting.runs()
        checks = list(ledger.checks_of(run.number))
    path.unlink()
    for checkpoint in (place.archive / "checkpoints").glob("*"):
        checkpoint.unlink()
    plan = RunPlan((str(place.posts),), settings_text(place.settings), "preserve/test", begun or run.started_at)
    with Ledger.create_or_open(path) as ledger:
        ledger.append(ledger.begin_run(plan), checks[:judged])


# Settings, secrets, extras


def test_a_wrong_password_is_told_without_saying_it(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "log", credentials=True)
    try:
        place = stored_stage(tmp_path / "stage", s3(store))
        with WireServer({}) as server:
            publish(server, place, 1)
            configured(place)
            done = command("verify", place.posts, "--config", place.folder / "preserve.toml")
    finally:
        store.kill()
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "check the credentials" in said
    assert SECRET not in said
    assert len(closed_files(place.archive)) == 1


def test_no_secret_gets_into_the_archive(kept: Kept) -> None:
    for path in kept.archive.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    assert not any(SECRET in notice for notice in kept.notices)
    text = settings_text(kept.place.settings)
    assert "storage_options" not in text
    assert kept.kind.storage.url in text


def loaded(folder: Path, text: str) -> ArchiveSettings:
    path = folder / "preserve.toml"
    path.write_text(f"[archive]\n{text}\n", "utf-8")
    return load_settings(path, folder).archive


def test_a_storage_is_named_in_the_configuration(tmp_path: Path) -> None:
    options = '{ endpoint_url = "https://s3.example", client_kwargs = { region_name = "eu-1" } }'
    found = loaded(tmp_path, f'storage = "s3://bucket/some/prefix/"\nstorage-options = {options}\nkeep-local = false')
    assert found.storage == "s3://bucket/some/prefix"
    assert json.loads(found.storage_options)["client_kwargs"] == {"region_name": "eu-1"}
    assert not found.keep_local


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('storage = "/mnt/warcs"', "not a URL"),
        ('storage = "memory://here"', "ends with the process"),
        ('storage = "https://example.com/warcs"', "can't be written to"),
        ('storage = "sftp://me:hunter2@example.com/warcs"', "with a password"),
        ('storage = "sftp//me:hunter2@example.com/warcs"', "not a URL"),
        ('storage = "simplecache::s3://bucket"', "not a URL"),
        ('storage = "s3://bucket/a?b"', "without"),
        ('storage = "s3://"', "must name"),
        ("storage = 3", "must be a URL"),
        ('storage-options = { secret = "hunter2" }', "secret can't be set here.*AWS_"),
        ('storage-options = { client_kwargs = { aws_secret_access_key = "hunter2" } }', "can't be set here"),
        ('storage-options = { endpoint_url = "https://me:hunter2@example.com" }', "with a password"),
        ("storage-options = { anon = [1] }", "a text, a number"),
    ],
)
def test_what_can_be_no_storage_is_refused_without_repeating_a_secret(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as told:
        loaded(tmp_path, text)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(("url", "says"), [("nosuch://bucket", "nosuch"), ("s3://bucket", "preserve-archive.storage")])
def test_what_is_not_installed_is_told_before_anything_is_asked(tmp_path: Path, url: str, says: str) -> None:
    """As without the extra: its modules can't be imported."""
    program = (
        "import sys\nfor name in ('s3fs', 'fsspec') if 's3:' in sys.argv[1] else ():\n    sys.modules[name] = None\n"
        "from preserve.warc.storage import Storage, open_store\nopen_store(Storage(sys.argv[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, url], capture_output=True, text=True, env=environment(), check=False
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("preserve.errors.ArchiveError"), done.stderr
    assert says in last.replace("[", ".").replace("]", "")


def test_nothing_is_imported_where_there_is_no_storage() -> None:
    program = (
        "import sys, preserve.verify.run, preserve.cli.verifying, preserve.audit\n"
        "names = ('preserve.warc.remote', 'preserve.warc.folder', 's3fs', 'botocore', 'aiohttp')\n"
        "sys.exit(any(name in sys.modules for name in names))"
    )
    assert subprocess.run([sys.executable, "-c", program], env=environment(), check=False).returncode == 0


def test_a_note_that_is_damaged_is_named(kept: Kept) -> None:
    name = kept.kind.names()[0]
    note = kept.archive / "stored" / f"{name}.json"
    whole = note.read_text()
    for text in ("", "[]", '{"name": "x"}', whole.replace(name, "other.warc.gz")):
        note.write_text(text)
        with pytest.raises(ArchiveError, match=r"warc.gz.json: can't be understood"):
            find_stored(kept.archive, name)
    note.write_text(whole)
    shutil.move(kept.archive / "storage.json", kept.archive / "elsewhere")
    with pytest.raises(ArchiveError, match=r"storage\.json: is missing"):
        find_stored(kept.archive, name)
