"""A static web site on many loopback addresses, quick enough not to be what is measured.

    python benchmarks/loopback.py MANIFEST --ready FILE [--log FILE] [--latency SECONDS] [--unconditional]

Answers the pages of the manifest, with ETag and Last-Modified, and 304 to a request that names the ETag (never with
--unconditional); all else is not found. Each request waits `latency` before it is answered. On SIGTERM the log is
written: [arrival, host, path, status] of each request. Standard library only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import cast

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nnot found\n"


@dataclass(frozen=True, slots=True)
class Page:
    """What is sent for one path.

    Attributes:
        etag: as in If-None-Match.
        whole: the response with the page.
        unchanged: the 304.
    """

    etag: bytes
    whole: bytes
    unchanged: bytes


@dataclass(slots=True)
class Site:
    """Every page, and what was asked."""

    pages: dict[tuple[bytes, bytes], Page]
    latency: float
    conditional: bool
    log: list[tuple[float, str, str, int]] = field(default_factory=list)

    def answer(self, head: bytes) -> bytes:
        """The response to a request's head."""
        line, _, rest = head.partition(b"\r\n")
        target = line.split(b" ")[1]
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (one.partition(b":") for one in rest.split(b"\r\n") if one)
        }
        host = fields.get(b"host", b"").partition(b":")[0]
        page = self.pages.get((host, target))
        unchanged = page is not None and self.conditional and fields.get(b"if-none-match") == page.etag
        status = 404 if page is None else 304 if unchanged else 200
        self.log.append((time.monotonic(), host.decode(), target.decode("latin-1"), status))
        if page is None:
            return NOT_FOUND
        return page.unchanged if unchanged else page.whole


class Connection(asyncio.Protocol):
    """One connection; requests are answered in their order, one at a time."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.held = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head, self.held = self.held[:end], self.held[end + 4 :]
            answer, closes = self.site.answer(head), b"\r\nconnection: close" in head.lower()
            if self.site.latency:
                asyncio.get_running_loop().call_later(self.site.latency, self.send, answer, closes)
            else:
                self.send(answer, closes)

    def send(self, answer: bytes, closes: bool) -> None:
        """Write a response, where the other side is still there."""
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(answer)
        if closes:
            self.transport.close()


def load(manifest: Path) -> tuple[dict[tuple[bytes, bytes], Page], list[str], int]:
    """Pages by host and path, the hosts, the port."""
    plan = json.loads(manifest.read_text("utf-8"))
    common = (
        f"Server: loopback\r\nDate: {formatdate(usegmt=True)}\r\nLast-Modified: {plan['modified']}\r\n"
        "Vary: Accept-Encoding\r\nCache-Control: max-age=600\r\nX-Content-Type-Options: nosniff\r\n"
    )
    pages = {}
    for entry in plan["pages"]:
        body = (manifest.parent / entry["file"]).read_bytes()
        lines = f"{common}ETag: {entry['etag']}\r\n"
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
        )
        unchanged = f"HTTP/1.1 304 Not Modified\r\n{lines}\r\n".encode()
        key = (entry["host"].encode(), entry["path"].encode())
        pages[key] = Page(entry["etag"].encode(), head.encode() + body, unchanged)
    return pages, plan["hosts"], plan["port"]


async def serve(options: argparse.Namespace) -> None:
    """Answer until told to stop."""
    pages, hosts, port = load(options.manifest)
    site = Site(pages, options.latency, not options.unconditional)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(lambda: Connection(site), hosts, port, backlog=512)
    options.ready.write_text("ready\n", "utf-8")
    await stop.wait()
    server.close()
    if options.log:
        options.log.write_text(json.dumps(site.log), "utf-8")


def main() -> None:
    """Parse and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--ready", type=Path, required=True)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--unconditional", action="store_true", help="never answer 304")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
