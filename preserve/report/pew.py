"""Link rot as the Pew Research Center counted it in 2024, so that a collection can be held against that study.

Athena Chapekis, Samuel Bestvater, Emma Remy, Gonzalo Rivero: When Online Content Disappears, May 2024. A page counts
there as inaccessible when it answers with one of nine statuses, or when its host does not answer at all. Every other
answer counts as accessible: walls, soft 404s and changed texts included.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from preserve.model import Check, Reason
from preserve.report.values import GROUPS, Group, PewCount

STATUSES: Final = (204, 400, 404, 410, 500, 501, 502, 503, 523)
NO_ANSWER: Final = frozenset({Reason.NO_SUCH_HOST, Reason.DNS, Reason.TIMEOUT, Reason.REFUSED, Reason.RESET})


class PewCounting:
    """Counts checks one by one."""

    def __init__(self) -> None:
        self._asked = self._no_answer = self._lost = self._both = self._soft = self._doubtful = 0
        self._by_status: Counter[int] = Counter()

    def add(self, check: Check) -> None:
        """Count the last check of a post."""
        if check.capture is None:
            return
        self._asked += 1
        status, reason, group = check.http_status, check.judgement.reason, GROUPS[check.judgement.verdict]
        by_status = status in STATUSES
        no_answer = not by_status and reason in NO_ANSWER
        if status is not None and by_status:
            self._by_status[status] += 1
        self._no_answer += no_answer
        there = by_status or no_answer
        self._lost += group is Group.LOST
        self._both += group is Group.LOST and there
        self._soft += group is Group.LOST and not there
        self._doubtful += there and group is not Group.LOST

    def result(self) -> PewCount:
        """What was counted."""
        by_status = {status: self._by_status[status] for status in STATUSES if self._by_status[status]}
        return PewCount(self._asked, by_status, self._no_answer, self._lost, self._both, self._soft, self._doubtful)
