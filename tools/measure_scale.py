"""What a check costs on disk and how long a look takes: the numbers docs/scale.md extrapolates from.

    python tools/measure_scale.py DIR [--posts 1000] [--runs 4] [--leaves 1000000] [--lines 600000]

Serves made-up pages on loopback addresses, verifies them again and again without a change, and prints after each run
what WARC files, index and ledger have grown by for each check. Then what a look at the archive costs; a proof from a
log of --leaves; and an index of --lines, read and merged. DIR must not exist.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from preserve.ledger import Ledger
from preserve.sealing import seal
from preserve.verify.names import LEDGER
from preserve.warc import refresh
from preserve.warc.zipnum import open_index
from preserve.warc.zipwriting import write_index

HOSTS = 20
PORT = 8437
FIELDS = (
    ("Cache-Control", "max-age=0, private, must-revalidate"),
    ("Vary", "Accept-Encoding, Cookie"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
    ("Content-Security-Policy", "default-src 'self' https:; img-src https: data:; frame-ancestors 'self'"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Link", '<https://cdn.example/styles.css>; rel="preload"; as="style"'),
    ("Via", "1.1 varnish, 1.1 edge-17.example"),
)
WORDS = ("ferry", "harbour", "council", "bridge", "orchard", "winter", "archive", "letter", "station", "river")


def paragraphs(number: int) -> list[str]:
    """The text of an article, the same each time."""
    random_ = random.Random(number)  # noqa: S311 - made-up words
    return [" ".join(random_.choice(WORDS) for _ in range(40)).capitalize() + "." for _ in range(12)]


class Page(BaseHTTPRequestHandler):
    """Answers with the article whose number is in the path; never with 304."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """One page."""
        found = self.path.removeprefix("/article/")
        body = self._page(int(found)).encode() if found.isdigit() else b"User-agent: *\nAllow: /\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8" if found.isdigit() else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        for name, value in FIELDS:
            self.send_header(name, value)
        token = sha256(os.urandom(8)).hexdigest()  # as sites have them: another one with each answer
        self.send_header("Set-Cookie", f"session={token}; Path=/; Secure; HttpOnly; SameSite=Lax")
        self.send_header("X-Request-Id", token[:32])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""

    def _page(self, number: int) -> str:
        text = "".join(f"<p>{line}</p>\n" for line in paragraphs(number))
        return f"<html><head><title>Article {number}</title></head><body><article>{text}</article></body></html>"


def write_posts(directory: Path, count: int) -> None:
    """A post for each article."""
    directory.mkdir(parents=True)
    for number in range(count):
        source = f"http://127.0.0.{2 + number % HOSTS}:{PORT}/article/{number}"
        text = "\n\n".join(paragraphs(number))
        (directory / f"2020-01-01-article-{number}.md").write_text(f"---\nfrom: {source}\n---\n{text}\n", "utf-8")


def sizes(archive: Path) -> dict[str, int]:
    """Bytes on disk by part."""
    parts = {"warc": 0, "index": 0, "ledger": 0}
    for path in archive.rglob("*"):
        if path.is_file():
            name = path.name
            part = "ledger" if name.startswith("ledger") else "index" if name.startswith("index") else "warc"
            parts[part] += path.stat().st_size
    return parts


def preserve(*words: str | Path) -> tuple[float, float]:
    """Run a command of preserve; the seconds it took, by the clock and of the processor."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [sys.executable, "-m", "preserve", *map(str, words)]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return time.perf_counter() - begun, used


def tell(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def look(archive: Path, *words: str | Path) -> None:
    """Run a command on the archive, and print what it took."""
    clock, used = preserve(*words, "--archive", archive)
    tell(f"{words[0]}: {clock:.2f} s, {used:.2f} s of the processor")


def measure_log(archive: Path, leaves: int, proof: Path) -> None:
    """Fill the log with leaves that stand for nothing, sign it, and prove a check that was there before."""
    ledger_file = archive / LEDGER
    size = ledger_file.stat().st_size
    with closing(sqlite3.connect(ledger_file)) as database, database:
        (first, kind) = database.execute("SELECT max(position) + 1, max(kind) FROM log_leaves").fetchone()
        rows = ((place, kind, 10**9 + place, os.urandom(32)) for place in range(first, leaves))
        database.executemany("INSERT INTO log_leaves VALUES (?, ?, ?, ?)", rows)
    with closing(sqlite3.connect(ledger_file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    tell(f"log: {(ledger_file.stat().st_size - size) / (leaves - first):.0f} bytes a leaf")
    begun = time.process_time()
    with Ledger.create_or_open(ledger_file) as ledger:
        seal(archive, ledger, proof.with_suffix(".pem"))
    tell(f"sealing {leaves} leaves: {time.process_time() - begun:.2f} s of the processor")
    look(archive, "prove", "article-3.md", "-o", proof)


def index_lines(lines: int, run: int) -> list[bytes]:
    """Lines of an index, one a source, in order."""
    file = f"preserve-20260105060000000000-0000{run}-measured.warc.gz"
    made = []
    for number in range(lines):
        url = f"http://host{number % 300:03}.example/2020/01/{number:09}"
        told = {
            "url": url,
            "mime": "text/html",
            "status": "200",
            "digest": f"sha256:{sha256(url.encode()).hexdigest()}",
        }
        told |= {"length": "822", "offset": str(number * 822), "filename": file}
        key = f"example,host{number % 300:03})/2020/01/{number:09} 2026010{run}060000"
        made.append(f"{key} {json.dumps(told)}\n".encode())
    return sorted(made)


def measure_index(directory: Path, lines: int) -> None:
    """Write an index, read it as each start of a run does, and merge a file into it that has all its sources."""
    directory.mkdir()
    each = lines // 3
    for run in range(3):
        (directory / f"preserve-20260105060000000000-0000{run}-measured.warc.gz").write_bytes(b"-")
    write_index(directory, None, sorted(line for run in range(3) for line in index_lines(each, run)))
    size = sum(path.stat().st_size for path in directory.glob("index*"))
    begun = time.process_time()
    refresh(directory)
    read = time.process_time() - begun
    fresh, begun = index_lines(each, 3), time.process_time()
    write_index(directory, open_index(directory), fresh)
    merged = time.process_time() - begun
    tell(f"index of {3 * each} lines: {size / each / 3:.0f} bytes each; to start a run {read:.2f} s, to merge a file")
    tell(f"  of {each} lines {merged:.2f} s of the processor")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=600_000)
    options = parser.parse_args()
    posts, archive = options.directory / "posts", options.directory / "archive"
    write_posts(posts, options.posts)
    server = ThreadingHTTPServer(("", PORT), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = dict.fromkeys(("warc", "index", "ledger"), 0)
    for run in range(1, options.runs + 1):
        took, _ = preserve("verify", posts, "--archive", archive, "--delay", "0", "--allow-private", "127.0.0.0/8")
        after = sizes(archive)
        grown = ", ".join(f"{part} {(after[part] - before[part]) / options.posts:.0f}" for part in after)
        tell(f"run {run}: {options.posts / took:.0f} checks/s; bytes a check: {grown}")
        before = after
    server.shutdown()
    for words in (("status",), ("plan", posts), ("rejudge",), ("audit",)):
        look(archive, *words)
    measure_log(archive, options.leaves, options.directory / "proof.json")
    measure_index(options.directory / "index", options.lines)


if __name__ == "__main__":
    main()
