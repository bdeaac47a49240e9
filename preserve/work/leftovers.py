"""What workers that are gone left on a machine: WARC files that they had not stored, put there by a worker of today.

Owns where a worker's own directory lies, and when it may be taken away: not while a WARC file is in it. Which archive a
file belongs to is not decided here: it goes to the storage that its own directory names, and runs look there
(`preserve.verify.losses`).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from preserve.errors import ArchiveError, ArchiveLockedError
from preserve.warc import ArchiveLock, closed_files, recover, warc_files
from preserve.warc.recovery import QUARANTINE
from preserve.warc.storage import NotStoredError, WarcStore
from preserve.warc.stored import noted_storage

_PREFIX = "preserve-"


def room_for(local: Path, incarnation: str) -> Path:
    """The directory of a worker.

    Args:
        local: its Dask worker's own. Dask clears that away, so that a worker's files lie beside it.
        incarnation: unique.
    """
    return local.parent / f"{_PREFIX}{incarnation}"


def clear(room: Path) -> bool:
    """Take a directory away unless something in it is not stored; whether it is gone. Its worker has ended."""
    try:
        kept = room.exists() and bool(warc_files(room) or (room / QUARANTINE).exists())
    except ArchiveError:
        kept = True
    if not kept:
        shutil.rmtree(room, ignore_errors=True)
    return not kept


def put_leftovers(room: Path, store: WarcStore) -> tuple[str, ...]:
    """Store what dead workers left beside `room`, as far as it was meant for the same storage, and clear it away.

    Returns:
        What was done, for people.

    Raises:
        ArchiveError: something can't be read, mended or stored; it stays.
    """
    told: list[str] = []
    for left in sorted(room.parent.glob(f"{_PREFIX}*")):
        if left != room and _is_ours(left, store):
            told += _put(left, store)
    return tuple(told)


def _is_ours(left: Path, store: WarcStore) -> bool:
    try:
        if left.lstat().st_uid != os.getuid() or not left.is_dir():
            return False
    except OSError:  # another worker has just cleared it away
        return False
    return noted_storage(left) == store.storage  # written once its worker had the lock


def _put(left: Path, store: WarcStore) -> list[str]:
    lock = ArchiveLock(left)
    try:
        lock.acquire()
    except ArchiveLockedError:  # its worker is at work
        return []
    told: list[str] = []
    try:
        told += recover(left).lines
        for path in closed_files(left):
            try:
                store.put(path)
            except NotStoredError as error:
                told.append(str(error))
                continue
            told.append(f"{path}: left by a worker that is gone, stored now")
            path.unlink()
    except OSError as error:
        raise ArchiveError(f"{left}: can't be cleared away: {error.strerror}; mend its permissions") from error
    finally:
        lock.release()
    clear(left)
    return told
