"""Runs on Dask, with real schedulers and workers: whole, and with any part of it killed in their midst."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from loopback_kit import (
    Cluster,
    Collection,
    Loopback,
    alive,
    children,
    environment,
    parent,
    ports_of,
    verifying,
    wait_until,
    workers_of,
)
from run_kit import Stage, stage

from preserve.work.lease import NOTE

pytestmark = [
    pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed: pip install distributed"),
    pytest.mark.timeout(180),
]
HELD = ("127.0.0.41", "/2")
SLOW = 0.2  # so slow a page that a run hears of an interrupt before the rest of its batch is done


@pytest.fixture
def place(tmp_path: Path) -> Stage:
    return stage(tmp_path)


@pytest.fixture
def site() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


@pytest.fixture
def cluster(place: Stage) -> Iterator[Cluster]:
    running = Cluster(place)
    try:
        yield running
    finally:
        running.close()


def all_workers(cluster: Cluster) -> list[int]:
    return [pid for worker in cluster.workers for pid in workers_of(worker.pid)]


def asker(cluster: Cluster, site: Loopback) -> int:
    """The working process that waits for the one page that is held."""
    (port,) = site.waiting()
    for pid in all_workers(cluster):
        if port in ports_of(pid):
            return pid
    raise AssertionError("nobody waits for the page")


def test_workers_of_any_kind_do_a_run_together_and_one_that_joins_is_taken_on(
    place: Stage, site: Loopback, cluster: Cluster
) -> None:
    made = Collection.made(site, place, hosts=6, each=4)
    cluster.work("--no-nanny")
    with site.hold(*HELD), verifying(place, "--dask", cluster.address) as run:
        wait_until(lambda: site.asked(*HELD), "the first worker at work")
        cluster.work("--nworkers", "1")  # below a nanny: a daemonic process
        wait_until(lambda: "2 work now" in run.text, "the second worker")
        site.release(*HELD)
        assert run.end() == 0, run.text
    made.assert_whole()
    assert not list(place.archive.glob(NOTE.format("*")))
    wait_until(lambda: not all_workers(cluster), "the working processes to be gone")


def test_a_worker_that_is_killed_has_its_batch_done_by_another(place: Stage, site: Loopback, cluster: Cluster) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.02)
    for _ in range(2):
        cluster.work("--no-nanny")
    with site.hold(*HELD), verifying(place, "--dask", cluster.address) as run:
        wait_until(lambda: "2 work now" in run.text, "two workers")
        wait_until(lambda: site.asked(*HELD) and made.count() >= 2, "the run to be in its midst")
        os.kill(parent(asker(cluster, site)), signal.SIGKILL)
        site.release(*HELD)
        assert run.end() == 0, run.text
        assert "A worker was lost" in run.text
    made.assert_whole()


def test_a_worker_that_is_cut_off_stops_before_another_asks_its_host(
    place: Stage, site: Loopback, cluster: Cluster
) -> None:
    made = Collection.made(site, place, hosts=4, each=6)
    for _ in range(2):
        cluster.work("--no-nanny")
    with site.hold(*HELD), verifying(place, "--dask", cluster.address) as run:
        wait_until(lambda: "2 work now" in run.text, "two workers")
        wait_until(lambda: site.asked(*HELD) and site.waiting(), "the page to be asked")
        alone = asker(cluster, site)
        stopped = parent(alone)
        os.kill(stopped, signal.SIGSTOP)  # the scheduler still believes in it; its working process lives on
        wait_until(lambda: not alive(alone), "its lease to end")
        site.release(*HELD)
        assert run.end() == 0, run.text
        os.kill(stopped, signal.SIGCONT)
    made.assert_whole()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_scheduler_that_is_gone_leaves_an_archive_that_resumes(
    place: Stage, site: Loopback, cluster: Cluster, sent: signal.Signals
) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.02)
    for _ in range(2):
        cluster.work("--no-nanny")
    with site.hold(*HELD), verifying(place, "--dask", cluster.address) as run:
        wait_until(lambda: site.asked(*HELD) and made.count() >= 4, "the run to be in its midst")
        workers = all_workers(cluster)
        cluster.scheduler.send_signal(sent)
        wait_until(lambda: not any(alive(pid) for pid in workers), "the workers to notice")
        assert run.end() == 2, run.text
        assert "the Dask scheduler is gone" in run.text
        assert "Traceback" not in run.text
    assert 4 <= made.count() < made.posts
    with verifying(place) as again:
        assert again.end() == 0, again.text
        assert "waiting" not in again.text, "no worker was left, and the run knew"
    made.assert_whole()


def test_a_coordinator_that_is_killed_is_followed_by_one_that_waits_for_its_workers(
    place: Stage, site: Loopback, cluster: Cluster
) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.02)
    for _ in range(2):
        cluster.work("--no-nanny")
    with site.hold(*HELD):
        with verifying(place, "--dask", cluster.address) as run:
            wait_until(lambda: site.asked(*HELD) and made.count() >= 4, "the run to be in its midst")
            assert site.waiting()
            run.kill()
        assert site.waiting(), "a worker still asks, and does not know"
        with verifying(place, "--dask", cluster.address) as again:
            wait_until(lambda: not site.waiting(), "the orphan to notice")
            site.release(*HELD)
            assert again.end() == 0, again.text
            assert "coordinator died; waiting" in again.text
    made.assert_whole()


def test_a_run_is_stopped_and_taken_up_again(place: Stage, site: Loopback, cluster: Cluster) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=SLOW)
    cluster.work("--no-nanny")
    with site.hold(*HELD), verifying(place, "--dask", cluster.address) as run:
        wait_until(lambda: site.asked(*HELD) and made.count() >= 2, "the run to be in its midst")
        run.process.send_signal(signal.SIGINT)
        wait_until(lambda: "Stopping" in run.text, "the run to hear of it")
        site.release(*HELD)
        assert run.end() == 130, run.text
    assert made.count() < made.posts
    with verifying(place, "--dask", cluster.address) as again:
        assert again.end() == 0, again.text
    made.assert_whole()


def test_a_cluster_of_its_own_survives_the_loss_of_a_working_process(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.02)
    with site.hold(*HELD), verifying(place, "--dask", "local:2") as run:
        wait_until(lambda: site.asked(*HELD) and made.count() >= 2, "the run to be in its midst")
        (victim,) = (pid for pid in workers_of(run.process.pid) if set(site.waiting()) & ports_of(pid))
        os.kill(victim, signal.SIGKILL)
        site.release(*HELD)
        assert run.end() == 0, run.text
        left = children(run.process.pid)
    assert left == []
    made.assert_whole()


def test_an_interrupt_from_the_terminal_ends_a_cluster_of_its_own_in_order(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=SLOW)
    with site.hold(*HELD), verifying(place, "--dask", "local:2") as run:
        wait_until(lambda: site.waiting() and made.count() >= 2, "the run to be in its midst")
        os.killpg(run.process.pid, signal.SIGINT)  # as a terminal does: to every process of the run
        wait_until(lambda: "Stopping" in run.text, "the run to hear of it")
        site.release(*HELD)
        assert run.end() == 130, run.text
        assert "lost" not in run.text
    assert site.url(*HELD) in made.captures(), "what was under way is kept"


def test_a_second_interrupt_ends_a_cluster_of_its_own_at_once_and_without_noise(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.02)
    with ExitStack() as stack:
        dashboard = stack.enter_context(socket.socket())
        with suppress(OSError):  # then another program has Dask's usual port, which is as well
            dashboard.bind(("127.0.0.1", 8787))
            dashboard.listen()
        stack.enter_context(site.hold(*HELD))
        run = stack.enter_context(verifying(place, "--dask", "local:2"))
        wait_until(lambda: site.waiting() and made.count() >= 2, "the run to be in its midst")
        os.killpg(run.process.pid, signal.SIGINT)
        wait_until(lambda: "Stopping" in run.text, "the run to hear of it")
        os.killpg(run.process.pid, signal.SIGINT)
        assert run.end() == 130, run.text
        assert "Traceback" not in run.text
        assert "Warning" not in run.text


def test_a_worker_that_is_asked_to_leave_is_replaced(place: Stage, site: Loopback, cluster: Cluster) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.02)
    for _ in range(2):
        cluster.work("--no-nanny")
    with site.hold(*HELD), verifying(place, "--dask", cluster.address) as run:
        wait_until(lambda: "2 work now" in run.text and site.waiting(), "two workers")
        leaving = next(one for one in cluster.workers if one.pid == parent(asker(cluster, site)))
        leaving.terminate()
        leaving.wait(60)
        site.release(*HELD)
        assert run.end() == 0, run.text
    made.assert_whole()


# ---------------------------------------------------------------- what can't be


def said_by(place: Stage, *options: str) -> tuple[int, str]:
    with verifying(place, *options) as run:
        return run.end(), run.text


def test_an_address_that_is_none_is_refused_before_anything_is_done(place: Stage) -> None:
    code, text = said_by(place, "--dask", "scheduler:8786")
    assert code == 2
    assert "write local:N, or a scheduler's address such as tcp://" in text
    assert not place.archive.exists()


def test_a_missing_extra_is_named(place: Stage) -> None:
    (place.folder / "without").mkdir()
    (place.folder / "without" / "distributed.py").write_text("raise ImportError('no module')\n")
    env = environment(place)
    env["PYTHONPATH"] = f"{place.folder / 'without'}{os.pathsep}{env['PYTHONPATH']}"
    command = [sys.executable, "-m", "preserve", "verify", str(place.posts), "--dask", "local:2"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=place.folder, check=False)
    assert done.returncode == 2
    assert "pip install 'preserve-archive[dask]'" in done.stderr


def test_nothing_of_dask_is_imported_without_it(place: Stage, site: Loopback) -> None:
    Collection.made(site, place, hosts=1, each=1)
    (place.folder / "without").mkdir()
    for name in ("distributed", "dask"):
        (place.folder / "without" / f"{name}.py").write_text("import os; os._exit(77)\n")
    env = environment(place)
    env["PYTHONPATH"] = f"{place.folder / 'without'}{os.pathsep}{env['PYTHONPATH']}"
    command = [sys.executable, "-m", "preserve", "verify", str(place.posts), "--allow-private", "127.0.0.0/8"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=place.folder, check=False)
    assert done.returncode == 0, done.stderr


def test_a_scheduler_that_is_not_there_is_told(place: Stage, site: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    Collection.made(site, place, hosts=1, each=1)
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    code, text = said_by(place, "--dask", "tcp://127.0.0.1:9")
    assert code == 2
    assert "no Dask scheduler can be reached there" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("on_start", "says"),
    [
        ("import preserve; preserve.__version__ = '0.0.1'", "it has preserve 0.0.1, and here is"),
        ("import preserve.work.lease as lease; lease.NOTE = 'elsewhere-{}'", "does not see this archive at"),
    ],
    ids=["another version", "another archive"],
)
def test_a_worker_that_is_unfit_is_named_and_not_used(
    place: Stage, site: Loopback, cluster: Cluster, on_start: str, says: str
) -> None:
    Collection.made(site, place, hosts=1, each=1)
    unlike = place.folder / "unlike"
    unlike.mkdir()
    (unlike / "sitecustomize.py").write_text(f"{on_start}\n")
    worker = cluster.work("--no-nanny", first_on_path=unlike)
    code, text = said_by(place, "--dask", cluster.address)
    assert code == 2
    assert says in text
    assert f"No worker of {cluster.address} can be used" in text
    assert worker.poll() is None, "the Dask worker itself is left alone"
