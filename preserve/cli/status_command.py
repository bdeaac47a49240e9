"""`preserve status`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.options import archive_option, config_option, json_option


@click.command("status", epilog="Example:  preserve status --by host")
@click.option(
    "--by",
    type=click.Choice(["verdict", "host", "year"]),
    default="verdict",
    show_default=True,
    help="Group by.",
)
@archive_option
@config_option
@json_option
def command(by: str, archive: str | None, config: Path | None, as_json: bool) -> None:
    """Where the collection stands, by each post's latest check; no network.

    With --json: the latest check of every post.
    """
    from preserve.cli.standing import status  # noqa: PLC0415 - rich and the ledger are not needed for --help

    status(by, archive, config, as_json=as_json)
