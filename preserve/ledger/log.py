"""Owns the log beside the tables: one leaf for each entry, and how an entry is made again from its rows.

A leaf is written in the transaction that writes the rows it stands for, so that a killed run leaves nothing to
mend. What an entry holds is `preserve.leaves`'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from preserve.errors import ArchiveError
from preserve.leaves import (
    EntryKind,
    Manifest,
    RunEndFacts,
    RunFacts,
    capture_entry,
    check_entry,
    checkpoint_entry,
    file_entry,
    rejudgement_entry,
    run_end_entry,
    run_entry,
    stamp_entry,
)
from preserve.ledger.codec import UNREADABLE, pack_digest, pack_text, unpack_digest, unpack_text, unpack_time
from preserve.ledger.database import Database, Row
from preserve.ledger.reading import Reader
from preserve.ledger.rows import Fetched
from preserve.merkle import Frontier, leaf_hash
from preserve.model import Check

_HASH_BYTES: Final = 32
_NO_END: Final = (1 << 63) - 1
_CHECKED: Final = """
SELECT path, verdict, reason FROM checks JOIN posts ON posts.id = post_id WHERE run_id = ? ORDER BY checks.id
"""
_JUDGED_AGAIN: Final = """
SELECT path, rejudgements.verdict, rejudgements.reason FROM rejudgements
JOIN checks ON checks.id = check_id JOIN posts ON posts.id = post_id
WHERE rejudgements.run_id = ? ORDER BY rejudgements.id
"""
_LAST: Final = "SELECT max(position) FROM log_leaves"
_APPEND: Final = "INSERT INTO log_leaves VALUES (? + ?, ?, ?, ?)"

Leaf = tuple[int, int, bytes]
"""What a leaf is of, its row's number, its hash."""


