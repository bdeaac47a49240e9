"""Plain checks and captures for the ledger's tests."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from preserve.ledger import RunPlan
from preserve.ledger.schema import APPEND_ONLY
from preserve.model import (
    ArchivedCapture,
    ArchivedExchange,
    Change,
    ChangeKind,
    Check,
    Evidence,
    Judgement,
    Measures,
    Nature,
    Reason,
    RecordRef,
    SinceLast,
    Verdict,
)

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
PLAN = RunPlan(("_posts",), '{"jobs":16}', "preserve 1.0", START)
POST = "_posts/2021-05-06-a-title.md"
SOURCE = "https://news.example//2021/a-title.html"
EDIT = Judgement(
    Verdict.EDITED,
    natures=(Nature.NUMBER,),
    changes=(Change(ChangeKind.REPLACE, "2400", "2300", natures=(Nature.NUMBER,), weight=0.9),),
    evidence=(Evidence("containment", False, "0.98"), Evidence("changes", True, "one change")),
    remaining=0.98,
)


def digest(text: str) -> str:
    return "sha256:" + sha256(text.encode()).hexdigest()


def record(name: str, file: str = "preserve-1.warc.gz") -> RecordRef:
    return RecordRef(uuid5(NAMESPACE_URL, name).urn, file, 1000, 400)


@dataclass(frozen=True)
class Sample:
    """How a sample check differs from the usual one: intact, of `POST`, in week 0."""

    post: str = POST
    source: str | None = SOURCE
    week: int = 0
    verdict: Verdict = Verdict.INTACT
    reason: Reason | None = None
    status: int | None = 200
    text: str = "the text"
    judgement: Judgement | None = None


def capture_of(sample: Sample) -> ArchivedCapture:
    at = START + timedelta(weeks=sample.week)
    source, name = sample.source or "", f"{sample.source}/{sample.week}"
    exchange = ArchivedExchange(source, sample.status, record(name + "/response"), digest("payload"), digest(name))
    return ArchivedCapture(source, source, at, record(name + "/first"), record(name + "/last"), (exchange,))


def check_of(sample: Sample) -> Check:
    capture = capture_of(sample) if sample.source else None
    at = START + timedelta(weeks=sample.week)
    return Check(
        post=sample.post,
        source=sample.source,
        checked_at=at + timedelta(seconds=3),
        judgement=sample.judgement or Judgement(sample.verdict, sample.reason),
        final_url=sample.source,
        http_status=sample.status,
        captured_at=at if capture else None,
        capture=capture,
        stored_record=record(sample.post),
        post_digest=digest(sample.post),
        since_last=SinceLast(False, (), at - timedelta(weeks=1)) if sample.week else None,
        extractor="extractor 2.0",
        rules="rules 1",
        measures=Measures(1.0, 0.875, 0.75, 0.8, 0.9, 0.95),
        text_digest=digest(sample.text),
    )


def without_capture(check: Check) -> Check:
    return replace(check, capture=None, captured_at=None)


def all_rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a ledger but the derived one."""
    with closing(sqlite3.connect(path)) as file:
        return {table: file.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in APPEND_ONLY}
