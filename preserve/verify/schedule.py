"""Who may be asked next: many hosts at once, one at a time each, no thread idle while a host is free.

Pure bookkeeping under one lock. The delay itself is kept by the fetcher's host gate; this only avoids parking
a thread on a host that has to wait while another host is free.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Work = TypeVar("Work")


class HostSchedule(Generic[Work]):
    """Work queued by host; a host is handed to one thread at a time.

    Args:
        ready_at: when (on `monotonic`'s scale) a host may be asked again.
        monotonic: the clock.
    """

    def __init__(self, ready_at: Callable[[str], float], monotonic: Callable[[], float]) -> None:
        self._ready_at, self._monotonic = ready_at, monotonic
        self._queues: dict[str, deque[Work]] = {}
        self._waiting: list[tuple[float, int, int, str]] = []  # ready at, -work, order, host
        self._busy: set[str] = set()
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False

    def add(self, host: str, work: Iterable[Work], *, first: bool = False) -> None:
        """Queue `work` for `host`, before what is queued already when `first`."""
        with self._changed:
            items = list(work)
            queued = self._queues.setdefault(host, deque())
            was_idle = not queued and host not in self._busy
            if first:
                queued.extendleft(reversed(items))
            else:
                queued.extend(items)
            if was_idle and queued:
                self._push(host)
            self._changed.notify()

    def take(self) -> tuple[str, Work] | None:
        """The next work, once a host may be asked; None when the schedule was closed.

        The host is the caller's until it calls `done(host)`.
        """
        with self._changed:
            while not self._closed:
                wait = None
                if self._waiting:
                    wait = self._waiting[0][0] - self._monotonic()
                    if wait <= 0:
                        host = heapq.heappop(self._waiting)[3]
                        if not self._queues[host]:
                            continue
                        self._busy.add(host)
                        return host, self._queues[host].popleft()
                self._changed.wait(wait)
            return None

    def done(self, host: str) -> None:
        """The host may be handed out again."""
        with self._changed:
            self._busy.discard(host)
            if self._queues.get(host):
                self._push(host)
                self._changed.notify()

    def drop(self, host: str) -> list[Work]:
        """Take back all work queued for `host`; what a thread holds already is not among it."""
        with self._changed:
            queued = self._queues.get(host, deque())
            dropped = list(queued)
            queued.clear()
            return dropped

    def close(self) -> None:
        """Every `take`, now and later, returns None."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _push(self, host: str) -> None:
        entry = (self._ready_at(host), -len(self._queues[host]), next(self._order), host)
        heapq.heappush(self._waiting, entry)
