"""The lines of the archive's index: CDXJ, one for each record that can be asked for by URL and time.

Owns what a line says, the same that cdxj-indexer writes, and reading one back. Does not know how lines are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from preserve.digests import digest
from preserve.model import RecordRef
from preserve.settings import DigestAlgorithm
from preserve.times import parse_warc_date
from preserve.warc.records import WARC_FIELDS, Record, http_status_and_type
from preserve.warc.surt import surt

REVISIT = "warc/revisit"
_INDEXED = frozenset({"response", "revisit", "resource", "metadata"})
_TIME = "%Y%m%d%H%M%S"
_AFTER_TYPE = re.compile(r"[;\s]")


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One line of the index.

    Attributes:
        url, digest: the record's WARC-Target-URI and payload digest.
        at: its date, to the second.
        media_type: of the payload; `warc/revisit` (`REVISIT`) for a revisit; "" where it is not known.
        status: of a response; None for other records.
        file, offset, length: where its gzip member lies, in bytes.
    """

    url: str
    at: datetime
    media_type: str
    status: int | None
    digest: str
    file: str
    offset: int
    length: int


Line = Callable[[RecordRef], bytes]


def line_of(record: Record) -> Line | None:
    """What gives the line of `record` once it is known where it lies; None for a record that is not indexed."""
    url = record.field("WARC-Target-URI")
    if record.kind not in _INDEXED or record.content_type == WARC_FIELDS or url is None:
        return None
    status, media_type = http_status_and_type(record)
    if record.kind == "revisit":
        media_type = REVISIT
    elif record.kind != "response":
        media_type = record.content_type
    said = {"url": url}
    if media_type is not None:
        said["mime"] = _AFTER_TYPE.split(media_type, maxsplit=1)[0].strip() if media_type else ""
    if status is not None:
        said["status"] = status
    # A metadata record has no payload digest (WARC 1.1, section 6.5); indexes have the block's in its place.
    said["digest"] = record.field("WARC-Payload-Digest") or digest(record.block, DigestAlgorithm.SHA1)
    at = parse_warc_date(record.field("WARC-Date") or "").astimezone(UTC)
    key = f"{surt(url)} {at.strftime(_TIME)} "

    def line(ref: RecordRef) -> bytes:
        place = {"length": str(ref.length), "offset": str(ref.offset), "filename": ref.file}
        return f"{key}{json.dumps(said | place)}\n".encode()

    return line


def key_of(url: str) -> bytes:
    """What the lines of `url`, and of URLs that count as the same, begin with."""
    return f"{surt(url)} ".encode()


def entry_of(line: bytes) -> IndexEntry:
    """A line, read.

    Raises:
        ValueError, KeyError, TypeError: it is no such line.
    """
    _, stamp, text = line.decode().split(" ", 2)
    said = json.loads(text)
    return IndexEntry(
        url=said["url"],
        at=datetime.strptime(stamp, _TIME).replace(tzinfo=UTC),
        media_type=said.get("mime", ""),
        status=int(said["status"]) if "status" in said else None,
        digest=said["digest"],
        file=said["filename"],
        offset=int(said["offset"]),
        length=int(said["length"]),
    )


def standing_for(line: bytes, original: bytes) -> bytes:
    """The line of a revisit with its own URL and time, and all else from the line of its original."""
    key, stamp, text = line.split(b" ", 2)
    said = json.loads(original.split(b" ", 2)[2]) | {"url": json.loads(text)["url"]}
    return b"%b %b %b\n" % (key, stamp, json.dumps(said).encode())


def nearest(entries: Iterable[IndexEntry], at: datetime) -> IndexEntry | None:
    """Of the entries that are responses or revisits, the one nearest to a time; the earlier of two as near."""
    asked = (entry for entry in entries if entry.status is not None)
    return min(asked, key=lambda entry: (abs(entry.at - at), entry.at), default=None)
