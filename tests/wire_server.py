"""A loopback server that sends exactly the bytes a test scripts, and keeps the bytes it was sent.

    with WireServer({"/a": [b"HTTP/1.1 200 OK\r\n\r\nhello"]}) as server:
        ...  # server.url("/a"), server.heads, server.sent

A path's value is the steps of one answer, or a list of such answers for its first, second... request (the
last one stays). After its steps the connection is closed; a `persistent` server reads the next request off it instead,
unless a step was `Reset` or `Close`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Drip:
    """Send `data` one byte at a time with `seconds` between."""

    data: bytes
    seconds: float


@dataclass(frozen=True)
class Reset:
    """Break the connection with a RST."""


@dataclass(frozen=True)
class Hang:
    """Send nothing more, and keep the connection open until the other side closes it or the server stops."""


@dataclass(frozen=True)
class Close:
    """Close the connection although the server is persistent, under TLS with or without a word (close_notify);
    `gone` is set when it is done.
    """

    gone: threading.Event = field(default_factory=threading.Event)
    notify: bool = False


@dataclass(frozen=True)
class Tell:
    """Set `event`: all before it was sent."""

    event: threading.Event


@dataclass(frozen=True)
class Until:
    """Send nothing more before `event` is set."""

    event: threading.Event


@dataclass(frozen=True)
class Endless:
    """Send `data` again and again until the other side has enough."""

    data: bytes


Step = bytes | Drip | Reset | Hang | Close | Tell | Until | Endless
Answer = Sequence[Step]
_STEPS = (bytes, Drip, Reset, Hang, Close, Tell, Until, Endless)


class WireServer:
    """See the module. Requests that have no script are answered 404 without a body."""

    def __init__(
        self,
        scripts: Mapping[str, Answer | Sequence[Answer]] | None = None,
        *,
        address: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        persistent: bool = False,
    ) -> None:
        self.persistent = persistent
        self.connections: list[int] = []
        self.scripts: dict[str, Answer | Sequence[Answer]] = dict(scripts or {})
        self.heads: list[bytes] = []
        self.sent: list[bytes] = []
        self.most_at_once = 0
        self._tls = tls
        self._counts: dict[str, int] = {}
        self._busy = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(
            (address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET
        )
        self.address, self.port = self._listener.getsockname()[:2]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def url(self, path: str, host: str | None = None) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host or self.address}:{self.port}{path}"

    @property
    def targets(self) -> list[str]:
        """The request targets asked for, in order."""
        return [head.split(b" ")[1].decode("latin-1") for head in self.heads]

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)  # under TLS too, whose thread may be reading
        self._acceptor.join(5)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), self._holding(sock):
            if self._tls:
                with self._tls.wrap_socket(sock, server_side=True) as wrapped, self._holding(wrapped):
                    self._converse(wrapped)
            else:
                self._converse(sock)

    @contextlib.contextmanager
    def _holding(self, sock: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(sock)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(sock)
            sock.close()

    def _converse(self, sock: socket.socket) -> None:
        with self._lock:
            number = len(self.connections)
            self.connections.append(0)
        while self._answer(sock, number) and self.persistent:
            pass

    def _answer(self, sock: socket.socket, connection: int) -> bool:
        """Answer one request; whether the connection may go on."""
        head = b""
        while b"\r\n\r\n" not in head and not head.startswith(b"\x16"):  # a TLS hello is answered as it is
            data = sock.recv(65536)
            if not data:
                return False
            head += data
        sent = bytearray()
        with self._lock:
            self.connections[connection] += 1
            self.heads.append(head)
            target = head.split(b" ")[1].decode("latin-1") if head[:1] != b"\x16" else "TLS"
            steps = self._steps(target)
            self._busy += 1
            self.most_at_once = max(self.most_at_once, self._busy)
        try:
            for step in steps[:-1]:
                self._do(sock, step, sent)
        finally:
            with self._lock:  # before the last step: once it is out, the next request may rightly come
                self._busy -= 1
        try:
            for step in steps[-1:]:
                self._do(sock, step, sent)
        finally:
            self.sent.append(bytes(sent))
        closes = [step for step in steps if isinstance(step, Close)]
        resets = any(isinstance(step, Reset) for step in steps)
        if self.persistent and not closes and not resets:
            return True
        if closes and isinstance(sock, ssl.SSLSocket) and closes[0].notify:
            sock.setblocking(False)
            with contextlib.suppress(ssl.SSLWantReadError):  # for the other side's, which need not come
                sock.unwrap()
            sock.setblocking(True)
        if not resets and (closes or not self._tls):
            sock.shutdown(socket.SHUT_WR)
            for step in closes:
                step.gone.set()
            while sock.recv(65536):  # what is still unread would turn the close into a reset
                pass
        return False

    def _steps(self, target: str) -> Answer:
        script = self.scripts.get(target, [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"])
        if script and not isinstance(script[0], _STEPS):
            count = self._counts.get(target, 0)
            self._counts[target] = count + 1
            answer = script[min(count, len(script) - 1)]
            assert not isinstance(answer, _STEPS)
            return answer
        return script  # type: ignore[return-value]

    def _do(self, sock: socket.socket, step: Step, sent: bytearray) -> None:
        match step:
            case bytes():
                sock.sendall(step)
                sent += step
            case Drip(data, seconds):
                for index in range(len(data)):
                    sock.sendall(data[index : index + 1])
                    sent += data[index : index + 1]
                    if self._stopped.wait(seconds):
                        return
            case Reset():
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case Until(event):
                while not event.wait(0.05) and not self._stopped.is_set():
                    pass
            case Close():
                pass
            case Tell(event):
                event.set()
            case Hang():
                while not self._stopped.is_set() and sock.recv(65536):
                    pass
            case Endless(data):
                while not self._stopped.is_set():
                    sock.sendall(data)


def page(body: bytes = b"<p>hello</p>", *fields: str, status: str = "200 OK") -> list[Step]:
    """The steps of a plain HTTP/1.1 answer with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: text/html", *fields]
    return ["\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body]


def redirect(location: bytes | str, status: int = 302, *fields: str) -> list[Step]:
    """The steps of a redirect."""
    raw = location if isinstance(location, bytes) else location.encode("utf-8")
    rest = "".join(f"{field}\r\n" for field in fields).encode("latin-1")
    return [b"HTTP/1.1 %d Found\r\nLocation: %b\r\nContent-Length: 0\r\n%b\r\n" % (status, raw, rest)]
