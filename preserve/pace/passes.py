"""One pass over every host: when each is done, asked as politely as a run asks and by as many at once.

The schedule of a run hands out whichever host may be asked next, so hosts that still have work advance together: at
the pace of politeness while there are exchanges enough for all, else at an equal share of these. Reckoned with
fractions of a request, which makes it exact for any number of hosts at the cost of one step for each class of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from preserve.pace.loads import Load


@dataclass(frozen=True, slots=True)
class Pace:
    """How hosts are asked.

    Attributes:
        delay: seconds from the end of one exchange with a host to the start of the next.
        seconds: how long an exchange takes; above 0.
        jobs: exchanges at the same time; at least 1.
        requests: for each source, redirects on the same host included; at least 1.
        extra: requests a host has on top in every pass: its robots.txt.
    """

    delay: float = 1.0
    seconds: float = 0.3
    jobs: int = 16
    requests: float = 1.0
    extra: int = 1

    def __post_init__(self) -> None:
        if self.delay < 0 or self.seconds <= 0 or self.jobs < 1 or self.requests < 1 or self.extra < 0:
            raise ValueError("delay and extra must not be negative, seconds above 0, jobs and requests at least 1")

    @property
    def turn(self) -> float:
        """Seconds from one request to a host to the next."""
        return self.delay + self.seconds

    def requests_of(self, sources: int) -> float:
        """How often a host of that many sources is asked in a pass."""
        return sources * self.requests + self.extra

    def least_seconds(self, sources: int) -> float:
        """What a host of that many sources takes when nothing but politeness holds it up."""
        asked = self.requests_of(sources)
        return asked * self.seconds + max(0.0, asked - 1) * self.delay


class Pass:
    """One pass over a load, as the way from nothing asked to everything.

    Where a pass stands is one number, its progress: the requests that every host has had that is not done yet.
    """

    def __init__(self, load: Load, pace: Pace) -> None:
        self.load, self.pace = load, pace
        self._progress, self._times, self._asked = [0.0], [0.0], [0.0]
        active = load.hosts
        for one in load.classes:
            upto = pace.requests_of(one.sources)
            step = upto - self._progress[-1]
            self._times.append(self._times[-1] + step * max(pace.turn, active * pace.seconds / pace.jobs))
            self._asked.append(self._asked[-1] + step * active)
            self._progress.append(upto)
            active -= one.hosts

    @property
    def whole(self) -> float:
        """The progress at which every host is done."""
        return self._progress[-1]

    @property
    def seconds(self) -> float:
        """How long the pass takes when nothing interrupts it."""
        return self._times[-1]

    @property
    def requests(self) -> float:
        """Made in all."""
        return self._asked[-1]

    def seconds_at(self, progress: float) -> float:
        """When the pass is so far."""
        return _between(progress, self._progress, self._times)

    def requests_at(self, progress: float) -> float:
        """How many requests were made until then."""
        return _between(progress, self._progress, self._asked)

    def after_seconds(self, seconds: float) -> float:
        """How far the pass is after so long."""
        return _between(seconds, self._times, self._progress)

    def after_requests(self, requests: float) -> float:
        """How far the pass is after so many requests."""
        return _between(requests, self._asked, self._progress)

    def sources_at(self, progress: float) -> float:
        """How many sources were asked until then."""
        each = max(0.0, progress - self.pace.extra) / self.pace.requests
        return sum(min(each, one.sources) * one.hosts for one in self.load.classes)

    def after_share(self, share: float) -> float:
        """The least progress, within a request, at which that share of all sources was asked."""
        low, high = 0.0, self.whole
        while high - low > 1e-3:
            middle = (low + high) / 2
            if self.sources_at(middle) < share * self.load.sources:
                low = middle
            else:
                high = middle
        return high


def _between(value: float, grid: Sequence[float], values: Sequence[float]) -> float:
    """`values` at `value` of the ascending `grid`, linear between its points and level beyond its ends."""
    at = bisect_left(grid, value)
    if at == 0:
        return values[0]
    if at == len(grid):
        return values[-1]
    part = (value - grid[at - 1]) / (grid[at] - grid[at - 1])
    return values[at - 1] + part * (values[at] - values[at - 1])
