"""Owns how rows become checks and captures again, equal to what was written. Asks nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from preserve.confirm import Observation
from preserve.errors import ArchiveError
from preserve.ledger.codec import (
    UNREADABLE,
    unpack_admission,
    unpack_changes,
    unpack_digest,
    unpack_evidence,
    unpack_flag,
    unpack_measures,
    unpack_moment,
    unpack_natures,
    unpack_record,
    unpack_record_id,
    unpack_text,
    unpack_texts,
    unpack_version,
)
from preserve.ledger.database import Row
from preserve.model import (
    ArchivedCapture,
    ArchivedExchange,
    Check,
    JudgedAgain,
    Judgement,
    Reason,
    RecordRef,
    Rejudgement,
    SinceLast,
    Verdict,
)

# What `Verdict(...)` and `Reason(...)` find, in a tenth of the time; a KeyError for what is neither.
VERDICTS: Final[Mapping[str, Verdict]] = {one.value: one for one in Verdict}
REASONS: Final[Mapping[str | None, Reason | None]] = {None: None, **{one.value: one for one in Reason}}


class Fetched:
    """Rows of checks and captures that were fetched together, made into values one at a time.

    One query for many is ten times as fast as one for each; and a row that can't be read spoils no other.

    Args:
        path: of the ledger, for messages.
        checks: rows by number.
        captures: rows by number, each with those of its exchanges.
        rejudgements: rows by number.
    """

    def __init__(
        self,
        path: Path,
        checks: Mapping[int, Row],
        captures: Mapping[int, tuple[Row, Sequence[Row]]],
        rejudgements: Mapping[int, Row] | None = None,
    ) -> None:
        self._path, self._checks, self._captures = path, checks, captures
        self._rejudgements = rejudgements or {}
        self._made: dict[int, ArchivedCapture] = {}  # checks share them: of one source's posts, or as the earlier one

    def check(self, number: int) -> tuple[int, Check]:
        """The check of that number, and its run.

        Raises:
            ArchiveError: it can't be read; it, or a row it refers to, is not there.
        """
        row = self._checks.get(number)
        if row is None:
            raise ArchiveError(f"ledger {self._path}: row {number} of checks, or one it refers to, is not there")
        return row[-1], self.check_of(row)

    def rejudgement(self, number: int) -> tuple[int, Rejudgement]:
        """The re-judgement of that number, and the run that made it.

        Raises:
            ArchiveError: it can't be read; it, or a row it refers to, is not there.
        """
        row = self._rejudgements.get(number)
        if row is None:
            raise ArchiveError(f"ledger {self._path}: row {number} of rejudgements, or one it refers to, is not there")
        check = self.check_of(row)
        if check.judged_again is None:
            raise ArchiveError(f"ledger {self._path}: row {number} of rejudgements can't be read")
        return row[35], Rejudgement(row[-2], row[-1], check.judged_again.at, check)

    def check_of(self, row: Row) -> Check:
        """The check in a row.

        Raises:
            ArchiveError: it can't be read.
        """
        try:
            return self._check(row)
        except UNREADABLE as error:
            raise unreadable(self._path, row[0], error) from error

    def capture(self, number: int) -> ArchivedCapture:
        """The capture of that number.

        Raises:
            ValueError: it is not there, or can't be read.
        """
        made = self._made.get(number)
        if made is None:
            made = self._made[number] = self._capture(number)
        return made

    def _capture(self, number: int) -> ArchivedCapture:
        if number not in self._captures:
            raise ValueError(f"capture {number}, or a row that it refers to, is not there")
        row, exchanges = self._captures[number]
        if [entry[-2] for entry in exchanges] != list(range(len(exchanges))):
            raise ValueError(f"the exchanges of capture {number} are not numbered one after another")
        summary = unpack_record(*row[8:12])
        return ArchivedCapture(
            source=unpack_text(row[1]),
            url=unpack_text(row[2]),
            captured_at=unpack_moment(row[3]),
            first=summary if _absent(row[4], *row[6:8]) else unpack_record(*row[4:8]),
            summary=summary,
            exchanges=tuple([_exchange(entry, summary) for entry in exchanges]),
        )

    def _check(self, row: Row) -> Check:
        capture = None if row[14] is None else self.capture(row[14])
        previous = None if row[27] is None else self.capture(row[27])
        return Check(
            post=unpack_text(row[0]),
            source=_text_or_none(row[1]),
            checked_at=unpack_moment(row[2]),
            judgement=_judgement(row),
            final_url=_text_or_none(row[11]),
            http_status=row[12],
            captured_at=_time_of(row[13], capture),
            capture=capture,
            stored_record=_record_or_none(row[16:20]),
            post_digest="" if row[15] is None else unpack_digest(row[15]),
            since_last=_since_last(row, previous),
            extractor=unpack_text(row[24]),
            rules=unpack_text(row[25]),
            measures=unpack_measures(row[10]),
            probe=None if row[28] is None else self.capture(row[28]),
            template=() if row[29] is None else unpack_texts(row[29]),
            previous=previous,
            error="" if row[26] is None else unpack_text(row[26]),
            text_digest="" if row[23] is None else unpack_digest(row[23]),
            post_version=unpack_version(*row[31:34]),
            verdict_before=None if row[34] is None else Verdict(row[34]),
            judged_again=judged_again(row[35:41]),
        )


def unreadable(path: Path, post: str | bytes, error: Exception) -> ArchiveError:
    """A row that this package can't have written is damage of the file, not a fault of the caller."""
    return ArchiveError(
        f"ledger {path}: a check of {unpack_text(post)} can't be read ({error}): the"
        " file was changed by something else; put a backup in its place"
    )


