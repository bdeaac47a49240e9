"""Comparison: what a stored copy and a page, or two captures of a page, say differently. Pure."""

from preserve.compare.pages import compare_pages
from preserve.compare.places import Found, places
from preserve.compare.rules import block_digest
from preserve.compare.stored import compare

RULES = "compare/2"
"""Version of the comparison rules; it changes whenever the same input may give another comparison."""

__all__ = ["RULES", "Found", "block_digest", "compare", "compare_pages", "places"]
