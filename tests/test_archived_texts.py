"""Texts between captures: found without reading what lies beside them, also while a file is being written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from warc_support import URL, capture, captures_in, only_file, page, writer_for

from preserve.errors import ArchiveError
from preserve.model import ArchivedCapture
from preserve.quotes.scan import gaps_of
from preserve.warc import ArchivedText, texts_between

AT = datetime(2026, 3, 1, tzinfo=UTC)


def write(directory: Path, *, close: bool = True) -> list[ArchivedCapture]:
    """Two captures with their texts, and a stored copy between them."""
    writer = writer_for(directory)
    first = writer.append_capture(capture(page()))
    writer.append_text(first, "The bridge carries 2,400 cars a day.", "extractor 1")
    writer.append_stored_copy("_posts/桥.md", b"---\ntitle: t\n---\ntext\n", URL, AT)
    second = writer.append_capture(capture(page("<p>The bridge carries 2,300 cars a day.</p>")))
    writer.append_text(second, "The bridge carries 2,300 cars a day.", "extractor 1")
    writer.sync()
    if close:
        writer.__exit__(None, None, None)
    return [first, second]


def read(directory: Path, captures: list[ArchivedCapture]) -> list[ArchivedText]:
    stretches = [(one.first.file, one.first.offset, one.summary.offset + one.summary.length) for one in captures]
    files = [path.name.removesuffix(".open") for path in directory.glob("*.warc.gz*")]
    return [text for file, gaps in gaps_of(stretches, files) for text in texts_between(directory, file, gaps)]


@pytest.mark.parametrize("close", [True, False])
def test_every_text_is_found_with_what_it_is_of(tmp_path: Path, close: bool) -> None:
    captures = write(tmp_path, close=close)
    found = read(tmp_path, captures)
    responses = [one.final.response.record_id for one in captures if one.final is not None and one.final.response]
    assert [text.of for text in found] == [responses[0], "", responses[1]]
    assert found[2].data == b"The bridge carries 2,300 cars a day."
    assert found[1].data.endswith(b"text\n")


def test_captures_are_passed_over_unread(tmp_path: Path) -> None:
    captures = write(tmp_path)
    path = only_file(tmp_path)
    data = bytearray(path.read_bytes())
    for one in captures:  # nothing inside a capture can be read any more
        data[one.first.offset : one.summary.offset] = bytes(one.summary.offset - one.first.offset)
    path.write_bytes(data)
    assert len(read(tmp_path, captures)) == 3
    with pytest.raises(ArchiveError):
        captures_in(tmp_path)


def test_a_torn_tail_is_an_error_only_in_a_file_that_is_closed(tmp_path: Path) -> None:
    captures = write(tmp_path)
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ArchiveError, match="is damaged"):
        read(tmp_path, captures)
    path.rename(path.with_name(path.name + ".open"))
    assert len(read(tmp_path, captures)) == 2


def test_gaps_lie_between_captures_and_in_files_without_one() -> None:
    stretches = [("a", 10, 20), ("a", 20, 30), ("a", 35, 40), ("b", 0, 5)]
    assert list(gaps_of(stretches, ["a", "b", "c"])) == [
        ("a", ((0, 10), (30, 35), (40, None))),
        ("b", ((5, None),)),
        ("c", ((0, None),)),
    ]
    portions = list(gaps_of(stretches, ["a", "b"], at_once=1))
    assert portions == [("a", ((0, 10),)), ("a", ((30, 35),)), ("a", ((40, None),)), ("b", ((5, None),))]
