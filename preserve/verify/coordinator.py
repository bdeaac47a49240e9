"""The run's one thread that knows everything: hands out batches, takes in results, writes the ledger.

Workers fetch, archive and judge; this thread alone writes to the ledger. Every post planned reaches it exactly once
(promise 3), and a host is in the hands of one worker at a time, or of none.
"""

from __future__ import annotations

import queue
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from preserve.git import PostVersions
from preserve.model import ArchivedCapture
from preserve.settings import Settings
from preserve.verify.conclusions import Conclusions, Judgements, Next, ProbeTask
from preserve.verify.files import WorkersFiles
from preserve.verify.hosts import Incident
from preserve.verify.ordering import Orders
from preserve.verify.outstanding import Outstanding, Task
from preserve.verify.plan import Plan, SourceTask
from preserve.verify.recording import Recorder
from preserve.verify.roster import Roster
from preserve.verify.tools import Archive, Listener, Tools
from preserve.verify.turns import BATCH, Turns
from preserve.work.crew import Crew, Site
from preserve.work.values import (
    Alive,
    Answered,
    Back,
    Batch,
    Beside,
    Broken,
    Concluded,
    Ended,
    Event,
    Fetched,
    FileBegun,
    FileClosed,
    FileLines,
    FileStored,
    Lost,
    Notice,
    Order,
)

POLL_SECONDS = 0.2


