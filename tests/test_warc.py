"""What is archived comes back as it was, and every other reader agrees on what it is."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from fastwarc.warc import WarcRecordType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warc_support import (
    START,
    URL,
    SteppingClock,
    capture,
    captures_in,
    exchange,
    only_file,
    other_reader,
    page,
    writer_for,
)

from preserve.digests import digest
from preserve.errors import ArchiveError, RecordNotFoundError
from preserve.model import (
    ArchivedCapture,
    Capture,
    CommitState,
    Exchange,
    ExchangeRole,
    Failure,
    FailureKind,
    PostVersion,
    RecordRef,
    Truncation,
)
from preserve.settings import ArchiveSettings, DigestAlgorithm
from preserve.warc import ArchivedPost, ArchiveWriter, read_block, read_capture, scan_captures, warc_files
from preserve.warc.records import Record, decode, encode

PACKED = gzip.compress(b"x" * 99, mtime=0)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    + b"7\r\n%s\r\n%x;note\r\n%s\r\n0\r\n\r\n" % (PACKED[:7], len(PACKED) - 7, PACKED[7:])
)
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HOPS = (b"HTTP/1.1 301 Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", page())
REFUSED = Failure(FailureKind.REFUSED, "port 80: refused")
FAILED = Capture(URL, URL, (replace(exchange(b""), request=b""),), REFUSED)
UNASKED = Capture(" no url\r\n", "no url", (), Failure(FailureKind.INVALID_URL, "no scheme"))

# ---------------------------------------------------------------- there and back


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """Any exchange at all: heads that fit the bytes, and heads that don't."""
    body = draw(st.binary(max_size=60))
    wild = body + b"\r\n\r\nHTTP/1.1 200 \r\n\r\n"
    response = draw(st.sampled_from([body, page() + body, CHUNKED, CONTINUED, wild]))
    made = replace(
        exchange(response, url="http://h.example/" + draw(st.text(max_size=20))),
        role=draw(st.sampled_from(ExchangeRole)),
        attempt=draw(st.integers(1, 3)),
        started_at=draw(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))),
        seconds=draw(st.floats(0, 1e6)),
        request=draw(st.binary(max_size=60)),
        ip=draw(st.sampled_from([None, "192.0.2.1", "2001:db8::1"])),
        protocols=draw(st.sampled_from([(), ("http/1.0",), ("http/1.1", "tls/1.2"), ("a\r\nWARC-Type: b",)])),
        cipher=draw(st.none() | st.text(max_size=9)),
        truncated=draw(st.none() | st.sampled_from(Truncation)),
        failure=draw(st.none() | st.builds(Failure, st.sampled_from(FailureKind), st.text(max_size=20))),
    )
    if draw(st.booleans()):
        return made
    fields = st.tuples(st.text(max_size=5), st.text(max_size=5))
    return replace(
        made,
        status=draw(st.none() | st.integers(100, 999)),
        reason=draw(st.text(max_size=5)),
        headers=tuple(draw(st.lists(fields, max_size=3))),
        head_end=draw(st.integers(0, len(response))),
    )


CAPTURES = st.builds(
    Capture,
    st.text(max_size=20),
    st.text(max_size=20),
    st.lists(exchanges(), max_size=4).map(tuple),
    st.none() | st.builds(Failure, st.sampled_from(FailureKind), st.text(max_size=20)),
)


@given(written=st.lists(CAPTURES, min_size=1, max_size=3), algorithm=st.sampled_from(DigestAlgorithm))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_capture_comes_back_equal_whatever_bytes_it_holds(
    tmp_path: Path, written: list[Capture], algorithm: DigestAlgorithm
) -> None:
    directory = tmp_path / "archive"
    shutil.rmtree(directory, ignore_errors=True)
    with writer_for(directory, digest=algorithm) as writer:
        archived = [writer.append_capture(one) for one in written]
        assert [read_capture(directory, where) for where in archived] == written  # while the file is open
    assert [read_capture(directory, where) for where in archived] == written
    assert captures_in(directory) == archived
    subprocess_free_check(only_file(directory))


