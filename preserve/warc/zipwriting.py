"""Writing the compressed index: merging lines into it, and putting the new one in the old one's place.

Owns how lines are cut into blocks, and that a reader finds the old index or the new one, whole. What lines say is
`cdxj`'s; blocks that nothing is merged into are copied as they are.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from preserve.warc.deflate import plain_deflater
from preserve.warc.entered import NEW_LIST, Noted, data_of, files_of, listed, write_list
from preserve.warc.files import sync_directory
from preserve.warc.zipnum import BLOCK_LINES, SUMMARY, Block, ZipIndex, data_name, is_data

NEW_DATA, NEW_SUMMARY = "index.cdxj.gz.new", "index.idx.new"
Keep = Callable[[bytes], bool]


def write_index(directory: Path, old: ZipIndex | None, fresh: Iterable[bytes], keep: Keep | None = None) -> None:
    """Write the index anew and put it in the old one's place.

    Args:
        directory: the archive.
        old: the index as it is; None where there is none, or none to go on from.
        fresh: the lines to merge in, sorted.
        keep: which lines of the old index stay; None for all.

    Raises:
        DamagedIndexError: the old index can't be read.
        OSError: the new one can't be written; the old one is as it was.
    """
    data = directory / NEW_DATA
    try:
        with data.open("wb") as target, tempfile.TemporaryFile(dir=directory) as rows:
            written = _Blocks(target, rows)
            names = _write(written, old, fresh, keep)
            target.flush()
            os.fsync(target.fileno())
            if written.count:
                _put_in_place(directory, data, written, rows, names)
            else:
                (directory / SUMMARY).unlink(missing_ok=True)
    finally:
        with suppress(OSError):  # what is left lying costs room and nothing else
            remove_leftovers(directory)


def _write(written: _Blocks, old: ZipIndex | None, fresh: Iterable[bytes], keep: Keep | None) -> set[bytes]:
    """Write all lines; the names, as JSON, of the files that they point to."""
    noted = Noted()
    if old is None:
        written.take(noted.passing(fresh))
    elif keep is None:
        known = listed(old)
        noted.names.update(files_of(old) if known is None else known)
        _merge(old, noted.passing(fresh), written)
    else:
        kept = (line for block in old.blocks() for line in old.lines(block) if keep(line))
        written.take(noted.passing(heapq.merge(kept, fresh)))
    written.finish()
    return noted.names


def remove_leftovers(directory: Path) -> None:
    """Remove what an index that was replaced, or a run that was killed while it wrote one, left behind.

    Raises:
        OSError: it can't be removed.
    """
    current = ""
    with suppress(FileNotFoundError), (directory / SUMMARY).open("rb") as summary:
        current = os.fsdecode(summary.readline().partition(b"\t")[2].partition(b"\t")[0])
    for path in directory.iterdir():
        left = path.name in (NEW_DATA, NEW_SUMMARY, NEW_LIST, "index.cdxj") or (
            is_data(data_of(path.name)) and data_of(path.name) != current
        )
        if left and path.is_file():
            path.unlink()


def _put_in_place(directory: Path, data: Path, written: _Blocks, rows: BinaryIO, names: Iterable[bytes]) -> None:
    name = data_name(written.digest())
    data.rename(directory / name)
    summary, number, told = directory / NEW_SUMMARY, 0, hashlib.sha256()
    with summary.open("wb") as target:
        rows.seek(0)
        for number, row in enumerate(rows, 1):
            key, offset, length = row.rstrip(b"\n").split(b"\t")
            line = summary_line(key, name, int(offset), int(length), number)
            told.update(line)
            target.write(line)
        target.flush()
        os.fsync(target.fileno())
    write_list(directory, name, told.hexdigest(), names)
    sync_directory(directory)  # the data's and the list's names are kept before the summary that names them
    summary.replace(directory / SUMMARY)
    sync_directory(directory)


def summary_line(key: bytes, data: str, offset: int, length: int, number: int) -> bytes:
    """The summary's line for a block, with its end."""
    return b"%b\t%b\t%d\t%d\t%d\n" % (key, os.fsencode(data), offset, length, number)


class _Blocks:
    """Cuts sorted lines into blocks and writes them.

    Args:
        target: takes the blocks.
        rows: takes key, offset and length of each.
    """

    def __init__(self, target: BinaryIO, rows: BinaryIO) -> None:
        self._target, self._rows = target, rows
        self._hash = hashlib.sha256()
        # A block that grew beyond this is split in two, so that few are much smaller than others.
        self._largest = BLOCK_LINES * 3 // 2
        self._held: list[bytes] = []
        self._size = 0
        self.count = 0

    def take(self, lines: Iterable[bytes]) -> None:
        """Write lines."""
        for line in lines:
            self._held.append(line)
            if len(self._held) > self._largest:
                self._write(BLOCK_LINES)

    def copy(self, block: Block, raw: bytes) -> None:
        """Write a block as it is, behind the lines that were taken."""
        if self._held:
            self._even()
        self._put(block.key, raw)

    def finish(self) -> None:
        """Write what is left."""
        while self._held:
            self._write(BLOCK_LINES)

    def digest(self) -> str:
        """The SHA-256 of all that was written, in hex."""
        return self._hash.hexdigest()

    def _even(self) -> None:
        """Write what is held as one block, or as two of a size: no small rest is left where others follow."""
        held = len(self._held)
        self._write(held if held <= self._largest else (held + 1) // 2)
        if self._held:
            self._write(held)

    def _write(self, count: int) -> None:
        lines, self._held = self._held[:count], self._held[count:]
        packer = plain_deflater()
        raw = packer.compress(b"".join(lines)) + packer.flush()
        self._put(b" ".join(lines[0].split(b" ", 2)[:2]), raw)

    def _put(self, key: bytes, raw: bytes) -> None:
        self._target.write(raw)
        self._hash.update(raw)
        self._rows.write(b"%b\t%d\t%d\n" % (key, self._size, len(raw)))
        self._size += len(raw)
        self.count += 1


def _merge(old: ZipIndex, fresh: Iterator[bytes], written: _Blocks) -> None:
    """All lines of both; blocks that no fresh line belongs into are copied unread."""
    ahead = next(fresh, None)
    following = old.blocks()
    block = next(following, None)
    while block is not None:
        after = next(following, None)
        # A line with the key and time of the next block's first may belong before or behind that: both are opened.
        if ahead is None or (after is not None and ahead >= after.key and not ahead.startswith(after.key)):
            written.copy(block, old.raw(block))
        else:
            for line in old.lines(block):
                while ahead is not None and ahead < line:
                    written.take((ahead,))
                    ahead = next(fresh, None)
                written.take((line,))
            while ahead is not None and (after is None or ahead < after.key):
                written.take((ahead,))
                ahead = next(fresh, None)
        block = after
    if ahead is not None:
        written.take((ahead,))
    written.take(fresh)
