"""Kill the run anywhere: nothing finished is lost, nothing finished is done again (promise 2)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_kit import Stage, article, page, stage, write_post
from warcio.archiveiterator import ArchiveIterator
from wire_server import Drip, WireServer

import preserve
from preserve.audit import audit
from preserve.model import ArchivedCapture
from preserve.warc import read_block, read_capture, scan_captures, warc_files

POSTS = 200
KILLS = 20
HOSTS = ("127.0.0.31", "127.0.0.32", "127.0.0.33", "127.0.0.34")
# A page takes about this long to come, so that a run lasts long enough to be killed in the midst of things.
SECONDS_A_PAGE = 0.03


@pytest.fixture
def servers() -> Iterator[list[WireServer]]:
    running = [WireServer({}, address=host) for host in HOSTS]
    with running[0], running[1], running[2], running[3]:
        yield running


def publish(servers: list[WireServer], place: Stage) -> None:
    for number in range(POSTS):
        server = servers[number % len(servers)]
        body = page(article(number))
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        server.scripts[f"/{number}"] = [head, body[:-2], Drip(body[-2:], SECONDS_A_PAGE)]
        write_post(place.posts, f"report-{number}.md", server.url(f"/{number}"), article(number))


def start(place: Stage) -> subprocess.Popen[str]:
    root = str(Path(preserve.__file__).parent.parent)
    command = [sys.executable, "-m", "preserve", "verify", str(place.posts), "--archive", str(place.archive)]
    command += ["--allow-private", "127.0.0.0/8", "--delay", "0", "--jobs", "4"]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": root, "HTTP_PROXY": "", "http_proxy": ""},
        start_new_session=True,
    )


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the run and its judging processes at once, as a machine that goes down would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def captures(place: Stage) -> list[ArchivedCapture]:
    found = (item for path in warc_files(place.archive) for item in scan_captures(path))
    return [item for item in found if isinstance(item, ArchivedCapture) and not item.url.endswith("robots.txt")]


def asked(servers: list[WireServer]) -> int:
    return sum(target != "/robots.txt" for server in servers for target in server.targets)


@pytest.mark.timeout(300)
def test_a_run_killed_twenty_times_ends_as_if_it_never_was(servers: list[WireServer], tmp_path: Path) -> None:
    place = stage(tmp_path)
    publish(servers, place)
    chance = random.Random(20260511)
    killed = 0
    while killed < KILLS:
        before = asked(servers)
        process = start(place)
        # Counted from the first request of this start, so that slow machines are killed in mid-run too.
        while asked(servers) == before and process.poll() is None:
            threading.Event().wait(0.005)
        threading.Event().wait(chance.uniform(0, 0.25))
        if process.poll() is not None:
            break
        kill(process)
        killed += 1
    last = start(place)
    output, _ = last.communicate(timeout=120)
    assert last.returncode == 0, output
    assert killed == KILLS, f"the run ended after {killed} kills: make the pages slower"
    with place.ledger() as ledger:
        checks = list(ledger.latest_checks())
        (run,) = {number for number in range(1, 50) for _ in ledger.checks_of(number)}
        in_run = [check.post for check in ledger.checks_of(run)]
    assert len(in_run) == len(set(in_run)) == POSTS
    assert {check.judgement.verdict.value for check in checks} == {"intact"}
    found = Counter(capture.url for capture in captures(place))
    assert set(found.values()) == {1}, "a finished exchange was fetched again"
    assert len(found) == POSTS
    for check in checks:
        assert check.capture is not None
        assert check.stored_record is not None
        read_capture(place.archive, check.capture)
        assert read_block(place.archive, check.stored_record) == Path(check.post).read_bytes()
    for path in warc_files(place.archive):
        assert not path.name.endswith(".open")
        with path.open("rb") as file:
            assert all(record.rec_type for record in ArchiveIterator(file, check_digests=False))
    assert audit(place.archive).findings == []
