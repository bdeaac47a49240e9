"""Owns the questions a report asks: what is new since a check, and how each post fared, in few bytes a check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from preserve.ledger.codec import pack_text, unpack_moment, unpack_record_id, unpack_time
from preserve.ledger.database import Database, Row
from preserve.ledger.judgements import STANDING
from preserve.model import Reason, Verdict


@dataclass(frozen=True, slots=True)
class Round:
    """One check of a post, as a line of its history.

    Attributes:
        number: of the check; later checks have higher numbers.
        run: the run it was made in.
        checked_at: when it was concluded.
        verdict, reason: what it concluded.
        http_status: of the deciding exchange; None where there was none.
        remaining: share (0..1) of the stored copy still on the page; None where nothing was compared.
        changed: whether the article's text changed since the earlier capture; None where that is not known.
        record: id of the record that closes its capture; "" without one.
    """

    number: int
    run: int
    checked_at: datetime
    verdict: Verdict
    reason: Reason | None
    http_status: int | None
    remaining: float | None
    changed: bool | None
    record: str


@dataclass(frozen=True, slots=True)
class RunOverview:
    """One run.

    Attributes:
        number: of the run.
        started_at, ended_at: when; `ended_at` is None while it has no end.
        checks: how many it made.
        last_check: number of its last check; 0 without one.
    """

    number: int
    started_at: datetime
    ended_at: datetime | None
    checks: int
    last_check: int


_ROUNDS: Final = f"""
SELECT
    checks.id, run_id, checked_at, verdict, reason, http_status, remaining, changed_since, summary_record
FROM {STANDING} AS checks LEFT JOIN captures ON captures.id = capture_id
WHERE post_id = (SELECT id FROM posts WHERE path = ?) ORDER BY checks.id
"""  # noqa: S608 - put together from constants
_RUNS: Final = """
SELECT runs.id, started_at, ended_at, count(checks.id), coalesce(max(checks.id), 0)
FROM runs LEFT JOIN run_ends ON run_ends.run_id = runs.id LEFT JOIN checks ON checks.run_id = runs.id
GROUP BY runs.id ORDER BY runs.id
"""


class Reporting:
    """The ledger under report.

    Args:
        database: open for reading.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self) -> tuple[RunOverview, ...]:
        """Every run, oldest first."""
        return tuple(
            RunOverview(row[0], unpack_time(row[1]), None if row[2] is None else unpack_time(row[2]), row[3], row[4])
            for row in self._database.rows(_RUNS)
        )

    def rounds(self, post: str) -> tuple[Round, ...]:
        """Every check of a post, oldest first; one for each of `Ledger.observations`."""
        return tuple(_round(row) for row in self._database.rows(_ROUNDS, (pack_text(post),)))


def _round(row: Row) -> Round:
    return Round(
        number=row[0],
        run=row[1],
        checked_at=unpack_moment(row[2]),
        verdict=Verdict(row[3]),
        reason=None if row[4] is None else Reason(row[4]),
        http_status=row[5],
        remaining=row[6],
        changed=None if row[7] is None else bool(row[7]),
        record="" if row[8] is None else unpack_record_id(row[8]),
    )
