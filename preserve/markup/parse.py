"""Parsing HTML, whatever comes: no input raises, none takes more than linear time."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement, HTMLParser

# Characters no browser shows and no XML tree may hold (XML 1.0, section 2.2); lone surrogates can't be encoded.
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_NOTHING = b"<html><body></body></html>"

# libxml2 stops reading at this depth (htmlParserCtxt with huge_tree); browsers go on, so deep pages are flattened
# to what Chromium allows (512) or less and read again.
_PARSER_DEPTH = 2040
_FLAT_DEPTH = 400
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)[^>]*>")
_VOID = frozenset(
    "area base basefont br col embed frame hr img input link meta param source track wbr".split()
)
_INLINE = frozenset("a abbr b bdi bdo big cite code em font i kbd mark q s small span strong sub sup tt u".split())


def parse_html(text: str) -> HtmlElement:
    """Parse a document or fragment.

    Args:
        text: decoded markup of any quality: fragments, plain text, XML prologs, NUL characters, any nesting.

    Returns:
        The `html` element of a whole tree without comments and processing instructions. Encoding declarations in
        `text` are ignored: it is decoded already. Empty input gives an empty body.
    """
    text = _UNUSABLE.sub("", text).replace("\x0c", " ")
    root = _parse(text)
    if _last_depth(root) >= _PARSER_DEPTH:
        root = _parse(_flatten(text))
    return root


def _parse(text: str) -> HtmlElement:
    # Bytes with a named encoding: lxml refuses str with an XML encoding declaration.
    parser = HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False
    )
    data = text.encode("utf-8")
    try:
        root = etree.fromstring(data, parser=parser) if data.strip() else None
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing but comments or a doctype
        root = None
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

    def keep(match: re.Match[str]) -> str:
        nonlocal depth, dropped
        closing, name = match.group(1), match.group(2).lower()
        if name in _VOID:
            return match.group()
        gap = "" if name in _INLINE else "<br>"
        if not closing:
            if depth >= _FLAT_DEPTH:
                dropped += 1
                return gap
            depth += 1
        elif dropped:
            dropped -= 1
            return gap
        else:
            depth = max(0, depth - 1)
        return match.group()

    return _TAG.sub(keep, text)
