"""What is left of a worker that died: its WARC file, mended, and the captures in it that no check refers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from preserve.model import ArchivedCapture
from preserve.verify.tools import Archive
from preserve.warc import lines_of, recover


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was found.

    Attributes:
        captures: without a check, by the URL that was asked; the last of each.
        lines: what was mended, for people.
    """

    captures: Mapping[str, ArchivedCapture]
    lines: tuple[str, ...] = ()


def salvage(directory: Path, archive: Archive, name: str) -> Salvage:
    """Mend the file that a lost worker wrote to, and enter it into the index.

    Args:
        directory: the archive's.
        archive: while a run writes to it; other workers may be writing to other files.
        name: the final name of its file; "" when it had begun none.

    Raises:
        ArchiveError: the file can't be mended.
    """
    if not name:
        return Salvage({})
    mended = recover(directory, only=name)
    for file in mended.files:
        if file.file:
            archive.index.closed(file.file, lines_of(directory / file.file))
    found = archive.ledger.captures_without_check(mended.captures)
    return Salvage({capture.url: capture for capture in found}, mended.lines)
