"""Leases: a worker far from its coordinator works only while it hears from it.

A worker asks for its lease to be renewed; an answer makes it good for so many seconds from the moment it *asked*. The
coordinator, which saw the question later, may therefore count from then, and knows when nobody can be at work any
more: no clocks are compared, and no message that was late makes a lease longer. Owns also the note in the archive that
such workers may be at work, for a coordinator that comes after one that died.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from preserve.errors import ArchiveError, ArchiveLockedError

NOTE = "workers-{}.json"
MARGIN_SECONDS = 1.0
"""So long a process may take to end after its lease did."""

_UNKNOWN_LEASE = 60.0


def _now() -> float:
    """Seconds, a time in which the machine slept counted too."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))  # the one is Linux's own


class Lease(threading.Event):
    """A `stop` that is also set while the lease is not good; thread-safe.

    Args:
        seconds: how long a renewal is good for.
        clock: seconds that never go back.

    Attributes:
        seconds: as given.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = _now) -> None:
        super().__init__()
        self.seconds = seconds
        self._clock = clock
        self._asked: dict[int, float] = {}
        self._number = 0
        self._lock = threading.Lock()
        self._first = threading.Event()
        self._until = clock()

    @property
    def left(self) -> float:
        """Seconds that it is still good for; negative when it is over."""
        return self._until - self._clock()

    def ask(self) -> int:
        """Note that a renewal is asked for now; its number."""
        with self._lock:
            self._number += 1
            self._asked[self._number] = self._clock()
            return self._number

    def renew(self, number: int) -> None:
        """The renewal of that number was granted; one granted already, or never asked for, counts for nothing."""
        with self._lock:
            asked = self._asked.pop(number, None)
            if asked is None:
                return
            self._until = max(self._until, asked + self.seconds)
            self._asked = {other: at for other, at in self._asked.items() if at > asked}
        self._first.set()

    def wait_for_first(self, timeout: float) -> None:
        """Return when it was renewed for the first time, or after `timeout` seconds."""
        self._first.wait(timeout)

    def is_set(self) -> bool:
        """Whether nothing new may be begun."""
        return super().is_set() or self.left <= 0

    def wait(self, timeout: float | None = None) -> bool:
        """See `threading.Event.wait`; a lease that runs out meanwhile does not end the wait."""
        super().wait(timeout)
        return self.is_set()


class WorkersNote:
    """The note in an archive that workers with leases may be writing to it.

    Its name is new each time, so that no machine that shares the folder remembers it from before.

    Args:
        directory: the archive.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, lease: float) -> str:
        """Leave it, before the first worker begins.

        Args:
            lease: the seconds that a lease is good for.

        Returns:
            A token by which a worker sees that it has the same archive before it.

        Raises:
            ArchiveError: it can't be written.
        """
        token = secrets.token_hex(8)
        path = self._path(token)
        try:
            with path.open("w", encoding="ascii") as stream:
                json.dump({"lease": lease}, stream)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise ArchiveError(
                f"{path}: can't be written: {error.strerror}; make room, or the archive writable, and run again"
            ) from error
        return token

    def has(self, token: str) -> bool:
        """Whether the archive seen from here is the one that the token was left in."""
        return self._path(token).exists()

    def remove(self, token: str) -> None:
        """No worker is left."""
        with suppress(OSError):
            self._path(token).unlink(missing_ok=True)

    def wait_for_orphans(self, stop: threading.Event, notice: Callable[[str], None]) -> bool:
        """Return when no worker of a coordinator that died can be at work; at once where there is no note.

        Args:
            stop: ends the wait.
            notice: told of it.

        Returns:
            Whether there was a note: such a worker may still have its file open.

        Raises:
            ArchiveLockedError: it was asked to stop.
        """
        notes = sorted(self._directory.glob(NOTE.format("*")))
        if not notes:
            return False
        seconds = max(_lease_in(note) for note in notes) + MARGIN_SECONDS
        notice(f"The last run's coordinator died; waiting {seconds:.0f} s until its workers have noticed.")
        if stop.wait(seconds):
            raise ArchiveLockedError("workers of the last run may still write to this archive; run again later")
        for note in notes:
            with suppress(OSError):
                note.unlink(missing_ok=True)
        return True

    def _path(self, token: str) -> Path:
        return self._directory / NOTE.format(token)


def _lease_in(note: Path) -> float:
    try:
        found = json.loads(note.read_text("utf-8"))
        return float(found["lease"])
    except (OSError, ValueError, KeyError, TypeError):
        return _UNKNOWN_LEASE
