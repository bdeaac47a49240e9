"""Time stamps on disk, beside the checkpoint's note.

`checkpoints/<size>.<authority>.tsr` is an authority's whole response; `checkpoints/<size>.note.ots` an OpenTimestamps
proof as it was first had, `checkpoints/<size>.note.2.ots` the same completed. As the notes themselves, a file appears
whole and synced, and is never written again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from preserve.checkpoints import DIRECTORY, note_name, write_new
from preserve.errors import ArchiveError
from preserve.stamps.values import StampFile, StampKind
from preserve.urls import host_of

# Stamps have a few thousand bytes; anything larger is none.
MOST_BYTES: Final = 64 * 1024
_TSR: Final = re.compile(r"(\d{12,19})\.[a-z0-9.-]{1,80}\.tsr", re.ASCII)
_OTS: Final = re.compile(r"(\d{12,19})\.note(?:\.([1-9]\d{0,3}))?\.ots", re.ASCII)
_NAMED_AT_MOST: Final = 60
_URL_DIGITS: Final = 8


def tsr_name(size: int, url: str) -> str:
    """The file for an authority's stamp: its host, for people, and digits that tell its URLs apart."""
    host = re.sub(r"[^a-z0-9.-]+", "-", host_of(url)).strip("-.")[:_NAMED_AT_MOST] or "authority"
    return f"{DIRECTORY}/{size:012}.{host}-{sha256(url.encode()).hexdigest()[:_URL_DIGITS]}.tsr"


def ots_name(size: int, version: int) -> str:
    """The file for a version of an OpenTimestamps proof."""
    return f"{note_name(size)}.{version}.ots" if version > 1 else f"{note_name(size)}.ots"


def save_stamp(archive: Path, name: str, data: bytes) -> None:
    """Keep a stamp under a name that `tsr_name` or `ots_name` made.

    Raises:
        ArchiveError: it can't be written.
    """
    write_new(archive / name, data)


def stamp_files(archive: Path) -> Iterator[StampFile]:
    """Every stamp, by checkpoint and version.

    Raises:
        ArchiveError: one can't be read.
    """
    yield from _read(archive, "")


def stamps_of(archive: Path, size: int) -> tuple[StampFile, ...]:
    """The stamps of the checkpoint with so many log entries.

    Raises:
        ArchiveError: one can't be read.
    """
    return tuple(_read(archive, f"{size:012}."))


def _read(archive: Path, start: str) -> Iterator[StampFile]:
    directory = archive / DIRECTORY
    try:
        names = [path.name for path in directory.iterdir()] if directory.is_dir() else []
        found = [one for name in names if name.startswith(start) and (one := _parsed(name))]
        for size, version, name, kind in sorted(found):
            with (directory / name).open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
            yield StampFile(f"{DIRECTORY}/{name}", size, kind, version, data)
    except OSError as error:
        raise ArchiveError(f"{error.filename or directory}: can't be read: {error.strerror}") from error


def _parsed(name: str) -> tuple[int, int, str, StampKind] | None:
    if found := _TSR.fullmatch(name):
        return int(found[1]), 1, name, StampKind.RFC3161
    if found := _OTS.fullmatch(name):
        return int(found[1]), int(found[2] or 1), name, StampKind.OPENTIMESTAMPS
    return None
