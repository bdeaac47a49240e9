"""Owns the questions by which the ledger is held against itself and against the WARC files. Reads only."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from preserve.leaves import EntryKind
from preserve.ledger.codec import pack_record_id, unpack_digest, unpack_record, unpack_text, unpack_version
from preserve.ledger.database import Database
from preserve.ledger.reading import Reader
from preserve.ledger.schema import STEPS
from preserve.model import ArchivedCapture, PostVersion, RecordRef
from preserve.urls import host_of


@dataclass(frozen=True, slots=True)
class WitnessedPost:
    """A post's bytes as the ledger has them: their record, labelled digest, and what git said of them."""

    post: str
    digest: str
    record: RecordRef
    version: PostVersion | None = None


_LOGGED: Final = {
    EntryKind.RUN: "SELECT id, 'run ' || id FROM runs WHERE id",
    EntryKind.CHECK: "SELECT checks.id, path || ' in run ' || run_id FROM checks JOIN posts ON posts.id = post_id"
    " WHERE checks.id",
    EntryKind.RUN_END: "SELECT run_id, 'the end of run ' || run_id FROM run_ends WHERE run_id",
    EntryKind.FILE: "SELECT warc_digests.id, file FROM warc_digests JOIN files ON files.id = file_id"
    " WHERE warc_digests.id",
    EntryKind.CHECKPOINT: "SELECT size, 'the checkpoint of size ' || size FROM checkpoints WHERE size",
    EntryKind.STAMP: "SELECT id, file FROM stamps WHERE id",
}
_WRONG_LATEST: Final = """
SELECT post_id FROM (
    SELECT post_id, check_id, verdict, reason, source_id FROM latest
    EXCEPT SELECT post_id, max(id), verdict, reason, source_id FROM checks GROUP BY post_id)
UNION SELECT post_id FROM (
    SELECT post_id, max(id), verdict, reason, source_id FROM checks GROUP BY post_id
    EXCEPT SELECT post_id, check_id, verdict, reason, source_id FROM latest)
"""


class Examination:
    """The ledger under examination.

    Args:
        database: open for reading.
        reader: of the same.
    """

    def __init__(self, database: Database, reader: Reader) -> None:
        self._database, self._reader = database, reader

    def faults(self) -> Iterator[str]:
        """What is wrong with the file or its tables whatever they say, one line each.

        Raises:
            ArchiveError: the file is too damaged to ask.
        """
        for (line,) in self._database.stream("PRAGMA integrity_check"):
            if line != "ok":
                yield f"SQLite says: {line}"
        for table, row, parent, _ in self._database.rows("PRAGMA foreign_key_check"):
            yield f"row {row} of {table} refers to a row of {parent} that is not there"
        yield from self._schema_faults()
        for number, digest, content in self._database.stream("SELECT id, digest, content FROM details"):
            if sha256(str(content).encode("utf-8", "surrogatepass")).digest() != digest:
                yield f"row {number} of details is not what its digest says"
        for url, host in self._database.stream("SELECT url, host FROM urls JOIN hosts ON hosts.id = host_id"):
            if host_of(unpack_text(url).strip()) != unpack_text(host):
                yield f"{unpack_text(url)} is put down to the host {unpack_text(host)}"
        for (post,) in self._database.rows(_WRONG_LATEST):
            yield f"row {post} of latest is not the last check of its post; it is derived, and can be made anew"

    def unlogged(self, kind: EntryKind) -> Iterator[str]:
        """Rows of a kind that have no leaf although the log had begun, by name."""
        column = _LOGGED[kind].rpartition(" ")[2]
        logged = "SELECT row FROM log_leaves WHERE kind = ?1"
        sql = f"{_LOGGED[kind]} NOT IN ({logged})"
        if kind is EntryKind.CHECK:  # those before the first that was logged are older than the log
            sql += f" AND {column} >= (SELECT coalesce(min(row), 0) FROM ({logged}))"  # noqa: S608
        for _, name in self._database.stream(sql, (int(kind),)):
            yield unpack_text(name)

    def before_the_log(self) -> int:
        """Checks that are older than the log."""
        row = self._database.one(
            "SELECT count(*) FROM checks WHERE id < (SELECT min(row) FROM log_leaves WHERE kind = ?)",
            (int(EntryKind.CHECK),),
        )
        return 0 if row is None else int(row[0])

    def files(self) -> tuple[str, ...]:
        """The WARC files that captures or stored copies lie in."""
        rows = self._database.rows(
            "SELECT file FROM files WHERE id IN (SELECT file_id FROM captures)"
            " OR id IN (SELECT file_id FROM stored_copies) ORDER BY file"
        )
        return tuple(unpack_text(file) for (file,) in rows)

    def expected_in(self, file: str) -> Iterator[tuple[int, ArchivedCapture | WitnessedPost]]:
        """What should lie in a file: captures by their last record, stored copies; in order of offset.

        Raises:
            ArchiveError: a row can't be read.
        """
        return heapq.merge(self._captures_in(file), self._posts_in(file), key=lambda pair: pair[0])

    def originals(self) -> Iterator[RecordRef]:
        """The records that revisits refer to, each once."""
        rows = self._database.stream(
            "SELECT DISTINCT original_record, file, original_offset, original_length FROM exchanges"
            " JOIN files ON files.id = original_file_id ORDER BY file, original_offset"
        )
        for row in rows:
            yield unpack_record(*row)

    def posts_resting_on(self, record_id: str) -> tuple[str, ...]:
        """The posts with a check whose capture is closed by this record, or revisits it."""
        rows = self._database.rows(
            "SELECT DISTINCT path FROM checks JOIN posts ON posts.id = post_id WHERE capture_id IN"
            " (SELECT id FROM captures WHERE summary_record = ?1 UNION"
            " SELECT capture_id FROM exchanges WHERE original_record = ?1) ORDER BY path",
            (pack_record_id(record_id),),
        )
        return tuple(unpack_text(path) for (path,) in rows)

    def _captures_in(self, file: str) -> Iterator[tuple[int, ArchivedCapture]]:
        sql = (
            "SELECT summary_offset, id FROM captures WHERE file_id = (SELECT id FROM files WHERE file = ?)"
            " ORDER BY summary_offset"
        )
        for offset, number in self._database.stream(sql, (file,)):
            yield offset, self._reader.capture(number)

    def _posts_in(self, file: str) -> Iterator[tuple[int, WitnessedPost]]:
        sql = (
            "SELECT path, digest, commit_state, commit_id, committed_at, record, file, offset, length"
            " FROM stored_copies JOIN posts ON posts.id = post_id JOIN files ON files.id = file_id"
            " WHERE file = ? ORDER BY offset"
        )
        for path, digest, *rest in self._database.stream(sql, (file,)):
            version, ref = unpack_version(*rest[:3]), unpack_record(*rest[3:])
            yield ref.offset, WitnessedPost(unpack_text(path), unpack_digest(digest), ref, version)

    def _schema_faults(self) -> Iterator[str]:
        sql = "SELECT type, name, tbl_name, sql FROM sqlite_master"
        with closing(sqlite3.connect(":memory:")) as fresh:
            for statement in (statement for step in STEPS for statement in step):
                fresh.execute(statement)
            wanted = {row[1]: row for row in fresh.execute(sql)}
        found = {row[1]: row for row in self._database.rows(sql)}
        for name in sorted(set(wanted) | set(found), key=str):
            if wanted.get(name) != found.get(name):
                kind = (wanted.get(name) or found[name])[0]
                how = "is missing" if name not in found else "is foreign" if name not in wanted else "was changed"
                yield f"{kind} {name} {how}"
