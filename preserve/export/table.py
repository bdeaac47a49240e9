"""Writes CSV (RFC 4180): one line a post, for spreadsheets and data frames.

A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection"); control and
bidi characters are shown instead of obeyed. Who needs the exact text reads `report.json`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from typing import Any, Final, TextIO

from preserve.export.rows import Row
from preserve.jsonlines import check_object
from preserve.times import warc_date
from preserve.visible import visible

# The full-width ones too: a spreadsheet in a Chinese or Japanese setting reads them alike.
_FORMULA: Final = tuple("=+-@＝＋－＠")
COLUMNS: Final = (
    *("post", "url", "host", "title", "categories", "verdict", "reason", "nature", "silent"),
    *("confirmed", "since", "changes", "remaining", "final_url", "http_status", "checked_at", "captured_at"),
    *("record_id", "warc_file", "warc_offset", "payload_digest", "post_digest", "error"),
)


def write(rows: Iterable[Row], stream: TextIO) -> None:
    """Write a line of column names, and a line for each post."""
    out = csv.writer(stream, lineterminator="\r\n")
    out.writerow(COLUMNS)
    for row in rows:
        values = _values(row)
        out.writerow([_cell(values[name]) for name in COLUMNS])


def _values(row: Row) -> Mapping[str, Any]:
    facts, found = row.facts(), check_object(row.check)
    admitted = found["admitted"]
    return {
        **found,
        "host": row.host,
        "title": facts.title,
        "categories": "; ".join(facts.categories),
        "nature": "; ".join(found["nature"]),
        "silent": None if admitted is None else admitted["silent"],
        "confirmed": row.standing.is_confirmed,
        "since": warc_date(row.standing.since),
        "changes": len(found["changes"]),
    }


def _cell(value: object) -> object:
    """A value as a cell: true and false in lower case, nothing for what is not known, text made harmless."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    text = visible(value)
    return "'" + text if text.lstrip().startswith(_FORMULA) else text
