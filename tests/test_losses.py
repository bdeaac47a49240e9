"""What a lost worker leaves in the archive is taken up, whatever it still came to tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from warc_support import URL, SteppingClock, capture, page, writer_for

from preserve.ledger import Ledger
from preserve.model import ArchivedCapture
from preserve.settings import ArchiveSettings
from preserve.verify.losses import salvage, sweep
from preserve.verify.names import LEDGER
from preserve.verify.tools import Archive
from preserve.warc import ArchiveLock, ArchiveWriter, IndexKeeper, lookup


class Deaf:
    """The coordinator that a worker did not come to tell of its file."""

    def begun(self, name: str) -> None:
        pass

    def closed(self, name: str, lines: object) -> None:
        pass


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Ledger.create_or_open(tmp_path / LEDGER) as ledger, writer_for(tmp_path) as writer:
        yield Archive(writer, IndexKeeper(tmp_path), ledger, ArchiveLock(tmp_path), 1, {})


def worker_in(directory: Path) -> tuple[ArchiveWriter, ArchivedCapture]:
    """A worker's file with a capture in it, still open."""
    settings = ArchiveSettings(directory=str(directory))
    writer = ArchiveWriter(settings, clock=SteppingClock(), info={}, keeper=Deaf())
    archived = writer.append_capture(capture(page()))
    writer.sync()
    return writer, archived


@pytest.mark.parametrize("ended", [True, False])
def test_captures_of_a_file_that_was_left_open_are_to_be_judged(tmp_path: Path, archive: Archive, ended: bool) -> None:
    _, archived = worker_in(tmp_path)
    found = salvage(tmp_path, archive, archived.first.file, ended=ended)
    assert found.captures == {URL: archived}
    assert [entry.file for entry in lookup(tmp_path, URL)] == [archived.first.file]


def test_captures_of_a_file_that_was_closed_and_not_told_of_are_to_be_judged(tmp_path: Path, archive: Archive) -> None:
    writer, archived = worker_in(tmp_path)
    writer.close()
    assert salvage(tmp_path, archive, archived.first.file).captures == {URL: archived}
    assert [entry.file for entry in lookup(tmp_path, URL)] == [archived.first.file]


def test_a_worker_that_had_begun_no_file_leaves_nothing(tmp_path: Path, archive: Archive) -> None:
    worker_in(tmp_path)  # another one, which is at work
    assert salvage(tmp_path, archive, "").captures == {}


def test_a_file_that_nobody_told_of_is_mended_at_the_end(tmp_path: Path) -> None:
    _, archived = worker_in(tmp_path)
    index = IndexKeeper(tmp_path)
    assert len(sweep(tmp_path, index)) == 1
    assert [entry.file for entry in lookup(tmp_path, URL)] == [archived.first.file]
    assert sweep(tmp_path, index) == ()
