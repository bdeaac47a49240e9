"""What is left of a worker that died: its WARC file, mended, and the captures in it that no check refers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from preserve.model import ArchivedCapture
from preserve.verify.tools import Archive
from preserve.warc import IndexKeeper, lines_of, recover, scan_captures


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
