"""Page against its own earlier capture: what changed since?"""

from __future__ import annotations

from preserve.compare.stored import compare
from preserve.model import Comparison, Extraction, StoredCopy


def compare_pages(old: Extraction, new: Extraction, *, template: frozenset[str] = frozenset()) -> Comparison:
    """Compare the article of an earlier capture (old) with that of a later one (new)."""
    stored = StoredCopy(title=old.headline, author=old.byline, date=old.published, blocks=old.main)
    return compare(stored, new, template=template)
