"""The demo collection's sources: a loopback web site that plays every page of cases.toml.

    python examples/site.py [--port 8421] [--epoch 1|2] [--ready-file FILE]

It listens on the loopback addresses that the posts name (127.0.0.2, 127.0.0.3 ...), and on PORT + 1 with a
certificate that nobody vouches for. A page is its post's own text in its outlet's template; cases.toml says
what is different. In epoch 1 every page is as it was kept. Standard library only; no part of the package.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import html
import json
import os
import re
import shutil
import signal
import socket
import ssl
import string
import struct
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
PORT = 8421
HANG_SECONDS = 30.0
SMALL_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0>>endobj\n%%EOF\n"
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
PARAGRAPH = re.compile(r"<p>(?:<strong>)?\s*(.*?)\s*(?:</strong>)?</p>", re.DOTALL)


@dataclass(frozen=True)
class Article:
    """A post's text, as its source would print it."""

    title: str
    author: str
    date: str
    host: str
    path: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What is sent for one path: a response, or a way of failing."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    behaviour: str = "send"


@dataclass(frozen=True)
class Site:
    """Every answer the site can give, worked out before the first request."""

    answers: Mapping[tuple[str, str], Answer]
    unknown: Mapping[str, Answer] = field(default_factory=dict)

    def answer(self, host: str, path: str) -> Answer:
        """The answer to `path` on `host`; its host's own “not found” where there is no such page."""
        found = self.answers.get((host, path))
        return found or self.unknown.get(host) or Answer(404, body=b"not found\n")


# ---------------------------------------------------------------- posts


def read_article(path: Path) -> Article | None:
    """The article kept in a post; None for a post that names no page of this site."""
    matched = FRONT_MATTER.match(path.read_text("utf-8"))
    if matched is None:
        return None
    fields = dict(re.findall(r"^(\w+): (.*)$", matched[1], re.MULTILINE))
    url = urlsplit(fields.get("from", ""))
    if not (url.hostname or "").startswith("127."):
        return None
    stored = matched[2].split("\n------\n", 1)[1].split("<hr>")[0]
    found = PARAGRAPH.findall(stored) or [part for part in stored.split("\n\n") if part.strip()]
    return Article(
        title=fields["title"].removeprefix('"').removesuffix('"'),
        author=fields["author"].strip('"'),
        date=fields["date"],
        host=url.hostname or "",
        path=url.path,
        paragraphs=tuple(html.unescape(" ".join(part.split())) for part in found),
    )


def read_articles(posts: Path) -> dict[str, Article]:
    """Every article of the collection, by file name."""
    found = ((path.name, read_article(path)) for path in sorted(posts.glob("*.md")))
    return {name: article for name, article in found if article is not None}


# ---------------------------------------------------------------- what a case changes


def only(paragraphs: list[str], wanted: str, case: str) -> int:
    """Index of the one paragraph that holds `wanted`; a case that fits nowhere, or twice, is a mistake."""
    places = [index for index, text in enumerate(paragraphs) if wanted in text]
    if len(places) != 1:
        sys.exit(f"cases.toml: {case}: {wanted!r} stands in {len(places)} paragraphs, not in exactly one")
    return places[0]


def edited(article: Article, case: Mapping[str, Any]) -> Article:
    """The article as the case's page prints it."""
    text = str(case.get("text", ""))
    paragraphs = text.strip().splitlines() if text else list(article.paragraphs)
    for edit in case.get("edits", ()):
        place = only(paragraphs, edit.get("old") or edit.get("delete") or edit["after"], case["post"])
        if "delete" in edit:
            del paragraphs[place]
        elif "insert" in edit:
            paragraphs.insert(place + 1, edit["insert"])
        else:
            paragraphs[place] = paragraphs[place].replace(edit["old"], edit["new"])
    kept = paragraphs[: case.get("keep", len(paragraphs))]
    return replace(article, title=case.get("headline", article.title), paragraphs=tuple(kept))


# ---------------------------------------------------------------- pages


