"""Reading the archive back: a record's block, a whole capture, or everything in a file, digests checked.

Owns where to look and what a wrong record is reported as. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from preserve.errors import ArchiveError, RecordNotFoundError
from preserve.model import ArchivedCapture, Capture, RecordRef
from preserve.warc.files import OPEN_SUFFIX
from preserve.warc.grouping import ArchivedPost, Grouping
from preserve.warc.members import DamagedMemberError, Member, read_members
from preserve.warc.records import Record, decode
from preserve.warc.summary import capture_of


def read_block(directory: str | Path, ref: RecordRef) -> bytes:
    """The block of one record, checked against its digest.

    Raises:
        RecordNotFoundError: no such file, or another record lies there.
        ArchiveError: the record is damaged; file, offset and record id are named.
    """
    for record, found in _stretch(directory, ref, ref):
        if found == ref:
            return record.block
    raise _absent(directory, ref)


def read_capture(directory: str | Path, archived: ArchivedCapture) -> Capture:
    """The capture as it was appended, every record checked against its digest.

    Raises:
        RecordNotFoundError: no such file, or other records lie there.
        ArchiveError: a record is damaged; file, offset and record id are named.
    """
    records = []
    for record, found in _stretch(directory, archived.first, archived.summary):
        records.append(record)
        if found == archived.summary:
            break
    else:
        raise _absent(directory, archived.summary)
    try:
        return capture_of(records)
    except ValueError as error:
        path = _located(directory, archived.summary)
        raise ArchiveError(f"{_place(path, archived.summary)}: {error}") from error


def scan_captures(path: str | Path) -> Iterator[ArchivedCapture | ArchivedPost]:
    """Every whole capture and every stored copy in one file, in order; one capture in memory at a time.

    Records of a capture that was never closed are passed over.

    Raises:
        ArchiveError: the file can't be read, or is damaged; what lay before was handed out.
    """
    path = Path(path)
    grouping = Grouping()
    with _opened(path) as stream:
        for record, member in _records(path, stream, None):
            ref = RecordRef(record.record_id, _final_name(path), member.offset, member.length)
            try:
                found = grouping.take(record, ref)
            except ValueError as error:
                raise ArchiveError(f"{_place(path, ref)}: {error}") from error
            if found is not None:
                yield found


def _stretch(directory: str | Path, first: RecordRef, last: RecordRef) -> Iterator[tuple[Record, RecordRef]]:
    """The records from `first` to `last`, where they lie."""
    path = _located(directory, first)
    with _opened(path) as stream:
        for record, member in _records(path, stream, first):
            if member.offset > last.offset:
                return
            yield record, RecordRef(record.record_id, first.file, member.offset, member.length)


def _records(path: Path, stream: BinaryIO, first: RecordRef | None) -> Iterator[tuple[Record, Member]]:
    """Decoded records from `first` on, or from the beginning; a damaged one is named as well as it can be."""
    offset, record_id = (first.offset, first.record_id) if first else (0, "unknown")
    try:
        for member in read_members(stream, offset):
            offset = member.offset
            record = decode(member.data)
            yield record, member
            offset, record_id = member.end, "unknown"
    except (DamagedMemberError, ValueError) as error:
        why = error.why if isinstance(error, DamagedMemberError) else str(error)
        at = RecordRef(record_id, path.name, offset, 0)
        raise ArchiveError(f"{_place(path, at)} is damaged: {why}; restore the file from a copy") from error
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise RecordNotFoundError(
            f"{path}: no such WARC file in the archive; restore it from a copy"
        ) from error
    except OSError as error:
        raise ArchiveError(f"{path}: can't be opened: {error.strerror}") from error
    with stream:
        yield stream


def _located(directory: str | Path, ref: RecordRef) -> Path:
    """The file `ref` lies in: under its final name, or still being written."""
    name = PurePosixPath(ref.file)
    if name.is_absolute() or ".." in name.parts or not name.parts:
        raise RecordNotFoundError(f"{ref.file!r} is not a file inside the archive {directory}")
    final = Path(directory) / name
    being_written = final.with_name(final.name + OPEN_SUFFIX)
    return being_written if not final.exists() and being_written.exists() else final


def _absent(directory: str | Path, ref: RecordRef) -> RecordNotFoundError:
    path = _located(directory, ref)
    return RecordNotFoundError(
        f"{_place(path, ref)} is not there: another record, or none, lies in its place"
    )


def _place(path: Path, ref: RecordRef) -> str:
    return f"{path} at offset {ref.offset}: record {ref.record_id}"


def _final_name(path: Path) -> str:
    return path.name.removesuffix(OPEN_SUFFIX)
