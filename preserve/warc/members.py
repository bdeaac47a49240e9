"""Gzip members of a WARC file, one after another (RFC 1952, section 2.2).

Owns where a member begins and ends and whether it is whole. Does not know what is inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from preserve.warc.deflate import InflateError, inflater

MAGIC = b"\x1f\x8b\x08"
# No record of ours is larger than a body's bound; a member that unpacks to more is no record but an attack.
MAX_MEMBER = 1 << 30
SLICE = 1 << 20
_SMALLEST = 18  # header and trailer: RFC 1952, section 2.3
_FLAGS = 3  # offset of the header's flags
_RESERVED = 0xE0  # must be zero: RFC 1952, section 2.3.1.2


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
    """One gzip member: where it lies, in bytes, the flags of its header, and what it unpacks to."""

    offset: int
    length: int
    data: bytes
    flags: int = 0

    @property
    def end(self) -> int:
        """Offset of the first byte after it."""
        return self.offset + self.length


def read_members(stream: BinaryIO, start: int = 0, end: int | None = None, wanted: int = SLICE) -> Iterator[Member]:
    """The members of `stream` from offset `start` on, each held in memory only while it is handed out.

    Args:
        stream: a WARC file.
        start: where a member begins.
        end: none that begins here or behind it is read; None to read all.
        wanted: bytes that will be asked for, as far as known: so many are read first, then more.

    Raises:
        DamagedMemberError: at the first that is not whole; what came before was handed out.
        OSError: the file can't be read.
    """
    stream.seek(start)
    slices, offset = _Slices(stream, wanted), start
    while (end is None or offset < end) and (header := slices.ahead(_FLAGS + 1)):
        flags = header[_FLAGS] if len(header) > _FLAGS else 0
        if flags & _RESERVED:  # which ISA-L would pass over
            raise DamagedMemberError(offset, "not a gzip member (unknown header flags)")
        data, length = _read_member(slices, offset)
        yield Member(offset, length, data, flags)
        offset += length


def _read_member(slices: _Slices, offset: int) -> tuple[bytes, int]:
    unpacker = inflater()
    parts: list[bytes] = []
    taken = size = 0
    while piece := slices.piece(1 if taken else _SMALLEST):
        try:
            data = unpacker.decompress(piece, MAX_MEMBER + 1 - size)
        except InflateError as error:
            raise DamagedMemberError(offset, f"not a gzip member ({error})") from error
        taken, size = taken + len(piece), size + len(data)
        if size > MAX_MEMBER:
            raise DamagedMemberError(offset, f"unpacks to more than {MAX_MEMBER} bytes")
        parts.append(data)
        if unpacker.eof:
            left = len(unpacker.unused_data)
            slices.give_back(left)
            return data if len(parts) == 1 else b"".join(parts), taken - left
    raise DamagedMemberError(offset, "the file ends in the middle of it")


class _Slices:
    """A file read in large slices, from which pieces are taken and, where too much was, given back."""

    def __init__(self, stream: BinaryIO, first: int) -> None:
        self._stream, self._size = stream, min(max(first, _SMALLEST), SLICE)
        self._slice, self._at = b"", 0
        self._view = memoryview(b"")

    def ahead(self, count: int) -> bytes:
        """The next few bytes, which stay where they are; fewer at the end."""
        if len(self._slice) - self._at < count:
            self._load(self._slice[self._at :])
        return self._slice[self._at : self._at + count]

    def piece(self, least: int) -> memoryview:
        """The bytes up to the next mark of a member that is `least` bytes ahead or more; of one slice, so maybe fewer.

        A member nearly always ends where the next one begins: no more is unpacked or copied than it has. Marks
        that stand inside of a member by chance cost one more call.
        """
        if self._at == len(self._slice):
            self._load(b"")
        start, found = self._at, self._slice.find(MAGIC, self._at + least)
        self._at = found if found >= 0 else len(self._slice)
        return self._view[start : self._at]

    def give_back(self, count: int) -> None:
        """The last bytes of the last piece were not needed."""
        self._at -= count

    def _load(self, left: bytes) -> None:
        data = left + self._stream.read(self._size)
        self._slice, self._at, self._view, self._size = data, 0, memoryview(data), SLICE
