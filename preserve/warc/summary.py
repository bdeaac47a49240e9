"""The record that closes a capture: what it says, and how a capture is put together again from it.

The summary is a `metadata` record of type `application/warc-fields` with one field, `preserve-capture`,
whose value is a JSON object (docs/formats.md). It is the commit mark: records of a capture count only when
it stands behind them. It holds what the other records can't say (the raw source string, roles, attempts,
failures) and nothing they do but the status: reason and header fields are read from the response again, and
are only spelled out where that would give something else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
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

FIELD = "preserve-capture"
VERSION = 1

Head = tuple[int | None, str, tuple[tuple[str, str], ...], int]
_NO_HEAD: Head = (None, "", (), 0)


def is_summary(record: Record) -> bool:
    """Whether `record` closes a capture."""
    return (
        record.kind == "metadata"
        and record.content_type == WARC_FIELDS
        and record.block.startswith(FIELD.encode() + b": ")
    )


def summary_block(
    capture: Capture, ids: Sequence[tuple[str | None, str | None]], repeated: Mapping[int, Repetition]
) -> bytes:
    """The summary's block.

    Args:
        capture: what it closes.
        ids: of each exchange, the record ids of its request and its response; None for what isn't there.
        repeated: by position, what exchanges have brought again.
    """
    said = {
        "version": VERSION,
        "source": capture.source,
        "url": capture.url,
        "exchanges": [
            _exchange_json(exchange, pair, repeated.get(position))
            for position, (exchange, pair) in enumerate(zip(capture.exchanges, ids, strict=True))
        ],
        "failure": _failure_json(capture.failure),
    }
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    try:
        return f"{FIELD}: {text}\r\n".encode()
    except UnicodeEncodeError:  # a lone surrogate, which only the escaped form can hold
        return f"{FIELD}: {json.dumps(said, separators=(',', ':'))}\r\n".encode()


def capture_of(records: Sequence[Record], read: Callable[[RecordRef], Original]) -> Capture:
    """The capture whose records these are, its summary last.

    Args:
        records: in order.
        read: brings the original that a revisit refers to.

    Raises:
        ValueError: a record the summary names is missing, or the summary can't be understood.
    """
    said = _said(records[-1])
    by_id = {record.record_id: record for record in records}
    try:
        return Capture(
            source=said["source"],
            url=said["url"],
            exchanges=tuple(_exchange(entry, by_id, read) for entry in said["exchanges"]),
            failure=_failure(said["failure"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"its summary can't be followed: {error!r}") from error


def archived_capture(found: Iterable[tuple[Record, RecordRef]]) -> ArchivedCapture:
    """Where the capture with these records lies, its summary last; no block but the summary's is looked at.

    Raises:
        ValueError: as for `capture_of`.
    """
    pairs = list(found)
    summary, summary_ref = pairs[-1]
    said = _said(summary)
    refs = {record.record_id: (record, ref) for record, ref in pairs}
    try:
        return ArchivedCapture(
            source=said["source"],
            url=said["url"],
            captured_at=parse_warc_date(summary.field("WARC-Date") or ""),
            first=next((refs[record_id][1] for record_id in _ids(said)), summary_ref),
            summary=summary_ref,
            exchanges=tuple(_archived_exchange(entry, refs) for entry in said["exchanges"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"its summary can't be followed: {error!r}") from error


def _said(summary: Record) -> Mapping[str, Any]:
    """The summary's JSON object."""
    try:
        said = json.loads(summary.block.decode("utf-8").partition(": ")[2])
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its summary can't be read: {error}") from error
    if not isinstance(said, dict) or said.get("version") != VERSION:
        raise ValueError(f"its summary is not of version {VERSION}; a newer preserve wrote it")
    return said


def _ids(said: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the capture's records in the order they were written."""
    return (entry[name] for entry in said["exchanges"] for name in ("request", "response") if name in entry)


def _archived_exchange(entry: Mapping[str, Any], refs: Mapping[str, tuple[Record, RecordRef]]) -> ArchivedExchange:
    if "response" not in entry:
        return ArchivedExchange(entry["url"], entry.get("status"), None)
    record, ref = refs[entry["response"]]
    return ArchivedExchange(
        url=entry["url"],
        status=entry.get("status"),
        response=ref,
        payload_digest=record.field("WARC-Payload-Digest") or "",
        block_digest=record.field("WARC-Block-Digest") or "",
        revisit_of=_original_ref(entry),
    )


def _exchange_json(
    exchange: Exchange, ids: tuple[str | None, str | None], repeated: Repetition | None
) -> dict[str, Any]:
    said: dict[str, Any] = {
        "url": exchange.url,
        "role": exchange.role.value,
        "attempt": exchange.attempt,
        "started_at": warc_date(exchange.started_at),
        "seconds": exchange.seconds,
        "status": exchange.status,
        "request": ids[0],
        "response": ids[1],
        "revisit_of": None if repeated is None else asdict(repeated.original.ref),
        "ip": exchange.ip,
        "protocols": list(exchange.protocols),
        "cipher": exchange.cipher,
        "truncated": exchange.truncated,
        "failure": _failure_json(exchange.failure),
    }
    head: Head = (exchange.status, exchange.reason, exchange.headers, exchange.head_end)
    if head != _parsed_head(exchange.response if repeated is None else exchange.response[: exchange.head_end]):
        said["head"] = head
    return {key: value for key, value in said.items() if value is not None and value != []}


def _exchange(
    entry: Mapping[str, Any], records: Mapping[str, Record], read: Callable[[RecordRef], Original]
) -> Exchange:
    response, head = _response(entry, records, read)
    status, reason, headers, head_end = head
    return Exchange(
        url=entry["url"],
        role=ExchangeRole(entry["role"]),
        attempt=entry["attempt"],
        started_at=parse_warc_date(entry["started_at"]),
        seconds=entry["seconds"],
        request=records[entry["request"]].block if "request" in entry else b"",
        response=response,
        head_end=head_end,
        status=status,
        reason=reason,
        headers=headers,
        ip=entry.get("ip"),
        protocols=tuple(entry.get("protocols", ())),
        cipher=entry.get("cipher"),
        truncated=Truncation(entry["truncated"]) if "truncated" in entry else None,
        failure=_failure(entry.get("failure")),
    )


def _response(
    entry: Mapping[str, Any], records: Mapping[str, Record], read: Callable[[RecordRef], Original]
) -> tuple[bytes, Head]:
    """The bytes of a response and what its head says; those of a revisit with what it refers to."""
    if "response" not in entry:
        return b"", _head_from(entry, b"")
    record, ref = records[entry["response"]], _original_ref(entry)
    head = _head_from(entry, record.block)
    if ref is None:
        return record.block, head
    original = read(ref)
    if record.field("WARC-Profile") == NOT_MODIFIED:
        return original.response, _parsed_head(original.response)
    return joined(record.block, head[2], original.payload), head


def _original_ref(entry: Mapping[str, Any]) -> RecordRef | None:
    return RecordRef(**entry["revisit_of"]) if "revisit_of" in entry else None


def _head_from(entry: Mapping[str, Any], response: bytes) -> Head:
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
