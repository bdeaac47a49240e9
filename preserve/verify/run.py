"""One run over a collection: take the archive, mend what a crash left, plan, work, close the books."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from preserve.errors import ArchiveError, ConfigError
from preserve.ledger import Ledger, RunPlan, RunState, UnfinishedRun
from preserve.model import ArchivedCapture
from preserve.sealing import log_closed_files, seal
from preserve.settings import Settings
from preserve.storing import ready_store, store_archive
from preserve.times import warc_date
from preserve.verify.coordinator import Coordinator
from preserve.verify.hosts import Incident
from preserve.verify.losses import adopt, sweep
from preserve.verify.names import LEDGER, RUN_FIELD
from preserve.verify.plan import Known, Plan, known_of, make_plan
from preserve.verify.readings import PostReader
from preserve.verify.tools import Archive, Listener, Tools
from preserve.warc import (
    ArchiveLock,
    ArchiveWriter,
    IndexKeeper,
    file_info,
    lines_of,
    recover,
    refresh,
    scan_captures,
    warc_files,
)
from preserve.warc.files import file_name
from preserve.warc.storage import WarcStore
from preserve.warc.stored import stored_names
from preserve.work.lease import WorkersNote

# Clocks are corrected by seconds all the time; that is nothing to tell of.
CLOCK_SLACK = timedelta(minutes=1)
# Workers on other machines have clocks of their own.
WORKERS_CLOCKS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run ended.

    Attributes:
        run: its number in the ledger.
        plan: what was planned.
        incidents: hosts that failed as a whole.
        interrupted: it was asked to stop before every post had its verdict.
    """

    run: int
    plan: Plan
    incidents: tuple[Incident, ...]
    interrupted: bool


def verify(
    arguments: Sequence[str], settings: Settings, tools: Tools, listener: Listener, *, new_run: bool = False
) -> Summary:
    """Check every due post of `arguments` and keep what was found in the archive.

    Args:
        arguments: files and directories.
        settings: all of them.
        tools: fetcher, clock, stop.
        listener: who watches.
        new_run: begin a new run although an unfinished one of the same posts could be taken up again.

    Raises:
        ArchiveLockedError: another process writes to this archive.
        ArchiveError: the archive can't be read or written.
        PostError: an argument does not exist.
    """
    directory = Path(settings.archive.directory)
    with ArchiveLock(directory) as lock:
        orphans = WorkersNote(directory).wait_for_orphans(tools.stop, listener.notice)
        mended = recover(directory, detach=orphans)
        for line in mended.lines:
            listener.notice(line)
        store = ready_store(settings.archive, listener.notice)
        added = refresh(directory)
        if added:
            listener.notice(f"The index lacked {len(added)} closed WARC files; they were read and entered.")
        with Ledger.create_or_open(directory / LEDGER) as ledger:
            if store is not None and settings.run.dask:  # workers elsewhere can read only what is stored
                log_closed_files(directory, ledger)
                store_archive(settings.archive, ledger, store, listener.notice)
            held = _Held(ledger, lock, store)
            if held.adopt(directory, listener):
                refresh(directory)
            summary = _Books(settings, tools, listener, held).run(tuple(arguments), new_run)
            if store is not None and not summary.interrupted:
                store_archive(settings.archive, ledger, store, listener.notice)
            return summary


def plan_only(arguments: Sequence[str], settings: Settings, now: datetime) -> Plan:
    """What `verify` would do, without touching network or archive."""
    path = Path(settings.archive.directory) / LEDGER
    known = Known()
    if path.exists():
        with Ledger.open_readonly(path) as ledger:
            known = known_of(ledger, settings.run, now)
    with PostReader(settings) as reader:
        return make_plan(arguments, settings, known, now, reader)


@dataclass(frozen=True, slots=True)
class _Held:
    """What a run has of its archive."""

    ledger: Ledger
    lock: ArchiveLock
    store: WarcStore | None

    def adopt(self, directory: Path, listener: Listener) -> tuple[str, ...]:
        """Take up files that workers stored and did not live to tell of: their names."""
        if self.store is None:
            return ()
        runs = frozenset(_run_name(run, begun) for run, begun in self.ledger.visits())
        found, problem = adopt(directory, self.store, runs)
        if found:
            listener.notice(
                f"Workers had stored WARC files in {self.store.storage.url} and did not live to tell of them; "
                f"entered now: {', '.join(found)}"
            )
        if problem:
            listener.notice(f"What workers may have stored without telling is looked for by the next run: {problem}")
        return found