def leaf(kind: EntryKind, row: int, entry: bytes) -> Leaf:
    """The leaf of an entry whose row was just written."""
    return int(kind), row, leaf_hash(entry)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One leaf, and what the ledger's rows say today.

    Attributes:
        position: in the log, from 0.
        kind: what it tells of; None where that can't be read.
        row: number of the row it stands for.
        hash: the leaf's hash as it was written.
        now: the leaf's hash by today's rows; None where they can't be read or are not there.
        names: what the rows are of (a post, a file), for people; "" where that can't be said.
        problem: why `now` is None; "" otherwise.
    """

    position: int
    kind: EntryKind | None
    row: int
    hash: bytes
    now: bytes | None
    names: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LoggedCheck:
    """A check of the ledger and the leaf it has.

    Attributes:
        run: its number.
        check: as the rows say today.
        position: of its leaf, from 0; None for a check that is older than the log.
    """

    run: int
    check: Check
    position: int | None


@dataclass(frozen=True, slots=True)
class LoggedFile:
    """A closed WARC file: its name, size in bytes, and labelled digest of all its bytes."""

    file: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class LoggedCheckpoint:
    """A checkpoint that was made.

    Attributes:
        size: entries it signs.
        root: over them.
        note: labelled digest of its file.
        peaks: of the tree, so that the next root need not be worked out from the first leaf on.
    """

    size: int
    root: bytes
    note: str
    peaks: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LoggedStamp:
    """A time stamp of a checkpoint: the checkpoint's size, the stamp's file, labelled digest of all its bytes."""

    size: int
    file: str
    digest: str


class Log:
    """Writes leaves and makes entries again.

    Args:
        database: open; for writing where something is to be appended.
        reader: of the same.
    """

    def __init__(self, database: Database, reader: Reader) -> None:
        self._database, self._reader = database, reader

    # ------------------------------------------------------------ writing, in the caller's transaction

    def append(self, kind: EntryKind, row: int, entry: bytes) -> None:
        """Log an entry whose row was just written."""
        self.append_all((leaf(kind, row, entry),))

    def append_all(self, leaves: Iterable[Leaf]) -> None:
        """Log entries whose rows were just written, in this order."""
        found = list(leaves)  # first: making them may write rows
        last = self._database.one(_LAST) if found else None
        before = -1 if last is None or last[0] is None else last[0]
        self._database.insert_many(_APPEND, [(before, place, *one) for place, one in enumerate(found, 1)])

    def append_from_row(self, kind: EntryKind, row: int) -> None:
        """Log a row by what it says now that it is written."""
        self.append(kind, row, self._entry(kind, row, self._reader.fetched((), ()))[0])

    def append_file(self, file_id: int, file: LoggedFile) -> None:
        """Note and log a closed WARC file."""
        values = (file_id, file.size, pack_digest(file.digest))
        row = self._database.insert("INSERT INTO warc_digests VALUES (NULL, ?, ?, ?)", values)
        self.append(EntryKind.FILE, row, file_entry(file.file, file.size, file.digest))

    def append_checkpoint(self, made: LoggedCheckpoint) -> None:
        """Note and log a checkpoint."""
        values = (made.size, made.root, pack_digest(made.note), b"".join(made.peaks))
        self._database.insert("INSERT INTO checkpoints VALUES (?, ?, ?, ?)", values)
        self.append(EntryKind.CHECKPOINT, made.size, checkpoint_entry(made.size, made.root, made.note))

    def append_stamp(self, stamp: LoggedStamp) -> None:
        """Note and log a time stamp."""
        values = (stamp.size, stamp.file, pack_digest(stamp.digest))
        row = self._database.insert("INSERT INTO stamps VALUES (NULL, ?, ?, ?)", values)
        self.append(EntryKind.STAMP, row, stamp_entry(stamp.size, stamp.file, stamp.digest))

    # ------------------------------------------------------------ reading

    def frontier(self) -> Frontier:
        """The tree over all leaves, taken up from the last checkpoint."""
        row = self._database.one("SELECT size, peaks FROM checkpoints ORDER BY size DESC LIMIT 1")
        frontier = Frontier() if row is None else Frontier(row[0], _peaks(row[1]))
        sql = "SELECT hash FROM log_leaves WHERE position >= ? ORDER BY position"
        for (leaf,) in self._database.stream(sql, (frontier.size,), size=5000):
            frontier.append(leaf)
        return frontier

    def first_leaf(self) -> bytes | None:
        """The hash of the first leaf; None where nothing is logged."""
        row = self._database.one("SELECT hash FROM log_leaves WHERE position = 0")
        return None if row is None else bytes(row[0])

    def leaves(self) -> Iterator[bytes]:
        """The hashes of all leaves, in order; streamed."""
        for (leaf,) in self._database.stream("SELECT hash FROM log_leaves ORDER BY position", size=5000):
            yield leaf if isinstance(leaf, bytes) else b""

    def checks_of(self, post: str) -> Iterator[LoggedCheck]:
        """Every check of a post, oldest first, with the place it has in the log."""
        mine = "SELECT id FROM checks WHERE post_id = (SELECT id FROM posts WHERE path = ?)"
        sql = f"SELECT row, position FROM log_leaves WHERE kind = ? AND row IN ({mine})"  # noqa: S608
        places: dict[int, int] = dict(self._database.rows(sql, (int(EntryKind.CHECK), pack_text(post))))
        rows = [row for (row,) in self._database.rows(f"{mine} ORDER BY id", (pack_text(post),))]
        fetched = self._reader.fetched(rows, ())
        for row in rows:
            run, check = fetched.check(row)
            yield LoggedCheck(run, check, places.get(row))

    def size(self) -> int:
        """How many leaves there are, those missing in between counted."""
        row = self._database.one("SELECT coalesce(max(position), -1) + 1 FROM log_leaves")
        return 0 if row is None else int(row[0])

    def entries(self, first: int = 0, end: int | None = None) -> Iterator[LogEntry]:
        """The leaves in order, beside what the rows say now; streamed.

        Args:
            first, end: the positions to begin at, and to end before; None for all that follow.

        Raises:
            ArchiveError: the leaves themselves can't be read.
        """
        sql = "SELECT * FROM log_leaves WHERE position >= ? AND position < ? ORDER BY position"
        for rows in self._database.batches(sql, (first, _NO_END if end is None else end)):
            kinds = (EntryKind.CHECK, EntryKind.CAPTURE, EntryKind.REJUDGEMENT)
            fetched = self._reader.fetched(*([row[2] for row in rows if row[1] == kind] for kind in kinds))
            for row in rows:
                yield self._beside(row, fetched)

    def _beside(self, leaf: Row, fetched: Fetched) -> LogEntry:
        position, kind, row, written = leaf
        _number(position)
        written = bytes(written) if isinstance(written, bytes) else b""
        try:
            known = EntryKind(kind)
            entry, names = self._entry(known, row, fetched)
        except (ArchiveError, *UNREADABLE) as error:
            found = kind if isinstance(kind, int) else 0
            name = EntryKind(found) if found in set(EntryKind) else None
            return LogEntry(position, name, row, written, None, problem=str(error))
        return LogEntry(position, known, row, written, leaf_hash(entry), names)

    def files(self) -> Iterator[LoggedFile]:
        """The closed WARC files that are logged, in the order they were."""
        rows = self._database.stream(
            "SELECT file, size, digest FROM warc_digests JOIN files ON files.id = file_id ORDER BY warc_digests.id"
        )
        for file, size, labelled in rows:
            yield LoggedFile(unpack_text(file), _number(size), unpack_digest(labelled))

    def checkpoints(self) -> Iterator[LoggedCheckpoint]:
        """The checkpoints that were made, by size.

        Raises:
            ArchiveError: one can't be read.
            ValueError, TypeError: one holds what can't be there.
        """
        for size, root, note, peaks in self._database.rows("SELECT * FROM checkpoints ORDER BY size"):
            yield LoggedCheckpoint(_number(size), _bytes(root), unpack_digest(note), _peaks(_bytes(peaks)))

    def stamps(self) -> Iterator[LoggedStamp]:
        """The time stamps that are logged, in the order they were.

        Raises:
            ArchiveError: one can't be read.
        """
        for size, file, labelled in self._database.rows("SELECT size, file, digest FROM stamps ORDER BY id"):
            yield LoggedStamp(_number(size), unpack_text(file), unpack_digest(labelled))

    # ------------------------------------------------------------ an entry from its rows

    def _entry(self, kind: EntryKind, row: int, fetched: Fetched) -> tuple[bytes, str]:
        """The entry a row stands for, and what to call it; ValueError where the row is not there."""
        if kind is EntryKind.CHECK:
            run, check = fetched.check(row)
            return check_entry(run, check), f"{check.post} in run {run}"
        if kind is EntryKind.REJUDGEMENT:
            run, again = fetched.rejudgement(row)
            names = f"{again.check.post} in run {again.run}, judged again in run {run}"
            return rejudgement_entry(run, again), names
        if kind is EntryKind.CAPTURE:
            capture = fetched.capture(row)
            return capture_entry(capture), f"{capture.url}, captured {capture.captured_at:%Y-%m-%d %H:%M} UTC"
        make = {
            EntryKind.RUN: self._run,
            EntryKind.RUN_END: self._run_end,
            EntryKind.FILE: self._file,
            EntryKind.CHECKPOINT: self._checkpoint,
            EntryKind.STAMP: self._stamp,
        }
        return make[kind](row)

    def _run(self, row: int) -> tuple[bytes, str]:
        found = self._one("SELECT started_at, arguments, settings, software, kind FROM runs WHERE id = ?", row)
        started, arguments, settings, software, kind = found
        facts = RunFacts(row, unpack_time(started), tuple(json.loads(arguments)), settings, software, kind or "")
        return run_entry(facts), f"run {row}"

    def _run_end(self, row: int) -> tuple[bytes, str]:
        ended, state = self._one("SELECT ended_at, state FROM run_ends WHERE run_id = ?", row)
        manifest = self._manifest(row)
        incidents = self._database.rows(
            "SELECT host, kind, failed, asked FROM incidents JOIN hosts ON hosts.id = host_id"
            " WHERE run_id = ? ORDER BY host, kind",
            (row,),
        )
        facts = RunEndFacts(
            run=row,
            ended_at=unpack_time(ended),
            state=state,
            checks=manifest.checks,
            manifest=manifest.digest,
            incidents=tuple((unpack_text(host), kind, failed, asked) for host, kind, failed, asked in incidents),
        )
        return run_end_entry(facts), f"the end of run {row}"

    def _manifest(self, run: int) -> Manifest:
        manifest = Manifest()
        for sql in (_CHECKED, _JUDGED_AGAIN):  # a run has the ones or the others
            for path, verdict, reason in self._database.stream(sql, (run,), size=5000):
                manifest.add(unpack_text(path), verdict, reason)
        return manifest

    def _file(self, row: int) -> tuple[bytes, str]:
        sql = "SELECT file, size, digest FROM warc_digests JOIN files ON files.id = file_id WHERE warc_digests.id = ?"
        file, size, labelled = self._one(sql, row)
        return file_entry(unpack_text(file), size, unpack_digest(labelled)), unpack_text(file)

    def _checkpoint(self, row: int) -> tuple[bytes, str]:
        root, note = self._one("SELECT root, note FROM checkpoints WHERE size = ?", row)
        return checkpoint_entry(row, _bytes(root), unpack_digest(note)), f"the checkpoint of size {row}"

    def _stamp(self, row: int) -> tuple[bytes, str]:
        size, file, labelled = self._one("SELECT size, file, digest FROM stamps WHERE id = ?", row)
        return stamp_entry(size, file, unpack_digest(labelled)), file

    def _one(self, sql: str, row: int) -> Row:
        found = self._database.one(sql, (row,))
        if found is None:
            raise ValueError(f"row {row} is not there")
        return found


def _number(value: Any) -> int:
    """A column that should hold a number; ValueError where it does not, as after damage to the schema."""
    if not isinstance(value, int):
        raise ValueError(f"{value!r} is no number")
    return value


def _bytes(value: Any) -> bytes:
    """A column that should hold bytes; likewise."""
    if not isinstance(value, bytes):
        raise ValueError(f"{value!r} is not bytes")
    return value


def _peaks(packed: bytes) -> tuple[bytes, ...]:
    return tuple(packed[start : start + _HASH_BYTES] for start in range(0, len(packed), _HASH_BYTES))
