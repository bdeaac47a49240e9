"""The disk fails, or the process is killed, at any call that changes the archive: nothing finished is lost.

Each point is a real run that meets one fault, and a second run on a disk that works again. `make test` tries a
sample; PRESERVE_FAULTS=all tries every call with every fault (some 20 minutes on two cores), PRESERVE_FAULTS=<n>
samples with another seed.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from fault_kit import KILLED, Change, Disk, Ended, built_shim, one_after_another
from power_loss import disk_after
from run_kit import answer, article, page, write_post
from wire_server import WireServer

from preserve.audit import Part, audit
from preserve.errors import ArchiveError
from preserve.ledger import Ledger
from preserve.model import ArchivedCapture
from preserve.warc import ArchiveLock, scan_captures, warc_files

ASKED_FOR = os.environ.get("PRESERVE_FAULTS", "20261126")
POINTS = 2  # of each scene and fault, in `make test`
POSTS = 3
RUNS_AT_MOST = 6
WORKERS = 2
HOWS = ("kill", "tear", "full", "ENOSPC", "EIO", "dead")
SCENES = ("first", "again", "mending")
# What a clear message says of a disk that is full or fails.
CAUSES = re.compile("No space left|full|Input/output error|I/O error|unable to open|disk")
DOCUMENTED = re.compile(
    r"preserve-\d{20}-\d{5}-[0-9a-f]{8}\.warc\.gz|index(-[0-9a-f]+)?\.\w+(\.\w+)?|ledger\.db|lock|quarantine(/.*\.tail)?"
    r"|posts\.cache|checkpoints(/(\d{12}\.note|key\.pub))?"
)
DRAFT = re.compile(r"\.new$|\.open$|-wal$|-shm$|-journal$")


@dataclass(frozen=True, slots=True)
class Known:
    """What an archive holds.

    Attributes:
        checks: run, post and verdict of each, in order.
        last: number of the last run that has a check or is unfinished; 0 without one.
        unfinished: number of the unfinished run; 0 without one.
        captured: the sources whose capture by the unfinished run is whole on disk.
        left_open: names of files that were left open.
    """

    checks: tuple[tuple[int, str, str], ...]
    last: int
    unfinished: int
    captured: frozenset[str]
    left_open: tuple[str, ...]


@dataclass(slots=True)
class Place:
    """A folder with posts, the server they name, and archives to begin from."""

    folder: Path
    server: WireServer
    disk: Disk

    @property
    def archive(self) -> Path:
        return self.folder / "warcs"

    @property
    def arguments(self) -> list[str]:
        return ["verify", "_posts", "--allow-private", "127.0.0.0/8", "--delay", "0", "--jobs", "1"]

    def publish(self, edition: int) -> None:
        """Put the pages up: the second edition has one page that changed and one that did not."""
        for number in range(POSTS):
            said = article(number) if number != 1 else (*article(number)[:-1], f"Edition {edition} of {number}.")
            self.server.scripts[f"/{number}"] = answer(page(said))

    def keep_as(self, scene: str) -> None:
        for name in self.disk.watched:
            if (self.folder / name).exists():
                shutil.copytree(self.folder / name, self.folder / scene / name)

    def begin_from(self, scene: str) -> None:
        for name in self.disk.watched:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if (self.folder / scene / name).exists():
                shutil.copytree(self.folder / scene / name, self.folder / name)
        self.server.heads.clear()

    def files(self) -> dict[str, bytes]:
        """Every file of the archive and of the user's configuration, by its whole path."""
        folders = [self.folder / name for name in self.disk.watched]
        found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return {str(path.resolve()): path.read_bytes() for path in found}

    def lay_out(self, files: Mapping[str, bytes]) -> None:
        """Put these files in the place of those."""
        for name in self.disk.watched:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for path, data in files.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(data)
            Path(path).chmod(0o600)

    def asked(self) -> list[str]:
        """The pages asked for since this was last called."""
        asked = [target for target in self.server.targets if target != "/robots.txt"]
        self.server.heads.clear()
        return asked

    def known(self) -> Known:
        """Look without touching: opening the ledger where it lies would tidy what the fault left."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.archive, copy) if self.archive.exists() else copy.mkdir()
        (copy / "ledger.db-shm").unlink(missing_ok=True)
        checks: list[tuple[int, str, str]] = []
        last, unfinished, since = 0, 0, None
        try:
            with Ledger.create_or_open(copy / "ledger.db") as ledger:
                left = ledger.unfinished_run()
                unfinished, since = (left.id, left.started_at) if left else (0, None)
                for run in range(1, RUNS_AT_MOST):
                    found = [(run, check.post, str(check.judgement.verdict)) for check in ledger.checks_of(run)]
                    checks += found
                    last = run if found or run == unfinished else last
        except ArchiveError as error:
            pytest.fail(f"the ledger can't be opened any more: {error}")
        captured = {one.source for one in _captures(copy) if since is not None and one.captured_at >= since}
        left_open = tuple(path.name for path in warc_files(copy) if path.name.endswith(".open"))
        return Known(tuple(checks), last, unfinished, frozenset(captured), left_open)


def _captures(archive: Path) -> Iterator[ArchivedCapture]:
    for path in warc_files(archive):
        try:
            yield from (item for item in scan_captures(path) if isinstance(item, ArchivedCapture))
        except ArchiveError:
            continue  # a torn end: what stands before it was yielded


def _made(folder: Path, number: int, shim: Path, held: ExitStack) -> Place:
    """A place with the three archives that scenes begin from."""
    server = held.enter_context(WireServer({}, address=f"127.0.0.{61 + number}"))
    place = Place(folder, server, Disk(shim, folder))
    (folder / "_posts").mkdir(parents=True)
    for post in range(POSTS):
        write_post(folder / "_posts", f"report-{post}.md", server.url(f"/{post}"), article(post))
    for scene in SCENES:
        (folder / scene).mkdir()
    place.publish(1)
    _ended_well(place.disk.run(place.arguments))
    place.keep_as("again")
    place.publish(2)
    # From here on every capture makes a file full, so that files are closed and indexed in the midst of a run.
    (folder / "preserve.toml").write_text('[archive]\nroll-over = "1KiB"\n')
    log = folder / "log"
    place.begin_from("again")
    changes = place.disk.run(place.arguments, log=log).changes
    written = [change.number for change in changes if change.kind == "write" and ".warc.gz" in change.path]
    place.begin_from("again")
    torn = place.disk.run(place.arguments, how="tear", at=written[len(written) * 2 // 3])
    assert torn.code == KILLED
    assert place.known().unfinished
    place.keep_as("mending")
    return place


def _ended_well(ended: Ended) -> None:
    assert ended.code in (0, 1), (ended.code, ended.out, ended.err)
    assert "Traceback" not in ended.err, ended.err


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Place]]:
    folder = tmp_path_factory.mktemp("faults")
    shim = built_shim(folder)
    with ExitStack() as held, ThreadPoolExecutor(WORKERS) as threads:
        made = [threads.submit(_made, folder / str(number), number, shim, held) for number in range(WORKERS)]
        yield [place.result() for place in made]


@pytest.fixture(scope="module")
def profiles(places: list[Place]) -> dict[str, tuple[Change, ...]]:
    """Every change that a run without a fault makes, by scene; a run makes the same again but for a few."""
    return {scene: profile(places[0], scene) for scene in SCENES}


def profile(place: Place, scene: str, data: Path | None = None) -> tuple[Change, ...]:
    """Every change that a run without a fault makes, and in the file `data` the bytes it wrote."""
    place.begin_from(scene)
    log = place.folder / "log"
    log.unlink(missing_ok=True)
    ended = place.disk.run(place.arguments, log=log, data=data)
    _ended_well(ended)
    return ended.changes


def attempt(place: Place, scene: str, how: str, at: int) -> None:
    """One fault, and the run after it."""
    place.begin_from(scene)
    before = place.known()
    faulted = place.disk.run(place.arguments, how=how, at=at)
    between = place.known()
    _told_clearly(faulted, how)
    assert between.checks[: len(before.checks)] == before.checks, "the ledger lost checks"
    if faulted.code in (0, 1):
        assert not between.unfinished, "it said that all was well"
    mends_itself(place, between)


def mends_itself(place: Place, between: Known) -> None:
    """The run after a fault ends well, repeats nothing finished, and says what it repaired."""
    place.asked()
    healed = place.disk.run(place.arguments)
    asked = place.asked()
    after = place.known()
    _ended_well(healed)
    assert after.checks[: len(between.checks)] == between.checks, "the ledger lost checks"
    assert not after.unfinished
    last = [post for run, post, _ in after.checks if run == after.last]
    assert sorted(last) == [f"_posts/report-{number}.md" for number in range(POSTS)]
    assert len(asked) == len(set(asked))
    if between.unfinished:
        assert after.last == between.unfinished, "the run was not taken up"
        assert f"run {between.unfinished}" in healed.err, healed.err
        again = {target for target in asked if place.server.url(target) in between.captured}
        assert not again, "finished, and fetched again"
    for name in between.left_open:
        assert name.removesuffix(".warc.gz.open") in healed.err, f"nothing was said of {name}: {healed.err}"
    _is_tidy(place)
    assert audit(place.archive).findings == []


def _told_clearly(ended: Ended, how: str) -> None:
    if how in ("kill", "tear"):
        # 0 and 1: it made fewer calls this time. What its orphaned judging process says is not its own.
        assert ended.code in (KILLED, 0, 1), (ended.code, ended.err)
        return
    assert "Traceback" not in ended.err, ended.err
    assert "Exception ignored" not in ended.err, ended.err
    if ended.code not in (0, 1):
        assert ended.code == 2, (ended.code, ended.err)
        last = ended.err.strip().splitlines()[-1]
        assert last.startswith("preserve: "), ended.err
        assert CAUSES.search(last), ended.err


def _is_tidy(place: Place) -> None:
    names = [str(path.relative_to(place.archive)) for path in place.archive.rglob("*")]
    strange = [name for name in names if not DOCUMENTED.fullmatch(name) or DRAFT.search(name)]
    assert not strange, f"left lying about: {strange}"
    assert sum(name.startswith("index-") for name in names) == 2, "an index that was replaced lies there still"


def sample(changes: tuple[Change, ...], how: str, chance: random.Random) -> list[Change]:
    """The calls to try: all when asked for, else some, each kind of call on each kind of file as likely."""
    fitting = [change for change in changes if _fits(change, how)]
    if ASKED_FOR == "all":
        return [change for change in fitting if change.number not in _amid(changes)]
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in fitting:
        groups.setdefault((change.kind, re.sub(r"\d{6,}.*", "", Path(change.path).name)), []).append(change)
    chosen = chance.sample(sorted(groups), min(POINTS, len(groups)))
    return [chance.choice(groups[key]) for key in chosen]


def _amid(changes: tuple[Change, ...]) -> set[int]:
    """Writes with two writes to the same file before and behind them: pages of one transaction, alike to a fault."""
    ours = [(change.kind, change.path) for change in changes]
    return {
        changes[at].number
        for at in range(2, len(ours) - 2)
        if ours[at][0] == "write" and len(set(ours[at - 2 : at + 3])) == 1
    }


def _fits(change: Change, how: str) -> bool:
    if how == "tear":
        return change.kind == "write" and change.length > 1
    if how == "ENOSPC":
        return change.kind in ("create", "write", "mkdir", "link", "grow", "sync", "close")
    return True


@pytest.mark.timeout(7200 if ASKED_FOR == "all" else 300)
@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("how", HOWS)
def test_nothing_finished_is_lost(
    places: list[Place], profiles: dict[str, tuple[Change, ...]], scene: str, how: str
) -> None:
    chance = random.Random(f"{ASKED_FOR} {scene} {how}")
    points = sample(profiles[scene], how, chance)
    failures: list[str] = []

    def work(place: Place, share: list[Change]) -> None:
        for change in share:
            try:
                attempt(place, scene, how, change.number)
            except AssertionError as error:
                where = f"{change.kind} {Path(change.path).name}"
                failures.append(f"{how} at call {change.number}, {where} ({scene}): {error}")

    with ThreadPoolExecutor(WORKERS) as threads:
        shares = [threads.submit(work, place, points[number::WORKERS]) for number, place in enumerate(places)]
    for share in shares:
        share.result()
    assert points
    assert not failures, f"{len(failures)} of {len(points)} points:\n" + "\n\n".join(failures)


@pytest.mark.timeout(7200 if ASKED_FOR == "all" else 300)
@pytest.mark.parametrize("scene", ["first", "again"])
def test_what_was_synced_is_enough_after_the_power_went_out(places: list[Place], scene: str) -> None:
    """Whatever was promised before the power went was on the disk: the ledger refers to nothing that is not there."""
    place = places[0]
    data = place.folder / "data"
    data.unlink(missing_ok=True)
    place.begin_from(scene)
    changes = profile(place, scene, data)
    written = data.read_bytes()
    place.begin_from(scene)
    before = place.files()
    chance = random.Random(f"{ASKED_FOR} {scene} power")
    # Just before something is synced or renamed most is at stake.
    points = [change for change in changes if change.kind in ("sync", "rename", "link", "unlink")]
    chosen = points if ASKED_FOR == "all" else chance.sample(points, POINTS)
    failures = []
    for point in points:
        names_last = chance.random() < 0.5
        left = disk_after(changes[: point.number - 1], written, before, names_last=names_last)
        try:
            place.lay_out(left)
            refers_to_what_is_there(place)
            if point in chosen:
                place.lay_out(left)
                mends_itself(place, place.known())
        except AssertionError as error:
            failures.append(f"before call {point.number}, {point.kind} {Path(point.path).name}, {names_last=}: {error}")
    assert not failures, "\n\n".join(failures)


def refers_to_what_is_there(place: Place) -> None:
    if place.archive.exists():
        missing = [finding for finding in audit(place.archive).findings if finding.part is Part.WARC]
        assert not missing


# ---------------------------------------------------------------- a disk that is really full

# The archive's disk is $0 large for a run, and copied to where there is room.
ON_A_SMALL_DISK = 'mkdir warcs && mount -t tmpfs -o size="$0" none warcs && { "$@"; cp -a warcs small; }'


@pytest.mark.parametrize("size", ["64k", "300k", "440k"])
def test_a_disk_that_is_full_loses_nothing(places: list[Place], size: str) -> None:
    place = places[0]
    small = place.folder / "small"
    shutil.rmtree(small, ignore_errors=True)
    place.begin_from("first")
    mounted = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ON_A_SMALL_DISK, size]
    if subprocess.run([*mounted, "true"], cwd=place.folder, capture_output=True, check=False).returncode:
        pytest.skip("NO DISK WAS FULL: a small file system can't be mounted here (it takes root)")
    shutil.rmtree(small)
    place.begin_from("first")
    (ended,) = one_after_another([place.arguments], place.folder, before=mounted)
    assert ended.code == 2, ended
    _told_clearly(ended, "full")
    shutil.rmtree(place.archive)
    small.rename(place.archive)
    mends_itself(place, place.known())


# ---------------------------------------------------------------- two processes


def test_a_second_run_names_the_first_and_a_lock_of_the_dead_is_none(places: list[Place]) -> None:
    place = places[0]
    place.begin_from("again")
    with ArchiveLock(place.archive):
        second = place.disk.run(place.arguments)
    assert second.code == 2
    assert f"another run is writing to this archive (process {os.getpid()})" in second.err
    assert place.asked() == []
    (place.archive / "lock").write_text("process 1 since 2020-01-01T00:00:00Z\n")
    mends_itself(place, place.known())
