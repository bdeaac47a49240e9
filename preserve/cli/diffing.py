"""What `preserve diff` prints: two versions of one article, old beside new."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preserve.cli.app import EXIT_FOUND
from preserve.cli.look import changes_block, console, plain_table, post_name
from preserve.cli.moments import moment_meant
from preserve.cli.opening import one_post, open_ledger, settings_for_reading
from preserve.cli.safe import safe
from preserve.errors import ConfigError
from preserve.jsonlines import change_object
from preserve.model import Check
from preserve.times import warc_date
from preserve.versions import Difference, Side, Version, captured_until, difference

_NUMBER: Final = re.compile(r"\d{1,6}", re.ASCII)
_NAMES: Final = {Side.STORED_COPY: "stored copy", Side.CAPTURE: "capture"}


def run(
    fragment: str, times: tuple[str | None, str | None], archive: str | None, config: Path | None, *, as_json: bool
) -> int:
    """Compare two versions of the post that `fragment` means; the exit code.

    Raises:
        ConfigError: no post, or several, match; a time can't be understood, or nothing was captured by then.
        ArchiveError: no ledger, a record that is missing or damaged, or a version without text.
    """
    settings = settings_for_reading(archive, config)
    with open_ledger(settings) as ledger:
        history = ledger.history(one_post(ledger, fragment))
    old, new = times
    later = _meant(history, "--to", new) if new is not None else _last(history)
    earlier = Version(Side.STORED_COPY, later) if old is None else Version(Side.CAPTURE, _meant(history, "--from", old))
    found = difference(earlier, Version(Side.CAPTURE, later), settings)
    if as_json:
        click.echo(json.dumps(_object(found), ensure_ascii=False))
    else:
        _print(console(), found)
    return EXIT_FOUND if found.comparison.changes else 0


def _last(history: Sequence[Check]) -> Check:
    found = captured_until(history, datetime.max.replace(tzinfo=UTC))
    if found is None:
        raise ConfigError(f"{history[-1].post}: its source has never answered; `preserve log` says what happened")
    return found


def _meant(history: Sequence[Check], option: str, text: str) -> Check:
    """The check that a person means by a number or a time."""
    if _NUMBER.fullmatch(text):
        number = int(text)
        if not 0 < number <= len(history):
            raise ConfigError(f"{option} {text}: {history[0].post} has checks 1 to {len(history)}")
        return history[number - 1]
    found = captured_until(history, moment_meant(option, text))
    if found is None:
        first = next((check for check in history if check.captured_at is not None), None)
        when = f"the first answer was captured {_day(first.captured_at)}" if first and first.captured_at else "none"
        raise ConfigError(f"{option} {text}: nothing was captured of {history[0].post} by then; {when}")
    return found


def _print(out: Console, found: Difference) -> None:
    changes = found.comparison.changes
    heading = Text(f"≠ {len(changes)} differences" if len(changes) > 1 else "≠ 1 difference", style="yellow")
    if not changes:
        heading = Text("✓ no difference", style="green")
    out.print(heading.append(f"  {post_name(found.new.check.post)}", style="bold default"), soft_wrap=True)
    out.print()
    out.print(Padding(_versions(found), (0, 0, 0, 2)))
    if changes:
        out.print()
        out.print(changes_block(changes, _titled(found.old), _titled(found.new)))
    elif found.comparison.natures:
        natures = ", ".join(nature.value for nature in found.comparison.natures)
        out.print(Text(f"\n  They differ in looks alone: {natures}.", style="dim"))


def _versions(found: Difference) -> Table:
    table = plain_table()
    for name, version in (("old", found.old), ("new", found.new)):
        table.add_row(Text(name, style="dim"), Text(_titled(version)))
        record = version.record
        if record is not None:
            table.add_row("", Text(safe(f"{record.record_id}  {record.file}:{record.offset}"), style="dim"))
    return table


def _titled(version: Version) -> str:
    return f"{_NAMES[version.side]} of {_day(version.at)}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _object(found: Difference) -> dict[str, Any]:
    return {
        "post": found.new.check.post,
        "old": _version_object(found.old),
        "new": _version_object(found.new),
        "nature": [nature.value for nature in found.comparison.natures],
        "changes": [change_object(change) for change in found.comparison.changes],
        "remaining": found.comparison.coverage,
    }


def _version_object(version: Version) -> dict[str, Any]:
    record = version.record
    return {
        "version": version.side.value,
        "at": warc_date(version.at),
        "record_id": record.record_id if record else None,
        "warc_file": record.file if record else None,
        "warc_offset": record.offset if record else None,
    }