class Press:
    """Prints articles in their outlets' templates."""

    def __init__(self, outlets: Mapping[str, Any], articles: Mapping[str, Article], port: int) -> None:
        self.outlets = {outlet["host"]: outlet for outlet in outlets.values()}
        self.articles = articles
        self.port = port

    def related(self, host: str, path: str) -> str:
        """Links to the other articles of a host."""
        others = {a.path: a.title for a in self.articles.values() if a.host == host and a.path != path}
        return "\n".join(
            f'<li><a href="{url}">{html.escape(title)}</a></li>' for url, title in list(others.items())[:5]
        )

    def page(
        self, article: Article, body: str, *, declared: bool = True, free: bool = True, kind: str = "article"
    ) -> str:
        """A whole page around `body`."""
        outlet = self.outlets[article.host]
        template = string.Template((HERE / "pages" / outlet["template"]).read_text("utf-8"))
        charset = outlet.get("charset", "utf-8")
        meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">\n'
        return template.substitute(
            title=html.escape(article.title),
            title_json=json.dumps(article.title),
            site=html.escape(outlet["name"]),
            author=html.escape(article.author),
            published=article.date,
            day=article.date[:10],
            url=f"http://{article.host}:{self.port}{article.path}",
            body=body,
            related=self.related(article.host, article.path),
            meta=meta if declared else "",
            free="true" if free else "false",
            type=kind,
        )

    def article(self, article: Article, case: Mapping[str, Any] | None = None) -> Answer:
        """The answer that holds an article, whole or behind a wall."""
        case = case or {}
        body = "\n".join(f"<p>{html.escape(text, quote=False)}</p>" for text in article.paragraphs)
        if "wall" in case:
            body += "\n" + (HERE / "pages" / case["wall"]).read_text("utf-8")
        declared = bool(case.get("declared", True))
        return self.html(article.host, self.page(article, body, declared=declared, free="wall" not in case), declared)

    def html(self, host: str, text: str, declared: bool = True, status: int = 200) -> Answer:
        """`text` as a response of `host`, in its charset."""
        charset = self.outlets[host].get("charset", "utf-8")
        kind = f"text/html; charset={charset}" if declared else "text/html"
        body = text.encode(charset, "xmlcharrefreplace")
        return Answer(status, (("Content-Type", kind),), body)

    def not_found(self, host: str, status: int) -> Answer:
        """The host's page for what it does not have."""
        language = self.outlets[host].get("language", "en")
        title = {"zh": "页面不存在", "en": "Page not found"}[language]
        body = (HERE / "pages" / f"not-found-{language}.fragment.html").read_text("utf-8")
        article = Article(title, self.outlets[host]["name"], "2024-01-01T00:00:00.000Z", host, "/404", ())
        return self.html(host, self.page(article, body, kind="website"), status=status)

    def home(self, host: str) -> Answer:
        """The host's front page: its articles' headlines with their first sentences."""
        mine = [kept for kept in self.articles.values() if kept.host == host]
        teasers = "\n".join(
            f'<h3><a href="{kept.path}">{html.escape(kept.title)}</a></h3>\n'
            f"<p>{html.escape(kept.paragraphs[0][:60])}…</p>"
            for kept in mine
            if kept.paragraphs
        )
        outlet = self.outlets[host]
        front = Article(outlet["name"], outlet["name"], "2024-01-01T00:00:00.000Z", host, "/", ())
        return self.html(host, self.page(front, teasers, kind="website"))


def play(case: Mapping[str, Any], article: Article, press: Press) -> dict[str, Answer]:
    """What the case's host answers at the case's paths."""
    page, path = press.article(edited(article, case), case), article.path
    if "redirect" in case:
        target = case["redirect"]
        moved = Answer(301, (("Location", target),))
        return {path: moved} if target == "/" else {path: moved, target: page}
    if "refresh" in case:
        meta = f'<meta http-equiv="refresh" content="0; url={case["refresh"]}">'
        stub = press.html(article.host, f"<html><head>{meta}</head><body></body></html>")
        return {path: stub, case["refresh"]: page}
    if case.get("behaviour") == "loop":
        there = path + "moved/"
        return {path: Answer(302, (("Location", there),)), there: Answer(302, (("Location", path),))}
    return {path: played_page(case, article.host, page, press)}


def played_page(case: Mapping[str, Any], host: str, page: Answer, press: Press) -> Answer:
    """What is sent where the article was: `page`, or what took its place."""
    status, name, behaviour = int(case.get("status", 200)), case.get("page"), case.get("behaviour")
    if behaviour == "pdf":
        return Answer(200, (("Content-Type", "application/pdf"),), SMALL_PDF)
    if behaviour == "empty":
        return Answer(200, (("Content-Type", "text/html"),))
    if behaviour:
        return replace(page, behaviour=behaviour)
    if name == "not-found":
        return press.not_found(host, status)
    if name is None:
        return page
    template = string.Template((HERE / "pages" / name).read_text("utf-8"))
    answer = press.html(host, template.safe_substitute(site=press.outlets[host]["name"]), status=status)
    later = (("Retry-After", "60"),) if status == 429 else ()
    return replace(answer, headers=answer.headers + later)


