"""HTTP/1.x messages as bytes: heads, body framing, transfer codings and content codings.

Pure functions over what came over the wire, so that a response is read the same way when it arrives and
when it is read back from an archive years later. Opens nothing. Rules are those of RFC 9110 and RFC 9112,
with the leniencies that browsers share: a lone LF ends a line, any reason phrase, obsolete folds.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

Headers = Sequence[tuple[str, str]]

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/(\d(?:\.\d)?)[ \t]+(\d{3})(?:[ \t](.*))?", re.S)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?", re.S)
_DIGITS = re.compile(r"[0-9]{1,18}")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BARE = re.compile(rb"[\r\x00]")
MAX_CHUNK_LINE = 16 * 1024
MAX_TRAILER = 64 * 1024
RATIO_FLOOR = 1024 * 1024  # below this a high ratio is no bomb: an almost empty page may well pack 1000:1
MAX_TRANSFER_DECODED = 128 * 1024 * 1024
_STEP = 256 * 1024
_ZSTD_FEED = 256  # bytes; a block of 4 may yield 128 KiB, so that this yields 8 MiB at most
_ZSTD_WINDOW = 8 * 1024 * 1024  # RFC 9659, section 3


class HttpError(ValueError):
    """Bytes that are not an HTTP/1.x message, or framing that can't be followed; the message says why."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a final response.

    Attributes:
        status: the status code, 100 to 999.
        reason: the reason phrase, Latin-1; "" where there is none.
        headers: the fields in order, decoded as Latin-1; a fold is one space.
        head_end: offset at which the body begins, interim responses before the head included.
        version: `1.0` or `1.1`, as the status line says.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    head_end: int
    version: str


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


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body with its content codings removed.

    Attributes:
        body: what could be decoded, at most the bound given.
        problem: "" or one line saying what went wrong.
    """

    body: bytes
    problem: str = ""


# ---------------------------------------------------------------- heads


def head_end(data: bytes | bytearray, start: int = 0, searched: int = 0) -> int:
    """Offset just past the head that begins at `start`; 0 while its empty line is not there yet.

    Bytes before `searched` were looked through before, so that a head which drips in costs no square.
    """
    while start < len(data) and data[start] in b"\r\n":
        start += 1  # stray line breaks before a status line, as some servers send after an interim response
    match = _HEAD_END.search(data, max(start, searched - 3))
    return match.end() if match else 0


def parse_head(raw: bytes | bytearray) -> Head:
    """Read the head of the final response in `raw`; interim (1xx) responses before it are skipped (RFC
    9110, 15.2).

    Raises:
        HttpError: when the bytes are not HTTP/1.x or the head is not whole.
    """
    start = 0
    while True:
        end = head_end(raw, start)
        if not end:
            check_start(raw, start)
            raise HttpError("the response ends before its header fields do")
        head = _one_head(bytes(raw[start:end]), end)
        if head.status == 101 or head.status >= 200:
            return head
        start = end


def check_start(raw: bytes | bytearray, start: int = 0) -> None:
    """Raise `HttpError` as soon as the bytes at `start` can't become a status line any more."""
    begun = bytes(raw[start : start + 64]).lstrip(b"\r\n")[:5]
    if not b"HTTP/".startswith(begun):
        raise HttpError(f"not an HTTP/1.x response: it begins with {begun!r}")


def _one_head(block: bytes, end: int) -> Head:
    lines = [line.removesuffix(b"\r") for line in block.lstrip(b"\r\n").split(b"\n")]
    match = _STATUS_LINE.fullmatch(lines[0])
    if match is None or int(match[2]) < 100:
        raise HttpError(f"not an HTTP/1.x status line: {lines[0][:80]!r}")
    version, status, reason = match.groups()
    return Head(int(status), _text(reason or b""), _fields(lines[1:]), end, version.decode("ascii"))


