"""`preserve status`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from preserve.cli.options import archive_option, config_option, json_option


@dataclass(frozen=True, slots=True)
class Request:
    """The options as given.

    Attributes:
        by: what to group by.
        confirmed: count the confirmed even where it takes seconds.
        archive, config: as for every command that reads; None where not given.
        as_json: JSON Lines instead of a table.
    """

    by: Literal["verdict", "host", "year"]
    confirmed: bool
    archive: str | None
    config: Path | None
    as_json: bool


@click.command("status", epilog="Example:  preserve status --by host")
@click.option(
    "--by",
    type=click.Choice(["verdict", "host", "year"]),
    default="verdict",
    show_default=True,
    help="Group by.",
)
@click.option("--confirmed", is_flag=True, help="Count what is confirmed, however many checks there are.")
@archive_option
@config_option
@json_option
def command(**options: Any) -> None:
    """Where the collection stands, by each post's latest check; no network.

    With --json: the latest check of every post.
    """
    from preserve.cli.standing import status  # noqa: PLC0415 - rich and the ledger are not needed for --help

    status(Request(**options))
