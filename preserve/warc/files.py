"""WARC files on disk: their names, the one being written, and making what was written last.

Owns creation (one writer per file), appending whole or not at all, fsync and the rename that closes a file.
Does not know what the bytes mean.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from preserve.errors import ArchiveError

SUFFIX = ".warc.gz"
OPEN_SUFFIX = ".open"
LARGEST_WRITE = 64 * 1024 * 1024


def file_name(at: datetime, sequence: int, token: str) -> str:
    """The final name of a WARC file: `preserve-<UTC time>-<sequence>-<token>.warc.gz`; names sort by time."""
    return f"preserve-{at.astimezone(UTC):%Y%m%d%H%M%S%f}-{sequence:05}-{token}{SUFFIX}"


def warc_files(directory: str | Path) -> tuple[Path, ...]:
    """Every WARC file of the archive, `.open` ones included, sorted by name, so oldest first.

    Raises:
        ArchiveError: the directory can't be read.
    """
    try:
        found = [path for path in Path(directory).iterdir() if path.name.endswith((SUFFIX, SUFFIX + OPEN_SUFFIX))]
    except OSError as error:
        raise ArchiveError(f"{directory}: can't list the archive: {error.strerror}") from error
    return tuple(sorted(found))


def closed_files(directory: str | Path) -> tuple[Path, ...]:
    """The WARC files of the archive that will not be written again, sorted by name.

    Raises:
        ArchiveError: the directory can't be read.
    """
    return tuple(path for path in warc_files(directory) if not path.name.endswith(OPEN_SUFFIX))


def make_directory(directory: str | Path) -> Path:
    """The archive's directory, made with its parents where it is missing.

    Raises:
        ArchiveError: it can't be made, or is something else.
    """
    path = Path(directory)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "is not a directory" if isinstance(error, FileExistsError) else f"can't be made: {error.strerror}"
        raise ArchiveError(f"{path}: the archive {why}; choose another with --archive") from error
    return path


def sync_directory(directory: Path) -> None:
    """Make names given or taken away in `directory` last (an fsync of a file does not keep its name).

    Raises:
        OSError: the directory can't be opened or synced.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class WarcFile:
    """A WARC file being written; `.open` until `finish`. Not thread-safe: the writer's lock guards it.

    Args:
        directory: the archive.
        name: the final name.

    Raises:
        FileExistsError: there is a file of that name, finished or not.
        OSError: it can't be made.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self.directory, self.name, self.size = directory, name, 0
        self.path = directory / (name + OPEN_SUFFIX)
        if (directory / name).exists():
            raise FileExistsError(directory / name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o644)
        self._synced = 0
        try:
            sync_directory(directory)
        except OSError:
            self.abandon()
            raise

    def append(self, pieces: Sequence[bytes]) -> int:
        """Append `pieces` one behind another, all or none; the offset of the first.

        Raises:
            OSError: they couldn't be written; the file is as it was before.
            ArchiveError: they couldn't be written and what was could not be taken away again.
        """
        start = end = self.size
        try:
            for piece in pieces:
                end = self._write(piece, end)
        except OSError as error:
            self._cut_back(start, error)
            raise
        self.size = end
        return start

    def _write(self, piece: bytes, offset: int) -> int:
        left = memoryview(piece)
        while left:
            written = os.pwrite(self._descriptor, left[:LARGEST_WRITE], offset)
            left, offset = left[written:], offset + written
        return offset

    def _cut_back(self, size: int, cause: OSError) -> None:
        try:
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            raise ArchiveError(
                f"{self.path}: {cause.strerror}, and the torn end could not be cut off ({error.strerror}); "
                "the next run mends the file"
            ) from cause

    def duplicate(self) -> int:
        """A second descriptor, which the caller syncs and closes while others go on appending."""
        return os.dup(self._descriptor)

    def finish(self) -> None:
        """Sync, close and give the file its final name.

        Raises:
            FileExistsError: somebody put a file of that name there.
            OSError: any of the steps failed; the file keeps its `.open` name.
        """
        final = self.directory / self.name
        try:
            os.fsync(self._descriptor)
            if final.exists():
                raise FileExistsError(17, "a file of the final name is already there", str(final))
        finally:
            os.close(self._descriptor)
        self.path.rename(final)
        sync_directory(self.directory)

    def abandon(self) -> None:
        """Close the file as it is; the next run mends it."""
        with suppress(OSError):  # nothing is promised of it
            os.close(self._descriptor)