def subprocess_free_check(path: Path) -> None:
    """Every record is a gzip member whose block digest FastWARC and warcio's reader agree on."""
    with path.open("rb") as stream:
        assert all(record.verify_block_digest() for record in FastIterator(stream, parse_http=False))
    assert sum(1 for _ in other_reader(path)) >= 2


def test_a_lone_surrogate_in_a_source_survives(tmp_path: Path) -> None:
    odd = Capture("http://h.example/\udce4", URL, ())
    with writer_for(tmp_path) as writer:
        assert read_capture(tmp_path, writer.append_capture(odd)) == odd


def test_a_failure_is_evidence_too(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        failed, unasked = writer.append_capture(FAILED), writer.append_capture(UNASKED)
    assert (failed.first, failed.captured_at) == (failed.summary, START)
    assert failed.final is not None
    assert failed.final.response is None
    assert (unasked.exchanges, unasked.first) == ((), unasked.summary)
    assert [read_capture(tmp_path, where) for where in (failed, unasked)] == [FAILED, UNASKED]
    assert [kind for kind, _, _ in other_reader(only_file(tmp_path))] == ["warcinfo", "metadata", "metadata"]


# ---------------------------------------------------------------- what the records say


def test_every_hop_is_a_request_and_a_response_and_the_last_closes_the_capture(tmp_path: Path) -> None:
    hops = capture(*HOPS, source="HTTP://news.example//2024/a\u00e4")
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(hops)
    kinds = list(other_reader(only_file(tmp_path)))
    assert " ".join(kind for kind, _, _ in kinds) == "warcinfo request response request response"
    for (_, request, sent), (_, response, came), hop in zip(kinds[1::2], kinds[2::2], hops.exchanges, strict=False):
        assert (sent, came) == (hop.request, hop.response)
        assert request["WARC-Concurrent-To"] == response["WARC-Record-ID"]
        assert response["WARC-Concurrent-To"] is None  # said once is enough (section 5.7)
        assert request["WARC-Date"] == response["WARC-Date"] == "2026-03-01T12:00:00.250000Z"
        assert response["WARC-Target-URI"] == URL
        assert response["WARC-IP-Address"] == "192.0.2.7"
        assert response["Content-Type"] == "application/http;msgtype=response"
        protocols = [value for name, value in response.headers if name == "WARC-Protocol"]
        assert protocols == ["http/1.1", "tls/1.3"]
        assert response["WARC-Cipher-Suite"] == "TLS_AES_128_GCM_SHA256"
    said = json.loads(kinds[-1][1]["WARC-Preserve-Capture"])
    assert (said["source"], said["exchanges"][1]["status"]) == ("HTTP://news.example//2024/a\u00e4", 200)
    assert kinds[2][1]["WARC-Preserve-Capture"] is None
    assert archived.final is not None
    assert archived.final.response == archived.summary


def test_a_summary_too_long_for_a_header_is_a_record_of_its_own(tmp_path: Path) -> None:
    hops = capture(*HOPS, source="http://news.example/" + "\u6865" * 400)
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(hops)
    *_, (_, response, _), (kind, summary, block) = other_reader(only_file(tmp_path))
    assert (kind, response["WARC-Preserve-Capture"]) == ("metadata", None)
    assert json.loads(block.decode().removeprefix("preserve-capture: "))["source"] == hops.source
    assert summary["WARC-Refers-To"] == response["WARC-Record-ID"]
    assert summary["WARC-Payload-Digest"] is None  # a metadata record has no payload
    assert read_capture(tmp_path, archived) == hops


@pytest.mark.parametrize(
    ("response", "payload"),
    [
        (page("<p>plain</p>"), b"<p>plain</p>"),
        (CHUNKED, PACKED),
        (CONTINUED, b"ok"),
        (b"HTTP/1.0 200 \r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
    ids=["length", "chunked-gzip", "100-continue", "http-1.0", "no-content"],
)
@pytest.mark.parametrize("algorithm", DigestAlgorithm)
def test_block_is_every_byte_and_payload_is_the_entity_body(
    tmp_path: Path, response: bytes, payload: bytes, algorithm: DigestAlgorithm
) -> None:
    with writer_for(tmp_path, digest=algorithm) as writer:
        archived = writer.append_capture(capture(response)).final
    assert archived is not None
    assert archived.response is not None
    assert read_block(tmp_path, archived.response) == response
    assert archived.block_digest == digest(response, algorithm)
    assert archived.payload_digest == digest(payload, algorithm)
    if algorithm is DigestAlgorithm.SHA256:
        assert archived.payload_digest == "sha256:" + hashlib.sha256(payload).hexdigest()


def test_what_is_not_http_is_kept_where_no_reader_takes_it_for_http(tmp_path: Path) -> None:
    noise = capture(b"\x15\x03\x01\x00\x02\x02\x28", b"HTTP/1.1 200 OK\r\nContent-Le")
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(noise)
    assert read_capture(tmp_path, archived) == noise
    kept = [(kind, named, block) for kind, named, block in other_reader(only_file(tmp_path))][2:6:2]
    assert [block for _, _, block in kept] == [one.response for one in noise.exchanges]
    for kind, named, _ in kept:
        assert (kind, named["Content-Type"]) == ("metadata", "application/octet-stream")
        assert named["WARC-Target-URI"] == "urn:preserve:bytes:http://news.example//2024/a%25e4%3Fq=1"
        assert named["WARC-Payload-Digest"] is None
    assert warcio_check(only_file(tmp_path)) == (0, "")


def test_a_cut_body_says_so_and_no_text_can_add_a_field(tmp_path: Path) -> None:
    cut = replace(exchange(page(), truncated=Truncation.LENGTH), cipher="X\r\nWARC-Type: resource\r\n\r\nboo")
    with writer_for(tmp_path, operator="A\r\nhostname: secret") as writer:
        writer.append_capture(Capture(URL, URL, (cut,)))
    (_, _, info), _, (kind, named, block) = other_reader(only_file(tmp_path))
    assert (kind, block) == ("response", cut.response)
    assert named["WARC-Truncated"] == "length"
    assert [name for name, _ in named.headers].count("WARC-Type") == 1
    assert b"\r\nhostname:" not in info


def test_every_file_begins_with_who_made_it(tmp_path: Path) -> None:
    with writer_for(tmp_path, operator="Library of Examples") as writer:
        writer.append_capture(capture(page()))
    kind, named, block = next(other_reader(only_file(tmp_path)))
    said = dict(line.split(": ", 1) for line in block.decode().splitlines())
    assert (kind, named.protocol) == ("warcinfo", "WARC/1.1")
    assert named["WARC-Filename"] == only_file(tmp_path).name
    assert said["software"].startswith("preserve/")
    assert (said["format"], said["robots"]) == ("WARC File Format 1.1", "obey")
    assert said["operator"] == "Library of Examples"
    assert said["conformsTo"].endswith("/warc-1.1/")
    assert "hostname" not in said


def test_a_stored_copy_is_a_resource_and_an_extracted_text_a_conversion(tmp_path: Path) -> None:
    post, path, source = b"---\r\nfrom: x\r\n---\r\n\xff", "_posts/桥 50%.md", 'http://h.example/\n"x'
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(capture(page()))
        kept = writer.append_stored_copy(path, post, source, START)
        text = writer.append_text(archived, "The bridge\n大桥", "trafilatura/2.0 favor_recall=no")
    _, _, _, (kind, resource, block), (kind2, conversion, block2) = other_reader(only_file(tmp_path))
    assert (kind, block, read_block(tmp_path, kept)) == ("resource", post, post)
    assert resource["WARC-Target-URI"] == "urn:preserve:post:_posts/%E6%A1%A5%2050%25.md"
    assert (kind2, block2) == ("conversion", "The bridge\n大桥".encode())
    assert read_block(tmp_path, text) == block2
    assert archived.final is not None
    assert archived.final.response is not None
    assert conversion["WARC-Refers-To"] == f"<{archived.final.response.record_id}>"
    assert conversion["WARC-Target-URI"] == URL
    assert conversion["WARC-Preserve-Extractor"] == "trafilatura/2.0 favor_recall=no"
    found = list(scan_captures(only_file(tmp_path)))
    assert found == [archived, ArchivedPost(path, source, START, kept, digest(post))]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (None, {}),
        (PostVersion(CommitState.UNCOMMITTED), {"State": "uncommitted"}),
        (PostVersion(CommitState.MODIFIED, "ab" * 32), {"State": "modified", "": "ab" * 32}),
        (
            PostVersion(CommitState.COMMITTED, "ab" * 20, START),
            {"State": "committed", "": "ab" * 20, "Date": "2026-03-01T12:00:00.250000Z"},
        ),
    ],
    ids=str,
)
def test_a_stored_copy_names_the_commit_that_last_touched_it(
    tmp_path: Path, version: PostVersion | None, said: dict[str, str]
) -> None:
    with writer_for(tmp_path) as writer:
        writer.append_stored_copy("a.md", b"text", None, START, version)
    _, (_, resource, _) = other_reader(only_file(tmp_path))
    fields = {f"WARC-Preserve-Commit-{name}".rstrip("-"): value for name, value in said.items()}
    assert {name: value for name, value in resource.headers if "Commit" in name} == fields
    (found,) = scan_captures(only_file(tmp_path))
    assert isinstance(found, ArchivedPost)
    assert found.version == version


def test_text_without_a_response_is_a_mistake(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer, pytest.raises(ValueError, match="no response"):
        writer.append_text(writer.append_capture(FAILED), "text", "x")


# ---------------------------------------------------------------- other readers


def warcio_check(path: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", "from warcio.cli import main; main()", "check", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_gzip_and_warcio_find_nothing_wrong(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(capture(*HOPS))
        writer.append_stored_copy("a.md", b"text", None, START)
        writer.append_text(archived, "text", "x")
        writer.append_capture(FAILED)
    path = only_file(tmp_path)
    assert warcio_check(path) == (0, "")
    assert subprocess.run(["gzip", "-t", str(path)], capture_output=True, check=False).returncode == 0
    with path.open("rb") as stream:
        assert all(record.verify_block_digest() for record in FastIterator(stream, parse_http=False))
    with path.open("rb") as stream:
        responses = FastIterator(stream, record_types=WarcRecordType.response)
        payloads = [record.verify_payload_digest() for record in responses]
    assert payloads == [True, True]


def test_of_a_chunked_response_warcio_disputes_the_payload_digest_and_nothing_else(tmp_path: Path) -> None:
    """It digests the chunk framing as well, against WARC 1.1, section 5.9; told in docs/formats.md."""
    with writer_for(tmp_path) as writer:
        writer.append_capture(capture(CHUNKED, page()))
    status, said = warcio_check(only_file(tmp_path))
    assert status == 1
    assert said.count("digest failed") == said.count("payload digest failed") == 1


# ---------------------------------------------------------------- files


def test_a_file_is_open_while_written_and_named_when_closed(tmp_path: Path) -> None:
    writer = writer_for(tmp_path / "deep" / "archive")
    assert list((tmp_path / "deep" / "archive").iterdir()) == []  # nothing archived, no file
    archived = writer.append_capture(capture(page()))
    writer.sync()
    writer.sync()
    (opened,) = warc_files(tmp_path / "deep" / "archive")
    assert opened.name == archived.first.file + ".open"
    writer.close()
    writer.close()
    (closed,) = warc_files(tmp_path / "deep" / "archive")
    assert closed.name == archived.first.file
    assert closed.name.startswith("preserve-20260301120001250000-00000-")


def test_files_roll_over_between_captures(tmp_path: Path) -> None:
    with writer_for(tmp_path, roll_over=2000) as writer:
        archived = [writer.append_capture(capture(page(f"<p>{n}</p>"))) for n in range(6)]
    files = warc_files(tmp_path)
    assert 1 < len(files) <= 6
    assert all(next(other_reader(path))[0] == "warcinfo" for path in files)
    assert captures_in(tmp_path) == archived  # file names sort as they were written
    assert all(one.first.file == one.summary.file for one in archived)


def test_two_writers_never_share_a_file(tmp_path: Path) -> None:
    """Not even with the same clock and the same chance."""
    where = ArchiveSettings(directory=str(tmp_path))
    writers = [
        ArchiveWriter(where, clock=SteppingClock(), info={}, new_id=map(UUID, count_ids()).__next__) for _ in range(2)
    ]
    archived = [writer.append_capture(capture(page())) for writer in writers]
    for writer in writers:
        writer.close()
    assert len({one.first.file for one in archived}) == len(warc_files(tmp_path)) == 2
    assert captures_in(tmp_path) == archived


def count_ids() -> Iterator[str]:
    return (f"{n:032x}" for n in itertools.count())


def test_threads_append_whole_captures(tmp_path: Path) -> None:
    written: dict[str, ArchivedCapture] = {}

    def work(thread: int) -> None:
        for n in range(15):
            source = f"{URL}&{thread}.{n}"
            written[source] = writer.append_capture(capture(*HOPS, source=source))
            if n % 5 == 0:
                writer.sync()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that threads meet inside an append
    with writer_for(tmp_path, roll_over=40_000) as writer:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    sys.setswitchinterval(interval)
    assert len(warc_files(tmp_path)) > 1
    assert {one.source: one for one in captures_in(tmp_path)} == written
    assert len(written) == 90
    for source, archived in written.items():
        assert read_capture(tmp_path, archived) == capture(*HOPS, source=source)


# ---------------------------------------------------------------- what is wrong is named


def test_one_flipped_byte_never_gives_another_capture(tmp_path: Path) -> None:
    original = capture(*HOPS)
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(original)
    path = only_file(tmp_path)
    good = path.read_bytes()
    starts = [*member_starts(good), len(good)]
    # gzip's MTIME, XFL and OS say nothing about the record, nor do the bits that fill its last compressed byte.
    silent = {start + at for start in starts for at in (*range(4, 10), -9)}
    unnoticed = set()
    for at in range(archived.first.offset, len(good), 7):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        try:
            assert read_capture(tmp_path, archived) == original
            unnoticed.add(at)
        except ArchiveError as error:
            assert path.name in str(error)
    assert unnoticed <= silent


def member_starts(data: bytes) -> list[int]:
    return [at for at in range(len(data)) if data[at : at + 4] == b"\x1f\x8b\x08\x00"]


def test_a_record_that_does_not_match_its_digest_is_refused_by_place_and_id(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(capture(page()))
    assert archived.final is not None
    ref = archived.final.response
    assert ref is not None
    path = only_file(tmp_path)
    data = path.read_bytes()
    true = decode(gzip.decompress(data[ref.offset : ref.offset + ref.length]))
    forged = encode(replace(true, block=true.block.replace(b"2,400", b"2,300")))
    path.write_bytes(data[: ref.offset] + forged + data[ref.offset + ref.length :])
    with pytest.raises(ArchiveError, match="does not match its block digest") as caught:
        read_block(tmp_path, ref)
    for part in (path.name, str(ref.offset), ref.record_id):
        assert part in str(caught.value)
    with pytest.raises(ArchiveError, match="does not match its block digest"):
        list(scan_captures(path))


def test_a_record_without_a_digest_is_not_trusted() -> None:
    bare = (
        b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:0>\r\n"
        b"WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Length: 1\r\n\r\nx\r\n\r\n"
    )
    with pytest.raises(ValueError, match="no block digest"):
        decode(bare)


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"WARC/1.1\r\nWARC-Type: resource\r\n"])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(data)


@pytest.mark.parametrize("length", [b"0", b"2", b"4", b"-1", b"3x", b" ", b"9" * 30])
def test_a_length_that_does_not_fit_is_refused(length: bytes) -> None:
    block = digest(b"abc").encode()
    data = (
        b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:0>\r\n"
        b"WARC-Block-Digest: %s\r\nContent-Length: %s\r\n\r\nabc\r\n\r\n"
    )
    assert decode(data % (block, b"3")).block == b"abc"
    with pytest.raises(ValueError, match="Content-Length"):
        decode(data % (block, length))


def test_a_record_that_is_not_there_is_named(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(capture(page()))
    ref = archived.first
    for wrong in (
        replace(ref, record_id="urn:uuid:other"),
        replace(ref, file="preserve-gone.warc.gz"),
        replace(ref, file="../" + ref.file),
        replace(ref, file="/etc/passwd"),
        replace(ref, file="a\0b"),
        replace(ref, file=""),
        replace(ref, offset=only_file(tmp_path).stat().st_size),
    ):
        with pytest.raises(RecordNotFoundError):
            read_block(tmp_path, wrong)
    with pytest.raises(ArchiveError, match="damaged"):
        read_block(tmp_path, replace(ref, offset=ref.offset + 1))
    with pytest.raises(RecordNotFoundError):
        read_capture(tmp_path, replace(archived, summary=replace(archived.summary, record_id="urn:uuid:other")))


def test_a_summary_of_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(FAILED)
    path = only_file(tmp_path)
    data = path.read_bytes()
    said = decode(gzip.decompress(data[archived.summary.offset :]))
    block = said.block.replace(b'"version":1', b'"version":2')
    fields = (*said.fields[:-1], ("WARC-Block-Digest", digest(block)))
    newer = encode(replace(said, block=block, fields=fields))
    path.write_bytes(data[: archived.summary.offset] + newer)
    ref = RecordRef(said.record_id, path.name, archived.summary.offset, len(newer))
    with pytest.raises(ArchiveError, match="newer preserve"):
        read_capture(tmp_path, replace(archived, first=ref, summary=ref))
    with pytest.raises(ArchiveError, match="newer preserve"):
        list(scan_captures(path))


FORGERIES = [
    b"[]",
    b"{",
    b"[" * 100_000,
    b'{"version":1}',
    b'{"version":1,"exchanges":[]}',
    b'{"version":1,"url":"u","exchanges":[{"url":"u"}]}',
    b'{"version":1,"url":"u","exchanges":[{"url":"u","request":"","response":false}]}',
    b'{"version":1,"url":"u","exchanges":[{"url":"u","request":"","response":false,"started_at":7,"seconds":1}]}',
    b'{"version":1,"url":"u","exchanges":[7]}',
    b'{"version":1,"url":"u","exchanges":[],"failure":{"kind":"made-up","message":""}}',
]


@pytest.mark.parametrize("said", FORGERIES, ids=range(len(FORGERIES)))
def test_a_forged_summary_is_an_error_by_place_and_never_a_crash(tmp_path: Path, said: bytes) -> None:
    block = b"preserve-capture: " + said + b"\r\n"
    fields = (("WARC-Date", "2026-03-01T12:00:00Z"), ("WARC-Block-Digest", digest(block)))
    member = encode(Record("metadata", "urn:uuid:1", "application/warc-fields", fields, block))
    (tmp_path / "x.warc.gz").write_bytes(member)
    ref = RecordRef("urn:uuid:1", "x.warc.gz", 0, len(member))
    with pytest.raises(ArchiveError, match=r"x\.warc\.gz at offset 0: record urn:uuid:1: its summary"):
        read_capture(tmp_path, ArchivedCapture("s", "u", START, ref, ref, ()))


def test_a_response_is_not_taken_for_the_answer_to_another_request(tmp_path: Path) -> None:
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(capture(*HOPS))
    data = only_file(tmp_path).read_bytes()
    first, second = archived.exchanges[0].response, archived.exchanges[1].response
    assert first is not None
    assert second is not None
    cut = data[: archived.first.offset] + data[first.offset : first.offset + first.length] + data[second.offset :]
    only_file(tmp_path).write_bytes(cut)
    with pytest.raises(ArchiveError, match="no request"):
        list(scan_captures(only_file(tmp_path)))


@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_record_or_a_value_error(noise: bytes, at: int, drop: int) -> None:
    good = gzip.decompress(encode(Record("resource", "urn:uuid:1", "text/plain", (), page())))
    for data in (noise, good[:at] + noise + good[at + drop :]):
        try:
            assert decode(data).kind
        except ValueError as error:
            assert str(error)


def test_dates_keep_their_microseconds(tmp_path: Path) -> None:
    late = replace(exchange(page()), started_at=START + timedelta(microseconds=1))
    with writer_for(tmp_path) as writer:
        archived = writer.append_capture(Capture(URL, URL, (exchange(page()), late)))
    assert archived.captured_at == START + timedelta(microseconds=1)
