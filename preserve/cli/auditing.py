"""What `preserve audit` prints: what was looked at, what is wrong, and what can still be trusted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preserve.audit import Audit, Finding, Stamped, audit
from preserve.cli.app import EXIT_FOUND
from preserve.cli.look import console, plain_table, section
from preserve.cli.opening import settings_for_reading
from preserve.cli.safe import safe
from preserve.errors import ConfigError
from preserve.stamps import read_roots

INDENT = (0, 0, 0, 2)


def run(
    archive: str | None, config: Path | None, against: Path | None, processes: int | None = None, *, as_json: bool
) -> int:
    """Audit the archive; the exit code.

    Raises:
        ConfigError: the checkpoint to compare with, or a root certificate, can't be read.
        ArchiveError: there is no archive, or a run is writing to it.
    """
    settings = settings_for_reading(archive, config).archive
    directory = settings.directory
    try:
        kept = None if against is None else against.read_bytes()
    except OSError as error:
        raise ConfigError(f"--against {against}: can't be read: {error.strerror}") from error
    result = audit(Path(directory), kept, read_roots(settings.timestamp_roots), processes)
    if as_json:
        _print_json(result)
    else:
        _print(console(), result, directory)
    return EXIT_FOUND if result.findings else 0


def _print_json(result: Audit) -> None:
    for finding in result.findings:
        sys.stdout.write(json.dumps(asdict(finding), ensure_ascii=False) + "\n")
    summary = asdict(result)
    summary["findings"] = len(result.findings)
    sys.stdout.write(json.dumps({"summary": summary}, ensure_ascii=False) + "\n")


def _print(out: Console, result: Audit, directory: str) -> None:
    count = len(result.findings)
    if count:
        heading = Text(f"✗ {count} finding{'s' if count > 1 else ''}", style="bold red")
    else:
        heading = Text("✓ nothing wrong", style="bold green")
    out.print(heading.append(f"  {safe(directory)}", style="bold default"), soft_wrap=True)
    out.print()
    out.print(Padding(_looked_at(result), INDENT))
    if result.findings:
        section(out, "Findings")
        for finding in result.findings:
            out.print(_finding(finding), soft_wrap=True)
    for note in result.notes:
        out.print(Text(f"\nNote: {safe(note)}.", style="dim"))


def _looked_at(result: Audit) -> Table:
    signed = f"the first {result.signed} as signed in {result.signed_by}" if result.signed_by else "none signed"
    rows = (
        ("WARC files", f"{result.files} with {result.records} whole records"),
        ("index", f"{result.lines} lines it should have"),
        ("ledger", f"{result.captures} captures as the WARC files have them"),
        ("log", f"{result.entries} entries, {signed}"),
        ("checkpoints", f"{result.checkpoints} hold"),
        *(("" if index else "time stamps", line) for index, line in enumerate(_stamps(result))),
    )
    table = plain_table()
    for name, value in rows:
        table.add_row(Text(name, style="dim"), Text(safe(value)))
    return table


def _stamps(result: Audit) -> Iterator[str]:
    """How many hold, and what those of the newest stamped checkpoint say."""
    if not result.stamps:
        return
    yield f"{len(result.stamps)} hold, of {len({one.size for one in result.stamps})} checkpoints"
    newest = max(one.size for one in result.stamps)
    for one in result.stamps:
        if one.size == newest:
            yield f"the first {newest} entries {_says(one)}"


def _says(one: Stamped) -> str:
    if one.time:
        trust = "traced to a root you trust" if one.traced else "not traced to a root you trust"
        return f"existed by {one.time}, says {one.by} ({trust})"
    if one.blocks:
        return f"existed by Bitcoin block {one.blocks[0]}, says the proof (the block is not looked up)"
    return f"are to be in a Bitcoin block, says {one.by}; the next run asks"


def _finding(finding: Finding) -> Text:
    text = Text("  ● ", style="red").append(f"{finding.part.value}  ", style="dim")
    text.append(safe(finding.where), style="bold default").append(f"\n      {safe(finding.what)}", style="default")
    if finding.hence:
        text.append(f"\n      {safe(finding.hence)}", style="dim")
    return text
