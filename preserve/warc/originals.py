"""Responses that later ones refer to: when one may stand for another, and how a revisit becomes whole again.

Owns the conditions of WARC 1.1, section 6.7: a `revisit` record is written only where reading it back gives
what a `response` record would have given. Knows neither where a payload was seen before (that is handed in)
nor how records are laid out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from preserve import digests
from preserve.errors import ArchiveError
from preserve.http1 import Head, entity_body, parse_head
from preserve.model import Capture, Exchange, RecordRef
from preserve.settings import DigestAlgorithm
from preserve.warc.places import place, read_record

PROFILES = "http://netpreserve.org/warc/1.1/revisit/"
IDENTICAL_PAYLOAD = PROFILES + "identical-payload-digest"
NOT_MODIFIED = PROFILES + "server-not-modified"
# The fields a revisit adds weigh about as much as this many bytes of a page, compressed.
LEAST_PAYLOAD = 256


@dataclass(frozen=True, slots=True)
class Original:
    """A whole response in the archive, read and checked.

    Attributes:
        ref: its `response` record.
        url, date: its WARC-Target-URI and WARC-Date, as they stand in the record.
        payload_digest: as in the record.
        response: its block.
        head: of the final response in it.
        payload: its entity body, the transfer coding removed.
    """

    ref: RecordRef
    url: str
    date: str
    payload_digest: str
    response: bytes
    head: Head
    payload: bytes


@dataclass(frozen=True, slots=True)
class Repetition:
    """That an exchange brought what an earlier one had brought.

    Attributes:
        profile: how that is known (WARC 1.1, section 6.7).
        original: the earlier response.
        whole: the response as it is read back, head and body.
    """

    profile: str
    original: Original
    whole: bytes


def _nothing(_digest: str, _url: str) -> RecordRef | Original | None:
    return None


@dataclass(frozen=True, slots=True)
class Known:
    """What is in the archive already, as far as an exchange may repeat it.

    Attributes:
        payload: gives the response that has a payload, by labelled digest and URL (one of this URL rather than
            of another), read already or not; None where there is none.
        unmodified: of each URL that was asked with validators, the response they were taken from.
    """

    payload: Callable[[str, str], RecordRef | Original | None] = _nothing
    unmodified: Mapping[str, RecordRef | Original] = field(default_factory=dict)


def read_original(directory: str | Path, ref: RecordRef) -> Original:
    """The response that revisits refer to, with block and payload checked against their digests.

    Raises:
        RecordNotFoundError: no such file, or another record lies there.
        ArchiveError: the record is damaged, no response, cut short, or its payload is not what it says.
    """
    record = read_record(directory, ref)
    where = place(Path(directory) / ref.file, ref)
    if record.kind != "response" or record.field("WARC-Truncated"):
        raise ArchiveError(f"{where} is no whole response, so that no revisit can refer to it")
    labelled = record.field("WARC-Payload-Digest") or ""
    try:
        head = parse_head(record.block)
        payload = entity_body(record.block, head.head_end, head.headers)
        intact = digests.matches(labelled, payload)
    except ValueError as error:
        raise ArchiveError(f"{where} can't be read as a response: {error}") from error
    if not intact:
        raise ArchiveError(f"{where} does not match its payload digest {labelled}; restore the file from a copy")
    return Original(
        ref=ref,
        url=record.field("WARC-Target-URI") or "",
        date=record.field("WARC-Date") or "",
        payload_digest=labelled,
        response=record.block,
        head=head,
        payload=payload,
    )


def repetitions(
    directory: str | Path, capture: Capture, known: Known, algorithm: DigestAlgorithm
) -> dict[int, Repetition]:
    """Which exchanges of `capture`, by position, need no `response` record of their own.

    An original that can't be read, or does not pass its digests, is passed over: the response is kept whole.
    """
    found: dict[int, Repetition] = {}
    for position, exchange in enumerate(capture.exchanges):
        if exchange.status is None or exchange.failure is not None or exchange.truncated is not None:
            continue
        try:
            same = _not_modified(directory, exchange, known) or _same_payload(directory, exchange, known, algorithm)
        except ArchiveError:
            continue
        if same is not None:
            found[position] = same
    return found


def joined(head: bytes, headers: tuple[tuple[str, str], ...], payload: bytes) -> bytes:
    """A response of `head` with `payload` as its entity body: bare, or in one chunk where the head wants chunks.

    How the server had cut its chunks is not kept; everything read from the response is the same.

    Raises:
        ValueError: the head's framing can't carry this payload.
    """
    for framed in (payload, b"%x\r\n%b\r\n0\r\n\r\n" % (len(payload), payload)):
        response = head + framed
        if entity_body(response, len(head), headers) == payload:
            return response
    raise ValueError("the head's framing does not fit the payload it is to have")


def _read(directory: str | Path, found: RecordRef | Original) -> Original:
    return found if isinstance(found, Original) else read_original(directory, found)


def _not_modified(directory: str | Path, exchange: Exchange, known: Known) -> Repetition | None:
    """A 304 that was asked for (RFC 9110, section 15.4.5): the earlier response still holds."""
    ref = known.unmodified.get(exchange.url) if exchange.status == 304 else None
    if ref is None:
        return None
    original = _read(directory, ref)
    return Repetition(NOT_MODIFIED, original, original.response)


def _same_payload(
    directory: str | Path, exchange: Exchange, known: Known, algorithm: DigestAlgorithm
) -> Repetition | None:
    payload = entity_body(exchange.response, exchange.head_end, exchange.headers)
    if len(payload) < LEAST_PAYLOAD:
        return None
    ref = known.payload(digests.digest(payload, algorithm), exchange.url)
    if ref is None:
        return None
    original = _read(directory, ref)
    if original.payload != payload:
        return None
    try:
        whole = joined(exchange.response[: exchange.head_end], exchange.headers, payload)
    except ValueError:
        return None
    return Repetition(IDENTICAL_PAYLOAD, original, whole)
