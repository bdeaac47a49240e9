"""`preserve verify`."""

from __future__ import annotations

import click

from preserve.cli.options import archive_option, config_option, json_option
from preserve.cli.request import Request

EPILOG = "Example:  preserve verify _posts --older-than 7d"


@click.command("verify", epilog=EPILOG)
@click.argument("posts", nargs=-1, required=True, metavar="POSTS…")
@archive_option
@config_option
@click.option("--jobs", type=click.IntRange(1, 1024), metavar="N", help="Exchanges at the same time.  [default: 16]")
@click.option("--delay", type=click.FloatRange(0), metavar="SECONDS", help="Between two on a host.  [default: 1]")
@click.option("--timeout", type=click.FloatRange(0.001), metavar="SECONDS", help="To connect, and per read.")
@click.option("--proxy", metavar="URL", help="http, https, socks5 or socks5h.  [default: the environment's]")
@click.option("--allow-private", multiple=True, metavar="CIDR", help="Also ask addresses in this network. Repeatable.")
@click.option("--ignore-robots", is_flag=True, help="Ask although robots.txt says no.")
@click.option("--older-than", metavar="AGE", help="Only posts last checked that long ago: 12h, 7d, 2w.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N posts.")
@click.option("--dask", metavar="ADDRESS", help="Work on Dask: local:N, or a scheduler such as tcp://host:8786.")
@click.option("--new-run", is_flag=True, help="Do not take up an interrupted run again.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and ask nothing.")
@json_option
@click.option("-v", "--verbose", is_flag=True, help="Every check as it is made, and why.")
def command(**options: object) -> int:
    """Fetch the source of every post, archive it, compare, and say what became of it.

    POSTS are files or directories. Captures and ledger go to the archive.
    """
    from preserve.cli.verifying import run  # noqa: PLC0415 - the run's libraries are not needed for --help

    return run(Request(**options))  # type: ignore[arg-type]  # click made the types above
