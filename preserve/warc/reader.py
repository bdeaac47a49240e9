"""Reading the archive back: a record's block, a whole capture, or everything in a file, digests checked.

Owns where to look and what a wrong record is reported as. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
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
    for record, found in _stretch(directory, ref, ref, {ref.offset: ref.record_id}):
        if found == ref:
            return record.block
    raise _absent(directory, ref)


def read_capture(directory: str | Path, archived: ArchivedCapture) -> Capture:
    """The capture as it was appended, every record checked against its digest.

    Raises:
        RecordNotFoundError: no such file, or other records lie there.
        ArchiveError: a record is damaged; file, offset and record id are named.
    """
    refs = (archived.first, archived.summary, *(exchange.response for exchange in archived.exchanges))
    known = {ref.offset: ref.record_id for ref in refs if ref is not None}
    records = []
    for record, found in _stretch(directory, archived.first, archived.summary, known):
        records.append(record)
        if found == archived.summary:
            break
    else:
        raise _absent(directory, archived.summary)
    try:
        return capture_of(records)
    except ValueError as error:
        path = Path(directory) / archived.summary.file
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
        for record, member in _records(path, stream):
            ref = RecordRef(record.record_id, _final_name(path), member.offset, member.length)
            try:
                found = grouping.take(record, ref)
            except ValueError as error:
                raise ArchiveError(f"{_place(path, ref)}: {error}") from error
            if found is not None:
                yield found


def _stretch(
    directory: str | Path, first: RecordRef, last: RecordRef, known: Mapping[int, str]
) -> Iterator[tuple[Record, RecordRef]]:
    """The records from `first` to `last`, where they lie; `known` are the record ids expected at offsets."""
    with _located(directory, first) as stream:
        for record, member in _records(Path(stream.name), stream, first.offset, known):
            yield record, RecordRef(record.record_id, first.file, member.offset, member.length)
            if member.offset >= last.offset:
                return


def _records(
    path: Path, stream: BinaryIO, offset: int = 0, known: Mapping[int, str] = MappingProxyType({})
) -> Iterator[tuple[Record, Member]]:
    """Decoded records from `offset` on; a damaged one is named by what is `known` to lie there."""
    try:
        for member in read_members(stream, offset):
            record = decode(member.data)
            offset = member.end
            yield record, member
    except (DamagedMemberError, ValueError) as error:
        why = error.why if isinstance(error, DamagedMemberError) else str(error)
        at = RecordRef(known.get(offset, "unknown"), path.name, offset, 0)
        raise ArchiveError(f"{_place(path, at)} is damaged: {why}; restore the file from a copy") from error
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


def _located(directory: str | Path, ref: RecordRef) -> BinaryIO:
    """The file `ref` lies in, opened: under its final name, or still being written."""
    name = PurePosixPath(ref.file)
    if name.is_absolute() or ".." in name.parts or not name.parts or "\0" in ref.file:
        raise RecordNotFoundError(f"{ref.file!r} is not a file inside the archive {directory}")
    final = Path(directory) / name
    # The final name twice: the writer may rename the file between the first look and the second.
    for path in (final, final.with_name(final.name + OPEN_SUFFIX)):
        try:
            return _opened(path)
        except RecordNotFoundError:
            continue
    return _opened(final)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise RecordNotFoundError(
            f"{path}: no such WARC file in the archive; restore it from a copy"
        ) from error
    except OSError as error:
        raise ArchiveError(f"{path}: can't be opened: {error.strerror}") from error


def _absent(directory: str | Path, ref: RecordRef) -> RecordNotFoundError:
    return RecordNotFoundError(
        f"{_place(Path(directory) / ref.file, ref)} is not there: another record, or none, lies in its place"
    )


def _place(path: Path, ref: RecordRef) -> str:
    return f"{path} at offset {ref.offset}: record {ref.record_id}"


def _final_name(path: Path) -> str:
    return path.name.removesuffix(OPEN_SUFFIX)
