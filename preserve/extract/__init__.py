"""From a page's bytes to what it says: the only room that imports trafilatura.

Owns decoding (`decode_html`), the main text, the structured text, headline, byline, dates and the facts about
the page as a page. Does not own cutting markup into blocks (`preserve.markup`) or any judgement about what
was found. Everything here is a function of the bytes, the declared content type and the URL.
"""

from preserve.extract.charset import DecodedText, decode_html
from preserve.extract.page import extract_page, extractor_id

__all__ = ["DecodedText", "decode_html", "extract_page", "extractor_id"]
