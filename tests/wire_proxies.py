"""Small loopback proxies: HTTP (forwarding and CONNECT, plain or over TLS) and SOCKS5.

They keep what they were asked for and join it to one backend, whatever host was named.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from types import TracebackType
from typing import Self

from wire_server import WireServer


class _Proxy:
    def __init__(self, backend: WireServer, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self._backend = backend
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.settimeout(5)
            if self._tls is None:
                self._handle(client)
            else:
                with self._tls.wrap_socket(client, server_side=True) as wrapped:
                    self._handle(wrapped)

    def _handle(self, client: socket.socket) -> None:
        raise NotImplementedError

    def _join(self, client: socket.socket, first: bytes = b"") -> None:
        with socket.create_connection((self._backend.address, self._backend.port)) as server:
            server.settimeout(5)
            server.sendall(first)
            up = threading.Thread(target=_pump, args=(client, server), daemon=True)
            up.start()
            _pump(server, client)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RD)
            up.join(5)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class HttpProxy(_Proxy):
    """Forwards `GET http://...` and tunnels CONNECT; `refuse` answers every CONNECT so."""

    refuse = b""

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def _handle(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(65536)
            if not data:
                return
            head += data
        self.asked.append(head)
        if not head.startswith(b"CONNECT "):
            self._join(client, head)
        elif self.refuse:
            client.sendall(self.refuse)
        else:
            client.sendall(b"HTTP/1.1 200 Connected\r\nX-Proxy: secret\r\n\r\n")
            self._join(client)


class SocksProxy(_Proxy):
    """SOCKS5 (RFC 1928), without authentication or with any password; `refuse` is a reply code to give."""

    refuse = 0

    def _handle(self, client: socket.socket) -> None:
        _, count = _exactly(client, 2)
        methods = _exactly(client, count)
        client.sendall(b"\x05\x02" if 2 in methods else b"\x05\x00")
        if 2 in methods:
            _, length = _exactly(client, 2)
            user = _exactly(client, length)
            password = _exactly(client, _exactly(client, 1)[0])
            self.asked.append(user + b":" + password)
            client.sendall(b"\x01\x00")
        _, _, _, kind = _exactly(client, 4)
        size = {1: 4, 4: 16}.get(kind) or _exactly(client, 1)[0]
        host = _exactly(client, size)
        self.asked.append(host if kind == 3 else socket.inet_ntop(socket.AF_INET, host).encode())
        _exactly(client, 2)
        client.sendall(b"\x05" + bytes([self.refuse]) + b"\x00\x01\x7f\x00\x00\x01\x00\x00")
        if not self.refuse:
            self._join(client)


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return data
