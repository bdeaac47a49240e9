"""What is left of a worker that died: its WARC file, mended, and the captures in it that no check refers to; or a file
that it had put into the storage, and had not told of.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from preserve.errors import ArchiveError
from preserve.model import ArchivedCapture
from preserve.verify.names import RUN_FIELD
from preserve.verify.tools import Archive
from preserve.warc import IndexKeeper, closed_files, lines_of, recover, scan_captures
from preserve.warc.reader import info_in
from preserve.warc.storage import Stored, WarcStore
from preserve.warc.stored import note_stored, stored_names
from preserve.warc.streams import StoredStream


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was found.

    Attributes:
        captures: without a check, by the URL that was asked; the last of each.
        lines: what was mended, for people.
    """

    captures: Mapping[str, ArchivedCapture]
    lines: tuple[str, ...] = ()


def salvage(directory: Path, archive: Archive, name: str, *, ended: bool = True) -> Salvage:
    """Mend the file that a lost worker wrote to, and enter it into the index.

    Args:
        directory: the archive's.
        archive: while a run writes to it; other workers may be writing to other files.
        name: the final name of its file; "" when it had begun none.
        ended: nobody can write to the file any more.

    Raises:
        ArchiveError: the file can't be mended.
    """
    if not name:
        return Salvage({})
    captures: list[ArchivedCapture] = []
    whole = directory / name
    if whole.exists():  # it was closed, and the worker did not live to tell
        archive.index.closed(name, lines_of(whole))
        captures += (item for item in scan_captures(whole) if isinstance(item, ArchivedCapture))
    mended = recover(directory, only=name, detach=not ended)
    for file in mended.files:
        if file.file:
            archive.index.closed(file.file, lines_of(directory / file.file))
    found = archive.ledger.captures_without_check((*captures, *mended.captures))
    return Salvage({capture.url: capture for capture in found}, mended.lines)


def sweep(directory: Path, index: IndexKeeper) -> tuple[str, ...]:
    """Mend what workers left that were lost before they could name their file; nobody writes any more.

    Args:
        directory: the archive's.
        index: takes up what is found.

    Returns:
        What was mended, for people.

    Raises:
        ArchiveError: a file can't be mended.
    """
    mended = recover(directory)
    for file in mended.files:
        if file.file:
            index.closed(file.file, lines_of(directory / file.file))
    return mended.lines


def adopt(directory: Path, store: WarcStore, runs: Container[str]) -> tuple[tuple[str, ...], str]:
    """Note every file in the storage that was written in a run of this archive and is not noted yet.

    Others may use the same prefix, so that each such file is asked which run it is of. All of it is read before it is
    noted, as if it had been put there now.

    Args:
        directory: the archive's; its lock is held, and it has `store` noted.
        store: the storage.
        runs: what files call the runs of this archive.

    Returns:
        The names of the files, which the index does not have yet; and why not all were looked at, "" when they were.

    Raises:
        ArchiveError: the archive can't be read or written.
    """
    known = stored_names(directory) | {path.name for path in closed_files(directory)}
    found: list[str] = []
    try:
        for name, size in sorted(store.sizes().items()):
            if name not in known and _run_of(store, name, size) in runs:
                stored = Stored(name, size, store.digest(name, size), store.storage.url)
                note_stored(directory, stored)
                found.append(name)
    except ArchiveError as error:
        return tuple(found), str(error)
    return tuple(found), ""


def _run_of(store: WarcStore, name: str, size: int) -> str:
    stream = cast("BinaryIO", StoredStream(store, Stored(name, size, "", store.storage.url)))
    return info_in(stream).get(RUN_FIELD, "")
