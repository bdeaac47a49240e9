"""`preserve cite` over an archive: a source kept, edited, gone; one never there; one without an address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import rispy
from pybtex.database import parse_string
from run_kit import Stage, answer, article, page, stage, write_post
from warc_support import other_reader
from wire_server import WireServer

import preserve
from preserve.citing import reference_of
from preserve.model import Check
from preserve.warc import warc_files

POST, NEVER, WITHOUT = "2020-05-06-ferry.md", "2021-01-02-never.md", "2022-03-04-without.md"
GONE = [b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found"]
HEAD = b'<meta property="og:site_name" content="Holm Courier"><meta name="author" content="Ingrid Sole">'


@dataclass(frozen=True)
class Told:
    """Three posts that were checked three times."""

    place: Stage
    url: str
    history: list[Check]

    def preserve(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        root = str(Path(preserve.__file__).parent.parent)
        return subprocess.run(
            [sys.executable, "-m", "preserve", *arguments],
            cwd=self.place.folder,
            env={**os.environ, "PYTHONPATH": root, "COLUMNS": "110"},
            capture_output=True,
            text=True,
            check=False,
        )

    def items(self, *arguments: str) -> list[dict[str, object]]:
        done = self.preserve("cite", "--json", *arguments)
        assert done.returncode == 0, done.stderr
        found: list[dict[str, object]] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    place = stage(tmp_path_factory.mktemp("cited"))
    with WireServer({}) as server:
        url = server.url("/ferry")
        write_post(place.posts, POST, url, article(0), title="Ferry line \\u202eto close")
        write_post(place.posts, NEVER, server.url("/never"), article(1), title="Never there")
        write_post(place.posts, WITHOUT, None, article(2), title="Without")
        server.scripts["/never"] = GONE
        kept = page(article(0)).replace(b"<title>", HEAD + b"<title>")
        for shown in (answer(kept), answer(kept.replace(b"2,400", b"2,300")), GONE):
            server.scripts["/ferry"] = shown
            place.verify(new_run=True)
    with place.ledger() as ledger:
        history = ledger.history(str(place.posts / POST))
    yield Told(place, url, history)


def test_the_record_that_is_cited_has_what_is_cited(told: Told) -> None:
    (item,) = told.items(POST)
    custom = item["custom"]
    assert isinstance(custom, dict)
    path = next(path for path in warc_files(told.place.archive) if path.name == custom["warc-file"])
    named, body = next(
        (named, body)
        for kind, named, body in other_reader(path)
        if kind == "response" and named["WARC-Record-ID"].strip("<>") == custom["record-id"]
    )
    assert named["WARC-Payload-Digest"] == custom["digest"]
    assert named["WARC-Date"].startswith(custom["archived-at"].rstrip("Z"))
    assert named["WARC-Target-URI"] == told.url == item["URL"]
    assert b"2,300" in body


def test_post_and_page_are_cited_together(told: Told) -> None:
    (item,) = told.items(POST)
    assert item["title"] == "Ferry line to close"  # the bidi control is gone
    assert item["author"] == [{"family": "Sole", "given": "Ingrid"}]  # the post names none
    assert item["issued"] == {"date-parts": [[2020, 5, 6]]}
    assert (item["container-title"], item["language"]) == ("Holm Courier", "en")
    assert "No longer at the original address since" in str(item["note"])


def test_a_citation_as_of_an_earlier_check(told: Told) -> None:
    (item,) = told.items(POST, "--at", "1")
    captured = told.history[0].captured_at
    assert captured is not None
    assert item["custom"]["archived-at"] == f"{captured:%Y-%m-%dT%H:%M:%SZ}"  # type: ignore[index]
    assert "No longer" not in str(item["note"])
    assert told.items(POST, "--at", captured.isoformat()) == [item]
    (edited,) = told.items(POST, "--at", "2")
    assert "The source differs from the stored copy (number)." in str(edited["note"])
    for wrong, said in (("9", "checks 1 to 3"), ("1999-01-01", "had not been checked by then"), ("soon", "not a date")):
        done = told.preserve("cite", POST, "--at", wrong)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_what_was_never_captured_is_cited_by_its_stored_copy_and_said(told: Told) -> None:
    done = told.preserve("cite", NEVER, WITHOUT, "--format", "ris")
    assert done.returncode == 0
    first, second = rispy.loads(done.stdout)
    assert "access_date" not in first
    assert "urls" not in second
    assert "its source was never captured with the article; the stored copy is cited" in done.stderr
    assert "it names no source to ask; the stored copy is cited" in done.stderr


@pytest.mark.parametrize("form", ["bibtex", "biblatex"])
def test_all_posts_make_one_bibliography(told: Told, form: str) -> None:
    done = told.preserve("cite", "--all", "--format", form)
    assert done.returncode == 0
    assert len(parse_string(done.stdout, "bibtex").entries) == 3


def test_styles_and_replay_by_configuration(told: Told) -> None:
    config = told.place.folder / "replay.toml"
    config.write_text('[cite]\nreplay-url = "https://archive.example/{timestamp}/{url}"\n', "utf-8")
    archive = ("--archive", str(told.place.archive))
    done = told.preserve("cite", POST, "--format", "gb7714", "--config", str(config), *archive)
    assert done.returncode == 0, done.stderr
    captured = told.history[1].captured_at
    assert captured is not None
    assert done.stdout.startswith("[1] SOLE I. Ferry line to close[EB/OL]. (2020-05-06)[")
    assert f" at https://archive.example/{captured:%Y%m%d%H%M%S}/{told.url} (record " in done.stdout
    link = told.preserve("cite", POST, "--format", "robust-link", "--config", str(config), *archive)
    assert link.stdout.startswith(f'<a href="https://archive.example/{captured:%Y%m%d%H%M%S}/')


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("https://archive.example/{time}/{url}", "no placeholder {time}"),
        ("https://archive.example/", "all copies are one"),
        ("javascript:alert('{url}')", "only http and https"),
        ("archive/{url}", "no scheme"),
    ],
)
def test_a_replay_url_that_cannot_be_one_is_refused(told: Told, value: str, said: str) -> None:
    config = told.place.folder / "wrong.toml"
    config.write_text(f"[cite]\nreplay-url = {json.dumps(value)}\n", "utf-8")
    done = told.preserve("cite", POST, "--config", str(config))
    assert done.returncode == 2
    assert "cite.replay-url" in done.stderr
    assert said in done.stderr


def test_posts_or_all_must_be_said(told: Told) -> None:
    assert told.preserve("cite").returncode == 2
    assert told.preserve("cite", POST, "--all").returncode == 2
    assert "no such post" in told.preserve("cite", "nothing.md").stderr


def test_without_its_page_a_citation_names_the_host(told: Told) -> None:
    found = reference_of(told.history, told.place.settings, read_page=False)
    assert (found.site, found.authors, found.language) == ("127.0.0.1", (), "")
    assert found.title == "Ferry line to close"
