"""Measure preserve beside what a user would script in its place, and write docs/performance.md.

    python benchmarks/run.py [--pages 1000] [--repeats 3] [--evaluation DIR] [--out build/bench] [--page FILE]

Everything runs on this machine: the site on loopback addresses, the measured, and the parts one by one. Results go to
OUT/results.json and, as tables, into the page.
"""

# ruff: noqa: S603, S607 - a script: it starts only git, to name the commit

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import peers
import scenarios
from components import measure_side_by_side
from corpus import Shape, build
from measuring import BenchmarkError, machine
from writing import Circumstances, Results, targets, write

HERE = Path(__file__).resolve().parent
HOSTS = 64
PACKAGES = ("requests", "trafilatura", "warcio")


def load() -> tuple[float, float, float]:
    """Of the machine, over 1, 5 and 15 minutes."""
    return os.getloadavg()


def measured(options: argparse.Namespace) -> Results:
    """Every scenario, one after the other.

    Raises:
        BenchmarkError: see the message.
    """
    out: Path = options.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    missing = peers.missing()
    notes = [f"Without the peers: {missing}."] if missing else []
    for note in notes:
        print(note, file=sys.stderr)
    start = scenarios.start_up(out, posts=options.status_posts, repeats=7)
    collection = build(out / "pages", Shape(options.pages, HOSTS), options.evaluation)
    one = scenarios.passes(out, collection, repeats=options.repeats, with_peers=not missing)
    parts = min(options.parts, options.pages)
    part = build(out / "parts", Shape(parts, HOSTS, every=options.pages // parts), options.evaluation)
    costs = measure_side_by_side(part, out / "archive-parts", rounds=2)
    print(f"parts: {sum(costs.parts.values()):.1f} ms a page", flush=True)
    return Results(
        passes=one,
        costs=costs,
        latency=scenarios.latency(out, options.connections, posts=options.latency_posts, seconds=options.latency),
        seconds_latency=options.latency,
        interval=(scenarios.interval(out, posts=options.interval_posts, delay=options.delay), options.delay),
        growth=scenarios.growth(out, options.growth, repeats=options.repeats, with_peers=not missing),
        single=scenarios.single(out),
        start=start,
        status_posts=options.status_posts,
        notes=notes,
    )


def commit() -> str:
    """The commit that is checked out, and whether files differ from it."""
    root = HERE.parent

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "preserve", "benchmarks", "pyproject.toml")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def keep(results: Results, seen: Circumstances, out: Path) -> None:
    """Every number as JSON."""
    lines = [{"what": t.what, "target": t.target, "measured": t.measured, "met": t.met} for t in targets(results)]
    whole = {"circumstances": asdict(seen), "targets": lines, **asdict(results)}
    (out / "results.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options; the defaults took 14 minutes on two busy cores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3, help="of each first and second pass")
    parser.add_argument("--parts", type=int, default=200, help="pages over which the parts are measured")
    parser.add_argument("--growth", type=int, nargs="*", default=[1000, 10_000], help="posts with small pages")
    parser.add_argument("--connections", type=int, nargs="*", default=[16, 32])
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--latency-posts", type=int, default=960)
    parser.add_argument("--delay", type=float, default=0.2)
    parser.add_argument("--interval-posts", type=int, default=100)
    parser.add_argument("--status-posts", type=int, default=50_000)
    parser.add_argument("--evaluation", type=Path, default=Path("..", "shared", "evaluation"))
    parser.add_argument("--out", type=Path, default=Path("build", "bench"))
    parser.add_argument("--page", type=Path, default=Path("docs", "performance.md"))
    return parser.parse_args(arguments)


def spelled(options: argparse.Namespace) -> str:
    """The options that are not the defaults, as they are given; where things lie is left out."""
    usual = vars(parse(()))
    words: list[str] = []
    for name, value in vars(options).items():
        if value != usual[name] and name not in ("evaluation", "out", "page"):
            values = value if isinstance(value, list) else [value]
            words += [f"--{name.replace('_', '-')}", *map(str, values)]
    return " ".join(words)


def main(arguments: Sequence[str]) -> int:
    """Measure, keep, write."""
    options, began, before = parse(arguments), time.monotonic(), load()
    given = spelled(options)
    seen = Circumstances(
        machine=machine(),
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        commit=commit(),
        versions=", ".join(f"{name} {version(name)}" for name in PACKAGES),
        load=f"Load of the machine before the first run: {before[0]:.1f} (1 minute), {before[1]:.1f} (5 minutes).",
        command=f"make bench BENCH_ARGS='{given}'" if given else "make bench",
        minutes=0.0,
    )
    try:
        results = measured(options)
    except BenchmarkError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    seen = replace(seen, minutes=(time.monotonic() - began) / 60)
    keep(results, seen, options.out)
    write(options.page, results, seen)
    for target in targets(results):
        print(" · ".join(target.cells).replace("**", ""))
    print(f"{options.page} written, {options.out / 'results.json'} has every run")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
