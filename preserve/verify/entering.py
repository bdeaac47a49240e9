"""Lines for the index of files that workers stored elsewhere, entered many files at a time.

Owns how many. Each time the whole index is written anew; until then a file is noted as stored, and whoever begins a run
after this one died reads it for its lines (`refresh`).
"""

from __future__ import annotations

import heapq

from preserve.warc import IndexKeeper

FILES = 64
SECONDS = 60.0


class Entering:
    """Gathers lines.

    Args:
        index: takes them.
    """

    def __init__(self, index: IndexKeeper) -> None:
        self._index = index
        self._files: list[tuple[bytes, ...]] = []
        self._since = 0.0

    def take(self, lines: tuple[bytes, ...], now: float) -> None:
        """Take a file's lines, sorted; enter what has come together when it is enough, or old.

        Raises:
            ArchiveError: the index can't be written; the next run makes up for it.
        """
        if not self._files:
            self._since = now
        self._files.append(lines)
        if len(self._files) >= FILES or now - self._since >= SECONDS:
            self.enter()

    def enter(self) -> None:
        """Enter what has come together.

        Raises:
            ArchiveError: as above.
        """
        files, self._files = self._files, []
        if files:
            self._index.closed("", heapq.merge(*files))
