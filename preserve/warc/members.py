"""Gzip members of a WARC file, one after another (RFC 1952, section 2.2).

Owns where a member begins and ends and whether it is whole. Does not know what is inside.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from preserve.warc.records import GZIP_WINDOW

_CHUNK = 128 * 1024
# No record of ours is larger than a body's bound; a member that unpacks to more is no record but an attack.
MAX_MEMBER = 1 << 30


class DamagedMemberError(Exception):
    """From `offset` on there is no whole gzip member.

    Args:
        offset: where the member begins, in bytes from the beginning of the file.
        why: what is wrong with it.
    """

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"offset {offset}: {why}")
        self.offset, self.why = offset, why


@dataclass(frozen=True, slots=True)
class Member:
    """One gzip member: where it lies, in bytes, and what it unpacks to."""

    offset: int
    length: int
    data: bytes

    @property
    def end(self) -> int:
        """Offset of the first byte after it."""
        return self.offset + self.length


def read_members(stream: BinaryIO, start: int = 0) -> Iterator[Member]:
    """The members of `stream` from offset `start` on, each held in memory only while it is handed out.

    Raises:
        DamagedMemberError: at the first that is not whole; what came before was handed out.
        OSError: the file can't be read.
    """
    stream.seek(start)
    offset, rest = start, stream.read(_CHUNK)
    while rest:
        data, length, rest = _read_member(stream, offset, rest)
        yield Member(offset, length, data)
        offset += length
        rest = rest or stream.read(_CHUNK)


def _read_member(stream: BinaryIO, offset: int, chunk: bytes) -> tuple[bytes, int, bytes]:
    inflater = zlib.decompressobj(GZIP_WINDOW)
    parts: list[bytes] = []
    taken = size = 0
    while chunk:
        try:
            data = inflater.decompress(chunk, MAX_MEMBER + 1 - size)
        except zlib.error as error:
            raise DamagedMemberError(offset, f"not a gzip member ({error})") from error
        parts.append(data)
        taken, size = taken + len(chunk), size + len(data)
        if size > MAX_MEMBER:
            raise DamagedMemberError(offset, f"unpacks to more than {MAX_MEMBER} bytes")
        if inflater.eof:
            rest = inflater.unused_data
            return b"".join(parts), taken - len(rest), rest
        chunk = stream.read(_CHUNK)
    raise DamagedMemberError(offset, "the file ends in the middle of it")
