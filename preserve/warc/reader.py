"""Reading the archive back: a record's block, a whole capture, or everything in a file, digests checked.

Owns where to look and what a wrong record is reported as. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from preserve.errors import ArchiveError
from preserve.model import ArchivedCapture, Capture, RecordRef
from preserve.warc.files import OPEN_SUFFIX
from preserve.warc.grouping import ArchivedPost, Grouping
from preserve.warc.members import DamagedMemberError, read_members
from preserve.warc.originals import read_original
from preserve.warc.places import absent, opened, place, read_record, records, stretch
from preserve.warc.records import decode
from preserve.warc.streams import expect
from preserve.warc.summary import capture_of

FIRST_BYTES = 8192  # most `warcinfo` records are shorter


def read_block(directory: str | Path, ref: RecordRef) -> bytes:
    """The block of one record, checked against its digest.

    Raises:
        RecordNotFoundError: no such file, or another record lies there.
        ArchiveError: the record is damaged; file, offset and record id are named.
    """
    return read_record(directory, ref).block


def read_capture(directory: str | Path, archived: ArchivedCapture) -> Capture:
    """The capture as it was appended, every record checked against its digest, revisits made whole.

    A revisit of an identical payload is its own head and the original's entity body (in one chunk where the
    head says chunked): all that is read from it is as it was. A server-not-modified revisit is given with the
    response, status and fields of the original, which is what the 304 vouches for; when, from where and
    how it was asked are its own. Its own bytes are its record's (`read_block`).

    Raises:
        RecordNotFoundError: no such file, or other records lie there.
        ArchiveError: a record, or the original of a revisit, is damaged; file, offset and record id are named.
    """
    refs = (archived.first, archived.summary, *(exchange.response for exchange in archived.exchanges))
    known = {ref.offset: ref.record_id for ref in refs if ref is not None}
    taken = []
    for record, found in stretch(directory, archived.first, archived.summary, known):
        taken.append(record)
        if found == archived.summary:
            break
    else:
        raise absent(directory, archived.summary)
    try:
        return capture_of(taken, lambda ref: read_original(directory, ref))
    except ValueError as error:
        path = Path(directory) / archived.summary.file
        raise ArchiveError(f"{place(path, archived.summary)}: {error}") from error


def scan_captures(path: str | Path) -> Iterator[ArchivedCapture | ArchivedPost]:
    """Every whole capture and every stored copy in one file, in order; one capture in memory at a time.

    Records of a capture that was never closed are passed over.

    Raises:
        ArchiveError: the file can't be read, or is damaged; what lay before was handed out.
    """
    path = Path(path)
    grouping = Grouping()
    with opened(path) as stream:
        expect(stream, 0, None)
        for record, member in records(path, stream):
            ref = RecordRef(record.record_id, _final_name(path), member.offset, member.length)
            try:
                found = grouping.take(record, ref)
            except ValueError as error:
                raise ArchiveError(f"{place(path, ref)}: {error}") from error
            if found is not None:
                yield found


def file_info(path: str | Path) -> Mapping[str, str]:
    """The fields of a file's `warcinfo` record, by name; none where the file does not begin with a whole one.

    Raises:
        ArchiveError: the file can't be read.
    """
    with opened(Path(path)) as stream:
        return info_in(stream)


def info_in(stream: BinaryIO) -> Mapping[str, str]:
    """The same of an open file, at its beginning.

    Raises:
        ArchiveError: it can't be read.
    """
    try:
        member = next(read_members(stream, wanted=FIRST_BYTES), None)
        record = decode(member.data) if member is not None else None
    except (DamagedMemberError, ValueError):
        return {}
    if record is None or record.kind != "warcinfo":
        return {}
    lines = (line.partition(": ") for line in record.block.decode("utf-8", "replace").splitlines())
    return {name: value for name, _, value in lines}


def _final_name(path: Path) -> str:
    return path.name.removesuffix(OPEN_SUFFIX)
