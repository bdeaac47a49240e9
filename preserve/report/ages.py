"""How old a source was when it was lost, or last seen: what the survival curves are drawn from. Pure.

A post's date is when its copy was kept, so the source was there then. A loss came about some time between the last
observation that found the source and the first that missed it; it is dated halfway, as is usual for such data. Dated
when it was first missed, the losses of a whole past would pile up on the day a collection was first checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from preserve.confirm import Observation
from preserve.report.survival import Lifetime, kaplan_meier
from preserve.report.values import GROUPS, Group, Survival

DAYS_A_YEAR: Final = 365.25


class Ages:
    """Takes in posts one by one."""

    def __init__(self) -> None:
        self._there: list[Lifetime] = []
        self._same: list[Lifetime] = []
        self._left_out = 0

    def add(self, day: date | None, observations: Sequence[Observation]) -> None:
        """Take in a post of that day and what was observed of it, oldest first."""
        known = [one for one in observations if one.counts and GROUPS[one.verdict] is not Group.UNKNOWN]
        there = _lifetime(day, known, (Group.HOLDS, Group.DRIFTED))
        same = _lifetime(day, known, (Group.HOLDS,))
        if there is None or same is None:
            self._left_out += 1
            return
        self._there.append(there)
        self._same.append(same)

    def result(self) -> Survival:
        """The curves."""
        return Survival(kaplan_meier(self._there), kaplan_meier(self._same), self._left_out)


def _lifetime(day: date | None, known: Sequence[Observation], alive: Sequence[Group]) -> Lifetime | None:
    """How long a source was seen alive; None without a date, an observation, or an age."""
    if day is None or not known:
        return None
    ages = [(one.at.date() - day).days / DAYS_A_YEAR for one in known]
    if ages[0] < 0:
        return None
    last_there = max((place for place, one in enumerate(known) if GROUPS[one.verdict] in alive), default=-1)
    if last_there == len(known) - 1:
        return Lifetime(ages[-1], False)
    seen = ages[last_there] if last_there >= 0 else 0.0
    return Lifetime((seen + ages[last_there + 1]) / 2, True)
