"""`preserve explain`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.completing import complete_post
from preserve.cli.options import archive_option, config_option, json_option


@click.command("explain", epilog="Example:  preserve explain 2020-09-17-ferry.md")
@click.argument("post", metavar="POST", shell_complete=complete_post)
@archive_option
@config_option
@json_option
def command(post: str, archive: str | None, config: Path | None, as_json: bool) -> None:
    """Why a check came out as it did: every rule tried, every sentence and where it was found.

    Derived again from the WARC files; no network, nothing written. POST is its path, the end of its path, or
    its source URL.
    """
    from preserve.cli.explaining import run  # noqa: PLC0415 - extraction and rich are not needed for --help

    run(post, archive, config, as_json=as_json)
