"""One exchange on the wire: connections that record, under a requests adapter.

requests and urllib3 build the request, speak to proxies and verify TLS; these subclasses, each bound to one
`Wire`, dial the address that was checked, send the path that was asked, and keep every byte from connect to
close. Nothing is patched: an adapter with its own pools is made for each exchange, so that no byte of one
can reach another.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from typing import Any, TypeVar

import requests.adapters
import urllib3
from urllib3 import connection, connectionpool, exceptions

from preserve.fetch.proxies import Proxy
from preserve.fetch.reading import Answer, Limits, WireError, read_response
from preserve.model import FailureKind
from preserve.times import Clock
from preserve.urls import host_of, port_of, split, target_of

_PROXY_SECRET = re.compile(rb"(?im)^Proxy-Authorization:[^\r\n]*\r\n")
_REFUSED = frozenset({errno.ECONNREFUSED})
_RESET = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})
_LIKELIER = (FailureKind.REFUSED, FailureKind.RESET, FailureKind.CONNECT_TIMEOUT, FailureKind.UNREACHABLE)


Addresses = tuple[tuple[socket.AddressFamily, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one URL is reached.

    Attributes:
        url: the URL to ask.
        addresses: where to connect, in order: (family, address), the proxy's own behind a proxy.
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
    """Everything about one exchange's connection; used once, by one thread.

    Attributes:
        plan: where it goes.
        timing: how long it may take.
        request: the bytes sent, without any proxy's password.
        answer: what was read; None before.
        ip: the address connected to; None behind a proxy.
        tls: TLS version and cipher suite, ("", "") without TLS.
    """

    def __init__(self, plan: Plan, timing: Timing, limits: Limits, clock: Clock) -> None:
        """Start the total time."""
        self.plan = plan
        self.request = b""
        self.answer: Answer | None = None
        self.ip: str | None = None
        self.tls = ("", "")
        self.timing = timing
        self._limits = limits
        self._clock = clock
        self._deadline = clock.monotonic() + timing.total
        self._opened: list[Any] = []

    def dial(self) -> socket.socket:
        """Connect to the first address that answers; half of the time left goes to each but the last."""
        left = min(self.timing.connect, self._left())
        until = self._clock.monotonic() + left
        faults: list[WireError] = []
        for index, (family, address) in enumerate(self.plan.addresses):
            last = index == len(self.plan.addresses) - 1
            left = max(until - self._clock.monotonic(), 0.001)
            try:
                return self._dial_one(family, address, left if last else left / 2)
            except WireError as fault:
                faults.append(fault)
        raise min(faults, key=lambda fault: _rank(fault.kind))

    def receive(self, sock: Any, size: int) -> bytes:
        """Up to `size` bytes, within the time for a read and what is left of the whole."""
        left = self._left()
        sock.settimeout(min(left, self.timing.read))
        try:
            data: bytes = sock.recv(size)
        except TimeoutError as fault:
            if left <= self.timing.read:
                raise self._out_of_time() from fault
            message = f"nothing came for {self.timing.read:g} s"
            raise WireError(FailureKind.READ_TIMEOUT, message) from fault
        except ssl.SSLError as fault:
            raise WireError(FailureKind.TLS, f"TLS failed while reading: {fault}") from fault
        except OSError as fault:
            raise WireError(FailureKind.RESET, f"the connection broke while reading: {fault}") from fault
        return data

    def read(self, sock: Any) -> Answer:
        """Read the response; its head decides whether there is an answer at all."""
        self.answer = read_response(partial(self.receive, sock), self._limits)
        return self.answer

    def record(self, data: bytes) -> None:
        """Keep bytes that were sent. What only the proxy may read is left out: archives are given away."""
        self.request += _PROXY_SECRET.sub(b"", data) if self.plan.proxy else data

    def connected(self, sock: Any) -> Recorder:
        """Take note of a connection that is ready, TLS included, and record it from here on."""
        self._opened.append(sock)
        version = getattr(sock, "version", lambda: None)()
        if version and self.plan.url.startswith("https:"):
            cipher = sock.cipher()
            self.tls = (version, cipher[0] if cipher else "")
        return Recorder(sock, self)

    @contextmanager
    def connecting(self, conn: connection.HTTPConnection) -> Iterator[None]:
        """Name what goes wrong between the TCP connection and the request."""
        what = "the proxy" if self.plan.proxy and not conn.has_connected_to_proxy else "the server"
        try:
            yield
        except (ssl.SSLEOFError, exceptions.SSLError, ssl.SSLError, ssl.CertificateError) as fault:
            if self.plan.proxy is not None and not conn.has_connected_to_proxy:
                raise WireError(FailureKind.PROXY, f"TLS with the proxy failed: {fault}") from fault
            if isinstance(fault, ssl.SSLEOFError):
                raise WireError(FailureKind.RESET, "the connection was closed in the TLS handshake") from fault
            raise WireError(FailureKind.TLS, f"TLS with {host_of(self.plan.url)} failed: {fault}") from fault
        except TimeoutError as fault:
            kind = FailureKind.PROXY if self.plan.proxy else FailureKind.CONNECT_TIMEOUT
            raise WireError(kind, f"no connection within {self.timing.connect:g} s: {what} was silent") from fault
        except (OSError, HTTPException) as fault:
            kind = FailureKind.PROXY if self.plan.proxy else FailureKind.RESET
            raise WireError(kind, f"no connection: {fault}") from fault

    def close(self) -> None:
        """Close whatever was opened."""
        for sock in reversed(self._opened):
            sock.close()

    def _left(self) -> float:
        left = self._deadline - self._clock.monotonic()
        if left <= 0:
            raise self._out_of_time()
        return left

    def _out_of_time(self) -> WireError:
        return WireError(FailureKind.TOTAL_TIMEOUT, f"the answer was not whole after {self.timing.total:g} s")

    def _dial_one(self, family: socket.AddressFamily, address: str, timeout: float) -> socket.socket:
        proxy = self.plan.proxy
        try:
            if proxy is not None and proxy.is_socks:
                return self._dial_socks(proxy, family, address, timeout)
            sock = socket.socket(family, socket.SOCK_STREAM)
            self._opened.append(sock)
            sock.settimeout(timeout)
            sock.connect((address, self.plan.port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as fault:
            kind, why = _connect_failure(fault, timeout)
            place = proxy.shown if proxy else f"{address} port {self.plan.port}"
            raise WireError(FailureKind.PROXY if proxy else kind, f"{place}: {why}") from fault
        if proxy is None:
            self.ip = address.partition("%")[0]
        return sock

    def _dial_socks(self, proxy: Proxy, family: socket.AddressFamily, address: str, timeout: float) -> socket.socket:
        import socks  # type: ignore[import-untyped]  # noqa: PLC0415 - only behind a SOCKS proxy

        sock = socks.socksocket(family, socket.SOCK_STREAM)
        self._opened.append(sock)
        user, password = proxy.user or None, proxy.password or None
        sock.set_proxy(socks.SOCKS5, address, self.plan.port, True, user, password)
        sock.settimeout(timeout)
        sock.connect((self.plan.socks_host, port_of(self.plan.url)))
        connected: socket.socket = sock
        return connected


def _rank(kind: FailureKind) -> int:
    """The failure that says most comes first: a refusal over a network that has no route."""
    return _LIKELIER.index(kind) if kind in _LIKELIER else -1


def _connect_failure(fault: OSError, timeout: float) -> tuple[FailureKind, str]:
    if isinstance(fault, TimeoutError):
        return FailureKind.CONNECT_TIMEOUT, f"no connection within {timeout:.3g} s"
    why = fault.strerror or str(fault)
    if fault.errno in _REFUSED:
        return FailureKind.REFUSED, why
    if fault.errno in _RESET:
        return FailureKind.RESET, why
    return FailureKind.UNREACHABLE, why


class Recorder:
    """A connected socket that keeps what is sent through it; offers what http.client and urllib3 use of
    one."""

    def __init__(self, sock: Any, wire: Wire) -> None:
        """Record `sock` for `wire`."""
        self._sock = sock
        self._wire = wire

    def sendall(self, data: bytes) -> None:
        """Send, then keep."""
        self._sock.sendall(data)
        self._wire.record(bytes(data))

    def read_answer(self) -> Answer:
        """Read the response off the recorded socket."""
        return self._wire.read(self._sock)

    def settimeout(self, value: float | None) -> None:
        """As the socket's own."""
        self._sock.settimeout(value)

    def close(self) -> None:
        """As the socket's own."""
        self._sock.close()


