"""Months of passes, one after the other, within a budget: when is everything checked, how stale is the oldest.

Mirrors what `preserve verify` does when it is started by a timer: a start that finds a run still at work is refused,
and the next one counts; a run that its budget stops is taken up again the next day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from preserve.pace.loads import Load
from preserve.pace.passes import Pace, Pass

DAY = 86400.0
YEAR = 365.25 * DAY
SHARES = (0.5, 0.9, 0.99)
GIVEN_UP = 100 * YEAR
_DONE = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Timer:
    """When passes start and what a day may cost.

    Attributes:
        every: seconds between two starts; 0 starts the next pass when one is done.
        hours: of each day, from its beginning, in which anything is asked; above 0, at most 24.
        requests: of each day at most; 0 for no limit.
    """

    every: float = 7 * DAY
    hours: float = 24.0
    requests: int = 0

    def __post_init__(self) -> None:
        if self.every < 0 or not 0 < self.hours <= 24 or self.requests < 0:
            raise ValueError("every and requests must not be negative, hours above 0 and at most 24")

    def start_after(self, moment: float) -> float:
        """The first start at or after `moment`."""
        if not self.every:
            return moment
        return math.ceil(moment / self.every * _DONE) * self.every


@dataclass(frozen=True, slots=True)
class PassTimes:
    """One pass in the calendar, in seconds from the first start.

    Attributes:
        start, end: of the pass.
        days: on how many days something was asked.
    """

    start: float
    end: float
    days: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a load in months of passes; times are seconds.

    Attributes:
        passes: as many as were asked for; fewer where one does not end within 100 years, none where the first does not.
        shares: when that share of the sources was checked once, for each of `SHARES`.
        requests: of one pass.
        period: from one check of a source to the next, in the end: how old the oldest check gets. None where unknown.
        largest_busy: share of all time in which the largest host is being asked or waits its polite pause.
        largest_a_day: requests to the largest host on an average day.
    """

    passes: tuple[PassTimes, ...]
    shares: tuple[tuple[float, float | None], ...]
    requests: float
    period: float | None
    largest_busy: float
    largest_a_day: float

    @property
    def first_done(self) -> float | None:
        """When everything was checked once; None where not within 100 years."""
        return self.passes[0].end if self.passes else None


def simulate(load: Load, pace: Pace, timer: Timer, passes: int = 0) -> Outlook:
    """Passes over `load` by `timer`.

    Args:
        load: the hosts; at least one.
        pace: how they are asked.
        timer: when, and how much a day.
        passes: how many; 0 for those that start within a year, two at the least and 1,000 at the most.

    Raises:
        ValueError: there is no host.
    """
    if not load.classes:
        raise ValueError("no host to ask")
    one = Pass(load, pace)
    wanted = {share: one.after_share(share) for share in SHARES}
    reached: dict[float, float] = {}
    done: list[PassTimes] = []
    day = _Day(timer)
    while _goes_on(done, passes):
        found = _run(one, timer, day, reached if not done else {}, wanted)
        if found is None:
            break
        done.append(found)
    period = _period(done)
    largest = pace.requests_of(load.largest)
    return Outlook(
        passes=tuple(done),
        shares=tuple((share, reached.get(share)) for share in SHARES),
        requests=one.requests,
        period=period,
        largest_busy=min(1.0, largest * pace.turn / period) if period else 1.0,
        largest_a_day=largest / period * DAY if period else 0.0,
    )


def _goes_on(done: list[PassTimes], passes: int) -> bool:
    if passes:
        return len(done) < passes
    return len(done) < 2 or (len(done) < 1000 and done[-1].end < YEAR)


def _period(done: list[PassTimes]) -> float | None:
    """The longest a source waited for its next check, the first passes aside, where budgets have not settled."""
    settled = done[len(done) // 2 :] if len(done) > 3 else done
    waits = [max(b.start - a.start, b.end - a.end) for a, b in pairwise(settled)]
    return max(waits, default=None)


@dataclass(slots=True)
class _Day:
    """The calendar as it goes: now, and what the day has cost so far."""

    timer: Timer
    now: float = 0.0
    number: int = 0
    spent: float = 0.0

    def go_to(self, moment: float) -> None:
        """Let time pass until `moment`, to the next hour in which something may be asked."""
        self.now = max(self.now, moment)
        number = int(self.now // DAY)
        if self.now >= number * DAY + self.timer.hours * 3600.0 * _DONE:
            number += 1
            self.now = max(self.now, number * DAY)
        if number != self.number:
            self.number, self.spent = number, 0.0

    def next_day(self) -> None:
        """Let the rest of the day pass."""
        self.go_to((self.number + 1) * DAY)

    @property
    def left(self) -> tuple[float, float]:
        """Seconds and requests that are left of the day."""
        seconds = self.number * DAY + self.timer.hours * 3600.0 - self.now
        requests = self.timer.requests - self.spent if self.timer.requests else math.inf
        return max(0.0, seconds), max(0.0, requests)


def _run(
    one: Pass, timer: Timer, day: _Day, reached: dict[float, float], wanted: dict[float, float]
) -> PassTimes | None:
    """One pass from its start to its end; None where that is too far off. Notes when each share is `reached`."""
    day.go_to(timer.start_after(day.now))
    start, progress, days = day.now, 0.0, 0
    while day.now - start < GIVEN_UP:
        seconds, requests = day.left
        at, asked = one.seconds_at(progress), one.requests_at(progress)
        until = min(one.after_seconds(at + seconds), one.after_requests(asked + requests))
        for share, where in wanted.items():
            if share not in reached and until >= where:
                reached[share] = day.now + one.seconds_at(where) - at
        days += until > progress
        day.now += one.seconds_at(until) - at
        day.spent += one.requests_at(until) - asked
        progress = until
        if progress >= one.whole * _DONE:
            return PassTimes(start, day.now, days)
        day.next_day()
    return None
