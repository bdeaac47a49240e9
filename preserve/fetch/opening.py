"""Opening a line: the address that was checked, proxies, TLS; and the first exchange over it.

requests and urllib3 speak to proxies and verify TLS; these subclasses, each bound to one `Wire`, dial the address
that was checked and hand everything above the open connection to the wire. Nothing is patched: an adapter with its
own pools is made for each connection, so that no byte of one can reach another.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from typing import Any, TypeVar

import requests.adapters
import urllib3
from urllib3 import connection, connectionpool, exceptions

from preserve.fetch.lines import Line
from preserve.fetch.proxies import Proxy
from preserve.fetch.reading import WireError
from preserve.fetch.wire import Plan, Wire
from preserve.model import FailureKind
from preserve.urls import host_of, port_of, split

_REFUSED = frozenset({errno.ECONNREFUSED})
_RESET = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})
_LIKELIER = (FailureKind.REFUSED, FailureKind.RESET, FailureKind.CONNECT_TIMEOUT, FailureKind.UNREACHABLE)


def send(wire: Wire, headers: Sequence[tuple[str, str]], tls: ssl.SSLContext, body: bytes | None = None) -> Line:
    """Connect and make the exchange, a GET or with a body a POST; afterwards `wire` holds what was sent and read.

    Returns:
        The line it was made over, for the caller to keep or close.

    Raises:
        WireError: when no whole head came; nothing is left open then.
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
    opening = _Opening(wire)
    adapter = RecordingAdapter(opening, tls)
    try:
        adapter.send(request, stream=True, timeout=(wire.timing.connect, None), proxies=proxies)
    except (requests.RequestException, exceptions.HTTPError, HTTPException, ValueError) as fault:
        if wire.answer is None or wire.answer.head is None:
            opening.close()
            raise WireError(FailureKind.BAD_RESPONSE, f"the exchange failed: {fault}") from fault
    except BaseException:
        opening.close()
        raise
    finally:
        adapter.close()
    return opening.line


class _Opening:
    """One connection while it is opened for one exchange; used once, by one thread."""

    line: Line

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._ip: str | None = None
        self._opened: list[Any] = []

    def dial(self) -> socket.socket:
        """Connect to the first address that answers; half of the time left goes to each but the last."""
        wire = self.wire
        left = min(wire.timing.connect, wire.left())
        until = wire.clock.monotonic() + left
        faults: list[WireError] = []
        addresses = wire.plan.addresses
        for index, (family, address) in enumerate(addresses):
            last = index == len(addresses) - 1
            left = max(until - wire.clock.monotonic(), 0.001)
            try:
                return self._dial_one(family, address, left if last else left / 2)
            except WireError as fault:
                self.close()
                faults.append(fault)
        raise min(faults, key=lambda fault: _rank(fault.kind))

    def connected(self, sock: Any) -> None:
        """Take note of a connection that is ready, TLS included."""
        self._opened.append(sock)
        version = getattr(sock, "version", lambda: None)() if self.wire.plan.url.startswith("https:") else None
        cipher = sock.cipher() if version else None
        self.line = Line(sock, self._ip, (version, cipher[0] if cipher else "") if version else ("", ""))

    @contextmanager
    def connecting(self, conn: connection.HTTPConnection) -> Iterator[None]:
        """Name what goes wrong between the TCP connection and the request."""
        plan = self.wire.plan
        what = "the proxy" if plan.proxy and not conn.has_connected_to_proxy else "the server"
        try:
            yield
        except (ssl.SSLEOFError, exceptions.SSLError, ssl.SSLError, ssl.CertificateError) as fault:
            if plan.proxy is not None and not conn.has_connected_to_proxy:
                raise WireError(FailureKind.PROXY, f"TLS with the proxy failed: {fault}") from fault
            if isinstance(fault, ssl.SSLEOFError):
                raise WireError(FailureKind.RESET, "the connection was closed in the TLS handshake") from fault
            raise WireError(FailureKind.TLS, f"TLS with {host_of(plan.url)} failed: {fault}") from fault
        except TimeoutError as fault:
            kind = FailureKind.PROXY if plan.proxy else FailureKind.CONNECT_TIMEOUT
            raise WireError(kind, f"no connection within {self.wire.timing.connect:g} s: {what} was silent") from fault
        except (OSError, HTTPException) as fault:
            kind = FailureKind.PROXY if plan.proxy else FailureKind.RESET
            raise WireError(kind, f"no connection: {fault}") from fault

    def close(self) -> None:
        """Close whatever was opened."""
        while self._opened:
            self._opened.pop().close()

    def _dial_one(self, family: socket.AddressFamily, address: str, timeout: float) -> socket.socket:
        plan = self.wire.plan
        proxy = plan.proxy
        try:
            if proxy is not None and proxy.is_socks:
                return self._dial_socks(proxy, family, address, timeout)
            sock = socket.socket(family, socket.SOCK_STREAM)
            self._opened.append(sock)
            sock.settimeout(timeout)
            sock.connect((address, plan.port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as fault:
            kind, why = _connect_failure(fault, timeout)
            place = proxy.shown if proxy else f"{address} port {plan.port}"
            raise WireError(FailureKind.PROXY if proxy else kind, f"{place}: {why}") from fault
        if proxy is None:
            self._ip = address.partition("%")[0]
        return sock

    def _dial_socks(self, proxy: Proxy, family: socket.AddressFamily, address: str, timeout: float) -> socket.socket:
        import socks  # type: ignore[import-untyped]  # noqa: PLC0415 - only behind a SOCKS proxy

        plan = self.wire.plan
        sock = socks.socksocket(family, socket.SOCK_STREAM)
        self._opened.append(sock)
        user, password = proxy.user or None, proxy.password or None
        sock.set_proxy(socks.SOCKS5, address, plan.port, True, user, password)
        sock.settimeout(timeout)
        sock.connect((plan.socks_host, port_of(plan.url)))
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


class _Recording(connection.HTTPConnection):
    """What the two connection classes share; `opening` is set when the pool makes one."""

    opening: _Opening

    def _new_conn(self) -> socket.socket:
        return self.opening.dial()

    def connect(self) -> None:
        with self.opening.connecting(self):
            super().connect()
        self.opening.connected(self.sock)

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_options: Any) -> None:
        """Send the path that was asked, whatever urllib3 made of it on the way, over the line that was opened."""
        if self.sock is None:
            self.connect()
        fields: Mapping[str, str] = headers or {}
        self.opening.wire.send(self.opening.line, method, tuple(fields.items()), body)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override] # as urllib3's own
        """Read the whole response into the wire's answer; what is returned is only its outline."""
        head = self.opening.wire.read(self.opening.line)
        self.sock = None  # the line outlives this connection, which would close it
        return urllib3.HTTPResponse(b"", status=head.status, preload_content=False, decode_content=False)


