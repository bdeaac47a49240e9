"""`preserve report`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from preserve.cli.options import archive_option, config_option


@dataclass(frozen=True, slots=True)
class Request:
    """The options as given.

    Attributes:
        output: the report's directory.
        language: of its words.
        title: what it is called; "" for the usual.
        url: where it will be published; "" where that is not known.
        archive, config: as for every command that reads; None where not given.
    """

    output: Path
    language: str
    title: str
    url: str
    archive: str | None
    config: Path | None


@click.command("report", epilog="Example:  preserve report -o site")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The report's directory: new, empty, or with an earlier report, which is brought up to date.",
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="Language of its words.",
)
@click.option("--title", metavar="TEXT", default="", help="What the report is called.")
@click.option("--url", metavar="URL", default="", help="Where it will be published, for the links in its feeds.")
@archive_option
@config_option
def command(**options: Any) -> None:
    """A web site that says how the collection stands: opens from disk, loads nothing from the network.

    Its front page begins with what has changed since the last report in the same directory.
    """
    from preserve.cli.reporting import report  # noqa: PLC0415 - templates and plots are not needed for --help

    report(Request(**options))
