"""Owns how values of the model become column values and come back equal. Pure; knows no tables.

JSON is written the same way every time (no spaces, defaults left out), so that equal values give equal text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from preserve.model import (
    Admission,
    AdmissionKind,
    Change,
    ChangeKind,
    CommitState,
    Evidence,
    Measures,
    Nature,
    PostVersion,
    RecordRef,
    Span,
)

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_URN: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}")

# What unpacking values that were never packed here may raise: rows that something else changed.
UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError)


def pack_time(moment: datetime) -> str:
    """ISO 8601 in UTC, always with six decimals, so that text sorts as time does.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: the ledger keeps aware times only")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def unpack_time(text: str) -> datetime:
    """The time that `pack_time` wrote.

    Raises:
        ValueError: it can't have written that, though it may mean a time: the file was changed by something else.
    """
    found = datetime.fromisoformat(text)
    if pack_time(found) != text:
        raise ValueError(f"{text!r} is no time as the ledger writes it")
    return found


def pack_moment(moment: datetime) -> int:
    """Microseconds since 1970, as checks and captures have them.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: the ledger keeps aware times only")
    return (moment - _EPOCH) // _MICROSECOND


def unpack_moment(value: Any) -> datetime:
    """The time that `pack_moment` wrote.

    Raises:
        ValueError: it can't have written that.
    """
    if not isinstance(value, int):
        raise ValueError(f"{value!r} is no time as the ledger writes it")
    try:
        return _EPOCH + timedelta(0, 0, value)
    except OverflowError as error:
        raise ValueError(f"{value} microseconds are beyond any calendar") from error


def unpack_flag(value: int) -> bool:
    """A yes or no.

    Raises:
        ValueError: neither 1 nor 0.
    """
    if value not in (0, 1):
        raise ValueError(f"{value!r} is neither yes (1) nor no (0)")
    return bool(value)


def pack_text(text: str) -> str | bytes:
    """The text; as bytes where it can't be UTF-8 (a file name that is not, decoded with surrogates)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unpack_text(value: str | bytes) -> str:
    """The text that `pack_text` wrote."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def pack_record_id(record_id: str) -> str | bytes:
    """The 16 bytes of a `urn:uuid:` id; any other id as it is."""
    return bytes.fromhex(record_id[9:].replace("-", "")) if _URN.fullmatch(record_id) else record_id


def unpack_record_id(value: str | bytes) -> str:
    """The id that `pack_record_id` wrote."""
    if isinstance(value, str):
        return value
    text = value.hex()
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def pack_digest(digest: str) -> str | bytes:
    """The 32 bytes of a `sha256:` digest; any other digest as it is."""
    return bytes.fromhex(digest[7:]) if _SHA256.fullmatch(digest) else digest


def unpack_digest(value: str | bytes) -> str:
    """The digest that `pack_digest` wrote."""
    return value if isinstance(value, str) else "sha256:" + value.hex()


def unpack_record(record_id: Any, file: Any, offset: int, length: int) -> RecordRef:
    """A record from its four columns, the file's name already looked up.

    Raises:
        ValueError: one of them is not there.
    """
    if file is None or offset is None or length is None:
        raise ValueError(f"a record without its place: file {file!r}, offset {offset!r}, length {length!r}")
    return RecordRef(unpack_record_id(record_id), unpack_text(file), offset, length)


def pack_version(version: PostVersion | None) -> tuple[str | None, bytes | None, int | None]:
    """State, commit id and time; three times None for None.

    Raises:
        ValueError: a commit id that is not hexadecimal.
    """
    if version is None:
        return None, None, None
    at = version.committed_at
    commit = bytes.fromhex(version.commit) if version.commit else None
    return version.state.value, commit, None if at is None else pack_moment(at)


def unpack_version(state: str | None, commit: bytes | None, at: int | None) -> PostVersion | None:
    """The version that `pack_version` wrote.

    Raises:
        ValueError: it can't have written that.
    """
    if state is None:
        if commit is not None or at is not None:
            raise ValueError("a commit without its state")
        return None
    if not isinstance(commit, bytes | None):
        raise ValueError(f"{commit!r} is no commit as the ledger writes it")
    committed_at = None if at is None else unpack_moment(at)
    return PostVersion(CommitState(state), "" if commit is None else commit.hex(), committed_at)


def pack_json(value: Any) -> str:
    """Compact JSON; text that is not UTF-8 is escaped.

    Raises:
        ValueError: a number that JSON has not (NaN, infinity).
    """
    text = _ENCODER.encode(value)
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            return json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text


def pack_natures(natures: Iterable[Nature]) -> str | None:
    """A JSON list; None when there are none."""
    names = [str(nature) for nature in natures]
    return pack_json(names) if names else None


def unpack_natures(text: str | None) -> tuple[Nature, ...]:
    """The natures that `pack_natures` wrote."""
    return tuple(Nature(name) for name in json.loads(text)) if text else ()


def unpack_texts(text: str) -> tuple[str, ...]:
    """The strings of a JSON list."""
    return tuple(json.loads(text))


def pack_changes(changes: Iterable[Change]) -> str | None:
    """A JSON list of objects; None when there are none."""
    found = [_change_object(change) for change in changes]
    return pack_json(found) if found else None


def unpack_changes(text: str | None) -> tuple[Change, ...]:
    """The changes that `pack_changes` wrote."""
    return tuple(_change(entry) for entry in json.loads(text)) if text else ()


def pack_evidence(evidence: Iterable[Evidence]) -> str | None:
    """A JSON list of objects; None when there is none."""
    parts = [part for one in evidence for part in (one.rule, one.held, one.saw)]
    return _evidence_text(*parts) if parts else None


@lru_cache(maxsize=1024)  # most checks of a collection have the evidence of others
def unpack_evidence(text: str | None) -> tuple[Evidence, ...]:
    """The evidence that `pack_evidence` wrote.

    Raises:
        ValueError, TypeError: it can't have written that.
    """
    found = tuple(Evidence(**entry) for entry in json.loads(text)) if text else ()
    for one in found:
        if not (isinstance(one.rule, str) and isinstance(one.held, bool) and isinstance(one.saw, str)):
            raise ValueError(f"{one!r} is no evidence as the ledger writes it")
    return found


@lru_cache(maxsize=256, typed=True)  # typed: True is equal to 1, and JSON writes them differently
def _evidence_text(*parts: str | bool) -> str:
    rules = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return pack_json([{"rule": rule, "held": held, "saw": saw} for rule, held, saw in rules])


def pack_admission(admission: Admission | None) -> str | None:
    """A JSON object; None for None."""
    return None if admission is None else pack_json({"kind": str(admission.kind), "text": admission.text})


def unpack_admission(text: str | None) -> Admission | None:
    """The admission that `pack_admission` wrote."""
    if not text:
        return None
    entry = json.loads(text)
    return Admission(AdmissionKind(entry["kind"]), entry["text"])


_MEASURES: Final = (
    "containment_old",
    "containment_new",
    "jaccard",
    "dice",
    "cosine",
    "edit_similarity",
)


def pack_measures(measures: Measures | None) -> str | None:
    """A JSON object; None for None."""
    return None if measures is None else pack_json({name: getattr(measures, name) for name in _MEASURES})


@lru_cache(maxsize=1024)
def unpack_measures(text: str | None) -> Measures | None:
    """The measures that `pack_measures` wrote."""
    return Measures(**json.loads(text)) if text else None


def _change_object(change: Change) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": str(change.kind), "old": change.old, "new": change.new}
    if change.old_context:
        entry["old_context"] = change.old_context
    if change.new_context:
        entry["new_context"] = change.new_context
    if change.old_span is not None:
        entry["old_span"] = [change.old_span.block, change.old_span.start, change.old_span.end]
    if change.new_span is not None:
        entry["new_span"] = [change.new_span.block, change.new_span.start, change.new_span.end]
    if change.natures:
        entry["natures"] = [str(nature) for nature in change.natures]
    if change.weight:
        entry["weight"] = change.weight
    return entry


def _change(entry: dict[str, Any]) -> Change:
    old_span, new_span = entry.get("old_span"), entry.get("new_span")
    return Change(
        kind=ChangeKind(entry["kind"]),
        old=entry["old"],
        new=entry["new"],
        old_context=entry.get("old_context", ""),
        new_context=entry.get("new_context", ""),
        old_span=Span(*old_span) if old_span else None,
        new_span=Span(*new_span) if new_span else None,
        natures=tuple(Nature(name) for name in entry.get("natures", ())),
        weight=entry.get("weight", 0.0),
    )
