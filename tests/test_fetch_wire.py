"""What a capture holds is what came over the wire, byte for byte, or a named failure."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import product

import pytest
from fetch_kit import Kit
from wire_server import Answer, Drip, Endless, Hang, Reset, Step, WireServer, page

from preserve.http1 import decode_content, entity_body
from preserve.model import Exchange, FailureKind, Truncation

BODY = "<p>正文 of the page</p>".encode()
FRAMINGS = ("length", "chunked", "close", "short")
CODINGS = ("plain", "gzip")
HEADS = ("200", "204", "304", "continue", "no-reason", "folded", "gbk", "cookies", "http10")
BODILESS = ("204", "304")


def scripted(framing: str, coding: str, head: str) -> list[Step]:
    """The bytes of one cell of the matrix."""
    body = gzip.compress(BODY, mtime=0) if coding == "gzip" else BODY
    status = {"204": "204 No Content", "304": "304 Not Modified", "no-reason": "200"}.get(head, "200 OK")
    fields = [b"Content-Type: text/html"]
    if coding == "gzip":
        fields.append(b"Content-Encoding: gzip")
    if framing in ("length", "short"):
        fields.append(b"Content-Length: %d" % (len(body) + (7 if framing == "short" else 0)))
    if framing == "chunked":
        fields.append(b"Transfer-Encoding: chunked")
        body = b"%X;name=value\r\n%b\r\n%x\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (
            5,
            body[:5],
            len(body) - 5,
            body[5:],
        )
    fields += {
        "folded": [b"X-Folded: one\r\n two\r\n\tthree"],
        "gbk": [b"X-Name: " + "正文".encode("gbk")],
        "cookies": [b"Set-Cookie: a=1", b"Set-Cookie: a=2"],
    }.get(head, [])
    version = b"1.0" if head == "http10" else b"1.1"
    first = b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" if head == "continue" else b""
    start = first + b"HTTP/%b %b\r\n" % (version, status.encode()) + b"\r\n".join(fields) + b"\r\n\r\n"
    return [start] if head in BODILESS else [start, body]


@pytest.fixture(scope="module")
def matrix() -> Iterator[WireServer]:
    cells = product(FRAMINGS, CODINGS, HEADS)
    with WireServer({"/" + "-".join(cell): scripted(*cell) for cell in cells}) as server:
        yield server


@pytest.mark.parametrize(("framing", "coding", "head"), list(product(FRAMINGS, CODINGS, HEADS)))
def test_every_framing_coding_and_head_is_recorded_byte_for_byte(
    matrix: WireServer, framing: str, coding: str, head: str
) -> None:
    capture = Kit().fetch(matrix.url(f"/{framing}-{coding}-{head}")).capture
    final = capture.final
    assert final is not None
    sent = b"".join(step for step in scripted(framing, coding, head) if isinstance(step, bytes))
    assert final.response == sent
    assert final.status == int(head if head in BODILESS else 200)
    if framing == "short" and head not in BODILESS:
        assert final.failure is not None
        assert (final.failure.kind, final.truncated) == (FailureKind.CUT_OFF, Truncation.DISCONNECT)
        assert capture.failure == final.failure
    else:
        assert (final.failure, final.truncated, capture.failure) == (None, None, None)
    check_head(final, head)
    if head not in BODILESS:
        body = entity_body(final.response, final.head_end, final.headers)
        assert decode_content(body, final.headers, 10_000, 100.0).body == BODY


def check_head(final: Exchange, head: str) -> None:
    assert final.reason == {"no-reason": "", "204": "No Content", "304": "Not Modified"}.get(head, "OK")
    assert final.protocols == (("http/1.0",) if head == "http10" else ("http/1.1",))
    if head == "folded":
        assert final.header("x-folded") == "one two three"
    if head == "gbk":
        assert (final.header("x-name") or "").encode("latin-1").decode("gbk") == "正文"
    if head == "cookies":
        assert [value for name, value in final.headers if name == "Set-Cookie"] == ["a=1", "a=2"]


def ask(answer: Answer, **settings: float) -> Exchange:
    with WireServer({"/": answer}) as server:
        final = Kit(**settings).fetch(server.url("/")).capture.final
    assert final is not None
    return final


@pytest.mark.parametrize(
    "target",
    [
        "//double//slash",
        "/a/../b/./c",
        "/%2f%2F%e4%B8%AD",
        "/it's?q='a'&b=%20+",
        "/[x]|y?q=[1]",
        "/100%?%zz",
        "/?",
        "/a?b=c?d/../e",
    ],
)
def test_the_request_line_is_the_asked_path(target: str) -> None:
    with WireServer({target: page()}) as server:
        final = Kit().fetch(server.url(target)).capture.final
        assert final is not None
        assert server.heads == [final.request]
        assert final.request.startswith(b"GET %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % (target.encode(), server.port))


def test_the_request_says_who_asks_and_nothing_else() -> None:
    with WireServer({"/": page()}) as server:
        Kit(contact="https://example.org/bot").fetch(server.url("/"))
        lines = server.heads[0].decode().split("\r\n")
    names = [line.partition(":")[0] for line in lines[1:-2]]
    assert names == ["Host", "User-Agent", "Accept", "Accept-Language", "Accept-Encoding"]
    assert any(line.startswith("User-Agent: preserve/") and "(+https://example.org/bot)" in line for line in lines)
    assert "Accept-Encoding: gzip, deflate, br, zstd" in lines


def test_bytes_beyond_the_message_are_not_part_of_it() -> None:
    assert ask([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokSURPLUS"]).response.endswith(b"\r\n\r\nok")
    chunks = ask([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nSURPLUS"])
    assert chunks.response.endswith(b"0\r\n\r\n")
    assert ask([b"HTTP/1.1 204 No Content\r\n\r\nSURPLUS"]).response.endswith(b"Content\r\n\r\n")


def test_an_answer_that_arrives_in_single_bytes_is_the_same() -> None:
    raw = b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    final = ask([Drip(raw, 0.0)])
    assert (final.response, final.status, final.failure) == (raw, 200, None)


def test_a_chunked_body_without_its_last_line_break_is_whole() -> None:
    final = ask([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"])
    assert (final.failure, final.truncated) == (None, None)
    kept_open = ask(
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", Hang()], read_timeout=0.1
    )
    assert (kept_open.failure, kept_open.truncated) == (None, None)


FAILING: dict[str, tuple[list[Step], FailureKind, Truncation | None, int | None]] = {
    "no-answer": ([], FailureKind.RESET, None, None),
    "reset-at-once": ([Reset()], FailureKind.RESET, None, None),
    "silent": ([Hang()], FailureKind.READ_TIMEOUT, None, None),
    "half-head": ([b"HTTP/1.1 200 OK\r\nA: b"], FailureKind.CUT_OFF, Truncation.DISCONNECT, None),
    "only-interim": ([b"HTTP/1.1 100 Continue\r\n\r\n"], FailureKind.CUT_OFF, Truncation.DISCONNECT, None),
    "not-http": ([b"SSH-2.0-OpenSSH\r\n"], FailureKind.BAD_RESPONSE, Truncation.UNSPECIFIED, None),
    "http-0.9": ([b"<html>hello"], FailureKind.BAD_RESPONSE, Truncation.UNSPECIFIED, None),
    "bad-status": ([b"HTTP/1.1 abc\r\n\r\n"], FailureKind.BAD_RESPONSE, Truncation.UNSPECIFIED, None),
    "silent-in-body": (
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Hang()],
        FailureKind.READ_TIMEOUT,
        Truncation.TIME,
        200,
    ),
    "reset-in-body": (
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Drip(b"c", 0.05), Reset()],
        FailureKind.RESET,
        Truncation.DISCONNECT,
        200,
    ),
    "bad-length": (
        [b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc"],
        FailureKind.BAD_RESPONSE,
        Truncation.UNSPECIFIED,
        200,
    ),
    "bad-chunks": (
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello"],
        FailureKind.BAD_RESPONSE,
        Truncation.UNSPECIFIED,
        200,
    ),
    "huge-chunk": (
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFF\r\nhello"],
        FailureKind.CUT_OFF,
        Truncation.DISCONNECT,
        200,
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_what_fails_on_the_wire_is_named_and_kept(name: str) -> None:
    steps, kind, truncated, status = FAILING[name]
    final = ask(steps, read_timeout=0.2)
    assert final.failure is not None
    assert (final.failure.kind, final.truncated, final.status) == (kind, truncated, status)
    sent = b"".join(step if isinstance(step, bytes) else step.data for step in steps if isinstance(step, bytes | Drip))
    if name != "reset-in-body":  # a RST may throw away what lies unread
        assert final.response == sent
    assert final.failure.message.startswith("http://127.0.0.1:")


def test_a_body_beyond_the_bound_is_cut_and_kept() -> None:
    for steps in (
        page(b"x" * 1000),
        [b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000],
        [b"HTTP/1.1 200 OK\r\n\r\n", Endless(b"x" * 1000)],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Endless(b"5\r\nhello\r\n")],
    ):
        final = ask(steps, max_body_bytes=100)
        assert (final.truncated, final.failure) == (Truncation.LENGTH, None)
        assert len(final.response) - final.head_end == 100


def test_a_body_of_just_the_bound_is_whole() -> None:
    for steps in (page(b"x" * 100), [b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100]):
        final = ask(steps, max_body_bytes=100)
        assert (final.truncated, final.failure, len(final.response) - final.head_end) == (None, None, 100)


@pytest.mark.parametrize(
    "endless", [b"X-More: and more\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"], ids=["fields", "interim"]
)
def test_an_endless_header_stops_at_its_bound(endless: bytes) -> None:
    start = b"HTTP/1.1 200 OK\r\n" if endless.startswith(b"X") else b""
    final = ask([start + endless, Endless(endless)], max_header_bytes=10_000)
    assert final.failure is not None
    assert (final.failure.kind, final.truncated) == (FailureKind.HEADER_TOO_LARGE, Truncation.LENGTH)
    assert len(final.response) == 10_000


def test_a_hundred_thousand_fields_are_read_where_they_fit() -> None:
    head = b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 100_000 + b"\r\n"
    final = ask([head], max_header_bytes=1 << 20)
    assert (final.failure, len(final.headers), final.response) == (None, 100_000, head)
    refused = ask([head])
    assert refused.failure is not None
    assert refused.failure.kind is FailureKind.HEADER_TOO_LARGE


def test_a_dripping_server_is_left_when_the_whole_time_is_over() -> None:
    drip = Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 9999, 0.005)
    final = ask([drip], read_timeout=0.2, total_timeout=0.5)
    assert final.failure is not None
    assert (final.failure.kind, final.truncated) == (FailureKind.TOTAL_TIMEOUT, Truncation.TIME)
    assert final.seconds < 2
    assert final.response


def test_one_exchange_leaves_nothing_for_the_next() -> None:
    with WireServer({"/a": [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naLEFTOVER"], "/b": page(b"b")}) as server:
        kit = Kit()
        kit.fetch(server.url("/a"))
        second = kit.fetch(server.url("/b")).capture.final
    assert second is not None
    assert second.response == page(b"b")[0]
    assert second.ip == "127.0.0.1"
