"""Replay: the real pywb on a real archive shows what the sources sent.

pywb lives in an environment of its own; `make test` makes it. Without it these tests are skipped, and say so.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from run_kit import answer, article, page, stage, write_post
from wire_server import WireServer, redirect

import preserve
from preserve.digests import file_digest
from preserve.errors import ConfigError
from preserve.replay import find_pywb, replay_url
from preserve.replay.lines import serving_lines
from preserve.warc import closed_files, lookup
from preserve.warc.storage import Storage, open_store
from preserve.warc.stored import store_closed

ROOT = Path(__file__).parent.parent
CHINESE = "报告说，这座桥每天有两千四百辆车通过，其中大多数是往返于两岸的居民。"
PYWB = os.environ.get("PRESERVE_PYWB") or str(ROOT / ".venv-pywb" / "bin" / "wayback")
needs_pywb = pytest.mark.skipif(
    shutil.which(PYWB) is None, reason=f"NO REPLAY WAS TESTED: no pywb at {PYWB}; `make test` installs it"
)


@dataclass(frozen=True)
class Archived:
    """An archive of two runs, and the server it is of, which no longer runs."""

    folder: Path
    archive: Path
    base: str

    def url(self, path: str) -> str:
        return self.base + path


def gbk_page() -> list[bytes]:
    body = (
        '<html><head><meta charset="gbk"><title>大桥</title></head><body><article><h1>大桥</h1>'
        f"<p>{CHINESE}</p><p>{CHINESE[::-1]}</p></article></body></html>"
    ).encode("gbk")
    return [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body), body]


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archived]:
    place = stage(tmp_path_factory.mktemp("replayed"))
    with WireServer({}) as server:
        tagged = answer(page(article(1)), headers='ETag: "one"\r\n')
        unchanged = [b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n']
        server.scripts = {
            "/same": answer(page(article(0))),
            "/tagged": [tagged, unchanged],
            "/old": redirect("/new"),
            "/new": answer(page(article(2))),
            "/gbk": gbk_page(),
            "//raw//path": answer(page(article(3))),
        }
        for path in ("/same", "/tagged", "/old", "/gbk", "//raw//path"):
            name = path.strip("/").replace("/", "-")
            text = (
                (CHINESE, CHINESE[::-1])
                if path == "/gbk"
                else article(["same", "tagged", "old", "_", "raw--path"].index(name))
            )
            write_post(place.posts, f"{name}.md", server.url(path), text)
        place.verify()
        place.verify()
        yield Archived(place.folder, place.archive, server.url(""))


@contextmanager
def running(archived: Archived, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`preserve replay`, and the address it prints."""
    command = [sys.executable, "-P", "-m", "preserve", "replay", *arguments]
    options = ["--archive", str(archived.archive), "--port", "0", "--pywb", PYWB]
    environment = os.environ | {"PYTHONPATH": str(Path(preserve.__file__).parent.parent), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*command, *options], cwd=archived.folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, address_in(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def address_in(text: str) -> str:
    found = re.search(r"http://\S+", text)
    assert found, text
    return found[0]


@pytest.fixture(scope="module")
def address(archived: Archived) -> Iterator[str]:
    with running(archived) as (_, found):
        yield found


class StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None


def got(url: str, *, follow: bool = True) -> tuple[int, bytes, str]:
    """(status, body, final address or Location)."""
    handlers = [urllib.request.ProxyHandler({})] + ([] if follow else [StayHere()])
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=30) as answer:
            return answer.status, answer.read(), answer.url
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers.get("Location", "")


def identity(address: str, archived: Archived, path: str, number: int) -> tuple[int, bytes, str]:
    """The capture as it came, of the first run or the second."""
    entry = lookup(archived.archive, archived.url(path))[number]
    return got(f"{address}{entry.at:%Y%m%d%H%M%S}id_/{archived.url(path)}", follow=False)


@needs_pywb
@pytest.mark.parametrize("path", ["/same", "/gbk", "//raw//path", "/new", "/tagged"])
@pytest.mark.parametrize("number", [0, 1])
def test_the_bytes_are_those_that_came(address: str, archived: Archived, path: str, number: int) -> None:
    """The second capture of each is a revisit: of an identical payload, or of a 304 for /tagged."""
    entry = lookup(archived.archive, archived.url(path))[number]
    assert (entry.media_type == "warc/revisit") == bool(number)
    assert entry.status == (304 if path == "/tagged" and number else 200)
    status, body, _ = identity(address, archived, path, number)
    assert status == 200
    assert "sha256:" + hashlib.sha256(body).hexdigest() == entry.digest


@needs_pywb
def test_redirects_are_followed(address: str, archived: Archived) -> None:
    status, _, location = identity(address, archived, "/old", 0)
    assert status == 302
    assert location.endswith("/new")
    status, body, final = got(f"{address}mp_/{archived.url('/old')}")
    assert status == 200
    assert final.endswith(archived.url("/new"))
    assert b"Report 2" in body


@needs_pywb
def test_a_chinese_page_is_decoded_in_the_rewritten_replay(address: str, archived: Archived) -> None:
    status, body, _ = got(f"{address}mp_/{archived.url('/gbk')}")
    assert status == 200
    assert CHINESE.encode("gbk") in body
    assert b"wombat" in body  # rewritten, and not as it came


@needs_pywb
def test_what_was_never_captured_is_not_found(address: str, archived: Archived) -> None:
    assert got(f"{address}mp_/{archived.url('/never')}")[0] == 404


