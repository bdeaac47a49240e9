"""The index: its keys and lines are cdxj-indexer's, it keeps up with the files, and finds what lies in them."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warc_support import START, URL, SteppingClock, capture, exchange, page, writer_for

from preserve.errors import ArchiveError
from preserve.model import Capture, Exchange
from preserve.settings import ArchiveSettings
from preserve.urls import legal_uri
from preserve.warc import (
    ArchiveWriter,
    IndexKeeper,
    Known,
    lookup,
    nearest,
    refresh,
    replay_lines,
    sorting,
    warc_files,
    zipwriting,
)
from preserve.warc.cdxj import entry_of
from preserve.warc.entered import NEW_LIST, files_of, listed, names_in, write_list
from preserve.warc.zipnum import SUMMARY, DamagedIndexError, ZipIndex, open_index
from preserve.warc.zipwriting import NEW_DATA, NEW_SUMMARY, write_index

CHINESE = legal_uri("http://news.example/新闻/二〇二四?页=1")
PAGE = page("<p>The bridge carries 2,400 cars a day.</p>" * 20)
REDIRECT = b"HTTP/1.1 301 Moved\r\nLocation: http://news.example/b\r\nContent-Length: 0\r\n\r\n"
ODD = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nlate",
    b"HTTP/1.1 404\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-type: TEXT/HTML;charset=gbk\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type:\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Type: \xd6\xd0/x y\r\n\r\nx",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"",
)


def rewrite(directory: Path, lines: list[str]) -> None:
    """Make these lines the index."""
    write_index(directory, None, [f"{line}\n".encode() for line in lines])


def fill(writer: ArchiveWriter) -> None:
    """Captures of every kind: redirects, revisits, odd heads, bytes that are no HTTP, failures, stored copies."""
    first = writer.append_capture(capture(PAGE))
    response = first.exchanges[0].response
    again = writer.append_capture(capture(PAGE), Known(lambda _digest, _url: response))
    assert again.exchanges[0].revisit_of == response
    hops = (exchange(REDIRECT, url=CHINESE), exchange(PAGE, url="http://WWW.news.example:80/b//c/?z=1&a=2"))
    writer.append_capture(Capture(CHINESE, CHINESE, hops))
    for number, odd in enumerate(ODD):
        url = f"https://news.example/{number}?sid=0123456789abcdef0123456789abcdef"
        writer.append_capture(Capture(url, url, (exchange(odd, url=url),)))
    writer.append_stored_copy("_posts/二 a.md", b"---\n---\n", URL, START)
    writer.append_text(first, "The bridge.", "extractor 1")


def theirs(directory: Path) -> list[str]:
    command = [sys.executable, "-W", "ignore", "-c", "from cdxj_indexer.main import main; main()", "-s"]
    done = subprocess.run(
        [*command, *(str(path) for path in warc_files(directory))], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def opened(directory: Path) -> ZipIndex:
    index = open_index(directory)
    assert index is not None
    return index


def ours(directory: Path) -> list[str]:
    """The lines as anybody reads them, without our code."""
    (data,) = directory.glob("index-*.cdxj.gz")
    return gzip.decompress(data.read_bytes()).decode().splitlines()


def test_every_line_is_cdxj_indexers(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        fill(writer)
    with writer_for(tmp_path, roll_over=2000) as writer:  # several files more, merged in as they close
        fill(writer)
    assert len(warc_files(tmp_path)) > 3
    lines = ours(tmp_path)
    assert lines == theirs(tmp_path)
    assert sum('"warc/revisit"' in line for line in lines) == 2
    assert any(line.startswith("example,news)/%e6%96%b0%e9%97%bb/") for line in lines)


def test_an_index_that_was_lost_is_made_again_the_same(tmp_path: Path) -> None:
    with writer_for(tmp_path, roll_over=4000) as writer:
        fill(writer)
    lines = ours(tmp_path)
    assert refresh(tmp_path) == ()
    (tmp_path / SUMMARY).unlink()
    assert refresh(tmp_path) == tuple(path.name for path in warc_files(tmp_path))
    assert ours(tmp_path) == lines


def test_files_it_lacks_are_added_and_files_that_are_gone_left_out(tmp_path: Path) -> None:
    for _ in range(3):
        with writer_for(tmp_path) as writer:
            writer.append_capture(capture(PAGE))
    first, second, _ = warc_files(tmp_path)
    lines = ours(tmp_path)
    rewrite(tmp_path, [line for line in lines if first.name not in line])
    assert refresh(tmp_path) == (first.name,)
    assert ours(tmp_path) == lines
    second.unlink()
    refresh(tmp_path)
    assert ours(tmp_path) == [line for line in lines if second.name not in line]


def test_lines_are_sorted_with_few_of_them_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "HELD_LINES", 3)
    with writer_for(tmp_path) as writer:
        fill(writer)
        fill(writer)
        assert sorted(path.suffix for path in tmp_path.iterdir()) == [".open"]
    lines = ours(tmp_path)
    assert lines == theirs(tmp_path)
    (tmp_path / SUMMARY).unlink()
    refresh(tmp_path)
    assert ours(tmp_path) == lines


class Bits(IndexKeeper):
    """Hands on a file's lines in small parts, as a worker far away does."""

    def closed(self, name: str, lines: Iterable[bytes]) -> None:
        *first, last = lines
        for line in first:
            self.lines(name, (line,))
        assert not (Path(self._directory) / SUMMARY).exists()
        super().closed(name, (last,))


