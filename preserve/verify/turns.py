"""Whose turn it is: a host is asked by one worker at a time, or by none, and left alone for as long as is due.

Owns the hosts that are asked at the moment, those kept from others meanwhile, and the pause each is due; what is queued
for them is `schedule`'s, who asks them `roster`'s.
"""

from __future__ import annotations

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
        self._asked: set[str] = set()  # a batch of theirs is out
        self._kept: set[str] = set()

    @property
    def all_handed_out(self) -> bool:
        """Whether no work is waiting for a host that could be taken, now or later."""
        return self.next_at() is None

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

    def asked(self, host: str) -> None:
        """A batch of the host's went out."""
        self._asked.add(host)

    def answered(self, host: str, ready_in: float) -> None:
        """The batch is back; the host may be asked again in `ready_in` seconds."""
        self._pauses[host] = ready_in
        self._free_in(host, ready_in)

    def lost(self, host: str) -> None:
        """Whoever had the host is gone, maybe just after a request."""
        self._free_in(host, max(self._delay, self._pauses.get(host, 0.0)))

    def keep(self, host: str) -> None:
        """Nobody is to ask the host, even when its batch is back: its robots.txt is followed elsewhere."""
        self._kept.add(host)

    def let_go(self, host: str) -> None:
        """The host is kept no longer; nothing happens to one that was not."""
        if host in self._kept:
            self._kept.discard(host)
            if host not in self._asked:
                self.done(host, 0.0)

    def unused(self, host: str) -> None:
        """A host that was taken has nothing to be asked after all."""
        self.done(host, 0.0)

    def _free_in(self, host: str, seconds: float) -> None:
        self._asked.discard(host)
        if host not in self._kept:
            self.done(host, self._clock.monotonic() + seconds)
