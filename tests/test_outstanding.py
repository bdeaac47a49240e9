"""Every task of a run is queued, under order, held or settled: never two of these, and settled once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from ledger_samples import Sample, capture_of

from preserve.fetch import Journey
from preserve.fetch.fetcher import _Chain
from preserve.model import ArchivedCapture, ExchangeRole
from preserve.times import SystemClock
from preserve.verify.conclusions import ProbeTask, SecondLook
from preserve.verify.outstanding import NOBODY, Outstanding, Task
from preserve.verify.plan import PlannedPost, SourceTask
from preserve.verify.turns import Turns
from preserve.work.values import Kind, Order

HOSTS = ("a.example", "b.example")


def source(number: int, host: str = HOSTS[0]) -> SourceTask:
    url = f"http://{host}/{number}"
    return SourceTask(url, host, (PlannedPost(f"{number}.md", url),))


def capture(task: Task) -> ArchivedCapture:
    return capture_of(Sample(task.url, source=task.url))


def journey(task: Task, to: str, *, holds: bool = False) -> Journey:
    """A visit that goes on at `to`: its page, or the robots.txt that must be read before."""
    page = _Chain(task.url if holds else f"http://{to}/on", ExchangeRole.SOURCE, 5)
    robots = _Chain(f"http://{to}/robots.txt", ExchangeRole.ROBOTS, 5) if holds else None
    return Journey(task.url, task.url, page, robots)


@pytest.fixture
def turns() -> Turns[Task | int]:
    return Turns(SystemClock(), 0.0)


@pytest.fixture
def book(turns: Turns[Task | int]) -> Outstanding:
    return Outstanding(turns)


def sent(book: Outstanding, turns: Turns[Task | int], tasks: list[Task], worker: int = 0) -> list[int]:
    """Queue tasks and send them to a worker; the numbers of their orders, from 1."""
    book.add(tasks[0].host, tasks)
    assert turns.take_now() == tasks[0].host
    orders = []
    for number, task in enumerate(book.take(tasks[0].host), 1):
        assert not isinstance(task, int)
        orders.append(Order(number, Kind.SOURCE, task.url))
        book.begin(task, orders[-1])
    book.sent(worker, orders)
    return [order.number for order in orders]


def test_a_task_that_gets_no_order_is_settled(book: Outstanding, turns: Turns[Task | int]) -> None:
    book.add(HOSTS[0], [source(1), source(2)])
    assert book.left == 2
    turns.take_now()
    book.take(HOSTS[0])
    assert book.left == 0


def test_what_is_given_back_undone_is_next_in_the_order_it_had(book: Outstanding, turns: Turns[Task | int]) -> None:
    tasks: list[Task] = [source(number) for number in range(12)]
    numbers = sent(book, turns, tasks)
    book.undone(HOSTS[0], numbers[5:])
    turns.answered(HOSTS[0], 0.0)
    assert turns.take_now() == HOSTS[0]
    assert book.take(HOSTS[0]) == tasks[5:]


def test_a_visit_keeps_its_order_when_it_comes_to_another_host(book: Outstanding, turns: Turns[Task | int]) -> None:
    (number,) = sent(book, turns, [source(1)])
    to = journey(source(1), HOSTS[1])
    book.come_to(number, to)
    assert turns.take_now() == HOSTS[1]
    assert book.take(HOSTS[1]) == [number]
    assert (book[number].order.journey, book[number].worker, book.left) == (to, NOBODY, 1)


def test_a_visit_given_back_undone_is_not_queued_again_when_that_worker_is_lost(
    book: Outstanding, turns: Turns[Task | int]
) -> None:
    (number,) = sent(book, turns, [source(1)])
    book.come_to(number, journey(source(1), HOSTS[1]))
    turns.take_now()
    book.take(HOSTS[1])
    book.sent(0, [book[number].order])
    book.undone(HOSTS[1], [number])
    book.lost(0, {})
    turns.answered(HOSTS[1], 0.0)
    turns.take_now()
    assert book.take(HOSTS[1]) == [number]


def test_nobody_asks_the_host_of_a_visit_whose_robots_txt_is_followed_elsewhere(
    book: Outstanding, turns: Turns[Task | int]
) -> None:
    (number,) = sent(book, turns, [source(1)])
    book.add(HOSTS[0], [source(2)])
    book.come_to(number, journey(source(1), HOSTS[1], holds=True))
    turns.answered(HOSTS[0], 0.0)
    assert [turns.take_now(), turns.take_now()] == [HOSTS[1], None]
    book.take(HOSTS[1])
    book.come_to(number, journey(source(1), HOSTS[0]))
    assert turns.take_now() == HOSTS[0]
    assert book.take(HOSTS[0]) == [number, source(2)]


def test_two_hosts_whose_robots_txt_lead_to_each_other_are_both_asked(
    book: Outstanding, turns: Turns[Task | int]
) -> None:
    tasks = [source(number, host) for number, host in enumerate(HOSTS)]
    for number, task in enumerate(tasks):
        book.add(task.host, [task])
        assert turns.take_now() == task.host
        book.take(task.host)
        book.begin(task, Order(number, Kind.SOURCE, task.url))
    for number, task in enumerate(tasks):
        book.come_to(number, journey(task, HOSTS[1 - number], holds=True))
        turns.answered(task.host, 0.0)
    assert {turns.take_now(), turns.take_now()} == set(HOSTS)
    assert [book.take(HOSTS[0]), book.take(HOSTS[1])] == [[1], [0]]


@pytest.mark.parametrize("how", ["settled", "lost as it stops"])
def test_a_visit_that_ends_elsewhere_lets_its_host_go(book: Outstanding, turns: Turns[Task | int], how: str) -> None:
    (number,) = sent(book, turns, [source(1)])
    book.come_to(number, journey(source(1), HOSTS[1], holds=True))
    turns.answered(HOSTS[0], 0.0)
    turns.take_now()
    book.take(HOSTS[1])
    book.sent(0, [book[number].order])
    if how == "settled":
        book.settle(number)
    else:
        book.stop()
        book.lost(0, {})
    assert book.left == 0
    book.add(HOSTS[0], [source(2)])
    assert turns.take_now() == HOSTS[0]


def test_what_a_lost_worker_had_archived_is_judged_and_the_rest_asked_again(
    book: Outstanding, turns: Turns[Task | int]
) -> None:
    told, found, asked = source(1), source(2), source(3)
    numbers = sent(book, turns, [told, found, asked])
    book[numbers[0]].capture = capture(told)
    book.lost(0, {found.url: capture(found)})
    turns.lost(HOSTS[0])
    orders = book.take_to_judge(8)
    assert [(order.number, order.kind, order.capture) for order in orders] == [
        (numbers[0], Kind.JUDGE, capture(told)),
        (numbers[1], Kind.JUDGE, capture(found)),
    ]
    assert turns.take_now() == HOSTS[0]
    assert book.take(HOSTS[0]) == [asked]


def test_a_run_that_stops_waits_only_for_what_workers_have(book: Outstanding, turns: Turns[Task | int]) -> None:
    numbers = sent(book, turns, [source(1), source(2)])
    book.add(HOSTS[1], [source(3, HOSTS[1])])
    archived = source(4)
    book.begin(archived, Order(4, Kind.SOURCE, archived.url))
    book.judge(4, capture(archived))
    assert book.left == 4
    book.stop()
    assert (book.left, book.waits_to_be_judged) == (2, False)
    book.undone(HOSTS[0], numbers[1:])
    book.come_to(numbers[0], journey(source(1), HOSTS[1]))
    assert book.left == 0
    assert turns.take_now() is None


QUEUED, ELSEWHERE, OUT, FETCHED, TO_JUDGE, HELD, SETTLED = (
    *("queued", "at another host", "out", "fetched", "to be judged", "held", "settled"),
)


class Keeping(RuleBasedStateMachine):
    """Whatever happens in whatever order, the book says of every task what happened to it."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: Turns[Task | int] = Turns(SystemClock(), 0.0)
        self.book = Outstanding(self.turns)
        self.numbers = itertools.count(1)
        self.workers = [0, 1]
        self.state: dict[Task, str] = {}
        self.number: dict[Task, int] = {}
        self.worker: dict[Task, int] = {}
        self.asked: dict[str, int] = {}  # host -> the worker that has it
        self.at: dict[Task, str] = {}  # the host that is asked, or to be asked
        for host in HOSTS:
            self.queue(host, [source(number, host) for number in range(11)])

    def queue(self, host: str, tasks: list[Task], *, first: bool = False) -> None:
        self.book.add(host, tasks, first=first)
        for task in tasks:
            self.state[task], self.at[task] = QUEUED, host

    def tasks(self, *states: str) -> list[Task]:
        return [task for task, state in self.state.items() if state in states]

    def in_hand(self, worker: int) -> list[Task]:
        return [task for task in self.tasks(OUT, FETCHED) if self.worker[task] == worker]

    def moved(self, task: Task, *states: str, to: str) -> None:
        assert self.state[task] in states, f"{task} is {self.state[task]}"
        self.state[task] = SETTLED if self.book.stopping and to in (QUEUED, ELSEWHERE, TO_JUDGE) else to

    def task_of(self, number: int) -> Task:
        (task,) = (task for task, known in self.number.items() if known == number)
        return task

    @rule(data=st.data(), gone=st.booleans())
    def hand_out(self, data: st.DataObject, *, gone: bool) -> None:
        worker = data.draw(st.sampled_from(self.workers))
        host = self.turns.take_now()
        if host is None:
            return
        orders = []
        for place, item in enumerate(self.book.take(host)):
            if isinstance(item, int):
                task, order = self.task_of(item), self.book[item].order
                assert self.book[item].task == task
                self.moved(task, ELSEWHERE, to=OUT)
            elif gone and not place:  # its posts can't be read any more
                self.moved(item, QUEUED, to=SETTLED)
                continue
            else:
                task, order = item, Order(next(self.numbers), Kind.SOURCE, item.url)
                self.number[task] = order.number
                self.book.begin(task, order)
                self.moved(task, QUEUED, to=OUT)
            orders.append(order)
            self.worker[task], self.at[task] = worker, host
        if orders:
            self.asked[host] = worker
            self.book.sent(worker, orders)
        else:
            self.turns.unused(host)

    @precondition(lambda self: self.tasks(OUT))
    @rule(data=st.data(), told=st.booleans())
    def fetch(self, data: st.DataObject, *, told: bool) -> None:
        """A page is archived; when not told of, it lies in the worker's file."""
        task = data.draw(st.sampled_from(self.tasks(OUT)))
        if told:
            self.book[self.number[task]].capture = capture(task)
            self.moved(task, OUT, to=FETCHED)

    @precondition(lambda self: self.tasks(OUT))
    @rule(data=st.data(), holds=st.booleans())
    def lead_elsewhere(self, data: st.DataObject, *, holds: bool) -> None:
        task = data.draw(st.sampled_from(self.tasks(OUT)))
        number = self.number[task]
        back = bool(self.book[number].waits_at)
        to = task.host if back else next(host for host in HOSTS if host != self.at[task])
        self.book.come_to(number, journey(task, to, holds=holds and not back and self.at[task] == task.host))
        self.moved(task, OUT, to=ELSEWHERE)
        self.at[task] = to

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        host = data.draw(st.sampled_from(sorted(self.asked)))
        worker = self.asked.pop(host)
        undone = [task for task in self.tasks(OUT) if self.worker[task] == worker and self.at[task] == host]
        self.book.undone(host, [self.number[task] for task in undone])
        for task in undone:
            self.moved(task, OUT, to=ELSEWHERE if self.has_order(task) else QUEUED)
        self.turns.answered(host, 0.0)

    def has_order(self, task: Task) -> bool:
        try:
            self.book[self.number[task]]
        except KeyError:
            return False
        return True

    @precondition(lambda self: self.tasks(TO_JUDGE))
    @rule(data=st.data(), most=st.integers(1, 3))
    def hand_out_to_judge(self, data: st.DataObject, most: int) -> None:
        worker = data.draw(st.sampled_from(self.workers))
        orders = self.book.take_to_judge(most)
        assert orders
        self.book.sent(worker, orders)
        for order in orders:
            task = self.task_of(order.number)
            assert order.capture == capture(task)
            self.moved(task, TO_JUDGE, to=FETCHED)
            self.worker[task] = worker

    @precondition(lambda self: self.tasks(FETCHED))
    @rule(data=st.data())
    def judge(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(self.tasks(FETCHED)))
        assert self.book.hold(self.number[task]).capture == capture(task)
        self.moved(task, FETCHED, to=HELD)

    @precondition(lambda self: self.tasks(HELD) and not self.book.stopping)
    @rule(data=st.data(), again=st.booleans())
    def release(self, data: st.DataObject, *, again: bool) -> None:
        task = data.draw(st.sampled_from(self.tasks(HELD)))
        if again:
            order = Order(self.number[task], Kind.JUDGE, task.url, capture=capture(task))
            self.book.look_again(SecondLook(task, order, capture(task)))  # type: ignore[arg-type]  # only carried
            self.moved(task, HELD, to=TO_JUDGE)
        else:
            self.book.released(1)
            self.moved(task, HELD, to=SETTLED)

    @precondition(lambda self: not self.book.stopping)
    @rule(host=st.sampled_from(HOSTS))
    def probe(self, host: str) -> None:
        if (task := ProbeTask(f"http://{host}/probe", host)) not in self.state:
            self.queue(host, [task], first=True)

    @precondition(lambda self: self.tasks(OUT, FETCHED))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(self.tasks(OUT, FETCHED)))
        self.book.settle(self.number[task])
        self.moved(task, OUT, FETCHED, to=SETTLED)

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(self.workers))
        unfetched = [task for task in self.in_hand(worker) if self.state[task] == OUT]
        found = data.draw(st.sets(st.sampled_from(unfetched))) if unfetched else set()
        had = self.in_hand(worker)
        self.book.lost(worker, {task.url: capture(task) for task in found})
        for task in had:
            archived = self.state[task] == FETCHED or (task in found and isinstance(task, SourceTask))
            self.moved(task, OUT, FETCHED, to=TO_JUDGE if archived else ELSEWHERE if self.has_order(task) else QUEUED)
        for host in [host for host, whose in self.asked.items() if whose == worker]:
            del self.asked[host]
            self.turns.lost(host)
        self.workers[self.workers.index(worker)] = max(self.workers) + 1

    @precondition(lambda self: not self.book.stopping)
    @rule(host=st.sampled_from(HOSTS))
    def refuse(self, host: str) -> None:
        there = [task for task in self.tasks(QUEUED, ELSEWHERE) if self.at[task] == host]
        dropped = self.book.drop(host)
        assert len(dropped) == len(set(dropped))
        assert set(dropped) == set(there)
        for task in dropped:
            self.moved(task, QUEUED, ELSEWHERE, to=SETTLED)

    @precondition(lambda self: not self.book.stopping and len(self.tasks(SETTLED)) > 4)
    @rule()
    def stop(self) -> None:
        self.book.stop()
        held = self.tasks(HELD)
        self.book.released(len(held))
        for task in [*held, *self.tasks(QUEUED, ELSEWHERE, TO_JUDGE)]:
            self.state[task] = SETTLED

    @invariant()
    def the_count_is_of_what_is_not_settled(self) -> None:
        assert self.book.left == len(self.state) - len(self.tasks(SETTLED))

    @invariant()
    def it_knows_who_has_what(self) -> None:
        for task in self.tasks(OUT, FETCHED):
            assert self.book[self.number[task]].worker == self.worker[task]
        for task in self.tasks(ELSEWHERE, TO_JUDGE):
            assert self.book[self.number[task]].worker == NOBODY
        assert self.book.waits_to_be_judged == bool(self.tasks(TO_JUDGE))

    def teardown(self) -> None:
        """Nothing is left behind: given hands, every task comes to its end."""
        for _ in range(200):
            if not self.book.left:
                break
            for task in self.tasks(FETCHED):
                self.book.hold(self.number[task])
                self.moved(task, FETCHED, to=HELD)
            for task in self.tasks(HELD):
                self.book.released(1)
                self.moved(task, HELD, to=SETTLED)
            for order in self.book.take_to_judge(99):
                self.moved(self.task_of(order.number), TO_JUDGE, to=FETCHED)
            self.finish_hosts()
        assert self.book.left == 0
        assert set(self.state.values()) == {SETTLED}

    def finish_hosts(self) -> None:
        for task in self.tasks(OUT):
            self.book.settle(self.number[task])
            self.moved(task, OUT, to=SETTLED)
        for host in [*self.asked]:
            del self.asked[host]
            self.turns.answered(host, 0.0)
        while (host := self.turns.take_now()) is not None:
            for item in self.book.take(host):
                task = self.task_of(item) if isinstance(item, int) else item
                if isinstance(item, int):
                    self.book.settle(item)
                self.moved(task, QUEUED, ELSEWHERE, to=SETTLED)
            self.turns.answered(host, 0.0)


TestKeeping = Keeping.TestCase
