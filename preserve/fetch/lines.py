"""Lines: connections that are open, and those kept for the next exchange of their host (RFC 9112, section 9.3).

Owns when a connection may carry another exchange, how long it is kept for one, and how many are. Opens none
(`preserve.fetch.opening` does) and speaks no HTTP over them (`preserve.fetch.wire` does).
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import weakref
from collections import OrderedDict
from contextlib import suppress
from typing import Any, NamedTuple

from urllib3.util import wait_for_read

from preserve.fetch.reading import Answer
from preserve.http1 import Head, field_values
from preserve.times import Clock

MOST = 64  # idle lines of one asker; the one that was used longest ago goes first
_TIMEOUT = re.compile(r"timeout=(\d{1,9})")


class Route(NamedTuple):
    """What a line leads to: the exchanges of one origin through one proxy ("" without) may share one.

    The addresses are not part of it: those of a line were judged when it was opened, and hold as long as it does.
    """

    scheme: str
    host: str
    port: int
    proxy: str


class Line:
    """One open connection, TLS included; belongs to one thread at a time.

    Attributes:
        sock: what to send and receive on.
        ip: the address it leads to; None behind a proxy.
        tls: TLS version and cipher suite, ("", "") without TLS.
        used: an exchange was made over it, so that the other side may be about to close it.
    """

    def __init__(self, sock: Any, ip: str | None, tls: tuple[str, str]) -> None:
        """Take a connected socket, or something with its interface."""
        self.sock = sock
        self.ip = ip
        self.tls = tls
        self.used = False
        self._timeout: float | None = None

    @property
    def is_keepable(self) -> bool:
        """Whether it can be told at any time that nothing has come; not for TLS inside a proxy's TLS."""
        return isinstance(self.sock, socket.socket)

    def allow(self, seconds: float) -> None:
        """Let the next operation take so long; costs a system call only where that is another time."""
        if seconds != self._timeout:
            self.sock.settimeout(seconds)
            self._timeout = seconds

    def is_quiet(self) -> bool:
        """Whether the other side has sent nothing, neither bytes nor the end.

        Bytes that nobody asked for make a line unfit (RFC 9112, section 9.2): they could pass for the next answer.
        """
        is_tls = isinstance(self.sock, ssl.SSLSocket)
        if not wait_for_read(self.sock, 0.0) and not (is_tls and self.sock.pending()):
            return True
        if not is_tls:
            return False
        self.allow(0.0)
        try:
            self.sock.recv(1)
        except ssl.SSLWantReadError:  # TLS has things of its own to say, such as a new session ticket
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close it; never fails, for nothing more is wanted of it."""
        with suppress(OSError):
            self.sock.close()


class _Idle(NamedTuple):
    line: Line
    until: float


class KeptLines:
    """The idle lines of one asker: one for each route, a bounded number in all; thread-safe.

    Those that are left when nobody holds this any more are closed.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        """Keep a line for at most `seconds` after its last exchange."""
        self._clock = clock
        self._seconds = seconds
        self._idle: OrderedDict[Route, _Idle] = OrderedDict()
        self._lock = threading.Lock()
        self._closing = weakref.finalize(self, _close_all, self._idle)

    def take(self, route: Route) -> Line | None:
        """A line that is open and silent, now the caller's own; None without one."""
        with self._lock:
            idle = self._idle.pop(route, None)
        if idle is None:
            return None
        if self._clock.monotonic() < idle.until and idle.line.is_quiet():
            return idle.line
        idle.line.close()
        return None

    def give(self, route: Route, line: Line, answer: Answer) -> None:
        """Keep `line` after an exchange that ended with `answer`, or close it where it can't carry another."""
        seconds = min(self._seconds, lifetime(answer.head)) if line.is_keepable and leaves_open(answer) else 0.0
        if seconds <= 0:
            line.close()
            return
        line.used = True
        now = self._clock.monotonic()
        with self._lock:
            if not self._closing.alive:
                spare = [line]
            else:
                spare = self._outdated(route, now)
                self._idle[route] = _Idle(line, now + seconds)
        for one in spare:
            one.close()

    def close(self) -> None:
        """Close all that is kept, and keep nothing from now on."""
        with self._lock:
            self._closing()

    def _outdated(self, route: Route, now: float) -> list[Line]:
        """Take out what must go before one more is kept: that of the same route, what is too old, what is too many."""
        found = [self._idle.pop(route)] if route in self._idle else []
        while self._idle:
            oldest = next(iter(self._idle))
            if len(self._idle) < MOST and now < self._idle[oldest].until:
                break
            found.append(self._idle.pop(oldest))
        return [idle.line for idle in found]


def _close_all(idle: OrderedDict[Route, _Idle]) -> None:
    while idle:
        idle.popitem()[1].line.close()


def leaves_open(answer: Answer) -> bool:
    """Whether the connection that brought `answer` may carry another exchange (RFC 9112, sections 9.3 and 6.3).

    Only when the answer is whole, nothing came beyond it, and there are no two ways of reading where it ends: what
    one side takes for the rest of a body the other must not take for the next answer.
    """
    head = answer.head
    if head is None or not answer.exact or answer.truncated is not None or answer.failure is not None:
        return False
    if head.version != "1.1" or head.status == 101 or "close" in field_values(head.headers, "connection"):
        return False
    codings = field_values(head.headers, "transfer-encoding")
    lengths = field_values(head.headers, "content-length")
    if codings and (codings != ["chunked"] or lengths or head.status == 304):
        return False
    return len(lengths) < 2 and not (head.status == 204 and (codings or lengths))


def lifetime(head: Head | None) -> float:
    """For how many seconds the server says that it keeps an idle connection, one less for the way; infinite without
    a word.

    `Keep-Alive: timeout=5` is of RFC 2068, section 19.7.1.1, and what servers send to this day.
    """
    told = [_TIMEOUT.fullmatch(part) for part in field_values(head.headers, "keep-alive")] if head else []
    return min((float(match[1]) - 1.0 for match in told if match), default=float("inf"))