class _HTTPConnection(_Recording):
    def __init__(self, *args: Any, opening: _Opening, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opening = opening


class _HTTPSConnection(_Recording, connection.HTTPSConnection):
    def __init__(self, *args: Any, opening: _Opening, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opening = opening


class _HTTPPool(connectionpool.HTTPConnectionPool):
    def __init__(self, *args: Any, opening: _Opening, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ConnectionCls = partial(_HTTPConnection, opening=opening)  # type: ignore[assignment]


class _HTTPSPool(connectionpool.HTTPSConnectionPool):
    def __init__(self, *args: Any, opening: _Opening, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ConnectionCls = partial(_HTTPSConnection, opening=opening)  # type: ignore[assignment]


_Manager = TypeVar("_Manager", bound=urllib3.PoolManager)


class RecordingAdapter(requests.adapters.HTTPAdapter):
    """A requests adapter for one connection, whose pools make one that belongs to an `_Opening`."""

    def __init__(self, opening: _Opening, tls: ssl.SSLContext) -> None:
        """Bind the adapter to `opening`; `tls` verifies servers and proxies."""
        self._opening = opening
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
        url = self._plan.url
        host = {"scheme": split(url).scheme, "host": _dialled_name(url), "port": port_of(url)}
        return host, {"ssl_context": self._tls, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave verification to the context; requests would load a bundle for every connection."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """A stand-in that survives urllib3's mending; the wire sends `Plan.target`."""
        return "http://target.invalid/" if self._plan.forwarded else "/"

    @property
    def _plan(self) -> Plan:
        return self._opening.wire.plan

    def _recording(self, manager: _Manager) -> _Manager:
        pools: dict[str, Any] = {
            "http": partial(_HTTPPool, opening=self._opening),
            "https": partial(_HTTPSPool, opening=self._opening),
        }
        manager.pool_classes_by_scheme = pools
        return manager


def _dialled_name(url: str) -> str:
    host = host_of(url)
    return f"[{host}]" if ":" in host else host