@pytest.mark.parametrize("gather", [True, False])
def test_lines_that_come_in_parts_are_entered_with_the_last(tmp_path: Path, *, gather: bool) -> None:
    keeper = Bits(tmp_path)
    if gather:
        keeper.gather()
    settings = ArchiveSettings(directory=str(tmp_path))
    with ArchiveWriter(settings, clock=SteppingClock(), info={}, keeper=keeper) as writer:
        fill(writer)
    keeper.enter()
    assert ours(tmp_path) == theirs(tmp_path)


def test_a_file_whose_last_lines_never_came_is_left_to_the_next_start(tmp_path: Path) -> None:
    keeper = IndexKeeper(tmp_path)
    keeper.gather()
    with writer_for(tmp_path) as writer:
        fill(writer)
    lines = ours(tmp_path)
    (file,) = warc_files(tmp_path)
    (tmp_path / SUMMARY).unlink()
    keeper.lines(file.name, [lines[0].encode() + b"\n"])
    keeper.enter()
    assert refresh(tmp_path) == (file.name,)
    assert ours(tmp_path) == lines


def test_a_file_still_open_is_not_in_it(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        writer.append_capture(capture(PAGE))
        assert refresh(tmp_path) == ()
        assert lookup(tmp_path, URL) == ()
    assert len(lookup(tmp_path, URL)) == 1


def test_records_behind_damage_are_indexed_too(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        refs = [writer.append_capture(capture(PAGE)).exchanges[0].response for _ in range(3)]
    path = warc_files(tmp_path)[0]
    data = bytearray(path.read_bytes())
    assert refs[1] is not None
    data[refs[1].offset + 40] ^= 0xFF
    path.write_bytes(data)
    before = ours(tmp_path)
    (tmp_path / SUMMARY).unlink()
    refresh(tmp_path)
    assert ours(tmp_path) == [line for line in before if f'"offset": "{refs[1].offset}"' not in line]
    assert len(before) == len(ours(tmp_path)) + 1


def test_an_index_that_can_not_be_written_costs_no_record(tmp_path: Path) -> None:
    (tmp_path / NEW_SUMMARY).mkdir()
    writer = writer_for(tmp_path)
    writer.append_capture(capture(PAGE))
    with pytest.raises(ArchiveError, match="the next run makes it up"):
        writer.close()
    (tmp_path / NEW_SUMMARY).rmdir()
    assert [path.suffix for path in warc_files(tmp_path)] == [".gz"]
    refresh(tmp_path)
    assert len(lookup(tmp_path, URL)) == 1


def test_records_are_found_by_url_and_time(tmp_path: Path) -> None:
    with writer_for(tmp_path, roll_over=3000) as writer:
        for number in range(60):
            at = START + timedelta(days=number // 20)
            urls = (f"http://news.example/{number % 20}", f"http://news.example/{number % 20}/more")
            for url in urls:
                made = exchange(page(f"<p>{number}</p>"), url=url)
                writer.append_capture(Capture(url, url, (replace(made, started_at=at),)))
    for number in range(20):
        found = lookup(tmp_path, f"https://www.news.example:443/{number}/")
        assert [entry.url for entry in found] == [f"http://news.example/{number}"] * 3
        assert [entry.at for entry in found] == [
            (START + timedelta(days=day)).replace(microsecond=0) for day in range(3)
        ]
        entry = nearest(found, START + timedelta(days=1, hours=3))
        assert entry is found[1]
        assert (entry.status, entry.media_type) == (200, "text/html")
        with (tmp_path / entry.file).open("rb") as file:
            file.seek(entry.offset)
            assert len(file.read(entry.length)) == entry.length
    assert lookup(tmp_path, "http://news.example/20") == ()
    assert lookup(tmp_path, "http://a.example/") == lookup(tmp_path, "http://zz.example/") == ()
    assert nearest((), START) is None


def test_without_an_index_nothing_is_found(tmp_path: Path) -> None:
    assert lookup(tmp_path, URL) == ()


# ---------------------------------------------------------------- the compressed form


def compressed(directory: Path, into: Path, lines: int) -> tuple[bytes, list[bytes]]:
    """cdxj-indexer's compressed index of the same files: its data, and the key of each block."""
    command = [sys.executable, "-W", "ignore", "-c", "from cdxj_indexer.main import main; main()", "-s"]
    options = ["-c", str(into / "theirs.cdxj.gz"), "-o", str(into / "theirs.idx"), "-l", str(lines)]
    subprocess.run([*command, *options, *(str(path) for path in warc_files(directory))], check=True)
    summary = (into / "theirs.idx").read_bytes().splitlines()
    return (into / "theirs.cdxj.gz").read_bytes(), [line.split(b" {")[0] for line in summary[1:]]


def test_blocks_are_cdxj_indexers_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipwriting, "BLOCK_LINES", 4)
    archive = tmp_path / "warcs"
    with writer_for(archive) as writer:
        fill(writer)
    data, keys = compressed(archive, tmp_path, 4)
    with opened(archive) as index:
        assert len(keys) >= 3
        assert [block.key for block in index.blocks()] == keys
        assert (archive / index.data).read_bytes() == data


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        fill(writer)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("index*")}
    (tmp_path / SUMMARY).unlink()
    refresh(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("index*")} == before
    assert len(before) == 3


def line(url: int, second: int, rest: int) -> bytes:
    return b'com,example)/%02d 202401010000%02d {"filename": "%d"}\n' % (url, second, rest)


LINES = st.builds(line, st.integers(0, 12), st.integers(0, 2), st.integers(0, 9))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(LINES, min_size=1, max_size=12), min_size=1, max_size=8), st.integers(1, 4))
def test_whatever_is_merged_in_stays_sorted_and_is_found(parts: list[list[bytes]], block_lines: int) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(zipwriting, "BLOCK_LINES", block_lines)
        directory, wanted = Path(name), sorted(line for part in parts for line in part)
        for part in parts:
            with open_index(directory) or nullcontext() as old:
                write_index(directory, old, sorted(part))
        assert len(list(directory.iterdir())) == 3
        with opened(directory) as index:
            blocks = [index.lines(block) for block in index.blocks()]
            assert [line for block in blocks for line in block] == wanted
            assert max(map(len, blocks)) <= max(block_lines * 3 // 2, block_lines)
            for url in range(13):
                key = b"com,example)/%02d " % url
                assert list(index.lines_with(key)) == [line for line in wanted if line.startswith(key)]


def test_blocks_that_nothing_is_merged_into_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipwriting, "BLOCK_LINES", 2)
    lines = [line(url, 0, 0) for url in range(10)]
    write_index(tmp_path, None, lines[:4] + lines[5:])
    with opened(tmp_path) as index:
        unpacked: list[bytes] = []
        inner = index.lines
        monkeypatch.setattr(index, "lines", lambda block: unpacked.append(block.key) or inner(block))
        write_index(tmp_path, index, lines[4:5])
    assert unpacked == [b"com,example)/02 20240101000000"]
    with opened(tmp_path) as index:
        assert [line for block in index.blocks() for line in index.lines(block)] == lines


