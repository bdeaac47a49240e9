"""`preserve rejudge`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from preserve.cli.options import archive_option, config_option, json_option


@click.command("rejudge", epilog="Example:  preserve rejudge --all --archive warcs")
@click.option("--all", "every", is_flag=True, help="Every check of every run, and a report on what would change.")
@click.option("--accept", is_flag=True, help="With --all: let the new judgements stand; the checks are kept as well.")
@click.option("--dask", metavar="ADDRESS", help="With --all: judge on Dask: local:N, or a scheduler: tcp://host:8786.")
@archive_option
@config_option
@json_option
def command(archive: str | None, config: Path | None, *, every: bool, as_json: bool, **options: Any) -> int:
    """Extract, compare and judge again from the WARC files; no network, nothing written.

    Says which posts today's rules or extractor would judge otherwise; exit code 1 when there are any. Without --all
    the latest check of each post is judged again. With --accept what is found is added to the ledger: where a post
    stands is then told by today's judgements, and no source is visited or said to have changed.
    """
    if options["accept"] and not every:
        raise click.UsageError("--accept goes with --all: earlier checks have to be judged alike to be compared")
    if options["dask"] is not None and not every:
        raise click.UsageError("--dask goes with --all: for the latest checks alone a cluster is not worth its start")
    if every:
        from preserve.cli.rejudging_all import run_all  # noqa: PLC0415 - rich and the ledger are not needed for --help

        return run_all(archive, config, options["dask"], accept=options["accept"], as_json=as_json)
    from preserve.cli.rejudging import run  # noqa: PLC0415

    return run(archive, config, as_json=as_json)
