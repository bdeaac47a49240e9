"""The index is held against the WARC files: what it has too much, too little or wrongly is said."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from warc_support import capture, exchange, page, writer_for

from preserve.audit.index import IndexCheck
from preserve.model import Capture
from preserve.warc import Gap, examine, warc_files, zipwriting
from preserve.warc.entered import list_name, listed, write_list
from preserve.warc.zipnum import SUMMARY, open_index
from preserve.warc.zipwriting import write_index


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two WARC files with ten captures, and an index of several blocks."""
    monkeypatch.setattr(zipwriting, "BLOCK_LINES", 4)
    for part in range(2):
        with writer_for(tmp_path) as writer:
            for number in range(5):
                url = f"http://news.example/{part}/{number}"
                writer.append_capture(Capture(url, url, (exchange(page(f"<p>{url}</p>"), url=url),)))
    return tmp_path


def checked(archive: Path) -> tuple[list[str], list[str]]:
    check = IndexCheck(archive)
    for path in reversed(warc_files(archive)):
        for piece in examine(path):
            if not isinstance(piece, Gap):
                check.take(piece.line)
    return list(check.finish()), check.notes


def lines_in(archive: Path) -> list[bytes]:
    index = open_index(archive)
    assert index is not None
    with index:
        return [line for block in index.blocks() for line in index.lines(block)]


def data(archive: Path) -> Path:
    return next(archive.glob("index-*.cdxj.gz"))


def test_an_index_as_it_was_written_has_nothing_wrong(archive: Path) -> None:
    assert checked(archive) == ([], [])


def test_no_archive_needs_no_index(tmp_path: Path) -> None:
    assert checked(tmp_path) == ([], [])


def test_an_index_that_is_missing_is_said(archive: Path) -> None:
    (archive / SUMMARY).unlink()
    assert checked(archive)[0] == ["is missing, and should have 10 lines"]


def doubled(lines: list[bytes]) -> list[bytes]:
    return sorted([*lines, lines[3]])


def lacking(lines: list[bytes]) -> list[bytes]:
    return lines[:3] + lines[4:]


def moved(lines: list[bytes]) -> list[bytes]:
    return sorted([*lines[1:], lines[0].replace(b'"offset": "', b'"offset": "9')])


def unsorted(lines: list[bytes]) -> list[bytes]:
    return lines[::-1]


def unlike(lines: list[bytes]) -> list[bytes]:
    return [*lines, b"org,example)/ 20260101000000 what\n"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (doubled, "has 1 line that no record of "),
        (lacking, "lacks 1 line of "),
        (moved, "has 1 line that no record of "),
        (unsorted, "lines that no record of "),
        (unlike, "no line of an index at all"),
    ],
)
def test_an_index_written_with_other_lines_is_found(
    archive: Path, change: Callable[[list[bytes]], list[bytes]], says: str
) -> None:
    write_index(archive, None, change(lines_in(archive)))
    assert says in "\n".join(checked(archive)[0])


def test_a_file_that_was_closed_and_not_yet_indexed_is_no_fault(archive: Path) -> None:
    last = warc_files(archive)[-1].name
    write_index(archive, None, [line for line in lines_in(archive) if last.encode() not in line])
    assert checked(archive) == ([], [f"index.idx does not have the 5 lines of {last} yet; the next run adds them"])


def test_a_record_that_is_gone_leaves_a_line_that_is_found(archive: Path) -> None:
    first = warc_files(archive)[0]
    first.unlink()
    assert f"has 5 lines that no record of {first.name} should have" in checked(archive)[0][0]


def test_every_byte_of_both_files_counts(archive: Path) -> None:
    pieces = [piece for path in warc_files(archive) for piece in examine(path)]
    lines = [piece.line for piece in pieces if not isinstance(piece, Gap)]

    def found() -> list[str]:
        check = IndexCheck(archive)
        for line in lines:
            check.take(line)
        return list(check.finish())

    for path in (archive / SUMMARY, data(archive)):
        whole = path.read_bytes()
        for offset in range(len(whole)):
            changed = bytearray(whole)
            changed[offset] ^= 1 << offset % 8
            path.write_bytes(changed)
            assert found(), f"{path.name} {offset}"
        path.write_bytes(whole)
    assert not found()


def test_a_list_of_files_that_lies_is_found_and_one_that_is_missing_is_no_fault(archive: Path) -> None:
    index = open_index(archive)
    assert index is not None
    with index:
        names = listed(index)
        assert names is not None
        for lie in (names | {b'"more.warc.gz"'}, [*names][:1], ()):
            write_list(archive, index.data, index.summary_digest(), lie)
            said = f"has lines of other files than {list_name(index.data)} says"
            assert checked(archive) == ([said], [])
        (archive / list_name(index.data)).unlink()
    found, notes = checked(archive)
    assert not found
    assert "the next run writes it anew" in notes[0]


def test_another_packing_of_the_same_lines_is_found_even_under_a_fitting_name(archive: Path) -> None:
    """A gzip header with a time in it: named and summed up rightly, and not as we write it."""
    packed = bytearray(gzip.compress(b"".join(lines_in(archive)), mtime=1))
    name = f"index-{hashlib.sha256(packed).hexdigest()[:16]}.cdxj.gz"
    data(archive).unlink()
    (archive / name).write_bytes(packed)
    key = b" ".join(lines_in_file(packed)[0].split(b" ")[:2])
    (archive / SUMMARY).write_bytes(b"%b\t%b\t0\t%d\t1\n" % (key, name.encode(), len(packed)))
    assert checked(archive)[0] == [f"{name}, offset 0: the block has another gzip header than we write"]


def lines_in_file(packed: bytes) -> list[bytes]:
    return zlib.decompress(packed, 31).splitlines()


def test_a_file_still_open_has_no_lines(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        writer.append_capture(capture(page()))
        writer.sync()
        assert checked(tmp_path) == ([], [])
