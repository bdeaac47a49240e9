"""What stands in the log: its entries as bytes, the same for equal values.

Owns which facts an entry holds. An entry is a JSON object in its one canonical form (RFC 8785). Pure; where
entries are kept is the ledger's, how they are hashed `preserve.merkle`'s.

Text that is not Unicode (a file name decoded with surrogates) is `{"hex": ...}`: canonical JSON is UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import rfc8785

from preserve.digests import digest
from preserve.model import (
    Admission,
    ArchivedCapture,
    ArchivedExchange,
    Change,
    Check,
    Evidence,
    Measures,
    RecordRef,
    Rejudgement,
    SinceLast,
    Span,
)
from preserve.times import warc_date

VERSION = 1

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
# Floats of a size at which Python and RFC 8785 (section 3.2.2.3) write the same, where they are no integers.
_LEAST_ALIKE: Final = 1e-4
_MOST_ALIKE: Final = 1e15
# Most checks have no changes and no template.
_NOTHING: Final = digest(b"[]")


class EntryKind(IntEnum):
    """What an entry tells of; the numbers stand in the ledger."""

    RUN = 1  # a run began
    CHECK = 2  # a post was checked
    CAPTURE = 3  # something was captured beside the checks: robots.txt
    RUN_END = 4  # a run ended, with how many checks and which verdicts
    FILE = 5  # a WARC file is closed, and will not be written again
    CHECKPOINT = 6  # the log was signed as far as here
    STAMP = 7  # somebody else vouched for the time of a checkpoint
    REJUDGEMENT = 8  # a check was judged again from its records


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How a run began, as its entry has it; attributes as in the ledger's `runs`."""

    run: int
    started_at: datetime
    arguments: tuple[str, ...]
    settings: str
    software: str
    kind: str = ""  # "" for a run that visits


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
        self._hasher.update(_spelled([post, verdict, reason]) + b"\n")
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
            "arguments": facts.arguments,
            "settings": digest(_spelled(facts.settings)),
            "software": facts.software,
            # Only of the other kind, so that entries made before there were kinds stay as they were.
            **({"purpose": facts.kind} if facts.kind else {}),
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
            "incidents": facts.incidents,
        },
    )


def check_entry(run: int, check: Check) -> bytes:
    """The entry of a check: all that was concluded and from what, long parts by their digests."""
    concluded, numbers = _concluded(check)
    return _entry(
        "check",
        {
            "run": run,
            "post": check.post,
            "url": check.source,
            "time": warc_date(check.checked_at),
            **concluded,
            "final_url": check.final_url,
            "status": check.http_status,
            "captured": None if check.captured_at is None else warc_date(check.captured_at),
            "capture": None if check.capture is None else _capture(check.capture),
            "probe": None if check.probe is None else _capture(check.probe),
            "previous": None if check.previous is None else check.previous.summary.record_id,
            "template": digest(_spelled(check.template)) if check.template else _NOTHING,
            "stored_copy": _stored_copy(check),
            "error": check.error,
        },
        numbers,
    )


def rejudgement_entry(run: int, again: Rejudgement) -> bytes:
    """The entry of a re-judgement: the check by its run and post, the record it rests on, and what was concluded."""
    concluded, numbers = _concluded(again.check)
    capture = again.check.capture
    return _entry(
        "rejudgement",
        {
            "run": run,
            "of_run": again.run,
            "post": again.check.post,
            "record": None if capture is None else capture.summary.record_id,
            "time": warc_date(again.at),
            **concluded,
        },
        numbers,
    )


def _concluded(check: Check) -> tuple[dict[str, Any], tuple[float, ...]]:
    """What was concluded and by what, with the numbers in it; an entry's keys are sorted, wherever they stand here."""
    judgement = check.judgement
    remaining = None if judgement.remaining is None else _number(judgement.remaining)
    said = {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "natures": judgement.natures,
        "remaining": remaining,
        "wants_probe": judgement.wants_probe,
        "admission": None if judgement.admission is None else _admission(judgement.admission),
        "changes": _changes(judgement.changes),
        "evidence": _evidence(judgement.evidence),
        "measures": None if check.measures is None else _measures(check.measures),
        "since_last": _since(check.since_last),
        "text": check.text_digest,
        "extractor": check.extractor,
        "rules": check.rules,
    }
    if check.verdict_before is not None:  # left out otherwise, so that older entries stay as they were
        said["before"] = check.verdict_before
    return said, () if remaining is None else (remaining,)


