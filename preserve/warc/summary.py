"""What closes a capture: the facts its records can't say, and how a capture is put together again from both.

The summary is a JSON object (docs/formats.md). It is the commit mark: records of a capture count only when it stands
on the last of them, in a header field of its own. Where the last exchange has no record, or the summary is too long
for a header, it is the block of a `metadata` record behind them. What a record says already (URL, time, address,
protocols) is not said again unless it is something else, and neither is what holds of most exchanges. Of an exchange
whose answer is a revisit it holds the request too, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preserve.http1 import parse_head
from preserve.model import (
    ArchivedCapture,
    ArchivedExchange,
    Capture,
    Exchange,
    ExchangeRole,
    Failure,
    FailureKind,
    RecordRef,
    Truncation,
)
from preserve.times import parse_warc_date, warc_date
from preserve.warc.originals import NOT_MODIFIED, Original, Repetition, joined
from preserve.warc.records import WARC_FIELDS, Record

FIELD = "WARC-Preserve-Capture"
LONGEST_FIELD = 2000  # readers that bound the header of a record allow some thousands of bytes
VERSION = 1
_BLOCK = b"preserve-capture: "
_USUAL: dict[str, Any] = {
    "role": ExchangeRole.SOURCE.value,
    "attempt": 1,
    "request": True,
    "response": True,
    "protocols": [],
}

Head = tuple[int | None, str, tuple[tuple[str, str], ...], int]
_NO_HEAD: Head = (None, "", (), 0)


@dataclass(frozen=True, slots=True)
class Pair:
    """The records of one exchange, None for what is not there."""

    request: Record | None
    response: Record | None

    @property
    def present(self) -> tuple[Record, ...]:
        """Those that are there, in the order they are written."""
        return tuple(record for record in (self.request, self.response) if record is not None)

    @property
    def evident(self) -> dict[str, Any]:
        """What the records say of the exchange themselves."""
        if not self.present:
            return {}
        last = self.present[-1]
        return {
            "url": self.present[0].field("WARC-Target-URI"),
            "started_at": last.field("WARC-Date"),
            "ip": last.field("WARC-IP-Address"),
            "protocols": [value for name, value in last.fields if name.lower() == "warc-protocol"],
            "cipher": last.field("WARC-Cipher-Suite"),
            "truncated": last.field("WARC-Truncated"),
        }


def is_summary(record: Record) -> bool:
    """Whether `record` closes a capture."""
    return record.field(FIELD) is not None or _is_separate(record)


def summary_text(capture: Capture, pairs: Sequence[Pair], repeated: Mapping[int, Repetition]) -> str:
    """The summary, in ASCII and on one line.

    Args:
        capture: what it closes.
        pairs: the records of each exchange.
        repeated: by position, what exchanges have brought again.
    """
    exchanges = [
        _said_of(exchange, pair, repeated.get(position))
        for position, (exchange, pair) in enumerate(zip(capture.exchanges, pairs, strict=True))
    ]
    said: dict[str, Any] = {"version": VERSION, "exchanges": exchanges}
    if capture.source != capture.url:
        said["source"] = capture.source
    if not capture.exchanges or capture.url != capture.exchanges[0].url:
        said["url"] = capture.url
    if capture.failure is not None:
        said["failure"] = _failure_json(capture.failure)
    return json.dumps(said, separators=(",", ":"))


def summary_block(text: str) -> bytes:
    """The block of a `metadata` record that holds a summary."""
    return _BLOCK + text.encode() + b"\r\n"


def capture_of(records: Sequence[Record], read: Callable[[RecordRef], Original]) -> Capture:
    """The capture whose records these are, its summary last.

    Args:
        records: in order.
        read: brings the original that a revisit refers to.

    Raises:
        ValueError: a record the summary speaks of is missing, or the summary can't be understood.
    """
    try:
        said, pairs = _apart(records)
        exchanges = tuple(
            _exchange(_USUAL | pair.evident | entry, pair, read)
            for entry, pair in zip(said["exchanges"], pairs, strict=True)
        )
        url = said["url"] if "url" in said else exchanges[0].url
        return Capture(said.get("source", url), url, exchanges, _failure(said.get("failure")))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"its summary can't be followed: {error!r}") from error


def archived_capture(found: Iterable[tuple[Record, RecordRef]]) -> ArchivedCapture:
    """Where the capture with these records lies, its summary last; no block but the summary's is looked at.

    Raises:
        ValueError: as for `capture_of`.
    """
    records, refs = zip(*found, strict=True)
    places: dict[str, RecordRef] = {record.record_id: ref for record, ref in zip(records, refs, strict=True)}
    summary: Record = records[-1]
    try:
        said, pairs = _apart(records)
        exchanges = tuple(
            _archived_exchange(pair.evident | entry, pair, places)
            for entry, pair in zip(said["exchanges"], pairs, strict=True)
        )
        url = said["url"] if "url" in said else exchanges[0].url
        return ArchivedCapture(
            source=said.get("source", url),
            url=url,
            captured_at=parse_warc_date(summary.field("WARC-Date") or ""),
            first=places[next((record.record_id for pair in pairs for record in pair.present), summary.record_id)],
            summary=places[summary.record_id],
            exchanges=exchanges,
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"its summary can't be followed: {error!r}") from error


def _is_separate(record: Record) -> bool:
    return record.kind == "metadata" and record.content_type == WARC_FIELDS and record.block.startswith(_BLOCK)


def _apart(records: Sequence[Record]) -> tuple[dict[str, Any], list[Pair]]:
    """The summary's object, and the last of the records before it (or with it) cut into exchanges."""
    closing = records[-1]
    separate = _is_separate(closing)
    text = closing.block.removeprefix(_BLOCK).decode() if separate else closing.field(FIELD) or ""
    try:
        said = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(said, dict) or said.get("version") != VERSION:
        raise ValueError(f"it is not of version {VERSION}; a newer preserve wrote it")
    left = list(records[:-1] if separate else records)
    pairs = []
    for entry in reversed(said["exchanges"]):
        response = left.pop() if entry.get("response", True) else None
        request = left.pop() if entry.get("request", True) is True else None
        _must_belong(request, response)
        pairs.append(Pair(request, response))
    return said, pairs[::-1]


