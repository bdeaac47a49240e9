"""`preserve copies`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.completing import complete_post
from preserve.cli.options import archive_option, config_option, json_option


@click.command("copies", epilog="Example:  preserve copies https://news.example/2021/a-story.html")
@click.argument("posts", metavar="[POST]...", nargs=-1, shell_complete=complete_post)
@archive_option
@config_option
@json_option
def command(posts: tuple[str, ...], archive: str | None, config: Path | None, as_json: bool) -> None:
    """Sources kept several times: what their stored copies say differently, by date; no network.

    POST is a post's path, the end of its path, or a source URL. Without one: the sources kept more than once.
    """
    from preserve.cli.copying import run  # noqa: PLC0415 - the comparison and rich are not needed for --help

    run(posts, archive, config, as_json=as_json)
