"""Page against its own earlier capture: what changed since?"""

from __future__ import annotations

from preserve.compare.headline import headline_change, headline_found
from preserve.compare.layers import Layers
from preserve.compare.reading import Reading
from preserve.compare.rules import PageRules
from preserve.compare.telling import lay, summarise, tell
from preserve.model import Block, Comparison, Extraction

_STRONG = 14


def compare_pages(old: Extraction, new: Extraction, *, template: frozenset[str] = frozenset()) -> Comparison:
    """Compare the article of an earlier capture (old) with that of a later one (new), made by the same extractor.

    Args:
        old: the earlier page, extracted.
        new: the later page, extracted.
        template: digests of blocks known to be the host's template; their addition is no change.

    Returns:
        What differs in the article; `coverage` and the rest are of the old page's article.
    """
    before = Reading(old.visible)
    main = Layers(old, before).main
    laid = lay(_article(before, main) or old.main, new)
    rules = PageRules(laid.old, laid.new, before, (main, laid.layers.main), template)
    told = tell(laid, rules, byline=old.byline, cut=False, exact=True)
    headline = headline_change(old.headline, new)
    changes = [*told.changes, *([headline] if headline else [])]
    return summarise(laid, told, changes, headline_found(old.headline, new))


def _article(page: Reading, main: str) -> tuple[Block, ...]:
    """The visible blocks from the first to the last that the main text has, with what stands between them."""
    inside = [index for index, key in enumerate(page.keys) if len(key) >= _STRONG and key in main]
    return page.blocks[inside[0] : inside[-1] + 1] if inside else ()
