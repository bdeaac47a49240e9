"""A proof as a file: canonical JSON of a documented form (docs/proof.schema.json), read strictly. Pure.

Reading takes any layout of the same JSON and refuses what the form does not have: an unknown or missing field, a
name given twice, a number that is not whole, base64 that is not canonical. So no byte of a file can be changed
without changing what is read, or making it unreadable. A form with other fields has another `version`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeVar

from preserve.digests import digest, parse_digest
from preserve.errors import ProofError
from preserve.leaves import canonical
from preserve.model import RecordRef
from preserve.proofs.values import FirstLeaf, Part, Proof, ProvedEntry, ProvedRecord, Since, Timestamp

FORMAT: Final = "preserve-proof"
VERSION: Final = 1
MOST_BYTES: Final = 16 * 1024 * 1024
_HASH_BYTES: Final = 32
_MOST: Final = 2**53 - 1  # RFC 8785: beyond it JSON numbers are not exact

Value = TypeVar("Value")
Read = Callable[[Any, str], Value]


def format_proof(proof: Proof) -> bytes:
    """The proof as the bytes of a file."""
    said = {
        "format": FORMAT,
        "version": VERSION,
        "checkpoint": proof.checkpoint,
        "key": proof.key,
        "first": {"hash": _base64(proof.first.hash), "path": _path_json(proof.first.path)},
        "entries": [
            {"text": entry.text, "position": entry.position, "path": _path_json(entry.path)} for entry in proof.entries
        ],
        "records": [_record_json(record) for record in proof.records],
        "since": None if proof.since is None else _since_json(proof.since),
        "timestamps": [{"file": stamp.file, "data": _base64(stamp.data)} for stamp in proof.timestamps],
    }
    return canonical({**said, "sum": digest(canonical(said))}) + b"\n"


def parse_proof(data: bytes) -> Proof:
    """The proof in the bytes of a file; nothing of it is verified.

    Raises:
        ProofError: it is none; the message says where and why.
    """
    try:
        said = json.loads(
            data.decode("utf-8"), object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise ProofError(f"it is no JSON: {error}") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ProofError("it is no proof: `preserve prove` writes them")
    version = said.get("version")
    if type(version) is not int or version != VERSION:
        raise ProofError(f"its version is {version!r}, and this preserve reads {VERSION}; update preserve")
    fields = _Fields(said, "")
    fields.allow("format", "version", "checkpoint", "key", "first", "entries", "records", "since", "timestamps", "sum")
    proof = Proof(
        checkpoint=fields.get("checkpoint", _text),
        key=fields.get("key", _text),
        first=fields.get("first", _first),
        entries=fields.get("entries", _all(_entry)),
        records=fields.get("records", _all(_record)),
        since=fields.get("since", _since),
        timestamps=fields.get("timestamps", _all(_timestamp)),
    )
    if not proof.entries and proof.since is None:
        raise ProofError("it has neither an entry nor an earlier checkpoint, and so proves nothing")
    fields.get("sum", _digest)
    rest = {name: value for name, value in said.items() if name != "sum"}
    if digest(canonical(rest)) != said["sum"]:
        raise ProofError("it is not as it was written: its sum is another; get it again from whoever made it")
    return proof


class _Fields:
    """The fields of one JSON object, with the place of it for messages."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            _refuse(where, "is no object")
        self._value: Mapping[str, Any] = value
        self._where = where

    def allow(self, *names: str) -> None:
        """Exactly these fields are there."""
        for name in self._value:
            if name not in names:
                _refuse(self._place(name), "is no field of this form")
        for name in names:
            if name not in self._value:
                _refuse(self._place(name), "is missing")

    def get(self, name: str, read: Read[Value]) -> Value:
        """The field, read as what it should be."""
        return read(self._value[name], self._place(name))

    def _place(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name


def _first(value: Any, where: str) -> FirstLeaf:
    fields = _Fields(value, where)
    fields.allow("hash", "path")
    return FirstLeaf(fields.get("hash", _hash), fields.get("path", _all(_hash)))


def _entry(value: Any, where: str) -> ProvedEntry:
    fields = _Fields(value, where)
    fields.allow("text", "position", "path")
    return ProvedEntry(fields.get("text", _text), fields.get("position", _count), fields.get("path", _all(_hash)))


def _record(value: Any, where: str) -> ProvedRecord:
    fields = _Fields(value, where)
    fields.allow("id", "part", "type", "file", "offset", "length", "block", "payload")
    ref = RecordRef(
        fields.get("id", _text),
        fields.get("file", _text),
        fields.get("offset", _count),
        fields.get("length", _count),
    )
    return ProvedRecord(
        ref,
        fields.get("part", _part),
        fields.get("type", _text),
        fields.get("block", _digest),
        fields.get("payload", _digest_or_none),
    )


def _since(value: Any, where: str) -> Since | None:
    if value is None:
        return None
    fields = _Fields(value, where)
    fields.allow("checkpoint", "key", "path")
    return Since(fields.get("checkpoint", _text), fields.get("key", _text), fields.get("path", _all(_hash)))


def _timestamp(value: Any, where: str) -> Timestamp:
    fields = _Fields(value, where)
    fields.allow("file", "data")
    return Timestamp(fields.get("file", _text), fields.get("data", _bytes))


def _all(read: Read[Value]) -> Read[tuple[Value, ...]]:
    def read_all(value: Any, where: str) -> tuple[Value, ...]:
        if not isinstance(value, list):
            _refuse(where, "is no list")
        return tuple(read(item, f"{where}[{number}]") for number, item in enumerate(value))

    return read_all


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        _refuse(where, "is no text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        _refuse(where, "is not Unicode")
    return value


def _count(value: Any, where: str) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        _refuse(where, "is no whole number from 0 to 2^53 - 1")
    return value


def _part(value: Any, where: str) -> Part:
    try:
        return Part(_text(value, where))
    except ValueError:
        _refuse(where, f"is none of {', '.join(Part)}")


def _digest(value: Any, where: str) -> str:
    text = _text(value, where)
    try:
        parse_digest(text)
    except ValueError as error:
        _refuse(where, f"is no digest: {error}")
    return text


def _digest_or_none(value: Any, where: str) -> str:
    return "" if value is None else _digest(value, where)


def _hash(value: Any, where: str) -> bytes:
    raw = _bytes(value, where)
    if len(raw) != _HASH_BYTES:
        _refuse(where, f"has {len(raw)} bytes, and a hash has {_HASH_BYTES}")
    return raw


def _bytes(value: Any, where: str) -> bytes:
    text = _text(value, where)
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if _base64(raw) != text:
        _refuse(where, "is no base64 in its one canonical form")
    return raw


def _record_json(record: ProvedRecord) -> Mapping[str, Any]:
    return {
        "id": record.ref.record_id,
        "part": record.part.value,
        "type": record.kind,
        "file": record.ref.file,
        "offset": record.ref.offset,
        "length": record.ref.length,
        "block": record.block,
        "payload": record.payload or None,
    }


def _since_json(since: Since) -> Mapping[str, Any]:
    return {"checkpoint": since.checkpoint, "key": since.key, "path": _path_json(since.path)}


def _path_json(path: Iterable[bytes]) -> Sequence[str]:
    return [_base64(step) for step in path]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _once(pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is no whole number")


def _refuse(where: str, why: str) -> NoReturn:
    raise ProofError(f"{where or 'the proof'} {why}")
