"""A WARC file looked through from end to end: each record's digests, and what the records make up.

Owns no judgement of what a fault means. One record is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from preserve import digests
from preserve.errors import ArchiveError
from preserve.http1 import entity_body, parse_head
from preserve.model import ArchivedCapture, RecordRef
from preserve.warc.cdxj import line_of
from preserve.warc.files import OPEN_SUFFIX
from preserve.warc.grouping import ArchivedPost, Grouping
from preserve.warc.members import Member
from preserve.warc.places import opened
from preserve.warc.records import Record
from preserve.warc.salvage import Gap, walk


@dataclass(frozen=True, slots=True)
class Examined:
    """One record whose block is what its digest says.

    Attributes:
        ref: where it lies.
        kind: its WARC-Type.
        made: the capture or stored copy that it completes; None where it completes none.
        problem: what is wrong with it all the same; "" otherwise.
        line: the line it should have in the index; None where it should have none, as in a file still open.
    """

    ref: RecordRef
    kind: str
    made: ArchivedCapture | ArchivedPost | None
    problem: str
    line: bytes | None = None


def examine(path: Path) -> Iterator[Examined | Gap]:
    """Every record of a file in order, and the stretches that are none.

    Raises:
        ArchiveError: the file can't be read.
    """
    name, grouping = path.name.removesuffix(OPEN_SUFFIX), Grouping()
    closed = path.name == name
    try:
        with opened(path) as stream:
            for piece in walk(stream, path.stat().st_size):
                yield piece if isinstance(piece, Gap) else _examined(*piece, name, grouping, closed=closed)
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


def _examined(record: Record, member: Member, name: str, grouping: Grouping, *, closed: bool) -> Examined:
    ref = RecordRef(record.record_id, name, member.offset, member.length)
    problem, made = payload_problem(record), None
    try:
        made = grouping.take(record, ref)
    except ValueError as error:
        problem = problem or str(error)
    try:
        line = line_of(record) if closed else None
    except ValueError as error:
        problem, line = problem or str(error), None
    return Examined(ref, record.kind, made, problem, line(ref) if line is not None else None)


def payload_problem(record: Record) -> str:
    """Why a record's payload is not what its payload digest says; "" where it is, or there is no digest.

    The digest of a revisit is that of another record's payload (WARC 1.1, section 6.7), and passed over here.
    """
    labelled = record.field("WARC-Payload-Digest")
    if labelled is None or record.kind == "revisit":
        return ""
    try:
        payload = record.block
        if record.kind == "response":
            head = parse_head(record.block)
            payload = entity_body(record.block, head.head_end, head.headers)
        holds = digests.matches(labelled, payload)
    except ValueError as error:
        return f"its payload can't be read: {error}"
    return "" if holds else f"its payload does not match its digest {labelled}"
