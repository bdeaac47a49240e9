"""What a check costs on disk and how long a look takes: the numbers docs/scale.md extrapolates from.

    python tools/measure_scale.py DIR [--posts 1000] [--runs 4]

Serves made-up pages on loopback addresses, verifies them again and again without a change, and prints after each run
what archive, index, ledger and log have grown by for each check. DIR must not exist.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOSTS = 20
PORT = 8437
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


def preserve(*words: str | Path) -> float:
    """Run a command of preserve; the seconds it took."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "preserve", *map(str, words)], check=False, stdout=subprocess.DEVNULL)  # noqa: S603
    return time.perf_counter() - begun


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=4)
    options = parser.parse_args()
    posts, archive = options.directory / "posts", options.directory / "archive"
    write_posts(posts, options.posts)
    server = ThreadingHTTPServer(("", PORT), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = dict.fromkeys(("warc", "index", "ledger"), 0)
    for run in range(1, options.runs + 1):
        took = preserve("verify", posts, "--archive", archive, "--delay", "0", "--allow-private", "127.0.0.0/8")
        after = sizes(archive)
        grown = ", ".join(f"{part} {(after[part] - before[part]) / options.posts:.0f}" for part in after)
        sys.stdout.write(f"run {run}: {options.posts / took:.0f} checks/s; bytes a check: {grown}\n")
        sys.stdout.flush()
        before = after
    sys.stdout.write(f"status: {preserve('status', '--archive', archive):.2f} s\n")
    server.shutdown()


if __name__ == "__main__":
    main()
