"""The main text, by trafilatura, with fixed options."""

from __future__ import annotations

import trafilatura
from lxml.html import HtmlElement
from trafilatura import bare_extraction

from preserve.markup import MARKUP_RULES, blocks_of
from preserve.model import Block

OPTIONS: dict[str, bool] = {
    "include_comments": False,
    "include_tables": True,
    "deduplicate": False,
    "with_metadata": False,
    "favor_recall": False,
}
# trafilatura's names for what it found, and the HTML they stand for.
_HTML_NAMES = {
    "head": "h2",
    "list": "ul",
    "item": "li",
    "quote": "blockquote",
    "row": "tr",
    "cell": "td",
    "lb": "br",
    "hi": "b",
    "ref": "a",
    "del": "s",
    "code": "code",
}


def extractor_id() -> str:
    """Name, version and options of what makes an extraction."""
    options = ",".join(f"{name}={str(value).lower()}" for name, value in sorted(OPTIONS.items()))
    return f"trafilatura/{trafilatura.__version__} {options}; {MARKUP_RULES}"


def main_blocks(root: HtmlElement, *, url: str) -> tuple[Block, ...]:
    """The main text as blocks; empty where trafilatura finds none.

    Args:
        root: the page's tree; it is not changed.
        url: the page's address.
    """
    try:
        found = bare_extraction(root, url=url, **OPTIONS)
    except (RecursionError, AttributeError, IndexError):  # slips of the extractor on odd trees
        return ()
    if found is None or found.body is None:
        return ()
    for element in found.body.iter(*_HTML_NAMES):
        element.tag = _HTML_NAMES[element.tag]
    return blocks_of(found.body, regions=False)
