"""Text fragments in a real browser: it goes to the words that were meant, not to the first that look like them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from preserve.selectors import directive_for, fragment_url

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FILLER = tuple(f"Filler paragraph number {number}, with some words to take room on the page." for number in range(60))
LONG = "Many words follow here, and none of them matters to anybody. " * 6
BLOCKS = (
    "The boat is gone.",
    *FILLER,
    "The boat is gone, they say—for good.",
    f"First: an e-mail, 100 %, a & b. {LONG}That was the end of it.",
    "县长说，渡轮不会停开，居民们都很高兴。",
    *FILLER,
)
TEXT = "\n\n".join(BLOCKS)
# Tells, when the browser has had time to scroll, where it came to stand.
TELL = """<script>setTimeout(() => {
  const said = document.createElement('output');
  said.textContent = scrollY > 0 ? document.elementFromPoint(60, innerHeight / 2).dataset.number : 'top';
  document.body.append(said);
}, 1500)</script>"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    body = "".join(f'<p data-number="{number}">{escape(block)}</p>' for number, block in enumerate(BLOCKS))
    (folder / "p.html").write_text(f"<!DOCTYPE html><meta charset=utf-8><title>p</title>{body}{TELL}", "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/p.html"
    server.shutdown()
    server.server_close()
    thread.join()


def comes_to(url: str, profile: Path) -> str:
    assert CHROMIUM is not None
    words = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-proxy-server", f"--user-data-dir={profile}"]
    words += ["--window-size=700,500", "--virtual-time-budget=4000", "--dump-dom", url]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100)
    found = re.search(r"<output>([^<]*)</output>", done.stdout)
    return found[1] if found else done.stderr[-500:]


@pytest.mark.parametrize(
    ("passage", "block"),
    [
        ("The boat is gone", 61),
        ("e-mail, 100 %, a & b", 62),
        (f"a & b. {LONG}That was the end", 62),
        ("渡轮不会停开", 63),
    ],
)
def test_the_browser_goes_to_the_passage(site: str, tmp_path: Path, passage: str, block: int) -> None:
    start = TEXT.rindex(passage)
    directive = directive_for(BLOCKS, start, start + len(passage))
    assert directive.unique
    assert comes_to(fragment_url(site, directive), tmp_path) == str(block)


def test_words_that_are_not_there_lead_nowhere(site: str, tmp_path: Path) -> None:
    assert comes_to(f"{site}#:~:text=not%20there%20at%20all", tmp_path) == "top"
