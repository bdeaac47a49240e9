"""The benchmarks' own site: what it answers and what it notes, which “exactly one request” is read from."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

SITE = Path(__file__).parent.parent / "benchmarks" / "loopback.py"
HOSTS = ["127.0.0.61", "127.0.0.62"]
BODY = b"<p>The ferry runs.</p>"
ETAG = '"1-16"'


@contextmanager
def running(folder: Path, *options: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind((HOSTS[0], 0))
        port = probe.getsockname()[1]
    (folder / "1.html").write_bytes(BODY)
    pages = [{"host": HOSTS[0], "path": "/1.html", "file": "1.html", "etag": ETAG}]
    manifest = {"port": port, "hosts": HOSTS, "modified": "Tue, 03 Mar 2026 11:20:09 GMT", "pages": pages}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    ready = folder / "ready"
    command = [sys.executable, str(SITE), str(folder / "manifest.json"), "--ready", str(ready)]
    process = subprocess.Popen([*command, "--log", str(folder / "log.json"), *options])
    try:
        while not ready.exists():
            assert process.poll() is None, "the site ended"
            time.sleep(0.01)
        yield port
    finally:
        process.terminate()
        assert process.wait(20) == 0


def ask(port: int, path: str, *, host: str = HOSTS[0], etag: str = "") -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(host, port, timeout=20)) as connection:
        connection.request("GET", path, headers={"If-None-Match": etag} if etag else {})
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_every_request_is_noted_with_what_it_was_answered(tmp_path: Path) -> None:
    with running(tmp_path) as port:
        assert ask(port, "/1.html") == (200, BODY)
        assert ask(port, "/1.html", etag=ETAG) == (304, b"")
        assert ask(port, "/1.html", etag='"other"') == (200, BODY)
        assert ask(port, "/1.html", host=HOSTS[1])[0] == 404
        assert ask(port, "/robots.txt")[0] == 404
    noted = [tuple(line[1:]) for line in json.loads((tmp_path / "log.json").read_text("utf-8"))]
    assert noted == [
        (HOSTS[0], "/1.html", 200),
        (HOSTS[0], "/1.html", 304),
        (HOSTS[0], "/1.html", 200),
        (HOSTS[1], "/1.html", 404),
        (HOSTS[0], "/robots.txt", 404),
    ]


@pytest.mark.parametrize("etag", ["", ETAG])
def test_an_unconditional_site_sends_the_page_each_time(tmp_path: Path, etag: str) -> None:
    with running(tmp_path, "--unconditional") as port:
        assert ask(port, "/1.html", etag=etag) == (200, BODY)
