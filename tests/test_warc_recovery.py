"""A killed run loses nothing it had finished: torn files are cut back, closed, and what was cut is kept."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from warc_support import START, URL, capture, captures_in, other_reader, page, writer_for

from preserve.errors import ArchiveError
from preserve.model import ArchivedCapture
from preserve.warc import read_capture, recover, scan_captures, warc_files
from preserve.warc.records import decode, encode

HOPS = (b"HTTP/1.1 301 Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", page())


def left_open(directory: Path, captures: int = 2) -> tuple[Path, list[ArchivedCapture]]:
    """An archive whose writer is gone without closing its file, and what it had archived."""
    directory.mkdir(exist_ok=True)
    writer = writer_for(directory)
    archived = [writer.append_capture(capture(*HOPS, source=f"{URL}&{n}")) for n in range(captures)]
    writer.sync()
    (path,) = warc_files(directory)
    return path, archived


def reads_clean(path: Path) -> bool:
    return subprocess.run(["gzip", "-t", str(path)], capture_output=True, check=False).returncode == 0


def test_a_whole_file_is_only_closed(tmp_path: Path) -> None:
    path, archived = left_open(tmp_path)
    (found,) = recover(tmp_path).files
    assert (found.file, found.left_as, found.cut, found.loose) == (archived[0].first.file, path.name, 0, 0)
    assert list(found.captures) == archived == captures_in(tmp_path)
    assert [path.name for path in warc_files(tmp_path)] == [archived[0].first.file]
    assert not (tmp_path / "quarantine").exists()
    assert recover(tmp_path).files == ()  # nothing is left to do


def test_wherever_the_end_is_torn_all_before_it_stays(tmp_path: Path) -> None:
    path, archived = left_open(tmp_path / "whole")
    data = path.read_bytes()
    starts = [0, *member_ends(data)]
    for number, size in enumerate(range(archived[0].summary.offset, len(data), 41)):
        directory = tmp_path / str(number)
        directory.mkdir()
        (directory / path.name).write_bytes(data[:size])
        kept = max(start for start in starts if start <= size)
        recovery = recover(directory)
        (found,) = recovery.files
        mended = directory / found.file
        assert mended.read_bytes() == data[:kept]
        assert found.cut == recovery.cut == size - kept
        if found.cut:
            assert (directory / found.quarantine).read_bytes() == data[kept:size]
            assert found.quarantine == f"quarantine/{found.file}.{kept}.tail"
        whole = [one for one in archived if one.summary.offset + one.summary.length <= size]
        assert list(recovery.captures) == whole == captures_in(directory)
        closed = max([archived[0].first.offset, *(one.summary.offset + one.summary.length for one in whole)])
        assert found.loose == sum(closed <= start < kept for start in starts)
        assert sum(1 for _ in other_reader(mended)) == sum(start < kept for start in starts)


def member_ends(data: bytes) -> list[int]:
    ends, at = [], 0
    while at < len(data):
        inflater = zlib.decompressobj(31)
        inflater.decompress(data[at:])
        at = len(data) - len(inflater.unused_data)
        ends.append(at)
    return ends


def test_records_of_an_unfinished_capture_are_kept_but_are_no_capture(tmp_path: Path) -> None:
    path, archived = left_open(tmp_path)
    os.truncate(path, archived[1].summary.offset)
    recovery = recover(tmp_path)
    (found,) = recovery.files
    assert (found.loose, found.cut, recovery.captures) == (3, 0, (archived[0],))
    assert captures_in(tmp_path) == [archived[0]]
    assert [kind for kind, _, _ in other_reader(tmp_path / found.file)][-3:] == ["request", "response", "request"]
    assert any("3 records belong to no finished capture" in line for line in recovery.lines)


def test_a_capture_after_loose_records_is_still_found(tmp_path: Path) -> None:
    path, archived = left_open(tmp_path)
    data = path.read_bytes()
    first, second = archived
    path.write_bytes(data[: first.summary.offset] + data[second.first.offset :])
    (found,) = recover(tmp_path).files
    assert found.loose == 3
    (kept,) = found.captures
    assert kept.source == second.source
    assert read_capture(tmp_path, kept).source == second.source


@pytest.mark.parametrize("tail", [b"\0" * 5000, b"\x1f\x8b", b"junk", b"\x1f\x8b\x08\x00" * 99])
def test_a_tail_of_anything_else_is_cut(tmp_path: Path, tail: bytes) -> None:
    path, archived = left_open(tmp_path)
    path.write_bytes(path.read_bytes() + tail)
    (found,) = recover(tmp_path).files
    assert (found.cut, found.damage, list(found.captures)) == (len(tail), (), archived)
    assert (tmp_path / found.quarantine).read_bytes() == tail
    assert reads_clean(tmp_path / found.file)


def test_being_killed_while_mending_comes_to_the_same(tmp_path: Path) -> None:
    path, archived = left_open(tmp_path)
    end = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"torn")
    (tmp_path / "quarantine").mkdir()  # killed after a part of the tail was copied, before it was cut
    (tmp_path / "quarantine" / f"{archived[0].first.file}.{end}.tail").write_bytes(b"to")
    (found,) = recover(tmp_path).files
    assert (found.cut, list(found.captures)) == (4, archived)
    assert [copy.read_bytes() for copy in (tmp_path / "quarantine").iterdir()] == [b"torn"]


@pytest.mark.parametrize("size", [0, 1, 100, None])
def test_a_file_with_nothing_finished_in_it_is_removed(tmp_path: Path, size: int | None) -> None:
    path, archived = left_open(tmp_path)
    os.truncate(path, archived[0].first.offset if size is None else size)
    recovery = recover(tmp_path)
    (found,) = recovery.files
    assert (found.file, found.cut) == ("", size or 0)
    assert warc_files(tmp_path) == ()
    assert any("removed" in line for line in recovery.lines)
    assert not size or (tmp_path / found.quarantine).stat().st_size == size


def test_damage_in_the_middle_is_reported_and_nothing_behind_it_cut(tmp_path: Path) -> None:
    path, archived = left_open(tmp_path, captures=3)
    data = bytearray(path.read_bytes())
    ref = archived[1].exchanges[0].response
    assert ref is not None
    hurt = slice(ref.offset + 20, ref.offset + 60)
    data[hurt] = bytes(40)
    path.write_bytes(bytes(data) + b"\0\0\0")
    recovery = recover(tmp_path)
    (found,) = recovery.files
    assert (tmp_path / found.file).read_bytes() == data
    (damage,) = found.damage
    assert (damage.offset, damage.length) == (ref.offset, ref.length)
    assert (tmp_path / damage.quarantine).read_bytes() == data[ref.offset : ref.offset + ref.length]
    assert found.cut == 3
    assert list(found.captures) == archived[:1]  # what lies behind damage isn't vouched for
    assert read_capture(tmp_path, archived[2]).source == archived[2].source  # but can be read
    with pytest.raises(ArchiveError, match=f"offset {ref.offset}"):
        read_capture(tmp_path, archived[1])
    with pytest.raises(ArchiveError, match="restore the file"):
        list(scan_captures(tmp_path / found.file))
    assert any("damaged" in line for line in recovery.lines)


def test_what_a_writer_that_was_cut_off_yet_writes_reaches_no_mended_file(tmp_path: Path) -> None:
    writer = writer_for(tmp_path)
    archived = writer.append_capture(capture(page()))
    writer.sync()
    (found,) = recover(tmp_path, only=archived.first.file, detach=True).files
    mended = (tmp_path / found.file).read_bytes()
    writer.append_capture(capture(page("too late")))
    writer.sync()
    assert (tmp_path / found.file).read_bytes() == mended
    assert captures_in(tmp_path) == [archived]
    assert [path.name for path in tmp_path.iterdir()] == [found.file]


def test_a_finished_file_of_the_same_name_is_not_replaced(tmp_path: Path) -> None:
    path, archived = left_open(tmp_path)
    finished = tmp_path / archived[0].first.file
    finished.write_bytes(path.read_bytes()[: archived[1].first.offset])
    (found,) = recover(tmp_path).files
    assert finished.stat().st_size == archived[1].first.offset
    assert found.file == finished.name.replace(".warc.gz", "-recovered-1.warc.gz")
    assert [one.first.file for one in found.captures] == [found.file] * 2
    assert [read_capture(tmp_path, one).source for one in found.captures] == [one.source for one in archived]


def test_stored_copies_are_found_again(tmp_path: Path) -> None:
    writer = writer_for(tmp_path)
    ref = writer.append_stored_copy("a.md", b"text", "http://h.example/", START)
    writer.sync()
    (found,) = recover(tmp_path).files
    assert [(post.post, post.record) for post in found.posts] == [("a.md", ref)]
    assert found.file == ref.file


def test_a_summary_this_version_cannot_read_leaves_its_records_loose(tmp_path: Path) -> None:
    path, archived = left_open(tmp_path, captures=1)
    data = path.read_bytes()
    said = decode(gzip.decompress(data[archived[0].summary.offset :]))
    named = ((name, value.replace('"version":1', '"version":2')) for name, value in said.fields)
    newer = replace(said, fields=tuple(named))
    path.write_bytes(data[: archived[0].summary.offset] + encode(newer))
    (found,) = recover(tmp_path).files
    assert (found.captures, found.loose, found.cut) == ((), 4, 0)


def test_an_archive_without_torn_files_needs_nothing(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        writer.append_capture(capture(page()))
    assert recover(tmp_path).files == ()


def test_a_directory_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="nowhere"):
        recover(tmp_path / "nowhere")


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from warc_support import URL, capture, page, writer_for
writer = writer_for(Path(sys.argv[1]), roll_over=60_000)
for n in range(100_000):
    writer.append_capture(capture(page("<p>" + "x%d " % n * 2000), source=f"{URL}&{n}"))
    if n % 3 == 2:
        writer.sync()
        print(n, flush=True)
"""


def test_kill_a_writer_and_nothing_it_had_synced_is_lost(tmp_path: Path) -> None:
    for kill in (1, 4, 9):
        directory = tmp_path / str(kill)
        command = [sys.executable, "-c", WRITER, str(directory), str(Path(__file__).parent)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            for _ in range(kill):
                synced = int(running.stdout.readline())
            running.kill()
            synced = max([synced, *(int(line) for line in running.stdout.read().split())])
        recover(directory)
        assert all(reads_clean(path) and not path.name.endswith(".open") for path in warc_files(directory))
        found = captures_in(directory)
        assert [one.source for one in found] == [f"{URL}&{n}" for n in range(len(found))]
        assert len(found) > synced
        assert all(read_capture(directory, one).source == one.source for one in found[::10])
