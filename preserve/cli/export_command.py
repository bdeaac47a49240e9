"""`preserve export`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from preserve.cli.options import archive_option, config_option
from preserve.model import Verdict

NAMES = ("json", "csv", "junit", "sarif", "atom", "datasette", "schema")


@dataclass(frozen=True, slots=True)
class Request:
    """The options as given.

    Attributes:
        format: one of `NAMES`.
        output: a file, or with `each_category` a directory; None for standard output.
        verdict: only these; empty for all.
        since: a time; None for all.
        category: of a feed; None for all.
        each_category: a feed of each category, and one of all.
        url: where the feed will be published; None where that is not known.
        archive, config: as for every command that reads; None where not given.
    """

    format: str
    output: Path | None
    verdict: tuple[str, ...]
    since: str | None
    category: str | None
    each_category: bool
    url: str | None
    archive: str | None
    config: Path | None


@click.command("export", epilog="Example:  preserve export sarif -o preserve.sarif")
@click.argument("format", metavar="FORMAT", type=click.Choice(NAMES))
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Written whole or not.  [default: stdout]"
)
@click.option(
    "--verdict", type=click.Choice([verdict.value for verdict in Verdict]), multiple=True, help="Only so. Repeatable."
)
@click.option("--since", metavar="TIME", help="Only what was checked, or in a feed confirmed, since 2026-03-01.")
@click.option("--category", metavar="NAME", help="atom: only changes of posts in this category.")
@click.option("--each-category", is_flag=True, help="atom: a feed of all and one of each category, into directory -o.")
@click.option("--url", metavar="URL", help="atom: where the feed, or the directory of feeds, will be published.")
@archive_option
@config_option
def command(**options: Any) -> None:
    """The collection, by each post's latest check, in a format that other programs read; no network.

    FORMAT is json (all that is known), csv, junit and sarif (for CI), atom (a feed of confirmed changes), datasette
    (metadata to open the ledger with Datasette) or schema (the JSON Schema of json).
    """
    from preserve.cli.exporting import run  # noqa: PLC0415 - the ledger and the archive are not needed for --help

    run(Request(**options))
