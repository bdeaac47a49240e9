"""Hosts are asked one at a time each, as soon as they may be, and no thread waits while another host is free."""

from __future__ import annotations

import threading

from preserve.verify.schedule import HostSchedule


def schedule(ready: dict[str, float] | None = None, now: list[float] | None = None) -> HostSchedule[int]:
    ready, now = ready or {}, now or [0.0]
    return HostSchedule(lambda host: ready.get(host, 0.0), lambda: now[0])


def test_a_host_is_not_handed_out_twice_before_it_is_given_back() -> None:
    hosts = schedule()
    hosts.add("a", [1, 2])
    hosts.add("b", [3])
    taken = {hosts.take(), hosts.take()}
    assert {host for host, _ in taken if host} == {"a", "b"}  # type: ignore[misc]
    hosts.done("a")
    assert hosts.take() == ("a", 2)


def test_a_host_that_must_wait_lets_another_go_first() -> None:
    hosts = schedule({"slow": 10.0})
    hosts.add("slow", [1])
    hosts.add("free", [2])
    assert hosts.take() == ("free", 2)


def test_the_host_with_most_work_goes_first() -> None:
    hosts = schedule()
    hosts.add("small", [1])
    hosts.add("large", [2, 3, 4])
    assert hosts.take() == ("large", 2)


def test_urgent_work_of_a_host_comes_before_its_queue() -> None:
    hosts = schedule()
    hosts.add("a", [1, 2])
    assert hosts.take() == ("a", 1)
    hosts.add("a", [9], first=True)
    hosts.done("a")
    assert hosts.take() == ("a", 9)


def test_dropped_work_is_handed_back_and_never_handed_out() -> None:
    hosts = schedule()
    hosts.add("a", [1, 2, 3])
    assert hosts.take() == ("a", 1)
    assert hosts.drop("a") == [2, 3]
    hosts.done("a")
    hosts.add("b", [4])
    assert hosts.take() == ("b", 4)


def test_closing_wakes_every_waiting_thread() -> None:
    hosts = schedule()
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(hosts.take())) for _ in range(3)]
    for thread in threads:
        thread.start()
    hosts.close()
    for thread in threads:
        thread.join(5)
    assert results == [None, None, None]


def test_work_added_later_wakes_a_waiting_thread() -> None:
    hosts = schedule()
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(hosts.take()))
    thread.start()
    hosts.add("a", [1])
    thread.join(5)
    assert results == [("a", 1)]
