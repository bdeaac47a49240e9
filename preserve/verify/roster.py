"""Which worker has which host, and who has a seat free: pure bookkeeping.

A host stays with the worker that asked it first, who knows its robots.txt and when it may be asked again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping


class Roster:
    """The workers, as the coordinator sees them."""

    def __init__(self) -> None:
        self._seats: dict[int, int] = {}
        self._out: dict[int, list[str]] = {}  # the hosts of the batches each worker has in hand
        self._worker_of: dict[str, int] = {}
        self._parked: dict[int, deque[str]] = {}

    def set_seats(self, seats: Mapping[int, int]) -> None:
        """Take note of the workers there are and how many batches each may have."""
        for number, count in seats.items():
            self._seats[number] = count
            self._out.setdefault(number, [])
            self._parked.setdefault(number, deque())

    def any_free(self) -> bool:
        """Whether any worker has a seat."""
        return any(self._free(number) > 0 for number in self._seats)

    def worker_for(self, host: str, *, like: str = "") -> int:
        """The worker that is to ask `host`, whether or not it has a seat.

        Args:
            host: the host; "" for what any worker may do.
            like: where nobody has `host` yet, prefer the worker that has this one.
        """
        number = self._worker_of.get(host)
        if number is None or number not in self._seats:
            number = self._worker_of.get(like) if like else None
            if number is None or number not in self._seats:
                number = max(self._seats, key=lambda one: (self._free(one), -one))
            if host:
                self._worker_of[host] = number
        return number

    def has_seat(self, worker: int) -> bool:
        """Whether that worker may be sent another batch."""
        return self._free(worker) > 0

    def sent(self, worker: int, host: str) -> None:
        """A batch of `host` went to a worker."""
        self._out[worker].append(host)

    def back(self, worker: int, host: str) -> None:
        """A batch of `host` came back from a worker."""
        if worker in self._out:
            self._out[worker].remove(host)

    def park(self, worker: int, host: str) -> None:
        """The host is ready, its worker is not: it is next there."""
        self._parked[worker].append(host)

    def unparked(self) -> str | None:
        """A parked host whose worker has a seat now; None when there is none."""
        for number, parked in self._parked.items():
            if parked and self._free(number) > 0:
                return parked.popleft()
        return None

    def lose(self, worker: int) -> tuple[list[str], list[str]]:
        """Forget a worker: the hosts of the batches it had, and those that were parked for it."""
        self._seats.pop(worker, None)
        return self._out.pop(worker, []), list(self._parked.pop(worker, ()))

    def _free(self, worker: int) -> int:
        return self._seats[worker] - len(self._out[worker])
