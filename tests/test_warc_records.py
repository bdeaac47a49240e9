"""The parser that all records pass refuses what warcio refuses, and more; what it takes, both read alike."""

from __future__ import annotations

import gzip
import io
import random
import re
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from warcio.recordloader import ArcWarcRecordLoader

from preserve.digests import digest
from preserve.http1 import entity_body, parse_head
from preserve.http1.heads import _odd_fields
from preserve.warc.deflate import inflater
from preserve.warc.members import DamagedMemberError, read_members
from preserve.warc.records import Record, _as_warcio_reads, decode, encode, http_status_and_type

BLOCK = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody"
FIELDS = (
    ("WARC-Date", "2026-03-01T12:00:00.000001Z"),
    ("WARC-Target-URI", "http://news.example/a?b=1"),
    ("WARC-Protocol", "http/1.1"),
    ("WARC-Protocol", "tls/1.3"),
    ("WARC-Preserve-Note", "größer, 更正"),
    ("WARC-Block-Digest", digest(BLOCK)),
)
RECORD = Record("response", "urn:uuid:1", "application/http;msgtype=response", FIELDS, BLOCK)
WRITTEN = gzip.decompress(encode(RECORD))


def as_warcio_reads(data: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
    stream = io.BytesIO(data)
    found = ArcWarcRecordLoader().parse_record_stream(stream, None, "warc", True)
    start = stream.tell()
    return found.rec_type, found.rec_headers.headers, data[start : start + int(found.rec_headers["Content-Length"])]


def test_what_was_written_is_read_again() -> None:
    assert decode(WRITTEN) == RECORD


HEADER = WRITTEN.split(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"WARC/1.1", b"WARC/1.1 "),
        (b"WARC/1.1", b"WARC/2.1"),
        (b"WARC/1.1", b"warc/1.1"),
        (b"WARC-Date", b"WARC Date"),
        (b"WARC-Date", b""),
        (b"WARC-Date: ", b"WARC-Date "),
        (b"http/1.1", b"http\n/1.1"),
        (b"http/1.1", b"http\r/1.1"),
        (b"http/1.1", b"http\r\n /1.1"),
        (b"http/1.1", b"http\x00/1.1"),
        (b"http/1.1", b"http\xff/1.1"),
        (b"WARC-Type: response", b"WARC-Type: "),
        (b"WARC-Type: response", b"WARC-Type: response\r\nwarc-type: resource"),
        (b"WARC-Target-URI", b"WARC-Date"),
        (b"<urn:uuid:1>", b"urn:uuid:1"),
        (b"<urn:uuid:1>", b"<>"),
        (b"Content-Length: ", b"Content-Length: 0"),
        (b"Content-Length: ", b"Content-Length: +"),
    ],
)
def test_a_header_that_strays_from_the_standard_is_refused(old: bytes, new: bytes) -> None:
    assert old in HEADER
    with pytest.raises(ValueError, match=r"WARC record|Content-Length|utf-8"):
        decode(HEADER.replace(old, new, 1) + WRITTEN[len(HEADER) :])


@given(st.integers(0, len(WRITTEN)), st.integers(0, 12), st.binary(max_size=6))
@settings(max_examples=400, deadline=None)
@example(0, 0, b"")
def test_what_is_taken_warcio_reads_alike(at: int, drop: int, noise: bytes) -> None:
    data = WRITTEN[:at] + noise + WRITTEN[at + drop :]
    try:
        taken = decode(data)
    except ValueError:
        return
    kind, headers, block = as_warcio_reads(data)
    assert (taken.kind, taken.block) == (kind, block)
    apart = {"warc-type", "warc-record-id", "content-type", "content-length"}
    read = [(name, value) for name, value in headers if name.lower() not in apart]
    assert [(name, mended(name, value)) for name, value in taken.fields] == read


def mended(name: str, value: str) -> str:
    """What warcio makes of an address that is none; we leave it as it stands."""
    if name.lower() != "warc-target-uri":
        return value
    bare = value[1:-1] if value.startswith("<") and value.endswith(">") else value
    return bare.replace(" ", "%20")


# ---------------------------------------------------------------- gzip members


def packed(data: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, 31)
    return deflater.compress(data) + deflater.flush()


@given(st.lists(st.binary(max_size=3000), max_size=8), st.integers(1, 5000))
@settings(max_examples=60, deadline=None)
def test_members_are_told_apart_whatever_they_hold(contents: list[bytes], size: int) -> None:
    # A member that holds the mark of a member, and one across the border of two slices.
    contents = [*contents, b"\x1f\x8b\x08" * size, packed(b"inner")]
    members = [zlib_stored(content) for content in contents]
    found = list(read_members(io.BytesIO(b"".join(members))))
    assert [one.data for one in found] == contents
    assert [one.length for one in found] == [len(member) for member in members]