class _Books:
    """A run between the taking of the archive and its release."""

    def __init__(self, settings: Settings, tools: Tools, listener: Listener, held: _Held) -> None:
        self._settings, self._tools, self._listener = settings, tools, listener
        self._held, self._ledger, self._lock = held, held.ledger, held.lock
        self._directory = Path(settings.archive.directory)

    def run(self, arguments: tuple[str, ...], new_run: bool) -> Summary:
        now = self._tools.clock.now()
        self._tell_of_clock(now)
        left = self._ledger.unfinished_run()
        since = now - timedelta(seconds=self._settings.run.resume_within)
        why_not = _why_not_taken_up(left, arguments, since, new_run=new_run) if left else ""
        unjudged = self._unjudged(left, since if why_not else None) if left else {}
        run, done = self._begin(arguments, now) if left is None or why_not else self._take_up(left)
        if left and why_not:
            self._listener.notice(
                f"Run {left.id}, begun {left.started_at:%Y-%m-%d %H:%M} UTC, was not finished and is left as it is "
                f"({why_not}): {left.checked} posts were checked."
            )
        known = known_of(self._ledger, self._settings.run, now, done)
        with PostReader(self._settings) as reader:
            plan = make_plan(arguments, self._settings, known, now, reader)
            reader.keep()
        late = sum(task.url in unjudged for task in plan.tasks)
        if late:
            self._listener.notice(f"{late} captures without a verdict are judged, not fetched again.")
        self._listener.planned(plan)
        info = self._warcinfo(_run_name(run, now if left is None or why_not else left.started_at))
        index = IndexKeeper(self._directory)
        with ArchiveWriter(self._settings.archive, clock=self._tools.clock, info=info, keeper=index) as writer:
            archive = Archive(writer, index, self._ledger, self._lock, run, info)
            coordinator = Coordinator(self._settings, self._tools, archive, self._listener, plan)
            incidents = coordinator.run(unjudged)
        for line in sweep(self._directory, index):
            self._listener.notice(line)
        interrupted = coordinator.concluded < plan.posts
        if self._settings.run.dask and not interrupted:  # whoever takes this run up looks itself, and judges
            for file in self._held.adopt(self._directory, self._listener):
                index.closed(file, lines_of(self._directory / file))
        index.enter()
        return self._close(run, plan, incidents, interrupted)

    def _tell_of_clock(self, now: datetime) -> None:
        last = self._ledger.last_time()
        if last is not None and last - now > CLOCK_SLACK:
            self._listener.notice(
                f"The clock says {now:%Y-%m-%d %H:%M} UTC, which is before the ledger's last entry of "
                f"{last:%Y-%m-%d %H:%M} UTC: one of them is wrong. Checks count in the order they are made; "
                "times out of order confirm nothing."
            )

    def _take_up(self, left: UnfinishedRun) -> tuple[int, Collection[str]]:
        """Go on with an unfinished run: its number, and the posts it has checked."""
        self._listener.notice(
            f"Taking up run {left.id} again, begun {left.started_at:%Y-%m-%d %H:%M} UTC: "
            f"{left.checked} posts are checked already (--new-run starts over)."
        )
        return left.id, self._ledger.posts_checked_in(left.id)

    def _begin(self, arguments: tuple[str, ...], now: datetime) -> tuple[int, Collection[str]]:
        """Begin a run; one that was left unfinished is closed as abandoned."""
        left = self._ledger.unfinished_run()
        if left is not None:
            self._ledger.end_run(left.id, now, RunState.ABANDONED)
        plan = RunPlan(
            posts_arguments=arguments,
            settings=settings_text(self._settings),
            software=self._tools.software,
            started_at=now,
        )
        return self._ledger.begin_run(plan), frozenset()

    def _unjudged(self, left: UnfinishedRun, since: datetime | None) -> dict[str, ArchivedCapture]:
        """Captures in the archive without a check, newest per URL: archived by a run that did not live to judge.

        Args:
            left: that run; its files name it, so that the times of the captures need not agree with its own.
            since: those captured earlier are left alone; None takes all.
        """
        name = _run_name(left.id, left.started_at)
        its = (path for path in self._files_since(left.started_at) if self._run_of(path) == name)
        found = (capture for path in its for capture in self._captures_in(path))
        return _newest(self._ledger.captures_without_check(found), since)

    def _files_since(self, begun: datetime) -> Iterator[Path]:
        """The files that a run begun then may have written: those here, and those that lie in the storage alone.

        Of the stored ones, each of which is a request, only those that its workers' clocks can have named.
        """
        here = warc_files(self._directory)
        yield from here
        earliest = file_name(begun - WORKERS_CLOCKS, 0, "")
        for name in sorted(stored_names(self._directory) - {path.name for path in here}):
            if name >= earliest:
                yield self._directory / name

    def _run_of(self, path: Path) -> str:
        try:
            return file_info(path).get(RUN_FIELD, "")
        except ArchiveError as error:
            self._listener.notice(f"{error} What it may hold of an unfinished run is fetched again.")
            return ""

    def _captures_in(self, path: Path) -> Iterator[ArchivedCapture]:
        try:
            for item in scan_captures(path):
                if isinstance(item, ArchivedCapture):
                    yield item
        except ArchiveError as error:  # what lies behind the damage is fetched again; nothing is lost by that
            self._listener.notice(f"{error} Its readable captures are used.")

    def _warcinfo(self, run: str) -> dict[str, str]:
        return {
            "software": self._tools.software,
            "robots": "ignore" if self._settings.fetch.ignore_robots else "obey",
            RUN_FIELD: run,
            "preserve-settings": settings_text(self._settings),
        }

    def _close(self, run: int, plan: Plan, incidents: tuple[Incident, ...], interrupted: bool) -> Summary:
        for incident in incidents:
            kind = incident.verdict.value + (f"/{incident.reason.value}" if incident.reason else "")
            self._ledger.add_incident(run, incident.host, kind, incident.count, incident.of)
        if not interrupted:  # an interrupted run stays open, to be taken up again
            self._ledger.end_run(run, self._tools.clock.now(), RunState.FINISHED)
        self._seal()
        self._stamp()
        return Summary(run, plan, incidents, interrupted)

    def _seal(self) -> None:
        """Sign the log as it stands; without a checkpoint the run is finished all the same, and the next makes one."""
        key = self._settings.archive.signing_key
        try:
            made = seal(self._directory, self._ledger, Path(key) if key else None)
        except ArchiveError as error:
            self._listener.notice(f"No checkpoint was made: {error}")
            return
        if made is not None and made.new_key:
            self._listener.notice(f"Checkpoints are signed by {made.new_key} (note it down outside the archive)")

    def _stamp(self) -> None:
        """Have the newest checkpoint stamped; what can't be had is told, and asked for again by the next run."""
        archive, services = self._settings.archive, self._tools.services
        if services is None or not (archive.timestamp_urls or archive.calendar_urls):
            return
        from preserve.stamping import stamp  # noqa: PLC0415 - heavy; only archives that are stamped pay

        try:
            report = stamp(self._directory, self._ledger, archive, services)
        except (ArchiveError, ConfigError) as error:
            self._listener.notice(f"No time stamp was had: {error}")
            return
        for problem in report.problems:
            self._listener.notice(problem)


