"""A file in a storage, read like one on the disk: as much as is wanted in one request, and little ahead.

Owns how much is asked for. What is read says where it lies (`name`, a URL), for messages.
"""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

from preserve.errors import RecordNotFoundError
from preserve.warc.storage import CHUNK, Stored, WarcStore, open_store
from preserve.warc.stored import find_stored

# Behind what is known to be wanted: one record of an ordinary page, then twice as much each time.
AHEAD = 128 << 10
# A read is cut short where a request ends, but not so short that a gzip header would not fit.
_SHORTEST = 64


class StoredStream(io.RawIOBase):
    """A stored file, open for reading at any place.

    Args:
        store: where it lies.
        stored: what it was when it was put there.
        start, end: what is wanted first, in one request (or one for each `CHUNK`); to be told by `expect` later.
    """

    def __init__(self, store: WarcStore, stored: Stored, start: int = 0, end: int = 0) -> None:
        super().__init__()
        self.name = store.storage.url_of(stored.name)
        self.size = stored.size
        self._store, self._stored = store, stored
        self._at = 0
        self._held, self._held_at = b"", 0
        self._end, self._ahead = 0, AHEAD
        self._hasher, self._hashed = sha256(usedforsecurity=False), 0
        self.expect(start, end)

    def expect(self, start: int, end: int) -> None:
        """What lies between `start` and `end` is read next, all of it."""
        self._at, self._end, self._ahead = start, min(end, self.size), AHEAD

    def digest(self) -> str:
        """The labelled SHA-256 of all its bytes; what was not read yet, from the beginning and in order, is read now.

        Raises:
            ArchiveError: it can't be read.
        """
        self.expect(self._hashed, self.size)
        while self.read(CHUNK):
            pass
        return f"sha256:{self._hasher.hexdigest()}"

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset; nothing is asked for yet."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = base + offset
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes: at most so many, fewer where a request ended, none at the end of the file.

        Raises:
            RecordNotFoundError: the file is no longer in the storage.
            ArchiveError: the storage can't be asked.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        wanted = min(size, self.size - self._at)
        if wanted <= 0:
            return b""
        ready = self._ready()
        if len(ready) < min(wanted, _SHORTEST):
            self._fetch(self._at + len(ready), ready, wanted)
            ready = self._ready()
        data = bytes(ready[:wanted])
        self._at += len(data)
        return data

    def _ready(self) -> memoryview:
        start = self._at - self._held_at
        return memoryview(self._held)[start:] if 0 <= start <= len(self._held) else memoryview(b"")

    def _fetch(self, offset: int, ready: memoryview, wanted: int) -> None:
        if offset < self._end:
            length = min(self._end - offset, CHUNK)
        else:
            length, self._ahead = self._ahead, min(2 * self._ahead, CHUNK)
        length = min(max(length, min(wanted, _SHORTEST)), self.size - offset)
        try:
            data = self._store.read(self._stored.name, offset, length)
        except FileNotFoundError as error:
            raise RecordNotFoundError(f"{self.name}: no such file in the storage; restore it from a copy") from error
        if len(data) < length:  # it was cut since: read as far as it goes, as a file on the disk would be
            self.size = offset + len(data)
        if offset <= self._hashed < offset + len(data):
            self._hasher.update(memoryview(data)[self._hashed - offset :])
            self._hashed = offset + len(data)
        self._held, self._held_at = b"".join((ready, data)), self._at


def open_stored(path: Path, start: int = 0, end: int = 0) -> BinaryIO | None:
    """A WARC file that is not in the archive's directory, from where it lies; None where no storage has it.

    Args:
        path: where it would be.
        start, end: as `StoredStream`.

    Raises:
        ArchiveError: what is noted of it can't be read, or the storage not be used.
    """
    found = find_stored(path.parent, path.name)
    if found is None:
        return None
    storage, stored = found
    return cast("BinaryIO", StoredStream(open_store(storage), stored, start, end))


def expect(stream: BinaryIO, start: int, end: int | None) -> None:
    """Tell a stored file what is read next, to its end where that is None; to a file on the disk nothing is told."""
    if isinstance(stream, StoredStream):
        stream.expect(start, stream.size if end is None else end)


def digest_of(stream: BinaryIO) -> str:
    """The labelled SHA-256 of a stored file's bytes, most of which were read by now; "" of a file on the disk.

    Raises:
        ArchiveError: it can't be read.
    """
    return stream.digest() if isinstance(stream, StoredStream) else ""


def size_of(stream: BinaryIO) -> int:
    """Of an open WARC file, in bytes, wherever it lies.

    Raises:
        OSError: it can't be told.
    """
    if isinstance(stream, StoredStream):
        return stream.size
    at = stream.tell()
    try:
        return stream.seek(0, io.SEEK_END)
    finally:
        stream.seek(at)
