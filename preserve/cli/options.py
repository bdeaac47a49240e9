"""The options several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def archive_option(command: Command) -> Command:
    """`--archive DIR`."""
    return click.option("--archive", metavar="DIR", help="The archive: WARC files and ledger.  [default: warcs]")(
        command
    )


def config_option(command: Command) -> Command:
    """`--config FILE`."""
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Settings.  [default: preserve.toml, or pyproject.toml, here or above]",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="JSON Lines on standard output, one object a post.")(
        command
    )
