"""Runs on Dask workers that see nothing of the archive but its storage, on a real S3 server."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from loopback_kit import Cluster, Collection, Loopback, config, parent, ports_of, verifying, wait_until, workers_of
from run_kit import Stage
from storage_kit import BUCKET, CREDENTIALS, ObjectStore, s3, stored_stage

from preserve.audit import audit
from preserve.warc import warc_files
from preserve.warc.stored import stored_files

pytestmark = [
    pytest.mark.skipif(
        not all(find_spec(name) for name in ("distributed", "moto", "s3fs")), reason="Dask, moto or s3fs is missing"
    ),
    pytest.mark.timeout(180),
]
HELD = ("127.0.0.41", "/2")
STARTED = "started"  # a line for each interpreter that a worker has begun


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    running = ObjectStore(tmp_path_factory.mktemp("store") / "log")
    yield running
    running.kill()


@pytest.fixture
def place(tmp_path: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Stage:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    made = stored_stage(tmp_path, s3(store, tmp_path.name))
    written = config(made)
    text = written.read_text("utf-8")
    archive = f'[archive]\nstorage = "s3://{BUCKET}/{tmp_path.name}"\nkeep-local = false\n'
    written.write_text(f'{text}{archive}storage-options = {{ endpoint_url = "{store.url}" }}\n', "utf-8")
    return made


@pytest.fixture
def site() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


@pytest.fixture
def cluster(place: Stage) -> Iterator[Cluster]:
    running = Cluster(place)
    blind = place.folder / "blind"
    blind.mkdir()
    (blind / "sitecustomize.py").write_text(
        "import sys\nimport preserve.work.lease as lease\n\nlease.NOTE = 'elsewhere-{}'\n"
        f"with open({str(place.folder / STARTED)!r}, 'a') as started:\n    print(sys.orig_argv, file=started)\n"
    )
    for _ in range(2):
        running.work("--no-nanny", first_on_path=blind)
    try:
        yield running
    finally:
        running.close()


def assert_whole(made: Collection, runs: int = 1) -> None:
    checks = made.checks()
    assert set(Counter(check.post for check in checks).values()) == {runs}
    assert len(checks) == runs * made.posts
    assert {check.judgement.verdict.value for check in checks} == {"intact"}
    assert [f"{one} {other}" for one, other in made.site.log.overlaps()] == []
    archive = made.place.archive
    assert warc_files(archive) == ()
    stored = stored_files(archive)
    for check in checks:
        assert check.capture is not None
        assert check.capture.final is not None
        assert check.capture.final.response is not None
        assert check.capture.final.response.file in stored
    assert audit(archive).findings == []


def judging_processes(place: Stage) -> int:
    return (place.folder / STARTED).read_text().count("preserve.judges")


def left_by_workers(place: Stage) -> list[str]:
    """The WARC files on the workers' disks, by the names they have or are to have once they are closed."""
    found = (place.folder / "dask").rglob("*.warc.gz*")
    return [path.name.removesuffix(".open") for path in found if path.suffix in (".gz", ".open")]


def test_runs_leave_nothing_but_what_is_stored_and_the_next_builds_on_it(
    place: Stage, site: Loopback, cluster: Cluster
) -> None:
    made = Collection.made(site, place, hosts=3, each=3)
    judging = [0]
    for number in (1, 2):
        with verifying(place, "--dask", cluster.address) as run:
            assert run.end() == 0, run.text
        assert_whole(made, number)
        assert left_by_workers(place) == []
        judging.append(judging_processes(place))
    assert judging[0] < judging[1] == judging[2]  # the second time every judgement was followed, none made
    again = made.checks()[made.posts :]
    assert {exchange.revisit_of is not None for check in again for exchange in check.capture.exchanges} == {True}


def test_a_worker_that_is_killed_leaves_no_check_without_its_records(
    place: Stage, site: Loopback, cluster: Cluster
) -> None:
    made = Collection.made(site, place, hosts=4, each=4, seconds=0.02)
    with site.hold(*HELD), verifying(place, "--dask", cluster.address) as run:
        wait_until(lambda: site.waiting() and made.count() >= 2, "the run to be in its midst")
        (port,) = site.waiting()
        pids = [pid for worker in cluster.workers for pid in workers_of(worker.pid)]
        (asker,) = (pid for pid in pids if port in ports_of(pid))
        os.kill(parent(asker), signal.SIGKILL)
        site.release(*HELD)
        assert run.end() == 0, run.text
        assert "A worker was lost" in run.text
    assert_whole(made)
    left = left_by_workers(place)  # none, where the last of its files was just stored
    with verifying(place, "--dask", cluster.address) as run:  # its worker finds what the dead one left
        assert run.end() == 0, run.text
    assert left_by_workers(place) == []
    for name in left:
        assert name in stored_files(place.archive) or f"{name}.open: held no finished record" in run.text
    assert_whole(made, 2)


def test_a_coordinator_that_is_killed_leaves_what_the_next_takes_up(
    place: Stage, site: Loopback, cluster: Cluster
) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.02)
    with site.hold(*HELD):
        with verifying(place, "--dask", cluster.address) as run:
            wait_until(lambda: site.waiting() and made.count() >= 2, "the run to be in its midst")
            run.kill()
        finished = {Path(check.post).stem for check in made.checks()}
        with verifying(place, "--dask", cluster.address) as again:
            wait_until(lambda: not site.waiting(), "the orphan to notice")
            site.release(*HELD)
            assert again.end() == 0, again.text
            assert "coordinator died; waiting" in again.text
    assert_whole(made)
    asked = Counter((one.host, one.path) for one in site.log.all if one.path != "/robots.txt")
    twice = {f"h{made.hosts.index(host)}-{path[1:]}" for (host, path), times in asked.items() if times > 1}
    assert "h0-2" in twice  # the page that was held
    assert not finished & twice
    assert left_by_workers(place) == []
