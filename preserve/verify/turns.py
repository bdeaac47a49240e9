"""Whose turn it is: a host is asked by one worker at a time, or by none, and left alone for as long as is due.

Owns the pause each host is due, and what waits for a host that is kept: nothing is begun there while its robots.txt is
followed elsewhere. What is queued is `schedule`'s, who asks them `roster`'s.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import filterfalse

from preserve.times import Clock
from preserve.verify.schedule import HostSchedule, Work

BATCH = 8
"""So many sources of a host that need no pause between them go to a worker at once."""


class Turns(HostSchedule[Work]):
    """A schedule that knows when a host that was handed out is free again.

    Args:
        clock: monotonic time.
        delay: seconds between two requests to a host of which nothing is known yet.
    """

    def __init__(self, clock: Clock, delay: float) -> None:
        super().__init__()
        self._clock, self._delay = clock, delay
        self._pauses: dict[str, float] = {}
        self._kept: dict[str, deque[Work]] = {}

    @property
    def all_handed_out(self) -> bool:
        """Whether nothing waits for a host, be it one that is asked just now."""
        return not self.queued and not any(self._kept.values())

    def take_now(self) -> str | None:
        """As `take`, at this moment."""
        return self.take(self._clock.monotonic())

    def seconds_to_next(self) -> float | None:
        """How long until a host may be asked; None when no work is waiting."""
        at = self.next_at()
        return None if at is None else max(at - self._clock.monotonic(), 0.0)

    def pop_batch(self, host: str) -> list[Work]:
        """What a worker is to ask of a host that was taken: one source where a pause is due after it."""
        return self.pop(host, BATCH if self._pauses.get(host, self._delay) <= 0.0 else 1)

    def answered(self, host: str, ready_in: float) -> None:
        """The batch is back; the host may be asked again in `ready_in` seconds."""
        self._pauses[host] = ready_in
        self._free_in(host, ready_in)

    def lost(self, host: str) -> None:
        """Whoever had the host is gone, maybe just after a request."""
        self._free_in(host, max(self._delay, self._pauses.get(host, 0.0)))

    def add(self, host: str, work: Iterable[Work], *, first: bool = False, passing: bool = False) -> None:
        """Queue `work` for `host`, before what is queued already when `first`.

        Args:
            host: the host.
            work: what is to be done there.
            first: whether it comes before what is queued already.
            passing: it needs nothing but an answer of the host, and so waits for no robots.txt of it. Two hosts whose
                robots.txt lead to each other would wait for ever.
        """
        waiting = None if passing else self._kept.get(host)
        if waiting is None:
            super().add(host, work, first=first)
        elif first:
            waiting.extendleft(reversed(list(work)))
        else:
            waiting.extend(work)

    def keep(self, host: str, passing: Callable[[Work], bool]) -> None:
        """Nothing is to be begun at the host: its robots.txt is followed elsewhere.

        Args:
            host: the host.
            passing: whether work that is queued there was added as such.
        """
        if host not in self._kept:
            queued = super().drop(host)
            super().add(host, filter(passing, queued))
            self._kept[host] = deque(filterfalse(passing, queued))

    def let_go(self, host: str) -> None:
        """The host is kept no longer; nothing happens to one that was not."""
        if host in self._kept:
            self.add(host, self._kept.pop(host))

    def drop(self, host: str) -> list[Work]:
        """As `HostSchedule.drop`."""
        waiting = self._kept.get(host, deque())
        dropped = [*super().drop(host), *waiting]
        waiting.clear()
        return dropped

    def drop_all(self) -> list[Work]:
        """As `HostSchedule.drop_all`."""
        return [*super().drop_all(), *(work for host in self._kept for work in self.drop(host))]

    def unused(self, host: str) -> None:
        """A host that was taken has nothing to be asked after all."""
        self.done(host, 0.0)

    def _free_in(self, host: str, seconds: float) -> None:
        self.done(host, self._clock.monotonic() + seconds)