def zlib_stored(data: bytes) -> bytes:
    """A member that holds its data as it is, so that marks in it stay marks."""
    deflater = zlib.compressobj(0, zlib.DEFLATED, 31)
    return deflater.compress(data) + deflater.flush()


def test_members_larger_than_a_slice_are_whole() -> None:
    large = [bytes([n]) * (3 << 20) + b"\x1f\x8b\x08\x00" for n in range(3)]
    stream = io.BytesIO(b"".join(zlib_stored(one) for one in large))
    assert [one.data == expected for one, expected in zip(read_members(stream), large, strict=True)] == [True] * 3


def test_every_flipped_bit_of_a_member_is_refused_or_leaves_what_it_holds() -> None:
    data = packed(WRITTEN)
    for at in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        try:
            found = list(read_members(io.BytesIO(flipped)))
        except DamagedMemberError:
            continue
        assert [one.data for one in found] == [WRITTEN]
        # MTIME, XFL, OS; the flag of text, which Member.flags shows; bits of the deflate stream that say nothing.
        assert 4 <= at // 8 < 10 or found[0].flags == 1 or zlib.decompress(flipped, 31) == WRITTEN


def test_a_torn_member_is_refused() -> None:
    data = packed(WRITTEN)
    for end in range(1, len(data)):
        with pytest.raises(DamagedMemberError):
            list(read_members(io.BytesIO(data[:end])))
    assert inflater().eof is False


# ---------------------------------------------------------------- heads, read in two ways

LINES = st.lists(
    st.text(st.characters(max_codepoint=255, exclude_characters="\n"), max_size=12)
    | st.sampled_from(["A: b", " c", "\td", ":", "X : y ", "", "n\r", "\xa0: e", "\x85f:g"]),
    max_size=6,
)


@given(LINES)
@settings(max_examples=300, deadline=None)
def test_the_quick_way_through_a_head_is_the_slow_one(lines: list[str]) -> None:
    raw = [line.encode("latin-1") for line in lines if line.strip("\r")]
    block = b"HTTP/1.1 200 OK\r\n" + b"".join(line + b"\r\n" for line in raw) + b"\r\n"
    head = parse_head(block)
    before = re.sub(rb"\r?\n\r?\n$", b"", block[: head.head_end])
    said = [line.removesuffix(b"\r") for line in before.split(b"\n")[1:]]
    assert head.headers == _odd_fields(said)
    assert isinstance(entity_body(block, head.head_end, head.headers), bytes)


HEADS = st.lists(
    st.sampled_from(
        (
            "Content-Type: text/html",
            "content-type:  a/b; charset=x ",
            "Content-Type : c/d",
            " folded",
            "Content-Type: größer",
            "X: y",
            "X",
            "",
            "\tContent-Type: e/f",
            "Content-Type:",
            "Content-Type: \x0bg/h\x1c",
            "\x1c",
        )
    ),
    max_size=5,
)
STATUS_LINES = (
    "HTTP/1.1 200 OK",
    "HTTP/1.0 404",
    "HTTP/1.1  301 x",
    "HTTP/1.1 200\tOK",
    "HTTP/2 200 OK",
    "ICY 200",
    "",
)


@given(st.sampled_from(STATUS_LINES), HEADS, st.sampled_from(("\r\n", "\n")), st.sampled_from(("response", "revisit")))
@settings(max_examples=400, deadline=None)
def test_status_and_type_are_those_that_warcio_reads(first: str, lines: list[str], line_break: str, kind: str) -> None:
    block = line_break.join((first, *lines, "", "body")).encode("latin-1")
    record = Record(kind, "urn:uuid:1", "application/http;msgtype=response", FIELDS, block)
    assert http_status_and_type(record) == _as_warcio_reads(record, "http://news.example/a?b=1")


@given(wanted=st.integers(min_value=0, max_value=3000), sizes=st.lists(st.integers(0, 900), min_size=1, max_size=4))
def test_members_are_the_same_whatever_is_read_ahead(wanted: int, sizes: list[int]) -> None:
    bodies = [random.Random(size).randbytes(size) for size in sizes]
    data = b"".join(gzip.compress(body) for body in bodies)

    found = list(read_members(io.BytesIO(data), wanted=wanted))

    assert [member.data for member in found] == bodies
    assert found[-1].end == len(data)


def test_of_one_record_no_more_is_read_than_it_has() -> None:
    class Counting(io.BytesIO):
        asked = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.asked += size or 0
            return super().read(size)

    member = gzip.compress(b"a record")
    stream = Counting(member + gzip.compress(b"another one") * 1000)

    assert next(read_members(stream, wanted=len(member))).data == b"a record"
    assert stream.asked == len(member)
