"""The run's one thread that knows everything: hands out work, takes in results, writes the ledger.

Fetching threads fetch and archive; judging processes judge; this thread alone writes to the ledger. A check
reaches the ledger after its records are synced to disk (promise 2), and every post planned reaches it exactly
once (promise 3).
"""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

from preserve.fetch import Fetcher, Services
from preserve.git import Git, PostVersions
from preserve.judges import Judges
from preserve.ledger import Ledger
from preserve.model import ArchivedCapture, Capture, Check, FailureKind, Reason
from preserve.settings import Settings
from preserve.tasks import Judged, JudgedPost, JudgeTask
from preserve.times import Clock
from preserve.verify.hosts import TEMPLATE_SOURCES, HostState, Incident
from preserve.verify.plan import Plan, SourceTask, unchecked
from preserve.verify.repeats import Basis, Repeats
from preserve.verify.schedule import HostSchedule
from preserve.verify.witness import read_posts, witnessed
from preserve.warc import ArchiveWriter

COMMIT_EVERY = 64
HELD_AT_MOST = 128
POLL_SECONDS = 0.2


class Listener(Protocol):
    """Who watches a run. Called from the coordinator's thread only."""

    def planned(self, plan: Plan) -> None:
        """The work is known."""

    def checked(self, check: Check) -> None:
        """A check is in the ledger."""

    def notice(self, text: str) -> None:
        """Something the user should know, in a sentence."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with, handed in so that tests hand in others.

    Attributes:
        fetcher: asks sources; thread-safe.
        ready_at: when, on the clock's monotonic scale, a host may be asked again.
        clock: wall and monotonic time.
        stop: set to end the run after the exchanges in flight.
        software: name and version, for `warcinfo` and the ledger.
        services: asks for time stamps; None has none made.
        git: asked for the commits of the posts; None asks for none.
    """

    fetcher: Fetcher
    ready_at: ReadyAt
    clock: Clock
    stop: threading.Event
    software: str
    services: Services | None = None
    git: Git | None = None


class ReadyAt(Protocol):
    """When a host may be asked again."""

    def __call__(self, host: str, /) -> float:
        """Seconds on the monotonic scale; in the past when it may be asked now."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive while a run writes to it.

    Attributes:
        writer: its WARC file; thread-safe.
        ledger: its ledger; only the coordinator's thread writes to it.
        run: the run's number.
    """

    writer: ArchiveWriter
    ledger: Ledger
    run: int


@dataclass(frozen=True, slots=True)
class _ProbeTask:
    """Ask a random path beside `url`, to see what the host says to addresses that can't exist."""

    url: str
    host: str


@dataclass(frozen=True, slots=True)
class _Fetched:
    work: SourceTask | _ProbeTask
    capture: ArchivedCapture | None
    beside: tuple[ArchivedCapture, ...] = ()
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class _Answered:
    task: SourceTask
    job: JudgeTask
    future: Future[Judged]
    second_look: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """A judgement that knowledge still to come (the host's template, a probe) may change."""

    task: SourceTask
    job: JudgeTask
    judged: Judged

    @property
    def wants_probe(self) -> bool:
        return self.job.probe is None and any(post.judgement.wants_probe for post in self.judged.posts)

    @property
    def candidates(self) -> frozenset[str]:
        return frozenset(key for post in self.judged.posts for key in post.template_candidates)


