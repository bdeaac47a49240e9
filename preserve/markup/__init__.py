"""HTML to blocks: the one place that turns markup into running text.

A page and a stored copy are cut by the same rules, so that what differs between their blocks differs in what
they say. Owns parsing (`parse_html`), cutting (`blocks_of`) and the regions of a page. Does not own decoding
bytes, finding the main text (both `preserve.extract`) or what part of a post is the article
(`preserve.posts`).
"""

from preserve.editions import MARKUP_RULES
from preserve.markup.blocks import blocks_of
from preserve.markup.parse import parse_html

__all__ = ["MARKUP_RULES", "blocks_of", "parse_html"]
