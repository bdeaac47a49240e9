"""A web site on many loopback addresses that logs who was asked when, and can be held; runs and clusters to try it.

with Loopback() as site:
    site.add("127.0.0.41", "/a", page(...))
    with site.hold("127.0.0.41", "/a"): ...   # whoever asks waits until the block ends
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Self

from run_kit import Stage, article, page, write_post

import preserve
from preserve.audit import audit
from preserve.ledger import Ledger
from preserve.model import ArchivedCapture, Check
from preserve.verify.names import LEDGER
from preserve.warc import scan_captures, warc_files

PATIENCE = 60.0


def wait_until(holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Return once `holds()` is true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.01)


@dataclass(slots=True)
class Asked:
    """One request: from its first byte to the last of its answer, or until the asker was gone."""

    host: str
    path: str
    begun: float
    ended: float = 0.0
    connection: socket.socket | None = None


@dataclass(frozen=True)
class Page:
    """What a path answers."""

    body: bytes
    status: int = 200
    location: str = ""
    seconds: float = 0.0


@dataclass
class Log:
    """What was asked."""

    all: list[Asked] = field(default_factory=list)

    def overlaps(self) -> list[tuple[Asked, Asked]]:
        """Requests of one host that were begun before the one before had ended."""
        by_host: dict[str, list[Asked]] = defaultdict(list)
        for asked in self.all:
            by_host[asked.host].append(asked)
        found = []
        for row in by_host.values():
            row.sort(key=lambda asked: asked.begun)
            found += [(one, next_) for one, next_ in pairwise(row) if next_.begun < one.ended]
        return found


class Loopback:
    """The site; every 127.0.0.x is a host of it."""

    def __init__(self) -> None:
        self.log = Log()
        self.pages: dict[tuple[str, str], Page] = {}
        self._held: dict[tuple[str, str], threading.Event] = {}
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # an asker that was killed

        self._server = Server(("0.0.0.0", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for event in list(self._held.values()):
            event.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.port}{path}"

    def add(self, host: str, path: str, body: bytes, **more: object) -> str:
        self.pages[host, path] = Page(body, **more)  # type: ignore[arg-type]
        return self.url(host, path)

    @contextmanager
    def hold(self, host: str, path: str) -> Iterator[threading.Event]:
        """Whoever asks for a page waits until the block ends, or the event is set."""
        event = self._held[host, path] = threading.Event()
        try:
            yield event
        finally:
            event.set()
            self._held.pop((host, path), None)

    def release(self, host: str, path: str) -> None:
        """Let those that wait for a page have it."""
        self._held[host, path].set()

    def waiting(self) -> list[int]:
        """The ports of those that wait for a page that is held."""
        with self._lock:
            return list(self._waiting)

    def asked(self, host: str, path: str) -> bool:
        with self._lock:
            return any(asked.host == host and asked.path == path for asked in self.log.all)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        host = handler.headers["Host"].partition(":")[0]
        asked = Asked(host, handler.path, time.monotonic(), connection=handler.connection)
        with self._lock:
            for other in self.log.all:
                # One whose asker is gone has ended, though its own thread may not have come to see it.
                if other.host == host and not other.ended and other.connection and _gone(other.connection):
                    other.ended = asked.begun
            self.log.all.append(asked)
        try:
            self._send(handler, host)
        finally:
            with self._lock:
                asked.ended = asked.ended or time.monotonic()
                asked.connection = None

    def _send(self, handler: BaseHTTPRequestHandler, host: str) -> None:
        found = self.pages.get((host, handler.path), Page(b"nothing here", 404))
        held = self._held.get((host, handler.path))
        deadline = time.monotonic() + found.seconds
        port = handler.client_address[1]
        if held is not None:
            self._waiting.add(port)
        try:
            while (held is not None and not held.is_set()) or time.monotonic() < deadline:
                if _gone(handler.connection):
                    return
                time.sleep(0.002)
        finally:
            self._waiting.discard(port)
        handler.send_response(found.status)
        if found.location:
            handler.send_header("Location", found.location)
        handler.send_header("Content-Type", "text/html; charset=utf-8")
        handler.send_header("Content-Length", str(len(found.body)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(found.body)


def _gone(connection: socket.socket) -> bool:
    """Whether the other side has closed the connection."""
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    with suppress(OSError):
        return connection.recv(1, socket.MSG_PEEK) == b""
    return True


@dataclass
class Collection:
    """Posts whose sources are on a site, a host's after the other."""

    site: Loopback
    place: Stage
    hosts: tuple[str, ...]
    each: int

    @classmethod
    def made(cls, site: Loopback, place: Stage, hosts: int, each: int, *, seconds: float = 0.0) -> Collection:
        """So many posts for each of so many hosts, every page intact."""
        names = tuple(f"127.0.0.{41 + number}" for number in range(hosts))
        made = cls(site, place, names, each)
        for number, host in enumerate(names):
            for post in range(each):
                paragraphs = article(number * each + post)
                url = site.add(host, f"/{post}", page(paragraphs), seconds=seconds)
                write_post(place.posts, f"h{number}-{post}.md", url, paragraphs)
        return made

    @property
    def posts(self) -> int:
        return self.each * len(self.hosts)

    def checks(self) -> list[Check]:
        if not (self.place.archive / LEDGER).exists():
            return []
        with Ledger.open_readonly(self.place.archive / LEDGER) as ledger:
            return [check for run in range(1, 20) for check in ledger.checks_of(run)]

    def count(self) -> int:
        return len(self.checks())

    def captures(self) -> Counter[str]:
        """How often each page lies in the archive."""
        found = (item for path in warc_files(self.place.archive) for item in scan_captures(path))
        return Counter(
            item.url for item in found if isinstance(item, ArchivedCapture) and not item.url.endswith("/robots.txt")
        )

    def assert_whole(self) -> None:
        """Every post has one verdict; nothing finished was asked again, no host by two at once; the audit is clean."""
        checks = self.checks()
        again = [post for post, times in Counter(check.post for check in checks).items() if times > 1]
        assert again == []
        assert len(checks) == self.posts
        assert {check.judgement.verdict.value for check in checks} == {"intact"}
        assert [f"{one} {other}" for one, other in self.site.log.overlaps()] == []
        assert [page for page, times in self.captures().items() if times > 1] == []
        assert [path.name for path in warc_files(self.place.archive) if path.name.endswith(".open")] == []
        assert audit(self.place.archive).findings == []


