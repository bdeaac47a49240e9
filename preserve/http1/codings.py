"""Content codings (RFC 9110, section 8.4), undone within bounds."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from preserve.http1.heads import Headers, HttpError, field_values

RATIO_FLOOR = 1024 * 1024  # below this a high ratio is no bomb: an almost empty page may well pack 1000:1
_STEP = 256 * 1024
_ZSTD_FEED = 256  # bytes; a block of 4 may yield 128 KiB, so that this yields 8 MiB at most
_ZSTD_WINDOW = 8 * 1024 * 1024  # RFC 9659, section 3
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body with its content codings removed.

    Attributes:
        body: what could be decoded, at most the bound given.
        problem: "" or one line saying what went wrong.
    """

    body: bytes
    problem: str = ""


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
        step = decode_one(coding, body, bound)
        if step.problem:
            return step
        body = step.body
    return Decoded(body)


def decode_one(coding: str, body: bytes, bound: int) -> Decoded:
    """Undo one coding; at most `bound` bytes come out."""
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
