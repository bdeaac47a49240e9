"""What `preserve log` prints: the checks of one post, those in a row that are alike as one line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from preserve.cli.look import console, summary_text, verdict_text
from preserve.cli.opening import one_post, open_ledger, settings_for_reading
from preserve.cli.safe import safe
from preserve.jsonlines import check_object
from preserve.model import Check, Verdict

_TOLD_WIDTH = 60


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Checks in a row that came to the same: the number of the first, and all of them."""

    first: int
    checks: tuple[Check, ...]


def run(fragment: str, archive: str | None, config: Path | None, *, every: bool, as_json: bool) -> None:
    """Print the checks of the post that `fragment` means.

    Raises:
        ConfigError: no post, or several, match.
        ArchiveError: no ledger.
    """
    settings = settings_for_reading(archive, config)
    with open_ledger(settings) as ledger:
        history = ledger.history(one_post(ledger, fragment))
    if as_json:
        for number, check in enumerate(history, 1):
            click.echo(json.dumps({"number": number, **check_object(check)}, ensure_ascii=False))
        return
    _print(console(), history, every=every)


def _print(out: Console, history: Sequence[Check], *, every: bool) -> None:
    last = history[-1]
    out.print(Text(safe(last.post), style="bold"), soft_wrap=True)
    out.print(Text(safe(last.source or "no source named"), style="dim"), soft_wrap=True)
    out.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("check", justify="right", no_wrap=True)
    table.add_column("when", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("page", no_wrap=True)
    table.add_column("what it found", overflow="fold")
    for stretch in _stretches(history, every=every):
        table.add_row(*_row(stretch, history))
    out.print(table)


def _stretches(history: Sequence[Check], *, every: bool) -> list[_Stretch]:
    if every:
        return [_Stretch(number, (check,)) for number, check in enumerate(history, 1)]
    found = []
    number = 1
    for _, group in groupby(history, key=_alike):
        checks = tuple(group)
        found.append(_Stretch(number, checks))
        number += len(checks)
    return found


def _alike(check: Check) -> tuple[object, ...]:
    judgement = check.judgement
    again = check.judged_again
    visit = None if again is None else (again.run, again.verdict, again.reason, again.extractor)
    return judgement.verdict, judgement.reason, judgement.changes, check.text_digest, check.post_digest, visit


def _row(stretch: _Stretch, history: Sequence[Check]) -> tuple[Text, ...]:
    first, last, count = stretch.checks[0], stretch.checks[-1], len(stretch.checks)
    numbers = str(stretch.first) if count == 1 else f"{stretch.first}–{stretch.first + count - 1}"
    when = f"{first.checked_at:%Y-%m-%d %H:%M}"
    if first.checked_at.date() != last.checked_at.date():
        when = f"{first.checked_at:%Y-%m-%d} – {last.checked_at:%Y-%m-%d}"
    before = history[stretch.first - 2] if stretch.first > 1 else None
    verdict = verdict_text(first.judgement.verdict)
    return Text(numbers, style="dim"), Text(when), verdict, _page(first, before), _told(first, before)


def _page(check: Check, before: Check | None) -> Text:
    """What became of the page since its last capture that could be read."""
    since = check.since_last
    if since is not None:
        return Text("changed", style="yellow") if since.changed else Text("as before", style="dim")
    return Text("" if before is not None or not check.text_digest else "first seen", style="dim")


def _told(check: Check, before: Check | None) -> Text:
    text = summary_text(check, _TOLD_WIDTH)
    if before is not None and before.post_digest and check.post_digest and check.post_digest != before.post_digest:
        text = Text("stored copy altered; ", style="yellow").append_text(text)
    if before is not None and before.judgement.verdict in (Verdict.GONE, Verdict.REPLACED) and not text.plain:
        text = Text("back again", style="green")
    return text.append_text(_judged(check, before))


def _judged(check: Check, before: Check | None) -> Text:
    """How a verdict came of judging, and not of the source: judged again since, or so by the same rules before."""
    again = check.judged_again
    if again is not None:
        was = "" if again.verdict is check.judgement.verdict else f", was {again.verdict}"
        by = check.extractor.partition(" ")[0] or "no text"
        return Text(f"  judged again {again.at:%Y-%m-%d} with {by}, no new visit{was}", style="dim")
    if before is None or before.judgement.verdict is check.judgement.verdict:
        return Text()
    return Text("  so before already, by the same rules" if _was_so(check, before) else "", style="dim")


def _was_so(check: Check, before: Check) -> bool:
    """Whether the page of the check before was by today's rules what the page is now; not where there was none."""
    if before.capture is None or before.capture != check.previous:
        return False
    since = check.since_last
    return check.verdict_before is check.judgement.verdict or (since is not None and not since.changed)
