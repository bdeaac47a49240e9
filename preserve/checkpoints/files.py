"""Checkpoints on disk: `checkpoints/<size>.note`, one file each, and `checkpoints/key.pub`.

A file appears whole and synced, and is never written again.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from preserve.checkpoints.notes import VerifierKey
from preserve.errors import ArchiveError

DIRECTORY: Final = "checkpoints"
KEYS: Final = "key.pub"
_DRAFT: Final = ".new"
_NAME: Final = re.compile(r"\d{12,19}\.note", re.ASCII)
# A checkpoint has a few hundred bytes; anything larger is none.
_MOST_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """One file of the directory.

    Attributes:
        name: relative to the archive.
        size: log entries, as its name says.
        data: its bytes.
    """

    name: str
    size: int
    data: bytes


def save(archive: Path, size: int, note: bytes) -> str:
    """Keep a signed note; its name relative to the archive. One that is there already is left as it is.

    Drafts that a killed run left are taken away. Whoever calls holds the archive's lock.

    Raises:
        ArchiveError: it can't be written.
    """
    name = note_name(size)
    _tidy(archive / DIRECTORY)
    write_new(archive / name, note)
    return name


def note_name(size: int) -> str:
    """The file of a checkpoint, relative to the archive."""
    return f"{DIRECTORY}/{size:012}.note"


def add_key(archive: Path, key: VerifierKey) -> bool:
    """Note a public key; whether it is new.

    Raises:
        ArchiveError: the file can't be read or written.
    """
    known = read_keys(archive)
    if key in known:
        return False
    path = archive / DIRECTORY / KEYS
    lines = "".join(f"{one}\n" for one in (*known, key))
    try:
        path.parent.mkdir(exist_ok=True)
        draft = path.with_name(KEYS + _DRAFT)
        _write(draft, lines.encode())
        draft.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    return True


def read_keys(archive: Path) -> tuple[VerifierKey, ...]:
    """The public keys, oldest first; none without the file.

    Raises:
        ArchiveError: the file can't be read, or holds something else.
    """
    path = archive / DIRECTORY / KEYS
    try:
        text = path.read_bytes().decode("utf-8")
        if text and not text.endswith("\n"):
            raise ValueError("its last line breaks off")
        return tuple(VerifierKey.parse(line) for line in text.split("\n")[:-1])
    except FileNotFoundError:
        return ()
    except ValueError as error:
        raise ArchiveError(f"{path}: can't be understood: {error}; restore it from a copy") from error
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


def checkpoint_files(archive: Path) -> tuple[CheckpointFile, ...]:
    """Every checkpoint, by size.

    Raises:
        ArchiveError: one can't be read.
    """
    directory = archive / DIRECTORY
    found = []
    try:
        for path in sorted(directory.iterdir()) if directory.is_dir() else ():
            if _NAME.fullmatch(path.name):
                with path.open("rb") as stream:
                    data = stream.read(_MOST_BYTES)
                found.append(CheckpointFile(f"{DIRECTORY}/{path.name}", int(path.name.removesuffix(".note")), data))
    except OSError as error:
        raise ArchiveError(f"{error.filename or directory}: can't be read: {error.strerror}") from error
    return tuple(sorted(found, key=lambda file: file.size))


def sync_directory(directory: Path) -> None:
    """Make names given or taken away in `directory` last.

    Raises:
        OSError: the directory can't be opened or synced.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tidy(directory: Path) -> None:
    with suppress(OSError):  # what can't be taken away does no harm
        for draft in directory.glob(f"*{_DRAFT}"):
            draft.unlink()


def write_new(path: Path, data: bytes) -> None:
    """Put `data` into a new file, whole or not at all; one that is there already is left as it is.

    Raises:
        ArchiveError: it can't be written.
    """
    draft = path.with_name(path.name + _DRAFT)
    try:
        path.parent.mkdir(exist_ok=True)
        if path.exists():
            return
        _write(draft, data)
        draft.replace(path)
        sync_directory(path.parent)
        sync_directory(path.parent.parent)
    except OSError as error:
        raise _refused(path, error) from error


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _refused(path: Path, error: OSError) -> ArchiveError:
    return ArchiveError(
        f"{path}: can't be written: {error.strerror}; free space or mend the permissions; the next run makes up for it"
    )
