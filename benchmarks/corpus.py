"""The pages and posts that the benchmarks work on, and the manifest by which `loopback.py` serves them.

Owns what is measured, not how. Real pages come from the evaluation set where there is one, each changed by a comment of
its own so that no two payloads are the same; without it, and for the large collections, pages are made up here.
"""

from __future__ import annotations

import gzip
import html
import json
import random
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MODIFIED = "Tue, 03 Mar 2026 11:20:09 GMT"
SOURCE = re.compile(rb"^from: *(\S+)", re.MULTILINE)
WORDS = (
    *("ferry", "harbour", "council", "bridge", "orchard", "winter", "archive", "letter", "quiet", "station", "river"),
    *(
        "the",
        "of",
        "and",
        "in",
        "to",
        "with",
        "from",
        "that",
        "said",
        "would",
        "not",
        "had",
        "been",
        "has",
        "is",
        "was",
    ),
)
SIGNS = "云溪渡船恢复摆每天运送乘客新水厂质检测结果公布镇政府称没有超标远山盆地发现亿年前的足迹化石"
LAYOUT_LINES = 700  # of menus and teasers around a made-up article of usual size: some 90 KB, as real pages have


@dataclass(frozen=True, slots=True)
class Collection:
    """Posts and their pages, on disk.

    Attributes:
        folder: holds `posts/`, `pages/`, `urls.txt` and `manifest.json`.
        port: the port that the posts' sources name.
        urls: the sources, in the order of the posts.
        real: whether the pages are the evaluation set's.
        page_bytes: of all pages together.
    """

    folder: Path
    port: int
    urls: tuple[str, ...]
    real: bool
    page_bytes: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What a collection is to be like.

    Attributes:
        posts: how many.
        hosts: on how many loopback addresses.
        small: made-up pages of 2 KB, whatever else there is.
        every: of the real pages only each so-manieth, so that fewer are a sample of more.
    """

    posts: int
    hosts: int
    small: bool = False
    every: int = 1


@dataclass(frozen=True, slots=True)
class _Item:
    name: str
    post: bytes
    path: str
    page: bytes


def build(folder: Path, shape: Shape, evaluation: Path) -> Collection:
    """Write a collection; the same arguments give the same pages.

    Args:
        folder: where; must not exist.
        shape: how many, how large.
        evaluation: the evaluation set, which need not exist.
    """
    real = not shape.small and (evaluation / "site.json").is_file()
    port = _free_port()
    for name in ("posts", "pages"):
        (folder / name).mkdir(parents=True)
    listed, urls, total = [], [], 0
    items = list(_real(evaluation, shape.posts * shape.every))[:: shape.every] if real else _made(shape)
    for number, item in enumerate(items):
        host = f"127.0.0.{2 + number % shape.hosts}"
        path, origin = item.path, f"http://{host}:{port}"
        page = item.page.replace(b"@ORIGIN@", origin.encode())
        page += f"\n<!-- page {number} -->\n".encode()
        (folder / "pages" / f"{number}.html").write_bytes(page)
        (folder / "posts" / item.name).write_bytes(item.post.replace(b"@ORIGIN@", origin.encode()))
        listed.append(
            {"host": host, "path": path, "file": f"pages/{number}.html", "etag": f'"{number:x}-{len(page):x}"'}
        )
        urls.append(origin + path)
        total += len(page)
    hosts = sorted({entry["host"] for entry in listed})
    manifest = {"port": port, "hosts": hosts, "modified": MODIFIED, "pages": listed}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (folder / "urls.txt").write_text("\n".join(urls) + "\n", "utf-8")
    return Collection(folder, port, tuple(urls), real, total)


def write_stored_texts(collection: Collection, folder: Path) -> None:
    """The stored copies as text, each named as its page is: what a script would hold extracted texts against."""
    folder.mkdir()
    for post in sorted((collection.folder / "posts").iterdir()):
        data = post.read_bytes()
        source = SOURCE.search(data)
        name = source[1].decode().rpartition("/")[2] if source else post.name
        body = data.decode().split("\n------\n", 1)[-1]
        text = html.unescape(re.sub(r"<[^>]*>", "", body.replace("</p>", "\n")))
        (folder / name).with_suffix(".txt").write_text(text.strip() + "\n", "utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---------------------------------------------------------------- the evaluation set's pages


def _real(evaluation: Path, count: int) -> Iterator[_Item]:
    """The set's pages as they were before its edits, again from the beginning where it has too few."""
    bodies = json.loads((evaluation / "site.json").read_text("utf-8"))["epoch1"]
    cases, seen = [], set()
    for line in (evaluation / "truth.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        address = case["url"].partition("://")[2]
        if address in bodies and address not in seen:
            seen.add(address)
            cases.append((case["post"], address))
    for number in range(count):
        name, address = cases[number % len(cases)]
        host = address.partition("/")[0].encode()
        page = gzip.decompress((evaluation / bodies[address]).read_bytes()).replace(b"http://" + host, b"@ORIGIN@")
        path = f"/story/{number}.html"
        post = (evaluation / "posts" / name).read_bytes()
        yield _Item(f"{number:06d}.md", SOURCE.sub(b"from: @ORIGIN@" + path.encode(), post, count=1), path, page)


# ---------------------------------------------------------------- made-up pages


def _made(shape: Shape) -> Iterator[_Item]:
    for number in range(shape.posts):
        draw = random.Random(number)  # noqa: S311 - made-up words
        title, paragraphs = _sentence(draw, 7), _article(draw, 5 if shape.small else 30)
        body = "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs)
        path = f"/story/{number}.html"
        head = f'---\ntitle: "{title}"\ndate: 2024-05-{1 + number % 28:02d}\nfrom: @ORIGIN@{path}\n---\n'
        post = f"{head}[{title}](@ORIGIN@{path})\n------\n<div>\n{body}</div>\n"
        around = "" if shape.small else _layout(draw)
        page = (
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} | Holm Courier</title></head>'
            f"<body><nav><a href='/'>Home</a> <a href='/local'>Local</a></nav><article><h1>{title}</h1>\n{body}"
            f"</article>{around}<footer>Holm Courier, Quay Street</footer></body></html>"
        )
        yield _Item(f"2024-05-{1 + number % 28:02d}-{number:06d}.md", post.encode(), path, page.encode())


def _sentence(draw: random.Random, words: int) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(words)).capitalize()


def _article(draw: random.Random, paragraphs: int) -> list[str]:
    if draw.random() < 1 / 3:
        return ["".join(draw.choice(SIGNS) for _ in range(draw.randint(40, 90))) + "。" for _ in range(paragraphs)]
    return [
        " ".join(_sentence(draw, draw.randint(9, 22)) + "." for _ in range(draw.randint(1, 4)))
        for _ in range(paragraphs)
    ]


def _layout(draw: random.Random) -> str:
    lines = (
        f'<li class="teaser"><a href="/{draw.randrange(10**6)}.html" data-track="{draw.randrange(10**9):09d}">'
        f"{_sentence(draw, 5)}</a></li>\n"
        for _ in range(LAYOUT_LINES)
    )
    return f"<aside><ul>\n{''.join(lines)}</ul></aside>"
