"""A WARC file looked through: each record's digests, and what the records make up.

Owns no judgement of what a fault means. One record is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from preserve import digests
from preserve.errors import ArchiveError
from preserve.http1 import entity_view, parse_head
from preserve.model import ArchivedCapture, RecordRef
from preserve.warc.cdxj import line_of
from preserve.warc.files import OPEN_SUFFIX
from preserve.warc.grouping import ArchivedPost, Grouping
from preserve.warc.members import Member
from preserve.warc.places import opened
from preserve.warc.records import Record
from preserve.warc.salvage import Gap, walk
from preserve.warc.streams import digest_of, expect, size_of

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Examined:
    """One record whose block is what its digest says.

    Attributes:
        ref: where it lies.
        kind: its WARC-Type.
        made: the capture or stored copy that it completes; None where it completes none.
        problem: what is wrong with it all the same; "" otherwise.
        likeness: of a whole response, its `likeness`; of a revisit, that of the response it says it repeats; else None.
        line: the line it should have in the index; None where it should have none, as in a file still open.
    """

    ref: RecordRef
    kind: str
    made: ArchivedCapture | ArchivedPost | None
    problem: str
    likeness: bytes | None
    line: bytes | None


def examine(
    path: Path, start: int = 0, end: int | None = None, digest: Callable[[str], None] | None = None
) -> Iterator[Examined | Gap]:
    """The records of a file in order, and the stretches that are none.

    Args:
        path: the file.
        start: where the first record should begin; of a capture whose records begin before it nothing is known.
        end: nothing that begins there or behind is looked at; None for all.
        digest: is told the labelled SHA-256 of a whole file that only a storage has, which is read once for both.

    Raises:
        ArchiveError: the file can't be read.
    """
    name, grouping = path.name.removesuffix(OPEN_SUFFIX), Grouping()
    is_open = path.name.endswith(OPEN_SUFFIX)
    try:
        with opened(path) as stream:
            upto = size_of(stream) if end is None else end
            expect(stream, start, upto)
            for piece in walk(stream, upto, start):
                yield piece if isinstance(piece, Gap) else _examined(*piece, name, grouping, is_open=is_open)
            if digest is not None:
                digest(digest_of(stream))
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


def whole_digest(path: Path) -> str:
    """The labelled SHA-256 of a file's bytes, wherever it lies.

    Raises:
        ArchiveError: it can't be read.
    """
    hasher = sha256(usedforsecurity=False)
    try:
        with opened(path) as stream:
            expect(stream, 0, None)
            while chunk := stream.read(_CHUNK):
                hasher.update(chunk)
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error
    return f"sha256:{hasher.hexdigest()}"


def likeness(url: str, date: str, payload_digest: str) -> bytes:
    """What a revisit says of its original besides its id (WARC 1.1, section 6.7), in 16 bytes to compare by."""
    return sha256(f"{url}\n{date}\n{payload_digest}".encode()).digest()[:16]


def _examined(record: Record, member: Member, name: str, grouping: Grouping, *, is_open: bool) -> Examined:
    ref = RecordRef(record.record_id, name, member.offset, member.length)
    problem, made = payload_problem(record), None
    if is_open and member.flags and not problem:  # closed, its file has a digest; we set none (RFC 1952, section 2.3.1)
        problem = f"its gzip header has flags that were not set by us: {member.flags:#04x}"
    try:
        made = grouping.take(record, ref)
    except ValueError as error:
        problem = problem or str(error)
    try:
        line = line_of(record) if not is_open else None
    except ValueError as error:
        problem, line = problem or str(error), None
    return Examined(ref, record.kind, made, problem, _likeness(record), line(ref) if line is not None else None)


def _likeness(record: Record) -> bytes | None:
    names = _LIKENESS.get(record.kind)
    if names is None or record.field("WARC-Truncated"):
        return None
    return likeness(*[record.field(name) or "" for name in names])


_LIKENESS = {
    "response": ("WARC-Target-URI", "WARC-Date", "WARC-Payload-Digest"),
    "revisit": ("WARC-Refers-To-Target-URI", "WARC-Refers-To-Date", "WARC-Payload-Digest"),
}


def payload_problem(record: Record) -> str:
    """Why a record's payload is not what its payload digest says; "" where it is, or there is no digest.

    The digest of a revisit is that of another record's payload (WARC 1.1, section 6.7), and passed over here.
    """
    labelled = record.field("WARC-Payload-Digest")
    if labelled is None or record.kind == "revisit":
        return ""
    try:
        payload: bytes | memoryview = record.block
        if record.kind == "response":
            head = parse_head(record.block)
            payload = entity_view(record.block, head.head_end, head.headers)
        holds = digests.matches(labelled, payload)
    except ValueError as error:
        return f"its payload can't be read: {error}"
    return "" if holds else f"its payload does not match its digest {labelled}"
