"""One WARC record as a value, and as a gzip member: the only place that knows warcio.

Owns how a record is spelled (WARC/1.1, one gzip member per record: WARC 1.1, section 4 and annex D) and how
it is taken apart again, with its block digest checked. Does not know what records a capture needs
(`building`) or where they lie (`files`, `reader`).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

from preserve import digests

WARC_VERSION = "WARC/1.1"
WARC_FIELDS = "application/warc-fields"
# Level 9 takes twice the time of level 6 for 1 % less (docs/formats.md); the files are the same to every
# reader.
GZIP_LEVEL = 6
GZIP_WINDOW = 31

_AFTER_BLOCK = b"\r\n\r\n"
NewId = Callable[[], UUID]


@dataclass(frozen=True, slots=True)
class Record:
    """One WARC record.

    Attributes:
        kind: its WARC-Type.
        record_id: its WARC-Record-ID without the angle brackets.
        content_type: of the block.
        fields: the other named fields in order, WARC-Date among them; Content-Length is never here.
        block: its bytes.
    """

    kind: str
    record_id: str
    content_type: str
    fields: tuple[tuple[str, str], ...]
    block: bytes

    def field(self, name: str) -> str | None:
        """The first field called `name` (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key.lower() == wanted), None)


def new_record_id(new_id: NewId) -> str:
    """A fresh WARC-Record-ID (WARC 1.1, section 5.2) without its angle brackets."""
    return f"urn:uuid:{new_id()}"


def encode(record: Record) -> bytes:
    """The record as one gzip member (RFC 1952), byte for byte reproducible."""
    out = _GzipMember()
    writer = WARCWriter(out, gzip=False, warc_version=WARC_VERSION)
    # Digests are given in `fields`, or are not to be there (metadata has no payload: WARC 1.1, section 4).
    # Of a revisit warcio would write nothing but the HTTP fields it has parsed; ours has a block like any other.
    treated_as = "response" if record.kind == "revisit" else record.kind
    writer.NO_PAYLOAD_DIGEST_TYPES = (treated_as,)
    named = [("WARC-Type", record.kind), ("WARC-Record-ID", f"<{record.record_id}>")]
    named += [(name, one_line(value)) for name, value in record.fields]
    writer.write_record(
        ArcWarcRecord(
            "warc",
            treated_as,
            StatusAndHeaders("", named, protocol=WARC_VERSION),
            BytesIO(record.block),
            None,
            record.content_type,
            len(record.block),
        )
    )
    return out.finished


def decode(data: bytes) -> Record:
    """The record in an unpacked gzip member, its block checked against its digest.

    Raises:
        ValueError: it is no whole WARC record, or its block digest doesn't match; the message says which.
    """
    stream = BytesIO(data)
    try:
        found = ArcWarcRecordLoader().parse_record_stream(stream, None, "warc", True)
    except (ArchiveLoadFailed, StatusAndHeadersParserException, EOFError) as error:
        raise ValueError(f"it does not begin with a WARC record: {error}") from error
    named = tuple((str(name), str(value)) for name, value in found.rec_headers.headers)
    start, end = stream.tell(), len(data) - len(_AFTER_BLOCK)
    block = data[start:end]
    if found.rec_headers.get_header("Content-Length") != str(len(block)) or data[end:] != _AFTER_BLOCK:
        raise ValueError("its Content-Length does not fit its bytes")
    apart = {"warc-type", "warc-record-id", "content-type", "content-length"}
    record = Record(
        kind=str(found.rec_type),
        record_id=(found.rec_headers.get_header("WARC-Record-ID") or "").strip("<>"),
        content_type=found.content_type or "",
        fields=tuple((name, value) for name, value in named if name.lower() not in apart),
        block=block,
    )
    if not record.kind or not record.record_id:
        raise ValueError("it has no WARC-Type or no WARC-Record-ID")
    _verify(record)
    return record


def http_status_and_type(record: Record) -> tuple[str | None, str | None]:
    """Status and Content-Type of the HTTP message in a record, as other tools read them: interim answers are
    not passed over, and nothing is checked. None for what is not there.
    """
    stream = BytesIO(record.block)
    uri = record.field("WARC-Target-URI") or ""
    try:
        head = ArcWarcRecordLoader(verify_http=False).load_http_headers(record.kind, uri, stream, len(record.block))
    except (StatusAndHeadersParserException, EOFError):
        head = None
    return (head.get_statuscode(), head.get_header("content-type")) if head is not None else (None, None)


def _verify(record: Record) -> None:
    labelled = record.field("WARC-Block-Digest")
    if labelled is None:
        raise ValueError(f"record {record.record_id} has no block digest")
    if not digests.matches(labelled, record.block):
        raise ValueError(f"record {record.record_id} does not match its block digest {labelled}")


def one_line(value: str) -> str:
    """A value that can't end its line: what a server says must not add fields of its own. Doing it twice is nothing."""
    kept = "".join(" " if ord(char) < 32 or ord(char) == 127 else char for char in value)
    return kept.encode("utf-8", "replace").decode("utf-8").strip()


class _GzipMember:
    """What warcio writes one record to: `flush`, which it calls once at a record's end, closes the member."""

    def __init__(self) -> None:
        self._deflater = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
        self._parts: list[bytes] = []
        self.finished = b""

    def write(self, data: bytes) -> None:
        self._parts.append(self._deflater.compress(data))

    def flush(self) -> None:
        self._parts.append(self._deflater.flush())
        self.finished = b"".join(self._parts)
