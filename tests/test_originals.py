"""What a revisit may refer to, and that nothing which is read from a capture is lost by one."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_samples import PLAN, SOURCE, START, Sample, capture_of, check_of, digest
from warc_support import URL, capture, captures_in, exchange, writer_for

from preserve.errors import ArchiveError, RecordNotFoundError
from preserve.fetch import Validators, validators_of
from preserve.http1 import entity_body
from preserve.ledger import Ledger
from preserve.model import ArchivedExchange, Capture, Exchange, Failure, FailureKind, RecordRef, Truncation
from preserve.settings import DigestAlgorithm
from preserve.warc import Known, read_block, read_capture, read_original

BODY = b"<p>The bridge carries 2,400 cars a day.</p>" * 10
NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'


def response(body: bytes = BODY, *fields: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/html", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(body: bytes, size: int, *fields: str) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *fields]).encode() + b"\r\n\r\n"
    cuts = [body[at : at + size] for at in range(0, len(body), size)]
    return head + b"".join(b"%X;a=b\r\n%b\r\n" % (len(cut), cut) for cut in cuts) + b"0\r\nTrailer: x\r\n\r\n"


def known(ref: RecordRef | None) -> Known:
    return Known(lambda _digest, _url: ref)


def appended(directory: Path, *captures: Capture) -> list[ArchivedExchange]:
    """The last exchange of each capture, archived with the first one's response as known to be there."""
    found: list[ArchivedExchange] = []
    with writer_for(directory) as writer:
        for one in captures:
            archived = writer.append_capture(one, known(found[0].response) if found else None)
            found.append(archived.exchanges[-1])
    return found


def seen(one: Exchange) -> tuple[Exchange, bytes]:
    """All that is read from an exchange: everything but how its body was cut into chunks."""
    return replace(one, response=one.response[: one.head_end]), entity_body(one.response, one.head_end, one.headers)


