"""Records taken out of the archive, byte for byte, into a small WARC file of their own, and read from such a file.

Owns the copying and what is in a record that a proof speaks of. Which records those are, and what is proved by
them, is decided elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from preserve.errors import ArchiveError
from preserve.http1 import entity_body, parse_head
from preserve.model import RecordRef
from preserve.settings import ArchiveSettings
from preserve.warc.building import Maker, warcinfo_record
from preserve.warc.places import absent, located, opened, stretch
from preserve.warc.records import Record, encode
from preserve.warc.salvage import Gap, walk
from preserve.warc.streams import size_of


@dataclass(frozen=True, slots=True)
class Listed:
    """A record of the archive, as its header has it.

    Attributes:
        ref: where it lies.
        kind: its WARC-Type.
        block_digest: labelled.
        payload_digest: labelled; "" without one. A revisit's is that of the payload it refers to.
    """

    ref: RecordRef
    kind: str
    block_digest: str
    payload_digest: str


@dataclass(frozen=True, slots=True)
class Brought:
    """A whole record of a WARC file that somebody handed over.

    Attributes:
        record_id: its id.
        kind: its WARC-Type.
        length: of its gzip member, in bytes.
        block: its bytes.
        payload: of a response, its entity body with the transfer coding removed (WARC 1.1, section 5.9); of a
            revisit, or where it can't be read, None; of any other the block.
    """

    record_id: str
    kind: str
    length: int
    block: bytes
    payload: bytes | None


def list_records(directory: str | Path, first: RecordRef, last: RecordRef) -> Iterator[Listed]:
    """The records from `first` to `last`, each checked against its block digest.

    Raises:
        RecordNotFoundError: no such file, or other records lie there.
        ArchiveError: a record is damaged; file, offset and record id are named.
    """
    found = None
    for record, found in stretch(directory, first, last, {first.offset: first.record_id, last.offset: last.record_id}):
        block, payload = record.field("WARC-Block-Digest"), record.field("WARC-Payload-Digest")
        yield Listed(found, record.kind, block or "", payload or "")
    if found != last:
        raise absent(directory, last)


def copy_records(
    directory: str | Path, refs: Iterable[RecordRef], path: Path, info: Mapping[str, str], at: datetime
) -> int:
    """Write a WARC file of a `warcinfo` record and the very gzip members of `refs`; its size in bytes.

    Args:
        directory: the archive.
        refs: in the order they are to stand in.
        path: the file; what is there is replaced when all is written.
        info: further lines for `warcinfo`.
        at: when it is made.

    Raises:
        RecordNotFoundError: a file is missing.
        ArchiveError: a file can't be read or written.
    """
    draft = path.with_name(path.name + ".new")
    settings = ArchiveSettings()
    about = warcinfo_record(Maker(settings.digest, uuid.uuid4), settings, info, file=path.name, at=at)
    try:
        with draft.open("wb") as out:
            out.write(encode(about))
            for ref in refs:
                out.write(_member(directory, ref))
            size = out.tell()
        draft.replace(path)
    except OSError as error:
        raise ArchiveError(f"{path}: can't be written: {error.strerror}; name a place that can be") from error
    finally:
        with suppress(OSError):
            draft.unlink()
    return size


def read_records(path: Path) -> Iterator[Brought | Gap]:
    """Every whole record of a WARC file in order, and the stretches that are none.

    Raises:
        ArchiveError: the file can't be read.
    """
    try:
        with opened(path) as stream:
            for piece in walk(stream, size_of(stream)):
                yield piece if isinstance(piece, Gap) else _brought(piece[0], piece[1].length)
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


def _member(directory: str | Path, ref: RecordRef) -> bytes:
    with located(directory, ref) as stream:
        try:
            stream.seek(ref.offset)
            data = stream.read(ref.length)
        except OSError as error:
            raise ArchiveError(f"{stream.name}: can't be read: {error.strerror}") from error
    if len(data) != ref.length:
        raise absent(directory, ref)
    return data


def _brought(record: Record, length: int) -> Brought:
    payload: bytes | None = record.block
    if record.kind == "revisit":
        payload = None
    elif record.kind == "response":
        try:
            head = parse_head(record.block)
            payload = entity_body(record.block, head.head_end, head.headers)
        except ValueError:
            payload = None
    return Brought(record.record_id, record.kind, length, record.block, payload)
