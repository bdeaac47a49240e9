"""Politeness between exchanges: one at a time per host, with a pause in between.

Owns the waiting; who waits and why is decided by its callers. Waits end at once when the run is asked to
stop.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from preserve.times import Clock

_POLL = 0.2  # seconds between looks at `stop` while another thread has the host's turn


@dataclass(slots=True)
class _Host:
    turn: threading.Lock = field(default_factory=threading.Lock)
    not_before: float = 0.0
    delay: float = 0.0


class HostGate:
    """Lets at most one exchange at a time through to each host, and keeps the pause after it; thread-safe."""

    def __init__(self, delay: float, clock: Clock, stop: threading.Event) -> None:
        """Keep `delay` seconds from the end of one exchange with a host to the start of the next.

        `stop.wait` is what waits, so that setting `stop` ends every wait.
        """
        self._delay = delay
        self._clock = clock
        self._stop = stop
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, host: str) -> Iterator[bool]:
        """Hold the turn of `host` (lowercase, without port); False when the run was asked to stop
        meanwhile."""
        state = self._state(host)
        while not state.turn.acquire(timeout=_POLL):
            if self._stop.is_set():
                yield False
                return
        try:
            yield self._wait(state)
        finally:
            pause = self._clock.monotonic() + max(self._delay, state.delay)
            state.not_before = max(state.not_before, pause)
            state.turn.release()

    def hold(self, host: str, seconds: float) -> None:
        """Let nothing through to `host` for `seconds` from now; never shortens an earlier hold."""
        state = self._state(host)
        state.not_before = max(state.not_before, self._clock.monotonic() + seconds)

    def slow(self, host: str, delay: float) -> None:
        """Raise the pause of one host, as its robots.txt asks."""
        state = self._state(host)
        state.delay = max(state.delay, delay)

    def ready_at(self, host: str) -> float:
        """When `host` may be asked again, on the clock's monotonic scale; in the past when it may be now."""
        return self._state(host).not_before

    def _state(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host())

    def _wait(self, state: _Host) -> bool:
        while not self._stop.is_set():
            left = state.not_before - self._clock.monotonic()
            if left <= 0:
                return True
            self._stop.wait(left)
        return False
