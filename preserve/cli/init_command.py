"""`preserve init`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("init", epilog="Example:  preserve init")
@click.argument("file", type=click.Path(path_type=Path), default="preserve.toml", metavar="[FILE]")
def command(file: Path) -> None:
    """Write a preserve.toml with every setting, commented, at its default."""
    from preserve.config import default_config_text  # noqa: PLC0415
    from preserve.errors import ConfigError  # noqa: PLC0415

    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(default_config_text())
    except FileExistsError:
        raise ConfigError(f"{file}: is there already. Name another file, or remove it first.") from None
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}. Name a place that can be written.") from error
    click.echo(f"Wrote {file}. Set `contact` under [fetch], so that people whose servers you ask can reach you.")
