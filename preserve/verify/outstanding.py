"""What a run still has to do, and who has it: a task is queued, under order, held or settled, and never two of these.

Owns the orders that are given and not settled, the captures that wait to be judged, and the count of what is left. What
is queued for a host lies in `turns`, where this module alone puts it and takes it away; what is held is kept by
`conclusions` and counted here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from preserve.fetch import Journey
from preserve.model import ArchivedCapture
from preserve.urls import host_of
from preserve.verify.conclusions import ProbeTask, SecondLook
from preserve.verify.plan import SourceTask
from preserve.verify.turns import Turns
from preserve.work.values import Kind, Order

Task = SourceTask | ProbeTask
NOBODY = -1


@dataclass(slots=True)
class Errand:
    """An order that is given and not settled.

    Attributes:
        task: what it is for.
        order: as it stands: a visit that goes on elsewhere, or a capture that is to be judged again, changes it.
        second_look: it judges what was judged before.
        worker: who has it; `NOBODY` while it is queued.
        capture: as archived, once it is.
        answered: its answer was counted.
        waits_at: the host that is kept from others while its robots.txt is followed elsewhere; "" for none.
    """

    task: Task
    order: Order
    second_look: bool = False
    worker: int = NOBODY
    capture: ArchivedCapture | None = None
    answered: bool = False
    waits_at: str = ""


class Outstanding:
    """The tasks of a run that are not settled. Not thread-safe.

    Args:
        turns: what is queued, by host; an int is an order that has come to a host.
    """

    def __init__(self, turns: Turns[Task | int]) -> None:
        self._turns = turns
        self._queued = 0  # tasks without an order
        self._errands: dict[int, Errand] = {}
        self._to_judge: deque[int] = deque()
        self._held = 0
        self._stopping = False

    @property
    def left(self) -> int:
        """How many tasks are not settled; the run is done when it is 0."""
        return self._queued + len(self._errands) + self._held

    @property
    def stopping(self) -> bool:
        """Whether nothing new is to be begun: what comes back undone is settled, for the next run to do."""
        return self._stopping

    @property
    def waits_to_be_judged(self) -> bool:
        """Whether there is a capture that can be judged."""
        return bool(self._to_judge)

    def __getitem__(self, number: int) -> Errand:
        """The errand of an order; KeyError when it is settled."""
        return self._errands[number]

    # ------------------------------------------------------------ what is to be done

    def add(self, host: str, tasks: list[Task], *, first: bool = False) -> None:
        """Queue new tasks for a host, before what is queued already when `first`."""
        self._queued += len(tasks)
        self._turns.add(host, tasks, first=first)

    def take(self, host: str) -> list[Task | int]:
        """What to ask of a host next, as `Turns.pop_batch`: orders, and tasks that are settled unless they `begin`."""
        items = self._turns.pop_batch(host)
        self._queued -= sum(not isinstance(item, int) for item in items)
        return items

    def begin(self, task: Task, order: Order) -> None:
        """A task that was taken, or was never queued, has its order."""
        self._errands[order.number] = Errand(task, order)

    def judge(self, number: int, capture: ArchivedCapture) -> None:
        """Nothing of an order is left but to judge its capture: queue that."""
        errand = self._errands[number]
        errand.worker, errand.capture = NOBODY, capture
        errand.order = replace(errand.order, kind=Kind.JUDGE, capture=capture, journey=None)
        self._to_judge.append(number)

    def look_again(self, look: SecondLook) -> None:
        """What was held is to be judged once more: queue that."""
        self._held -= 1
        self._errands[look.order.number] = Errand(look.task, look.order, second_look=True, capture=look.capture)
        self._to_judge.append(look.order.number)

    def take_to_judge(self, most: int) -> tuple[Order, ...]:
        """Up to so many orders whose capture is there to be judged."""
        numbers = [self._to_judge.popleft() for _ in range(min(most, len(self._to_judge)))]
        return tuple(self._errands[number].order for number in numbers)

    # ------------------------------------------------------------ who has it

    def sent(self, worker: int, orders: Iterable[Order]) -> None:
        """A worker has these orders in hand."""
        for order in orders:
            self._errands[order.number].worker = worker

    def come_to(self, number: int, journey: Journey) -> None:
        """A visit has come to a host that was not its worker's to ask: it waits for its turn there."""
        if self._stopping:
            self.settle(number)
            return
        errand = self._errands[number]
        if journey.holds and not errand.waits_at:
            errand.waits_at = host_of(journey.chain.url)
            self._turns.keep(errand.waits_at, self._passes)
        errand.order = replace(errand.order, journey=journey)
        self._visit(number)
        if journey.host == errand.waits_at:
            self._free(errand)

    def undone(self, host: str, numbers: Iterable[int]) -> None:
        """A worker gives back what it was to ask of a host: next there, visits that came from elsewhere before all."""
        tasks: list[Task] = []
        visits: list[int] = []
        for number in numbers:
            errand = self._errands[number]
            if self._stopping:
                self.settle(number)
            elif errand.order.journey is None:
                tasks.append(self._errands.pop(number).task)
            else:
                visits.append(number)
        self.add(host, tasks, first=True)
        for number in visits:
            self._visit(number)

    def lost(self, worker: int, captures: Mapping[str, ArchivedCapture]) -> None:
        """A worker is gone: what it had archived is judged, the rest asked again.

        Args:
            worker: its number.
            captures: found in its file, by the URL that was asked.
        """
        for number in [number for number, errand in self._errands.items() if errand.worker == worker]:
            errand = self._errands[number]
            capture = errand.capture
            if capture is None and isinstance(errand.task, SourceTask):
                capture = captures.get(errand.task.url)
            if self._stopping:  # what was archived is judged by the run that takes this one up
                self.settle(number)
            elif capture is not None:
                self.judge(number, capture)
            elif errand.order.journey is None:
                self.add(errand.task.host, [self._errands.pop(number).task], first=True)
            else:
                self._visit(number)

    def _visit(self, number: int) -> None:
        """Queue a visit that is on its way at the host it has come to."""
        errand = self._errands[number]
        errand.worker = NOBODY
        if (journey := errand.order.journey) is not None:
            self._turns.add(journey.host, [number], first=True, passing=self._passes(number))

    def _passes(self, item: Task | int) -> bool:
        """Whether it is a visit that only follows a robots.txt."""
        journey = self._errands[item].order.journey if isinstance(item, int) else None
        return journey is not None and journey.holds

    # ------------------------------------------------------------ what is done

    def settle(self, number: int) -> Errand:
        """An order needs nothing more in this run."""
        errand = self._errands.pop(number)
        self._free(errand)
        return errand

    def hold(self, number: int) -> Errand:
        """An order was judged; its task is held until it is `released`, or looked at again."""
        self._held += 1
        return self.settle(number)

    def released(self, tasks: int) -> None:
        """So many tasks that were held need nothing more in this run."""
        self._held -= tasks

    def drop(self, host: str) -> list[Task]:
        """The host is asked no more: the tasks that were queued for it, which are settled by this."""
        return [self._dropped(item) for item in self._turns.drop(host)]

    def stop(self) -> None:
        """What no worker has in hand is left for the next run, and so will be what comes back undone."""
        self._stopping = True
        for item in self._turns.drop_all():
            self._dropped(item)
        while self._to_judge:
            self.settle(self._to_judge.popleft())

    def _dropped(self, item: Task | int) -> Task:
        if isinstance(item, int):
            return self.settle(item).task
        self._queued -= 1
        return item

    def _free(self, errand: Errand) -> None:
        self._turns.let_go(errand.waits_at)
        errand.waits_at = ""
