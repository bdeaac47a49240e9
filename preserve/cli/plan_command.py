"""`preserve plan`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from preserve.cli.options import archive_option, config_option


@dataclass(frozen=True, slots=True)
class Request:
    """The options as given; None where not.

    Attributes:
        posts: files and directories.
        archive, config, delay, jobs, older_than, limit: as for `preserve verify`.
        hosts_file: counts of sources by host, in place of posts.
        made_up, largest_share, zipf: a made-up collection, in place of posts.
        exchange: seconds an exchange takes.
        per_source: requests for each source.
        simulate: months of passes; else the next run alone.
        every, budget, runs: when passes start, what a day may cost, how many passes.
        changed, page: share of checks that find a changed page, and its compressed bytes.
        as_json: JSON Lines instead of tables.
    """

    posts: tuple[str, ...]
    archive: str | None
    config: Path | None
    delay: float | None
    jobs: int | None
    older_than: str | None
    limit: int | None
    hosts_file: Path | None
    made_up: int | None
    largest_share: float
    zipf: float
    exchange: float
    per_source: float
    simulate: bool
    every: str
    budget: str | None
    runs: int
    changed: float
    page: int
    as_json: bool


@click.command("plan", epilog="Example:  preserve plan _posts --simulate --every 7d --budget 8h")
@click.argument("posts", nargs=-1, metavar="[POSTS]...")
@archive_option
@config_option
@click.option("--delay", type=click.FloatRange(0), metavar="SECONDS", help="Between two on a host.  [default: 1]")
@click.option("--jobs", type=click.IntRange(1, 1024), metavar="N", help="Exchanges at the same time.  [default: 16]")
@click.option(
    "--exchange",
    type=click.FloatRange(0.001),
    default=0.3,
    show_default=True,
    metavar="SECONDS",
    help="How long one exchange takes.",
)
@click.option(
    "--per-source",
    type=click.FloatRange(1, 20),
    default=1.0,
    show_default=True,
    metavar="N",
    help="Requests a source costs its host; 2 where every one is redirected once.",
)
@click.option("--older-than", metavar="AGE", help="Only posts last checked that long ago: 12h, 7d, 2w.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N posts.")
@click.option("--simulate", is_flag=True, help="Months of passes: when is everything checked, how stale is the oldest.")
@click.option(
    "--every",
    default="7d",
    show_default=True,
    metavar="AGE",
    help="From one start to the next; 0s: each pass follows on the last.",
)
@click.option("--budget", metavar="N|HOURS", help="Of each day: so many requests (5000), or so many hours (8h).")
@click.option("--runs", type=click.IntRange(0, 1000), default=0, metavar="N", help="Passes.  [default: a year's]")
@click.option(
    "--changed",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    metavar="SHARE",
    help="Of checks that find other bytes than the last.",
)
@click.option(
    "--page",
    type=click.IntRange(0),
    default=25_000,
    show_default=True,
    metavar="BYTES",
    help="Of a page stored with its text, compressed.",
)
@click.option(
    "--hosts",
    "hosts_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="In place of POSTS: lines of host, TAB, number of sources.",
)
@click.option(
    "--posts", "made_up", type=click.IntRange(1, 10**9), metavar="N", help="In place of POSTS: so many made-up sources."
)
@click.option(
    "--largest-share",
    type=click.FloatRange(0, 1),
    default=0.82,
    show_default=True,
    metavar="SHARE",
    help="With --posts: what the largest host has.",
)
@click.option(
    "--zipf",
    type=click.FloatRange(0, 4),
    default=1.0,
    show_default=True,
    metavar="S",
    help="With --posts: the exponent of the rest.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines: one object a host, or the outlook as one object.")
def command(posts: tuple[str, ...], made_up: int | None, **options: Any) -> None:
    """How long politeness takes: the next run by host, or months of runs; no network.

    POSTS are files or directories, as for `preserve verify`.
    """
    from preserve.cli.planning import run  # noqa: PLC0415 - rich and the plan's libraries are not needed for --help

    run(Request(posts=posts, made_up=made_up, **options))
