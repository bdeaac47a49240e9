"""`preserve prove`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from preserve.cli.completing import complete_post
from preserve.cli.options import archive_option, config_option

FILE = click.Path(path_type=Path)


@click.command("prove", epilog="Example:  preserve prove 2020-09-17-ferry.md -o proof.json --records records.warc.gz")
@click.argument("post", metavar="[POST]", required=False, shell_complete=complete_post)
@click.option("-o", "--output", metavar="FILE", type=FILE, required=True, help="The proof.")
@click.option(
    "--records", metavar="FILE", type=FILE, help="Copy the records the proof speaks of into this .warc.gz, too."
)
@click.option("--run", metavar="N", type=click.IntRange(min=1), help="The check of this run.  [default: the last]")
@click.option("--at", metavar="TIME", help="The last check by this time (UTC), as 2026-03-01 or 2026-03-01T12:00:00Z.")
@click.option(
    "--since", metavar="CHECKPOINT", type=FILE, help="Prove, too, that the log only grew since this checkpoint."
)
@click.option(
    "--earliest",
    is_flag=True,
    help="Up to the first checkpoint that covers the check: its time stamps are the earliest.  [default: the newest]",
)
@archive_option
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output: what was written.")
def command(post: str | None, output: Path, records: Path | None, *, as_json: bool, **options: Any) -> None:
    """Write one post's check as a proof that a stranger can verify, without the archive, by `preserve audit FILE`.

    POST is its path, the end of its path, or its source URL. Without it, and with --since, only that the log grew.
    """
    run, at, since, earliest = (options[name] for name in ("run", "at", "since", "earliest"))
    if post is None and since is None:
        raise click.UsageError("name a POST, or a checkpoint with --since")
    if post is None and (run is not None or at is not None or records is not None or earliest):
        raise click.UsageError("--run, --at, --earliest and --records are about a POST: name one")
    if run is not None and at is not None:
        raise click.UsageError("--run and --at each name one check: give one of them")
    from preserve.cli import proving  # noqa: PLC0415 - the ledger is not needed for --help

    wanted = proving.Wanted(post, run, at, since, earliest)
    proving.run(wanted, output, records, (options["archive"], options["config"]), as_json=as_json)
