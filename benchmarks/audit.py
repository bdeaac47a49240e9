"""How fast `preserve audit` is beside FastWARC's verification of block digests, on the same files.

    python benchmarks/audit.py [--captures 2000] [--kilobytes 150] [--gzip] [--rounds 5] [--archive DIR]

Makes an archive of its own, with synthetic pages, in a temporary directory; or takes one that is there. Both
programs are run by turns, and medians are printed. FastWARC checks each record's block digest and nothing else, in
one process; the audit checks all that it ever checks.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastwarc.warc import ArchiveIterator

from preserve.audit import audit
from preserve.digests import digest
from preserve.http1 import parse_head
from preserve.ledger import Ledger, RunPlan, RunState
from preserve.model import Capture, Check, Evidence, Exchange, ExchangeRole, Judgement, Measures, Verdict
from preserve.sealing import seal
from preserve.settings import ArchiveSettings
from preserve.times import SystemClock
from preserve.warc import ArchiveWriter, refresh

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
SYLLABLES = ("ka", "ren", "to", "mil", "sa", "ve", "dor", "in", "lu", "pe", "gra", "shi", "on", "ta", "el", "bri")
SHARE_OF_MARKUP = 0.6  # of a page's bytes, as on many news sites


class Pages:
    """Makes pages that pack about as well as real ones: text of a small language in repetitive markup."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not a secret
        words = ["".join(self._random.choices(SYLLABLES, k=self._random.randint(1, 4))) for _ in range(6000)]
        weights = [1 / (rank + 2) for rank in range(len(words))]
        self._sentences = [
            " ".join(self._random.choices(words, weights, k=self._random.randint(6, 22))).capitalize() + "."
            for _ in range(5000)
        ]

    def page(self, number: int, size: int) -> bytes:
        """About `size` bytes of HTML, other ones for each number."""
        size = int(size * self._random.lognormvariate(-0.25, 0.7))
        parts = [f"<!DOCTYPE html><html><head><meta charset=utf-8><title>{number}</title></head><body>"]
        left = size
        while left > 0:
            part = self._markup() if self._random.random() < SHARE_OF_MARKUP else self._paragraph()
            parts.append(part)
            left -= len(part)
        return "\n".join(parts).encode()

    def _paragraph(self) -> str:
        return f"<p>{' '.join(self._random.choices(self._sentences, k=4))}</p>"

    def _markup(self) -> str:
        token = f"{self._random.getrandbits(48):012x}"
        return (
            f'<div class="card card--teaser" data-id="{token}" data-track=\'{{"pos":{self._random.randint(0, 99)},'
            f'"area":"river"}}\'><a class="card__link" href="/news/{token}/{self._random.choice(SYLLABLES)}.html">'
            f'<img loading="lazy" src="https://img.example/{token}.jpg?w=640" alt=""></a></div>'
        )


def response_of(body: bytes, *, gzipped: bool) -> bytes:
    """An answer with this body."""
    coding = "Content-Encoding: gzip\r\n" if gzipped else ""
    body = gzip.compress(body, 6, mtime=0) if gzipped else body
    head = (
        "HTTP/1.1 200 OK\r\nDate: Sun, 01 Mar 2026 06:00:00 GMT\r\nServer: nginx\r\nVary: Accept-Encoding\r\n"
        "Content-Type: text/html; charset=utf-8\r\nCache-Control: max-age=60\r\nX-Frame-Options: SAMEORIGIN\r\n"
        f'{coding}ETag: "{len(body):x}"\r\nContent-Length: {len(body)}\r\nConnection: keep-alive\r\n\r\n'
    )
    return head.encode() + body


def capture_of(number: int, response: bytes) -> Capture:
    """One visit that brought this response."""
    url = f"https://site-{number % 40}.example/2026/03/a-story-{number}.html"
    head = parse_head(response)
    request = f"GET {url[22:]} HTTP/1.1\r\nHost: {url[8:22]}\r\nUser-Agent: preserve/benchmark\r\nAccept: */*\r\n\r\n"
    exchange = Exchange(
        url=url,
        role=ExchangeRole.SOURCE,
        attempt=1,
        started_at=START + timedelta(seconds=number),
        seconds=0.25,
        request=request.encode(),
        response=response,
        head_end=head.head_end,
        status=head.status,
        reason=head.reason,
        headers=head.headers,
        ip="192.0.2.1",
        protocols=("http/1.1", "tls/1.3"),
    )
    return Capture(url, url, (exchange,))