def captures_of(checks: Iterable[Row]) -> set[int]:
    """The captures that rows of checks refer to."""
    return {number for row in checks for number in (row[14], row[27], row[28]) if number is not None}


def observation(row: Row) -> Observation:
    """What a row says that a check observed."""
    # Without the page's text, the same changes to the stored copy tell that it says the same.
    changes = "" if row[5] is None else f"changes:{row[5]}"
    return Observation(
        at=unpack_moment(row[1]),
        verdict=VERDICTS[row[2]],
        reason=REASONS[row[3]],
        text=changes if row[4] is None else unpack_digest(row[4]),
        capture="" if row[6] is None else _name_of(row[6]),
        incident=bool(row[7]),
        judged_by=f"{row[8]} {row[9]}",
        changed=None if row[10] is None else bool(row[10]),
        previous="" if row[11] is None else _name_of(row[11]),
        before=None if row[12] is None else VERDICTS[row[12]],
        at_visit=VERDICTS[row[13]],
    )


# A capture is named by its own check, and by the next one as the earlier one.
_name_of: Final = lru_cache(maxsize=1024)(unpack_record_id)


def _judgement(row: Row) -> Judgement:
    return Judgement(
        verdict=VERDICTS[row[3]],
        reason=REASONS[row[4]],
        natures=unpack_natures(row[5]),
        changes=unpack_changes(row[8]),
        evidence=unpack_evidence(row[9]),
        remaining=row[6],
        wants_probe=unpack_flag(row[7]),
        admission=unpack_admission(row[30]),
    )


def judged_again(columns: Row) -> JudgedAgain | None:
    """The re-judgement in six columns: run, time, and what the visit had concluded by which versions."""
    run, at, verdict, reason, extractor, rules = columns
    if _absent(run, at, verdict, extractor, rules):
        return None
    return JudgedAgain(
        run=run,
        at=unpack_moment(at),
        verdict=Verdict(verdict),
        reason=None if reason is None else Reason(reason),
        extractor=unpack_text(extractor),
        rules=unpack_text(rules),
    )


def _since_last(row: Row, previous: ArchivedCapture | None) -> SinceLast | None:
    at = _time_of(row[20], previous)
    return (
        None
        if _absent(at, row[21], row[22]) or at is None
        else SinceLast(unpack_flag(row[21]), unpack_changes(row[22]), at)
    )


def _time_of(value: Any, capture: ArchivedCapture | None) -> datetime | None:
    """A time as `writing` has it: '' is the capture's own."""
    if value is None:
        return None
    return capture.captured_at if capture is not None and value == "" else unpack_moment(value)


def _exchange(row: Row, summary: RecordRef) -> ArchivedExchange:
    return ArchivedExchange(
        url=unpack_text(row[0]),
        status=row[1],
        response=_response(row[2:5], summary),
        payload_digest=unpack_digest(row[5]),
        block_digest=unpack_digest(row[6]),
        revisit_of=_record_or_none(row[7:11]),
    )


def _response(columns: Row, summary: RecordRef) -> RecordRef | None:
    record, offset, length = columns
    if _absent(None if record == 0 else record, offset, length):
        return summary if record == 0 else None
    return unpack_record(record, summary.file, offset, length)


def _absent(first: Any, *others: Any) -> bool:
    """Whether columns that go together are NULL, as the first one tells; ValueError where one of the others is not."""
    if first is None and any(other is not None for other in others):
        raise ValueError("columns that go together are partly empty")
    return first is None


def _record_or_none(columns: Row) -> RecordRef | None:
    return None if _absent(*columns) else unpack_record(*columns)


def _text_or_none(value: str | bytes | None) -> str | None:
    return None if value is None else unpack_text(value)
