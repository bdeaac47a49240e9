"""An object store in a process of its own, spoken to over real sockets, and a gate before it that can be shut."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests
from run_kit import Stage, answer, article, page, write_post
from run_kit import stage as plain_stage
from wire_server import WireServer

from preserve.warc.storage import Storage

BUCKET = "kept"
_REQUEST = re.compile(r'"([A-Z]+) (/[^ "]*) HTTP/1\.1" (\d+)')
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RUNNING = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")
# What is in the environment of whoever asks; the store takes any, unless it is told to look.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test-key",
    "AWS_SECRET_ACCESS_KEY": "a-very-secret-word",
    "AWS_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Asked:
    """A request that the store answered."""

    method: str
    target: str
    status: int


class ObjectStore:
    """moto's S3 server; what it holds is gone when it ends.

    Args:
        log: file for what it says.
        port: 0 takes a free one.
        credentials: refuse whoever has none that the store knows (it knows none), but for making the bucket.
    """

    def __init__(self, log: Path, port: int = 0, *, credentials: bool = False) -> None:
        self._log = log
        with log.open("ab") as out:
            start = out.tell()
            more = {"INITIAL_NO_AUTH_ACTION_COUNT": "1"} if credentials else {}
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **more},
            )
        self.port = self._port(start)
        self.url = f"http://127.0.0.1:{self.port}"
        assert requests.put(f"{self.url}/{BUCKET}", timeout=20).status_code == 200

    def _port(self, start: int) -> int:
        while self._process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
            found = _RUNNING.search(self._log.read_bytes()[start:].decode())
            if found:
                return int(found[1])
        raise AssertionError(self._log.read_text())

    def asked(self) -> list[Asked]:
        """Every request for something in the bucket, so far."""
        found = _REQUEST.findall(_COLOUR.sub("", self._log.read_text("utf-8", "replace")))
        return [Asked(method, target, int(status)) for method, target, status in found if target != f"/{BUCKET}"]

    def object(self, name: str) -> bytes | None:
        got = self._ask("GET", name)
        return got.content if got.status_code == 200 else None

    def replace(self, name: str, data: bytes) -> None:
        assert self._ask("PUT", name, data).status_code == 200

    def remove(self, name: str) -> None:
        assert self._ask("DELETE", name).status_code == 204

    def _ask(self, method: str, name: str, data: bytes | None = None) -> requests.Response:
        # Signed by somebody: objects are not public, and the store does not look closer.
        signed = {"Authorization": "AWS test:test"}
        return requests.request(method, f"{self.url}/{BUCKET}/{name}", data=data, headers=signed, timeout=20)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@dataclass
class Gate:
    """Passes bytes on to a store until so many have gone through; then it holds what comes."""

    to: int
    after: int
    held: threading.Event = field(default_factory=threading.Event)
    _seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def serving(self) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=self._accept, args=(listening,), daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
                threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 14):
                if counted and self._is_shut(len(data)):
                    self.held.set()
                    source.recv(1, socket.MSG_PEEK | socket.MSG_WAITALL)
                    while source.recv(1 << 16):  # until whoever sends is gone
                        pass
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _is_shut(self, more: int) -> bool:
        with self._lock:
            self._seen += more
            return self._seen > self.after


def s3(store: ObjectStore | str, prefix: str = "warcs") -> Storage:
    """A prefix of the store's bucket."""
    endpoint = store if isinstance(store, str) else store.url
    return Storage(f"s3://{BUCKET}/{prefix}", f'{{"endpoint_url": "{endpoint}"}}')


def stored_stage(folder: Path, storage: Storage, **changes: object) -> Stage:
    """A stage whose archive has a storage, and a key for its checkpoints."""
    place = plain_stage(folder)
    key = str(folder / "config" / "signing-key.pem")
    given: dict[str, object] = {"storage": storage.url, "storage_options": storage.options, "signing_key": key}
    return place.with_archive(**{**given, **changes})


def publish(server: WireServer, place: Stage, posts: int) -> None:
    """So many posts, each with its page."""
    for number in range(posts):
        server.scripts[f"/{number}"] = answer(page(article(number)))
        write_post(place.posts, f"report-{number}.md", server.url(f"/{number}"), article(number))
