"""The WARC files that workers write: who writes to which, and their lines on the way into the index.

What is left of a file whose worker was lost is taken up by `losses`.
"""

from __future__ import annotations

from pathlib import Path

from preserve.times import Clock
from preserve.verify.entering import Entering
from preserve.verify.losses import Salvage, salvage
from preserve.verify.tools import Archive
from preserve.warc.stored import note_stored
from preserve.work.values import FileBegun, FileClosed, FileLines, FileStored

FileEvent = FileBegun | FileLines | FileClosed | FileStored


class WorkersFiles:
    """What workers told of their files.

    Args:
        directory: the archive's.
        archive: while a run writes to it.
        clock: tells how long lines have waited.
    """

    def __init__(self, directory: Path, archive: Archive, clock: Clock) -> None:
        self._directory, self._archive, self._clock = directory, archive, clock
        self._entering = Entering(archive.index)
        self._written: dict[int, str] = {}

    def take(self, worker: int, event: FileEvent) -> None:
        """Take note of what a worker tells of its file.

        Raises:
            ArchiveError: it can't be written down.
        """
        match event:
            case FileBegun():
                self._written[worker] = event.name
            case FileLines():
                self._archive.index.lines(event.name, event.lines)
            case FileClosed():
                self._archive.index.closed(event.name, event.lines)
                self._written.pop(worker, None)
            case FileStored():
                note_stored(self._directory, event.stored)
                self._entering.take(event.lines, self._clock.monotonic())

    def enter(self) -> None:
        """Enter the lines that wait for more to come together.

        Raises:
            ArchiveError: the index can't be written; the next run makes up for it.
        """
        self._entering.enter()

    def left_by(self, worker: int, *, ended: bool) -> Salvage:
        """Mend the file of a worker that was lost, and enter it into the index: see `salvage`.

        Raises:
            ArchiveError: the file can't be mended.
        """
        return salvage(self._directory, self._archive, self._written.pop(worker, ""), ended=ended)
