"""Which bytes of an SQLite file mean nothing, told by the file format alone (https://www.sqlite.org/fileformat2.html).

Not what a reader happens to pass over: room that no cell, no pointer and no list of free pages lies in, and the
fields of the file's header that say nothing of its contents.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

# Section 1.3: fields that SQLite counts with, or that speak of writing and of versions, by offset and length.
IDLE_HEADER = {
    "write version": (18, 1),
    "change counter": (24, 4),
    "size, where the change counter is not the one it is valid for": (28, 4),
    "schema cookie": (40, 4),
    "schema format, of which only DESC indexes and booleans make use": (44, 4),
    "suggested cache size": (48, 4),
    "text encoding, of which SQLite looks at the last two bits": (56, 3),
    "incremental vacuum, without auto-vacuum": (64, 4),
    "reserved for expansion": (72, 20),
    "version-valid-for": (92, 4),
    "library version": (96, 4),
}
INTERIOR_INDEX, INTERIOR_TABLE, LEAF_INDEX, LEAF_TABLE = 2, 5, 10, 13


class Pages:
    """A settled file, taken apart.

    Args:
        path: of the file; no write-ahead log lies beside it.

    Attributes:
        idle: offsets of bytes that mean nothing.
        idle_bits: offsets and masks of single bits that do. The column that is an alias of the row number is stored as
            NULL (section 2.1, serial type 0), and whatever is stored is not looked at; serial type 8, a bit away, has
            no bytes either. Of the NULLs that end a row, one whose type is spelled in two bytes (0x80 0x00), so that
            there is one column less: what is not there is NULL. In an index, how long the header of a key is, where
            nothing follows it (keys of zeros and ones alone): no row is read from there. The upper bits of the text
            encoding's last byte.
        of: for each table and index, the offsets of the bytes of its pages, overflow included.
    """

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        self._size = int.from_bytes(self._data[16:18], "big")
        self._usable = self._size - self._data[20]
        self.idle: set[int] = {
            offset for start, length in IDLE_HEADER.values() for offset in range(start, start + length)
        }
        self.idle_bits: set[tuple[int, int]] = {(59, 1 << bit) for bit in range(2, 8)}
        self.of: dict[str, set[int]] = {}
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
            roots = database.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0").fetchall()
            indexes = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
            first = "SELECT m.name FROM sqlite_master AS m, pragma_table_info(m.name) AS info WHERE cid = 0 AND pk = 1"
            aliased = {name for (name,) in database.execute(f"{first} AND m.type = 'table' AND info.type = 'INTEGER'")}
        for name, root in [("sqlite_master", 1), *roots]:
            pages = self._tree(root, aliased=name in aliased, index=name in indexes)
            self.of[name] = {offset for page in pages for offset in self._bytes_of(page)}
        self._free_list()

    def _bytes_of(self, page: int) -> range:
        return range((page - 1) * self._size, page * self._size)

    def _u16(self, offset: int) -> int:
        found: int = struct.unpack_from(">H", self._data, offset)[0]
        return found

    def _u32(self, offset: int) -> int:
        found: int = struct.unpack_from(">I", self._data, offset)[0]
        return found

    def _varint(self, offset: int) -> tuple[int, int]:
        value = 0
        for place in range(9):
            byte = self._data[offset + place]
            if place == 8:
                return value << 8 | byte, offset + 9
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value, offset + place + 1
        raise AssertionError

    def _tree(self, root: int, *, aliased: bool, index: bool) -> Iterator[int]:
        """Every page of a b-tree (section 1.6); what is idle on it is noted."""
        waiting = [root]
        while waiting:
            page = waiting.pop()
            yield page
            base = (page - 1) * self._size
            start = base + (100 if page == 1 else 0)
            kind = self._data[start]
            interior = kind in (INTERIOR_INDEX, INTERIOR_TABLE)
            cells = self._u16(start + 3)
            pointers = start + (12 if interior else 8)
            used: set[int] = set(range(start, pointers + 2 * cells))
            if interior:
                waiting.append(self._u32(start + 8))
            for cell in range(cells):
                at = base + self._u16(pointers + 2 * cell)
                end, overflow, left = self._cell(at, kind)
                used.update(range(at, end))
                if kind != INTERIOR_TABLE:
                    self._idle_in_record(at, kind, aliased=aliased, index=index)
                if interior:
                    waiting.append(self._u32(at))
                yield from self._overflow(overflow, left)
            used.update(self._free_blocks(base, self._u16(start + 1)))
            first = base if page > 1 else base + 100
            self.idle.update(set(range(first, base + self._usable)) - used)

    def _free_blocks(self, base: int, offset: int) -> Iterator[int]:
        """The lengths and pointers of the list of free blocks; what else is in them is free."""
        while offset:
            yield from range(base + offset, base + offset + 4)
            offset = self._u16(base + offset)

    def _cell(self, at: int, kind: int) -> tuple[int, int, int]:
        """Where a cell ends, its first overflow page (0 without one), and the bytes of its payload that lie there."""
        offset = at + (4 if kind in (INTERIOR_INDEX, INTERIOR_TABLE) else 0)
        if kind == INTERIOR_TABLE:
            return self._varint(offset)[1], 0, 0
        size, offset = self._varint(offset)
        if kind == LEAF_TABLE:
            offset = self._varint(offset)[1]
        usable = self._usable
        most = usable - 35 if kind == LEAF_TABLE else (usable - 12) * 64 // 255 - 23
        if size <= most:
            return max(offset + size, at + 4), 0, 0  # a cell has four bytes at least, the rest of which is free
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= most else least
        return offset + local + 4, self._u32(offset + local), size - local

    def _idle_in_record(self, at: int, kind: int, *, aliased: bool, index: bool) -> None:
        """Note the bits of a record's header (section 2.1) that mean nothing."""
        size, header = self._varint(at + 4 if kind == INTERIOR_INDEX else at)
        if kind == LEAF_TABLE:
            header = self._varint(header)[1]
        length, types = self._varint(header)
        if index:
            if length == size:
                self.idle_bits.update((header, 1 << bit) for bit in range(8))
            return
        if aliased and kind == LEAF_TABLE:  # without row numbers a table is stored as an index, and has no alias
            self.idle_bits.add((types, 0x08))
        offsets, at = [], types
        while at < header + length:
            offsets.append(at)
            at = self._varint(at)[1]
        while len(offsets) > 1 and self._data[offsets.pop()] == self._data[offsets[-1]] == 0:
            self.idle_bits.add((offsets[-1], 0x80))

    def _overflow(self, page: int, left: int) -> Iterator[int]:
        while page:
            yield page
            base = (page - 1) * self._size
            held = min(left, self._usable - 4)
            self.idle.update(range(base + 4 + held, base + self._usable))
            page, left = self._u32(base), left - held

    def _free_list(self) -> None:
        """Section 1.5: leaves of the list are free as a whole, of its trunks what is behind the list."""
        trunk = self._u32(32)
        while trunk:
            base = (trunk - 1) * self._size
            count = self._u32(base + 4)
            for leaf in range(count):
                self.idle.update(self._bytes_of(self._u32(base + 8 + 4 * leaf)))
            self.idle.update(range(base + 8 + 4 * count, base + self._size))
            trunk = self._u32(base)
