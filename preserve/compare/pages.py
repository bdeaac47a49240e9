"""Page against its own earlier capture: what changed since?"""

from __future__ import annotations

from preserve.compare.article import article_of
from preserve.compare.byline import byline_change
from preserve.compare.headline import headline_change, headline_found
from preserve.compare.reading import Readings
from preserve.compare.rules import PageRules
from preserve.compare.telling import lay, summarise, tell
from preserve.model import Comparison, Extraction, StoredCopy


def compare_pages(
    old: Extraction,
    new: Extraction,
    *,
    stored: StoredCopy | None = None,
    template: frozenset[str] = frozenset(),
    readings: Readings | None = None,
) -> Comparison:
    """Compare the article of an earlier capture (old) with that of a later one (new), made by the same extractor.

    A sentence that readers saw and no longer see was removed, even where descriptions for machines still have it.

    Args:
        old: the earlier page, extracted.
        new: the later page, extracted.
        stored: a stored copy of the article, which tells where on the earlier page it stands; it is not compared.
        template: digests of blocks known to be the host's template; their addition is no change.
        readings: where more is held against the same pages.

    Returns:
        What differs in the article; `coverage` and the rest are of the old page's article.
    """
    readings = readings or Readings()
    article = article_of(old, readings, stored)
    laid = lay(article.blocks, new, readings, seen=True)
    rules = PageRules(laid.old, laid.new, article, laid.layers.main, template)
    told = tell(laid, rules, byline=old.byline, cut=False, exact=True)
    titled = headline_found(old.headline, new)
    headline = None if titled else headline_change(old.headline, new)
    byline = byline_change((old.byline, article.page), (new.byline, laid.new), told.changes)
    changes = [*told.changes, *(change for change in (headline, byline) if change is not None)]
    return summarise(laid, told, changes, titled)