@pytest.mark.parametrize(
    "name",
    ["index.cdxj", "index-0123456789abcdef.cdxj.gz", NEW_DATA, NEW_SUMMARY, NEW_LIST, "index-0123456789abcdef.files"],
)
def test_what_lies_about_is_removed(tmp_path: Path, name: str) -> None:
    with writer_for(tmp_path) as writer:
        fill(writer)
    lines = ours(tmp_path)
    (tmp_path / name).write_bytes(b"left over")
    refresh(tmp_path)
    assert not (tmp_path / name).exists()
    assert ours(tmp_path) == lines


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def other(path: Path) -> None:
    path.write_bytes(path.read_bytes() * 2)


@pytest.mark.parametrize("which", [SUMMARY, "index-*.cdxj.gz"])
@pytest.mark.parametrize("how", [cut, flip, other, Path.unlink])
def test_a_pair_that_does_not_belong_together_is_never_read_and_made_anew(
    tmp_path: Path, which: str, how: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipwriting, "BLOCK_LINES", 2)
    with writer_for(tmp_path) as writer:
        fill(writer)
    lines = ours(tmp_path)
    urls = [json.loads(line.split(" ", 2)[2])["url"] for line in lines]
    found = {url: lookup(tmp_path, url) for url in urls}
    how(next(tmp_path.glob(which)))
    for url in urls:
        with suppress(DamagedIndexError):
            assert lookup(tmp_path, url) in (found[url], ())
    refresh(tmp_path)
    assert ours(tmp_path) == lines
    assert {url: lookup(tmp_path, url) for url in urls} == found


