"""HTTP/1.x bytes are read as RFC 9112 has it, with the leniencies of browsers, in bounded space."""

from __future__ import annotations

import gzip
import zlib
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.http1 import (
    ChunkReader,
    FramingKind,
    HttpError,
    dechunk,
    decode_content,
    entity_body,
    field_values,
    framing,
    head_end,
    parse_head,
)

OK = b"HTTP/1.1 200 OK\r\n"
MANY = 1 << 30


def coded(*codings: str) -> tuple[tuple[str, str], ...]:
    return tuple(("Content-Encoding", coding) for coding in codings)


# ---------------------------------------------------------------- heads

TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789", min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f\x85"), max_size=30).map(
    lambda text: text.strip(" \t")
)


@given(
    st.integers(200, 999),
    VALUE,
    st.lists(st.tuples(TOKEN, VALUE), max_size=8),
    st.binary(max_size=20),
    st.sampled_from(["\r\n", "\n"]),
)
def test_a_head_that_was_formatted_is_read_back(
    status: int, reason: str, fields: list[tuple[str, str]], body: bytes, line_end: str
) -> None:
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields), "", ""]
    raw = line_end.join(lines).encode("latin-1")
    head = parse_head(raw + body)
    assert (head.status, head.reason, head.headers) == (status, reason, tuple(fields))
    assert head.head_end == len(raw)


@pytest.mark.parametrize(
    ("raw", "status", "reason", "version"),
    [
        (b"HTTP/1.1 200\r\n\r\n", 200, "", "1.1"),
        (b"HTTP/1.1 200 \r\n\r\n", 200, "", "1.1"),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", 404, "Not Found", "1.0"),
        (b"HTTP/1.1 999 Request denied\n\n", 999, "Request denied", "1.1"),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", 200, "OK", "1.1"),
        (b"HTTP/1.1 200 \xb3\xc9\xb9\xa6\r\n\r\n", 200, "\xb3\xc9\xb9\xa6", "1.1"),
    ],
)
def test_odd_status_lines_are_read(raw: bytes, status: int, reason: str, version: str) -> None:
    head = parse_head(raw)
    assert (head.status, head.reason, head.version, head.head_end) == (status, reason, version, len(raw))


def test_interim_responses_are_skipped() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    raw = interim + OK + b"A: b\r\n\r\nbody"
    head = parse_head(raw)
    assert (head.status, head.headers) == (200, (("A", "b"),))
    assert raw[head.head_end :] == b"body"


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (b"A: one\r\n  two\r\n\tthree\r\n", (("A", "one two three"),)),
        (b"A:\r\n folded\r\n", (("A", "folded"),)),
        (b" stray fold\r\nA: b\r\n", (("A", "b"),)),
        (b"Set-Cookie: a=1\r\nset-cookie: a=2\r\n", (("Set-Cookie", "a=1"), ("set-cookie", "a=2"))),
        (b"A : b\r\nno colon here\r\n: no name\r\n", (("A", "b"),)),
        (b"A: \xd6\xd0\xce\xc4\r\n", (("A", "\xd6\xd0\xce\xc4"),)),
        (b"A: b\rInjected: c\r\nD: e\x00f\r\n", (("A", "b Injected: c"), ("D", "e f"))),
        (b"A:b\r\n", (("A", "b"),)),
    ],
)
def test_odd_fields_are_read(lines: bytes, fields: tuple[tuple[str, str], ...]) -> None:
    assert parse_head(OK + lines + b"\r\n").headers == fields


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 099 X\r\n\r\n",
        b"HTTP/x 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_no_whole_head_is_refused(raw: bytes) -> None:
    with pytest.raises(HttpError):
        parse_head(raw)


def test_the_end_of_a_head_is_found_wherever_the_search_was_left() -> None:
    raw = OK + b"A: b\r\n\r\nrest"
    end = len(raw) - 4
    assert {head_end(raw, 0, searched) for searched in range(end)} == {end}
    assert head_end(raw[: end - 1]) == 0


# ---------------------------------------------------------------- framing


