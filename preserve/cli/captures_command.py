"""`preserve captures`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.options import archive_option, config_option


@click.command("captures", epilog="Example:  preserve captures https://news.example/story --at 2024-05-01")
@click.argument("url", metavar="URL")
@click.option("--at", metavar="TIME", help="Only the one nearest to a time: 2024-05-01, or 2024-05-01T12:00, in UTC.")
@archive_option
@config_option
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on standard output, one object a capture.")
def command(url: str, at: str | None, archive: str | None, config: Path | None, as_json: bool) -> None:
    """Every capture of a URL in the archive, or the one nearest to a time: status, digest, file and offset.

    URLs that differ in scheme, case, `www.` or the order of query fields count as one, as in all web archives.
    """
    from preserve.cli.capturing import captures  # noqa: PLC0415 - the archive's libraries are not needed for --help

    captures(url, at, archive, config, as_json=as_json)