def _fields(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    """Field lines (RFC 9112, section 5); a line that is neither a field nor a fold is skipped, as browsers
    do."""
    fields: list[tuple[str, list[str]]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if fields and line.strip():
                fields[-1][1].append(_text(line))
            continue
        name, colon, value = line.partition(b":")
        if colon and name.strip():
            fields.append((_text(name), [_text(value)]))
    return tuple((name, " ".join(part for part in parts if part)) for name, parts in fields)


def _text(raw: bytes) -> str:
    """Latin-1, with bare CR and NUL as spaces (RFC 9110, section 5.5)."""
    return _BARE.sub(b" ", raw).strip(b" \t").decode("latin-1")


def field_values(headers: Headers, name: str) -> list[str]:
    """The comma-separated members of every field called `name` (any case), in order, in lowercase."""
    members = (part for key, value in headers if key.lower() == name for part in value.split(","))
    return [member.strip().lower() for member in members if member.strip()]


# ---------------------------------------------------------------- framing


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

    def __init__(self, keep: Callable[[bytes], object] | None = None) -> None:
        """Start before the first size line; `keep` is called with each piece of chunk data."""
        self.consumed = 0
        self.terminated = False
        self.chunks = 0
        self._keep = keep
        self._state = _ChunkState.SIZE
        self._left = 0
        self._line = bytearray()
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
        view = memoryview(data)
        at = 0
        while at < len(view) and not self.done:
            if self._state is _ChunkState.DATA:
                size = min(self._left, len(view) - at)
                if self._keep is not None:
                    self._keep(bytes(view[at : at + size]))
                self._left -= size
                if not self._left:
                    self._state = _ChunkState.DATA_END
            else:
                size = self._read_line(view[at : at + MAX_CHUNK_LINE + 1])
            at += size
            self.consumed += size

    def _read_line(self, view: memoryview) -> int:
        """Take bytes of one line; act on it when its LF is there."""
        piece = bytes(view)
        cut = piece.find(b"\n")
        size = len(piece) if cut < 0 else cut + 1
        if len(self._line) + size > MAX_CHUNK_LINE:
            raise HttpError("a chunk-size or trailer line is too long")
        self._line += piece[:size]
        if self._state is _ChunkState.DATA_END and bytes(self._line) not in (b"\r", b"\n", b"\r\n"):
            raise HttpError("chunk data is longer than its size says")
        if cut >= 0:
            line = bytes(self._line).rstrip(b"\r\n")
            self._line.clear()
            self._act(line)
        return size

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
    pieces: list[bytes] = []
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
    body = response[head_end:]
    codings = field_values(headers, "transfer-encoding")
    if not codings or codings == ["identity"]:
        lengths = field_values(headers, "content-length")
        if lengths and _DIGITS.fullmatch(lengths[0]) and len(set(lengths)) == 1:
            return body[: int(lengths[0])]
        return body
    if codings[-1] == "chunked":
        codings.pop()
        pieces: list[bytes] = []
        reader = ChunkReader(pieces.append)
        try:
            reader.feed(body)
        except HttpError:
            if not reader.chunks:
                return body
        body = b"".join(pieces)
    for coding in reversed(codings):
        if coding in ("gzip", "x-gzip", "deflate"):
            body = _decode_one(coding, body, MAX_TRANSFER_DECODED).body
    return body


# ---------------------------------------------------------------- content codings


def decode_content(body: bytes, headers: Headers, max_bytes: int, max_ratio: float) -> Decoded:
    """Undo the content codings that `headers` name (RFC 9110, section 8.4), last one first, within bounds.

    Knows gzip, x-gzip, deflate (with or without the zlib wrapper), br, zstd and identity.

    Args:
        body: as `entity_body` returns it.
        headers: the response's fields.
        max_bytes: the most that any step may yield.
        max_ratio: the most that a step may yield per byte of `body`, once it has yielded 1 MiB.
    """
    codings = [coding for coding in field_values(headers, "content-encoding") if coding != "identity"]
    if not body or not codings:
        return Decoded(body[:max_bytes], "" if len(body) <= max_bytes else _too_large(max_bytes))
    if len(codings) > 4:
        return Decoded(body[:max_bytes], f"{len(codings)} content codings on top of each other")
    bound = min(max_bytes, max(RATIO_FLOOR, int(len(body) * max_ratio)))
    for coding in reversed(codings):
        step = _decode_one(coding, body, bound)
        if step.problem:
            return step
        body = step.body
    return Decoded(body)


def _decode_one(coding: str, body: bytes, bound: int) -> Decoded:
    if coding in ("gzip", "x-gzip"):
        steps = _gunzip(body, bound)
    elif coding == "deflate":
        steps = _inflate(body, bound, _deflate_window(body))
    elif coding == "br":
        steps = _unbrotli(body)
    elif coding == "zstd":
        steps = _unzstd(body)
    else:
        return Decoded(body[:bound], f"content coding {coding[:40]!r} is not known")
    return _collect(steps, coding, body, bound)


def _collect(steps: Iterator[bytes], coding: str, body: bytes, bound: int) -> Decoded:
    out = bytearray()
    try:
        for piece in steps:
            out += piece
            if len(out) > bound:
                return Decoded(bytes(out[:bound]), _too_large(bound))
    except HttpError as fault:
        if not out and not _BINARY.search(body, 0, 1024):
            # A header that promises a coding over a plain body: the body as it is serves better than nothing.
            return Decoded(body[:bound], f"not {coding}: {fault}")
        return Decoded(bytes(out), f"{coding} breaks off: {fault}")
    return Decoded(bytes(out))


def _too_large(bound: int) -> str:
    return f"more than {bound} bytes when decompressed"


def _deflate_window(body: bytes) -> int:
    """zlib's window bits for `deflate`, which some servers send bare (RFC 9110, section 8.4.1.2)."""
    wrapped = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS


def _gunzip(body: bytes, bound: int) -> Iterator[bytes]:
    """Every member of a gzip stream; bytes after the last one that are no gzip header are padding."""
    rest = body
    members = 0
    while rest[:2] == b"\x1f\x8b" or not members:
        members += 1
        if members > 4096:
            raise HttpError("more than 4096 gzip members")
        engine = zlib.decompressobj(16 + zlib.MAX_WBITS)
        yield from _inflate_with(engine, rest, bound)
        rest = engine.unused_data


def _inflate(body: bytes, bound: int, window: int) -> Iterator[bytes]:
    return _inflate_with(zlib.decompressobj(window), body, bound)


def _inflate_with(engine: zlib._Decompress, data: bytes, bound: int) -> Iterator[bytes]:
    step = min(_STEP, bound + 1)
    while True:
        try:
            piece = engine.decompress(data, step)
        except zlib.error as fault:
            raise HttpError(str(fault)) from fault
        data = engine.unconsumed_tail
        if piece:
            yield piece
        if engine.eof:
            return
        if not piece and not data:
            raise HttpError("the compressed data ends early")


def _unbrotli(body: bytes) -> Iterator[bytes]:
    import brotli  # a C library that most responses do not need  # noqa: PLC0415

    engine = brotli.Decompressor()
    data = body
    while True:
        try:
            piece = engine.process(data, output_buffer_limit=_STEP)
        except brotli.error as fault:
            raise HttpError(str(fault)) from fault
        data = b""
        if piece:
            yield piece
        if engine.is_finished():
            return
        if not piece and engine.can_accept_more_data():
            raise HttpError("the compressed data ends early")


def _unzstd(body: bytes) -> Iterator[bytes]:
    import zstandard  # a C library that most responses do not need  # noqa: PLC0415

    engine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = engine.decompressobj()
    rest = memoryview(body)
    while rest:
        try:
            piece = frame.decompress(bytes(rest[:_ZSTD_FEED]))
        except zstandard.ZstdError as fault:
            raise HttpError(str(fault)) from fault
        rest = rest[_ZSTD_FEED:]
        if piece:
            yield piece
        if frame.eof:  # the next frame, if any, begins with what this one left
            rest = memoryview(frame.unused_data + bytes(rest)) if frame.unused_data else rest
            if bytes(rest[1:4]) not in (b"\xb5\x2f\xfd", b"\x2a\x4d\x18"):
                return
            frame = engine.decompressobj()
    if not frame.eof:
        raise HttpError("the compressed data ends early")
