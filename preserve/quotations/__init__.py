"""Quotations: found in a manuscript, and held against a text.

Owns what in a manuscript is a quotation (`find_quotations`), the forms it is looked for in (`Needle`), and what a text
makes of it (`weigh`): word for word but for cosmetics, reworded, absent. Pure. Does not know where texts come from.
"""

from preserve.quotations.exact import Grade
from preserve.quotations.haystack import Haystack
from preserve.quotations.manuscript import Mark, Quotation, bare, find_quotations
from preserve.quotations.nearest import Piece
from preserve.quotations.needle import Needle, is_short, needle_of
from preserve.quotations.shingles import ShingleIndex, searched
from preserve.quotations.weighing import Match, weigh

__all__ = [
    "Grade",
    "Haystack",
    "Mark",
    "Match",
    "Needle",
    "Piece",
    "Quotation",
    "ShingleIndex",
    "bare",
    "find_quotations",
    "is_short",
    "needle_of",
    "searched",
    "weigh",
]
