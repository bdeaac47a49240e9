"""What stands in the log: its entries as bytes, the same for equal values.

Owns which facts an entry holds. An entry is a JSON object in its one canonical form (RFC 8785). Pure; where
entries are kept is the ledger's, how they are hashed `preserve.merkle`'s.

Text that is not Unicode (a file name decoded with surrogates) is `{"hex": ...}`: canonical JSON is UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import IntEnum
from hashlib import sha256
from typing import Any

import rfc8785

from preserve.digests import digest
from preserve.model import ArchivedCapture, ArchivedExchange, Check, RecordRef, SinceLast
from preserve.times import warc_date

VERSION = 1


class EntryKind(IntEnum):
    """What an entry tells of; the numbers stand in the ledger."""

    RUN = 1  # a run began
    CHECK = 2  # a post was checked
    CAPTURE = 3  # something was captured beside the checks: robots.txt
    RUN_END = 4  # a run ended, with how many checks and which verdicts
    FILE = 5  # a WARC file is closed, and will not be written again
    CHECKPOINT = 6  # the log was signed as far as here
    STAMP = 7  # somebody else vouched for the time of a checkpoint


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How a run began, as its entry has it; attributes as in the ledger's `runs`."""

    run: int
    started_at: datetime
    arguments: tuple[str, ...]
    settings: str
    software: str


@dataclass(frozen=True, slots=True)
class RunEndFacts:
    """How a run ended.

    Attributes:
        run, ended_at, state: as in the ledger's `run_ends`.
        checks: how many posts it checked.
        manifest: digest over every post and its one verdict, as `Manifest` makes it.
        incidents: host, kind, failed and asked of each, in this order.
    """

    run: int
    ended_at: datetime
    state: str
    checks: int
    manifest: str
    incidents: tuple[tuple[str, str, int, int], ...]


class Manifest:
    """The digest that commits every post of a run to one verdict: of a line of canonical JSON each,
    `[post, verdict, reason]`, in the order of the checks.

    Attributes:
        checks: lines so far.
    """

    def __init__(self) -> None:
        self.checks = 0
        self._hasher = sha256()

    def add(self, post: str, verdict: str, reason: str | None) -> None:
        """Take the next check."""
        self._hasher.update(rfc8785.dumps([_text(post), verdict, reason]) + b"\n")
        self.checks += 1

    @property
    def digest(self) -> str:
        """Labelled digest of the lines so far."""
        return f"sha256:{self._hasher.hexdigest()}"


def run_entry(facts: RunFacts) -> bytes:
    """The entry of a run's beginning."""
    return _entry(
        "run",
        {
            "run": facts.run,
            "time": warc_date(facts.started_at),
            "arguments": [_text(argument) for argument in facts.arguments],
            "settings": _digest_of(_text(facts.settings)),
            "software": _text(facts.software),
        },
    )


def run_end_entry(facts: RunEndFacts) -> bytes:
    """The entry of a run's end."""
    return _entry(
        "run-end",
        {
            "run": facts.run,
            "time": warc_date(facts.ended_at),
            "state": facts.state,
            "checks": facts.checks,
            "manifest": facts.manifest,
            "incidents": [[_text(host), _text(kind), *counts] for host, kind, *counts in facts.incidents],
        },
    )


def check_entry(run: int, check: Check) -> bytes:
    """The entry of a check: all that was concluded and from what, long parts by their digests."""
    judgement = check.judgement
    return _entry(
        "check",
        {
            "run": run,
            "post": _text(check.post),
            "url": _optional(check.source),
            "time": warc_date(check.checked_at),
            "verdict": judgement.verdict.value,
            "reason": None if judgement.reason is None else judgement.reason.value,
            "natures": [nature.value for nature in judgement.natures],
            "remaining": judgement.remaining,
            "wants_probe": judgement.wants_probe,
            "admission": None if judgement.admission is None else _digest_of(asdict(judgement.admission)),
            "changes": _digest_of([asdict(change) for change in judgement.changes]),
            "evidence": _digest_of([asdict(one) for one in judgement.evidence]),
            "measures": None if check.measures is None else _digest_of(asdict(check.measures)),
            "since_last": _since(check.since_last),
            "final_url": _optional(check.final_url),
            "status": check.http_status,
            "captured": None if check.captured_at is None else warc_date(check.captured_at),
            "capture": None if check.capture is None else _capture(check.capture),
            "probe": None if check.probe is None else _capture(check.probe),
            "previous": None if check.previous is None else check.previous.summary.record_id,
            "template": _digest_of(list(check.template)),
            "stored_copy": _stored_copy(check),
            "text": check.text_digest,
            "extractor": _text(check.extractor),
            "rules": _text(check.rules),
            "error": _text(check.error),
        },
    )


