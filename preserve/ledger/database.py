"""Owns the connection: how the file is opened, brought up to date and synced, and what its errors mean.

The only module of the package, with `schema`, that knows SQLite; it knows no checks.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, Final

from preserve.errors import ArchiveError
from preserve.ledger.schema import APPLICATION_ID, STEPS

Row = tuple[Any, ...]
Steps = Sequence[Sequence[str]]
BUSY_SECONDS: Final = 10.0
_LOG: Final = "-wal"

_ADVICE: Final = {
    sqlite3.SQLITE_BUSY: "another process is writing to it; wait until that run has ended, then try again",
    sqlite3.SQLITE_LOCKED: "another process is writing to it; wait until that run has ended, then try again",
    sqlite3.SQLITE_FULL: "the disk is full; free some space and start again, finished checks are kept",
    sqlite3.SQLITE_READONLY: "it can't be written; check the permissions of the file and of its directory",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened; check the path and the permissions of its directory",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write it; check the disk, then start again",
    sqlite3.SQLITE_CORRUPT: "it is damaged; put a backup in its place, or move it away and rebuild it with"
    " `preserve rejudge`: the captures are in the WARC files",
    sqlite3.SQLITE_NOTADB: "it is not an SQLite file; name the archive's directory with --archive,"
    " or put a backup in its place",
}


def explained(path: Path, error: sqlite3.Error) -> ArchiveError:
    """The error as this project tells it: what happened, where, and what to do next."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    advice = _ADVICE.get(code)
    return ArchiveError(f"ledger {path}: {error}" + (f": {advice}" if advice else ""))


