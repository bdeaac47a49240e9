"""Comparison: what a stored copy and a page, or two captures of a page, say differently. Pure."""

from preserve.compare.pages import compare_pages
from preserve.compare.places import Found, places
from preserve.compare.reading import Readings
from preserve.compare.stored import compare
from preserve.editions import RULES

__all__ = ["RULES", "Found", "Readings", "compare", "compare_pages", "places"]
