"""Every whole record of a file, whatever lies between them: damage is stepped over, not stumbled on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from preserve.warc.members import MAGIC, DamagedMemberError, Member, read_members
from preserve.warc.records import Record, decode

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch from `offset` to `end`, in bytes, that is no whole record, and why."""

    offset: int
    end: int
    why: str


def walk(stream: BinaryIO, size: int, start: int = 0) -> Iterator[tuple[Record, Member] | Gap]:
    """Whole records of a file, and the gaps between and behind them, in order.

    Args:
        stream: the file.
        size: of the file, or of what is to be looked at: nothing that begins there or behind is.
        start: where the first record should begin.

    Raises:
        OSError: the file can't be read.
    """
    offset = start
    while offset < size:
        try:
            for member in read_members(stream, offset, size):
                record = decode(member.data)
                offset = member.end
                yield record, member
        except (DamagedMemberError, ValueError) as error:
            why = error.why if isinstance(error, DamagedMemberError) else str(error)
            resumed = _next_record(stream, offset + 1, size)
            yield Gap(offset, resumed, why)
            offset = resumed


def _next_record(stream: BinaryIO, start: int, size: int) -> int:
    """Offset of the first whole record at or behind `start` and before `size`; `size` without one."""
    for at in _marks(stream, start, size):
        try:
            decode(next(read_members(stream, at)).data)
        except (DamagedMemberError, ValueError):
            continue
        return at
    return size


def _marks(stream: BinaryIO, start: int, size: int) -> Iterator[int]:
    """Where a member may begin. The stream may be moved between two of them."""
    at = start
    while at < size:
        stream.seek(at)
        piece = stream.read(min(_PIECE, size - at))
        if not piece:
            return
        found = piece.find(MAGIC)
        while found >= 0:
            yield at + found
            found = piece.find(MAGIC, found + 1)
        # A mark may lie across the edge; what is left of the file is shorter than one at its end.
        at += max(len(piece) - len(MAGIC) + 1, 1)
