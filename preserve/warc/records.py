"""One WARC record as a value, and as a gzip member: the only place that knows warcio.

Owns how a record is spelled (WARC/1.1, one gzip member per record: WARC 1.1, section 4 and annex D) and how
it is taken apart again, with its block digest checked. Does not know what records a capture needs
(`building`) or where they lie (`files`, `reader`).

Records are written by warcio and read by a parser of our own: all that is read passes it, and it is stricter, so
that of a header nothing is read past.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final
from uuid import UUID

from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

from preserve import digests
from preserve.warc.deflate import deflater

WARC_VERSION = "WARC/1.1"
WARC_FIELDS = "application/warc-fields"

NewId = Callable[[], UUID]

_READ_VERSIONS: Final = ("WARC/1.1", "WARC/1.0")
_AFTER_HEAD: Final = b"\r\n\r\n"
_AFTER_BLOCK: Final = b"\r\n\r\n"
_CONTROLS: Final = bytes({*range(32), 127} - {9, 10, 13})
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_OF_HTTP: Final = frozenset({"response", "request", "revisit"})
# A head in printable ASCII, without folds: all readers read it alike.
_PLAIN_HEAD: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: [ -~]*)?\r\n(?:[!-9;-~]+:[ -~\t]*\r\n)*")
_HTTP_TYPE: Final = re.compile(rb"\r\ncontent-type:([^\r]*)\r\n", re.I)
_ENDS_LINES: Final = re.compile("[\x00-\x1f\x7f]")
_APART: Final = ("WARC-Type", "WARC-Record-ID", "Content-Type", "Content-Length")
# WARC 1.1, section 4: no other may stand twice; WARC-Protocol is an IIPC proposal.
_REPEATABLE: Final = frozenset({"warc-concurrent-to", "warc-protocol"})
# Names as we write them, by which most are known without a closer look.
_USUAL: Final = {
    name: name.lower()
    for name in (
        *_APART,
        "WARC-Date",
        "WARC-Target-URI",
        "WARC-IP-Address",
        "WARC-Protocol",
        "WARC-Concurrent-To",
        "WARC-Refers-To",
        "WARC-Refers-To-Target-URI",
        "WARC-Refers-To-Date",
        "WARC-Profile",
        "WARC-Block-Digest",
        "WARC-Payload-Digest",
        "WARC-Preserve-Capture",
    )
}
_APART_KEYS: Final = frozenset(name.lower() for name in _APART)


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
    # By name in lower case; only a record that was read has it, and is asked ten times over.
    _named: Mapping[str, str] | None = field(default=None, init=False, repr=False, compare=False)

    def field(self, name: str) -> str | None:
        """The first field called `name` (any case), or None."""
        wanted = name.lower()
        if self._named is not None:
            return self._named.get(wanted)
        return next((value for key, value in self.fields if key.lower() == wanted), None)

    def without_block(self) -> Record:
        """The same, its block let go."""
        bare = Record(self.kind, self.record_id, self.content_type, self.fields, b"")
        object.__setattr__(bare, "_named", self._named)
        return bare


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
    end = data.find(_AFTER_HEAD)
    if end < 0:
        raise ValueError("it does not begin with a WARC record: no empty line ends its header")
    fields, named = _header_fields(data[:end])
    start = end + len(_AFTER_HEAD)
    block = data[start : -len(_AFTER_BLOCK)]
    whole = start + len(block) + len(_AFTER_BLOCK) == len(data) and data.endswith(_AFTER_BLOCK)
    kind, record_id = named.pop("warc-type", ""), named.pop("warc-record-id", "")
    content_type = named.pop("content-type", "")
    if not whole or named.pop("content-length", "") != str(len(block)):
        raise ValueError("its Content-Length does not fit its bytes")
    if not kind or len(record_id) < 3 or record_id[0] != "<" or record_id[-1] != ">":
        raise ValueError("it does not begin with a WARC record: it has no type, or no id in angle brackets")
    record = Record(kind, record_id[1:-1], content_type, fields, block)
    object.__setattr__(record, "_named", named)
    _verify(record)
    return record


def _header_fields(head: bytes) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """A record's header (WARC 1.1, section 4): its fields but for those of `_APART`, and all by name in lower case.

    Args:
        head: without its last line break.

    Raises:
        ValueError: it is none. Folded lines are refused too: nobody writes them, and readers differ on them.
    """
    version, *lines = head.decode("utf-8").split("\r\n")
    if version not in _READ_VERSIONS:
        raise ValueError(f"it does not begin with a WARC record: its first line is {version[:40]!r}")
    bare = head.count(b"\r") != len(lines) or head.count(b"\n") != len(lines)
    if bare or len(head.translate(None, _CONTROLS)) != len(head):
        raise ValueError("it does not begin with a WARC record: control characters stand in its header")
    named: dict[str, str] = {}
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        key = _USUAL.get(name) or _key(name)
        if not key or not colon or (key in named and key not in _REPEATABLE):
            raise ValueError(f"it does not begin with a WARC record: {line[:40]!r} is no field, or is there twice")
        value = value.strip(" \t")
        if key not in named:
            named[key] = value
        if key not in _APART_KEYS:
            fields.append((name, value))
    return tuple(fields), named


def _key(name: str) -> str:
    """What a field's name is compared by; "" where it is none."""
    return name.lower() if _TOKEN.fullmatch(name) else ""


def http_status_and_type(record: Record) -> tuple[str | None, str | None]:
    """Status and Content-Type of the HTTP message in a record, as other tools read them: interim answers are
    not passed over, and nothing is checked. None for what is not there.
    """
    if record.kind not in _OF_HTTP:
        return None, None
    uri = record.field("WARC-Target-URI") or ""
    end = record.block.find(b"\r\n\r\n")
    plain = _PLAIN_HEAD.match(record.block, 0, end + 2) if end > 0 and uri.startswith(("http://", "https://")) else None
    if plain is None or plain.end() != end + 2:
        return _as_warcio_reads(record, uri)
    # As nearly every head is, and each is read anew whenever the index is audited.
    kind = _HTTP_TYPE.search(record.block, 0, end + 2)
    return plain[1].decode(), kind[1].decode().strip() if kind is not None else None


def _as_warcio_reads(record: Record, uri: str) -> tuple[str | None, str | None]:
    stream = BytesIO(record.block)
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
    if value.isascii() and value.isprintable():
        return value.strip()
    kept = _ENDS_LINES.sub(" ", value)
    return kept.encode("utf-8", "replace").decode("utf-8").strip()


class _GzipMember:
    """What warcio writes one record to: `flush`, which it calls once at a record's end, closes the member."""

    def __init__(self) -> None:
        self._deflater = deflater()
        self._parts: list[bytes] = []
        self.finished = b""

    def write(self, data: bytes) -> None:
        self._parts.append(self._deflater.compress(data))

    def flush(self) -> None:
        self._parts.append(self._deflater.flush())
        self.finished = b"".join(self._parts)
