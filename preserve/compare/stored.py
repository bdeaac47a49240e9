"""Stored copy against live page: is the source still what was kept?"""

from __future__ import annotations

from preserve.compare.excerpt import is_cut
from preserve.compare.headline import headline_change, headline_found, known_titles
from preserve.compare.reading import Readings
from preserve.compare.rules import StoredRules
from preserve.compare.telling import Laid, lay, summarise, tell
from preserve.model import Comparison, Extraction, StoredCopy
from preserve.text import fold


def compare(
    stored: StoredCopy,
    page: Extraction,
    *,
    template: frozenset[str] = frozenset(),
    readings: Readings | None = None,
) -> Comparison:
    """Compare a stored copy (old) with a page (new).

    Args:
        stored: the article as kept, noise already set aside.
        page: the page, extracted.
        template: digests of blocks known to be the host's template; their addition is no change.
        readings: where more is held against the same page.

    Returns:
        The material differences and how much of the stored copy the page still has.
    """
    cut = _is_cut(stored)
    laid = lay_copy(stored, page, readings)
    known = known_titles(stored.title, page.headlines) | {
        key for text in (stored.author, *(aside.text for aside in stored.set_aside)) if (key := fold(text))
    }
    rules = StoredRules(laid.old, laid.new, laid.layers.main, known, template)
    told = tell(laid, rules, byline=stored.author, cut=cut, exact=False)
    titled = headline_found(stored.title, page, laid.script)
    headline = None if titled else headline_change(stored.title, page, laid.script)
    changes = [*told.changes, *([headline] if headline else [])]
    return summarise(laid, told, changes, titled)


def lay_copy(stored: StoredCopy, page: Extraction, readings: Readings | None = None) -> Laid:
    """A stored copy laid on a page, as `compare` lays it."""
    return lay(stored.blocks, page, readings or Readings(), cut=_is_cut(stored))


def _is_cut(stored: StoredCopy) -> bool:
    """Whether a stored copy breaks off in mid-sentence."""
    return bool(stored.blocks) and is_cut(stored.blocks[-1].text)