def capture_entry(capture: ArchivedCapture) -> bytes:
    """The entry of a capture that no check is drawn from."""
    return _entry("capture", _capture(capture))


def file_entry(file: str, size: int, labelled: str) -> bytes:
    """The entry of a closed WARC file: name, size in bytes, labelled digest of all its bytes."""
    return _entry("file", {"file": _text(file), "size": size, "digest": labelled})


def checkpoint_entry(size: int, root: bytes, labelled: str) -> bytes:
    """The entry of a checkpoint: how many entries it signs, their root, labelled digest of the signed note."""
    return _entry("checkpoint", {"size": size, "root": root.hex(), "note": labelled})


def stamp_entry(size: int, file: str, labelled: str) -> bytes:
    """The entry of a time stamp: of the checkpoint of which size, its file, labelled digest of all its bytes."""
    return _entry("stamp", {"checkpoint": size, "file": file, "digest": labelled})


def canonical(value: Any) -> bytes:
    """JSON values as entries spell them (RFC 8785).

    Raises:
        ValueError: a value that canonical JSON can't hold: text that is not Unicode, a number that is not finite.
    """
    return rfc8785.dumps(value)


def _entry(kind: str, facts: Mapping[str, Any]) -> bytes:
    return rfc8785.dumps({"version": VERSION, "kind": kind, **facts})


def _capture(capture: ArchivedCapture) -> dict[str, Any]:
    """A capture by what it says and its records' ids; where the records lie is no part of it."""
    return {
        "source": _text(capture.source),
        "url": _text(capture.url),
        "time": warc_date(capture.captured_at),
        "record": capture.summary.record_id,
        "exchanges": [_exchange(exchange) for exchange in capture.exchanges],
    }


def _stored_copy(check: Check) -> dict[str, Any]:
    """The post's bytes; `version` only where git said something, so that entries without one stay as they were."""
    said: dict[str, Any] = {"digest": check.post_digest, "record": _id(check.stored_record)}
    version = check.post_version
    if version is not None:
        at = None if version.committed_at is None else warc_date(version.committed_at)
        said["version"] = {"state": version.state.value, "commit": version.commit, "time": at}
    return said


def _exchange(exchange: ArchivedExchange) -> dict[str, Any]:
    return {
        "url": _text(exchange.url),
        "status": exchange.status,
        "record": _id(exchange.response),
        "block": exchange.block_digest,
        "payload": exchange.payload_digest,
        "original": _id(exchange.revisit_of),
    }


def _since(since: SinceLast | None) -> dict[str, Any] | None:
    if since is None:
        return None
    changes = _digest_of([asdict(change) for change in since.changes])
    return {"changed": since.changed, "changes": changes, "time": warc_date(since.previous_at)}


def _id(ref: RecordRef | None) -> str | None:
    return None if ref is None else ref.record_id


def _optional(text: str | None) -> str | dict[str, str] | None:
    return None if text is None else _text(text)


def _text(text: str) -> str | dict[str, str]:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return {"hex": text.encode("utf-8", "surrogatepass").hex()}
    return text


def _digest_of(value: Any) -> str:
    return digest(rfc8785.dumps(_plain(value)))


def _plain(value: Any) -> Any:
    """`value` with every text in it made fit for canonical JSON, and every sequence a list."""
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [_plain(item) for item in value]
    return value
