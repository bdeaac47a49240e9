"""The situations in which preserve and its peers are measured.

Each function builds what it needs below a folder, runs, and returns plain values for the result file; each run gets a
site of its own, whose log tells what was asked. What a number means for the targets is `writing`'s.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import peers
from corpus import Collection, Shape, build
from measuring import Asked, BenchmarkError, Measured, measure, served

FOUND = 1  # preserve's exit code where something was found
CONFIG = """
[fetch]
contact = "https://preserve.example/about-this-robot"
allow-private = ["127.0.0.0/8"]
control-names = []
tries = 2
backoff = 0.1

[archive]
signing-key = "{key}"
"""
TOOLS = Path(__file__).resolve().parent.parent / "tools"


@dataclass(frozen=True, slots=True)
class Run:
    """One `preserve verify`, measured.

    Attributes:
        measured: the process.
        requests: all that the site was asked.
        asked_once: whether each page of the collection was asked exactly once, and no other.
        span: seconds from the first request's arrival to the last's.
    """

    measured: Measured
    requests: int
    asked_once: bool
    span: float


@dataclass(slots=True)
class Passes:
    """First and second passes over one collection, a run each time round.

    Attributes:
        first, script: preserve, and the script, over pages never seen.
        same, unmodified: preserve again, where the site answers 200 with the same payload, and 304.
        dedup: `wget --warc-dedup` again.
        verdicts: what the first pass came to.
        pages, page_bytes, real: of the collection.
    """

    pages: int
    page_bytes: int
    real: bool
    first: list[Run] = field(default_factory=list)
    script: list[peers.Script] = field(default_factory=list)
    same: list[Run] = field(default_factory=list)
    unmodified: list[Run] = field(default_factory=list)
    dedup: list[Measured] = field(default_factory=list)
    verdicts: dict[str, int] = field(default_factory=dict)


def preserve(*words: str) -> list[str]:
    """A command of the preserve that is installed for this Python."""
    return [sys.executable, "-P", "-m", "preserve", *words]


def verify(
    collection: Collection, archive: Path, site: tuple[float, bool] = (0.0, True), *, jobs: int = 16, delay: float = 0.0
) -> Run:
    """One run over the collection.

    Args:
        collection: what to check.
        archive: made where it is missing.
        site: its latency in seconds, and whether it answers 304.
        jobs, delay: handed to `preserve verify`.

    Raises:
        BenchmarkError: it failed, or did not check every post.
    """
    folder = collection.folder
    config = folder / "preserve.toml"
    config.write_text(CONFIG.format(key=folder.resolve() / "key.pem"), "utf-8")
    command = preserve("verify", "posts", "--config", config.name, "--archive", str(archive.resolve()))
    command += ["--jobs", str(jobs), "--delay", f"{delay:g}"]
    latency, conditional = site
    with served(folder, latency=latency, conditional=conditional) as asked:
        measured = measure(command, folder=folder, accept=(0, FOUND))
    checked = sum(verdicts_of(archive).values())
    if checked != len(collection.urls):
        raise BenchmarkError(f"{checked} checks for {len(collection.urls)} posts")
    return Run(measured, len(asked.requests), _asked_once(asked, collection), asked.span)


def verdicts_of(archive: Path) -> dict[str, int]:
    """How many posts the last run found to be what."""
    with closing(sqlite3.connect(f"file:{archive.resolve()}/ledger.db?mode=ro", uri=True)) as ledger:
        query = "SELECT verdict, count(*) FROM checks WHERE run_id = (SELECT max(run_id) FROM checks) GROUP BY verdict"
        return {str(verdict): int(count) for verdict, count in ledger.execute(query)}


def _asked_once(asked: Asked, collection: Collection) -> bool:
    times = asked.times_each()
    wanted = Counter(tuple(url.partition("://")[2].split("/", 1)) for url in collection.urls)
    found = {(host, path.lstrip("/")): count for (host, path), count in times.items()}
    return found == {(host.partition(":")[0], path): count for (host, path), count in wanted.items()}


# ---------------------------------------------------------------- first and second passes


def passes(folder: Path, collection: Collection, *, repeats: int, with_peers: bool) -> Passes:
    """First passes, then second ones; preserve and the peers take turns."""
    found = Passes(len(collection.urls), collection.page_bytes, collection.real)
    archive, script = folder / "archive", folder / "script"
    for _ in range(repeats):
        shutil.rmtree(archive, ignore_errors=True)
        found.first.append(verify(collection, archive))
        if with_peers:
            with served(collection.folder):
                found.script.append(peers.first_pass(collection, script))
        _say("first pass", found.first[-1].measured, found.script[-1].seconds if with_peers else 0)
    found.verdicts = verdicts_of(archive)
    _second_passes(found, collection, (archive, script if with_peers else None), repeats)
    return found


def _second_passes(found: Passes, collection: Collection, kept: tuple[Path, Path | None], repeats: int) -> None:
    """Over what was `kept` by the first: preserve's archive, and the peers' folder, None to leave them out."""
    archive, script = kept
    for _ in range(repeats):
        found.same.append(_again(collection, archive, conditional=False))
        found.unmodified.append(_again(collection, archive, conditional=True))
        if script is not None:
            with served(collection.folder):
                found.dedup.append(peers.second_pass(collection, script))
        _say("second pass, 200", found.same[-1].measured, found.dedup[-1].seconds if script is not None else 0)
        _say("second pass, 304", found.unmodified[-1].measured)


def _again(collection: Collection, archive: Path, *, conditional: bool) -> Run:
    """A second run on a copy of the archive, so that each begins alike."""
    copy = archive.with_name("archive-again")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(archive, copy)
    return verify(collection, copy, (0.0, conditional))


# ---------------------------------------------------------------- politeness, scale, start-up


def latency(folder: Path, wide: Sequence[int], *, posts: int, seconds: float) -> list[tuple[int, Run]]:
    """Small pages on many hosts that each answer only after `seconds`; once for each number of connections."""
    collection = build(folder / "latency", Shape(posts, 64, small=True), Path())
    found = []
    for jobs in wide:
        run = verify(collection, folder / f"archive-latency-{jobs}", (seconds, True), jobs=jobs)
        found.append((jobs, run))
        _say(f"latency, {jobs} connections", run.measured)
    return found


def interval(folder: Path, *, posts: int, delay: float) -> Run:
    """One host, asked with a pause of `delay` seconds."""
    collection = build(folder / "interval", Shape(posts, 1, small=True), Path())
    run = verify(collection, folder / "archive-interval", delay=delay)
    _say("one host", run.measured)
    return run


def single(folder: Path) -> Run:
    """A first pass over one post: what every run costs, however small."""
    run = verify(build(folder / "single", Shape(1, 1, small=True), Path()), folder / "archive-single")
    _say("one post", run.measured)
    return run


def growth(folder: Path, sizes: Sequence[int], *, repeats: int, with_peers: bool) -> list[Passes]:
    """A first pass over ever more posts with small pages; second ones, beside wget, over the most."""
    grown = []
    for posts in sizes:
        collection = build(folder / f"growth-{posts}", Shape(posts, 64, small=True), Path())
        archive = folder / f"archive-growth-{posts}"
        grown.append(Passes(posts, collection.page_bytes, collection.real, [verify(collection, archive)]))
        _say(f"{posts} small pages", grown[-1].first[0].measured)
    if grown:
        script = folder / "script-growth" if with_peers else None
        if script is not None:
            script.mkdir()
            with served(collection.folder):
                peers.archive(collection, script)
        _second_passes(grown[-1], collection, (archive, script), repeats)
    return grown


def start_up(folder: Path, *, posts: int, repeats: int) -> dict[str, Measured]:
    """`preserve --help`, and `preserve status` on a made-up ledger; of each the run with the median time."""
    make = [sys.executable, "-P", str(TOOLS / "synthetic_archive.py"), "ledger", "--posts", str(posts), "--runs", "1"]
    measure(make, folder=folder)
    commands = {"--help": preserve("--help"), "status": preserve("status", "--archive", "ledger")}
    found: dict[str, Measured] = {}
    for name, command in commands.items():
        runs = [measure(command, folder=folder, accept=(0, FOUND)) for _ in range(repeats)]
        found[name] = sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]
        _say(name, found[name])
    return found


def median_of(runs: Sequence[Run]) -> Run:
    """The run with the median time."""
    return sorted(runs, key=lambda run: run.measured.seconds)[len(runs) // 2]


def median_seconds(values: Sequence[float]) -> float:
    """The median; 0 of nothing."""
    return statistics.median(values) if values else 0.0


def _say(what: str, measured: Measured, peer: float = 0.0) -> None:
    beside = f"; the peer {peer:.2f} s" if peer else ""
    print(f"{what}: {measured.seconds:.2f} s, {measured.cpu:.2f} s of processor{beside}", flush=True)
