"""Lines on their way into the index, sorted with few of them in memory."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

HELD_LINES = 20_000  # some 10 MB


class SortedLines:
    """Lines on their way into the index: sorted, and in memory only so many of them. Not thread-safe.

    Args:
        directory: where those beyond that are put aside, in files without a name that end with the process.
        held: how many are in memory; None for HELD_LINES.
    """

    def __init__(self, directory: str | Path, held: int | None = None) -> None:
        self._directory = directory
        self._limit = HELD_LINES if held is None else held
        self._held: list[bytes] = []
        self._aside: list[IO[bytes]] = []

    def __bool__(self) -> bool:
        return bool(self._held or self._aside)

    def __iter__(self) -> Iterator[bytes]:
        for file in self._aside:
            file.seek(0)
        return heapq.merge(*self._aside, sorted(self._held))

    def add(self, line: bytes) -> None:
        """Take one line."""
        self._held.append(line)
        if len(self._held) >= self._limit:
            self._put_aside()

    def close(self) -> None:
        """Let go of all lines."""
        for file in self._aside:
            file.close()
        self._held, self._aside = [], []

    def _put_aside(self) -> None:
        file = None
        try:
            file = tempfile.TemporaryFile(dir=self._directory)  # noqa: SIM115 - closed by `close`
            file.writelines(sorted(self._held))
            file.flush()
        except OSError:  # no room: memory has to do, and the record that brought this line is safe
            self._limit *= 2
            if file is not None:
                file.close()
            return
        self._held = []
        self._aside.append(file)
