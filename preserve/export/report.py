"""Writes `report.json`: every post as `--json` has it, its standing and front matter, and the sums at the end.

The form is data/report.schema.json. What is added to it keeps its version; a change of meaning raises it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from importlib.resources import files
from typing import Any, Final, TextIO

from preserve import __version__
from preserve.confirm import CONFIRMABLE
from preserve.export.rows import Row
from preserve.jsonlines import check_object, standing_object
from preserve.model import Verdict
from preserve.times import warc_date

FORMAT: Final = "preserve-report"
VERSION: Final = 1
_SCHEMA: Final = "data/report.schema.json"


def write(rows: Iterable[Row], stream: TextIO) -> None:
    """Write one JSON document, a line for each post."""
    head = {"format": FORMAT, "version": VERSION, "software": f"preserve {__version__}"}
    stream.write(f'{json.dumps(head)[:-1]},\n"posts": [')
    verdicts: Counter[Verdict] = Counter()
    confirmed: Counter[Verdict] = Counter()
    as_of: datetime | None = None
    separator = "\n"
    for row in rows:
        check = row.check
        stream.write(separator + json.dumps(post_object(row), ensure_ascii=False))
        separator = ",\n"
        verdicts[check.judgement.verdict] += 1
        confirmed[check.judgement.verdict] += row.standing.is_confirmed
        as_of = check.checked_at if as_of is None else max(as_of, check.checked_at)
    summary = {
        "posts": verdicts.total(),
        "as_of": warc_date(as_of) if as_of else None,
        "verdicts": {verdict.value: verdicts[verdict] for verdict in Verdict},
        "confirmed": {verdict.value: confirmed[verdict] for verdict in Verdict if verdict in CONFIRMABLE},
    }
    stream.write(f'\n],\n"summary": {json.dumps(summary)}}}\n')


def post_object(row: Row) -> dict[str, Any]:
    """One post as plain JSON values."""
    facts = row.facts()
    return {
        **check_object(row.check),
        "standing": standing_object(row.standing),
        "title": facts.title or None,
        "categories": list(facts.categories),
        "source_line": facts.source_line or None,
    }


def write_schema(stream: TextIO) -> None:
    """Write the JSON Schema (2020-12) of the report."""
    stream.write(files("preserve.export").joinpath(_SCHEMA).read_text("utf-8"))