WIRES = st.builds(
    lambda interim, wire: interim + wire,
    st.sampled_from((b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")),
    st.one_of(
        st.builds(response, st.just(BODY), st.sampled_from(("X-A: 1", "X-Fold: a\r\n b", "Date: \x7f"))),
        st.builds(chunked, st.just(BODY), st.integers(1, 999), st.sampled_from(("X-A: 1", "Set-Cookie: a=b"))),
        st.just(b"HTTP/1.0 200 OK\r\n\r\n" + BODY),
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=WIRES, second=WIRES)
def test_a_revisit_reads_as_what_was_received(
    first: bytes, second: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("archive")
    again = replace(capture(second), exchanges=(replace(exchange(second), ip="192.0.2.9", seconds=0.5),))
    original, revisit = appended(directory, capture(first), again)
    assert revisit.revisit_of == original.response
    assert revisit.payload_digest == original.payload_digest
    archived = captures_in(directory)[1]
    assert archived.exchanges[0] == revisit
    (read,) = read_capture(directory, archived).exchanges
    assert seen(read) == seen(again.exchanges[0])
    assert read_block(directory, revisit.response or original_ref(original)) == second[: read.head_end]


def original_ref(one: ArchivedExchange) -> RecordRef:
    assert one.response is not None
    return one.response


def test_content_coding_and_algorithm_make_no_difference(tmp_path: Path) -> None:
    packed = gzip.compress(bytes(range(256)) * 9)
    first, second = response(packed, "Content-Encoding: gzip"), chunked(packed, 7, "Content-Encoding: gzip")
    with writer_for(tmp_path, digest=DigestAlgorithm.SHA1) as writer:
        one = writer.append_capture(capture(first))
        two = writer.append_capture(capture(second), known(one.exchanges[0].response))
    assert two.exchanges[0].revisit_of is not None
    assert two.exchanges[0].payload_digest.startswith("sha1:")
    assert seen(read_capture(tmp_path, two).exchanges[0]) == seen(exchange(second))


RESET = Failure(FailureKind.RESET, "reset")
WHOLE = {
    "tiny": capture(response(b"x" * 255)),
    "other payload": capture(response(BODY + b"!")),
    "cut short": Capture(URL, URL, (exchange(response(), truncated=Truncation.LENGTH),)),
    "failed": Capture(URL, URL, (replace(exchange(response()), failure=RESET),)),
    "304 not asked for": capture(NOT_MODIFIED),
    "no HTTP": capture(b"SSH-2.0" + b"x" * 999),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_repeats_nothing_for_certain_is_kept_whole(tmp_path: Path, name: str) -> None:
    first = response(b"x" * 255) if name == "tiny" else response()
    _, second = appended(tmp_path, capture(first), WHOLE[name])
    assert second.revisit_of is None
    assert read_block(tmp_path, original_ref(second)) == WHOLE[name].exchanges[0].response


ORIGINALS = {
    "cut short": Capture(URL, URL, (exchange(response(), truncated=Truncation.DISCONNECT),)),
    "no HTTP": capture(b"SSH-2.0" + BODY),
}


@pytest.mark.parametrize("name", ORIGINALS)
def test_what_is_no_whole_response_is_not_referred_to(tmp_path: Path, name: str) -> None:
    first, second = appended(tmp_path, ORIGINALS[name], capture(response()))
    assert second.revisit_of is None
    with pytest.raises(ArchiveError, match=str(first.response.record_id if first.response else "none")):
        read_original(tmp_path, original_ref(first))


def test_a_revisit_is_not_referred_to(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        first = writer.append_capture(capture(response()))
        second = writer.append_capture(capture(response()), known(first.exchanges[0].response))
        third = writer.append_capture(capture(response()), known(second.exchanges[0].response))
    assert second.exchanges[0].revisit_of is not None
    assert third.exchanges[0].revisit_of is None


def test_a_304_is_read_as_the_response_it_stands_for(tmp_path: Path) -> None:
    asked = replace(exchange(NOT_MODIFIED), ip="192.0.2.9", seconds=0.5)
    with writer_for(tmp_path) as writer:
        first = writer.append_capture(capture(chunked(BODY, 50)))
        ref = original_ref(first.exchanges[0])
        second = writer.append_capture(Capture(URL, URL, (asked,)), Known(unmodified={URL: ref}))
    assert (second.exchanges[0].status, second.exchanges[0].revisit_of) == (304, ref)
    (read,) = read_capture(tmp_path, second).exchanges
    was = exchange(chunked(BODY, 50))
    assert read == replace(was, ip="192.0.2.9", seconds=0.5)
    assert read_block(tmp_path, original_ref(second.exchanges[0])) == NOT_MODIFIED


def test_a_revisit_whose_original_is_gone_says_what_is_missing(tmp_path: Path) -> None:
    with writer_for(tmp_path, roll_over=1) as writer:
        first = writer.append_capture(capture(response()))
        second = writer.append_capture(capture(response()), known(first.exchanges[0].response))
    gone = original_ref(first.exchanges[0]).file
    (tmp_path / gone).unlink()
    with pytest.raises(RecordNotFoundError, match=gone):
        read_capture(tmp_path, second)


# ---------------------------------------------------------------- validators


MODIFIED = "Sun, 01 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        (('ETag: "a"',), {"If-None-Match": '"a"'}),
        (('ETag: W/"a"', f"Last-Modified: {MODIFIED}"), {"If-None-Match": 'W/"a"', "If-Modified-Since": MODIFIED}),
        ((f"Last-Modified: {MODIFIED}",), {"If-Modified-Since": MODIFIED}),
        (("ETag: unquoted",), None),
        (('ETag: "a\x00b"',), None),
        ((f'ETag: "{"a" * 501}"',), None),
        (("Last-Modified: yesterday",), None),
        ((), None),
    ],
)
def test_only_validators_that_can_be_sent_back_are(fields: tuple[str, ...], sent: dict[str, str] | None) -> None:
    found = validators_of(URL, exchange(response(BODY, *fields)).headers)
    if sent is None:
        assert found is None
        return
    assert found is not None
    assert dict(found.fields(URL)) == sent
    assert found.fields(URL + "&other") == ()


def test_validators_without_a_value_send_no_field() -> None:
    assert dict(Validators(URL, etag='"a"').fields(URL)) == {"If-None-Match": '"a"'}


# ---------------------------------------------------------------- what the ledger knows


def test_the_ledger_finds_the_newest_response_of_a_payload_and_prefers_the_url(tmp_path: Path) -> None:
    other = "http://news.example/other"
    checks = [
        check_of(Sample(post=f"{week}{source}", source=source, week=week))
        for week, source in ((0, SOURCE), (1, SOURCE), (2, other))
    ]
    with Ledger.create_or_open(tmp_path / "ledger.db") as ledger:
        ledger.append(ledger.begin_run(PLAN), checks)
        assert ledger.response_with_payload(digest("payload"), SOURCE) == response_of(Sample(week=1))
        assert ledger.response_with_payload(digest("payload"), other) == response_of(Sample(source=other, week=2))
        assert ledger.response_with_payload(digest("payload"), "http://new.example/") == response_of(
            Sample(source=other, week=2)
        )
        assert ledger.response_with_payload(digest("another"), SOURCE) is None
        assert ledger.response_with_payload("", SOURCE) is None


def response_of(sample: Sample) -> RecordRef | None:
    return capture_of(sample).exchanges[0].response


def test_the_ledger_counts_the_304s_since_the_page_itself_came(tmp_path: Path) -> None:
    counted: list[int] = []
    with Ledger.create_or_open(tmp_path / "ledger.db") as ledger:
        assert ledger.not_modified_in_a_row(SOURCE) == 0
        for week, status in enumerate((200, 304, 304, 500, 304, 200, 304)):
            check = check_of(Sample(week=week, status=status))
            assert check.capture is not None
            if status == 304:
                (one,) = check.capture.exchanges
                revisit = replace(one, revisit_of=response_of(Sample()))
                check = replace(check, capture=replace(check.capture, exchanges=(revisit,)))
            ledger.append(ledger.begin_run(PLAN), [check])
            counted.append(ledger.not_modified_in_a_row(SOURCE))
            last = ledger.last_capture(SOURCE)
            assert last is not None
            assert (last == check.capture) == (status != 500)
        assert ledger.response_with_payload(digest("payload"), SOURCE) == response_of(Sample(week=5))
    assert counted == [0, 1, 2, 2, 3, 0, 1]


def test_captures_beside_the_checks_are_known_to_the_ledger(tmp_path: Path) -> None:
    robots = capture_of(Sample(source="http://news.example/robots.txt"))
    with Ledger.create_or_open(tmp_path / "ledger.db") as ledger:
        ledger.append(ledger.begin_run(PLAN), (), captures=[robots])
        assert ledger.captures_without_check([robots]) == []
        assert ledger.response_with_payload(digest("payload"), robots.url) == robots.exchanges[0].response
        assert robots.captured_at >= START
