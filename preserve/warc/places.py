"""Records where a reference says they lie, digests checked.

Owns opening the right file (in the archive's directory, else in the storage it was put into) and what a missing or
wrong record is reported as. Nothing here writes, or knows what records mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import BinaryIO

from preserve.errors import ArchiveError, RecordNotFoundError
from preserve.model import RecordRef
from preserve.warc.files import OPEN_SUFFIX
from preserve.warc.members import SLICE, DamagedMemberError, Member, read_members
from preserve.warc.records import Record, decode
from preserve.warc.streams import open_stored


def read_record(directory: str | Path, ref: RecordRef) -> Record:
    """One record, its block checked against its digest.

    Raises:
        RecordNotFoundError: no such file, or another record lies there.
        ArchiveError: the record is damaged; file, offset and record id are named.
    """
    for record, found in stretch(directory, ref, ref, {ref.offset: ref.record_id}):
        if found == ref:
            return record
    raise absent(directory, ref)


def read_at(directory: str | Path, file: str, offset: int) -> Record:
    """The record at an offset of a file, whichever it is, its block checked against its digest.

    Raises:
        RecordNotFoundError: no such file, or it ends before.
        ArchiveError: the record is damaged.
    """
    ref = RecordRef("unknown", file, offset, 0)
    for record, _ in stretch(directory, ref, ref, {}):
        return record
    raise absent(directory, ref)


def stretch(
    directory: str | Path, first: RecordRef, last: RecordRef, known: Mapping[int, str]
) -> Iterator[tuple[Record, RecordRef]]:
    """The records from `first` to `last` with where they lie; `known` are the record ids expected at offsets.

    Raises:
        RecordNotFoundError: no such file.
        ArchiveError: a record is damaged.
    """
    with located(directory, first, last) as stream:
        wanted = last.offset + last.length - first.offset if last.length else SLICE
        for record, member in records(stream.name, stream, first.offset, known, wanted):
            yield record, RecordRef(record.record_id, first.file, member.offset, member.length)
            if member.offset >= last.offset:
                return


def records(
    path: Path | str,
    stream: BinaryIO,
    offset: int = 0,
    known: Mapping[int, str] = MappingProxyType({}),
    wanted: int = SLICE,
) -> Iterator[tuple[Record, Member]]:
    """Decoded records of an open file from `offset` on; a damaged one is named by what is `known` to lie there.

    Args:
        path: the file's, for messages.
        stream: the file.
        offset: where the first record begins.
        known: record ids, by offset.
        wanted: see `read_members`.

    Raises:
        ArchiveError: a record is damaged, or the file can't be read.
    """
    try:
        for member in read_members(stream, offset, wanted=wanted):
            record = decode(member.data)
            offset = member.end
            yield record, member
    except (DamagedMemberError, ValueError) as error:
        why = error.why if isinstance(error, DamagedMemberError) else str(error)
        at = RecordRef(known.get(offset, "unknown"), str(path), offset, 0)
        raise ArchiveError(f"{place(path, at)} is damaged: {why}; restore the file from a copy") from error
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


def located(directory: str | Path, ref: RecordRef, last: RecordRef | None = None) -> BinaryIO:
    """The file `ref` lies in, opened: under its final name, or still being written, or from where it is stored.

    Args:
        directory: the archive.
        ref: what is read first.
        last: what is read last; `ref` itself where it is not given.

    Raises:
        RecordNotFoundError: there is no such file inside the archive.
        ArchiveError: it can't be opened.
    """
    name = PurePosixPath(ref.file)
    if name.is_absolute() or ".." in name.parts or not name.parts or "\0" in ref.file:
        raise RecordNotFoundError(f"{ref.file!r} is not a file inside the archive {directory}")
    final = Path(directory) / name
    # The final name twice: the writer may rename the file between the first look and the second.
    for path in (final, final.with_name(final.name + OPEN_SUFFIX)):
        try:
            return _opened_here(path)
        except FileNotFoundError:
            continue
    end = (last or ref).offset + (last or ref).length
    return opened(final, ref.offset, end)


def opened(path: Path, start: int = 0, end: int = 0) -> BinaryIO:
    """A WARC file, open for reading: from the archive's directory, else from the storage it was put into.

    Args:
        path: where it is, or would be.
        start, end: what is read first, and of a stored file asked for at once; `expect` tells so later.

    Raises:
        RecordNotFoundError: there is no such file.
        ArchiveError: it can't be opened.
    """
    try:
        return _opened_here(path)
    except FileNotFoundError as error:
        stored = open_stored(path, start, end)
        if stored is None:
            raise RecordNotFoundError(f"{path}: no such WARC file in the archive; restore it from a copy") from error
        return stored


def _opened_here(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ArchiveError(f"{path}: can't be opened: {error.strerror}") from error


def absent(directory: str | Path, ref: RecordRef) -> RecordNotFoundError:
    """What is raised where another record, or none, lies in a record's place."""
    return RecordNotFoundError(
        f"{place(Path(directory) / ref.file, ref)} is not there: another record, or none, lies in its place"
    )


def place(path: Path | str, ref: RecordRef) -> str:
    """File, offset and record id, for messages."""
    return f"{path} at offset {ref.offset}: record {ref.record_id}"