class Database:
    """One connection; calls from several threads are taken one at a time.

    Args:
        connection: open, in autocommit mode.
        path: for messages.

    Attributes:
        undone: transactions that were not committed: what was learned of rows they wrote holds no longer.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self.path, self._lock = connection, path, RLock()
        self.undone = 0

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Every row of a query."""
        try:
            with self._lock:
                return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise explained(self.path, error) from error

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        try:
            with self._lock:
                row: Row | None = self._connection.execute(sql, parameters).fetchone()
                return row
        except sqlite3.Error as error:
            raise explained(self.path, error) from error

    def stream(self, sql: str, parameters: Sequence[Any] = (), size: int = 500) -> Iterator[Row]:
        """The rows of a query, never more than `size` of them in memory."""
        for rows in self.batches(sql, parameters, size):
            yield from rows

    def batches(self, sql: str, parameters: Sequence[Any] = (), size: int = 500) -> Iterator[list[Row]]:
        """The same, in lists of `size` or fewer."""
        with self._lock, self._explaining():
            cursor = self._connection.execute(sql, parameters)
        while True:
            with self._lock, self._explaining():
                rows = cursor.fetchmany(size)
            if not rows:
                return
            yield rows

    def insert(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one INSERT; the new row's number."""
        try:
            with self._lock:
                return self._connection.execute(sql, parameters).lastrowid or 0
        except sqlite3.Error as error:
            raise explained(self.path, error) from error

    def insert_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one INSERT for each of many rows, in their order."""
        try:
            with self._lock:
                self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise explained(self.path, error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when the block has ended."""
        with self._lock:
            with self._explaining():
                self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                with self._explaining():
                    self._connection.execute("COMMIT")
            except BaseException:
                self.undone += 1
                # SQLite itself has undone it already where it failed badly, as on a full disk.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One state of the file for every query of the block, whatever a run writes meanwhile."""
        with self._lock, self._explaining():
            begun = not self._connection.in_transaction
            if begun:
                self._connection.execute("BEGIN")
        try:
            yield
        finally:
            # Closed meanwhile, as when a reader of the output went away: the transaction ended with it.
            with self._lock, self._explaining(), suppress(sqlite3.ProgrammingError):
                if begun and self._connection.in_transaction:
                    self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close; harmless when closed already."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explained(self.path, error) from error


def open_for_writing(path: Path, steps: Steps = STEPS) -> Database:
    """Open the ledger, made or brought up to date first where needed.

    Args:
        path: the file; its directory is made when missing.
        steps: the migrations.

    Raises:
        ArchiveError: not a ledger, written by a newer version, damaged, or not to be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"archive {path.parent}: {error.strerror}: check the path and its permissions") from error
    database = _connect(path, "rwc")
    try:
        _must_be_ledger(database, len(steps), fresh_allowed=True)
        database.rows("PRAGMA journal_mode = WAL")
        database.rows("PRAGMA synchronous = FULL")
        # Without it INSERT OR REPLACE would remove a row without asking the triggers.
        database.rows("PRAGMA recursive_triggers = ON")
        database.rows("PRAGMA foreign_keys = ON")
        migrate(database, steps)
    except BaseException:
        database.close()
        raise
    return database


def open_for_reading(path: Path, steps: Steps = STEPS) -> Database:
    """Open the ledger to read it, on a read-only medium too; a run may be writing to it meanwhile.

    Raises:
        ArchiveError: missing, not a ledger, of another schema version, or damaged.
    """
    if not path.is_file():
        raise ArchiveError(
            f"no ledger at {path}: run `preserve verify` first, or name the archive's directory with --archive"
        )
    # "rw" only so that SQLite may tidy its -wal and -shm files away at the end; query_only: no writes.
    database = _connect(path, "rw")
    try:
        try:
            database.rows("PRAGMA query_only = ON")
            version = _must_be_ledger(database, len(steps), fresh_allowed=False)
        except ArchiveError as error:
            database.close()
            if not _for_want_of_writing(error):
                raise
            # On a read-only medium those files can't be made; nobody writes there, so nothing moves.
            database = _copied(path) if _pending(path) else _connect(path, "ro&immutable=1")
            version = _must_be_ledger(database, len(steps), fresh_allowed=False)
        if version < len(steps):
            raise ArchiveError(
                f"ledger {path} has schema version {version}, this preserve reads {len(steps)}: run"
                " `preserve verify` once (on any post) to bring it up to date"
            )
    except BaseException:
        database.close()
        raise
    return database


def migrate(database: Database, steps: Steps) -> None:
    """Run the steps the file has not seen, each in its own transaction."""
    for version in range(_version(database), len(steps)):
        with database.transaction():
            # Seen again under the lock: another process may have been first.
            if _version(database) != version:
                continue
            for statement in steps[version]:
                database.insert(statement)
            database.rows(f"PRAGMA application_id = {APPLICATION_ID}")
            database.rows(f"PRAGMA user_version = {version + 1}")


def _connect(path: Path, mode: str) -> Database:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    except sqlite3.Error as error:
        raise explained(path, error) from error
    database = Database(connection, path)
    # The file may be a stranger's: its views and triggers may call nothing that has side effects.
    database.rows("PRAGMA trusted_schema = OFF")
    return database


def _for_want_of_writing(error: ArchiveError) -> bool:
    """Whether SQLite failed because it could not make its -wal and -shm files."""
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def _copied(path: Path) -> Database:
    """A copy of the ledger, opened: what a killed run left in the write-ahead log is read where SQLite may write.

    The copy has no name any more once it is open, so that it ends with the process.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="preserve-") as folder:
            for suffix in ("", _LOG):
                shutil.copyfile(path.with_name(path.name + suffix), Path(folder) / (path.name + suffix))
            database = _connect(Path(folder) / path.name, "rw")
            database.path = path
            database.rows("PRAGMA query_only = ON")
            _version(database)
    except OSError as error:
        raise ArchiveError(
            f"ledger {path}: a killed run left its write-ahead log here, which can't be read without writing, nor"
            f" copied to {tempfile.gettempdir()}: {error.strerror}: make room there or name another place in TMPDIR"
        ) from error
    return database


def _must_be_ledger(database: Database, known: int, *, fresh_allowed: bool) -> int:
    """The file's schema version, where it is a ledger this version can use."""
    application = (database.one("PRAGMA application_id") or (0,))[0]
    version = _version(database)
    if application != APPLICATION_ID:
        empty = database.one("SELECT 1 FROM sqlite_master") is None
        if not (fresh_allowed and empty and application == 0):
            raise ArchiveError(
                f"{database.path} is an SQLite file but not a ledger of preserve: name the archive's"
                " directory with --archive, or move the file away"
            )
    if version > known:
        raise ArchiveError(
            f"ledger {database.path} has schema version {version}, this preserve knows up to {known}: update"
            " preserve, or name another archive with --archive"
        )
    return version


def _version(database: Database) -> int:
    row = database.one("PRAGMA user_version")
    return int(row[0]) if row else 0


def _pending(path: Path) -> bool:
    """Whether a write-ahead log holds something that the file itself has not got yet."""
    log = path.with_name(path.name + _LOG)
    return log.is_file() and log.stat().st_size > 0