def make_archive(directory: Path, captures: int, size: int, *, gzipped: bool) -> None:
    """An archive of so many captures, judged, logged and sealed."""
    pages, checks = Pages(1), []
    settings = ArchiveSettings(directory=str(directory))
    with ArchiveWriter(settings, clock=SystemClock(), info={}) as writer:
        for number in range(captures):
            capture = capture_of(number, response_of(pages.page(number, size), gzipped=gzipped))
            archived = writer.append_capture(capture)
            at = START + timedelta(seconds=number)
            post = f"---\nfrom: {capture.source}\n---\n<p>{number}</p>\n".encode() * 20
            stored = writer.append_stored_copy(f"_posts/{number}.md", post, capture.source, at)
            evidence = (Evidence("answered", True, "status 200"), Evidence("containment", True, f"0.{number % 97}"))
            checks.append(
                Check(
                    post=f"_posts/{number}.md",
                    source=capture.source,
                    checked_at=at + timedelta(seconds=1),
                    judgement=Judgement(Verdict.INTACT, evidence=evidence, remaining=1.0),
                    final_url=capture.url,
                    http_status=200,
                    captured_at=archived.captured_at,
                    capture=archived,
                    stored_record=stored,
                    post_digest=digest(post),
                    extractor="extractor 1",
                    rules="rules 1",
                    measures=Measures(1.0, 0.5, (number % 89) / 100, 0.75, 0.8, 0.9),
                    text_digest=digest(str(number).encode()),
                )
            )
    with Ledger.create_or_open(directory / "ledger.db") as ledger:
        run = ledger.begin_run(RunPlan(("_posts",), "{}", "preserve benchmark", START))
        ledger.append(run, checks)
        ledger.end_run(run, START + timedelta(days=1), RunState.FINISHED)
        seal(directory, ledger, directory.parent / "signing-key.pem")
    refresh(directory)


def by_fastwarc(directory: Path) -> int:
    """Records whose block digest FastWARC found to hold."""
    records = 0
    for path in sorted(directory.glob("*.warc.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, parse_http=False):
                if not record.verify_block_digest():
                    raise SystemExit(f"{path}: FastWARC does not agree with a block digest")
                records += 1
    return records


def by_audit(directory: Path) -> int:
    """Records of an archive with which the audit found nothing wrong."""
    found = audit(directory)
    if found.findings:
        raise SystemExit(f"the audit found: {found.findings[0]}")
    return found.records


@dataclass(frozen=True)
class Took:
    """Seconds that a run took, by the clock and of processors (all processes together), and the records it saw."""

    clock: float
    processor: float
    records: int


def timed(work: Callable[[Path], int], directory: Path) -> Took:
    """Run it once."""
    begun, before = time.perf_counter(), os.times()
    records = work(directory)
    clock, after = time.perf_counter() - begun, os.times()
    return Took(clock, sum(after[:4]) - sum(before[:4]), records)


def compare(directory: Path, rounds: int) -> None:
    """Run both by turns and print medians."""
    size = sum(path.stat().st_size for path in directory.glob("*.warc.gz"))
    runs: dict[str, list[Took]] = {"FastWARC": [], "audit": []}
    for _ in range(rounds):
        for name, work in (("FastWARC", by_fastwarc), ("audit", by_audit)):
            runs[name].append(timed(work, directory))
    print(f"{runs['audit'][0].records} records in {size / 1e6:.1f} MB")
    for name, all_of in runs.items():
        clock = statistics.median(one.clock for one in all_of)
        least = min(one.clock for one in all_of)
        processor = statistics.median(one.processor for one in all_of)
        print(f"{name:10} {clock:.3f} s by the clock (least {least:.3f}), {processor:.3f} s of processors")
    fastwarc, ours = (statistics.median(one.clock for one in runs[name]) for name in ("FastWARC", "audit"))
    print(f"the audit runs at {fastwarc / ours:.0%} of FastWARC's speed")


def main() -> None:
    """Make an archive, or take one, and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--captures", type=int, default=2000)
    parser.add_argument("--kilobytes", type=int, default=150, help="mean size of a page, unpacked")
    parser.add_argument("--gzip", action="store_true", help="pages come packed, as servers send them when asked")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--archive", type=Path, help="take this archive instead of making one")
    options = parser.parse_args()
    if options.archive:
        compare(options.archive, options.rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "warcs"
        make_archive(directory, options.captures, options.kilobytes * 1000, gzipped=options.gzip)
        compare(directory, options.rounds)


if __name__ == "__main__":
    main()
