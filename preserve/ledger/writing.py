"""Owns how one check becomes rows. Knows no queries of the application and opens no transaction itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from preserve.ledger.codec import (
    pack_admission,
    pack_changes,
    pack_digest,
    pack_evidence,
    pack_json,
    pack_measures,
    pack_moment,
    pack_natures,
    pack_record_id,
    pack_text,
    pack_version,
)
from preserve.ledger.database import Database
from preserve.ledger.judgements import JUDGED
from preserve.ledger.numbers import Numbers
from preserve.model import ArchivedCapture, ArchivedExchange, Check, RecordRef, Rejudgement

_CAPTURE: Final = f"INSERT INTO captures VALUES (NULL{', ?' * 10})"  # noqa: S608 - placeholders only
_EXCHANGE: Final = f"INSERT INTO exchanges VALUES (?{', ?' * 12})"  # noqa: S608 - placeholders only
_CHECK: Final = f"INSERT INTO checks VALUES (NULL{', ?' * 29})"  # noqa: S608 - placeholders only
_REJUDGEMENT: Final = (
    f"INSERT INTO rejudgements (run_id, check_id, judged_at, {', '.join(JUDGED)})"  # noqa: S608
    f" VALUES (?, ?, ?{', ?' * len(JUDGED)})"
)
_BLOCK: Final = (
    "INSERT OR IGNORE INTO template_blocks SELECT ?1, ?2, ?3 WHERE"
    " (SELECT count(*) FROM template_blocks WHERE host_id = ?1 AND digest = ?2) < ?4"
)
_NO_RECORD: Final = (None, None, None, None)
_NO_PLACE: Final = (None, None, None)
_CLOSING: Final = (0, None, None)
# A block that so many sources of a host have shown is template; counting on would only cost room.
ENOUGH_SOURCES: Final = 100


class Writer:
    """Turns checks into rows, inside the caller's transaction.

    Args:
        database: open for writing.

    Attributes:
        numbers: of what is kept once.
    """

    def __init__(self, database: Database) -> None:
        self._database, self.numbers = database, Numbers(database)

    def check(self, run: int, check: Check) -> int:
        """Add one check, and of what it refers to whatever the ledger has not got yet; its number."""
        judgement, since = check.judgement, check.since_last
        post = self.numbers.of("post", pack_text(check.post))
        capture = None if check.capture is None else self.capture(check.capture)
        return self._database.insert(
            _CHECK,
            (
                run,
                post,
                self._url(check.source),
                pack_moment(check.checked_at),
                str(judgement.verdict),
                None if judgement.reason is None else str(judgement.reason),
                pack_natures(judgement.natures),
                judgement.remaining,
                int(judgement.wants_probe),
                self._detail(pack_changes(judgement.changes)),
                self._detail(pack_evidence(judgement.evidence)),
                self._detail(pack_measures(check.measures)),
                self._url(check.final_url),
                check.http_status,
                _captured_at(check),
                capture,
                self._stored_copy(post, check),
                _previous_at(check),
                None if since is None else int(since.changed),
                None if since is None else self._detail(pack_changes(since.changes)),
                None if check.previous is None else self.capture(check.previous),
                None if check.probe is None else self.capture(check.probe),
                self._detail(pack_json(check.template) if check.template else None),
                self.numbers.of("digest", pack_digest(check.text_digest)) if check.text_digest else None,
                self.numbers.of("version", pack_text(check.extractor)),
                self.numbers.of("version", pack_text(check.rules)),
                pack_text(check.error) if check.error else None,
                self._detail(pack_admission(judgement.admission)),
                check.verdict_before,
            ),
        )

    def rejudgement(self, run: int, again: Rejudgement) -> int:
        """Add what a check comes to when it is judged again; its number."""
        check, judgement, since = again.check, again.check.judgement, again.check.since_last
        values = {
            "verdict": str(judgement.verdict),
            "reason": None if judgement.reason is None else str(judgement.reason),
            "natures": pack_natures(judgement.natures),
            "remaining": judgement.remaining,
            "wants_probe": int(judgement.wants_probe),
            "changes_id": self._detail(pack_changes(judgement.changes)),
            "evidence_id": self._detail(pack_evidence(judgement.evidence)),
            "measures_id": self._detail(pack_measures(check.measures)),
            "changed_since": None if since is None else int(since.changed),
            "changes_since_id": None if since is None else self._detail(pack_changes(since.changes)),
            "text_digest_id": self.numbers.of("digest", pack_digest(check.text_digest)) if check.text_digest else None,
            "extractor_id": self.numbers.of("version", pack_text(check.extractor)),
            "rules_id": self.numbers.of("version", pack_text(check.rules)),
            "admission_id": self._detail(pack_admission(judgement.admission)),
            "verdict_before": check.verdict_before,
        }
        return self._database.insert(
            _REJUDGEMENT, (run, again.number, pack_moment(again.at), *(values[name] for name in JUDGED))
        )

    def capture(self, capture: ArchivedCapture) -> int:
        """The number of a capture, added where it is new; the id of its summary record tells."""
        summary = pack_record_id(capture.summary.record_id)
        known = self._database.one("SELECT id FROM captures WHERE summary_record = ?", (summary,))
        if known:
            return int(known[0])
        if capture.first.file != capture.summary.file:
            raise ValueError(f"the records of {capture.url} lie in two files: a capture lies in one")
        number = self._database.insert(
            _CAPTURE,
            (
                self.numbers.url(capture.source),
                self.numbers.url(capture.url),
                pack_moment(capture.captured_at),
                self.numbers.of("file", pack_text(capture.summary.file)),
                *(_NO_PLACE if capture.first == capture.summary else _place(capture.first)),
                *_place(capture.summary),
            ),
        )
        for position, exchange in enumerate(capture.exchanges):
            # The record that closes a capture is as a rule its last response: named once.
            closes = exchange.response == capture.summary
            response = _CLOSING if closes else _NO_PLACE if exchange.response is None else _place(exchange.response)
            self._exchange((number, position), exchange, response)
        return number

    def blocks(self, host: str, source: str, digests: Iterable[str]) -> None:
        """Note the blocks that a source's page showed; those noted already are passed over."""
        host_id, source_id = self.numbers.of("host", pack_text(host)), self.numbers.url(source)
        rows = [(host_id, pack_digest(digest), source_id, ENOUGH_SOURCES) for digest in digests]
        self._database.insert_many(_BLOCK, rows)

    def _url(self, url: str | None) -> int | None:
        return None if url is None else self.numbers.url(url)

    def _detail(self, content: str | None) -> int | None:
        return None if content is None else self.numbers.detail(content)

    def _record(self, ref: RecordRef) -> tuple[Any, ...]:
        file = self.numbers.of("file", pack_text(ref.file))
        return pack_record_id(ref.record_id), file, ref.offset, ref.length

    def _record_or_none(self, ref: RecordRef | None) -> tuple[Any, ...]:
        return _NO_RECORD if ref is None else self._record(ref)

    def _exchange(self, key: tuple[int, int], exchange: ArchivedExchange, response: tuple[Any, ...]) -> None:
        self._database.insert(
            _EXCHANGE,
            (
                *key,
                self.numbers.url(exchange.url),
                exchange.status,
                *response,
                self.numbers.of("digest", pack_digest(exchange.payload_digest)),
                pack_digest(exchange.block_digest),
                *self._record_or_none(exchange.revisit_of),
            ),
        )

    def _stored_copy(self, post: int, check: Check) -> int | None:
        if not check.post_digest and check.stored_record is None:
            return None
        copied = post, pack_digest(check.post_digest), *self._record_or_none(check.stored_record)
        values = *copied, *pack_version(check.post_version)
        known = self._database.one(
            "SELECT id FROM stored_copies WHERE post_id = ? AND digest = ? AND record IS ? AND file_id IS ?"
            " AND offset IS ? AND length IS ? AND commit_state IS ? AND commit_id IS ? AND committed_at IS ?",
            values,
        )
        if known:
            return int(known[0])
        return self._database.insert("INSERT INTO stored_copies VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _place(ref: RecordRef) -> tuple[Any, ...]:
    """A record where its file is known."""
    return pack_record_id(ref.record_id), ref.offset, ref.length


def _captured_at(check: Check) -> int | str | None:
    """As `checks.captured_at` has it: '' says that the capture's own time holds."""
    return _own_or(check.captured_at, check.capture)


def _previous_at(check: Check) -> int | str | None:
    """As `checks.previous_at` has it: '' says that the time of the earlier capture holds."""
    return _own_or(None if check.since_last is None else check.since_last.previous_at, check.previous)


def _own_or(moment: datetime | None, capture: ArchivedCapture | None) -> int | str | None:
    if moment is None:
        return None
    return "" if capture is not None and capture.captured_at == moment else pack_moment(moment)
