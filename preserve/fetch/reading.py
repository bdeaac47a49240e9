"""Reading one response off a connection, byte for byte and within bounds (RFC 9112, section 6).

Owns where a message ends and what to do when it doesn't. Knows no sockets: bytes come from a callable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from preserve.http1 import (
    ChunkReader,
    FramingKind,
    Head,
    HttpError,
    check_start,
    framing,
    head_end,
    read_head,
)
from preserve.model import Failure, FailureKind, Truncation

_READ = 64 * 1024
_TIMES = frozenset({FailureKind.READ_TIMEOUT, FailureKind.TOTAL_TIMEOUT})


class WireError(Exception):
    """An exchange that failed on the wire; `kind` and the message become its `Failure`."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        """Take the failure's kind, and one line saying what happened."""
        super().__init__(message)
        self.kind = kind

    @property
    def failure(self) -> Failure:
        """The same as a value."""
        return Failure(self.kind, str(self))


Receive = Callable[[int], bytes]
"""Gives at least one and at most so many bytes, or none at the stream's end; raises `WireError`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read.

    Attributes:
        response: the bytes of interim and final responses, and no byte beyond them.
        head: the final response's head; None when it isn't whole.
        truncated: why `response` ends before the message does, or None.
        failure: why there is no whole response, or None.
        exact: the message ended by its own framing, and not one byte came beyond it.
    """

    response: bytes
    head: Head | None = None
    truncated: Truncation | None = None
    failure: Failure | None = None
    exact: bool = False


class _End(NamedTuple):
    """How a body ended: where it was cut, and whether just where its framing says."""

    truncated: Truncation | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest head (interim ones included) and body, in bytes."""

    header: int
    body: int


def read_response(receive: Receive, limits: Limits) -> Answer:
    """Read the answer to one GET; never fails, an `Answer` may hold a failure."""
    data = bytearray()
    head: Head | None = None
    try:
        head = _read_head(receive, data, limits.header)
        end = _read_body(receive, data, head, limits.body)
        return Answer(bytes(data), head, end.truncated, exact=end.exact)
    except WireError as fault:
        return Answer(bytes(data), head, _why_short(fault.kind) if data else None, fault.failure)


def _why_short(kind: FailureKind) -> Truncation:
    if kind in _TIMES:
        return Truncation.TIME
    if kind is FailureKind.HEADER_TOO_LARGE:
        return Truncation.LENGTH
    if kind in (FailureKind.CUT_OFF, FailureKind.RESET):
        return Truncation.DISCONNECT
    return Truncation.UNSPECIFIED


def _read_head(receive: Receive, data: bytearray, limit: int) -> Head:
    start = 0
    searched = 0
    while True:
        end = head_end(data, start, searched)
        if end and end <= limit:
            try:
                head = read_head(data, start)
            except HttpError as fault:
                raise WireError(FailureKind.BAD_RESPONSE, str(fault)) from fault
            if not head.is_interim:
                return head
            start = searched = end
            continue
        if len(data) > limit or end:
            del data[limit:]
            raise WireError(FailureKind.HEADER_TOO_LARGE, f"the response's header is larger than {limit} bytes")
        searched = len(data)
        _check_start(data, start)
        piece = receive(_READ)
        if not piece:
            raise _ended_in_head(data)
        data += piece


def _check_start(data: bytearray, start: int) -> None:
    try:
        check_start(data, start)
    except HttpError as fault:
        raise WireError(FailureKind.BAD_RESPONSE, str(fault)) from fault


def _ended_in_head(data: bytearray) -> WireError:
    if not data:
        return WireError(FailureKind.RESET, "the server closed the connection without an answer")
    return WireError(FailureKind.CUT_OFF, "the connection was closed before the response's header was whole")


def _read_body(receive: Receive, data: bytearray, head: Head, limit: int) -> _End:
    """Read the body into `data` and cut what is beyond it."""
    try:
        how = framing(head.status, head.headers)
    except HttpError as fault:
        raise WireError(FailureKind.BAD_RESPONSE, str(fault)) from fault
    if how.kind is FramingKind.CHUNKED:
        return _read_chunks(receive, data, head.head_end, limit)
    wanted = 0 if how.kind is FramingKind.NONE else how.length
    if how.kind is FramingKind.CLOSE:
        wanted = limit + 1
    end = head.head_end + min(wanted, limit)
    while len(data) < end or (how.kind is FramingKind.CLOSE and len(data) <= end):
        piece = receive(_READ)
        if not piece:
            if how.kind is FramingKind.CLOSE:
                return _End()
            got = len(data) - head.head_end
            raise WireError(FailureKind.CUT_OFF, f"the connection was closed after {got} of {wanted} body bytes")
        data += piece
    alone = len(data) == end
    del data[end:]
    return _End(Truncation.LENGTH) if wanted > limit else _End(exact=alone)


def _read_chunks(receive: Receive, data: bytearray, start: int, limit: int) -> _End:
    reader = ChunkReader()
    fed = start
    while True:
        try:
            with memoryview(data) as view:
                reader.feed(view[fed:])
        except HttpError as fault:
            del data[start + limit :]
            raise WireError(FailureKind.BAD_RESPONSE, str(fault)) from fault
        fed = len(data)
        if start + reader.consumed > start + limit:
            del data[start + limit :]
            return _End(Truncation.LENGTH)
        if reader.done:
            alone = len(data) == start + reader.consumed
            del data[start + reader.consumed :]
            return _End(exact=alone)
        try:
            piece = receive(_READ)
        except WireError:
            if reader.terminated:  # all data is there; only the empty line after it is not (RFC 9112, section 8)
                return _End()
            raise
        if not piece:
            if reader.terminated:
                return _End()
            raise WireError(FailureKind.CUT_OFF, "the connection was closed before the last chunk")
        data += piece
