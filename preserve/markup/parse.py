"""Parsing HTML, whatever comes: no input raises, none takes more than linear time."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement, HTMLParser

from preserve.markup.words import word_set

# Characters no browser shows and no XML tree may hold (XML 1.0, section 2.2); lone surrogates can't be
# encoded.
_UNUSABLE = bytes((*range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F))
_NON_CHARACTERS = "\ufffe\uffff"
_FORM_FEED_TO_SPACE = bytes.maketrans(b"\x0c", b" ")
_NOTHING = b"<html><body></body></html>"

# libxml2 stops reading at this depth (htmlParserCtxt with huge_tree); browsers go on, so deep pages are
# flattened to what Chromium allows (512) or less and read again.
_PARSER_DEPTH = 2040
_FLAT_DEPTH = 400
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/<>]*+)[^<>]*+>")
_VOID = word_set("area base basefont br col embed frame hr img input link meta param source track wbr")
_INLINE = word_set("a abbr b bdi bdo big cite code em font i kbd mark q s small span strong sub sup tt u")


def parse_html(text: str) -> HtmlElement:
    """Parse a document or fragment.

    Args:
        text: decoded markup of any quality: fragments, plain text, XML prologs, NUL characters, any nesting.

    Returns:
        The `html` element of a whole tree without comments and processing instructions. Encoding declarations
        in `text` are ignored: it is decoded already. Empty input gives an empty body.
    """
    for character in _NON_CHARACTERS:
        text = text.replace(character, "")
    data = text.encode("utf-8", "ignore").translate(_FORM_FEED_TO_SPACE, _UNUSABLE)
    root = _parse(data)
    if _last_depth(root) >= _PARSER_DEPTH:
        root = _parse(_flatten(data.decode("utf-8")).encode("utf-8"))
    return root


def _parse(data: bytes) -> HtmlElement:
    # Bytes with a named encoding: lxml refuses str with an XML encoding declaration.
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False)
    # The same class for all: lxml.html's own lookup runs in Python, once an element.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    try:
        root = etree.fromstring(data, parser=parser) if data.strip() else None
    except etree.ParserError:  # nothing but comments or a doctype
        root = None
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError("libxml2 ran out of memory") from error
        root = None
    if any(entry.type == etree.ErrorTypes.ERR_NO_MEMORY for entry in parser.error_log):
        raise MemoryError("libxml2 ran out of memory")  # else it would pass for the end of the page
    if root is None:
        root = etree.fromstring(_NOTHING, parser=parser)
    return root


def _last_depth(root: HtmlElement) -> int:
    """Depth of the last open element: where the parser stopped, if it did."""
    depth, node = 0, root
    while len(node):
        node = node[-1]
        depth += 1
    return depth


def _flatten(text: str) -> str:
    """Drop the tags beyond `_FLAT_DEPTH`, leaving a line break where a block's tag stood."""
    depth = dropped = 0
    broken_at = -1  # where a line break was left last: one is enough

    def keep(match: re.Match[str]) -> str:
        nonlocal depth, dropped, broken_at
        closing, name = match.group(1), match.group(2).lower()
        if name in _VOID:
            return match.group()
        if not closing and depth < _FLAT_DEPTH:
            depth += 1
            return match.group()
        if closing and not dropped:
            depth = max(0, depth - 1)
            return match.group()
        dropped += -1 if closing else 1
        follows = match.start() == broken_at
        broken_at = match.end()
        return "" if follows or name in _INLINE else "<br><br>"

    return _TAG.sub(keep, text)