class _Recording(connection.HTTPConnection):
    """What the two connection classes share; `wire` is set when the pool makes one."""

    wire: Wire

    def _new_conn(self) -> socket.socket:
        return self.wire.dial()

    def connect(self) -> None:
        with self.wire.connecting(self):
            super().connect()
        self.sock: Any = self.wire.connected(self.sock)

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        """Send the path that was asked, whatever urllib3 made of it on the way."""
        super().putrequest(method, self.wire.plan.target, skip_host, skip_accept_encoding)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override] # as urllib3's own
        """Read the whole response into the wire's answer; what is returned is only its outline."""
        answer = self.sock.read_answer()
        if answer.head is None:
            raise WireError(answer.failure.kind, answer.failure.message)
        return urllib3.HTTPResponse(b"", status=answer.head.status, preload_content=False, decode_content=False)


class _HTTPConnection(_Recording):
    def __init__(self, *args: Any, wire: Wire, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wire = wire


class _HTTPSConnection(_Recording, connection.HTTPSConnection):
    def __init__(self, *args: Any, wire: Wire, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wire = wire


class _HTTPPool(connectionpool.HTTPConnectionPool):
    def __init__(self, *args: Any, wire: Wire, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ConnectionCls = partial(_HTTPConnection, wire=wire)  # type: ignore[assignment]


class _HTTPSPool(connectionpool.HTTPSConnectionPool):
    def __init__(self, *args: Any, wire: Wire, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ConnectionCls = partial(_HTTPSConnection, wire=wire)  # type: ignore[assignment]


_Manager = TypeVar("_Manager", bound=urllib3.PoolManager)


class RecordingAdapter(requests.adapters.HTTPAdapter):
    """A requests adapter for one exchange, whose pools make connections that record into one `Wire`."""

    def __init__(self, wire: Wire, tls: ssl.SSLContext) -> None:
        """Bind the adapter to `wire`; `tls` verifies servers and proxies."""
        self._wire = wire
        self._tls = tls
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """Make the pool manager with our own pools."""
        self.poolmanager = self._recording(urllib3.PoolManager(connections, maxsize=maxsize, block=block, **kwargs))

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        """Make the proxy's pool manager with our own pools."""
        headers = self.proxy_headers(proxy)
        manager = urllib3.ProxyManager(proxy, proxy_headers=headers, proxy_ssl_context=self._tls, **kwargs)
        self.proxy_manager[proxy] = self._recording(manager)
        return manager

    def build_connection_pool_key_attributes(  # type: ignore[override] # its types are private to requests
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Host and TLS parameters: always the one context that verifies."""
        url = self._wire.plan.url
        host = {"scheme": split(url).scheme, "host": _dialled_name(url), "port": port_of(url)}
        return host, {"ssl_context": self._tls, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave verification to the context; requests would load a bundle for every connection."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """A stand-in that survives urllib3's mending; the connection sends `Plan.target`."""
        return "http://target.invalid/" if self._wire.plan.forwarded else "/"

    def _recording(self, manager: _Manager) -> _Manager:
        pools: dict[str, Any] = {
            "http": partial(_HTTPPool, wire=self._wire),
            "https": partial(_HTTPSPool, wire=self._wire),
        }
        manager.pool_classes_by_scheme = pools
        return manager


def _dialled_name(url: str) -> str:
    host = host_of(url)
    return f"[{host}]" if ":" in host else host


def send(wire: Wire, headers: Sequence[tuple[str, str]], tls: ssl.SSLContext, body: bytes | None = None) -> None:
    """Make the exchange, a GET or with a body a POST; afterwards `wire` holds what was sent and read.

    Raises:
        WireError: when no whole head came.
    """
    plan = wire.plan
    request = requests.PreparedRequest()
    request.prepare_method("GET" if body is None else "POST")
    request.url = plan.url  # not `prepare_url`, which changes paths
    request.body = body
    request.headers = requests.structures.CaseInsensitiveDict(headers)
    proxies = {}
    if plan.proxy is not None and not plan.proxy.is_socks:
        proxies = {"http": plan.proxy.url, "https": plan.proxy.url}
    adapter = RecordingAdapter(wire, tls)
    try:
        adapter.send(request, stream=True, timeout=(wire.timing.connect, None), proxies=proxies)
    except (requests.RequestException, exceptions.HTTPError, HTTPException, ValueError) as fault:
        if wire.answer is None or wire.answer.head is None:
            raise WireError(FailureKind.BAD_RESPONSE, f"the exchange failed: {fault}") from fault
    finally:
        adapter.close()
        wire.close()
