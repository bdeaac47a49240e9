"""What `preserve captures` prints: the lines of the index that a URL has."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from preserve.cli.opening import settings_for_reading
from preserve.cli.safe import safe
from preserve.errors import ArchiveError, ConfigError
from preserve.warc import IndexEntry, lookup, nearest


def captures(url: str, at: str | None, archive: str | None, config: Path | None, *, as_json: bool) -> None:
    """Print what the archive has of `url`.

    Raises:
        ConfigError: `at` is no time.
        ArchiveError: there is no archive, or its index can't be read.
    """
    directory = Path(settings_for_reading(archive, config).archive.directory)
    if not directory.is_dir():
        raise ArchiveError(f"{directory}: no archive here; name it with --archive DIR")
    wanted = None if at is None else _time(at)
    found = lookup(directory, url)
    if wanted is not None:
        entry = nearest(found, wanted)
        found = () if entry is None else (entry,)
    for entry in found:
        click.echo(_json(entry) if as_json else _line(entry))
    if not found:
        click.echo(f"{safe(url)}: no capture in {safe(str(directory))}", err=True)


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--at {text}: no time; write it as 2024-05-01 or 2024-05-01T12:00") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _line(entry: IndexEntry) -> str:
    status = "-" if entry.status is None else str(entry.status)
    place = f"{entry.file}:{entry.offset}"
    return safe(f"{entry.at:%Y-%m-%d %H:%M:%S}  {status:>3}  {entry.media_type or '-':<14}  {place}  {entry.url}")


def _json(entry: IndexEntry) -> str:
    said = asdict(entry) | {"at": f"{entry.at:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps(said, ensure_ascii=False)