def build(epoch: int, port: int) -> Site:
    """The site as it stands in `epoch`."""
    plan = tomllib.loads((HERE / "cases.toml").read_text("utf-8"))
    articles = read_articles(HERE / "_posts")
    press = Press(plan["outlets"], articles, port)
    answers: dict[tuple[str, str], Answer] = {}
    for host, outlet in press.outlets.items():
        answers[host, "/"] = press.home(host)
        if "robots" in outlet:
            answers[host, "/robots.txt"] = Answer(200, (("Content-Type", "text/plain"),), outlet["robots"].encode())
    for case in plan["case"]:
        kept = articles.get(case["post"])
        if kept is None or kept.host not in press.outlets or not kept.paragraphs:
            continue
        holds = epoch == 2 or "always" in case
        given = case if holds else {key: case[key] for key in ("post", "declared") if key in case}
        shown = articles[given.get("text_of", case["post"])]
        for path, answer in play(given, replace(shown, host=kept.host, path=kept.path), press).items():
            answers.setdefault((kept.host, path), answer)
    unknown = {host: press.not_found(host, outlet.get("unknown", 404)) for host, outlet in press.outlets.items()}
    return Site(answers, unknown)


# ---------------------------------------------------------------- the server


async def send(writer: asyncio.StreamWriter, answer: Answer, method: str) -> bool:
    """Give `answer`; whether the connection can take another request."""
    if answer.behaviour == "hang":
        await asyncio.sleep(HANG_SECONDS)
    if answer.behaviour in ("hang", "reset"):
        reset(writer)
        return False
    head = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", "Server: examples"]
    head += [f"{name}: {value}" for name, value in answer.headers]
    head += [f"Content-Length: {len(answer.body)}", "", ""]
    body = b"" if method == "HEAD" else answer.body
    if answer.behaviour == "cut-off":
        body = body[: len(body) // 2]
    writer.write("\r\n".join(head).encode("latin-1") + body)
    await writer.drain()
    return answer.behaviour == "send"


def reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees a reset, not an end."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Server:
    """Answers requests from a site."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side has had enough, or the site is told to stop."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            while await self.request(reader, writer):
                pass
        writer.close()

    async def request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; whether another may follow."""
        line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, _, target = line.rpartition(" ")[0].partition(" ")
        fields = dict(field.lower().split(": ", 1) for field in rest if ": " in field)
        host = fields.get("host", "").partition(":")[0]
        open_still = await send(writer, self.site.answer(host, urlsplit(target).path), method)
        return open_still and fields.get("connection") != "close"


def untrusted_tls() -> ssl.SSLContext | None:
    """A certificate signed by itself; None without the openssl program (the port then speaks no TLS)."""
    if not shutil.which("openssl"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = str(Path(folder, "key.pem")), str(Path(folder, "certificate.pem"))
        subject = ["-subj", "/CN=nobody.example", "-days", "2", "-nodes"]
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", *subject, "-keyout", key, "-out", certificate],
            capture_output=True,
            check=False,
        )
        if made.returncode:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What stands on the TLS port when no certificate can be made."""
    writer.write(b"this is not TLS\r\n")
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def listening(site: Site, hosts: list[str], port: int) -> AsyncIterator[None]:
    """Listen on every host's address while the block runs.

    Raises:
        OSError: an address or port can't be had.
    """
    server, tls = Server(site), untrusted_tls()
    async with contextlib.AsyncExitStack() as stack:
        for host in hosts:
            await stack.enter_async_context(await asyncio.start_server(server.client, host, port))
        vault = await asyncio.start_server(server.client if tls else no_tls, "127.0.0.13", port + 1, ssl=tls)
        await stack.enter_async_context(vault)
        yield


async def serve(epoch: int, port: int, ready_file: str | None) -> None:
    """Serve until a signal comes."""
    site = build(epoch, port)
    hosts = sorted({host for host, _ in site.answers})
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with listening(site, hosts, port):
        print(f"epoch {epoch}: {len(site.answers)} pages of {len(hosts)} hosts on port {port}", flush=True)
        if ready_file:
            whole = Path(ready_file).with_suffix(".part")
            whole.write_text(json.dumps({"pid": os.getpid(), "port": port, "epoch": epoch}), "utf-8")
            whole.rename(ready_file)
        await stop.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()


def main() -> int:
    """Parse, serve, exit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--epoch", type=int, choices=(1, 2), default=2)
    parser.add_argument("--ready-file", help="written when the site answers")
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.epoch, options.port, options.ready_file))
    except OSError as error:
        print(
            f"the demo site can't listen: {error}. Is port {options.port} taken? Try --port N.",
            file=sys.stderr,
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
