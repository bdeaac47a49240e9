"""`preserve audit`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.options import archive_option, config_option


@click.command("audit", epilog="Example:  preserve audit --against checkpoint-of-last-year.note")
@archive_option
@config_option
@click.option(
    "--against",
    metavar="CHECKPOINT",
    type=click.Path(path_type=Path),
    help="A checkpoint you kept elsewhere: finds a log that was cut back or rewritten since.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on standard output: one object a finding, a summary.")
def command(archive: str | None, config: Path | None, against: Path | None, as_json: bool) -> int:
    """Hold the archive against itself: every digest, row, log entry and signature; no network, nothing written.

    Says what was changed or removed, where, and what can still be trusted. Exits 1 when anything was.
    """
    from preserve.cli.auditing import run  # noqa: PLC0415 - the archive's libraries are not needed for --help

    return run(archive, config, against, as_json=as_json)
