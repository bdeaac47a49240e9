"""Laws of passes and months, for any hosts: held against a run that is played request by request."""

from __future__ import annotations

import heapq
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.pace.loads import load_of, made_up_load
from preserve.pace.months import DAY, Timer, simulate
from preserve.pace.passes import Pace, Pass

COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=30)
PACES = st.builds(
    Pace,
    delay=st.floats(0, 20),
    seconds=st.floats(0.01, 5),
    jobs=st.integers(1, 20),
    requests=st.just(1.0),
    extra=st.integers(0, 2),
)
TIMERS = st.builds(
    Timer,
    every=st.sampled_from((0.0, 60.0, DAY, 7 * DAY)),
    hours=st.sampled_from((0.01, 1.0, 24.0)),
    requests=st.sampled_from((0, 7, 500)),
)


def played(counts: list[int], pace: Pace) -> list[tuple[float, int]]:
    """Start and host of each request of a run: the host that was ready first goes first, as in a run.

    No two answers take equally long, so that hosts are never ready at the very same time.
    """
    varied = random.Random(7)
    left = [round(pace.requests_of(count)) for count in counts]
    ready = [(varied.random() * 1e-9, -number, host) for host, number in enumerate(left)]
    heapq.heapify(ready)
    free = [0.0] * pace.jobs
    starts = []
    while ready:
        may, _, host = heapq.heappop(ready)
        start = max(may, heapq.heappop(free))
        heapq.heappush(free, start + pace.seconds)
        starts.append((start, host))
        left[host] -= 1
        if left[host]:
            heapq.heappush(ready, (start + pace.turn + varied.random() * 1e-9, -left[host], host))
    return starts


@settings(max_examples=200)
@given(COUNTS, PACES)
def test_a_pass_takes_what_a_run_takes_that_is_played_request_by_request(counts: list[int], pace: Pace) -> None:
    one, starts = Pass(load_of(counts), pace), played(counts, pace)
    real = max(start for start, _ in starts) + pace.seconds
    a_round = max(pace.turn, (len(counts) / pace.jobs + 1) * pace.seconds)
    assert abs(one.seconds - real) <= 2 * a_round + 1e-6
    assert one.requests == pytest.approx(len(starts))


@settings(max_examples=200)
@given(COUNTS, PACES)
def test_no_host_is_asked_faster_than_politeness_allows(counts: list[int], pace: Pace) -> None:
    starts = played(counts, pace)
    for host, count in enumerate(counts):
        own = [start for start, of in starts if of == host]
        assert all(later - earlier >= pace.turn - 1e-6 for earlier, later in pairwise(own))
        assert own[-1] + pace.seconds >= pace.least_seconds(count) - 1e-6
    one = Pass(load_of(counts), pace)
    assert one.seconds >= pace.least_seconds(max(counts)) - 1e-6
    for seconds in (0.0, one.seconds / 3, one.seconds):
        assert one.after_seconds(seconds) <= seconds / pace.turn + 1e-6


@settings(max_examples=200)
@given(COUNTS, PACES, st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_progress_time_and_requests_are_one_way_seen_three_times(
    counts: list[int], pace: Pace, parts: list[float]
) -> None:
    one = Pass(load_of(counts), pace)
    early, late = sorted(part * one.whole for part in parts)
    assert one.after_seconds(one.seconds_at(late)) == pytest.approx(late, abs=1e-6)
    assert one.after_requests(one.requests_at(late)) == pytest.approx(late, abs=1e-6)
    assert one.seconds_at(early) <= one.seconds_at(late)
    assert one.sources_at(early) <= one.sources_at(late) + 1e-6
    assert one.sources_at(one.whole) == pytest.approx(sum(counts))
    assert one.requests == pytest.approx(sum(map(pace.requests_of, counts)))


@settings(max_examples=150)
@given(COUNTS, PACES, TIMERS, st.floats(0, 10), st.integers(1, 5))
def test_more_delay_or_fewer_at_a_time_never_finish_earlier(
    counts: list[int], pace: Pace, timer: Timer, more: float, fewer: int
) -> None:
    load = load_of(counts)
    usual = simulate(load, pace, timer, passes=1).first_done
    slower = simulate(load, replace(pace, delay=pace.delay + more), timer, passes=1).first_done
    narrower = simulate(load, replace(pace, jobs=max(1, pace.jobs - fewer)), timer, passes=1).first_done
    assert usual is not None
    assert slower is not None and slower >= usual - 1e-6
    assert narrower is not None and narrower >= usual - 1e-6


@settings(max_examples=150)
@given(COUNTS, PACES, TIMERS)
def test_passes_keep_to_the_timer_and_to_the_budget(counts: list[int], pace: Pace, timer: Timer) -> None:
    outlook = simulate(load_of(counts), pace, timer, passes=4)
    total = sum(map(pace.requests_of, counts))
    assert outlook.requests == pytest.approx(total)
    assert len(outlook.passes) == 4
    for earlier, later in pairwise(outlook.passes):
        assert later.start >= earlier.end - 1e-3
    for one in outlook.passes:
        if timer.requests:
            assert one.days * timer.requests >= total - 1e-6
        assert one.days * timer.hours * 3600 >= Pass(load_of(counts), pace).seconds * (1 - 1e-6)
        begun_in_the_day = one.start % DAY
        assert begun_in_the_day <= timer.hours * 3600 + 1e-3
    assert outlook.period is not None
    assert outlook.period >= timer.every - 1e-3
    assert 0 <= outlook.largest_busy <= 1
    reached = [when for _, when in outlook.shares if when is not None]
    assert reached == sorted(reached)
    assert reached[-1] <= outlook.passes[0].end + 1e-3


@settings(max_examples=200)
@given(st.integers(1, 2_000_000), st.floats(0, 1), st.one_of(st.just(0.0), st.floats(0.05, 4)))
def test_a_made_up_load_has_the_sources_it_was_asked_for(sources: int, share: float, zipf: float) -> None:
    load = made_up_load(sources, share, zipf)
    assert load.sources == sources
    assert all(one.sources >= 1 and one.hosts >= 1 for one in load.classes)
    sizes = [one.sources for one in load.classes]
    assert sizes == sorted(set(sizes))
    assert load.largest >= round(sources * share)
