"""Where a body ends, and the transfer coding around it (RFC 9112, sections 6 and 7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from preserve.http1.codings import decode_one
from preserve.http1.heads import Headers, HttpError, field_values

MAX_CHUNK_LINE = 16 * 1024
MAX_TRAILER = 64 * 1024
MAX_TRANSFER_DECODED = 128 * 1024 * 1024
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?", re.S)
_DIGITS = re.compile(r"[0-9]{1,18}")


class FramingKind(Enum):
    """How the end of a body is known (RFC 9112, section 6.3)."""

    NONE = "none"
    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Framing:
    """A body's framing; `length` is its size in bytes for `LENGTH`, else 0."""

    kind: FramingKind
    length: int = 0


def framing(status: int, headers: Headers) -> Framing:
    """How the body of the answer to a GET ends (RFC 9112, section 6.3).

    Raises:
        HttpError: when `Content-Length` is invalid or contradicts itself.
    """
    if status < 200 or status in (204, 304):
        return Framing(FramingKind.NONE)
    codings = field_values(headers, "transfer-encoding")
    if codings and codings != ["identity"]:
        return Framing(FramingKind.CHUNKED if codings[-1] == "chunked" else FramingKind.CLOSE)
    lengths = set(field_values(headers, "content-length"))
    if not lengths:
        return Framing(FramingKind.CLOSE)
    if len(lengths) > 1 or not _DIGITS.fullmatch(next(iter(lengths))):
        raise HttpError(f"Content-Length can't be followed: {', '.join(sorted(lengths))[:80]!r}")
    return Framing(FramingKind.LENGTH, int(next(iter(lengths))))


class _ChunkState(Enum):
    SIZE = 0
    DATA = 1
    DATA_END = 2
    TRAILER = 3
    DONE = 4


class ChunkReader:
    """Follows chunked framing (RFC 9112, section 7.1) through bytes that arrive in any pieces.

    Attributes:
        consumed: bytes of all that was fed which belong to the message so far.
        terminated: the zero-sized chunk has been seen, so that the body is complete.
        done: the trailer section's empty line has been seen too.
    """

    def __init__(self, keep: Callable[[memoryview], object] | None = None) -> None:
        """Start before the first size line; `keep` is called with each piece of chunk data."""
        self.consumed = 0
        self.terminated = False
        self.chunks = 0
        self._keep = keep
        self._state = _ChunkState.SIZE
        self._left = 0
        self._line = b""
        self._trailer = 0

    @property
    def done(self) -> bool:
        """Whether the message has ended; what is fed after that is not looked at."""
        return self._state is _ChunkState.DONE

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes.

        Raises:
            HttpError: when they can't be chunked framing; `consumed` then ends before the fault.
        """
        data = bytes(data)
        view = memoryview(data)  # a slice of it copies nothing
        at = 0
        while at < len(data) and self._state is not _ChunkState.DONE:
            if self._state is _ChunkState.DATA:
                end = min(at + self._left, len(data))
                if self._keep is not None:
                    self._keep(view[at:end])
                self._left -= end - at
                if not self._left:
                    self._state = _ChunkState.DATA_END
            else:
                end = self._read_line(data, at)
            self.consumed += end - at
            at = end

    def _read_line(self, data: bytes, at: int) -> int:
        """Take the bytes of one line from `at`, act on it when its LF is there; returns where it ends."""
        found = data.find(b"\n", at, at + MAX_CHUNK_LINE + 1)
        end = min(len(data), at + MAX_CHUNK_LINE + 1) if found < 0 else found + 1
        line = self._line + data[at:end]
        if len(line) > MAX_CHUNK_LINE:
            raise HttpError("a chunk-size or trailer line is too long")
        if self._state is _ChunkState.DATA_END and line not in (b"\r", b"\n", b"\r\n"):
            raise HttpError("chunk data is longer than its size says")
        if found < 0:
            self._line = line
        else:
            self._line = b""
            self._act(line.rstrip(b"\r\n"))
        return end

    def _act(self, line: bytes) -> None:
        if self._state is _ChunkState.DATA_END:
            self._state = _ChunkState.SIZE
        elif self._state is _ChunkState.SIZE:
            match = _CHUNK_SIZE.fullmatch(line)
            if match is None:
                raise HttpError(f"not a chunk size: {line[:40]!r}")
            self._left = int(match[1], 16)
            self.chunks += 1
            self.terminated = not self._left
            self._state = _ChunkState.DATA if self._left else _ChunkState.TRAILER
        else:
            self._trailer += len(line) + 2
            if self._trailer > MAX_TRAILER:
                raise HttpError("the trailer section is too large")
            if not line:
                self._state = _ChunkState.DONE


@dataclass(frozen=True, slots=True)
class Dechunked:
    """Chunked bytes read as far as they go.

    Attributes:
        body: the chunk data.
        end: offset just past the message.
        complete: the zero-sized chunk was there.
        problem: "" or why the framing could not be followed to its end.
    """

    body: bytes
    end: int
    complete: bool
    problem: str = ""


def dechunk(data: bytes) -> Dechunked:
    """Remove chunked framing; never fails, `problem` and `complete` say how far it could be followed."""
    pieces: list[memoryview] = []
    reader = ChunkReader(pieces.append)
    problem = ""
    try:
        reader.feed(data)
    except HttpError as fault:
        problem = str(fault)
    if not problem and not reader.terminated:
        problem = "the chunks break off"
    return Dechunked(b"".join(pieces), reader.consumed, reader.terminated, problem)


def entity_body(response: bytes, head_end: int, headers: Headers) -> bytes:
    """The body in `response` with the transfer coding removed and the content coding kept.

    What WARC 1.1 calls the payload (section 6.3.2 by way of RFC 9110, section 6.4). Tolerant: of a body
    that is cut off, what is there; of one whose framing was removed before although its header names it,
    all of it.
    """
    return bytes(entity_view(response, head_end, headers))


def entity_view(response: bytes, head_end: int, headers: Headers) -> bytes | memoryview:
    """The same, for looking at only: nothing is copied where there is no transfer coding to undo."""
    view = memoryview(response)[head_end:]
    codings = field_values(headers, "transfer-encoding")
    if not codings or codings == ["identity"]:
        lengths = field_values(headers, "content-length")
        if lengths and _DIGITS.fullmatch(lengths[0]) and len(set(lengths)) == 1:
            return view[: int(lengths[0])]
        return view
    body = bytes(view)
    if codings[-1] == "chunked":
        codings.pop()
        pieces: list[memoryview] = []
        reader = ChunkReader(pieces.append)
        with suppress(HttpError):
            reader.feed(body)
        if not reader.chunks and not _CHUNK_SIZE.fullmatch(body.rstrip(b"\r")):
            return body
        body = b"".join(pieces)
    for coding in reversed(codings):
        if coding in ("gzip", "x-gzip", "deflate"):
            body = decode_one(coding, body, MAX_TRANSFER_DECODED).body
    return body
