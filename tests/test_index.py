"""The index: its keys and lines are cdxj-indexer's, it keeps up with the files, and finds what lies in them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from warc_support import START, URL, capture, exchange, page, writer_for

from preserve.errors import ArchiveError
from preserve.model import Capture
from preserve.urls import legal_uri
from preserve.warc import ArchiveWriter, Known, index, lookup, nearest, refresh, warc_files
from preserve.warc.index import INDEX

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


def ours(directory: Path) -> list[str]:
    return (directory / INDEX).read_text("utf-8").splitlines()


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
    (tmp_path / INDEX).unlink()
    assert refresh(tmp_path) == tuple(path.name for path in warc_files(tmp_path))
    assert ours(tmp_path) == lines


def test_files_it_lacks_are_added_and_files_that_are_gone_left_out(tmp_path: Path) -> None:
    for _ in range(3):
        with writer_for(tmp_path) as writer:
            writer.append_capture(capture(PAGE))
    first, second, _ = warc_files(tmp_path)
    lines = ours(tmp_path)
    (tmp_path / INDEX).write_text("".join(f"{line}\n" for line in lines if first.name not in line))
    assert refresh(tmp_path) == (first.name,)
    assert ours(tmp_path) == lines
    second.unlink()
    refresh(tmp_path)
    assert ours(tmp_path) == [line for line in lines if second.name not in line]


def test_lines_are_sorted_with_few_of_them_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "HELD_LINES", 3)
    with writer_for(tmp_path) as writer:
        fill(writer)
        fill(writer)
        assert sorted(path.suffix for path in tmp_path.iterdir()) == [".open"]
    lines = ours(tmp_path)
    assert lines == theirs(tmp_path)
    (tmp_path / INDEX).unlink()
    refresh(tmp_path)
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
    (tmp_path / INDEX).unlink()
    refresh(tmp_path)
    assert ours(tmp_path) == [line for line in before if f'"offset": "{refs[1].offset}"' not in line]
    assert len(before) == len(ours(tmp_path)) + 1


def test_an_index_that_can_not_be_written_costs_no_record(tmp_path: Path) -> None:
    (tmp_path / (INDEX + ".new")).mkdir()
    writer = writer_for(tmp_path)
    writer.append_capture(capture(PAGE))
    with pytest.raises(ArchiveError, match="the next run makes it up"):
        writer.close()
    (tmp_path / (INDEX + ".new")).rmdir()
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