@pytest.mark.parametrize(
    ("status", "fields", "kind", "length"),
    [
        (200, [("Content-Length", "5")], FramingKind.LENGTH, 5),
        (200, [("Content-Length", "5"), ("content-length", "5")], FramingKind.LENGTH, 5),
        (200, [("Content-Length", "5, 5")], FramingKind.LENGTH, 5),
        (200, [], FramingKind.CLOSE, 0),
        (200, [("Transfer-Encoding", "Chunked"), ("Content-Length", "5")], FramingKind.CHUNKED, 0),
        (200, [("Transfer-Encoding", "gzip, chunked")], FramingKind.CHUNKED, 0),
        (200, [("Transfer-Encoding", "gzip")], FramingKind.CLOSE, 0),
        (200, [("Transfer-Encoding", "identity"), ("Content-Length", "5")], FramingKind.LENGTH, 5),
        (204, [("Content-Length", "5")], FramingKind.NONE, 0),
        (304, [("Transfer-Encoding", "chunked")], FramingKind.NONE, 0),
    ],
)
def test_the_end_of_a_body_is_known_by_the_rules(
    status: int, fields: list[tuple[str, str]], kind: FramingKind, length: int
) -> None:
    how = framing(status, fields)
    assert (how.kind, how.length) == (kind, length)


@pytest.mark.parametrize("value", ["-1", "abc", "5, 6", "+5", "0x5", "5.0", "٥", "9" * 19])
def test_a_length_that_cannot_be_followed_is_refused(value: str) -> None:
    with pytest.raises(HttpError):
        framing(200, [("Content-Length", value)])


def chunked(pieces: list[bytes], line_end: bytes = b"\r\n") -> bytes:
    chunks = (b"%x;ext=1%b%b%b" % (len(piece), line_end, piece, line_end) for piece in pieces if piece)
    return b"".join(chunks) + b"0" + line_end + line_end


@given(st.lists(st.binary(max_size=40), max_size=6), st.sampled_from([b"\r\n", b"\n"]), st.binary(max_size=9))
def test_dechunk_undoes_chunking_and_stops_at_the_end(pieces: list[bytes], line_end: bytes, beyond: bytes) -> None:
    raw = chunked(pieces, line_end)
    done = dechunk(raw + beyond)
    assert (done.body, done.end, done.complete, done.problem) == (b"".join(pieces), len(raw), True, "")


@given(st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_chunks_read_the_same_in_any_pieces(pieces: list[bytes], data: st.DataObject) -> None:
    raw = chunked(pieces)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=8)))
    got: list[bytes] = []
    reader = ChunkReader(got.append)
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        reader.feed(raw[start:end])
    assert b"".join(got) == b"".join(pieces)
    assert reader.done
    assert reader.consumed == len(raw)


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5), st.data())
def test_cut_off_chunks_give_what_is_there(pieces: list[bytes], data: st.DataObject) -> None:
    raw = chunked(pieces)
    cut = data.draw(st.integers(0, len(raw) - 5))
    done = dechunk(raw[:cut])
    assert b"".join(pieces).startswith(done.body)
    assert not done.complete
    assert done.problem


@pytest.mark.parametrize(
    "raw",
    [
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloworld\r\n0\r\n\r\n",
        b"\r\n",
        b" 5\r\nhello\r\n",
        b"F" * 17 + b"\r\n",
        b"5;" + b"x" * 20_000,
        b"0\r\n" + b"T: x\r\n" * 20_000 + b"\r\n",
    ],
)
def test_framing_that_cannot_be_followed_is_named(raw: bytes) -> None:
    with pytest.raises(HttpError):
        ChunkReader().feed(raw)
    assert dechunk(raw).problem


def test_a_huge_chunk_size_takes_no_memory() -> None:
    done = dechunk(b"FFFFFFFFFFFFFFFF\r\nhello")
    assert (done.body, done.complete) == (b"hello", False)


# ---------------------------------------------------------------- bodies

CHUNKED = (("Transfer-Encoding", "chunked"),)


