"""Texts in the archive: the records that lie between captures, read without looking at the captures.

Owns which of them have a text: a post's bytes (`resource`) and what was extracted from a response (`conversion`). Where
captures lie is known to the ledger and handed in; passing over them makes reading all texts a matter of seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from preserve.errors import ArchiveError, RecordNotFoundError
from preserve.model import RecordRef
from preserve.warc.building import post_of
from preserve.warc.files import OPEN_SUFFIX
from preserve.warc.places import opened, records
from preserve.warc.streams import expect


@dataclass(frozen=True, slots=True)
class ArchivedText:
    """A text in the archive.

    Attributes:
        record: where it lies.
        of: the record id of the response it was extracted from; "" for a post's bytes.
        data: the record's block.
    """

    record: RecordRef
    of: str
    data: bytes


def texts_between(directory: str | Path, file: str, gaps: Sequence[tuple[int, int | None]]) -> Iterator[ArchivedText]:
    """The texts that lie in some stretches of a file, in order, each checked against its digest.

    Args:
        directory: the archive.
        file: a WARC file's final name; it may still be being written.
        gaps: start and end of each stretch, in bytes, at the edges of records; None for the end of the file.

    Raises:
        RecordNotFoundError: no such file.
        ArchiveError: a record is damaged; file, offset and record id are named.
    """
    path, stream = _located(Path(directory), file)
    with stream:
        for start, end in gaps:
            expect(stream, start, end)
            try:
                yield from _texts(path, stream, file, start, end)
            except ArchiveError:
                # What is being written may end in the middle of a record; nothing refers to it yet.
                if end is not None or not path.name.endswith(OPEN_SUFFIX):
                    raise


def _texts(path: Path, stream: BinaryIO, file: str, start: int, end: int | None) -> Iterator[ArchivedText]:
    if end is not None and start >= end:
        return
    for record, member in records(path, stream, start):
        ref = RecordRef(record.record_id, file, member.offset, member.length)
        if record.kind == "conversion":
            yield ArchivedText(ref, (record.field("WARC-Refers-To") or "").strip("<>"), record.block)
        elif record.kind == "resource" and post_of(record) is not None:
            yield ArchivedText(ref, "", record.block)
        if end is not None and member.end >= end:
            return


def _located(directory: Path, file: str) -> tuple[Path, BinaryIO]:
    final = directory / file
    # The final name twice: the writer may rename the file between the first look and the second.
    for path in (final, final.with_name(final.name + OPEN_SUFFIX)):
        try:
            return path, opened(path)
        except RecordNotFoundError:
            continue
    return final, opened(final)