@needs_pywb
def test_nothing_is_written_into_the_archive(address: str, archived: Archived) -> None:
    assert not [
        path.name for path in archived.archive.iterdir() if path.name in ("config.yaml", "collections", "archive")
    ]


@needs_pywb
def test_the_latest_capture_of_a_post_has_its_address_printed(archived: Archived) -> None:
    with running(archived, "tagged.md") as (process, found):
        assert process.stdout is not None
        shown = [process.stdout.readline() for _ in range(3)][-1].strip()
        latest = lookup(archived.archive, archived.url("/tagged"))[-1]
        assert shown == replay_url(found, archived.url("/tagged"), latest.at)
        assert b"Report 1" in got(shown.replace("/http", "mp_/http"))[1]


def gone(address: str) -> bool:
    """Whether nothing listens there any more, or comes to within a while."""
    host, port = re.findall(r"//([\d.]+):(\d+)/", address)[0]
    with suppress(OSError), socket.create_connection((host, int(port)), timeout=30) as open_one:
        open_one.settimeout(30)
        while open_one.recv(1024):  # ends when the other side does
            pass
    with suppress(ConnectionRefusedError), socket.create_connection((host, int(port)), timeout=30):
        return False
    return True


@needs_pywb
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_pywb_ends_with_the_command(archived: Archived, number: signal.Signals) -> None:
    with running(archived) as (process, found):
        assert got(found)[0] == 200
        process.send_signal(number)
        assert process.wait(30) == (0 if number != signal.SIGKILL else -signal.SIGKILL)
        assert gone(found)


def listens(port: int) -> bool:
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=30):
        return True
    return False


@needs_pywb
def test_an_archive_is_read_by_pywb_as_it_lies(archived: Archived, tmp_path: Path) -> None:
    """As docs/formats.md tells whoever runs pywb by hand; there a 304 is shown as the empty answer it was."""
    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    config = re.search(r"\n    collections:\n(?:    .*\n)+", text)
    assert config is not None
    (tmp_path / "config.yaml").write_text(
        re.sub(r"^    ", "", config[0], flags=re.MULTILINE).replace("/path/to/warcs", str(archived.archive))
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/preserve/"
    with subprocess.Popen([PYWB, "--bind", "127.0.0.1", "--port", str(port)], cwd=tmp_path) as process:
        try:
            while not listens(port):
                with suppress(subprocess.TimeoutExpired):
                    raise AssertionError(f"pywb ended with {process.wait(0.1)}")
            for path in ("/same", "/gbk", "//raw//path"):
                for number in (0, 1):
                    status, body, _ = identity(address, archived, path, number)
                    entry = lookup(archived.archive, archived.url(path))[number]
                    assert (status, "sha256:" + hashlib.sha256(body).hexdigest()) == (200, entry.digest)
        finally:
            process.kill()


# ---------------------------------------------------------------- without pywb


@needs_pywb
def test_files_that_only_a_storage_has_are_shown(archived: Archived, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    moved = Archived(tmp_path, Path(shutil.copytree(archived.archive, tmp_path / "warcs")), archived.base)
    logged = {path.name: file_digest(path) for path in closed_files(moved.archive)}
    store_closed(moved.archive, open_store(Storage(there.as_uri())), logged, keep_local=False)
    assert closed_files(moved.archive) == ()
    (tmp_path / "preserve.toml").write_text(f'[archive]\nstorage = "{there.as_uri()}"\n')
    with running(moved) as (_, address):
        for path, number in (("/same", 0), ("/tagged", 1), ("//raw//path", 3)):
            status, body, _ = got(f"{address}id_/{moved.url(path)}")
            assert (status, hashlib.sha256(body).digest()) == (200, hashlib.sha256(page(article(number))).digest())


def test_what_is_no_stored_file_is_not_handed_out(archived: Archived) -> None:
    (name, *_) = (path.name for path in closed_files(archived.archive))
    with serving_lines(archived.archive, print) as address:
        for wanted in ("ledger.db", "..%2F..%2Fetc%2Fpasswd", name):
            asked = urllib.request.Request(f"{address}warcs/{wanted}", headers={"Range": "bytes=0-9"})
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=30)
            assert refused.value.code == 404
            refused.value.close()


def test_without_pywb_it_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pip install pywb"):
        find_pywb(None, {"PATH": str(tmp_path)})
    with pytest.raises(ConfigError, match="no such command"):
        find_pywb(str(tmp_path / "wayback"), {"PATH": str(tmp_path)})


def test_a_command_that_is_no_pywb_is_told_with_what_it_said(archived: Archived, tmp_path: Path) -> None:
    fake = tmp_path / "wayback"
    fake.write_text("#!/bin/sh\necho 'no such option: --bind'\nexit 3\n")
    fake.chmod(0o755)
    done = said(archived, "--pywb", str(fake), "--port", "0")
    assert done.returncode == 2
    assert "did not start. It said:\nno such option: --bind" in done.stderr


def test_a_port_that_is_taken_is_told(archived: Archived) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = said(archived, "--pywb", "sh", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "choose another with --port" in done.stderr


def test_an_archive_without_an_index_is_told(archived: Archived, tmp_path: Path) -> None:
    empty = Archived(tmp_path, tmp_path, "")
    done = said(empty, "--pywb", "sh")
    assert done.returncode == 2
    assert "no index here" in done.stderr


def said(archived: Archived, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "preserve", "replay", "--archive", str(archived.archive), *options]
    environment = os.environ | {"PYTHONPATH": str(Path(preserve.__file__).parent.parent)}
    return subprocess.run(command, cwd=archived.folder, env=environment, capture_output=True, text=True, check=False)
