"""Owns the questions by which the ledger is held against itself and against the WARC files. Reads only."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from preserve.leaves import EntryKind
from preserve.ledger.codec import (
    pack_record_id,
    pack_text,
    unpack_digest,
    unpack_record,
    unpack_text,
    unpack_version,
)
from preserve.ledger.database import Database
from preserve.ledger.reading import Reader
from preserve.ledger.schema import LAST_CHECKS, STEPS
from preserve.model import ArchivedCapture, PostVersion, RecordRef
from preserve.urls import host_of


@dataclass(frozen=True, slots=True)
class WitnessedPost:
    """A post's bytes as the ledger has them: their record, labelled digest, and what git said of them."""

    post: str
    digest: str
    record: RecordRef
    version: PostVersion | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """Rows of the ledger whose records should lie in a stretch of a file.

    Attributes:
        file: its final name.
        start, end: from which offset on, and before which; None where the stretch has no bound on that side.
        captures, copies: the numbers between which the rows are, the first and the last; by them the rows are found
            without an index. None where there are no such rows.
    """

    file: str
    start: int | None
    end: int | None
    captures: tuple[int, int] | None
    copies: tuple[int, int] | None


@dataclass(slots=True)
class Layout:
    """What the ledger says lies in a file.

    Attributes:
        step: bytes of a part.
        rows: captures and stored copies.
        cuts: where captures begin, one in each part that has one, in order.
        captures, copies: by part, the least and the greatest number of the rows whose records lie in it.
        originals: offsets of the responses that revisits repeat, in order.
    """

    step: int
    rows: int = 0
    cuts: list[int] = field(default_factory=list)
    captures: dict[int, tuple[int, int]] = field(default_factory=dict)
    copies: dict[int, tuple[int, int]] = field(default_factory=dict)
    originals: list[int] = field(default_factory=list)

    def region(self, file: str, start: int | None, end: int | None) -> Region:
        """The rows of a stretch of this file."""
        between = (start, end)
        return Region(file, start, end, self._span(self.captures, between), self._span(self.copies, between))

    def _span(
        self, parts: Mapping[int, tuple[int, int]], between: tuple[int | None, int | None]
    ) -> tuple[int, int] | None:
        start, end = between
        spans = [
            span
            for part, span in parts.items()
            if (start is None or part >= start // self.step) and (end is None or part * self.step < end)
        ]
        return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None


_LOGGED: Final = {
    EntryKind.RUN: "SELECT id, 'run ' || id FROM runs WHERE id",
    EntryKind.CHECK: "SELECT checks.id, path || ' in run ' || run_id FROM checks JOIN posts ON posts.id = post_id"
    " WHERE checks.id",
    EntryKind.RUN_END: "SELECT run_id, 'the end of run ' || run_id FROM run_ends WHERE run_id",
    EntryKind.FILE: "SELECT warc_digests.id, file FROM warc_digests JOIN files ON files.id = file_id"
    " WHERE warc_digests.id",
    EntryKind.CHECKPOINT: "SELECT size, 'the checkpoint of size ' || size FROM checkpoints WHERE size",
    EntryKind.STAMP: "SELECT id, file FROM stamps WHERE id",
    EntryKind.REJUDGEMENT: "SELECT rejudgements.id, path || ' in run ' || checks.run_id || ', judged again in run ' ||"
    " rejudgements.run_id FROM rejudgements JOIN checks ON checks.id = check_id JOIN posts ON posts.id = post_id"
    " WHERE rejudgements.id",
}
_WRONG_LATEST: Final = f"""
SELECT post_id FROM (
    SELECT post_id, check_id, verdict, reason, source_id FROM latest EXCEPT {LAST_CHECKS})
UNION SELECT post_id FROM (
    {LAST_CHECKS} EXCEPT SELECT post_id, check_id, verdict, reason, source_id FROM latest)
"""  # noqa: S608 - put together from constants


_CAPTURE_PARTS: Final = """
SELECT file, summary_offset / ?1, min(captures.id), max(captures.id), count(*)
FROM captures JOIN files ON files.id = file_id GROUP BY file_id, 2
"""
_COPY_PARTS: Final = """
SELECT file, offset / ?1, min(stored_copies.id), max(stored_copies.id), count(*)
FROM stored_copies JOIN files ON files.id = file_id GROUP BY file_id, 2
"""
_CUTS: Final = """
SELECT file, min(coalesce(first_offset, summary_offset)) FROM captures JOIN files ON files.id = file_id
GROUP BY file_id, coalesce(first_offset, summary_offset) / ?1 ORDER BY 2
"""
_CAPTURES_IN: Final = """
SELECT summary_offset, id FROM captures
WHERE id BETWEEN ?1 AND ?2 AND file_id = (SELECT id FROM files WHERE file = ?3)
AND (?4 IS NULL OR summary_offset >= ?4) AND (?5 IS NULL OR summary_offset < ?5) ORDER BY summary_offset
"""
_COPIES_IN: Final = """
SELECT path, digest, commit_state, commit_id, committed_at, record, file, offset, length
FROM stored_copies JOIN posts ON posts.id = post_id JOIN files ON files.id = file_id
WHERE stored_copies.id BETWEEN ?1 AND ?2 AND file = ?3
AND (?4 IS NULL OR offset >= ?4) AND (?5 IS NULL OR offset < ?5) ORDER BY offset
"""


def _bounds(region: Region, numbers: tuple[int, int] | None) -> tuple[Any, ...]:
    return (*(numbers or (1, 0)), pack_text(region.file), region.start, region.end)


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

    def layout(self, step: int) -> dict[str, Layout]:
        """What lies in which file, by the file's name, in parts of `step` bytes; of the rows only their bounds.

        Raises:
            ArchiveError: the rows can't be read.
        """
        found: dict[str, Layout] = {}
        for is_copies, sql in enumerate((_CAPTURE_PARTS, _COPY_PARTS)):
            for file, part, first, last, count in self._database.rows(sql, (step,)):
                layout = found.setdefault(unpack_text(file), Layout(step))
                layout.rows += count
                # What is no number lies nowhere, and is missed when the rows are counted.
                (layout.copies if is_copies else layout.captures)[part if isinstance(part, int) else -1] = (first, last)
        for file, offset in self._database.rows(_CUTS, (step,)):
            if isinstance(offset, int):
                found[unpack_text(file)].cuts.append(offset)
        for ref in self.originals():
            found.setdefault(ref.file, Layout(step)).originals.append(ref.offset)
        return found

    def expected_in(self, region: Region) -> Iterator[tuple[int, ArchivedCapture | WitnessedPost]]:
        """What should lie there: captures by their last record, stored copies; in order of offset.

        Raises:
            ArchiveError: a row can't be read.
            ValueError: a row holds what can't be there.
        """
        captures: Iterator[tuple[int, ArchivedCapture | WitnessedPost]] = self._captures_in(region)
        both = heapq.merge(captures, self._posts_in(region), key=lambda pair: pair[0])
        for offset, wanted in both:
            if not isinstance(offset, int):
                raise ValueError(f"{offset!r} is no offset")
            yield offset, wanted

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

    def _captures_in(self, region: Region) -> Iterator[tuple[int, ArchivedCapture]]:
        for rows in self._database.batches(_CAPTURES_IN, _bounds(region, region.captures)):
            fetched = self._reader.fetched((), [number for _, number in rows])
            for offset, number in rows:
                yield offset, fetched.capture(number)

    def _posts_in(self, region: Region) -> Iterator[tuple[int, WitnessedPost]]:
        for path, digest, *rest in self._database.stream(_COPIES_IN, _bounds(region, region.copies)):
            version, ref = unpack_version(*rest[:3]), unpack_record(*rest[3:])
            yield ref.offset, WitnessedPost(unpack_text(path), unpack_digest(digest), ref, version)

    def _schema_faults(self) -> Iterator[str]:
        # Where tables begin is SQLite's choice; triggers and views have no pages.
        place = "iif(type IN ('trigger', 'view'), rootpage, rootpage > 1)"
        sql = f"SELECT type, name, tbl_name, {place}, sql FROM sqlite_master"  # noqa: S608
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
