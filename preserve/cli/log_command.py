"""`preserve log`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.completing import complete_post
from preserve.cli.options import archive_option, config_option, json_option


@click.command("log", epilog="Example:  preserve log 2020-09-17-ferry.md")
@click.argument("post", metavar="POST", shell_complete=complete_post)
@click.option("--all", "every", is_flag=True, help="A line for each check, also where several in a row are alike.")
@archive_option
@config_option
@json_option
def command(post: str, every: bool, archive: str | None, config: Path | None, as_json: bool) -> None:
    """Every check of a post, oldest first: when, what it concluded, and when the page changed.

    Checks in a row that came to the same are one line. POST is its path, the end of its path, or its source URL.
    """
    from preserve.cli.histories import run  # noqa: PLC0415 - rich and the ledger are not needed for --help

    run(post, archive, config, every=every, as_json=as_json)
