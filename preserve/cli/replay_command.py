"""`preserve replay`."""

from __future__ import annotations

import click

from preserve.cli.completing import complete_post
from preserve.cli.options import archive_option, config_option


@click.command("replay", epilog="Example:  preserve replay 2020-09-17-ferry.md")
@click.argument("post", metavar="[POST]", required=False, shell_complete=complete_post)
@archive_option
@config_option
@click.option("--port", type=click.IntRange(0, 65535), default=8422, show_default=True, help="0 takes a free one.")
@click.option("--bind", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--pywb", metavar="COMMAND", envvar="PRESERVE_PYWB", help="pywb's `wayback`.  [default: from the PATH]")
@click.option("--open", "browse", is_flag=True, help="Open it in a browser.")
def command(**options: object) -> int:
    """Show the archived pages as they were, in a browser. Runs pywb, until Ctrl-C.

    With POST (its path, the end of its path, or its source URL) its latest capture's address is printed too.
    Nothing is written into the archive, and nothing is fetched from the web.
    """
    from preserve.cli.replaying import Asked, replay  # noqa: PLC0415 - not needed for --help

    return replay(Asked(**options))  # type: ignore[arg-type]  # click made the types above
