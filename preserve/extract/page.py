"""One page, extracted."""

from __future__ import annotations

from preserve.extract.charset import decode_html
from preserve.extract.main_text import extractor_id, main_blocks
from preserve.extract.meta import read_meta
from preserve.markup import blocks_of, parse_html
from preserve.model import Extraction

__all__ = ["extract_page", "extractor_id"]


def extract_page(body: bytes, *, content_type: str | None, url: str) -> Extraction:
    """Extract everything the comparison and the verdict need from a page.

    Args:
        body: the entity, content coding removed.
        content_type: the value of its Content-Type field, or None.
        url: the page's address.

    Returns:
        The page's three layers of text and what it says about itself. The same arguments give the same value.
    """
    decoded = decode_html(body, content_type)
    root = parse_html(decoded.text)
    visible = blocks_of(root)
    meta = read_meta(root, url=url, html_chars=len(decoded.text), visible=visible)
    return Extraction(
        headline=meta.headlines[0] if meta.headlines else "",
        headlines=meta.headlines,
        byline=meta.byline,
        published=meta.published,
        modified=meta.modified,
        language=meta.language,
        charset=decoded.charset,
        charset_source=decoded.source,
        main=main_blocks(root, visible=visible),
        visible=visible,
        structured=meta.structured,
        facts=meta.facts,
        extractor=extractor_id(),
    )
