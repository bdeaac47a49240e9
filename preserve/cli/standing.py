"""What `preserve status` prints: where the collection stands."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from preserve.cli.look import SIGNS, console, verdict_table
from preserve.cli.opening import open_ledger, settings_for_reading
from preserve.cli.safe import safe
from preserve.cli.status_command import Request
from preserve.confirm import CONFIRMABLE, confirmed_counts, standing
from preserve.jsonlines import line_object, standing_object
from preserve.ledger import Ledger, SummaryRow
from preserve.model import Verdict

GROUPS_AT_MOST = 40
QUICKLY_COUNTED = 12_000  # observations, in a tenth of a second


def status(request: Request) -> None:
    """Print the state of the collection.

    Raises:
        ArchiveError: no ledger.
    """
    settings = settings_for_reading(request.archive, request.config)
    with open_ledger(settings) as ledger:
        if request.as_json:
            _print_json(ledger)
        elif request.by == "verdict":
            _print_by_verdict(ledger, counted=request.confirmed)
        else:
            console().print(_by_group(ledger.summary(request.by), request.by))


def _print_by_verdict(ledger: Ledger, *, counted: bool) -> None:
    """The table of verdicts; how many are confirmed too, where that is asked for or quickly known."""
    counts: Counter[Verdict] = Counter()
    for row in ledger.summary("verdict"):
        counts[row.verdict] += row.posts
    confirmed = None
    confirmable = any(counts[verdict] for verdict in CONFIRMABLE)
    if confirmable and (counted or not ledger.more_observations_than(QUICKLY_COUNTED, CONFIRMABLE)):
        confirmed = confirmed_counts(observed for _, observed in ledger.observations_of(CONFIRMABLE))
    out = console()
    out.print(verdict_table(counts, title="The collection, by each post's latest check", confirmed=confirmed))
    if confirmable and confirmed is None:
        out.print(Text("--confirmed says how many are confirmed", style="dim"))


def _print_json(ledger: Ledger) -> None:
    written = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
    for found, observed in ledger.latest_lines():
        line = {**line_object(found), "standing": standing_object(standing(observed))}
        sys.stdout.write(written(line) + "\n")


def _by_group(rows: Sequence[SummaryRow], by: str) -> Table:
    groups: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for row in rows:
        groups[row.group][row.verdict] += row.posts
    shown = [verdict for verdict in SIGNS if any(counts[verdict] for counts in groups.values())]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(by)
    table.add_column("posts", justify="right")
    for verdict in shown:
        sign, style = SIGNS[verdict]
        table.add_column(f"{sign} {verdict.value}", justify="right", header_style=style)
    if by == "year":
        ordered = sorted(groups.items())
    else:
        ordered = sorted(groups.items(), key=lambda item: (-item[1].total(), item[0]))
    for name, counts in ordered[:GROUPS_AT_MOST]:
        cells = [str(counts[verdict]) if counts[verdict] else "·" for verdict in shown]
        table.add_row(Text(safe(name) or "none"), str(counts.total()), *cells)
    if len(ordered) > GROUPS_AT_MOST:
        table.caption = f"and {len(ordered) - GROUPS_AT_MOST} more; --json lists every post"
    return table
