"""`posts.cache`: what posts said when they were last read, so that an unchanged one need not be read again.

Owns the file: finding a line in it with little of it in memory, and writing it anew. Nothing rests on it: one that is
missing, damaged or of another version is as good as empty, and no fault in it is an error. What a line means is
`readings`'.

    preserve-posts 1 <version> LF
    blocks: lines `<key> TAB <the rest> LF`, sorted, some hundred to a zlib stream
    table: a line for each block, `<key of its first line> TAB <offset> TAB <length> TAB <CRC-32>`, as a zlib stream
    where the table lies: offset (8 bytes), length (4) and CRC-32 (4) of the header's line and it
"""

from __future__ import annotations

import heapq
import os
import stat
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Final

NAME: Final = "posts.cache"
BLOCK_LINES: Final = 256
BLOCK_BYTES: Final = 1 << 18
LONGEST_LINE: Final = 1 << 16
_NEW: Final = NAME + ".new"
_TABLE_BYTES: Final = 1 << 28  # of 100 million posts
_FAST: Final = 1
_END: Final = struct.Struct(">QII")
_UNUSABLE: Final = (OSError, ValueError, OverflowError, struct.error, zlib.error)


class Remembered:
    """The lines of a cache, found by their keys; empty where there is no cache to use.

    Args:
        directory: the archive.
        version: the cache of another one is not used.
    """

    def __init__(self, directory: Path, version: str) -> None:
        self._handle = -1
        self._firsts: list[bytes] = []
        self._places: list[tuple[int, int, int]] = []
        self._at, self._block = -1, dict[bytes, bytes]()
        with suppress(*_UNUSABLE):
            self._handle = os.open(directory / NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            self._open(_header(version))

    def close(self) -> None:
        """Let go of the file; there are no lines any more."""
        self._firsts, self._places, self._at, self._block = [], [], -1, {}
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def get(self, key: bytes) -> bytes | None:
        """What stands behind `key`; quick where keys are asked for in order."""
        found = self._block.get(key)
        if found is None:
            at = bisect_right(self._firsts, key + b"\t") - 1
            if at >= 0 and at != self._at:
                self._at, self._block = at, dict(self._lines(at))
                found = self._block.get(key)
        return found

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        """Every key and what stands behind it, in order; blocks that can't be read are left out."""
        for number in range(len(self._places)):
            yield from self._lines(number)

    def _open(self, header: bytes) -> None:
        status = os.fstat(self._handle)
        if not stat.S_ISREG(status.st_mode) or os.pread(self._handle, len(header), 0) != header:
            return
        end = status.st_size - _END.size
        offset, length, crc = _END.unpack(os.pread(self._handle, _END.size, max(end, 0)))
        table = os.pread(self._handle, length, offset) if offset + length == end else b""
        if zlib.crc32(table, zlib.crc32(header)) != crc:
            return
        for line in _unpacked(table, _TABLE_BYTES).splitlines():
            first, *place = line.split(b"\t")
            where, size, check = map(int, place)
            self._firsts.append(first + b"\t")
            self._places.append((where, size, check))

    def _lines(self, number: int) -> Iterator[tuple[bytes, bytes]]:
        where, size, check = self._places[number]
        with suppress(*_UNUSABLE):
            packed = os.pread(self._handle, size, where)
            if zlib.crc32(packed) == check:
                for line in _unpacked(packed, BLOCK_BYTES + LONGEST_LINE).split(b"\n")[:-1]:
                    key, _, rest = line.partition(b"\t")
                    yield key, rest


def remember(directory: Path, version: str, old: Iterable[tuple[bytes, bytes]], fresh: Iterable[bytes]) -> None:
    """Write the cache anew, in the place of the one that is there. Whoever writes holds the archive's lock.

    Args:
        directory: the archive.
        version: of what the lines say.
        old: keys and what stands behind them that are kept, in order.
        fresh: lines, in order; they take the place of old ones with the same key.

    Raises:
        OSError: it can't be written; the old one is as it was.
    """
    path = directory / _NEW
    kept = (b"%b\t%b\n" % pair for pair in old)
    merged = groupby(heapq.merge(kept, fresh, key=_key_of), key=_key_of)  # stable: the fresh one is the last
    try:
        with path.open("wb") as target:
            header = _header(version)
            target.write(header)
            rows, offset = [], len(header)
            for block in _blocks(line for _, (*_, line) in merged):
                packed = zlib.compress(b"".join(block), _FAST)
                target.write(packed)
                rows.append(b"%b\t%d\t%d\t%d\n" % (_key_of(block[0]), offset, len(packed), zlib.crc32(packed)))
                offset += len(packed)
            table = zlib.compress(b"".join(rows), _FAST)
            target.write(table + _END.pack(offset, len(table), zlib.crc32(table, zlib.crc32(header))))
        path.replace(directory / NAME)  # without a sync: what a lost disk leaves of it fails its checksums
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _header(version: str) -> bytes:
    return f"preserve-posts 1 {version}\n".encode()


def _key_of(line: bytes) -> bytes:
    return line[: line.find(b"\t")]


def _blocks(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line)
        if len(block) == BLOCK_LINES or size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _unpacked(packed: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(packed, most)
    if not unpacker.eof:
        raise ValueError("no whole stream")
    return text
