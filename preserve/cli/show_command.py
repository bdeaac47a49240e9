"""`preserve show`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.completing import complete_post
from preserve.cli.options import archive_option, config_option, json_option


@click.command("show", epilog="Example:  preserve show 2020-09-17-ferry.md")
@click.argument("post", metavar="POST", shell_complete=complete_post)
@archive_option
@config_option
@json_option
def command(post: str, archive: str | None, config: Path | None, as_json: bool) -> None:
    """One post: verdict, evidence, and the differences, old beside new.

    POST is its path, the end of its path, or its source URL.
    """
    from preserve.cli.showing import show  # noqa: PLC0415 - rich and the ledger are not needed for --help

    show(post, archive, config, as_json=as_json)
