"""A page that kills, stalls or starves its judging process costs one verdict, never the run."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from run_kit import article, page

from preserve.errors import JudgingError
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
    found = []
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that has just ended
            for pid in map(int, (thread / "children").read_text().split()):
                with suppress(OSError):  # a process that has
                    if b"preserve.judges" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        found.append(pid)
    return found


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def slow(archive: Path) -> JudgeTask:
    """A page that takes some seconds to read."""
    return task(archive, archived(archive, page(["<b>word</b> " * 1_000_000])))


def kill_in_the_page(known: set[int], loaded: int) -> int:
    """Kill the next judging process once it has done more than to load what it needs, which took `loaded` ticks."""
    while True:
        for pid in children():
            with suppress(OSError):  # it has just ended
                if pid not in known and cpu_ticks(pid) > 2 * loaded:
                    os.kill(pid, signal.SIGKILL)
                    return pid
        time.sleep(0.01)


def test_a_process_that_is_killed_is_replaced_and_the_next_judges_its_page(judges: Judges, ordinary: JudgeTask) -> None:
    assert judges.submit(ordinary).result(60).posts[0].judgement.verdict is Verdict.INTACT
    (pid,) = children()
    os.kill(pid, signal.SIGSTOP)  # so that it surely dies with the page in its hands
    future = judges.submit(ordinary)
    threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
    assert future.result(60).posts[0].judgement.verdict is Verdict.INTACT, "whoever killed it, the page did not"


def test_a_page_that_ends_two_processes_fails_alone(judges: Judges, ordinary: JudgeTask, tmp_path: Path) -> None:
    judges.submit(ordinary).result(60)
    (first,) = children()
    loaded = cpu_ticks(first)
    os.kill(first, signal.SIGKILL)
    future = judges.submit(slow(tmp_path))
    second = kill_in_the_page({first}, loaded)
    kill_in_the_page({first, second}, loaded)
    judgement = future.result(60).posts[0].judgement
    assert (judgement.verdict, judgement.reason) == (Verdict.UNEXTRACTABLE, Reason.EXTRACTOR_FAILED)
    assert judgement.evidence[-1].saw == "its judging process died (signal SIGKILL), like another before it"
    assert judges.submit(ordinary).result(60).posts[0].judgement.verdict is Verdict.INTACT


def test_the_process_is_at_the_next_page_while_a_result_is_seen_to(
    judges: Judges, ordinary: JudgeTask, tmp_path: Path
) -> None:
    judges.submit(ordinary).result(60)
    (pid,), following, at_work = children(), slow(tmp_path), threading.Event()
    os.kill(pid, signal.SIGSTOP)  # until both are queued
    first = judges.submit(ordinary)

    def see_to_it(_: object) -> None:
        begun, until = cpu_ticks(pid), time.monotonic() + 30
        while time.monotonic() < until and not at_work.is_set():
            if cpu_ticks(pid) > begun + 20:
                at_work.set()
            time.sleep(0.01)

    first.add_done_callback(see_to_it)
    second = judges.submit(following)
    os.kill(pid, signal.SIGCONT)
    second.result(60)
    assert at_work.is_set()


def test_a_page_that_wants_too_much_of_the_processor_is_ended(ordinary: JudgeTask, tmp_path: Path) -> None:
    pool = Judges(JudgeSettings(workers=1, page_seconds=0.5))
    try:
        judgement = pool.submit(slow(tmp_path)).result(60).posts[0].judgement
        assert pool.submit(ordinary).result(60).posts[0].judgement.verdict is Verdict.INTACT
    finally:
        pool.close()
    assert (judgement.verdict, judgement.reason) == (Verdict.UNEXTRACTABLE, Reason.EXTRACTOR_FAILED)
    assert judgement.evidence[-1].saw == "took more than 0.55 s of the processor"


def test_a_page_that_has_to_wait_for_the_processor_is_not_to_blame(ordinary: JudgeTask) -> None:
    pool = Judges(JudgeSettings(workers=1, page_seconds=0.5))
    try:
        pool.submit(ordinary).result(60)
        (pid,) = children()
        os.kill(pid, signal.SIGSTOP)  # as if a thousand others were before it
        future = pool.submit(ordinary)
        threading.Timer(1.5, os.kill, (pid, signal.SIGCONT)).start()
        assert future.result(60).posts[0].judgement.verdict is Verdict.INTACT
        assert children() == [pid]
    finally:
        pool.close()


def test_a_process_that_stands_still_is_ended_and_its_page_blamed_when_two_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("preserve.judges.STALLED", 0.01)  # of 60 s
    pool = Judges(JudgeSettings(workers=1))
    try:
        judgement = pool.submit(slow(tmp_path)).result(60).posts[0].judgement
    finally:
        pool.close()
    assert (judgement.verdict, judgement.reason) == (Verdict.UNEXTRACTABLE, Reason.EXTRACTOR_FAILED)
    assert judgement.evidence[-1].saw == "its judging process stood still for 0.66 s, like another before it"


@pytest.mark.parametrize("mebibytes", [16, 30, 44, 52, 58])
def test_where_no_process_can_begin_the_run_ends_and_no_page_is_blamed(
    ordinary: JudgeTask, mebibytes: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where exactly the memory ends differs with the machine: in an import, in a C library, in saying so."""
    pool = Judges(JudgeSettings(workers=1, page_memory=mebibytes * 1024 * 1024))
    try:
        with pytest.raises(JudgingError, match="page_memory"):
            pool.submit(ordinary).result(60)
    finally:
        pool.close()
    assert "MemoryError" not in capfd.readouterr().err


def test_a_process_that_ends_as_it_begins_without_a_word_may_have_found_no_room(
    ordinary: JudgeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("preserve.spawning._BOOT", "import os; os._exit(3) # {path}{module}{function}{descriptor}")
    pool = Judges(JudgeSettings(workers=1, page_memory=5_000_000_000))
    try:
        with pytest.raises(JudgingError, match=r"\(exit code 3\). Perhaps judge.page_memory, now 50{9} bytes"):
            pool.submit(ordinary).result(60)
    finally:
        pool.close()


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
