"""A post's body to its stored copy: the article's blocks, and what was set aside.

Applies `rules`; owns no rule of its own but where things stand (the title's link line, a repeated headline,
the footer below a closing rule, boxes named by their class).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from preserve.markup import blocks_of, parse_html
from preserve.model import Block, BlockKind, Post, Region, SetAside, StoredCopy
from preserve.posts import rules
from preserve.posts.markdown import to_html
from preserve.posts.reading import decode_body
from preserve.posts.vocabulary import furniture_of
from preserve.settings import PostSettings

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_TITLE_LINK = re.compile(r"[ \t]*\[(?P<label>[^\n]{0,2000})\]\((?P<url>[^\n]{0,4000})\)[ \t]*(?:\n|\Z)")
_UNDERLINE = re.compile(r"[ \t]*(?:-{3,}|={3,})[ \t]*(?:\n|\Z)")
_NOT_WORDS = re.compile(r"[\W_]+")
_SPACES = re.compile(r"\s+")
_FEED_WORDS = re.compile(r"\b(?:rss|atom|feeds?|subscribe|newsletter)\b|rss|订阅|訂閱", re.I)
_ADDRESS = re.compile(r"https?://\S+", re.I)
_CLASS_WORDS = re.compile(r"[\s_-]+|(?<=[a-z])(?=[A-Z])")
_FOOTER_LONGEST = 240
_TITLE_BLOCKS = 4
_WEB_ONLY = 0.5


def stored_copy(post: Post, data: bytes, settings: PostSettings) -> StoredCopy:
    """What `post`, whose file has the bytes `data`, keeps of its source.

    All text of the body is either in `blocks` or in `set_aside`, except for what no reader sees (scripts,
    styles, embedded frames). Raises PostError when `data` is not what the post was read from.
    """
    body, leading = _take_leading(decode_body(post, data), post)
    html, marks = to_html(body)
    aside = [*leading, *_comments(html), *marks]
    root = parse_html(html)
    aside += _take_footer(root)
    aside += _take_boxes(root)
    blocks, lines = _sort_out(blocks_of(root), post, settings)
    return StoredCopy(post.title, post.author, post.date, blocks, (*aside, *lines))


# ---------------------------------------------------------------- before parsing


def _take_leading(body: str, post: Post) -> tuple[str, list[SetAside]]:
    """Take the comments and the title's link line off the top.

    The line is a Markdown link, alone, underlined, that leads to the source or is labelled with the title.
    """
    aside = []
    position = 0
    while True:
        blank = _SPACES.match(body, position)
        start = blank.end() if blank else position
        if not body.startswith("<!--", start):
            break
        end = body.find("-->", start)
        if end < 0:
            break
        aside.append(SetAside("comment", body[start + 4 : end].strip()))
        position = end + 3
    link = _TITLE_LINK.match(body, start)
    if link is not None:
        underline = _UNDERLINE.match(body, link.end())
        known = link["url"].strip() == post.source or _same_words(link["label"], post.title)
        if known and (underline or not body[link.end() :].split("\n", 1)[0].strip()):
            end = underline.end() if underline else link.end()
            aside.append(SetAside("title-link", link["label"]))
            return body[end:], aside
    return body[position:], aside


def _comments(html: str) -> list[SetAside]:
    aside = []
    position = 0
    while (start := html.find("<!--", position)) >= 0:
        end = html.find("-->", start + 4)
        if end < 0:
            break
        text = html[start + 4 : end].strip()
        if text:
            aside.append(SetAside("comment", text))
        position = end + 3
    return aside


# ---------------------------------------------------------------- elements


def _text_of(element: HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def _take_footer(root: HtmlElement) -> list[SetAside]:
    """Take off what a feed maker put below a closing rule: a short last part that is mostly addresses or
    feeds.
    """
    lines = list(root.iter("hr"))
    if not lines:
        return []
    line = lines[-1]
    below = [line, *line.itersiblings()]
    parent = line.getparent()
    while parent is not None and parent.tag not in ("body", "html"):
        if (parent.tail and parent.tail.strip()) or any(_text_of(later) for later in parent.itersiblings()):
            return []
        parent = parent.getparent()
    texts = [text for element in below[1:] for text in (_text_of(element), (element.tail or "").strip())]
    text = " ".join(filter(None, [(line.tail or "").strip(), *texts]))
    if not text or len(text) > _FOOTER_LONGEST:
        return []
    linked = sum(len(_text_of(link)) for element in below for link in element.iter("a"))
    if linked < _WEB_ONLY * len(text) or not (_FEED_WORDS.search(text) or _ADDRESS.search(text)):
        return []
    for element in below:
        element.getparent().remove(element)
    return [SetAside("feed-footer", text)]


def _take_boxes(root: HtmlElement) -> list[SetAside]:
    """Take out the elements whose class or id names them as something beside the article, where they are
    short.
    """
    named = [
        (element, rule)
        for element in root.iter("div", "section", "aside", "ul", "p", "form", "nav")
        if (rule := _box_rule(element))
    ]
    if not named:
        return []
    whole = len(_text_of(root))
    aside = []
    for element, rule in named:
        parent = element.getparent()
        if parent is None or not _is_below(element, root):
            continue
        text = _text_of(element)
        linked = sum(len(_text_of(link)) for link in element.iter("a"))
        short = len(text) <= rules.BOX_LONGEST and len(text) <= rules.BOX_SHARE * whole
        if not short and linked < _WEB_ONLY * len(text):
            continue
        if text:
            aside.append(SetAside(rule, text))
        _remove(element)
    return aside


def _box_rule(element: HtmlElement) -> str:
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if not names.strip():
        return ""
    words = {word.lower() for word in _CLASS_WORDS.split(names)}
    return next((rule for rule, known in rules.load_rules().boxes if not known.isdisjoint(words)), "")


def _is_below(element: HtmlElement, root: HtmlElement) -> bool:
    return any(ancestor is root for ancestor in element.iterancestors())


def _remove(element: HtmlElement) -> None:
    """Take an element out, and leave the text after it."""
    element.drop_tree()


# ---------------------------------------------------------------- blocks


def _sort_out(blocks: Sequence[Block], post: Post, settings: PostSettings) -> tuple[tuple[Block, ...], list[SetAside]]:
    """The blocks of the article, and the lines that are none of it."""
    own = [(name, re.compile(pattern)) for name, pattern in settings.set_aside]
    title = _bare(post.title)
    kept, aside = [], []
    for index, block in enumerate(blocks):
        text = " ".join(block.text.split())
        at_start, at_end = index < rules.NEAR_START, len(blocks) - index <= rules.NEAR_END
        rule = (
            next((name for name, pattern in own if pattern.fullmatch(text)), "")
            or ("title" if title and index < _TITLE_BLOCKS and _bare(text) == title else "")
            or _rule_of(block, text, at_start, at_end)
        )
        if rule:
            aside.append(SetAside(rule, block.text))
        else:
            kept.append(block if block.region is Region.BODY else replace(block, region=Region.BODY))
    return tuple(kept), aside


def _rule_of(block: Block, text: str, at_start: bool, at_end: bool) -> str:
    if block.region in (Region.HIDDEN, Region.FORM):
        return block.region.value
    if not (at_start or at_end) or block.kind in (BlockKind.HEADLINE, BlockKind.CODE, BlockKind.TABLE_ROW):
        return ""
    for rule in rules.load_rules().lines:
        near = at_end if rule.where is rules.Where.END else at_start or at_end
        if near and len(text) <= rule.longest and rule.pattern.fullmatch(text):
            return rule.name
    return furniture_of(text, rules.load_rules().words)


def _same_words(one: str, other: str) -> bool:
    """Whether two titles differ in nothing but case, width, spaces and punctuation."""
    wanted = _bare(other)
    return bool(wanted) and _bare(one) == wanted


def _bare(text: str) -> str:
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text)).casefold()
