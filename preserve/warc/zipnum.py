"""Sorted lines in a compressed file that can be searched: the ZipNum form of CDXJ, as pywb and WACZ files use it.

Owns the two files and reading them. `index-<digest>.cdxj.gz` holds the lines, some hundred to a gzip member (a
block); `index.idx` names the first line of each block and where it lies:

    <key> <time> TAB <data file> TAB <offset> TAB <length> TAB <number>

The data file's name is the digest of its bytes and stands in `index.idx`, so that one rename changes both: whoever
opened `index.idx` reads the blocks that belong to it, or none.
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from preserve.errors import ArchiveError
from preserve.warc.deflate import InflateError, inflater

SUMMARY = "index.idx"
BLOCK_LINES = 300  # cdxj-indexer's choice: some 100 KB to unpack for one look
HELD_BLOCKS = 32 * 1024 * 1024
_PIECE = 1024 * 1024
MEMBER_HEADER = bytes.fromhex("1f8b0800000000000003")  # no name, no time, as zlib writes it
DATA_SUFFIX = ".cdxj.gz"
_DATA = re.compile(rb"index-[0-9a-f]{16}\.cdxj\.gz")


class DamagedIndexError(ArchiveError):
    """The index can't be read. It is derived: what it says is made again from the WARC files."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: can't be read: {why}; delete it, the next run makes it anew")
        self.why = why


@dataclass(frozen=True, slots=True)
class Block:
    """One line of the summary.

    Attributes:
        key: key and time of the block's first line.
        offset, length: where its gzip member lies, in bytes.
        line: the summary's line as it stands there, without its end.
    """

    key: bytes
    offset: int
    length: int
    line: bytes


def data_name(digest: str) -> str:
    """The name of the data file whose bytes have this SHA-256, in hex."""
    return f"index-{digest[:16]}{DATA_SUFFIX}"


def is_data(name: str) -> bool:
    """Whether a file of this name holds, or once held, the index's lines."""
    return _DATA.fullmatch(os.fsencode(name)) is not None