def settings_text(settings: Settings) -> str:
    """Every setting as JSON, for the ledger; a proxy's user and password are left out, and where your own
    files and machines are.
    """
    values = asdict(settings)
    for name in ("signing_key", "timestamp_roots", "storage_options"):
        del values["archive"][name]
    del values["run"]["dask"]
    values["fetch"]["proxy"] = values["fetch"]["proxy"].rpartition("@")[2]
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def _run_name(run: int, begun: datetime) -> str:
    """What a run's files call it; the number alone would name another run after a ledger was begun anew."""
    return f"{run}, begun {warc_date(begun)}"


def _why_not_taken_up(left: UnfinishedRun, arguments: tuple[str, ...], since: datetime, *, new_run: bool) -> str:
    if new_run:
        return "--new-run"
    if left.arguments != arguments:
        return "it was of other posts"
    return "it is too long ago" if left.started_at < since else ""


def _newest(captures: Iterable[ArchivedCapture], since: datetime | None) -> dict[str, ArchivedCapture]:
    newest: dict[str, ArchivedCapture] = {}
    for capture in captures:
        known = newest.get(capture.url)
        recent = since is None or capture.captured_at >= since
        if recent and (known is None or known.captured_at < capture.captured_at):
            newest[capture.url] = capture
    return newest
