"""Owns which changes are news: those that several checks confirmed, the newest of them, each with its check."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from preserve.confirm import Confirmation, confirmations
from preserve.export.rows import Facts, ReadFacts
from preserve.ledger import Ledger
from preserve.model import Check

NEWEST: Final = 100


@dataclass(frozen=True, slots=True)
class ConfirmedChange:
    """One change of one post's source that was confirmed.

    Attributes:
        confirmation: what, and since when.
        check: the one that confirmed it, which has the differences; of a capture judged again, the last judgement.
        facts: what the post's front matter says.
    """

    confirmation: Confirmation
    check: Check
    facts: Facts


class Newest:
    """The newest changes, as many as are shown; older ones are let go.

    Args:
        most: how many.
    """

    def __init__(self, most: int = NEWEST) -> None:
        self._most = most
        self._found: list[tuple[datetime, str, int, Confirmation]] = []

    def add(self, post: str, number: int, confirmation: Confirmation) -> None:
        """Take in the change of that number of a post."""
        entry = (confirmation.at, post, number, confirmation)
        if len(self._found) < self._most:
            heapq.heappush(self._found, entry)
        else:
            heapq.heappushpop(self._found, entry)

    def newest_first(self) -> Iterator[tuple[str, Confirmation]]:
        """Those that are kept, with their posts."""
        for _, post, _, confirmation in sorted(self._found, reverse=True):
            yield post, confirmation


def confirmed_in(ledger: Ledger) -> Iterator[tuple[str, int, Confirmation]]:
    """Every change that was confirmed, streamed: post, number among its changes, what."""
    for post, observed in ledger.all_observations():
        for number, confirmation in enumerate(confirmations(observed)):
            yield post, number, confirmation


def with_checks(ledger: Ledger, newest: Newest, read: ReadFacts) -> Iterator[ConfirmedChange]:
    """The changes kept, newest first, each with its check."""
    for post, confirmation in newest.newest_first():
        check = _confirming(ledger.history(post), confirmation)
        if check is not None:
            yield ConfirmedChange(confirmation, check, read(check))


def _confirming(history: list[Check], wanted: Confirmation) -> Check | None:
    """The last judgement of the capture that settled it."""
    for check in reversed(history):
        capture = check.capture
        same = capture.summary.record_id == wanted.capture if capture is not None else check.checked_at == wanted.at
        if same and check.judgement.verdict is wanted.verdict:
            return check
    return None
