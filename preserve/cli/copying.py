"""What `preserve copies` prints: the stored copies of one source by date, each beside the next."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preserve.cli.look import changes_block, console, post_name, section
from preserve.cli.opening import any_posts, open_ledger, settings_for_reading
from preserve.cli.safe import safe, shortened
from preserve.copies import Step, Timeline, Witness, timeline
from preserve.jsonlines import change_object
from preserve.ledger import KeptSource, Ledger
from preserve.model import Check
from preserve.settings import Settings

INDENT = (0, 0, 0, 2)
LISTED_AT_MOST = 60
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)")


def run(posts: Sequence[str], archive: str | None, config: Path | None, *, as_json: bool) -> None:
    """Print the timelines of the sources that `posts` mean, or list the sources kept several times.

    Raises:
        ConfigError: a word of `posts` matches no post.
        ArchiveError: no ledger, or a record that is missing or damaged.
    """
    settings = settings_for_reading(archive, config)
    with open_ledger(settings) as ledger:
        if posts:
            _print_timelines(ledger, posts, settings, as_json=as_json)
        else:
            _print_sources(ledger, as_json=as_json)


def _print_sources(ledger: Ledger, *, as_json: bool) -> None:
    sources = ledger.sources_kept_several_times()
    if as_json:
        for source in sources:
            posts = [check.post for check in ledger.checks_of_source(source.source)]
            _write({"url": source.source, "posts": posts})
        return
    out = console()
    if not sources:
        out.print("No source is kept more than once.")
        return
    out.print(_sources(sources))
    if len(sources) > LISTED_AT_MOST:
        out.print(Text(f"and {len(sources) - LISTED_AT_MOST} more; --json lists every one", style="dim"))
    out.print(Text("\npreserve copies URL shows how the copies of one differ.", style="dim"))


def _sources(sources: Sequence[KeptSource]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("posts", justify="right", no_wrap=True)
    table.add_column("source kept more than once", overflow="fold")
    for source in sources[:LISTED_AT_MOST]:
        table.add_row(str(source.posts), Text(safe(source.source)))
    return table


def _print_timelines(ledger: Ledger, posts: Sequence[str], settings: Settings, *, as_json: bool) -> None:
    out = console()
    for number, checks in enumerate(_sources_meant(ledger, posts)):
        found = timeline(checks, settings)
        if as_json:
            _write(_timeline_object(found))
            continue
        if number:
            out.print()
        _print(out, found)


def _sources_meant(ledger: Ledger, posts: Sequence[str]) -> Iterator[list[Check]]:
    """The checks of each source that the words mean, every source once; a post without one is its own."""
    seen: set[str] = set()
    for fragment in posts:
        for post in any_posts(ledger, fragment):
            if post in seen:
                continue
            check = ledger.latest(post)
            assert check is not None  # noqa: S101 - posts in the ledger have checks
            checks = ledger.checks_of_source(check.source) if check.source else [check]
            seen.update(one.post for one in checks)
            yield checks


def _print(out: Console, found: Timeline) -> None:
    count = len(found.witnesses)
    heading = Text(safe(found.source) or "no source named", style="bold")
    out.print(heading.append(f"  kept {_times(count)}", style="not bold dim"), soft_wrap=True)
    out.print()
    out.print(Padding(_witnesses(found.witnesses), INDENT))
    for step in found.steps:
        section(out, _step_title(found.witnesses[step.older], found.witnesses[step.newer]))
        _print_step(out, step, found)


def _print_step(out: Console, step: Step, found: Timeline) -> None:
    older, newer = found.witnesses[step.older], found.witnesses[step.newer]
    if step.changes:
        out.print(changes_block(step.changes, _column(older), _column(newer)))
        return
    if not step.related:
        said = f"another text: {100 * step.shared:.0f} % of the older copy is in the newer"
    elif step.same_bytes:
        said = "the same file, byte for byte"
    elif step.natures:
        said = f"the same text, {', '.join(nature.value for nature in step.natures)} differences aside"
    else:
        said = "the same text"
    out.print(Padding(Text(said, style="dim"), INDENT))


def _witnesses(witnesses: Sequence[Witness]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("date", no_wrap=True)
    table.add_column("characters", justify="right", no_wrap=True)
    table.add_column("post", overflow="fold")
    for witness in witnesses:
        name = Text(safe(witness.post))
        name.append(f"\n{safe(witness.problem)}" if witness.problem else f"\n{safe(witness.title)}", style="dim")
        table.add_row(_day(witness), str(witness.characters) if not witness.problem else "—", name)
    return table


def _step_title(older: Witness, newer: Witness) -> str:
    return f"{_day(older)} → {_day(newer)}"


def _column(witness: Witness) -> str:
    return shortened(post_name(witness.post), 60)


def _day(witness: Witness) -> str:
    """The date as far as the minute, where it is written the usual way."""
    date = safe(witness.date)
    return date[:16].replace("T", " ") if ISO_DATE.match(date) else shortened(date, 16) or "undated"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _write(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def _timeline_object(found: Timeline) -> dict[str, Any]:
    """A timeline as plain JSON values; docs/verdicts.md has the keys."""
    return {
        "url": found.source,
        "copies": [_witness_object(witness) for witness in found.witnesses],
        "steps": [_step_object(step, found.witnesses) for step in found.steps],
    }


def _witness_object(witness: Witness) -> dict[str, Any]:
    record = witness.record
    return {
        "post": witness.post,
        "date": witness.date or None,
        "title": witness.title or None,
        "author": witness.author or None,
        "characters": witness.characters,
        "post_digest": witness.digest or None,
        "stored_record_id": record.record_id if record else None,
        "warc_file": record.file if record else None,
        "warc_offset": record.offset if record else None,
        "error": witness.problem or None,
    }


def _step_object(step: Step, witnesses: Sequence[Witness]) -> dict[str, Any]:
    return {
        "older": witnesses[step.older].post,
        "newer": witnesses[step.newer].post,
        "related": step.related,
        "shared": round(step.shared, 4),
        "same_bytes": step.same_bytes,
        "nature": [nature.value for nature in step.natures],
        "changes": [change_object(change) for change in step.changes],
    }
