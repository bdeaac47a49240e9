"""Who may be asked next: many hosts at once, one batch at a time each, no worker idle while a host is free.

Pure bookkeeping. How long a host is to be left alone is told by whoever asked it last.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Work = TypeVar("Work")


class HostSchedule(Generic[Work]):
    """Work queued by host; a host is handed out once at a time. Not thread-safe."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Work]] = {}
        self._ready_at: dict[str, float] = {}
        self._waiting: list[tuple[float, int, int, str]] = []  # ready at, -work, order, host
        self._busy: set[str] = set()
        self._order = itertools.count()
        self._queued = 0

    @property
    def queued(self) -> int:
        """How much work is queued."""
        return self._queued

    def add(self, host: str, work: Iterable[Work], *, first: bool = False) -> None:
        """Queue `work` for `host`, before what is queued already when `first`."""
        items = list(work)
        queued = self._queues.setdefault(host, deque())
        was_idle = not queued and host not in self._busy
        if first:
            queued.extendleft(reversed(items))
        else:
            queued.extend(items)
        self._queued += len(items)
        if was_idle and queued:
            self._push(host)

    def take(self, now: float) -> str | None:
        """A host that has work and may be asked, the one with most work first; None when there is none at `now`.

        The host is the caller's until it calls `done(host)`.
        """
        while self._waiting and self._waiting[0][0] <= now:
            host = heapq.heappop(self._waiting)[3]
            if self._queues[host] and host not in self._busy:
                self._busy.add(host)
                return host
        return None

    def next_at(self) -> float | None:
        """When, on the scale of `take`'s `now`, the next host may be asked; None when no work is waiting."""
        while self._waiting and (not self._queues[self._waiting[0][3]] or self._waiting[0][3] in self._busy):
            heapq.heappop(self._waiting)
        return self._waiting[0][0] if self._waiting else None

    def peek(self, host: str) -> Work | None:
        """The first of the work queued for a host, left where it is; None when there is none."""
        queued = self._queues.get(host)
        return queued[0] if queued else None

    def pop(self, host: str, most: int) -> list[Work]:
        """Up to `most` of the work of a host that was taken."""
        queued = self._queues[host]
        taken = [queued.popleft() for _ in range(min(most, len(queued)))]
        self._queued -= len(taken)
        return taken

    def done(self, host: str, ready_at: float) -> None:
        """The host may be handed out again, from `ready_at` on."""
        self._ready_at[host] = ready_at
        self._busy.discard(host)
        if self._queues.get(host):
            self._push(host)

    def drop(self, host: str) -> list[Work]:
        """Take back all work queued for `host`; what was handed out already is not among it."""
        queued = self._queues.get(host, deque())
        dropped = list(queued)
        queued.clear()
        self._queued -= len(dropped)
        return dropped

    def drop_all(self) -> list[Work]:
        """Take back all work that is queued."""
        return [work for host in self._queues for work in self.drop(host)]

    def _push(self, host: str) -> None:
        entry = (self._ready_at.get(host, 0.0), -len(self._queues[host]), next(self._order), host)
        heapq.heappush(self._waiting, entry)