def _must_belong(request: Record | None, response: Record | None) -> None:
    if request is not None and request.kind != "request":
        raise ValueError(f"record {request.record_id} is no request")
    if response is not None and response.kind not in {"response", "revisit", "metadata"}:
        raise ValueError(f"record {response.record_id} is no response")
    concurrent = None if request is None else request.field("WARC-Concurrent-To")
    if response is not None and concurrent not in {None, f"<{response.record_id}>"}:
        raise ValueError(f"record {response.record_id} does not answer the request before it")


def _said_of(exchange: Exchange, pair: Pair, repeated: Repetition | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "url": exchange.url,
        "role": exchange.role.value,
        "attempt": exchange.attempt,
        "started_at": warc_date(exchange.started_at),
        "seconds": exchange.seconds,
        "status": exchange.status,
        "request": pair.request is not None or exchange.request.decode("latin-1"),
        "response": pair.response is not None,
        "ip": exchange.ip,
        "protocols": list(exchange.protocols),
        "cipher": exchange.cipher,
        "truncated": exchange.truncated,
        "failure": _failure_json(exchange.failure),
    }
    head: Head = (exchange.status, exchange.reason, exchange.headers, exchange.head_end)
    if head != _parsed_head(exchange.response if repeated is None else exchange.response[: exchange.head_end]):
        said["head"] = head
    if repeated is not None:
        ref = repeated.original.ref
        said["original"] = [ref.file, ref.offset, ref.length]
    usual = _USUAL | pair.evident
    return {key: value for key, value in said.items() if value != usual.get(key)}


def _archived_exchange(entry: dict[str, Any], pair: Pair, places: Mapping[str, RecordRef]) -> ArchivedExchange:
    record = pair.response
    if record is None:
        return ArchivedExchange(entry["url"], entry.get("status"), None)
    return ArchivedExchange(
        url=entry["url"],
        status=entry.get("status"),
        response=places[record.record_id],
        payload_digest=record.field("WARC-Payload-Digest") or "",
        block_digest=record.field("WARC-Block-Digest") or "",
        revisit_of=_original_ref(entry, record),
    )


def _exchange(entry: dict[str, Any], pair: Pair, read: Callable[[RecordRef], Original]) -> Exchange:
    response, head = _response(entry, pair.response, read)
    status, reason, headers, head_end = head
    return Exchange(
        url=entry["url"],
        role=ExchangeRole(entry["role"]),
        attempt=entry["attempt"],
        started_at=parse_warc_date(entry["started_at"]),
        seconds=entry["seconds"],
        request=pair.request.block if pair.request is not None else entry["request"].encode("latin-1"),
        response=response,
        head_end=head_end,
        status=status,
        reason=reason,
        headers=headers,
        ip=entry.get("ip"),
        protocols=tuple(entry["protocols"]),
        cipher=entry.get("cipher"),
        truncated=Truncation(entry["truncated"]) if entry.get("truncated") else None,
        failure=_failure(entry.get("failure")),
    )


def _response(
    entry: dict[str, Any], record: Record | None, read: Callable[[RecordRef], Original]
) -> tuple[bytes, Head]:
    """The bytes of a response and what its head says; those of a revisit with what it refers to."""
    if record is None:
        return b"", _head_from(entry, b"")
    ref, head = _original_ref(entry, record), _head_from(entry, record.block)
    if ref is None:
        return record.block, head
    original = read(ref)
    if record.field("WARC-Profile") == NOT_MODIFIED:
        return original.response, _parsed_head(original.response)
    return joined(record.block, head[2], original.payload), head


def _original_ref(entry: dict[str, Any], record: Record) -> RecordRef | None:
    if "original" not in entry:
        return None
    file, offset, length = entry["original"]
    return RecordRef((record.field("WARC-Refers-To") or "").strip("<>"), file, offset, length)


def _head_from(entry: dict[str, Any], response: bytes) -> Head:
    if "head" not in entry:
        return _parsed_head(response)
    status, reason, headers, head_end = entry["head"]
    return status, reason, tuple((name, value) for name, value in headers), head_end


def _parsed_head(response: bytes) -> Head:
    try:
        head = parse_head(response)
    except ValueError:
        return _NO_HEAD
    return head.status, head.reason, tuple(head.headers), head.head_end


def _failure_json(failure: Failure | None) -> dict[str, str] | None:
    return None if failure is None else {"kind": failure.kind.value, "message": failure.message}


def _failure(said: Mapping[str, str] | None) -> Failure | None:
    return None if said is None else Failure(FailureKind(said["kind"]), said["message"])
