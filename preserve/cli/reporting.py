"""What `preserve report` prints: what was written, and where to open it."""

from __future__ import annotations

import click

from preserve.cli.app import printable
from preserve.cli.opening import open_ledger, settings_for_reading
from preserve.cli.report_command import Request
from preserve.errors import ConfigError
from preserve.report import Options, build


def report(request: Request) -> None:
    """Make the report, or bring it up to date.

    Raises:
        ConfigError: the directory holds something else, or can't be written.
        ArchiveError: no ledger, or one without a check.
    """
    if request.url and not request.url.startswith(("http://", "https://")):
        raise ConfigError(f"--url {request.url}: an address that begins with https:// or http:// is wanted")
    options = Options(request.output, request.language, request.title, request.url)
    settings = settings_for_reading(request.archive, request.config)
    with open_ledger(settings) as ledger:
        built = build(ledger, settings, options)
    told = f"{built.posts} posts; {built.files} files, {built.written} of them new or changed"
    click.echo(told + (f", {built.removed} removed." if built.removed else "."))
    click.echo(printable(str(built.index)))
