"""Records where a reference says they lie, digests checked.

Owns opening the right file and what a missing or wrong record is reported as. Nothing here writes, or knows
what records mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import BinaryIO

from preserve.errors import ArchiveError, RecordNotFoundError
from preserve.model import RecordRef
from preserve.warc.files import OPEN_SUFFIX
from preserve.warc.members import DamagedMemberError, Member, read_members
from preserve.warc.records import Record, decode


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
    with located(directory, first) as stream:
        for record, member in records(Path(stream.name), stream, first.offset, known):
            yield record, RecordRef(record.record_id, first.file, member.offset, member.length)
            if member.offset >= last.offset:
                return


def records(
    path: Path, stream: BinaryIO, offset: int = 0, known: Mapping[int, str] = MappingProxyType({})
) -> Iterator[tuple[Record, Member]]:
    """Decoded records of an open file from `offset` on; a damaged one is named by what is `known` to lie there.

    Raises:
        ArchiveError: a record is damaged, or the file can't be read.
    """
    try:
        for member in read_members(stream, offset):
            record = decode(member.data)
            offset = member.end
            yield record, member
    except (DamagedMemberError, ValueError) as error:
        why = error.why if isinstance(error, DamagedMemberError) else str(error)
        at = RecordRef(known.get(offset, "unknown"), path.name, offset, 0)
        raise ArchiveError(f"{place(path, at)} is damaged: {why}; restore the file from a copy") from error
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


def located(directory: str | Path, ref: RecordRef) -> BinaryIO:
    """The file `ref` lies in, opened: under its final name, or still being written.

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
            return opened(path)
        except RecordNotFoundError:
            continue
    return opened(final)


def opened(path: Path) -> BinaryIO:
    """A WARC file, open for reading.

    Raises:
        RecordNotFoundError: there is no such file.
        ArchiveError: it can't be opened.
    """
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise RecordNotFoundError(f"{path}: no such WARC file in the archive; restore it from a copy") from error
    except OSError as error:
        raise ArchiveError(f"{path}: can't be opened: {error.strerror}") from error


def absent(directory: str | Path, ref: RecordRef) -> RecordNotFoundError:
    """What is raised where another record, or none, lies in a record's place."""
    return RecordNotFoundError(
        f"{place(Path(directory) / ref.file, ref)} is not there: another record, or none, lies in its place"
    )


def place(path: Path, ref: RecordRef) -> str:
    """File, offset and record id, for messages."""
    return f"{path} at offset {ref.offset}: record {ref.record_id}"
