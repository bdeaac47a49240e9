"""What is written as which record: captures, stored copies, extracted text, and what made the file.

Pure: values in, records out; record ids come from the function handed in. Section numbers are of WARC 1.1
(https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote, unquote_to_bytes

import warcio

from preserve import __version__
from preserve.digests import digest
from preserve.http1 import entity_body
from preserve.model import Capture, CommitState, Exchange, PostVersion
from preserve.settings import ArchiveSettings, DigestAlgorithm
from preserve.times import parse_warc_date, warc_date
from preserve.urls import legal_uri
from preserve.warc.originals import Repetition
from preserve.warc.records import WARC_FIELDS, NewId, Record, new_record_id, one_line
from preserve.warc.summary import FIELD as SUMMARY_FIELD
from preserve.warc.summary import LONGEST_FIELD, Pair, summary_block, summary_text

CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
POST_URN = "urn:preserve:post:"
BYTES_URN = "urn:preserve:bytes:"
EXTRACTOR_FIELD = "WARC-Preserve-Extractor"
SOURCE_FIELD = "WARC-Preserve-Source"
STATE_FIELD = "WARC-Preserve-Commit-State"
COMMIT_FIELD = "WARC-Preserve-Commit"
COMMIT_DATE_FIELD = "WARC-Preserve-Commit-Date"

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Maker:
    """What every record is made with: the digest algorithm and the source of record ids."""

    algorithm: DigestAlgorithm
    new_id: NewId

    def record(self, kind: str, content_type: str, block: bytes, fields: Fields) -> Record:
        """A record with a fresh id and its block digest (section 5.8), every value on one line."""
        named = tuple((name, one_line(value)) for name, value in fields)
        digested = (*named, ("WARC-Block-Digest", digest(block, self.algorithm)))
        return Record(kind, new_record_id(self.new_id), content_type, digested, block)


def warcinfo_record(
    make: Maker, settings: ArchiveSettings, info: Mapping[str, str], *, file: str, at: datetime
) -> Record:
    """The record every file begins with (section 6.2): software, format, operator and the settings in `info`.

    The host name is left out unless `info` gives it: an archive is shown to strangers.
    """
    said = {
        "software": f"preserve/{__version__} warcio/{getattr(warcio, '__version__', '')}".rstrip("/"),
        "format": "WARC File Format 1.1",
        "conformsTo": CONFORMS_TO,
        "operator": settings.operator,
        **info,
    }
    lines = (f"{name}: {' '.join(value.split())}\r\n" for name, value in said.items() if value)
    block = "".join(lines).encode("utf-8", "replace")
    return make.record("warcinfo", WARC_FIELDS, block, (("WARC-Date", warc_date(at)), ("WARC-Filename", file)))


def capture_records(
    make: Maker, capture: Capture, captured_at: datetime, repeated: Mapping[int, Repetition]
) -> tuple[Record, ...]:
    """All records of one capture in order; its summary stands on the last, or in a record of its own behind it.

    Per exchange: a `request` record when bytes were sent and a record of what came. That is a `response`
    record whose block is exactly `exchange.response` (section 6.3), or, where no HTTP head could be read
    from it, a `metadata` record of type application/octet-stream under `urn:preserve:bytes:<URL>`, because
    readers take the block of a `response` to be HTTP. Where `repeated` names (by position) what an exchange has
    brought again, it is a `revisit` record (section 6.7) whose block is the head as received; what was sent for it
    stands in the summary, since a record of its own would weigh as much as the revisit.
    """
    for brief in (True, False):
        pairs = [
            _pair(make, exchange, repeated.get(number), brief=brief)
            for number, exchange in enumerate(capture.exchanges)
        ]
        records = [record for pair in pairs for record in pair.present]
        text = summary_text(capture, pairs, repeated)
        if pairs and pairs[-1].present and len(text) <= LONGEST_FIELD:
            last = records[-1]
            return (*records[:-1], replace(last, fields=(*last.fields, (SUMMARY_FIELD, text))))
    fields: list[tuple[str, str]] = [("WARC-Date", warc_date(captured_at))]
    if capture.url.lower().startswith(("http://", "https://")):  # else not a URI: section 5.14 lets it be absent
        fields.append(("WARC-Target-URI", legal_uri(capture.url)))
    if records:
        fields.append(("WARC-Refers-To", f"<{records[-1].record_id}>"))
    return (*records, make.record("metadata", WARC_FIELDS, summary_block(text), tuple(fields)))


def post_record(make: Maker, path: str, data: bytes, at: datetime, said: Fields) -> Record:
    """The bytes of a post's file as a `resource` record (section 6.4), the stored copy's witness.

    Its target is `urn:preserve:post:` and the percent-encoded path; `said` are the fields of `post_fields`.
    """
    uri = POST_URN + quote(path.encode("utf-8", "surrogateescape"), safe="/")
    fields = (
        ("WARC-Date", warc_date(at)),
        ("WARC-Target-URI", uri),
        ("WARC-Payload-Digest", digest(data, make.algorithm)),
        *said,
    )
    kind = "text/html" if path.lower().endswith((".html", ".htm")) else "text/markdown"
    return make.record("resource", kind, data, fields)


def post_fields(source: str | None, version: PostVersion | None) -> Fields:
    """What a post's record says beside its bytes.

    The source URL as the post has it stands in `WARC-Preserve-Source` as a JSON string, so that no byte of it can
    break the line. What git said of the post stands in three fields, those left out that would be empty.
    """
    fields = [] if source is None else [(SOURCE_FIELD, json.dumps(source))]
    if version is not None:
        fields.append((STATE_FIELD, version.state.value))
        if version.commit:
            fields.append((COMMIT_FIELD, version.commit))
        if version.committed_at is not None:
            fields.append((COMMIT_DATE_FIELD, warc_date(version.committed_at)))
    return tuple(fields)


def post_of(record: Record) -> str | None:
    """The path of the post whose bytes a `resource` record holds; None where it holds something else."""
    uri = record.field("WARC-Target-URI") or ""
    if record.kind != "resource" or not uri.startswith(POST_URN):
        return None
    return unquote_to_bytes(uri.removeprefix(POST_URN)).decode("utf-8", "surrogateescape")


def source_of(record: Record) -> str | None:
    """The source URL a `resource` record of a post names, exactly as the post has it; None without one."""
    written = record.field(SOURCE_FIELD)
    found = json.loads(written) if written else None
    return found if isinstance(found, str) else None


def version_of(record: Record) -> PostVersion | None:
    """What git said of the post whose bytes a `resource` record holds; None where nothing is said.

    Raises:
        ValueError: it is not said as `post_fields` does.
    """
    state, at = record.field(STATE_FIELD), record.field(COMMIT_DATE_FIELD)
    if state is None:
        return None
    return PostVersion(CommitState(state), record.field(COMMIT_FIELD) or "", parse_warc_date(at) if at else None)


def text_record(make: Maker, text: str, extractor: str, *, of: tuple[str, str], at: datetime) -> Record:
    """Text extracted from a response as a `conversion` record (section 6.8).

    Args:
        make: digest algorithm and ids.
        text: the text.
        extractor: name, version and options of what extracted it.
        of: the response's record id and its URL.
        at: when it was extracted.
    """
    block = text.encode("utf-8", "surrogatepass")
    fields = (
        ("WARC-Date", warc_date(at)),
        ("WARC-Target-URI", legal_uri(of[1])),
        ("WARC-Refers-To", f"<{of[0]}>"),
        ("WARC-Payload-Digest", digest(block, make.algorithm)),
        (EXTRACTOR_FIELD, extractor),
    )
    return make.record("conversion", "text/plain; charset=utf-8", block, fields)


def _pair(make: Maker, exchange: Exchange, repeated: Repetition | None, *, brief: bool) -> Pair:
    response = None
    if exchange.response and repeated is not None:
        response = _revisit(make, exchange, repeated)
    elif exchange.response:
        response = _response(make, exchange)
    told = brief and repeated is not None  # by the summary
    request = _request(make, exchange, response) if exchange.request and not told else None
    return Pair(request, response)


def _request(make: Maker, exchange: Exchange, response: Record | None) -> Record:
    """What was sent; from where and how the answer came stands on the answer, where there is one."""
    fields = _named(exchange, legal_uri(exchange.url))
    more = (("WARC-Concurrent-To", f"<{response.record_id}>"),) if response else _connection(exchange)
    return make.record("request", "application/http;msgtype=request", exchange.request, (*fields, *more))


def _response(make: Maker, exchange: Exchange) -> Record:
    uri = legal_uri(exchange.url)
    truncated = (("WARC-Truncated", exchange.truncated.value),) if exchange.truncated else ()
    if exchange.status is None or not exchange.head_end:
        urn = BYTES_URN + quote(uri, safe="/:@!$&'()*+,;=-._~")
        fields = (*_named(exchange, urn), *_connection(exchange), *truncated)
        return make.record("metadata", "application/octet-stream", exchange.response, fields)
    # Section 5.9: the payload is the entity-body, so without transfer coding but with its content coding.
    payload = entity_body(exchange.response, exchange.head_end, exchange.headers)
    payload_digest = ("WARC-Payload-Digest", digest(payload, make.algorithm))
    fields = (*_named(exchange, uri), *_connection(exchange), *truncated, payload_digest)
    return make.record("response", "application/http;msgtype=response", exchange.response, fields)


def _revisit(make: Maker, exchange: Exchange, repeated: Repetition) -> Record:
    original = repeated.original
    fields = (
        *_named(exchange, legal_uri(exchange.url)),
        *_connection(exchange),
        ("WARC-Profile", repeated.profile),
        ("WARC-Refers-To", f"<{original.ref.record_id}>"),
        ("WARC-Refers-To-Target-URI", original.url),
        ("WARC-Refers-To-Date", original.date),
        # Section 5.9: of the payload referred to, so that readers find it in an index by its digest.
        ("WARC-Payload-Digest", original.payload_digest),
    )
    head = exchange.response[: exchange.head_end]
    return make.record("revisit", "application/http;msgtype=response", head, fields)


def _named(exchange: Exchange, uri: str) -> Fields:
    return (("WARC-Date", warc_date(exchange.started_at)), ("WARC-Target-URI", uri))


def _connection(exchange: Exchange) -> Fields:
    """Where an answer came from and how; WARC-Protocol and WARC-Cipher-Suite are IIPC proposals."""
    fields = [("WARC-IP-Address", exchange.ip)] if exchange.ip else []
    fields += [("WARC-Protocol", protocol) for protocol in exchange.protocols]
    if exchange.cipher:
        fields.append(("WARC-Cipher-Suite", exchange.cipher))
    return tuple(fields)
