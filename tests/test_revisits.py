"""Promise 7: the same collection, checked twice against an unchanged web, adds revisit records, not copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from run_kit import Stage, answer, article, page, stage, write_post
from warc_support import captures_in, other_reader
from wire_server import WireServer

from preserve.model import ArchivedCapture, Check, Verdict
from preserve.rejudge import rejudge
from preserve.warc import read_block, read_capture, warc_files
from preserve.work.repeats import Repeats
from preserve.work.values import Kind, Order

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
ETAG = 'ETag: "one"\r\n'


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer({}) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path) -> Stage:
    return stage(tmp_path)


def publish(server: WireServer, place: Stage, count: int, headers: str = "") -> None:
    for number in range(count):
        server.scripts[f"/{number}"] = answer(page(article(number)), headers=headers)
        write_post(place.posts, f"report-{number}.md", server.url(f"/{number}"), article(number))


def kinds(place: Stage) -> Counter[str]:
    """How many records of each type the archive has, as an independent reader sees them."""
    return Counter(kind for path in warc_files(place.archive) for kind, _, _ in other_reader(path))


def revisits(place: Stage) -> list[tuple[dict[str, str], bytes]]:
    found = (record for path in warc_files(place.archive) for record in other_reader(path))
    return [(dict(headers.headers), block) for kind, headers, block in found if kind == "revisit"]


def same_when_judged_again(place: Stage) -> bool:
    with place.ledger() as ledger:
        results = [result for run in (1, 2, 3) for result in rejudge(ledger.checks_of(run), place.settings)]
    return bool(results) and all(
        result.same and result.again is not None and result.again.since_last == result.check.since_last
        for result in results
    )


def answering(etag: str, body: bytes) -> list[list[bytes]]:
    """A page, and then for good that it is not modified."""
    head = f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode()
    return [answer(body, headers=f"ETag: {etag}\r\n"), [head]]


def conditional(server: WireServer) -> list[bool]:
    """Of each page asked for, in order, whether it was asked for conditionally."""
    return [
        b"if-none-match:" in head.lower() or b"if-modified-since:" in head.lower()
        for head in server.heads
        if b" /robots.txt " not in head
    ]


def test_an_unchanged_page_is_stored_once(server: WireServer, place: Stage) -> None:
    publish(server, place, 6)
    rules = b"User-agent: *\nDisallow: /private\n" + b"# nothing to see\n" * 30
    server.scripts["/robots.txt"] = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(rules), rules]
    _, first = place.verify()
    before = kinds(place)
    size = sum(path.stat().st_size for path in place.archive.iterdir())
    _, second = place.verify()
    after = kinds(place)
    grown = sum(path.stat().st_size for path in place.archive.iterdir()) - size
    assert after["response"] == before["response"] == 7
    assert after["revisit"] == 7
    assert after["resource"] == before["resource"]
    assert after["conversion"] == before["conversion"]
    assert second.verdicts == first.verdicts
    assert all(check.since_last and not check.since_last.changed for check in second.checks)
    assert same_when_judged_again(place)
    assert grown < 6 * 8192


def test_a_revisit_says_all_that_the_standard_asks_of_it(server: WireServer, place: Stage) -> None:
    publish(server, place, 1)
    for _ in range(3):
        place.verify()
    (original,) = (
        (headers, block)
        for kind, headers, block in other_reader(warc_files(place.archive)[0])
        if kind == "response" and headers["WARC-Target-URI"] == server.url("/0")
    )
    second, third = revisits(place)
    for fields, block in (second, third):  # the third does not refer to the second
        assert fields["WARC-Profile"] == IDENTICAL
        assert fields["WARC-Refers-To"] == original[0]["WARC-Record-ID"]
        assert fields["WARC-Refers-To-Target-URI"] == original[0]["WARC-Target-URI"]
        assert fields["WARC-Refers-To-Date"] == original[0]["WARC-Date"]
        assert fields["WARC-Payload-Digest"] == original[0]["WARC-Payload-Digest"]
        assert block + page(article(0)) == original[1]
    assert kinds(place)["response"] == 1 + 3  # an empty answer, such as that for robots.txt, stays a response


def test_the_same_page_at_two_urls_of_one_run_is_stored_once(server: WireServer, place: Stage) -> None:
    publish(server, place, 1)
    server.scripts["/copy"] = server.scripts["/0"]
    write_post(place.posts, "copy.md", server.url("/copy"), article(0))
    _, watcher = place.verify()
    assert set(watcher.verdicts.values()) == {Verdict.INTACT}
    ((fields, _),) = revisits(place)
    assert {fields["WARC-Target-URI"], fields["WARC-Refers-To-Target-URI"]} == {server.url("/0"), server.url("/copy")}


def test_a_damaged_original_is_not_referred_to(server: WireServer, place: Stage) -> None:
    publish(server, place, 1, ETAG)
    _, first = place.verify()
    spoil(place, first.checks[0])
    with pytest.raises(Exception, match="damaged"):
        read_capture(place.archive, captured(first.checks[0]))
    _, second = place.verify()
    assert conditional(server) == [False, False]
    assert not captured(second.checks[0]).exchanges[-1].revisit_of
    read_capture(place.archive, captured(second.checks[0]))
    _, third = place.verify()
    assert captured(third.checks[0]).exchanges[-1].revisit_of == captured(second.checks[0]).exchanges[-1].response


def captured(check: Check) -> ArchivedCapture:
    assert check.capture is not None
    return check.capture


def spoil(place: Stage, check: Check) -> None:
    ref = captured(check).exchanges[-1].response
    assert ref is not None
    path = place.archive / ref.file
    data = bytearray(path.read_bytes())
    data[ref.offset + ref.length // 2] ^= 0xFF
    path.write_bytes(data)


def test_a_page_that_is_not_modified_is_judged_from_the_earlier_one(server: WireServer, place: Stage) -> None:
    publish(server, place, 2)
    edited = [paragraph.replace("2,400", "2,300") for paragraph in article(1)]
    server.scripts["/0"] = answering('"zero"', page(article(0)))
    server.scripts["/1"] = answering('W/"one"', page(edited))
    _, first = place.verify()
    _, second = place.verify()
    assert conditional(server) == [False, False, True, True]
    assert any(b'If-None-Match: W/"one"\r\n' in head for head in server.heads)
    for check in second.checks:
        earlier = first.of(Path(check.post).name)
        assert check.judgement == earlier.judgement
        assert (check.http_status, check.text_digest) == (304, earlier.text_digest)
        assert check.since_last is not None
        assert not check.since_last.changed
        final, original = captured(check).exchanges[-1], captured(earlier).exchanges[-1]
        assert (final.revisit_of, final.payload_digest) == (original.response, original.payload_digest)
        assert final.response is not None
        assert read_block(place.archive, final.response).startswith(b"HTTP/1.1 304 Not Modified\r\n")
    assert {fields["WARC-Profile"] for fields, _ in revisits(place)} == {NOT_MODIFIED}
    assert all(
        fields["WARC-Refers-To"] and fields["WARC-Refers-To-Date"] and fields["WARC-Refers-To-Target-URI"]
        for fields, _ in revisits(place)
    )
    assert same_when_judged_again(place)


def test_a_page_or_a_post_that_changed_is_judged_anew(server: WireServer, place: Stage) -> None:
    publish(server, place, 2)
    server.scripts["/0"] = answering('"zero"', page(article(0)))
    edited = [paragraph.replace("2,400", "2,300") for paragraph in article(1)]
    server.scripts["/1"] = [
        answer(page(article(1)), headers=ETAG),
        answer(page(edited), headers='ETag: "two"\r\n'),
    ]
    place.verify()
    other = [paragraph.replace("2,400", "2,500") for paragraph in article(0)]
    write_post(place.posts, "report-0.md", server.url("/0"), other)
    _, second = place.verify()
    assert conditional(server) == [False, False, True, True]
    changes = {name: second.of(name).judgement.changes[0] for name in ("report-0.md", "report-1.md")}
    assert {name: (change.old, change.new) for name, change in changes.items()} == {
        "report-0.md": ("2,500", "2,400"),
        "report-1.md": ("2,400", "2,300"),
    }
    place.verify()
    assert any(b'If-None-Match: "two"\r\n' in head for head in server.heads)


def test_a_server_that_wrongly_says_not_modified_is_found_out(server: WireServer, place: Stage) -> None:
    publish(server, place, 1)
    place = unconditional_every(place, 3)
    edited = [paragraph.replace("2,400", "2,300") for paragraph in article(0)]
    not_modified = [b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n']
    server.scripts["/0"] = [
        answer(page(article(0)), headers=ETAG),
        not_modified,
        not_modified,
        answer(page(edited), headers=ETAG),
        not_modified,
    ]
    found = [place.verify()[1].checks[0].judgement.verdict for _ in range(5)]
    assert conditional(server) == [False, True, True, False, True]
    assert found == [Verdict.INTACT] * 3 + [Verdict.EDITED] * 2


def unconditional_every(place: Stage, checks: int) -> Stage:
    fetch = replace(place.settings.fetch, unconditional_every=checks)
    return replace(place, settings=replace(place.settings, fetch=fetch))


def test_unconditional_every_time_when_asked_so(server: WireServer, place: Stage) -> None:
    publish(server, place, 1, ETAG)
    place = unconditional_every(place, 1)
    place.verify()
    place.verify()
    assert conditional(server) == [False, False]


def test_only_the_url_that_gave_validators_is_asked_with_them(server: WireServer, place: Stage) -> None:
    publish(server, place, 1)
    to = f'Location: {server.url("/there")}\r\nETag: "here"\r\n'
    server.scripts["/0"] = [f"HTTP/1.1 302 Found\r\n{to}Content-Length: 0\r\n\r\n".encode()]
    server.scripts["/there"] = answering('"there"', page(article(0)))
    _, first = place.verify()
    _, second = place.verify()
    assert conditional(server) == [False, False, False, True]
    assert second.checks[0].judgement == first.checks[0].judgement
    assert second.checks[0].final_url == server.url("/there")


def test_a_304_nobody_asked_for_is_a_response(server: WireServer, place: Stage) -> None:
    publish(server, place, 1)
    place.verify()
    server.scripts["/0"] = [b"HTTP/1.1 304 Not Modified\r\n\r\n"]
    _, second = place.verify()
    assert conditional(server) == [False, False]
    assert captured(second.checks[0]).exchanges[-1].revisit_of is None
    assert second.checks[0].judgement.verdict is not Verdict.INTACT
    assert revisits(place) == []


def test_an_earlier_page_is_read_once_whether_it_can_be_asked_for_conditionally_or_not(
    server: WireServer, place: Stage
) -> None:
    publish(server, place, 1)
    _, first = place.verify()
    capture = captured(first.checks[0])
    final = capture.final
    assert final is not None
    repeats = Repeats(lambda _digest, _url: None, place.settings)
    basis = repeats.basis(Order(1, Kind.SOURCE, capture.source, last=capture))
    assert basis is not None
    assert basis.validators is None
    known = repeats.known(basis, capture)
    assert known.payload(final.payload_digest, final.url) is basis.original
    assert known.unmodified == {}, "it was not asked whether it was modified"


def test_revisits_are_found_again_by_whoever_reads_the_files(server: WireServer, place: Stage) -> None:
    publish(server, place, 2)
    server.scripts["/1"] = answering('"zero"', page(article(1)))
    place.verify()
    _, second = place.verify()
    in_files = {capture.summary.record_id: capture for capture in captures_in(place.archive)}
    for check in second.checks:
        assert in_files[captured(check).summary.record_id] == check.capture
    with place.ledger() as ledger:
        assert {check.post: check.capture for check in ledger.latest_checks()} == {
            check.post: check.capture for check in second.checks
        }
