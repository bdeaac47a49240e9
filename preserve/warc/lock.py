"""One writing process per archive.

Owns the advisory lock on the file `lock`. The kernel gives it back when the process ends, however it ends,
so a lock file that is merely there means nothing.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from preserve.errors import ArchiveError, ArchiveLockedError
from preserve.times import Clock, warc_date
from preserve.warc.files import make_directory

LOCK_FILE = "lock"


class ArchiveLock:
    """Holds the archive for this process, from `acquire` (or entering a `with`) to `release`.

    Args:
        directory: the archive; made where it is missing.
        clock: tells when the lock was taken, for the message a second process shows.
    """

    def __init__(self, directory: str | Path, *, clock: Clock | None = None) -> None:
        self._directory, self._clock = directory, clock
        self._descriptor: int | None = None

    def __enter__(self) -> ArchiveLock:
        """The lock, acquired."""
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock, at once or not at all.

        Raises:
            ArchiveLockedError: another process (or another lock in this one) holds it; the message names it.
            ArchiveError: the directory can't be made or written to.
        """
        path = make_directory(self._directory) / LOCK_FILE
        try:
            _must_be_writable(path.parent)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ArchiveError(
                f"{path}: can't write to the archive: {error.strerror}; "
                "make the directory writable or choose another with --archive"
            ) from error
        try:
            self._take(path, descriptor)
        except BaseException:
            with suppress(OSError):
                os.close(descriptor)
            raise
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The descriptor that holds the lock: a process that inherits it holds the archive too, until it ends.

        Raises:
            ValueError: it is not held.
        """
        if self._descriptor is None:
            raise ValueError("the archive's lock is not held")
        return self._descriptor

    def release(self) -> None:
        """Give the lock back; without one, nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):  # whatever close says, the descriptor is gone, and with it the lock
                os.close(descriptor)

    def _take(self, path: Path, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = " ".join(os.pread(descriptor, 200, 0).decode("ascii", "replace").split())
            raise ArchiveLockedError(
                f"{path.parent}: another run is writing to this archive ({holder or 'it left no name'}); "
                "wait until it has finished, or choose another with --archive"
            ) from error
        except OSError as error:
            raise ArchiveError(
                f"{path}: this file system can't lock files ({error.strerror}); use a local disk"
            ) from error
        try:
            since = f" since {warc_date(self._clock.now())}" if self._clock else ""
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()}{since}\n".encode(), 0)
        except OSError as error:
            raise ArchiveError(f"{path}: can't write to the archive: {error.strerror}; free space") from error


def _must_be_writable(directory: Path) -> None:
    """A lock file that is there may be opened where no other file can be made: said now, before anything is asked.

    Raises:
        OSError: nothing can be made in the directory.
    """
    if not os.access(directory, os.W_OK | os.X_OK):
        read_only = os.statvfs(directory).f_flag & os.ST_RDONLY
        number = errno.EROFS if read_only else errno.EACCES
        raise OSError(number, os.strerror(number))


class ReadingLock:
    """Keeps runs from writing while an archive is read as a whole; writes nothing, on a read-only medium too.

    Args:
        directory: the archive.
    """

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        self._descriptor: int | None = None

    def __enter__(self) -> ReadingLock:
        """Take it, at once or not at all.

        Raises:
            ArchiveLockedError: a run is writing to the archive.
        """
        path = self._directory / LOCK_FILE
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._release()
            raise ArchiveLockedError(
                f"{self._directory}: a run is writing to this archive; wait until it has finished"
            ) from error
        except OSError:  # no lock file, or a file system that knows no locks: nobody to keep away
            self._release()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
