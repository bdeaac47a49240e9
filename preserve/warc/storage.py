"""Where closed WARC files are kept besides the archive's directory: a shared folder, or an object store.

Owns what every such place has to do (`Place`), putting a file there so that nothing is replaced and nothing counts that
was not read back, and reading stretches of it. How folders do it is `folder`'s, how fsspec's file systems do it
`remote`'s; which file lies where is noted by `stored`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from preserve.errors import ArchiveError
from preserve.settings import ArchiveSettings

FOLDER = "file://"
# As much is asked for at once, and held in memory, where a file is read as a whole.
CHUNK = 8 << 20


class NotStoredError(ArchiveError):
    """This file can't go to the storage, though others may: its name is taken there, or its bytes are not its own."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A place for WARC files.

    Attributes:
        url: a folder (`file:///…`) or what fsspec knows (`s3://bucket/prefix`), without password.
        options: what its library is told besides, as a JSON object; no secrets. "" for nothing.
    """

    url: str
    options: str = ""

    @classmethod
    def of(cls, settings: ArchiveSettings) -> Self | None:
        """The storage that is configured; None where the archive's directory is all there is."""
        return cls(settings.storage.rstrip("/"), settings.storage_options) if settings.storage else None

    def url_of(self, name: str) -> str:
        """Where a file of this name lies."""
        return f"{self.url}/{name}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that lies in a storage, and was read back there.

    Attributes:
        name: as in the archive.
        size: in bytes.
        digest: labelled, SHA-256, of all its bytes.
        url: the storage's.
    """

    name: str
    size: int
    digest: str
    url: str


class Place(Protocol):
    """What a storage can do. All of it raises `ArchiveError`, with the URL and what to do, where it can't."""

    def size(self, name: str) -> int | None:
        """Of a file, in bytes; None where there is none of that name."""
        ...

    def sizes(self) -> Mapping[str, int]:
        """Of every file, by name."""
        ...

    def read(self, name: str, offset: int, length: int) -> bytes:
        """A stretch of a file, asked for once; shorter where the file ends, empty behind its end.

        Raises:
            FileNotFoundError: there is none of that name.
        """
        ...

    def upload(self, path: Path, name: str) -> None:
        """Put a file there: whole or not at all, and synced, as far as the place can tell.

        Raises:
            FileExistsError: there is one of that name by now.
        """
        ...


class WarcStore:
    """A storage, open. Holds no lock: whoever puts a file there has a name for it that nobody else uses.

    Args:
        storage: which it is.
        place: what does it.
    """

    def __init__(self, storage: Storage, place: Place) -> None:
        self.storage, self._place = storage, place

    def put(self, path: Path, expected: str = "") -> Stored:
        """Put a closed file there under its own name, read it back, and hand out what is to be noted.

        A file that is there already, byte for byte, is left as it is: so what was interrupted can be done again.

        Args:
            path: the file.
            expected: the labelled SHA-256 that its bytes should have; "" where nobody knows.

        Raises:
            NotStoredError: other bytes lie there under this name, and are not replaced; or the file is not as expected.
            ArchiveError: the file can't be read, or the storage not be written to, or what arrived is something else.
        """
        name = path.name
        try:
            size, digest = path.stat().st_size, _digest_of(_chunks_of(path))
        except OSError as error:
            raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error
        if expected and digest != expected:
            raise NotStoredError(
                f"{path}: is not what it was when it was closed ({expected}), and was not stored; `preserve audit` "
                "tells what became of it"
            )
        ours = False
        if self._place.size(name) is None:
            try:
                self._place.upload(path, name)
                ours = True
            except FileExistsError:
                pass  # somebody was quicker, or our own first try had arrived: what lies there tells
        if self._place.size(name) != size or self.digest(name, size) != digest:
            where = self.storage.url_of(name)
            if ours:
                raise ArchiveError(f"{where}: what arrived is not what was sent; delete it there, then run again")
            raise NotStoredError(
                f"{where}: another file has this name there, and was left as it is; move it away, or name another "
                "place as archive.storage"
            )
        return Stored(name, size, digest, self.storage.url)

    def moved(self, stored: Stored) -> Stored:
        """A file that lay in another storage, read in this one, and what is to be noted of it.

        Raises:
            NotStoredError: it is not here, or is something else.
            ArchiveError: the storage can't be asked.
        """
        name = stored.name
        if self._place.size(name) != stored.size or self.digest(name, stored.size) != stored.digest:
            raise NotStoredError(
                f"{self.storage.url_of(name)}: is not there, or not what was put into {stored.url}; copy it from there"
            )
        return Stored(name, stored.size, stored.digest, self.storage.url)

    def size(self, name: str) -> int | None:
        """Of a file, in bytes; None where there is none of that name.

        Raises:
            ArchiveError: the storage can't be asked.
        """
        return self._place.size(name)

    def sizes(self) -> Mapping[str, int]:
        """Of every file, by name: one request for each thousand.

        Raises:
            ArchiveError: the storage can't be asked.
        """
        return self._place.sizes()

    def read(self, name: str, offset: int, length: int) -> bytes:
        """A stretch of a file, in one request; shorter where the file ends.

        Raises:
            FileNotFoundError: there is none of that name.
            ArchiveError: the storage can't be asked.
        """
        return self._place.read(name, offset, length)

    def digest(self, name: str, size: int) -> str:
        """The labelled SHA-256 of the first `size` bytes of a file, all of which are read.

        Raises:
            ArchiveError: the storage can't be asked, or the file is not there.
        """
        try:
            return _digest_of(self._chunks(name, size))
        except FileNotFoundError as error:
            raise ArchiveError(f"{self.storage.url_of(name)}: is no longer there; run again") from error

    def _chunks(self, name: str, size: int) -> Iterator[bytes]:
        offset = 0
        while offset < size and (chunk := self.read(name, offset, min(CHUNK, size - offset))):
            yield chunk
            offset += len(chunk)


def open_store(storage: Storage) -> WarcStore:
    """A storage, ready to be asked; it is not asked yet.

    Raises:
        ArchiveError: what it takes is not installed, or the URL means nothing to it.
    """
    if storage.url.startswith(FOLDER):
        from preserve.warc.folder import Folder  # noqa: PLC0415 - only where there is a storage

        return WarcStore(storage, Folder(storage.url))
    from preserve.warc.remote import Remote  # noqa: PLC0415 - likewise

    return WarcStore(storage, Remote(storage.url, json.loads(storage.options or "{}")))


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


def _digest_of(chunks: Iterator[bytes]) -> str:
    hasher = hashlib.sha256(usedforsecurity=False)
    for chunk in chunks:
        hasher.update(chunk)
    return f"sha256:{hasher.hexdigest()}"
