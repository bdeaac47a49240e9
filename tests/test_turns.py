"""A host that was handed out is nobody else's until its batch is back, its pause is over and nobody keeps it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from preserve.verify.turns import BATCH, Turns

HOSTS = ("a", "b")
DELAY = 2.0
PASSING = (99).__eq__


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at


def turns(clock: HandClock, delay: float = DELAY, **work: list[int]) -> Turns[int]:
    made: Turns[int] = Turns(clock, delay)
    for host, items in work.items():
        made.add(host, items)
    return made


def test_a_host_that_needs_no_pause_gives_several_sources_at_once() -> None:
    hosts = turns(HandClock(), delay=0.0, a=list(range(BATCH + 1)))
    assert hosts.take_now() == "a"
    assert hosts.pop_batch("a") == list(range(BATCH))


def test_a_host_that_asks_for_a_pause_gives_one_from_then_on() -> None:
    hosts = turns(clock := HandClock(), delay=0.0, a=list(range(BATCH + 2)))
    hosts.take_now()
    hosts.pop_batch("a")
    hosts.answered("a", 3.0)
    assert hosts.take_now() is None
    assert hosts.seconds_to_next() == 3.0
    clock.at += 3.0
    assert hosts.take_now() == "a"
    assert hosts.pop_batch("a") == [BATCH]


def test_a_host_whose_worker_was_lost_waits_for_the_longer_of_its_pauses() -> None:
    hosts = turns(HandClock(), a=[1, 2, 3])
    hosts.take_now()
    hosts.lost("a")
    assert hosts.seconds_to_next() == DELAY


def test_a_host_that_is_kept_is_free_when_it_is_let_go_and_not_while_it_is_asked() -> None:
    hosts = turns(HandClock(), a=[1, 2])
    hosts.take_now()
    hosts.keep("a", PASSING)
    hosts.let_go("a")
    assert hosts.take_now() is None
    hosts.keep("a", PASSING)
    hosts.answered("a", 0.0)
    assert hosts.take_now() is None
    hosts.let_go("a")
    assert hosts.take_now() == "a"


def test_a_host_that_is_kept_is_asked_only_by_who_passes_and_pauses_all_the_same() -> None:
    hosts = turns(clock := HandClock(), a=[1, 2, 3])
    hosts.take_now()
    assert hosts.pop_batch("a") == [1]
    hosts.add("a", [99], first=True, passing=True)
    hosts.keep("a", PASSING)
    hosts.add("a", [1], first=True)  # given back
    assert hosts.take_now() is None
    hosts.answered("a", 1.0)
    assert hosts.take_now() is None
    clock.at += 1.0
    assert hosts.take_now() == "a"
    assert hosts.pop_batch("a") == [99]
    hosts.answered("a", 1.0)
    assert hosts.seconds_to_next() is None
    hosts.let_go("a")
    assert hosts.take_now() is None
    clock.at += 1.0
    assert hosts.take_now() == "a"
    assert hosts.pop_batch("a") == [1]


def test_all_is_handed_out_once_nothing_waits_for_a_host_that_is_asked_or_kept() -> None:
    hosts = turns(HandClock(), a=[1, 2], b=[3])
    assert [hosts.take_now(), hosts.take_now()] == ["a", "b"]
    assert [hosts.pop_batch("a"), hosts.pop_batch("b")] == [[1], [3]]
    assert not hosts.all_handed_out
    hosts.keep("a", PASSING)
    assert not hosts.all_handed_out
    hosts.let_go("a")
    hosts.answered("a", 1.0)
    assert hosts.pop_batch("a") == [2]
    assert hosts.all_handed_out
    hosts.add("b", [4])
    assert not hosts.all_handed_out


def test_what_waits_for_a_host_that_is_kept_is_dropped_with_the_rest() -> None:
    hosts = turns(HandClock(), a=[1], b=[2])
    hosts.keep("a", PASSING)
    hosts.add("a", [3], passing=True)
    assert hosts.drop("a") == [3, 1]
    hosts.add("a", [4])
    assert sorted(hosts.drop_all()) == [2, 4]
    hosts.let_go("a")
    assert hosts.all_handed_out


class Handing(RuleBasedStateMachine):
    """Whatever happens in whatever order, nobody gets a host that is out, kept, or due a pause."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.hosts = turns(self.clock, a=list(range(50)), b=list(range(50)))
        self.out: set[str] = set()
        self.kept: set[str] = set()
        self.free_at = dict.fromkeys(HOSTS, 0.0)

    @rule()
    def take(self) -> None:
        host = self.hosts.take_now()
        if host is not None:
            assert host not in self.out
            assert host not in self.kept
            assert self.clock.at >= self.free_at[host]
            self.hosts.pop_batch(host)
            self.out.add(host)

    @precondition(lambda self: self.out)
    @rule(pause=st.sampled_from([0.0, 1.0, 5.0]), lost=st.booleans(), data=st.data())
    def give_back(self, pause: float, *, lost: bool, data: st.DataObject) -> None:
        host = data.draw(st.sampled_from(sorted(self.out)))
        self.out.discard(host)
        if lost:
            self.hosts.lost(host)
        else:
            self.hosts.answered(host, pause)
        if host not in self.kept and not lost:
            self.free_at[host] = self.clock.at + pause

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def keep(self, data: st.DataObject) -> None:
        host = data.draw(st.sampled_from(sorted(self.out)))
        self.hosts.keep(host, PASSING)
        self.kept.add(host)

    @rule(host=st.sampled_from(HOSTS))
    def let_go(self, host: str) -> None:
        self.hosts.let_go(host)
        self.kept.discard(host)

    @rule(seconds=st.sampled_from([0.5, 4.0]))
    def wait(self, seconds: float) -> None:
        self.clock.at += seconds

    @invariant()
    def somebody_can_go_on(self) -> None:
        if not self.out and not self.kept:
            assert self.hosts.all_handed_out is False


TestHanding = Handing.TestCase
