"""A disk that is full, fails or forbids, and a second process: a clear error, and a whole file."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from warc_support import START, SteppingClock, capture, captures_in, only_file, other_reader, page, writer_for

from preserve.errors import ArchiveError, ArchiveLockedError
from preserve.warc import ArchiveLock, read_capture, recover, warc_files

FORBIDDEN = "/sys"  # a directory that is there and in which not even root can make a file


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The kernel refuses to let files grow past `size`, as a full disk or a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_capture_that_does_not_fit_leaves_the_file_whole(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        first = writer.append_capture(capture(page()))
        size = only_file(tmp_path).stat().st_size
        big = capture(page(), b"HTTP/1.1 200 OK\r\n\r\n" + os.urandom(50_000))
        full = pytest.raises(ArchiveError, match="File too large")
        with files_no_larger_than(size + 20_000), full as caught:
            writer.append_capture(big)
        assert only_file(tmp_path).name in str(caught.value)
        assert "free space" in str(caught.value)
        assert only_file(tmp_path).stat().st_size == size
        again = writer.append_capture(big)  # there is room now
        assert again.first.offset == size
    assert captures_in(tmp_path) == [first, again]
    assert read_capture(tmp_path, again) == big
    assert sum(1 for _ in other_reader(only_file(tmp_path))) == 7


def test_no_room_for_the_very_first_record(tmp_path: Path) -> None:
    writer = writer_for(tmp_path)
    with files_no_larger_than(10), pytest.raises(ArchiveError, match="File too large"):
        writer.append_capture(capture(page()))
    archived = writer.append_capture(capture(page()))
    writer.close()
    recover(tmp_path)
    assert captures_in(tmp_path) == [archived]
    assert len(warc_files(tmp_path)) == 1


def test_after_a_failed_fsync_nothing_is_promised_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = writer_for(tmp_path)
    writer.append_capture(capture(page()))

    def failing(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(ArchiveError, match="did not keep what was written"):
            writer.sync()
    for refused in (writer.sync, lambda: writer.append_capture(capture(page()))):
        with pytest.raises(ArchiveError, match="Input/output error"):
            refused()
    writer.close()
    assert only_file(tmp_path).name.endswith(".open")  # left for the next run to mend


def test_the_error_that_ends_the_writing_is_not_hidden_by_one_of_closing(tmp_path: Path) -> None:
    first = pytest.raises(ArchiveError, match="the first")
    with first, writer_for(tmp_path) as writer:
        archived = writer.append_capture(capture(page()))
        (tmp_path / archived.first.file).touch()  # so that the file can't be given its name
        raise ArchiveError("the first")
    with pytest.raises(ArchiveError, match="could not be closed"), writer_for(tmp_path / "other") as writer:
        (tmp_path / "other" / writer.append_capture(capture(page())).first.file).touch()


def test_a_file_that_cannot_be_cut_back_ends_the_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = writer_for(tmp_path)
    kept = writer.append_capture(capture(page()))

    def failing(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    size = only_file(tmp_path).stat().st_size
    with monkeypatch.context() as patched, files_no_larger_than(size + 100):
        patched.setattr(os, "ftruncate", failing)
        with pytest.raises(ArchiveError, match="the next run mends"):
            writer.append_capture(capture(page()))
    with pytest.raises(ArchiveError, match="the next run mends"):
        writer.append_capture(capture(page()))
    writer.close()
    assert recover(tmp_path).captures == (kept,)


def test_sync_costs_nothing_when_nothing_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(descriptor), real(descriptor))[1])
    with writer_for(tmp_path) as writer:
        writer.sync()
        assert synced == []
        writer.append_capture(capture(page()))
        writer.sync()
        before = len(synced)
        writer.sync()
        assert len(synced) == before > 0


def test_a_directory_that_cannot_be_used_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ArchiveError, match="--archive"):
            writer_for(place)
        with pytest.raises(ArchiveError, match="--archive"):
            ArchiveLock(place).acquire()
    with pytest.raises(ArchiveError, match="--archive"):
        ArchiveLock(FORBIDDEN).acquire()
    with pytest.raises(ArchiveError, match="writable"):
        writer_for(Path(FORBIDDEN)).append_stored_copy("a.md", b"", None, START)


# ---------------------------------------------------------------- the lock


def test_the_lock_is_for_one_and_given_back(tmp_path: Path) -> None:
    taken = f"process {os.getpid()} since 2026-03-01T12:00:01"
    refused = pytest.raises(ArchiveLockedError, match=taken)
    with ArchiveLock(tmp_path / "new", clock=SteppingClock()), refused:
        ArchiveLock(tmp_path / "new").acquire()
    lock = ArchiveLock(tmp_path / "new")
    lock.acquire()
    lock.release()
    lock.release()
    with ArchiveLock(tmp_path / "new"):
        pass


HOLDER = """
import sys
from preserve.warc import ArchiveLock
lock = ArchiveLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_is_named_and_its_death_frees_the_archive(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ArchiveLockedError, match=f"process {holder.pid}\\b"):
            ArchiveLock(tmp_path).acquire()
        holder.kill()
    with ArchiveLock(tmp_path):
        pass
