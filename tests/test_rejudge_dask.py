"""Judging again on Dask, with real schedulers and workers: the same answers, also when a part of it is killed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from itertools import count, islice
from pathlib import Path

import click
import pytest
from loopback_kit import Cluster, Run, alive, children, command_of, environment, wait_until
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import WireServer

from preserve.cli.app import group
from preserve.ledger import Ledger, RunPlan, RunState
from preserve.model import ArchivedCapture, Judgement, RecordRef, Verdict
from preserve.rejudge import Question, in_chunks
from preserve.rejudge.chunks import FULL
from preserve.rejudge.pool import IN_A_ROW
from preserve.settings import JudgeSettings, Settings
from preserve.tasks import Judged, JudgeTask, PostBytes
from preserve.times import SystemClock
from preserve.verify.names import LEDGER

dask = pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed: pip install distributed")
pytestmark = pytest.mark.timeout(120)
PAGES = 5


@pytest.fixture
def place(tmp_path: Path) -> Stage:
    """An archive whose checks were judged by an older extractor, but for one that can't be judged again."""
    made = stage(tmp_path)
    with WireServer({}) as server:
        for number in range(PAGES):
            server.scripts[f"/{number}"] = answer(page(article(number)))
            write_post(made.posts, f"report-{number}.md", server.url(f"/{number}"), article(number))
        write_post(made.posts, "no-source.md", None, article(9))
        _, watcher = made.verify()
    damage(made, watcher.of("report-3.md").capture)
    age(made)
    return made


def damage(place: Stage, capture: ArchivedCapture | None) -> None:
    assert capture is not None
    path = place.archive / capture.summary.file
    data = bytearray(path.read_bytes())
    data[capture.summary.offset + capture.summary.length // 2] ^= 0xFF
    path.write_bytes(data)


def age(place: Stage) -> None:
    """Write the ledger anew, as an older extractor would have had it."""
    path = place.archive / LEDGER
    with Ledger.open_readonly(path) as ledger:
        checks = list(ledger.checks_of(1))
    path.unlink()
    with Ledger.create_or_open(path) as ledger:
        now = SystemClock().now()
        run = ledger.begin_run(RunPlan(("_posts",), "{}", "preserve/0", now))
        other = Judgement(Verdict.REPLACED)
        ledger.append(
            run, [replace(check, extractor="old", judgement=other) if check.capture else check for check in checks]
        )
        ledger.end_run(run, now, RunState.FINISHED)


@pytest.fixture
def cluster(place: Stage) -> Iterator[Cluster]:
    running = Cluster(place)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def rejudging(place: Stage, *options: str) -> Iterator[Run]:
    """A `preserve rejudge --all`; killed when the block ends before it did."""
    said = place.folder / f"said-{len(list(place.folder.glob('said-*')))}"
    command = [sys.executable, "-m", "preserve", "rejudge", "--all", "--archive", "warcs", *options]
    with said.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, env=environment(place), cwd=place.folder, start_new_session=True
        )
    run = Run(process, said)
    try:
        yield run
    finally:
        if process.poll() is None:
            run.kill()


def result(place: Stage, *options: str) -> tuple[int, list[str]]:
    """The exit code, and what a whole run says of the checks."""
    with rejudging(place, "--json", *options) as run:
        return run.end(), objects(run)


def objects(run: Run) -> list[str]:
    return [line for line in run.text.splitlines() if line.startswith("{")]


def judging(cluster: Cluster) -> list[int]:
    """The judging processes below the Dask workers."""
    below = [pid for worker in cluster.workers for pid in children(worker.pid)]
    return [pid for pid in below if "preserve.judges" in command_of(pid)]


def held(cluster: Cluster) -> int:
    """The judging process of the only worker, stopped before it answers anything."""
    wait_until(lambda: judging(cluster), "a judging process")
    (pid,) = judging(cluster)
    os.kill(pid, signal.SIGSTOP)
    return pid


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dask
def test_a_cluster_of_its_own_says_what_this_machine_says(place: Stage) -> None:
    before = digest_of(place.archive / LEDGER)
    code, lines = result(place, "--dask", "local:2")
    assert (code, lines) == result(place)
    assert code == 1
    *different, summary = lines
    assert len(different) == PAGES - 1
    assert '"not_judged": 1' in summary
    assert digest_of(place.archive / LEDGER) == before


