"""What `preserve status` prints: where the collection stands."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

from rich.table import Table
from rich.text import Text

from preserve.cli.look import SIGNS, console, verdict_table
from preserve.cli.opening import open_ledger, settings_for_reading
from preserve.cli.safe import safe
from preserve.jsonlines import check_object
from preserve.ledger import Ledger, SummaryRow
from preserve.model import Verdict

GROUPS_AT_MOST = 40


def status(by: str, archive: str | None, config: Path | None, *, as_json: bool) -> None:
    """Print the state of the collection, grouped `by` verdict, host or year.

    Raises:
        ArchiveError: no ledger.
    """
    settings = settings_for_reading(archive, config)
    with open_ledger(settings) as ledger:
        if as_json:
            _print_json(ledger)
            return
        rows = ledger.summary(cast(Literal["verdict", "host", "year"], by))
    out = console()
    if by == "verdict":
        counts: Counter[Verdict] = Counter()
        for row in rows:
            counts[row.verdict] += row.posts
        out.print(verdict_table(counts, title="The collection, by each post's latest check"))
        return
    out.print(_by_group(rows, by))


def _print_json(ledger: Ledger) -> None:
    for check in ledger.latest_checks():
        sys.stdout.write(json.dumps(check_object(check), ensure_ascii=False) + "\n")


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
