"""Owns the ledger as the application sees it: runs, checks, and the questions asked of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from preserve.leaves import EntryKind, capture_entry, check_entry
from preserve.ledger.auditing import Examination
from preserve.ledger.captures import Captures
from preserve.ledger.codec import (
    pack_json,
    pack_text,
    pack_time,
    unpack_digest,
    unpack_moment,
    unpack_text,
    unpack_time,
)
from preserve.ledger.database import Database, open_for_reading, open_for_writing
from preserve.ledger.lines import Lines
from preserve.ledger.log import Log, LoggedCheckpoint, LoggedFile, LoggedStamp, leaf
from preserve.ledger.precedents import Precedents
from preserve.ledger.rejudging import Rejudging
from preserve.ledger.reporting import Reporting
from preserve.ledger.schema import REBUILD_LATEST
from preserve.ledger.texts import Texts
from preserve.ledger.values import Incident, RunPlan, RunState, UnfinishedRun
from preserve.model import ArchivedCapture, Check

# The last by number: an entry before it may have a later time, where the clock was set back.
_LAST_TIMES: Final = """
SELECT
    (SELECT started_at FROM runs WHERE id = (SELECT max(id) FROM runs)),
    (SELECT ended_at FROM run_ends WHERE run_id = (SELECT max(id) FROM runs)),
    (SELECT checked_at FROM checks WHERE id = (SELECT max(id) FROM checks))
