"""A post's body to one piece of HTML, the way Jekyll's kramdown and a feed reader would see it.

Owns the split of a body into raw HTML and Markdown, and what of it is neither (Liquid tags, attribute lists).
Knows nothing of which text is the article.

kramdown takes an HTML element at the beginning of a line whole, up to its closing tag, whatever blank or
indented lines it holds; CommonMark (section 4.6) would end it at the first blank line and make code of what
follows. So elements are cut out first, and only what is between them is rendered as Markdown. A body that is
one HTML element, as most copies are, never meets the Markdown parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from preserve.model import SetAside

_ELEMENTS = (
    "address|article|aside|blockquote|body|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|"
    "h[1-6]|header|html|iframe|main|nav|ol|p|pre|script|section|style|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
_START = re.compile(rf"^ {{0,3}}(?:<(?P<tag>{_ELEMENTS})(?=[\s/>])|(?P<fence>`{{3,}}|~{{3,}}))", re.I | re.M)
_MARKDOWN_INSIDE = re.compile(r"""[^>]*\smarkdown=["']?(?:1|block|span)\b[^>]*>""", re.I)
_RAW = re.compile(r"\{%-?\s*(?:end)?raw\s*-?%\}")
_LIQUID = re.compile(r"\{%[^\n{]{1,1000}?%\}|\{\{[^\n{]{1,1000}?\}\}")
_ATTRIBUTES = re.compile(r"\{:[^\n{}]{0,1000}\}")


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    is_html: bool


def to_html(body: str) -> tuple[str, tuple[SetAside, ...]]:
    """The body as HTML, and the Liquid tags and attribute lists that were taken out of its Markdown."""
    aside: list[SetAside] = []
    parts = []
    for piece in _pieces(body):
        parts.append(piece.text if piece.is_html else _render(piece.text, aside))
    return "\n".join(parts), tuple(aside)


def _pieces(body: str) -> Iterator[_Piece]:
    """The body cut into raw HTML and Markdown; only blank pieces are left out."""
    position = 0  # where the piece being gathered begins
    search = 0
    while (found := _START.search(body, search)) is not None:
        if found["fence"]:
            search = _after_fence(body, found.end(), found["fence"])
            continue
        inside = _MARKDOWN_INSIDE.match(body, found.end())
        end = inside.end() if inside else _after_element(body, found.start("tag") - 1, found["tag"])
        if body[position : found.start()].strip():
            yield _Piece(body[position : found.start()], is_html=False)
        yield _Piece(body[found.start() : end], is_html=True)
        position = search = end
    if body[position:].strip():
        yield _Piece(body[position:], is_html=False)


def _after_fence(body: str, start: int, fence: str) -> int:
    closing = re.compile(rf"^ {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*$", re.M).search(body, start)
    return closing.end() if closing else len(body)


def _after_element(body: str, start: int, tag: str) -> int:
    """Where the element that begins at `start` ends; the end of the body where it is not closed."""
    depth = 0
    for found in re.compile(rf"<(/?){tag}(?=[\s/>])", re.I).finditer(body, start):
        depth += -1 if found[1] else 1
        if depth <= 0:
            return body.find(">", found.end()) + 1 or len(body)
    return len(body)


def _render(text: str, aside: list[SetAside]) -> str:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - most bodies never need it

    taken = _take_out(text, aside)
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return str(parser.render(taken))


def _take_out(text: str, aside: list[SetAside]) -> str:
    """Markdown without Liquid tags and attribute lists; inside code fences only the marks of `raw` go."""
    kept = []
    position = 0
    while position < len(text):
        found = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.M).search(text, position)
        fence = found.start() if found else len(text)
        end = _after_fence(text, found.end(), found[1]) if found else len(text)
        plain = text[position:fence]
        for rule, pattern in (("liquid", _LIQUID), ("attribute-list", _ATTRIBUTES)):
            aside.extend(SetAside(rule, mark) for mark in pattern.findall(plain))
            plain = pattern.sub("", plain)
        kept += [plain, _RAW.sub("", text[fence:end])]
        position = end
    return "".join(kept)
