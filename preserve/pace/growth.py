"""How an archive grows: what the first pass stores, and what a year of further passes adds."""

from __future__ import annotations

from dataclasses import dataclass

from preserve.pace.months import YEAR


@dataclass(frozen=True, slots=True)
class Weights:
    """What a check costs on disk, in bytes; measured in docs/scale.md.

    Attributes:
        unchanged: a check that found the page as it was: its records, ledger row, log leaf and index line.
        page: a page stored for the first time, or changed, compressed; on top of `unchanged`.
        changed: share of checks that find other bytes than the last time, 0 to 1.
    """

    unchanged: float
    page: float
    changed: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Bytes: `first` of the first pass, `a_year` of the passes of a year."""

    first: float
    a_year: float


def growth(sources: int, period: float, weights: Weights) -> Growth:
    """What an archive of so many sources grows by.

    Args:
        sources: asked in each pass.
        period: seconds from one pass to the next; above 0.
        weights: of a check.
    """
    passes = YEAR / period
    each = weights.unchanged + weights.changed * weights.page
    return Growth(sources * (weights.unchanged + weights.page), passes * sources * each)