class Coordinator:
    """One run over one plan.

    Args:
        settings: all of them.
        tools: crew, clock, stop.
        archive: where everything goes.
        listener: who watches.
        plan: the work.
    """

    def __init__(self, settings: Settings, tools: Tools, archive: Archive, listener: Listener, plan: Plan) -> None:
        self._settings, self._tools, self._archive, self._listener = settings, tools, archive, listener
        self._plan = plan
        self._events: queue.SimpleQueue[tuple[int, Sequence[Event]]] = queue.SimpleQueue()
        self._turns: Turns[Task | int] = Turns(tools.clock, settings.fetch.delay)  # an int is an order come to a host
        self._outstanding = Outstanding(self._turns)
        self._roster = Roster()
        self._recorder = Recorder(archive, PostVersions(tools.git, plan.paths, listener.notice), listener, tools.clock)
        self._conclusions = Conclusions(archive.ledger, self._recorder, listener, tools.clock)
        self._orders = Orders(archive.ledger, self._recorder, tools.clock)
        self._files = WorkersFiles(Path(settings.archive.directory), archive, tools.clock)

    @property
    def concluded(self) -> int:
        """How many checks this run has put into the ledger."""
        return self._recorder.committed

    def run(self, archived: Mapping[str, ArchivedCapture]) -> tuple[Incident, ...]:
        """Bring every post of the plan to its verdict, or as many as there is time for until `stop` is set.

        Args:
            archived: captures on disk that no check refers to yet (by URL): judged, not fetched again.

        Returns:
            The host incidents of the run.
        """
        for check in self._plan.unchecked:
            self._recorder.add(check)
        self._enlist(archived)
        if self._outstanding.left:
            self._work()
        self._recorder.commit()
        found = [state.incident(self._settings.run) for state in self._conclusions.hosts.values()]
        return tuple(incident for incident in found if incident is not None)

    def _enlist(self, archived: Mapping[str, ArchivedCapture]) -> None:
        for host, tasks in self._plan.by_host().items():
            self._conclusions.enlist(host, len(tasks))
            self._outstanding.add(host, [task for task in tasks if task.url not in archived])
            for task in tasks:
                if task.url in archived:
                    self._judge_archived(task, archived[task.url])

    def _judge_archived(self, task: SourceTask, capture: ArchivedCapture) -> None:
        order = self._order_of(task)
        if order is not None:
            self._outstanding.judge(order.number, capture)

    # ------------------------------------------------------------ the loop

    def _work(self) -> None:
        site = Site(
            settings=self._settings,
            writer=self._archive.writer,
            ledger=self._archive.ledger,
            lock=self._archive.lock,
            info=self._archive.info,
            clock=self._tools.clock,
            hosts=len(self._conclusions.hosts),
            sources=self._outstanding.left,
        )
        crew = self._tools.hire(site)
        try:
            crew.start(lambda worker, events: self._events.put((worker, events)))
            self._loop(crew)
            self._recorder.commit()
            self._finish(crew)
        finally:
            crew.close()

    def _loop(self, crew: Crew) -> None:
        while self._outstanding.left:
            if self._tools.stop.is_set() and not self._outstanding.stopping:
                crew.stop()
                self._outstanding.stop()
                self._outstanding.released(self._conclusions.give_up())
                continue
            self._roster.set_seats(crew.seats())
            wait = self._hand_out(crew)
            if self._recorder.due:  # after handing out, so that nobody waits for the disk
                self._recorder.commit()
            self._hear(wait)

    def _hear(self, wait: float) -> None:
        """Take in what the workers tell within `wait` seconds, and what came meanwhile, up to a commit's worth."""
        with suppress(queue.Empty):
            worker, events = self._events.get(timeout=wait)
            while True:
                for event in events:
                    self._on_event(worker, event)
                if self._recorder.full:
                    return
                worker, events = self._events.get_nowait()

    def _finish(self, crew: Crew) -> None:
        """Have the workers close their files, whose lines are entered together."""
        self._files.enter()
        self._archive.index.gather()
        waiting = set(crew.seats())
        crew.finish()
        while waiting:
            worker, events = self._events.get()
            for event in events:
                self._on_event(worker, event)
                if isinstance(event, Ended | Lost):
                    waiting.discard(worker)
        self._files.enter()

    def _hand_out(self, crew: Crew) -> float:
        """Give every free worker what it may do now; the seconds until there may be more."""
        while self._roster.any_free():
            if self._outstanding.waits_to_be_judged:
                self._send_to_judge(crew)
                continue
            host = self._roster.unparked() or self._turns.take_now()
            if host is None:
                wait = self._turns.seconds_to_next()
                return POLL_SECONDS if wait is None else min(wait, POLL_SECONDS)
            worker = self._roster.worker_for(host, like=self._came_from(host))
            if self._roster.has_seat(worker):
                self._send(crew, worker, host)
            else:
                self._roster.park(worker, host)
        return POLL_SECONDS

    def _came_from(self, host: str) -> str:
        """Where the visit that is next at `host` came from, so that one worker can have both."""
        first = self._turns.peek(host)
        return self._outstanding[first].task.host if isinstance(first, int) else ""

    def _send_to_judge(self, crew: Crew) -> None:
        orders = self._outstanding.take_to_judge(BATCH)
        nothing_else = not self._outstanding.waits_to_be_judged and self._turns.all_handed_out
        self._give(crew, self._roster.worker_for(""), Batch("", orders, is_last=nothing_else))

    def _send(self, crew: Crew, worker: int, host: str) -> None:
        orders: list[Order] = []
        while not orders and (items := self._outstanding.take(host)):
            self._orders.look_up(items)
            orders = [order for item in items if (order := self._order_of(item)) is not None]
        if orders:
            self._give(crew, worker, Batch(host, tuple(orders), is_last=self._turns.all_handed_out))
        else:
            self._turns.unused(host)

    def _give(self, crew: Crew, worker: int, batch: Batch) -> None:
        self._outstanding.sent(worker, batch.orders)
        self._roster.sent(worker, batch.host)
        crew.send(worker, batch)

    def _order_of(self, item: Task | int) -> Order | None:
        """The order for what was queued; None when there is nothing left to ask."""
        if isinstance(item, int):
            return self._outstanding[item].order
        order = self._orders.of(item, self._conclusions.hosts[item.host])
        if order is not None:
            self._outstanding.begin(item, order)
        return order

    # ------------------------------------------------------------ what workers tell

    def _on_event(self, worker: int, event: Event) -> None:
        match event:
            case Fetched():
                self._on_fetched(event)
            case Answered():
                self._on_answered(event)
            case Beside():
                self._recorder.add_beside(event.captures)
            case FileBegun() | FileLines() | FileClosed() | FileStored():
                self._files.take(worker, event)
            case Concluded():
                self._on_concluded(event)
            case Back():
                self._on_back(worker, event)
            case Lost():
                self._on_lost(worker, event)
            case Notice():
                self._listener.notice(event.text)
            case Broken():
                self._tools.stop.set()
                raise event.error
            case Ended() | Alive():
                pass

    def _on_fetched(self, event: Fetched) -> None:
        self._recorder.add_beside(event.beside)
        if event.journey is not None:
            self._outstanding.come_to(event.number, event.journey)
            return
        errand = self._outstanding[event.number]
        if isinstance(errand.task, ProbeTask):
            self._outstanding.settle(event.number)
            self._go_on_with(errand.task.host, self._conclusions.probed(errand.task.host, event.capture))
        elif event.capture is None:
            self._outstanding.settle(event.number)
        else:
            errand.capture = event.capture
            self._on_answered(Answered(event.number, event.capture.final.status if event.capture.final else None))

    def _on_answered(self, event: Answered) -> None:
        """Count an answer, once; a host that refuses is left alone though its captures are not stored yet."""
        errand = self._outstanding[event.number]
        if errand.answered or isinstance(errand.task, ProbeTask):
            return
        errand.answered = True
        self._conclusions.hosts[errand.task.host].answered(event.status)
        self._stop_asking_if_refused(errand.task.host)

    def _on_back(self, worker: int, event: Back) -> None:
        self._roster.back(worker, event.host)
        if not event.host:
            return
        self._outstanding.undone(event.host, event.undone)
        if not self._outstanding.stopping and event.host in self._conclusions.hosts:
            self._stop_asking_if_refused(event.host)
        self._turns.answered(event.host, event.ready_in)

    def _on_lost(self, worker: int, event: Lost) -> None:
        """A worker is gone: what it had archived is judged, the rest asked again by others."""
        self._listener.notice(f"A worker was lost ({event.why}); what it had in hand is done by another.")
        hosts, parked = self._roster.lose(worker)
        found = self._files.left_by(worker, ended=event.ended)
        for line in found.lines:
            self._listener.notice(line)
        self._outstanding.lost(worker, found.captures)
        for host in [*filter(None, hosts), *parked]:
            self._turns.lost(host)

    def _on_concluded(self, event: Concluded) -> None:
        errand = self._outstanding.hold(event.number)
        task, order, capture = errand.task, errand.order, errand.capture
        if not isinstance(task, SourceTask) or capture is None:
            raise TypeError(f"order {event.number} was judged, and is for no page that was archived")
        if event.template is not None:
            order = replace(order, template=event.template)
        found = Judgements(task, order, capture, event.judged)
        if errand.second_look:
            then = self._conclusions.take_again(found)
        else:
            then = self._conclusions.take(found, hold=not self._outstanding.stopping)
        self._go_on_with(task.host, then)

    def _go_on_with(self, host: str, then: Next) -> None:
        """Do what follows from a judgement of a host's page."""
        self._outstanding.released(then.settled)
        for wanted in then.wanted:
            if isinstance(wanted, ProbeTask):
                self._outstanding.add(wanted.host, [wanted], first=True)
            else:
                self._outstanding.look_again(wanted)
        self._stop_asking_if_refused(host)

    def _stop_asking_if_refused(self, host: str) -> None:
        must_stop = self._conclusions.hosts[host].must_stop(self._settings.run)
        dropped = self._outstanding.drop(host) if must_stop else []
        if not dropped:
            return
        saw = f"{host} refused or failed alike, time after time; the rest was not asked"
        self._listener.notice(f"{saw} ({len(dropped)} sources).")
        for task in dropped:
            self._conclusions.not_asked(task, saw)
        for touched in {host, *(task.host for task in dropped)}:
            self._go_on_with(touched, self._conclusions.release(touched))
