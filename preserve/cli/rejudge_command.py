"""`preserve rejudge`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.options import archive_option, config_option, json_option


@click.command("rejudge", epilog="Example:  preserve rejudge --archive warcs")
@archive_option
@config_option
@json_option
def command(archive: str | None, config: Path | None, as_json: bool) -> int:
    """Extract, compare and judge again from the WARC files; no network, nothing written.

    Says which posts today's rules or extractor would judge otherwise; exit code 1 when there are any.
    """
    from preserve.cli.rejudging import run  # noqa: PLC0415 - rich and the ledger are not needed for --help

    return run(archive, config, as_json=as_json)
