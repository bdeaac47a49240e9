"""The main text, by trafilatura, with fixed options."""

from __future__ import annotations

from functools import cache

import trafilatura
from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from preserve.editions import EXTRACTION_OPTIONS, extractor_name
from preserve.markup import blocks_of
from preserve.model import Block, Region

_FORM = "xml"  # of the output: with its default, the text is written out too, which nobody reads
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
}


# Fifty times a large article, and deeper tables than any layout: trafilatura's time grows faster than these.
_MAX_ELEMENTS = 50_000
_MAX_TEXT = 2_000_000  # code points
_ELEMENTS = XPath("count(//*)")
_TABLES_WITHIN = XPath("boolean(//table[count(ancestor::table) > 16])")


def extractor_id() -> str:
    """Name, version and options of what makes an extraction."""
    return extractor_name(trafilatura.__version__)


def main_blocks(root: HtmlElement, *, visible: tuple[Block, ...]) -> tuple[Block, ...]:
    """The main text as blocks; empty where trafilatura finds none.

    Args:
        root: the page's tree; it is not changed.
        visible: the page's blocks. The running text among them is the main text of a page that is out of all
            proportion, on which trafilatura would take minutes.
    """
    if _is_out_of_proportion(root, visible):
        return tuple(block for block in visible if _is_running(block))
    try:
        found = bare_extraction(root, options=_options())
    except (RecursionError, AttributeError, IndexError):  # slips of the extractor on odd trees
        return ()
    body = getattr(found, "body", None)
    if body is None:
        return ()
    for element in body.iter(*_HTML_NAMES):
        element.tag = _HTML_NAMES[element.tag]
    return blocks_of(body, regions=False)


@cache
def _options() -> Extractor:
    """`EXTRACTION_OPTIONS` as trafilatura wants them, made once: it reads its own settings anew for each.

    There is no address among them: it would only complete links, which are left out.
    """
    return Extractor(
        output_format=_FORM,
        comments=EXTRACTION_OPTIONS["include_comments"],
        tables=EXTRACTION_OPTIONS["include_tables"],
        dedup=EXTRACTION_OPTIONS["deduplicate"],
        with_metadata=EXTRACTION_OPTIONS["with_metadata"],
        recall=EXTRACTION_OPTIONS["favor_recall"],
    )


def _is_out_of_proportion(root: HtmlElement, visible: tuple[Block, ...]) -> bool:
    return bool(
        _ELEMENTS(root) > _MAX_ELEMENTS or _TABLES_WITHIN(root) or sum(len(block.text) for block in visible) > _MAX_TEXT
    )


def _is_running(block: Block) -> bool:
    return block.region is Region.BODY and block.link_density < 0.5 and len(block.text) >= 40