def capture_entry(capture: ArchivedCapture) -> bytes:
    """The entry of a capture that no check is drawn from."""
    return _entry("capture", _capture(capture))


def file_entry(file: str, size: int, labelled: str) -> bytes:
    """The entry of a closed WARC file: name, size in bytes, labelled digest of all its bytes."""
    return _entry("file", {"file": file, "size": size, "digest": labelled})


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


def _spelled(value: Any, numbers: Iterable[float] = ()) -> bytes:
    """What `canonical` makes of facts of ours; text that is not Unicode is put as `{"hex": ...}`.

    Args:
        value: with keys in ASCII and integers that a double holds.
        numbers: every number in it that may be a float.

    Raises:
        ValueError: a number that is not finite.
    """
    try:
        # Python's own encoder is ten times as fast as rfc8785, and for such values writes the same bytes.
        if all(type(one) is int or _LEAST_ALIKE <= abs(one) < _MOST_ALIKE for one in numbers):
            return _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        pass
    return rfc8785.dumps(_plain(value))


def _entry(kind: str, facts: Mapping[str, Any], numbers: Iterable[float] = ()) -> bytes:
    return _spelled({"version": VERSION, "kind": kind, **facts}, numbers)


def _capture(capture: ArchivedCapture) -> dict[str, Any]:
    """A capture by what it says and its records' ids; where the records lie is no part of it."""
    return {
        "source": capture.source,
        "url": capture.url,
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
        "url": exchange.url,
        "status": exchange.status,
        "record": _id(exchange.response),
        "block": exchange.block_digest,
        "payload": exchange.payload_digest,
        "original": _id(exchange.revisit_of),
    }


def _since(since: SinceLast | None) -> dict[str, Any] | None:
    if since is None:
        return None
    return {"changed": since.changed, "changes": _changes(since.changes), "time": warc_date(since.previous_at)}


def _changes(changes: Collection[Change]) -> str:
    """Digest of every attribute of every change."""
    if not changes:
        return _NOTHING
    weights: list[float] = []
    said = []
    for change in changes:
        weights.append(_number(change.weight))
        said.append(
            {
                "kind": change.kind,
                "old": change.old,
                "new": change.new,
                "old_context": change.old_context,
                "new_context": change.new_context,
                "old_span": _span(change.old_span),
                "new_span": _span(change.new_span),
                "natures": change.natures,
                "weight": weights[-1],
            }
        )
    return digest(_spelled(said, weights))


def _span(span: Span | None) -> dict[str, int] | None:
    return None if span is None else {"block": span.block, "start": span.start, "end": span.end}


def _evidence(evidence: Iterable[Evidence]) -> str:
    return _evidence_digest(*[part for one in evidence for part in (one.rule, one.held, one.saw)])


# Most checks of a collection have the evidence of others. Typed: True is equal to 1, and JSON writes them differently.
@lru_cache(maxsize=256, typed=True)
def _evidence_digest(*parts: str | bool) -> str:
    rules = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return digest(_spelled([{"rule": rule, "held": held, "saw": saw} for rule, held, saw in rules]))


def _admission(admission: Admission) -> str:
    return digest(_spelled({"kind": admission.kind, "text": admission.text}))


def _measures(measures: Measures) -> str:
    said = {
        "containment_old": _number(measures.containment_old),
        "containment_new": _number(measures.containment_new),
        "jaccard": _number(measures.jaccard),
        "dice": _number(measures.dice),
        "cosine": _number(measures.cosine),
        "edit_similarity": _number(measures.edit_similarity),
    }
    return digest(_spelled(said, said.values()))


def _number(number: float) -> float:
    """An integer for a float that is one: RFC 8785 writes 1.0 as 1."""
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < _MOST_ALIKE else number


def _id(ref: RecordRef | None) -> str | None:
    return None if ref is None else ref.record_id


def _plain(value: Any) -> Any:
    """`value` with every text in it made fit for canonical JSON, and every sequence a list."""
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [_plain(item) for item in value]
    return value


def _text(text: str) -> str | dict[str, str]:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return {"hex": text.encode("utf-8", "surrogatepass").hex()}
    return text