@pytest.mark.parametrize(
    ("raw", "fields", "body"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", CHUNKED, b"hello"),
        (b"5\r\nhel", CHUNKED, b"hel"),
        (b"5\r\nhello\r\nzz", CHUNKED, b"hello"),
        (b"<html>already", CHUNKED, b"<html>already"),
        (b"", CHUNKED, b""),
        (b"hello", (("Content-Length", "3"),), b"hel"),
        (b"hel", (("Content-Length", "5"),), b"hel"),
        (b"hello", (("Content-Length", "x"),), b"hello"),
        (b"hello", (), b"hello"),
        (chunked([gzip.compress(b"hello")]), (("Transfer-Encoding", "gzip, chunked"),), b"hello"),
    ],
)
def test_the_payload_is_the_body_without_its_transfer_coding(
    raw: bytes, fields: tuple[tuple[str, str], ...], body: bytes
) -> None:
    assert entity_body(OK + b"\r\n" + raw, len(OK) + 2, fields) == body


# ---------------------------------------------------------------- content codings


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


CODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate ": raw_deflate,
    "br": partial(brotli.compress, quality=4),
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("coding", CODERS)
@settings(max_examples=15)
@given(data=st.binary(min_size=1, max_size=200).map(lambda seed: seed * 7))
def test_decoding_undoes_each_coding(coding: str, data: bytes) -> None:
    decoded = decode_content(CODERS[coding](data), coded(coding), MANY, 1000.0)
    assert (decoded.body, decoded.problem) == (data, "")


def test_stacked_codings_are_undone_last_one_first() -> None:
    body = brotli.compress(gzip.compress(b"hello"))
    assert decode_content(body, coded("gzip, br"), MANY, 1000.0).body == b"hello"
    assert decode_content(body, coded("gzip", "identity", "BR"), MANY, 1000.0).body == b"hello"
    many = decode_content(body, coded(*["gzip"] * 9), MANY, 1000.0)
    assert "9 content codings" in many.problem


def test_several_members_and_padding_are_read() -> None:
    body = gzip.compress(b"one") + gzip.compress(b"two") + b"\0" * 9
    assert decode_content(body, coded("gzip"), MANY, 1000.0).body == b"onetwo"
    frames = zstandard.compress(b"one" * 999) + zstandard.compress(b"two")
    assert decode_content(frames, coded("zstd"), MANY, 1000.0).body == b"one" * 999 + b"two"


@pytest.mark.parametrize("coding", CODERS)
def test_cut_off_data_gives_what_is_there_and_says_so(coding: str) -> None:
    data = bytes(range(256)) * 4000
    decoded = decode_content(CODERS[coding](data)[:-3], coded(coding), MANY, 1000.0)
    assert data.startswith(decoded.body)
    assert "ends early" in decoded.problem


@pytest.mark.parametrize("coding", CODERS)
def test_a_coding_that_is_only_promised_leaves_the_body(coding: str) -> None:
    decoded = decode_content(b"<html>plain</html>", coded(coding), MANY, 1000.0)
    assert decoded.body == b"<html>plain</html>"
    assert f"not {coding.strip()}" in decoded.problem


def test_an_unknown_coding_is_named() -> None:
    decoded = decode_content(b"\x00\x01", coded("compress"), MANY, 1000.0)
    assert (decoded.body, decoded.problem) == (b"\x00\x01", "content coding 'compress' is not known")


def test_no_body_and_no_coding_are_no_problem() -> None:
    assert decode_content(b"", coded("gzip"), MANY, 1000.0).problem == ""
    assert decode_content(b"abc", (), MANY, 1000.0).body == b"abc"
    assert decode_content(b"abc", (), 2, 1000.0).body == b"ab"


@pytest.mark.parametrize("coding", CODERS)
def test_a_bomb_stops_at_the_bounds(coding: str) -> None:
    bomb = CODERS[coding](b"\0" * 30_000_000)
    by_size = decode_content(bomb, coded(coding), 2_000_000, 1e9)
    assert len(by_size.body) == 2_000_000
    assert "more than 2000000 bytes" in by_size.problem
    by_ratio = decode_content(bomb, coded(coding), MANY, 10.0)
    assert len(by_ratio.body) <= max(1 << 20, len(bomb) * 10)
    assert "more than" in by_ratio.problem


def test_a_bomb_in_a_bomb_stops_too() -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * 30_000_000))
    assert len(decode_content(bomb, coded("gzip, gzip"), MANY, 100.0).body) <= 1 << 20


def test_field_values_are_split_and_in_order() -> None:
    assert field_values([("A", "x, Y"), ("b", "n"), ("a", ",z")], "a") == ["x", "y", "z"]
