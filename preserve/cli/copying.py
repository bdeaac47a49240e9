"""What `preserve copies` prints: the stored copies of one source by date, each beside the next."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preserve.alterations import Alteration, alterations, telling
from preserve.cli.look import changes_block, console, flowing
from preserve.cli.opening import any_posts, open_ledger, settings_for_reading
from preserve.cli.safe import safe, shortened
from preserve.copies import Step, Timeline, Witness, timeline
from preserve.jsonlines import alteration_object, change_object, version_object
from preserve.ledger import KeptSource, Ledger
from preserve.model import Check
from preserve.settings import Settings

INDENT = (0, 0, 0, 2)
LISTED_AT_MOST = 60
Altered = Mapping[str, Sequence[Alteration]]
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
        altered = {one.post: alterations(ledger.sightings(one.post)) for one in found.witnesses}
        if as_json:
            _write(_timeline_object(found, altered))
            continue
        if number:
            out.print()
        _print(out, found, altered)


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


def _print(out: Console, found: Timeline, altered: Altered) -> None:
    count = len(found.witnesses)
    heading = Text(safe(found.source) or "no source named", style="bold")
    out.print(heading.append(f"  kept {_times(count)}", style="not bold dim"), soft_wrap=True)
    out.print()
    out.print(Padding(_witnesses(found.witnesses, altered), INDENT))
    for steps in _together(found.steps):
        out.print()
        if steps[0].changes:
            _print_changes(out, steps[0], found.witnesses)
        else:
            between = " → ".join(str(index + 1) for index in (steps[0].older, *(step.newer for step in steps)))
            out.print(Text(between, style="bold").append(f"  {_unchanged(steps[0])}", style="not bold dim"))


def _together(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """The steps, those that change nothing taken together with the ones after them that change nothing either."""
    for said, group in groupby(steps, key=lambda step: "" if step.changes else _unchanged(step)):
        if said:
            yield list(group)
        else:
            yield from ([step] for step in group)


def _print_changes(out: Console, step: Step, witnesses: Sequence[Witness]) -> None:
    older, newer = (f"copy {index + 1}, {_day(witnesses[index])}" for index in (step.older, step.newer))
    out.print(changes_block(step.changes, older, newer))


def _unchanged(step: Step) -> str:
    """What there is to say of a step without changes."""
    if not step.related:
        return "another text"
    if step.same_bytes:
        return "the same file, byte for byte"
    if step.natures:
        return f"the same text but for {', '.join(nature.value for nature in step.natures)} differences"
    return "the same text"


def _witnesses(witnesses: Sequence[Witness], altered: Altered) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("copy", justify="right", no_wrap=True)
    table.add_column("date", no_wrap=True)
    table.add_column("characters", justify="right", no_wrap=True)
    table.add_column("title and post", overflow="fold")
    for number, witness in enumerate(witnesses, 1):
        name = Text(flowing(witness.title) or "untitled").append(f"\n{safe(witness.post)}", style="dim")
        if witness.problem:
            name.append(f"\n{safe(witness.problem)}", style="red")
        for one in altered[witness.post]:
            name.append(f"\nstored copy {telling(one)}", style="yellow")
        length = "—" if witness.problem else str(witness.characters)
        table.add_row(str(number), _day(witness), length, name)
    return table


def _day(witness: Witness) -> str:
    """The date as far as the minute, where it is written the usual way."""
    date = safe(witness.date)
    return date[:16].replace("T", " ") if ISO_DATE.match(date) else shortened(date, 16) or "undated"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _write(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def _timeline_object(found: Timeline, altered: Altered) -> dict[str, Any]:
    """A timeline as plain JSON values; docs/verdicts.md has the keys."""
    return {
        "url": found.source,
        "copies": [_witness_object(witness, altered[witness.post]) for witness in found.witnesses],
        "steps": [_step_object(step, found.witnesses) for step in found.steps],
    }


def _witness_object(witness: Witness, altered: Sequence[Alteration]) -> dict[str, Any]:
    record = witness.record
    return {
        "post": witness.post,
        "date": witness.date or None,
        "title": witness.title or None,
        "author": witness.author or None,
        "characters": witness.characters,
        "post_digest": witness.digest or None,
        **version_object(witness.version),
        "altered": [alteration_object(one) for one in altered],
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