@dataclass
class Run:
    """A `preserve verify` in a process of its own; what it says goes to files."""

    process: subprocess.Popen[bytes]
    said: Path

    @property
    def text(self) -> str:
        return self.said.read_text("utf-8")

    def end(self, seconds: float = PATIENCE) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the run did not end within {seconds} s:\n{self.text}") from None

    def kill(self) -> None:
        """SIGKILL to the run alone: its children have to notice themselves."""
        self.process.kill()
        self.process.wait()


@contextmanager
def verifying(place: Stage, *options: str) -> Iterator[Run]:
    """A run over `place`; killed when the block ends before it did."""
    number = len(list(place.folder.glob("said-*")))
    said = place.folder / f"said-{number}"
    command = [sys.executable, "-m", "preserve", "verify", str(place.posts), "--archive", str(place.archive)]
    command += ["--allow-private", "127.0.0.0/8", "--config", str(config(place)), *options]
    with said.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, env=environment(place), start_new_session=True
        )
    run = Run(process, said)
    try:
        yield run
    finally:
        if process.poll() is None:
            run.kill()


def config(place: Stage) -> Path:
    """The configuration file of a place: quick, and patient for as long as a test needs."""
    path = place.folder / "preserve.toml"
    if not path.exists():
        text = "[fetch]\ndelay = 0\ntries = 2\nbackoff = 0.01\ncontrol-names = []\n[judge]\nworkers = 1\n"
        path.write_text(f"{text}[run]\njobs = 4\nworkers = 2\nlease = {LEASE}\n", "utf-8")
    return path


LEASE = 3
"""Seconds: short, so that tests need not wait long; long enough for a machine that is busy."""


def environment(place: Stage) -> dict[str, str]:
    root = str(Path(preserve.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": root, "HOME": str(place.folder), "HTTP_PROXY": "", "http_proxy": ""}


def children(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            with suppress(OSError, IndexError):
                if int((path / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found += [int(path.name), *children(int(path.name))]
    return found


def command_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def workers_of(pid: int) -> list[int]:
    """The working processes below a process."""
    return [child for child in children(pid) if "preserve.work.processes" in command_of(child)]


def ports_of(pid: int) -> set[int]:
    """The local ports of a process's TCP connections; none when it is gone."""
    mine = set()
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                mine.add(str(link.readlink()))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].partition(":")[2], 16) for row in rows if f"socket:[{row[9]}]" in mine}


def parent(pid: int) -> int:
    """The process that started a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Cluster:
    """A Dask scheduler and workers, each a process of its own."""

    def __init__(self, place: Stage) -> None:
        self._place = place
        self._file = place.folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--scheduler-file", str(self._file), "--host", "127.0.0.1", "--port", "0"
        )
        wait_until(self._address, "the scheduler's address")
        self.address = self._address()
        self.workers: list[subprocess.Popen[bytes]] = []

    def _address(self) -> str:
        with suppress(OSError, ValueError):
            return str(json.loads(self._file.read_text())["address"])
        return ""

    def _start(self, what: str, *options: str, first_on_path: Path | None = None) -> subprocess.Popen[bytes]:
        env = environment(self._place)
        if first_on_path is not None:
            env["PYTHONPATH"] = f"{first_on_path}{os.pathsep}{env['PYTHONPATH']}"
        said = (self._place.folder / f"dask-{what}.log").open("ab")
        command = [sys.executable, "-m", "dask", what, *options, "--no-dashboard"]
        with said:
            return subprocess.Popen(
                command, stdout=said, stderr=said, env=env, cwd=self._place.folder, start_new_session=True
            )

    def work(self, *options: str, first_on_path: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a worker."""
        more = ("--nthreads", "1", "--host", "127.0.0.1", "--local-directory", str(self._place.folder / "dask"))
        worker = self._start("worker", self.address, *more, *options, first_on_path=first_on_path)
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            for pid in [*children(process.pid), process.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
