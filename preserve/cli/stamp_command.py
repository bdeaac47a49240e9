"""`preserve stamp`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.options import archive_option, config_option


@click.command("stamp", epilog="Example:  preserve stamp --archive warcs")
@archive_option
@config_option
def command(archive: str | None, config: Path | None) -> int:
    """Have the newest checkpoint time-stamped by whoever was named and has not yet; every run does so at its end.

    Authorities (RFC 3161) are timestamp-urls in [archive], OpenTimestamps calendars calendar-urls. Exits 1 when one
    could not be had.
    """
    from preserve.cli.stamping import run  # noqa: PLC0415 - the archive's libraries are not needed for --help

    return run(archive, config)
