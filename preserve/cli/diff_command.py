"""`preserve diff`."""

from __future__ import annotations

from pathlib import Path

import click

from preserve.cli.completing import complete_post
from preserve.cli.options import archive_option, config_option, json_option


@click.command("diff", epilog="Example:  preserve diff 2020-09-17-ferry.md --from 2026-03-01 --to 2026-05-01")
@click.argument("post", metavar="POST", shell_complete=complete_post)
@click.option("--from", "old", metavar="TIME", help="The earlier capture.  [default: the stored copy]")
@click.option("--to", "new", metavar="TIME", help="The later capture.  [default: the last]")
@archive_option
@config_option
@json_option
def command(post: str, archive: str | None, config: Path | None, as_json: bool, **times: str | None) -> int:
    """Any two captures of a post's source side by side, or the stored copy and one.

    TIME is a date or time (2026-03-01, 2026-03-01T12:00Z: the last capture up to then) or the number of a check as
    `preserve log` has it. POST is its path, the end of its path, or its source URL. Exits 1 where they differ.
    """
    from preserve.cli.diffing import run  # noqa: PLC0415 - extraction and rich are not needed for --help

    return run(post, (times["old"], times["new"]), archive, config, as_json=as_json)
