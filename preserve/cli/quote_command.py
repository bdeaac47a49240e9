"""`preserve quote`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from preserve.cli.options import archive_option, config_option, json_option


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked on the command line.

    Attributes:
        quotations: as given; quotation marks around them are taken off.
        files: manuscripts; `-` is standard input.
        posts: these posts alone; empty for all.
        whole_pages: look through all of every page for what no article has.
        annotations: where Web Annotations are written; None for nowhere.
        archive, config: as for every command that reads; None where not given.
        as_json: JSON Lines instead of text.
    """

    quotations: tuple[str, ...]
    files: tuple[str, ...]
    posts: tuple[str, ...]
    whole_pages: bool
    annotations: Path | None
    archive: str | None
    config: Path | None
    as_json: bool


@click.command("quote", epilog="Example:  preserve quote --file chapter-3.md")
@click.argument("quotations", metavar="[QUOTATION]...", nargs=-1)
@click.option(
    "--file",
    "files",
    metavar="FILE",
    multiple=True,
    help="Every quotation of a manuscript, Markdown or (.txt) plain text; - for standard input.",
)
@click.option(
    "--post", "posts", metavar="POST", multiple=True, help="Look in this post and its source alone.  [default: all]"
)
@click.option("--whole-pages", is_flag=True, help="Look beside the articles too, on every page; slow for thousands.")
@click.option(
    "--annotations",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write W3C Web Annotations of what was found there (JSON-LD).",
)
@archive_option
@config_option
@json_option
def command(**options: Any) -> int:
    """Where quotations stand, in the stored copies and at their sources; since when not, and what stands there now.

    No network. Exit code 0 when every quotation stands at its source as quoted, cosmetics aside, 1 otherwise.
    """
    from preserve.cli.quoting import run  # noqa: PLC0415 - the archive and rich are not needed for --help

    return run(Request(**options))
