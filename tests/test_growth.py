"""What a check of an unchanged page costs the archive: WARC, index, ledger and log together."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from sqlite3 import connect

import pytest
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import WireServer

POSTS = 60
RUNS = 3
MOST_BYTES = 1500
# A head as web servers send it; what a server says of itself weighs more than all that we add.
HEAD = (
    "Server: nginx/1.24.0\r\nDate: Thu, 05 Mar 2026 22:34:50 GMT\r\nLast-Modified: Tue, 03 Mar 2026 11:20:09 GMT\r\n"
    "Vary: Accept-Encoding\r\nCache-Control: max-age=600\r\nX-Frame-Options: SAMEORIGIN\r\n"
    "X-Content-Type-Options: nosniff\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
)


def size(archive: Path) -> int:
    """Bytes of everything in the archive, the ledger's write-ahead log folded in."""
    with closing(connect(archive / "ledger.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(path.stat().st_size for path in archive.rglob("*") if path.is_file())


@pytest.fixture
def place(tmp_path: Path) -> Stage:
    made = stage(tmp_path)
    signed = replace(made.settings.archive, signing_key=str(tmp_path / "key.pem"))
    asked = replace(made.settings.fetch, contact="https://preserve.example/about-this-robot")
    return replace(made, settings=replace(made.settings, archive=signed, fetch=asked))


def test_a_check_of_an_unchanged_page_takes_little_room(place: Stage) -> None:
    with WireServer({}) as server:
        for number in range(POSTS):
            path = f"/2024/05/{number:04}-a-report-on-the-ferry-line-to-holm-and-its-people.html"
            server.scripts[path] = answer(page(article(number)), headers=HEAD)
            write_post(place.posts, f"2024-05-06-report-{number}.md", server.url(path), article(number))
        place.verify(new_run=True)
        before = size(place.archive)
        for _ in range(RUNS):
            summary, watcher = place.verify(new_run=True)
            assert len(watcher.checks) == POSTS
            assert summary.interrupted is False
    assert (size(place.archive) - before) / (POSTS * RUNS) <= MOST_BYTES
