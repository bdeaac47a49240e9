"""What tests of the fetcher hand to it: made-up names, and time that passes without waiting."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from wire_tls import authority

from preserve.fetch import FetchTools, HostGate, HttpFetcher, NoSuchNameError, ResolverError
from preserve.settings import FetchSettings

LOOPBACK = ("127.0.0.0/8",)


class Names:
    """A resolver: literals stand for themselves, names as given; an exception as a value is raised."""

    def __init__(self, names: Mapping[str, Sequence[str] | ResolverError] | None = None) -> None:
        self.names = dict(names or {})
        self.asked: list[str] = []

    def resolve(self, host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
        self.asked.append(host)
        known = self.names.get(host)
        if isinstance(known, ResolverError):
            raise known
        if known is None:
            if not host.replace(".", "").isdigit() and ":" not in host:
                raise NoSuchNameError(f"{host}: not known")
            known = [host]
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in known]


class SkippingClock:
    """Real time, moved forward by every wait instead of waiting."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.skipped)

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped


class SkippingStop(threading.Event):
    """A stop event whose waits pass at once on the clock it shares; `waits` keeps how long they were."""

    def __init__(self, clock: SkippingClock) -> None:
        super().__init__()
        self.clock = clock
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set() and timeout is not None:
            self.waits.append(timeout)
            self.clock.skipped += timeout
        return self.is_set()


class Kit:
    """A fetcher with everything it was handed within reach."""

    def __init__(
        self,
        names: Mapping[str, Sequence[str] | ResolverError] | None = None,
        environment: Mapping[str, str] | None = None,
        ca_file: str | None = None,
        **settings: Any,
    ) -> None:
        base: dict[str, Any] = {
            "allow_private": LOOPBACK,
            "delay": 0.0,
            "tries": 1,
            "ignore_robots": True,
            "connect_timeout": 5.0,
            "read_timeout": 5.0,
            "total_timeout": 10.0,
        }
        self.settings = FetchSettings(**(base | settings))
        self.clock = SkippingClock()
        self.stop = SkippingStop(self.clock)
        self.resolver = Names(names)
        self.tools = FetchTools(
            clock=self.clock,
            gate=HostGate(self.settings.delay, self.clock, self.stop),
            resolver=self.resolver,
            stop=self.stop,
            random=random.Random(7),
            environment=environment or {},
            ca_file=authority().file if ca_file is None else ca_file,
            seed="test",
        )
        self.fetcher = HttpFetcher(self.settings, self.tools)
        self.fetch = self.fetcher.fetch
        self.probe = self.fetcher.probe
