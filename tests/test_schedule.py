"""Hosts are handed out one at a time each, as soon as they may be asked, the one with most work first."""

from __future__ import annotations

from preserve.verify.schedule import HostSchedule


def schedule(**work: list[int]) -> HostSchedule[int]:
    hosts: HostSchedule[int] = HostSchedule()
    for host, items in work.items():
        hosts.add(host, items)
    return hosts


def test_a_host_is_not_handed_out_twice_before_it_is_given_back() -> None:
    hosts = schedule(a=[1, 2], b=[3])
    assert {hosts.take(0.0), hosts.take(0.0)} == {"a", "b"}
    assert hosts.pop("a", 1) == [1]
    assert hosts.take(0.0) is None
    hosts.done("a", 0.0)
    assert hosts.take(0.0) == "a"
    assert hosts.pop("a", 9) == [2]


def test_a_host_that_must_wait_lets_another_go_first() -> None:
    hosts = schedule(slow=[1, 2, 3], free=[4])
    assert hosts.take(0.0) == "slow"
    hosts.pop("slow", 1)
    hosts.done("slow", 10.0)
    assert hosts.take(5.0) == "free"
    assert hosts.take(5.0) is None
    assert hosts.next_at() == 10.0
    assert hosts.take(10.0) == "slow"


def test_the_host_with_most_work_goes_first() -> None:
    assert schedule(small=[1], large=[2, 3, 4]).take(0.0) == "large"


def test_urgent_work_of_a_host_comes_before_its_queue() -> None:
    hosts = schedule(a=[1, 2])
    hosts.add("a", [9], first=True)
    hosts.take(0.0)
    assert hosts.peek("a") == 9
    assert hosts.pop("a", 2) == [9, 1]


def test_work_that_comes_while_its_host_is_out_waits_for_it() -> None:
    hosts = schedule(a=[1])
    hosts.take(0.0)
    hosts.pop("a", 1)
    hosts.add("a", [2])
    assert hosts.take(0.0) is None
    assert hosts.next_at() is None
    hosts.done("a", 3.0)
    assert hosts.next_at() == 3.0


def test_dropped_work_is_handed_back_and_never_handed_out() -> None:
    hosts = schedule(a=[1, 2, 3])
    hosts.take(0.0)
    hosts.pop("a", 1)
    assert hosts.drop("a") == [2, 3]
    hosts.done("a", 0.0)
    hosts.add("b", [4])
    assert hosts.take(0.0) == "b"
    assert hosts.take(0.0) is None


def test_everything_can_be_taken_back() -> None:
    hosts = schedule(a=[1, 2], b=[3])
    assert sorted(hosts.drop_all()) == [1, 2, 3]
    assert hosts.next_at() is None