class Coordinator:
    """One run over one plan.

    Args:
        settings: all of them.
        tools: fetcher, clock, stop.
        archive: where everything goes.
        listener: who watches.
    """

    def __init__(self, settings: Settings, tools: Tools, archive: Archive, listener: Listener) -> None:
        self._settings, self._tools, self._archive, self._listener = settings, tools, archive, listener
        self._events: queue.Queue[_Fetched | _Answered] = queue.Queue()
        self._schedule: HostSchedule[SourceTask | _ProbeTask] = HostSchedule(tools.ready_at, tools.clock.monotonic)
        self._judges = Judges(settings.judge)
        self._repeats = Repeats(archive.ledger, settings)
        self._versions = PostVersions(None, (), listener.notice)
        self._hosts: dict[str, HostState] = {}
        self._held: dict[str, list[_Held]] = defaultdict(list)
        self._probing: set[str] = set()
        self._outstanding = 0
        self._committed = 0
        self._checks: list[Check] = []  # concluded, not yet in the ledger
        self._blocks: list[tuple[str, str, tuple[str, ...]]] = []  # host, source, digests
        self._beside: list[ArchivedCapture] = []  # robots.txt, not yet in the ledger

    @property
    def concluded(self) -> int:
        """How many checks this run has put into the ledger."""
        return self._committed

    def run(self, plan: Plan, archived: Mapping[str, ArchivedCapture]) -> tuple[Incident, ...]:
        """Bring every post of `plan` to its verdict, or as many as there is time for until `stop` is set.

        Args:
            plan: the work.
            archived: captures on disk that no check refers to yet (by URL): judged, not fetched again.

        Returns:
            The host incidents of the run.
        """
        self._versions = PostVersions(self._tools.git, plan.paths, self._listener.notice)
        for check in plan.unchecked:
            self._conclude(check)
        waiting = self._enlist(plan)
        threads = self._start_threads(len(waiting))
        try:
            for task in plan.tasks:
                if task.url in archived:
                    self._submit(task, archived[task.url])
            for host, tasks in waiting.items():
                self._schedule.add(host, [task for task in tasks if task.url not in archived])
            self._loop()
            self._commit()
        finally:
            self._schedule.close()
            for thread in threads:
                thread.join()
            self._judges.close()
        found = [state.incident(self._settings.run) for state in self._hosts.values()]
        return tuple(incident for incident in found if incident is not None)

    # ------------------------------------------------------------ fetching threads

    def _enlist(self, plan: Plan) -> dict[str, list[SourceTask]]:
        by_host: dict[str, list[SourceTask]] = defaultdict(list)
        for task in plan.tasks:
            by_host[task.host].append(task)
        for host, tasks in by_host.items():
            state = HostState(host, pending=len(tasks))
            state.template = self._template(host)
            self._hosts[host] = state
        self._outstanding = len(plan.tasks)
        return by_host

    def _start_threads(self, hosts: int) -> list[threading.Thread]:
        count = min(self._settings.run.jobs, hosts)
        threads = [threading.Thread(target=self._fetch_all, name=f"fetch-{n}") for n in range(count)]
        for thread in threads:
            thread.start()
        return threads

    def _fetch_all(self) -> None:
        while (taken := self._schedule.take()) is not None:
            work = taken[1]
            try:
                event = self._fetch(work)
            except Exception as error:  # noqa: BLE001 - handed to the coordinator's thread, which ends the run
                event = _Fetched(work, None, error=error)
            self._events.put(event)  # the coordinator gives the host back: it may have seen enough of it

    def _fetch(self, work: SourceTask | _ProbeTask) -> _Fetched:
        basis = None
        if isinstance(work, _ProbeTask):
            visit = self._tools.fetcher.probe(work.url)
        else:
            basis = self._repeats.basis(work.source)
            visit = self._tools.fetcher.fetch(work.source, basis.validators if basis is not None else None)
        beside = tuple(self._keep(capture, None) for capture in visit.also)
        failure = visit.capture.failure
        if failure is not None and failure.kind is FailureKind.INTERRUPTED:
            return _Fetched(work, None, beside)
        return _Fetched(work, self._keep(visit.capture, basis), beside)

    def _keep(self, capture: Capture, basis: Basis | None) -> ArchivedCapture:
        archived = self._archive.writer.append_capture(capture, self._repeats.known(basis))
        self._repeats.remember(archived)
        return archived

    # ------------------------------------------------------------ the coordinator's thread

    def _loop(self) -> None:
        while self._outstanding:
            if self._tools.stop.is_set():
                self._outstanding -= self._drop_all()
            try:
                event = self._events.get(timeout=POLL_SECONDS)
            except queue.Empty:
                self._commit()
                continue
            if isinstance(event, _Fetched):
                self._on_fetched(event)
            else:
                self._on_answer(event)
            if len(self._checks) >= COMMIT_EVERY or (self._events.empty() and self._checks):
                self._commit()

    def _drop_all(self) -> int:
        """On stop: what no thread has begun is left for the next run."""
        self._schedule.close()
        dropped = sum(len(self._schedule.drop(host)) for host in self._hosts)
        held = sum(len(held) for held in self._held.values())
        self._held.clear()
        return dropped + held

    def _on_fetched(self, event: _Fetched) -> None:
        if event.error is not None:
            self._tools.stop.set()
            raise event.error
        self._beside += event.beside
        state = self._hosts[event.work.host]
        if event.capture is not None and isinstance(event.work, SourceTask):
            state.answered(event.capture.final.status if event.capture.final else None)
            self._stop_asking_if_refused(state)
        self._schedule.done(state.name)
        if isinstance(event.work, _ProbeTask):
            self._outstanding -= 1
            state.probe = event.capture
            self._probing.discard(state.name)
            self._release(state)
        elif event.capture is None:
            self._outstanding -= 1
        else:
            self._submit(event.work, event.capture)

    def _submit(self, task: SourceTask, capture: ArchivedCapture) -> None:
        state = self._hosts[task.host]
        posts, vanished = read_posts(task.posts)
        for post, why in vanished:
            now = self._tools.clock.now()
            self._conclude(unchecked(post.path, post.source, now, (Reason.UNREADABLE_POST, why)))
        job = JudgeTask(
            archive=self._settings.archive.directory,
            capture=capture,
            posts=posts,
            previous=self._archive.ledger.last_capture(task.source),
            probe=state.probe,
            template=state.template,
            settings=self._settings,
        )
        self._ask(task, job, second_look=False)

    def _ask(self, task: SourceTask, job: JudgeTask, *, second_look: bool) -> None:
        future = self._judges.submit(job)
        future.add_done_callback(lambda done: self._events.put(_Answered(task, job, done, second_look)))

    def _on_answer(self, event: _Answered) -> None:
        judged = event.future.result()
        state = self._hosts[event.task.host]
        held = _Held(event.task, event.job, judged)
        if event.second_look:
            self._conclude_task(held)
        else:
            state.pending -= 1
            self._learn(state, held)
            if held.wants_probe or held.candidates:
                self._hold(state, held)
            else:
                self._conclude_task(held)
        self._release(state)

    def _learn(self, state: HostState, held: _Held) -> None:
        if held.candidates:
            self._blocks.append((state.name, held.task.source, tuple(sorted(held.candidates))))

    def _template(self, host: str) -> frozenset[str]:
        return frozenset(self._archive.ledger.block_counts(host, at_least=TEMPLATE_SOURCES))

    def _hold(self, state: HostState, held: _Held) -> None:
        self._held[state.name].append(held)
        if held.wants_probe and not state.probe_asked and not self._tools.stop.is_set():
            state.probe_asked = True
            self._probing.add(state.name)
            self._outstanding += 1
            self._schedule.add(state.name, [_ProbeTask(held.task.url, state.name)], first=True)

    def _release(self, state: HostState) -> None:
        """Once the host's pages are all in (or too many wait), look again where what was learned matters."""
        held = self._held[state.name]
        if not held or state.name in self._probing or (state.pending and len(held) < HELD_AT_MOST):
            return
        self._held[state.name] = []
        self._commit_blocks()
        state.template = self._template(state.name)
        for notice in state.template_changes([item.judged for item in held]):
            self._listener.notice(notice)
        for item in held:
            probe = state.probe if item.wants_probe else item.job.probe
            if probe is not item.job.probe or (state.template & item.candidates):
                job = replace(item.job, probe=probe, template=state.template)
                self._ask(item.task, job, second_look=True)
            else:
                self._conclude_task(item)

    # ------------------------------------------------------------ conclusions

    def _conclude_task(self, held: _Held) -> None:
        task, capture, judged = held.task, held.job.capture, held.judged
        self._outstanding -= 1
        sources = {post.path: post.source for post in task.posts}
        data = {post.path: post.data for post in held.job.posts}
        if judged.text and not _known_payload(capture, held.job.previous):
            self._archive.writer.append_text(capture, judged.text, judged.extractor)
        for post in judged.posts:
            check = self._check(held, post, sources[post.path])
            self._conclude(check, data[post.path])
        state = self._hosts[task.host]
        if judged.posts:
            state.note(judged.posts[0].judgement)
        self._stop_asking_if_refused(state)

    def _check(self, held: _Held, post: JudgedPost, source: str) -> Check:
        capture, final = held.job.capture, held.job.capture.final
        return Check(
            post=post.path,
            source=source,
            checked_at=self._tools.clock.now(),
            judgement=post.judgement,
            final_url=final.url if final else None,
            http_status=final.status if final else None,
            captured_at=capture.captured_at if final else None,
            capture=capture,
            post_digest=post.digest,
            since_last=post.since_last,
            text_digest=held.judged.text_digest,
            extractor=held.judged.extractor,
            rules=held.judged.rules,
            measures=post.measures,
            probe=held.job.probe,
            template=tuple(sorted(held.job.template)),
            previous=held.job.previous,
        )

    def _stop_asking_if_refused(self, state: HostState) -> None:
        dropped = self._schedule.drop(state.name) if state.must_stop(self._settings.run) else []
        if not dropped:
            return
        saw = f"{state.name} refused or failed alike, time after time; the rest was not asked"
        self._listener.notice(f"{saw} ({len(dropped)} sources).")
        for work in dropped:
            self._outstanding -= 1
            if isinstance(work, _ProbeTask):
                self._probing.discard(state.name)
                continue
            state.pending -= 1
            for post in work.posts:
                now = self._tools.clock.now()
                self._conclude(unchecked(post.path, post.source, now, (Reason.HOST_INCIDENT, saw)))
        self._release(state)

    def _conclude(self, check: Check, data: bytes | None = None) -> None:
        """Queue a check for the ledger, with the post's own bytes witnessed when they are new."""
        writer, ledger = self._archive.writer, self._archive.ledger
        self._checks.append(witnessed(check, data, writer, ledger, self._versions))

    def _commit(self) -> None:
        self._commit_blocks()
        checks, self._checks = self._checks, []
        beside, self._beside = self._beside, []
        if not checks and not beside:
            return
        self._archive.writer.sync()
        self._archive.ledger.append(self._archive.run, checks, captures=beside)
        self._committed += len(checks)
        for check in checks:
            self._listener.checked(check)

    def _commit_blocks(self) -> None:
        blocks, self._blocks = self._blocks, []
        if blocks:
            self._archive.ledger.append(self._archive.run, (), blocks)


def _known_payload(capture: ArchivedCapture, previous: ArchivedCapture | None) -> bool:
    """Whether the extracted text of this payload is archived already."""
    if previous is None or previous.final is None or capture.final is None:
        return False
    return previous.final.payload_digest == capture.final.payload_digest