class ZipIndex:
    """The index of an archive, open. Reads what was the index when it was opened, whatever takes its place.

    Args:
        path: the summary.
        summary, data: the two files; closed with it.

    Raises:
        DamagedIndexError: they are not what they should be.
    """

    def __init__(self, path: Path, summary: BinaryIO, data: BinaryIO) -> None:
        self.path = path
        self._summary, self._data = summary, data
        self._map = mmap.mmap(summary.fileno(), 0, access=mmap.ACCESS_READ)
        self.size = os.fstat(data.fileno()).st_size
        self.data = Path(data.name).name
        self._part = os.fsencode(self.data)
        try:
            last = self._block(self._start_of(max(len(self._map) - 1, 0)))
            if last.offset + last.length != self.size:
                raise self.damaged(f"{self.data} has {self.size} bytes, and should have {last.offset + last.length}")
        except DamagedIndexError:
            self.close()
            raise

    def __enter__(self) -> Self:
        """The index itself; leaving the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of both files."""
        self._map.close()
        self._summary.close()
        self._data.close()

    def damaged(self, why: str) -> DamagedIndexError:
        """What is raised where it is not as it should be."""
        return DamagedIndexError(self.path, why)

    def summary_digest(self) -> str:
        """The SHA-256 of the summary, in hex."""
        return sha256(self._map).hexdigest()

    def is_as_named(self) -> bool:
        """Whether the data file has the bytes that it is named for. Reads all of it, and unpacks nothing.

        Raises:
            DamagedIndexError: it can't be read.
        """
        told = sha256()
        try:
            for offset in range(0, self.size, _PIECE):
                told.update(os.pread(self._data.fileno(), _PIECE, offset))
        except OSError as error:
            raise self.damaged(str(error)) from error
        return data_name(told.hexdigest()) == self.data

    def blocks(self) -> Iterator[Block]:
        """Every block, in order."""
        return self._blocks_from(0)

    def blocks_with(self, key: bytes) -> Iterator[Block]:
        """The blocks that lines beginning with `key` may stand in, in order; `key` ends a word."""
        low, high = 0, len(self._map)
        while low < high:  # the first line of the summary at or behind `key`
            start = self._start_of((low + high) // 2)
            end = self._end_of(start)
            if self._map[start:end] < key:
                low = end + 1
            else:
                high = start
        for block in self._blocks_from(self._start_of(low - 1) if low else 0):
            if block.key > key and not block.key.startswith(key):
                return
            yield block

    def raw(self, block: Block) -> bytes:
        """The gzip member of a block, as it lies there.

        Raises:
            DamagedIndexError: there are no such bytes.
        """
        try:
            data = os.pread(self._data.fileno(), block.length, block.offset)
        except (OSError, OverflowError, ValueError) as error:
            raise self.damaged(str(error)) from error
        if len(data) != block.length:
            raise self.damaged(f"{self.data} ends before offset {block.offset + block.length}")
        return data

    def lines(self, block: Block) -> list[bytes]:
        """The lines of a block, each with its end.

        Raises:
            DamagedIndexError: it is no whole gzip member, or another one than the summary says.
        """
        unpacker = inflater()
        try:
            text = unpacker.decompress(self.raw(block), HELD_BLOCKS)
        except InflateError as error:
            raise self.damaged(f"{self.data}, offset {block.offset}: {error}") from error
        if not unpacker.eof or unpacker.unused_data or not text.endswith(b"\n"):
            raise self.damaged(f"{self.data}, offset {block.offset}: no whole block")
        if not text.startswith(block.key + b" "):
            raise self.damaged(f"{self.data}, offset {block.offset}: another block lies there")
        return BytesIO(text).readlines()  # at line feeds alone

    def lines_with(self, key: bytes) -> Iterator[bytes]:
        """The lines that begin with `key`, in order; only the blocks that they may stand in are unpacked.

        Raises:
            DamagedIndexError: it can't be read.
        """
        for block in self.blocks_with(key):
            yield from (line for line in self.lines(block) if line.startswith(key))

    def _blocks_from(self, start: int) -> Iterator[Block]:
        while start < len(self._map):
            block = self._block(start)
            yield block
            start += len(block.line) + 1

    def _block(self, start: int) -> Block:
        line = self._map[start : self._end_of(start)]
        key, *fields = line.split(b"\t")
        try:
            part, offset, length, _ = fields
            if part != self._part:
                raise ValueError(f"{os.fsdecode(part)} and {self.data} are named in it")
            return Block(key, int(offset), int(length), line)
        except ValueError as error:
            raise self.damaged(f"at {start}: {error}") from error

    def _start_of(self, inside: int) -> int:
        return self._map.rfind(b"\n", 0, inside) + 1

    def _end_of(self, start: int) -> int:
        end = self._map.find(b"\n", start)
        if end < 0:
            raise self.damaged("its last line has no end")
        return end


def open_index(directory: Path) -> ZipIndex | None:
    """The index of an archive; None where there is none.

    Raises:
        DamagedIndexError: it is there, and can't be read.
    """
    path = directory / SUMMARY
    while True:
        with ExitStack() as files:
            try:
                summary = files.enter_context(path.open("rb"))
            except FileNotFoundError:
                return None
            except OSError as error:
                raise DamagedIndexError(path, error.strerror or str(error)) from error
            try:
                index = ZipIndex(path, summary, files.enter_context(_data_of(path, summary)))
            except FileNotFoundError as error:
                if _still_there(path, summary):
                    raise DamagedIndexError(path, f"{Path(error.filename).name} is missing") from error
                continue  # a new index took its place after it was opened
            except (OSError, ValueError) as error:
                raise DamagedIndexError(path, str(error)) from error
            files.pop_all()
            return index


def _data_of(path: Path, summary: BinaryIO) -> BinaryIO:
    _, _, rest = summary.readline().partition(b"\t")
    name, _, _ = rest.partition(b"\t")
    if _DATA.fullmatch(name) is None:
        raise ValueError("its first line names no data file")
    return (path.parent / os.fsdecode(name)).open("rb")


def _still_there(path: Path, summary: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(summary.fileno()))
    except FileNotFoundError:
        return False