"""

# Host, source, and the digests of the blocks its page showed.
PageBlocks = tuple[str, str, Iterable[str]]


class Ledger(Lines, Captures):
    """An open ledger; made by `create_or_open` or `open_readonly`.

    It only grows. Every method raises `ArchiveError` when the file can't be read or written. Calls from
    several threads are taken one at a time; one process writes, others may read meanwhile.

    Args:
        database: the open file.

    Attributes:
        log: what was logged.
        examination: what an audit asks.
        rejudging: what judging again asks and adds.
        reporting: what a report asks.
        texts: where the archive's texts lie.
        precedents: the checks that new ones may follow.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.log = Log(database, self._reader)
        self.examination = Examination(database, self._reader)
        self.rejudging = Rejudging(database, self._reader, self._writer, self.log)
        self.reporting = Reporting(database)
        self.texts = Texts(database, self._reader)
        self.precedents = Precedents(database, self._reader)

    @classmethod
    def create_or_open(cls, path: Path) -> Self:
        """Open the ledger at `path` to write, made or brought up to date first where needed.

        Raises:
            ArchiveError: not a ledger, of a newer schema, damaged, or not to be written.
        """
        return cls(open_for_writing(path))

    @classmethod
    def open_readonly(cls, path: Path) -> Self:
        """Open the ledger at `path` to read; a run may be writing to it meanwhile.

        Raises:
            ArchiveError: missing, not a ledger, of another schema, or damaged.
        """
        return cls(open_for_reading(path))

    @property
    def path(self) -> Path:
        """Its file."""
        return self._database.path

    def close(self) -> None:
        """Close the file; harmless when closed already."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------ runs

    def begin_run(self, plan: RunPlan) -> int:
        """Note that a run begins; its number."""
        with self._database.transaction():
            run = self._database.insert(
                "INSERT INTO runs (started_at, arguments, settings, software, kind) VALUES (?, ?, ?, ?, ?)",
                (
                    pack_time(plan.started_at),
                    pack_json(plan.posts_arguments),
                    plan.settings,
                    plan.software,
                    plan.kind or None,
                ),
            )
            self.log.append_from_row(EntryKind.RUN, run)
        return run

    def unfinished_run(self) -> UnfinishedRun | None:
        """The last run that visits, when it has no end; None when it has, or there is none."""
        row = self._database.one(
            "SELECT id, started_at, arguments, (SELECT count(*) FROM checks WHERE run_id = runs.id) FROM runs"
            " WHERE id = (SELECT max(id) FROM runs WHERE kind IS NULL) AND id NOT IN (SELECT run_id FROM run_ends)"
        )
        if row is None:
            return None
        return UnfinishedRun(row[0], unpack_time(row[1]), tuple(json.loads(row[2])), row[3])

    def visits(self) -> list[tuple[int, datetime]]:
        """Every run that visits, and when it began."""
        rows = self._database.rows("SELECT id, started_at FROM runs WHERE kind IS NULL ORDER BY id")
        return [(run, unpack_time(begun)) for run, begun in rows]

    def last_time(self) -> datetime | None:
        """When the last entry was made, by the clock of then; None without one."""
        began, ended, checked = self._database.one(_LAST_TIMES) or (None, None, None)
        times = [unpack_time(text) for text in (began, ended) if text is not None]
        return max([*times, *([] if checked is None else [unpack_moment(checked)])], default=None)

    def end_run(self, run: int, ended_at: datetime, state: RunState) -> None:
        """Note how a run ended.

        Raises:
            ArchiveError: no such run, or it has ended already.
        """
        with self._database.transaction():
            self._database.insert("INSERT INTO run_ends VALUES (?, ?, ?)", (run, pack_time(ended_at), str(state)))
            self.log.append_from_row(EntryKind.RUN_END, run)

    def posts_checked_in(self, run: int) -> set[str]:
        """The posts that have a check in `run`."""
        rows = self._database.stream(
            "SELECT path FROM checks JOIN posts ON posts.id = post_id WHERE run_id = ?", (run,)
        )
        return {unpack_text(path) for (path,) in rows}

    # ------------------------------------------------------------ checks

    def append(
        self,
        run: int,
        checks: Sequence[Check],
        blocks: Iterable[PageBlocks] = (),
        captures: Iterable[ArchivedCapture] = (),
    ) -> None:
        """Add checks, all or none; they are on disk when this returns.

        Args:
            run: its number.
            checks: of posts that have none in this run yet.
            blocks: what their pages teach about their hosts, as `add_blocks` takes it.
            captures: made beside them (robots.txt), so that what they brought need not be stored again.

        Raises:
            ArchiveError: no such run, or a post that has a check in it already.
            ValueError: a time without time zone, a number that is not finite.
        """
        with self._database.transaction():
            for host, source, digests in blocks:  # first: as if they had been committed by themselves
                self._writer.blocks(host, source, digests)
            leaves = [
                leaf(EntryKind.CHECK, self._writer.check(run, check), check_entry(run, check)) for check in checks
            ]
            for capture in captures:
                leaves.append(leaf(EntryKind.CAPTURE, self._writer.capture(capture), capture_entry(capture)))
            self.log.append_all(leaves)

    def began_at(self) -> datetime | None:
        """When the first run began; None without one. It tells one archive from another."""
        row = self._database.one("SELECT started_at FROM runs ORDER BY id LIMIT 1")
        return None if row is None else unpack_time(row[0])

    def rebuild_latest(self) -> None:
        """Derive the table of latest checks anew from the checks themselves."""
        with self._database.transaction():
            for statement in REBUILD_LATEST:
                self._database.insert(statement)

    # ------------------------------------------------------------ captures and records

    # ------------------------------------------------------------ the log

    def add_files(self, files: Iterable[LoggedFile]) -> None:
        """Log WARC files that were closed.

        Raises:
            ArchiveError: one is logged already.
        """
        with self._database.transaction():
            for file in files:
                self.log.append_file(self._writer.numbers.of("file", pack_text(file.file)), file)

    def add_checkpoint(self, made: LoggedCheckpoint) -> None:
        """Log a checkpoint that is on disk.

        Raises:
            ArchiveError: there is one of that size already.
        """
        with self._database.transaction():
            self.log.append_checkpoint(made)

    def add_stamp(self, stamp: LoggedStamp) -> None:
        """Log a time stamp that is on disk.

        Raises:
            ArchiveError: there is one of that name already, or no such checkpoint.
        """
        with self._database.transaction():
            self.log.append_stamp(stamp)

    # ------------------------------------------------------------ what is learned of hosts

    def block_counts(self, host: str, *, at_least: int = 1) -> Mapping[str, int]:
        """How many distinct sources of a host showed a block that the stored copy does not explain.

        Args:
            host: in lower case, without port.
            at_least: blocks of fewer sources are left out.

        Returns:
            Block digest to number of sources, counted up to `writing.ENOUGH_SOURCES`.
        """
        rows = self._database.rows(
            "SELECT digest, count(*) FROM template_blocks WHERE host_id ="
            " (SELECT id FROM hosts WHERE host = ?) GROUP BY digest HAVING count(*) >= ?",
            (pack_text(host), at_least),
        )
        return {unpack_digest(digest): count for digest, count in rows}

    def add_blocks(self, host: str, source: str, digests: Iterable[str]) -> None:
        """Note the unexplained blocks of one source's page; what is noted already is passed over."""
        self.append(0, (), ((host, source, digests),))

    def add_incident(self, run: int, host: str, kind: str, count: int, of: int) -> None:
        """Note that `count` of the `of` checks of a host failed alike in a run."""
        with self._database.transaction():
            host_id = self._writer.numbers.of("host", pack_text(host))
            self._database.insert("INSERT INTO incidents VALUES (?, ?, ?, ?, ?)", (run, host_id, kind, count, of))

    def incidents(self, run: int) -> tuple[Incident, ...]:
        """The incidents of a run, by host."""
        rows = self._database.rows(
            "SELECT host, kind, failed, asked FROM incidents JOIN hosts ON hosts.id = host_id"
            " WHERE run_id = ? ORDER BY host, kind",
            (run,),
        )
        return tuple(Incident(unpack_text(host), kind, failed, asked) for host, kind, failed, asked in rows)
