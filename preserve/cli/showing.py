"""What `preserve show` prints: one check, so that a person can judge the judgement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preserve.alterations import Alteration, alterations, telling, version_told
from preserve.cli.look import MEANINGS, changes_block, console, plain_table, section, verdict_text
from preserve.cli.opening import one_post, open_ledger, settings_for_reading
from preserve.cli.safe import safe
from preserve.confirm import CONFIRMABLE, Standing, standing
from preserve.jsonlines import alteration_object, check_object, standing_object
from preserve.model import Admission, ArchivedExchange, Change, Check, JudgedAgain, Verdict


def show(fragment: str, archive: str | None, config: Path | None, *, as_json: bool) -> None:
    """Print the latest check of the post that `fragment` means.

    Raises:
        ConfigError: no post, or several, match.
        ArchiveError: no ledger.
    """
    settings = settings_for_reading(archive, config)
    with open_ledger(settings) as ledger:
        post = one_post(ledger, fragment)
        history = ledger.history(post)
        found = standing(ledger.observations(post))
        altered = alterations(ledger.sightings(post))
    check = history[-1]
    if as_json:
        line = {**check_object(check), "standing": standing_object(found)}
        line["altered"] = [alteration_object(one) for one in altered]
        click.echo(json.dumps(line, ensure_ascii=False))
        return
    _print(console(), check, _Past(len(history), found, altered))


@dataclass(frozen=True, slots=True)
class _Past:
    """What all checks of a post say together: how many, where it stands, how its stored copy was altered."""

    checks: int
    standing: Standing | None
    altered: tuple[Alteration, ...]


def _print(out: Console, check: Check, past: _Past) -> None:
    judgement = check.judgement
    heading = verdict_text(judgement.verdict, judgement.reason)
    heading.append(f"  {safe(check.post)}", style="bold default")
    out.print(heading, soft_wrap=True)
    out.print(Text(f"  {MEANINGS[judgement.verdict]}", style="dim"))
    out.print()
    out.print(Padding(_facts(check, past), (0, 0, 0, 2)))
    if judgement.changes:
        section(out, "Differences")
        out.print(changes_block(judgement.changes, "stored copy", "source"))
    _print_since_last(out, check)
    if judgement.evidence:
        section(out, "Why")
        out.print(Padding(_evidence(check), (0, 0, 0, 2)))
    if check.capture is not None and check.capture.exchanges:
        section(out, "Captured")
        out.print(Padding(_exchanges(check), (0, 0, 0, 2)))


def _print_since_last(out: Console, check: Check) -> None:
    """What changed between the two captures, unless it is what stands above already."""
    last = check.since_last
    if last is None:
        return
    since = f"Since the capture of {_day(last.previous_at)}"
    if not last.changes:
        out.print(Text(f"\n{since}: the article's text has not changed.", style="dim"))
    elif _told(last.changes) == _told(check.judgement.changes):
        out.print(Text(f"\n{since}: the same differences, so they were made after it.", style="dim"))
    else:
        section(out, since)
        out.print(changes_block(last.changes, "earlier capture", "source"))


def _told(changes: Sequence[Change]) -> set[tuple[str, str]]:
    return {(change.old, change.new) for change in changes}


def _facts(check: Check, past: _Past) -> Table:
    judgement, checks, found = check.judgement, past.checks, past.standing
    rows: list[tuple[str, str]] = [("source", check.source or "none named")]
    if check.final_url and check.final_url != check.source:
        rows.append(("answered at", check.final_url))
    rows.append(("checked", f"{_day(check.checked_at)}, {'first check' if checks == 1 else f'check {checks}'}"))
    if found is not None:
        rows.append(("standing", standing_line(found)))
    if judgement.natures:
        rows.append(("nature", ", ".join(nature.value for nature in judgement.natures)))
    if judgement.verdict is Verdict.EDITED:
        rows.append(("admitted", admission_line(judgement.admission)))
    if judgement.remaining is not None:
        rows.append(("remaining", f"{100 * judgement.remaining:.0f} % of the stored copy"))
    if check.stored_record is not None:
        rows.append(("stored copy", f"{check.post_digest}  {check.stored_record.record_id}"))
    if check.post_version is not None:
        rows.append(("version", version_told(check.post_version)))
    rows += [("", f"stored copy {telling(one)}") for one in past.altered]
    if check.extractor:
        rows.append(("extractor", check.extractor.partition(" ")[0]))
    if check.judged_again is not None:
        rows.append(("judged again", judged_again_line(check.judged_again)))
    if check.error:
        rows.append(("error", check.error))
    table = plain_table()
    for name, value in rows:
        table.add_row(Text(name, style="dim"), Text(safe(value)))
    return table


def admission_line(admission: Admission | None) -> str:
    """Whether an edited page owns up to its change, in a sentence."""
    if admission is None:
        return "the page does not say that it was changed (silent edit)"
    return f"the page says so: {admission.text}"


def judged_again_line(again: JudgedAgain) -> str:
    """That a verdict is not the visit's own, in a sentence."""
    reason = f" ({again.reason})" if again.reason else ""
    by = again.extractor.partition(" ")[0] or "no extractor"
    return f"{_day(again.at)}, no new visit; the visit concluded {again.verdict}{reason}, with {by}"


def standing_line(found: Standing) -> str:
    """Where a post stands, in a sentence: what is confirmed, or what is still wanting."""
    since = f"{found.observed} since {found.since:%Y-%m-%d}"
    if found.counted is None:
        parts = [since, "nothing is known of the article yet"]
    elif found.observed is found.counted:
        parts = [since + _known(found)]
    else:
        parts = [f"{since}, which says nothing of the article", f"before: {found.counted}{_known(found)}"]
    if found.next_strike is not None:
        parts.append(f"the next counts from {found.next_strike:%Y-%m-%d}")
    if found.confirmed in CONFIRMABLE and found.confirmed is not found.counted:
        parts.append(f"confirmed before as {found.confirmed}")
    if found.resurrected:
        parts.append("resurrected: it was gone or replaced before")
    if found.source_unchanged:
        parts.append("judged otherwise than before, the source was so already")
    if found.unstable:
        parts.append("unstable: what the source says comes and goes")
    return "; ".join(parts)


def _known(found: Standing) -> str:
    """How well the verdict is known that says something of the article."""
    if found.counted not in CONFIRMABLE:
        return ""
    if found.counted is found.confirmed:
        return ", confirmed"
    return f", observed {found.strikes} of {found.needed} times needed"


def _evidence(check: Check) -> Table:
    table = plain_table()
    for evidence in check.judgement.evidence:
        style = "" if evidence.held else "dim"
        mark = "●" if evidence.held else "○"
        table.add_row(Text(f"{mark} {evidence.rule}", style=style), Text(safe(evidence.saw), style=style))
    return table


def _exchanges(check: Check) -> Table:
    table = plain_table()
    assert check.capture is not None  # noqa: S101 - the caller asked
    for exchange in check.capture.exchanges:
        status = str(exchange.status) if exchange.status is not None else "no answer"
        table.add_row(Text(status), Text(safe(exchange.url)))
        table.add_row("", Text(_record(exchange, check), style="dim"))
    return table


def _record(exchange: ArchivedExchange, check: Check) -> str:
    assert check.capture is not None  # noqa: S101 - the caller asked
    record = exchange.response or check.capture.summary
    when = _day(check.capture.captured_at)
    return safe(f"{when}  {record.record_id}  {record.file}:{record.offset}  {exchange.payload_digest}".rstrip())


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
