"""Owns the ledger as the application sees it: runs, checks, and the questions asked of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, zip_longest
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from preserve.alterations import Sighting
from preserve.confirm import Observation
from preserve.errors import ArchiveError
from preserve.leaves import EntryKind, capture_entry
from preserve.ledger import reading
from preserve.ledger.auditing import Examination
from preserve.ledger.codec import (
    pack_digest,
    pack_json,
    pack_moment,
    pack_record_id,
    pack_text,
    pack_time,
    unpack_digest,
    unpack_moment,
    unpack_record,
    unpack_text,
    unpack_time,
    unpack_version,
)
from preserve.ledger.database import Database, open_for_reading, open_for_writing
from preserve.ledger.finding import same_source, searches, year_of
from preserve.ledger.log import Log, LoggedCheckpoint, LoggedFile, LoggedStamp
from preserve.ledger.precedents import Precedents
from preserve.ledger.reading import Reader
from preserve.ledger.rejudging import Rejudging
from preserve.ledger.reporting import Reporting
from preserve.ledger.schema import REBUILD_LATEST
from preserve.ledger.texts import Texts
from preserve.ledger.values import (
    Grouping,
    Incident,
    KeptSource,
    RunPlan,
    RunState,
    SummaryRow,
    UnfinishedRun,
)
from preserve.ledger.writing import Writer
from preserve.model import ArchivedCapture, Check, PostVersion, Reason, RecordRef, Verdict

# The checks whose page was the article: what a later capture of the source can be compared with.
WITH_ARTICLE: Final = (Verdict.INTACT, Verdict.EDITED, Verdict.TRUNCATED, Verdict.MOVED)
# Not a check that was made, but one that was put off: due again at once.
PUT_OFF: Final = (Reason.HOST_INCIDENT, Reason.BUDGET)

# Host, source, and the digests of the blocks its page showed.
PageBlocks = tuple[str, str, Iterable[str]]


class Ledger:
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
        self._database, self._reader, self._writer = database, Reader(database), Writer(database)
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

    def last_time(self) -> datetime | None:
        """When the last entry was made, by the clock of then; None without one."""
        began, ended, checked = self._database.one(reading.LAST_TIMES) or (None, None, None)
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
            for check in checks:
                self.log.append_check(self._writer.check(run, check), run, check)
            for host, source, digests in blocks:
                self._writer.blocks(host, source, digests)
            for capture in captures:
                self.log.append(EntryKind.CAPTURE, self._writer.capture(capture), capture_entry(capture))

    def latest(self, post: str) -> Check | None:
        """The last check of a post, or None."""
        return next(self._reader.checks(reading.LATEST_OF_POST, (pack_text(post),)), None)

    def history(self, post: str) -> list[Check]:
        """Every check of a post, oldest first."""
        return list(self._reader.checks(reading.OF_POST, (pack_text(post),)))

    def observations(self, post: str) -> list[Observation]:
        """What each check of a post adds to its standing (`preserve.confirm`), oldest first."""
        return [one for _, one in self._reader.observations(reading.OBSERVED_OF_POST, (pack_text(post),))]

    def all_observations(self) -> Iterator[tuple[str, list[Observation]]]:
        """The same for every post that has a check, streamed."""
        found = self._reader.observations(reading.OBSERVED)
        for post, observed in groupby(found, key=itemgetter(0)):
            yield post, [one for _, one in observed]

    def observations_of(self, verdicts: Collection[Verdict]) -> Iterator[tuple[str, list[Observation]]]:
        """The same for every post whose last check has one of `verdicts`, streamed."""
        sql = reading.OBSERVED_OF_LATEST.format(marks=", ".join("?" * len(verdicts)))
        for post, observed in groupby(self._reader.observations(sql, tuple(verdicts)), key=itemgetter(0)):
            yield post, [one for _, one in observed]

    def more_observations_than(self, bound: int, verdicts: Collection[Verdict]) -> bool:
        """Whether `observations_of(verdicts)` would give more than `bound` observations; quick."""
        sql = reading.COUNT_OF_LATEST.format(marks=", ".join("?" * len(verdicts)))
        row = self._database.one(sql, (*verdicts, bound + 1))
        return row is not None and bool(row[0] > bound)

    def latest_checks(self) -> Iterator[Check]:
        """Every post's last check, in the order they were made, streamed."""
        return self._reader.checks(reading.LATEST)

    def latest_with_observations(self) -> Iterator[tuple[Check, list[Observation]]]:
        """Every post's last check beside what all of its checks observed, in one pass, streamed.

        In the order in which the posts were first checked; what a run adds meanwhile is not in it.

        Raises:
            ArchiveError: the table of latest checks is not what the checks say.
        """
        with self._database.snapshot():
            last = self._reader.checks(reading.LATEST_BY_POST)
            for check, (post, observed) in zip_longest(last, self.all_observations(), fillvalue=(None, None)):
                if not isinstance(check, Check) or check.post != post or observed is None:
                    raise ArchiveError(
                        f"ledger {self._database.path}: the last check of {post} is not where it should be; run"
                        " `preserve audit` for what else is wrong"
                    )
                yield check, observed

    def began_at(self) -> datetime | None:
        """When the first run began; None without one. It tells one archive from another."""
        row = self._database.one("SELECT started_at FROM runs ORDER BY id LIMIT 1")
        return None if row is None else unpack_time(row[0])

    def posts_with(self, fragment: str, most: int) -> tuple[str, ...]:
        """The paths of up to `most` posts that have `fragment` in them, sorted; of all where it is empty."""
        sql = "SELECT path FROM posts WHERE instr(path, ?1) > 0 OR ?1 = '' ORDER BY path LIMIT ?2"
        return tuple(unpack_text(path) for (path,) in self._database.rows(sql, (pack_text(fragment), most)))

    def checks_of(self, run: int) -> Iterator[Check]:
        """The checks of a run, in the order they were made, streamed."""
        return self._reader.checks(reading.OF_RUN, (run,))

    def checks_of_source(self, source: str) -> list[Check]:
        """The latest check of every post that names a source.

        Args:
            source: its URL; http and https, with or without the last slash, are one source.
        """
        return list(self._reader.checks(reading.LATEST_OF_SOURCE, same_source(source)))

    def sources_kept_several_times(self) -> tuple[KeptSource, ...]:
        """The sources that more than one post names by its latest check, most posts first."""
        rows = self._database.rows(
            "SELECT min(url), count(*) FROM latest JOIN urls ON urls.id = source_id"
            " GROUP BY rtrim(substr(url, instr(url, '://') + 3), '/') HAVING count(*) > 1 ORDER BY 2 DESC, 1"
        )
        return tuple(KeptSource(unpack_text(url), count) for url, count in rows)

    def checked_between(self, after: datetime, before: datetime) -> frozenset[str]:
        """The posts whose last check lies between two times, these excluded.

        Posts whose last check was put off (`PUT_OFF`) are left out.
        """
        rows = self._database.stream(
            "SELECT path FROM latest JOIN checks ON checks.id = check_id JOIN posts ON posts.id = latest.post_id"
            " WHERE checked_at > ? AND checked_at < ? AND (latest.reason IS NULL OR latest.reason NOT IN (?, ?))",
            (pack_moment(after), pack_moment(before), *PUT_OFF),
            size=5000,
        )
        return frozenset(unpack_text(path) for (path,) in rows)

    def more_posts_than(self, bound: int) -> bool:
        """Whether more than `bound` posts have a check; quick."""
        row = self._database.one("SELECT count(*) FROM (SELECT 1 FROM latest LIMIT ?)", (bound + 1,))
        return row is not None and bool(row[0] > bound)

    def find_posts_matching(self, fragment: str) -> tuple[str, ...]:
        """The posts a person may mean, sorted.

        Args:
            fragment: a path as it stands in the ledger; else a source URL (http or https, with or without the
                last slash); else the end of a path, from a `/` on; else a longer path that ends as one in the
                ledger does; else any part of a path. The first that fits anything decides.
        """
        packed = pack_text(fragment)
        if not fragment or self._database.one("SELECT 1 FROM posts WHERE path = ?", (packed,)):
            return (fragment,) if fragment else ()
        for sql, values in searches(fragment):
            found = sorted(unpack_text(path) for (path,) in self._database.rows(sql, values))
            if found:
                return tuple(found)
        return ()

    def summary(self, by: Grouping = "verdict") -> tuple[SummaryRow, ...]:
        """Where the collection stands, by each post's latest check; largest group first.

        The year is the post's, as its file name or directory has it (`2021-05-06-x.md`, `2021/05/x.md`).
        """
        if by == "year":
            return self._by_year()
        group, join = {
            "verdict": ("coalesce(reason, '')", ""),
            "host": (
                "coalesce(host, '')",
                "LEFT JOIN urls ON urls.id = source_id LEFT JOIN hosts ON hosts.id = host_id",
            ),
        }[by]
        rows = self._database.rows(
            f"SELECT {group}, verdict, count(*) FROM latest {join} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"  # noqa: S608
        )
        return tuple(SummaryRow(unpack_text(name), Verdict(verdict), count) for name, verdict, count in rows)

    def rebuild_latest(self) -> None:
        """Derive the table of latest checks anew from the checks themselves."""
        with self._database.transaction():
            for statement in REBUILD_LATEST:
                self._database.insert(statement)

    # ------------------------------------------------------------ captures and records

    def last_capture(self, source: str, *, before: ArchivedCapture | None = None) -> ArchivedCapture | None:
        """The last capture of a source that brought the article: what "since last" is measured from.

        Args:
            source: the source URL exactly as the post has it.
            before: only captures older than this one, when it is in the ledger (for judging it again).

        Returns:
            The last capture whose final status is 2xx (or a 304 that stands for such a response) and whose
            check found the article, whole or in part (`WITH_ARTICLE`); None where there is none.
        """
        row = self._database.one(
            reading.LAST_WITH_ARTICLE,
            (pack_text(source), before and pack_record_id(before.summary.record_id), *WITH_ARTICLE),
        )
        return None if row is None else self._reader.capture(row[0])

    def captures_without_check(self, captures: Iterable[ArchivedCapture]) -> list[ArchivedCapture]:
        """Of the captures found in the archive, those the ledger does not know, in the same order."""
        return [
            capture
            for capture in captures
            if not self._database.one(
                "SELECT 1 FROM captures WHERE summary_record = ?",
                (pack_record_id(capture.summary.record_id),),
            )
        ]

    def response_with_payload(self, digest: str, url: str) -> RecordRef | None:
        """A response in the archive that brought this payload: what a revisit of it can refer to.

        Args:
            digest: labelled digest of the payload.
            url: a response of this URL is preferred, then the newest: it was read last.

        Returns:
            A `response` record, never a `revisit`; None where there is none.
        """
        row = self._database.one(reading.RESPONSE_WITH_PAYLOAD, (pack_digest(digest), pack_text(url)))
        return None if row is None or not digest else unpack_record(*row)

    def not_modified_in_a_row(self, source: str) -> int:
        """How many captures of a source ended in a revisit by 304 since one brought the page itself.

        Args:
            source: the source URL exactly as the post has it.
        """
        row = self._database.one(reading.NOT_MODIFIED_IN_A_ROW, (pack_text(source),))
        return 0 if row is None else int(row[0])

    def stored_copy(self, post: str, digest: str) -> tuple[RecordRef, PostVersion | None] | None:
        """The `resource` record of a post's bytes and what git said of them, when they have been witnessed."""
        row = self._database.one(
            "SELECT record, file, offset, length, commit_state, commit_id, committed_at FROM stored_copies"
            " JOIN files ON files.id = file_id WHERE post_id = (SELECT id FROM posts WHERE path = ?) AND digest = ?"
            " ORDER BY stored_copies.id LIMIT 1",
            (pack_text(post), pack_digest(digest)),
        )
        return None if row is None else (unpack_record(*row[:4]), unpack_version(*row[4:]))

    def sightings(self, post: str) -> list[Sighting]:
        """Each time a post's bytes were seen, oldest first."""
        return [one for _, one in self._reader.sightings(reading.SEEN_OF_POST, (pack_text(post),))]

    def sightings_of_altered(self) -> Iterator[tuple[str, list[Sighting]]]:
        """The same for every post that was seen with more than one content, streamed."""
        for post, seen in groupby(self._reader.sightings(reading.SEEN_ALTERED), key=itemgetter(0)):
            yield post, [one for _, one in seen]

    # ------------------------------------------------------------ the log

    def add_files(self, files: Iterable[LoggedFile]) -> None:
        """Log WARC files that were closed.

        Raises:
            ArchiveError: one is logged already.
        """
        with self._database.transaction():
            for file in files:
                self.log.append_file(self._writer.intern("file", pack_text(file.file)), file)

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
            host_id = self._writer.intern("host", pack_text(host))
            self._database.insert("INSERT INTO incidents VALUES (?, ?, ?, ?, ?)", (run, host_id, kind, count, of))

    def incidents(self, run: int) -> tuple[Incident, ...]:
        """The incidents of a run, by host."""
        rows = self._database.rows(
            "SELECT host, kind, failed, asked FROM incidents JOIN hosts ON hosts.id = host_id"
            " WHERE run_id = ? ORDER BY host, kind",
            (run,),
        )
        return tuple(Incident(unpack_text(host), kind, failed, asked) for host, kind, failed, asked in rows)

    def _by_year(self) -> tuple[SummaryRow, ...]:
        rows = self._database.stream("SELECT path, verdict FROM latest JOIN posts ON posts.id = post_id", size=5000)
        counts = Counter((year_of(unpack_text(path)), verdict) for path, verdict in rows)
        return tuple(SummaryRow(year, Verdict(verdict), count) for (year, verdict), count in sorted(counts.items()))
