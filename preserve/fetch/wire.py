"""One exchange on the wire: what is sent over an open line, and what is read off it, byte for byte.

Owns the request's bytes, the bounds on time, and naming what breaks. Where a line comes from is
`preserve.fetch.opening`'s and `preserve.fetch.lines`'.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from preserve.fetch.lines import Line
from preserve.fetch.proxies import Proxy
from preserve.fetch.reading import Answer, Limits, WireError, read_response
from preserve.http1 import Head
from preserve.model import FailureKind
from preserve.times import Clock
from preserve.urls import target_of

_PROXY_SECRET = re.compile(rb"(?im)^Proxy-Authorization:[^\r\n]*\r\n")

Addresses = tuple[tuple[socket.AddressFamily, str], ...]


class StaleLineError(WireError):
    """A kept line turned out to be closed: not one byte of an answer came, so that the exchange may be made anew."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one URL is reached.

    Attributes:
        url: the URL to ask.
        addresses: where to connect, in order: (family, address), the proxy's own behind a proxy; none where a
            line is kept.
        port: the port to connect to.
        proxy: None for a direct connection.
        socks_host: the host or checked address a SOCKS proxy is told.
    """

    url: str
    addresses: Addresses
    port: int
    proxy: Proxy | None = None
    socks_host: str = ""

    @property
    def forwarded(self) -> bool:
        """Whether an HTTP proxy is asked for the whole URL (RFC 9112, section 3.2.2)."""
        return self.proxy is not None and not self.proxy.is_socks and self.url.startswith("http:")

    @property
    def target(self) -> str:
        """The request target, byte for byte."""
        return self.url if self.forwarded else target_of(self.url)


@dataclass(frozen=True, slots=True)
class Timing:
    """Bounds in seconds: per connect, per read, and for the exchange as a whole."""

    connect: float
    read: float
    total: float


class Wire:
    """One exchange; used once, by one thread.

    Attributes:
        plan: where it goes.
        timing: how long it may take.
        clock: what that is measured by.
        request: the bytes sent, without any proxy's password.
        answer: what was read; None before.
        ip: the address that answers; None behind a proxy or before there is a line.
        tls: TLS version and cipher suite, ("", "") without TLS.
    """

    def __init__(self, plan: Plan, timing: Timing, limits: Limits, clock: Clock, deadline: float | None = None) -> None:
        """Start the total time, unless `deadline` (on the clock's monotonic scale) says when it ends."""
        self.plan = plan
        self.timing = timing
        self.clock = clock
        self.request = b""
        self.answer: Answer | None = None
        self.ip: str | None = None
        self.tls = ("", "")
        self.deadline = clock.monotonic() + timing.total if deadline is None else deadline
        self._limits = limits

    def send(self, line: Line, method: str, fields: Sequence[tuple[str, str]], body: bytes | None = None) -> None:
        """Send the request over `line`.

        A line that the other side has closed may still hold an answer, such as a refusal of what was sent: so that
        it broke shows when it is read.

        Raises:
            WireError: it can't be sent.
        """
        self.ip, self.tls = line.ip, line.tls
        data = request_bytes(method, self.plan.target, fields) + (body or b"")
        left = self.left()
        line.allow(min(left, self.timing.read))
        try:
            line.sock.sendall(data)
        except TimeoutError as fault:
            raise self._timed_out(left, "the request was not taken") from fault
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            pass
        except ssl.SSLError as fault:
            raise WireError(FailureKind.TLS, f"TLS failed while sending: {fault}") from fault
        except OSError as fault:
            raise WireError(FailureKind.RESET, f"the connection broke while sending: {fault}") from fault
        # What only the proxy may read is left out: archives are given away.
        self.request = _PROXY_SECRET.sub(b"", data) if self.plan.proxy else data

    def read(self, line: Line) -> Head:
        """Read the response; its head decides whether there is an answer at all.

        Raises:
            StaleLineError: the line was used before, and broke before the first byte.
            WireError: no whole head came.
        """
        answer = self.answer = read_response(partial(self._receive, line), self._limits)
        if answer.head is not None:
            return answer.head
        failure = answer.failure
        kind, message = (failure.kind, failure.message) if failure else (FailureKind.BAD_RESPONSE, "no answer came")
        stale = line.used and not answer.response and kind is FailureKind.RESET
        raise (StaleLineError if stale else WireError)(kind, message)

    def left(self) -> float:
        """Seconds left of the whole.

        Raises:
            WireError: none are.
        """
        left = self.deadline - self.clock.monotonic()
        if left <= 0:
            raise self._out_of_time()
        return left

    def _receive(self, line: Line, size: int) -> bytes:
        """Up to `size` bytes, within the time for a read and what is left of the whole."""
        left = self.left()
        line.allow(min(left, self.timing.read))
        try:
            data: bytes = line.sock.recv(size)
        except TimeoutError as fault:
            raise self._timed_out(left, "nothing came") from fault
        except ssl.SSLError as fault:
            raise WireError(FailureKind.TLS, f"TLS failed while reading: {fault}") from fault
        except OSError as fault:
            raise WireError(FailureKind.RESET, f"the connection broke while reading: {fault}") from fault
        return data

    def _timed_out(self, left: float, what: str) -> WireError:
        if left <= self.timing.read:
            return self._out_of_time()
        return WireError(FailureKind.READ_TIMEOUT, f"{what} for {self.timing.read:g} s")

    def _out_of_time(self) -> WireError:
        return WireError(FailureKind.TOTAL_TIMEOUT, f"the answer was not whole after {self.timing.total:g} s")


def request_bytes(method: str, target: str, fields: Sequence[tuple[str, str]]) -> bytes:
    """A request's head (RFC 9112, section 3).

    Raises:
        WireError: something in it would make another request of it.
    """
    lines = [f"{method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in fields], "", ""]
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or target.count(" "):
        raise WireError(FailureKind.BAD_RESPONSE, "the request can't be sent: a line break stands in it")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as fault:
        raise WireError(FailureKind.BAD_RESPONSE, f"the request can't be sent: {fault}") from fault