@dask
def test_what_a_killed_worker_had_is_judged_by_another(place: Stage, cluster: Cluster) -> None:
    lost = cluster.work("--no-nanny")
    with rejudging(place, "--json", "--dask", cluster.address) as run:
        stopped = held(cluster)
        other = cluster.work("--nworkers", "1")  # below a nanny: a daemonic process
        os.kill(lost.pid, signal.SIGKILL)
        os.kill(stopped, signal.SIGKILL)
        assert run.end() == 1, run.text
        assert "is gone; others judge what it had" in run.text
    assert (1, objects(run)) == result(place)
    wait_until(lambda: not judging(cluster), "the judging processes to end")
    assert other.poll() is None, "the Dask worker itself is left alone"


@dask
def test_a_scheduler_that_is_killed_ends_it_with_nothing_written(place: Stage, cluster: Cluster) -> None:
    before = digest_of(place.archive / LEDGER)
    cluster.work("--no-nanny")
    with rejudging(place, "--dask", cluster.address) as run:
        stopped = held(cluster)
        cluster.scheduler.kill()
        assert run.end() == 2, run.text
        assert "the Dask scheduler is gone" in run.text
        assert "Traceback" not in run.text
        assert "is not used" not in run.text
    assert digest_of(place.archive / LEDGER) == before
    os.kill(stopped, signal.SIGCONT)
    wait_until(lambda: not alive(stopped), "the judging process to end")


@dask
def test_workers_that_are_unfit_are_named_and_not_used(place: Stage, cluster: Cluster) -> None:
    other_version = "import preserve; preserve.__version__ = '0.0.1'\n"
    other_archive = (
        "import preserve.work.bench as bench; read = bench.read_block\n"
        "bench.read_block = lambda directory, record: read(directory + '/elsewhere', record)\n"
    )
    for name, on_start in (("version", other_version), ("archive", other_archive)):
        unlike = place.folder / name
        unlike.mkdir()
        (unlike / "sitecustomize.py").write_text(on_start)
        cluster.work("--no-nanny", first_on_path=unlike)
    wait_until(lambda: (place.folder / "dask-worker.log").read_text().count("Registered to") == 2, "both workers")
    with rejudging(place, "--dask", cluster.address) as run:
        assert run.end() == 2, run.text
        assert "it has preserve 0.0.1, and here is" in run.text
        assert "it does not see this archive at" in run.text
        assert f"No worker of {cluster.address} can be used" in run.text
    assert [worker.poll() for worker in cluster.workers] == [None, None], "the Dask workers are left alone"


@dask
def test_an_address_that_is_none_is_refused(place: Stage) -> None:
    with rejudging(place, "--dask", "scheduler:8786") as run:
        assert run.end() == 2
    assert "write local:N, or a scheduler's address such as tcp://" in run.text


def test_dask_takes_every_check() -> None:
    with pytest.raises(click.UsageError, match="--all"):
        group.main(["rejudge", "--dask", "local:2"], standalone_mode=False)


# ---------------------------------------------------------------- chunks


class Here:
    """Judges of chunks that answer at once: each task's post by its path."""

    room = 3

    def __init__(self) -> None:
        self.chunks: list[list[str]] = []

    def submit(self, tasks: Sequence[JudgeTask]) -> Future[tuple[Judged | str, ...]]:
        future: Future[tuple[Judged | str, ...]] = Future()
        self.chunks.append([task.posts[0].path for task in tasks])
        future.set_result(tuple(self.chunks[-1]))
        return future


def question(number: int, key: int | None, *, size: int = 0) -> Question:
    ref = RecordRef("urn:uuid:0", "a.warc.gz", 0, 1)
    capture = ArchivedCapture("s", "u", SystemClock().now(), ref, ref, ())
    posts = (PostBytes(str(number), bytes(size)),)
    task = JudgeTask("warcs", capture, posts, None, None, frozenset(), Settings())
    return Question(key, None if key is None else task, number)


def test_chunks_are_asked_for_as_they_can_be_used_and_answered_in_order() -> None:
    asked, here = count(), Here()
    endless = (question(number, None if number % 5 == 0 else number) for number in asked)
    answers = in_chunks(here)(endless, JudgeSettings())
    for number, one in enumerate(islice(answers, 500)):
        assert (one.tag, one.problem) == (number, "" if number % 5 == 0 else str(number))
    assert next(asked) < 500 + (here.room + 3) * FULL


def test_a_payload_is_kept_together_unless_that_makes_a_chunk_too_large() -> None:
    here = Here()
    keys = [*range(FULL - 1), *[99] * 10, *[100] * (IN_A_ROW + 1)]
    list(in_chunks(here)((question(number, key) for number, key in enumerate(keys)), JudgeSettings()))
    assert list(map(len, here.chunks)) == [FULL + 9, IN_A_ROW, 1]
    here = Here()
    list(in_chunks(here)((question(number, 1, size=600_000) for number in range(3)), JudgeSettings()))
    assert list(map(len, here.chunks)) == [1, 1, 1]
