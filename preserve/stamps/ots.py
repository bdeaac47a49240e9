"""OpenTimestamps proofs: made, completed, and looked at, as far as that goes without the Bitcoin network.

The one place that knows the library `opentimestamps`, which is an extra. Nothing is sent here.
Source: the detached file format of https://opentimestamps.org, and the protocol of its calendars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from preserve.errors import ConfigError
from preserve.stamps.values import StampKind, StampResult

ACCEPT: Final = "application/vnd.opentimestamps.v1"
SUBMITTED_TYPE: Final = "application/x-www-form-urlencoded"
MAGIC: Final = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
NONCE_BYTES: Final = 16
REPLY_BYTES: Final = 10_000  # what the reference client reads of a calendar's answer
# A proof has a few thousand bytes; each may call for a step of work and memory, so that more is not looked at.
PROOF_BYTES: Final = 32 * 1024
_UNREADABLE: Final = (ValueError, TypeError, KeyError, OverflowError, RecursionError, AssertionError)


@dataclass(frozen=True, slots=True)
class Pending:
    """A promise in a proof: the calendar to ask for the rest, and what to ask it for."""

    uri: str
    commitment: bytes


@dataclass(frozen=True, slots=True)
class _Library:
    timestamp: Any
    serialize: Any
    op: Any
    notary: Any


def installed() -> bool:
    """Whether proofs can be made and looked at."""
    try:
        _library()
    except ConfigError:
        return False
    return True


def commitment(note: bytes, nonce: bytes) -> bytes:
    """What a calendar is sent: the note's digest hashed with random bytes, which say nothing of the note."""
    return sha256(sha256(note).digest() + nonce).digest()


def make_proof(note: bytes, nonce: bytes, replies: Mapping[str, bytes]) -> tuple[bytes, dict[str, str]]:
    """A detached proof from what calendars answered.

    Args:
        note: a checkpoint's file.
        nonce: what `commitment` was made with.
        replies: body by calendar.

    Returns:
        The file, b"" where no answer can be used; and by calendar what was wrong with its answer.

    Raises:
        ConfigError: the library is not installed.
    """
    library = _library()
    stamp = library.timestamp.Timestamp(sha256(note).digest())
    end = stamp.ops.add(library.op.OpAppend(nonce)).ops.add(library.op.OpSHA256())
    wrong: dict[str, str] = {}
    for calendar, reply in replies.items():
        try:
            end.merge(_promise(library, reply, end.msg))
        except (*_UNREADABLE, library.serialize.DeserializationError) as error:
            wrong[calendar] = f"its answer is no time stamp: {str(error)[:200]}"
    made = len(wrong) < len(replies)
    return (_written(library, stamp) if made else b""), wrong


def pending_in(proof: bytes, note: bytes) -> tuple[Pending, ...]:
    """The calendars still to be asked; none where the proof is complete, or not of this note.

    Raises:
        ConfigError: the library is not installed.
    """
    library = _library()
    try:
        stamp = _read(library, proof, note)
    except (*_UNREADABLE, library.serialize.DeserializationError):
        return ()
    if any(_is_block(library, one) for _, one in stamp.all_attestations()):
        return ()
    return tuple(Pending(uri, node.msg) for node, uri in _promises(library, stamp))


def complete_proof(proof: bytes, note: bytes, replies: Mapping[Pending, bytes]) -> bytes:
    """The proof with what calendars have by now; b"" where none of it leads to a Bitcoin block.

    Raises:
        ConfigError: the library is not installed.
    """
    library = _library()
    stamp = _read(library, proof, note)
    completed = False
    for node, uri in _promises(library, stamp):
        reply = replies.get(Pending(uri, node.msg))
        if reply is None:
            continue
        try:
            more = _stamp(library, reply, node.msg)
            if any(_is_block(library, one) for _, one in more.all_attestations()):
                node.merge(more)
                completed = True
        except (*_UNREADABLE, library.serialize.DeserializationError):
            continue
    return _written(library, stamp) if completed else b""


def verify_proof(proof: bytes, note: bytes) -> StampResult:
    """What a proof says of these bytes; that the block it names is what it says is not looked up."""
    kind = StampKind.OPENTIMESTAMPS
    try:
        library = _library()
    except ConfigError:
        return StampResult(kind, unread=True)
    try:
        found = [one for _, one in _read(library, proof, note).all_attestations()]
    except (*_UNREADABLE, library.serialize.DeserializationError) as error:
        return StampResult(kind, problem=f"it is no OpenTimestamps proof of this checkpoint: {str(error)[:200]}")
    blocks = sorted({one.height for one in found if _is_block(library, one)})
    calendars = sorted({one.uri for one in found if isinstance(one, library.notary.PendingAttestation)})
    if not blocks and not calendars:
        return StampResult(kind, problem="it leads to no Bitcoin block, and to no calendar that could name one")
    return StampResult(kind, by=", ".join(calendars), blocks=tuple(blocks))


def _library() -> _Library:
    try:
        from opentimestamps.core import notary, op, serialize, timestamp  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "OpenTimestamps needs a further library: pip install 'preserve-archive[opentimestamps]'"
        ) from error
    return _Library(timestamp, serialize, op, notary)


def _read(library: _Library, proof: bytes, note: bytes) -> Any:
    """The tree in a detached proof of `note`."""
    if len(proof) > PROOF_BYTES:
        raise ValueError(f"it has more than {PROOF_BYTES} bytes")
    context = library.serialize.BytesDeserializationContext(proof)
    detached = library.timestamp.DetachedTimestampFile.deserialize(context)
    if not isinstance(detached.file_hash_op, library.op.OpSHA256) or detached.file_digest != sha256(note).digest():
        raise ValueError("it is of something else")
    if _written(library, detached.timestamp) != proof:  # bits that are read to nothing would be free to change
        raise ValueError("it is not written in its one usual form")
    return detached.timestamp


def _stamp(library: _Library, reply: bytes, message: bytes) -> Any:
    context = library.serialize.BytesDeserializationContext(reply)
    stamp = library.timestamp.Timestamp.deserialize(context, message)
    context.assert_eof()
    return stamp


def _promise(library: _Library, reply: bytes, message: bytes) -> Any:
    stamp = _stamp(library, reply, message)
    if not any(
        isinstance(one, library.notary.PendingAttestation) or _is_block(library, one)
        for _, one in stamp.all_attestations()
    ):
        raise ValueError("it promises nothing")
    return stamp


def _promises(library: _Library, stamp: Any) -> Iterator[tuple[Any, str]]:
    for one in stamp.attestations:
        if isinstance(one, library.notary.PendingAttestation):
            yield stamp, one.uri
    for below in stamp.ops.values():
        yield from _promises(library, below)


def _is_block(library: _Library, attestation: Any) -> bool:
    return isinstance(attestation, library.notary.BitcoinBlockHeaderAttestation)


def _written(library: _Library, stamp: Any) -> bytes:
    context = library.serialize.BytesSerializationContext()
    library.timestamp.DetachedTimestampFile(library.op.OpSHA256(), stamp).serialize(context)
    return bytes(context.getbytes())
