"""`preserve cite`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from preserve.cite import FORMAT_NAMES
from preserve.cli.completing import complete_post
from preserve.cli.options import archive_option, config_option


@click.command("cite", epilog="Example:  preserve cite 2020-09-17-ferry.md --format apa")
@click.argument("posts", metavar="[POST]...", nargs=-1, shell_complete=complete_post)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMAT_NAMES),
    default="biblatex",
    show_default=True,
    help="What the citation is written as; apa, chicago and gb7714 need preserve-archive[cite].",
)
@click.option("--at", metavar="TIME", help="As of then: a date, a time, or a check's number.  [default: now]")
@click.option("--lang", "language", metavar="TAG", help="Language of what a style adds, such as et al.: en, zh, de.")
@click.option("--all", "every", is_flag=True, help="Every post of the collection.")
@archive_option
@config_option
@click.option("--json", "as_json", is_flag=True, help="The same as --format csl-json.")
def command(posts: tuple[str, ...], archive: str | None, config: Path | None, **given: Any) -> None:
    """Cite the sources of posts, with the archived copy: record, file, capture time and digest.

    What is cited is the last capture that has the article. Several POSTs make one bibliography. POST is its path, the
    end of its path, or its source URL.
    """
    from preserve.cli.citing import Wanted, run  # noqa: PLC0415 - extraction is not needed for --help

    if bool(posts) == given["every"]:
        raise click.UsageError("Name the posts to cite, or give --all.")
    form = "csl-json" if given["as_json"] else given["form"]
    run(Wanted(posts, form, given["at"], given["language"] or "", archive, config))