def test_killed_between_the_two_files_leaves_the_old_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writer_for(tmp_path) as writer:
        writer.append_capture(capture(PAGE))
    before = lookup(tmp_path, URL)

    def killed(path: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", killed)
        patch.setattr(zipwriting, "remove_leftovers", lambda directory: None)
        with writer_for(tmp_path) as writer:
            writer.append_capture(capture(PAGE))
    assert len(list(tmp_path.glob("index-*.cdxj.gz"))) == 2
    assert lookup(tmp_path, URL) == before
    assert len(refresh(tmp_path)) == 1
    assert len(lookup(tmp_path, URL)) == 2
    assert len(list(tmp_path.glob("index*"))) == 3


def test_who_reads_while_it_is_written_anew_sees_one_index_whole(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        writer.append_capture(capture(PAGE))
    with opened(tmp_path) as index:
        with writer_for(tmp_path) as writer:
            writer.append_capture(capture(PAGE))
        assert sum(1 for block in index.blocks() for _ in index.lines(block)) == 1
    assert len(lookup(tmp_path, URL)) == 2


def test_a_hundred_captures_of_one_url_are_found_in_their_blocks_alone(tmp_path: Path) -> None:
    lines = [line(url, second, number) for url in (1, 2, 3) for second in range(60) for number in range(20)]
    write_index(tmp_path, None, sorted(lines))
    with opened(tmp_path) as index:
        key = b"com,example)/02 "
        assert len(list(index.lines_with(key))) == 1200
        assert len(list(index.blocks_with(key))) == 5
        assert len(list(index.blocks())) == 12


# ---------------------------------------------------------------- the list of its files


def unpacked_at_start(directory: Path) -> int:
    """How many blocks a start of a run unpacks."""
    with pytest.MonkeyPatch.context() as patch:
        unpacked: list[bytes] = []
        inner = ZipIndex.lines
        patch.setattr(ZipIndex, "lines", lambda index, block: unpacked.append(block.key) or inner(index, block))
        refresh(directory)
    return len(unpacked)


def file_list(directory: Path) -> Path:
    (path,) = directory.glob("index-*.files")
    return path


def test_a_start_unpacks_nothing_where_nothing_changed(tmp_path: Path) -> None:
    for _ in range(3):
        with writer_for(tmp_path) as writer:
            fill(writer)
    assert unpacked_at_start(tmp_path) == 0
    with opened(tmp_path) as index:
        assert listed(index) == files_of(index) == {json.dumps(path.name).encode() for path in warc_files(tmp_path)}


@pytest.mark.parametrize("how", [cut, flip, other, Path.unlink])
def test_a_list_that_is_lost_or_damaged_is_made_again_from_the_index(
    tmp_path: Path, how: Callable[[Path], None]
) -> None:
    with writer_for(tmp_path) as writer:
        fill(writer)
    path = file_list(tmp_path)
    text, lines = path.read_bytes(), ours(tmp_path)
    how(path)
    assert unpacked_at_start(tmp_path) > 0
    assert (path.read_bytes(), ours(tmp_path)) == (text, lines)
    how(path)
    with writer_for(tmp_path) as writer:
        fill(writer)
    with opened(tmp_path) as index:
        assert listed(index) == files_of(index)


def test_a_list_of_another_summary_is_not_believed(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        fill(writer)
    with opened(tmp_path) as index:
        write_list(tmp_path, index.data, "0" * 64, [b'"other"'])
        assert listed(index) is None
    assert refresh(tmp_path) == ()


def test_names_with_anything_in_them_are_listed(tmp_path: Path) -> None:
    names = ['a", "filename": "b', "line\nfeed", "\\", "\udcb2", "新闻"]
    lines = [
        f'com,example)/{number} 20240101000000 {{"filename": {json.dumps(name)}}}\n'.encode()
        for number, name in enumerate(names)
    ]
    write_index(tmp_path, None, lines)
    with opened(tmp_path) as index:
        found = listed(index)
        assert found is not None
        assert names_in(found) == set(names)


# ---------------------------------------------------------------- for replay


def not_modified(url: str, at: int) -> Exchange:
    answer = exchange(b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', url=url)
    return replace(answer, started_at=START + timedelta(days=at))


def test_for_replay_a_304_points_to_the_page_it_vouches_for(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        response = writer.append_capture(capture(PAGE)).exchanges[0].response
        again = Capture(URL, URL, (not_modified(URL, 7),))
        known = Known(unmodified={URL: response})
        assert writer.append_capture(again, known).exchanges[0].revisit_of == response
    first, second = lookup(tmp_path, URL)
    assert (second.status, second.media_type) == (304, "warc/revisit")
    one, two = (entry_of(line) for line in replay_lines(tmp_path, URL))
    assert one == first
    assert two == replace(first, at=second.at)


def test_for_replay_the_page_may_have_come_from_another_url(tmp_path: Path) -> None:
    other = "http://news.example/print/1"
    with writer_for(tmp_path) as writer:
        response = writer.append_capture(capture(PAGE)).exchanges[0].response
        again = Capture(other, other, (not_modified(other, 7),))
        writer.append_capture(again, Known(unmodified={other: response}))
    (original,) = lookup(tmp_path, URL)
    (moved,) = (entry_of(line) for line in replay_lines(tmp_path, other))
    assert (moved.url, moved.file, moved.offset, moved.status) == (other, original.file, original.offset, 200)
