"""A page that kills, stalls or starves its judging process costs one verdict, never the run."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from run_kit import article, page

from preserve.judges import Judges
from preserve.model import ArchivedCapture, Capture, Exchange, ExchangeRole, Reason, Verdict
from preserve.settings import ArchiveSettings, JudgeSettings, Settings
from preserve.tasks import JudgeTask, PostBytes
from preserve.times import SystemClock
from preserve.warc import ArchiveWriter

URL = "http://news.example/a"
AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


def capture_of(body: bytes) -> Capture:
    exchange = Exchange(
        url=URL,
        role=ExchangeRole.SOURCE,
        attempt=1,
        started_at=AT,
        seconds=0.1,
        request=b"GET /a HTTP/1.1\r\nHost: news.example\r\n\r\n",
        response=HEAD + body,
        head_end=len(HEAD),
        status=200,
        reason="OK",
        headers=(("Content-Type", "text/html; charset=utf-8"),),
    )
    return Capture(URL, URL, (exchange,))


def task(archive: Path, capture: ArchivedCapture) -> JudgeTask:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in article(1))
    post = f"---\ntitle: Ferry line to close\nfrom: {URL}\n---\n<div>{body}</div>\n".encode()
    settings = Settings(archive=ArchiveSettings(directory=str(archive)))
    return JudgeTask(str(archive), capture, (PostBytes("a.md", post),), None, None, frozenset(), settings)


def archived(archive: Path, body: bytes) -> ArchivedCapture:
    with ArchiveWriter(ArchiveSettings(directory=str(archive)), clock=SystemClock(), info={}) as writer:
        return writer.append_capture(capture_of(body))


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> JudgeTask:
    archive = tmp_path_factory.mktemp("archive")
    return task(archive, archived(archive, page(article(1))))


@pytest.fixture
def judges() -> Iterator[Judges]:
    pool = Judges(JudgeSettings(workers=1))
    yield pool
    pool.close()


def children() -> list[int]:
    """The judging processes of this one, as the kernel has them."""
    listed = " ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children"))
    return [pid for pid in map(int, listed.split()) if b"preserve.judges" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_killed_process_costs_its_page_and_is_replaced(judges: Judges, ordinary: JudgeTask) -> None:
    assert judges.submit(ordinary).result(60).posts[0].judgement.verdict is Verdict.INTACT
    (pid,) = children()
    os.kill(pid, signal.SIGSTOP)  # so that it surely dies with the page in its hands
    future = judges.submit(ordinary)
    threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
    judgement = future.result(60).posts[0].judgement
    assert (judgement.verdict, judgement.reason) == (Verdict.UNEXTRACTABLE, Reason.EXTRACTOR_FAILED)
    assert "SIGKILL" in judgement.evidence[-1].saw
    assert judges.submit(ordinary).result(60).posts[0].judgement.verdict is Verdict.INTACT


def test_a_stalled_process_is_ended_after_its_time(ordinary: JudgeTask) -> None:
    pool = Judges(JudgeSettings(workers=1, page_seconds=0.001))
    try:
        judgement = pool.submit(ordinary).result(60).posts[0].judgement
    finally:
        pool.close()
    assert (judgement.verdict, judgement.reason) == (Verdict.UNEXTRACTABLE, Reason.EXTRACTOR_FAILED)
    assert "longer than" in judgement.evidence[-1].saw


def test_a_page_that_needs_too_much_memory_fails_alone(tmp_path: Path) -> None:
    huge = task(tmp_path, archived(tmp_path, page(["<b>word</b> " * 3_000_000])))
    pool = Judges(JudgeSettings(workers=1, page_memory=600 * 1024 * 1024))
    try:
        judgement = pool.submit(huge).result(120).posts[0].judgement
    finally:
        pool.close()
    assert (judgement.verdict, judgement.reason) == (Verdict.UNEXTRACTABLE, Reason.EXTRACTOR_FAILED)


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 100_000 + b"deep",
        b"\x00" * 50_000,
        b"<!--" * 100_000,
        b"<a href='" + b"x" * 5_000_000,
        b"&" * 500_000,
        b"<table>" * 3_000,
    ],
    ids=["deep", "nul", "comments", "attribute", "ampersands", "tables"],
)
def test_hostile_markup_ends_in_a_verdict(judges: Judges, tmp_path: Path, body: bytes) -> None:
    judged = judges.submit(task(tmp_path, archived(tmp_path, body))).result(100)
    assert judged.posts[0].judgement.verdict in Verdict
    assert judged.posts[0].judgement.verdict is not Verdict.INTACT


def test_closing_leaves_no_process_behind(ordinary: JudgeTask) -> None:
    pool = Judges(JudgeSettings(workers=2))
    futures = [pool.submit(ordinary) for _ in range(4)]
    pool.close()
    assert all(future.result(1).posts for future in futures)
    assert children() == []
