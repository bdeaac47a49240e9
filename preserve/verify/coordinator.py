"""The run's one thread that knows everything: hands out batches, takes in results, writes the ledger.

Workers fetch, archive and judge; this thread alone writes to the ledger. Every post planned reaches it exactly once
(promise 3), and a host is in the hands of one worker at a time, or of none.
"""

from __future__ import annotations

import queue
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from preserve.git import PostVersions
from preserve.model import ArchivedCapture, Reason
from preserve.settings import Settings
from preserve.urls import host_of
from preserve.verify.conclusions import Conclusions, Judgements, Next, ProbeTask
from preserve.verify.entering import Entering
from preserve.verify.hosts import HostState, Incident
from preserve.verify.losses import Salvage, salvage
from preserve.verify.ordering import Orders
from preserve.verify.plan import Plan, SourceTask, unchecked
from preserve.verify.recording import Recorder
from preserve.verify.roster import Roster
from preserve.verify.tools import Archive, Listener, Tools
from preserve.verify.turns import BATCH, Turns
from preserve.warc.stored import note_stored
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
    Kind,
    Lost,
    Notice,
    Order,
)

POLL_SECONDS = 0.2


_Task = SourceTask | ProbeTask


@dataclass(slots=True)
class _Out:
    """An order that is given and not yet settled."""

    task: _Task
    order: Order
    second_look: bool = False
    worker: int = -1
    capture: ArchivedCapture | None = None
    answered: bool = False
    waits_at: str = ""  # the host that is kept from others while its robots.txt is followed elsewhere


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
        self._turns: Turns[_Task | int] = Turns(tools.clock, settings.fetch.delay)  # an int is an order come to a host
        self._to_judge: deque[int] = deque()  # orders whose capture is there
        self._roster = Roster()
        self._recorder = Recorder(archive, PostVersions(tools.git, plan.paths, listener.notice), listener)
        self._conclusions = Conclusions(archive.ledger, self._recorder, listener, tools.clock)
        self._orders = Orders(archive.ledger, self._recorder, tools.clock)
        self._out: dict[int, _Out] = {}
        self._entering = Entering(archive.index)
        self._files: dict[int, str] = {}  # what each worker writes to
        self._outstanding = 0
        self._stopped = False

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
        if self._outstanding:
            self._work()
        self._recorder.commit()
        found = [state.incident(self._settings.run) for state in self._conclusions.hosts.values()]
        return tuple(incident for incident in found if incident is not None)

    def _enlist(self, archived: Mapping[str, ArchivedCapture]) -> None:
        by_host: dict[str, list[SourceTask]] = defaultdict(list)
        for task in self._plan.tasks:
            by_host[task.host].append(task)
        self._outstanding = len(self._plan.tasks)
        for host, tasks in by_host.items():
            self._conclusions.enlist(host, len(tasks))
            self._turns.add(host, [task for task in tasks if task.url not in archived])
            for task in tasks:
                if task.url in archived:
                    self._judge_archived(task, archived[task.url])

    def _judge_archived(self, task: SourceTask, capture: ArchivedCapture) -> None:
        order = self._order_of_source(task)
        if order is not None:
            self._again(_Out(task, replace(order, kind=Kind.JUDGE, capture=capture), capture=capture))

    def _again(self, out: _Out) -> None:
        """Queue an order whose capture is there to be judged."""
        self._out[out.order.number] = out
        self._to_judge.append(out.order.number)

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
            sources=self._outstanding,
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
        while self._outstanding:
            if self._tools.stop.is_set() and not self._stopped:
                self._stopped = True
                crew.stop()
                self._outstanding -= self._drop_all()
                continue
            self._roster.set_seats(crew.seats())
            wait = self._hand_out(crew)
            try:
                worker, events = self._events.get(timeout=wait)
            except queue.Empty:
                self._recorder.commit()
                continue
            for event in events:
                self._on_event(worker, event)
            if self._recorder.full or self._events.empty():
                self._recorder.commit()

    def _finish(self, crew: Crew) -> None:
        """Have the workers close their files, whose lines are entered together."""
        self._entering.enter()
        self._archive.index.gather()
        waiting = set(crew.seats())
        crew.finish()
        while waiting:
            worker, events = self._events.get()
            for event in events:
                self._on_event(worker, event)
                if isinstance(event, Ended | Lost):
                    waiting.discard(worker)
        self._entering.enter()

    def _drop_all(self) -> int:
        """On stop: what no worker has in hand is left for the next run."""
        dropped = self._turns.drop_all()
        for item in dropped:
            if isinstance(item, int):
                del self._out[item]
        for number in self._to_judge:
            del self._out[number]
        given_up = len(dropped) + len(self._to_judge) + self._conclusions.give_up()
        self._to_judge.clear()
        return given_up

    def _hand_out(self, crew: Crew) -> float:
        """Give every free worker what it may do now; the seconds until there may be more."""
        while self._roster.any_free():
            if self._to_judge:
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
        return self._out[first].task.host if isinstance(first, int) else ""

    def _send_to_judge(self, crew: Crew) -> None:
        numbers = [self._to_judge.popleft() for _ in range(min(BATCH, len(self._to_judge)))]
        worker = self._roster.worker_for("")
        orders = tuple(self._out[number].order for number in numbers)
        self._give(crew, worker, Batch("", orders, is_last=not self._to_judge and self._turns.all_handed_out))

    def _send(self, crew: Crew, worker: int, host: str) -> None:
        orders: list[Order] = []
        while not orders and (items := self._turns.pop_batch(host)):
            self._orders.look_up(items)
            orders = [order for item in items if (order := self._order_of(item)) is not None]
        if orders:
            self._give(crew, worker, Batch(host, tuple(orders), is_last=self._turns.all_handed_out))
        else:
            self._turns.unused(host)

    def _give(self, crew: Crew, worker: int, batch: Batch) -> None:
        for order in batch.orders:
            self._out[order.number].worker = worker
        self._roster.sent(worker, batch.host)
        if batch.host:
            self._turns.asked(batch.host)
        crew.send(worker, batch)

    def _order_of(self, item: _Task | int) -> Order | None:
        """The order for what was queued; None when there is nothing left to ask."""
        if isinstance(item, int):
            return self._out[item].order
        order = self._orders.of_probe(item) if isinstance(item, ProbeTask) else self._order_of_source(item)
        if order is not None:
            self._out[order.number] = _Out(item, order)
        return order

    def _order_of_source(self, task: SourceTask) -> Order | None:
        state = self._conclusions.hosts[task.host]
        order = self._orders.of_source(task, state)
        if order is None:
            state.pending -= 1
            self._outstanding -= 1
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
                self._on_file(worker, event)
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

    def _on_file(self, worker: int, event: FileBegun | FileLines | FileClosed | FileStored) -> None:
        match event:
            case FileBegun():
                self._files[worker] = event.name
            case FileLines():
                self._archive.index.lines(event.name, event.lines)
            case FileClosed():
                self._archive.index.closed(event.name, event.lines)
                self._files.pop(worker, None)
            case FileStored():
                note_stored(self._settings.archive.directory, event.stored)
                self._entering.take(event.lines, self._tools.clock.monotonic())

    def _on_fetched(self, event: Fetched) -> None:
        self._recorder.add_beside(event.beside)
        out = self._out[event.number]
        if event.journey is not None:
            self._go_on(out, event)
            return
        state = self._conclusions.hosts[out.task.host]
        if isinstance(out.task, ProbeTask):
            self._settle(event.number)
            self._go_on_with(state, self._conclusions.probed(state.name, event.capture))
        elif event.capture is None:
            self._settle(event.number)
        else:
            out.capture = event.capture
            self._on_answered(Answered(event.number, event.capture.final.status if event.capture.final else None))

    def _on_answered(self, event: Answered) -> None:
        """Count an answer, once; a host that refuses is left alone though its captures are not stored yet."""
        out = self._out[event.number]
        if out.answered or isinstance(out.task, ProbeTask):
            return
        out.answered = True
        state = self._conclusions.hosts[out.task.host]
        state.answered(event.status)
        self._stop_asking_if_refused(state)

    def _settle(self, number: int) -> None:
        del self._out[number]
        self._outstanding -= 1

    def _go_on(self, out: _Out, event: Fetched) -> None:
        """A visit has come to a host that was not its worker's to ask: it waits for its turn there."""
        journey = event.journey
        if journey is None:
            return
        if self._stopped:
            self._free(out)
            self._settle(event.number)
            return
        if journey.holds and not out.waits_at:
            out.waits_at = host_of(journey.chain.url)
            self._turns.keep(out.waits_at)
        out.worker = -1
        out.order = replace(out.order, journey=journey)
        self._turns.add(journey.host, [event.number], first=True)
        if journey.host == out.waits_at:
            self._free(out)

    def _free(self, out: _Out) -> None:
        self._turns.let_go(out.waits_at)
        out.waits_at = ""

    def _on_back(self, worker: int, event: Back) -> None:
        self._roster.back(worker, event.host)
        if not event.host:
            return
        undone = [self._out.pop(number) for number in event.undone]
        if self._stopped:
            self._outstanding -= len(undone)
        else:
            tasks = [out.task for out in undone if out.order.journey is None]
            self._turns.add(event.host, tasks, first=True)
            for out in undone:
                if out.order.journey is not None:
                    self._out[out.order.number] = out
                    self._turns.add(event.host, [out.order.number], first=True)
            if event.host in self._conclusions.hosts:
                self._stop_asking_if_refused(self._conclusions.hosts[event.host])
        self._turns.answered(event.host, event.ready_in)

    def _on_lost(self, worker: int, event: Lost) -> None:
        """A worker is gone: what it had archived is judged, the rest asked again by others."""
        self._listener.notice(f"A worker was lost ({event.why}); what it had in hand is done by another.")
        hosts, parked = self._roster.lose(worker)
        directory = Path(self._settings.archive.directory)
        found = salvage(directory, self._archive, self._files.pop(worker, ""), ended=event.ended)
        for line in found.lines:
            self._listener.notice(line)
        for number in [number for number, out in self._out.items() if out.worker == worker]:
            self._do_again(number, found)
        for host in [*filter(None, hosts), *parked]:
            self._turns.lost(host)

    def _do_again(self, number: int, found: Salvage) -> None:
        out = self._out[number]
        out.worker = -1
        capture = out.capture
        if capture is None and isinstance(out.task, SourceTask):
            capture = found.captures.get(out.task.url)
        if self._stopped:  # what was archived is judged by the run that takes this one up
            self._free(out)
            self._settle(number)
        elif capture is not None:
            out.capture = capture
            out.order = replace(out.order, kind=Kind.JUDGE, capture=capture, journey=None)
            self._to_judge.append(number)
        elif out.order.journey is None:
            del self._out[number]
            self._turns.add(out.task.host, [out.task], first=True)
        else:
            self._turns.add(out.order.journey.host, [number], first=True)

    def _on_concluded(self, event: Concluded) -> None:
        out = self._out.pop(event.number)
        task, capture = out.task, out.capture
        if not isinstance(task, SourceTask) or capture is None:
            return
        order = out.order if event.template is None else replace(out.order, template=event.template)
        found = Judgements(task, order, capture, event.judged)
        if out.second_look:
            then = self._conclusions.take_again(found)
        else:
            then = self._conclusions.take(found, hold=not self._stopped)
        self._go_on_with(self._conclusions.hosts[task.host], then)

    def _go_on_with(self, state: HostState, then: Next) -> None:
        """Do what follows from a judgement of a host's page."""
        self._outstanding -= then.settled
        for wanted in then.wanted:
            if isinstance(wanted, ProbeTask):
                self._outstanding += 1
                self._turns.add(wanted.host, [wanted], first=True)
            else:
                self._again(_Out(wanted.task, wanted.order, second_look=True, capture=wanted.capture))
        self._stop_asking_if_refused(state)

    def _stop_asking_if_refused(self, state: HostState) -> None:
        dropped = self._turns.drop(state.name) if state.must_stop(self._settings.run) else []
        if not dropped:
            return
        saw = f"{state.name} refused or failed alike, time after time; the rest was not asked"
        self._listener.notice(f"{saw} ({len(dropped)} sources).")
        touched = {state.name}
        for item in dropped:
            task = self._dropped(item)
            self._outstanding -= 1
            touched.add(task.host)
            if isinstance(task, ProbeTask):
                self._conclusions.not_probed(task.host)
                continue
            self._conclusions.hosts[task.host].pending -= 1
            for post in task.posts:
                now = self._tools.clock.now()
                self._recorder.add(unchecked(post.path, post.source, now, (Reason.HOST_INCIDENT, saw)))
        for host in touched:
            self._go_on_with(self._conclusions.hosts[host], self._conclusions.release(host))

    def _dropped(self, item: _Task | int) -> _Task:
        """The task of what was queued and is given up; the host that waited for it is let go."""
        if not isinstance(item, int):
            return item
        out = self._out.pop(item)
        self._free(out)
        return out.task
