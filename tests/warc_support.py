"""Captures to archive, and archives to look at, for the tests of `preserve.warc`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from preserve.http1 import parse_head
from preserve.model import ArchivedCapture, Capture, Exchange, ExchangeRole, Failure, FailureKind, Truncation
from preserve.settings import ArchiveSettings
from preserve.warc import ArchiveWriter, scan_captures

START = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)
URL = "http://news.example//2024/a%e4?q=1"


class SteppingClock:
    """A clock that moves on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.steps = 0

    def now(self) -> datetime:
        self.steps += 1
        return START + timedelta(seconds=self.steps)

    def monotonic(self) -> float:
        return float(self.steps)


def writer_for(directory: Path, **options: Any) -> ArchiveWriter:
    settings = ArchiveSettings(directory=str(directory), **options)
    return ArchiveWriter(settings, clock=SteppingClock(), info={"robots": "obey", "http-delay": "1.0"})


def exchange(response: bytes, *, url: str = URL, truncated: Truncation | None = None) -> Exchange:
    """An exchange as the fetcher would hand it over, its head read where there is one."""
    try:
        head = parse_head(response)
        known: dict[str, Any] = {
            "head_end": head.head_end,
            "status": head.status,
            "reason": head.reason,
            "headers": head.headers,
        }
    except ValueError:
        known = {"failure": Failure(FailureKind.BAD_RESPONSE, f"{url}: not HTTP")} if response else {}
    return Exchange(
        url=url,
        role=ExchangeRole.SOURCE,
        attempt=1,
        started_at=START,
        seconds=0.125,
        request=b"GET //2024/a%e4?q=1 HTTP/1.1\r\nHost: news.example\r\n\r\n",
        response=response,
        ip="192.0.2.7",
        protocols=("http/1.1", "tls/1.3"),
        cipher="TLS_AES_128_GCM_SHA256",
        truncated=truncated,
        **known,
    )


def capture(*responses: bytes, source: str = URL) -> Capture:
    return Capture(source, URL, tuple(exchange(response) for response in responses))


def page(text: str = "<p>The bridge carries 2,400 cars a day.</p>") -> bytes:
    body = text.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def captures_in(directory: Path) -> list[ArchivedCapture]:
    found: list[ArchivedCapture] = []
    for path in sorted(directory.glob("*.warc.gz*")):
        found += [item for item in scan_captures(path) if isinstance(item, ArchivedCapture)]
    return found


def only_file(directory: Path) -> Path:
    (path,) = directory.glob("*.warc.gz*")
    return path


def other_reader(path: Path) -> Iterator[tuple[str, Any, bytes]]:
    """(type, headers, block) of each record, as warcio's own reader sees it, digests recomputed."""
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, no_record_parse=True):
            block = record.raw_stream.read()
            algorithm, _, value = record.rec_headers["WARC-Block-Digest"].partition(":")
            raw = hashlib.new(algorithm, block).digest()
            assert value == (raw.hex() if algorithm == "sha256" else base64.b32encode(raw).decode())
            yield record.rec_type, record.rec_headers, block
