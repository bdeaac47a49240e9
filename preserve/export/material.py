"""Owns what exports are made from: the ledger, read in one pass, less what was not asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from preserve.confirm import standing
from preserve.export.changes import ConfirmedChange, Newest, confirmed_in, with_checks
from preserve.export.rows import ReadFacts, Row
from preserve.ledger import Ledger
from preserve.model import Verdict


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export is to tell of.

    Attributes:
        verdicts: only posts last observed so, or changes to these; empty for all.
        since: only posts last checked, or changes confirmed, at this time or later; None for all.
        category: only changes of posts in it; None for all.
    """

    verdicts: frozenset[Verdict] = frozenset()
    since: datetime | None = None
    category: str | None = None

    def has(self, verdict: Verdict, at: datetime) -> bool:
        """Whether a check or change is wanted, its post's category aside."""
        return (not self.verdicts or verdict in self.verdicts) and (self.since is None or at >= self.since)


class Material:
    """What exports are made from.

    Args:
        ledger: open for reading.
        read: gives the facts of a check's post (`facts_reader`).
        wanted: what to tell of.
    """

    def __init__(self, ledger: Ledger, read: ReadFacts, wanted: Wanted | None = None) -> None:
        self._ledger, self._read, self.wanted = ledger, read, wanted or Wanted()

    def rows(self) -> Iterator[Row]:
        """Every post that is wanted, in the order in which they were first checked, streamed.

        Raises:
            ArchiveError: the ledger can't be read.
        """
        for check, observed in self._ledger.latest_with_observations():
            stands = standing(observed)
            if stands is not None and self.wanted.has(check.judgement.verdict, check.checked_at):
                yield Row(check, stands, self._read)

    def changes(self) -> Iterator[ConfirmedChange]:
        """The newest confirmed changes that are wanted, newest first."""
        newest, category = Newest(), self.wanted.category
        for post, number, confirmation in confirmed_in(self._ledger):
            if not self.wanted.has(confirmation.verdict, confirmation.at):
                continue
            if category is None or category in self._categories(post):
                newest.add(post, number, confirmation)
        return with_checks(self._ledger, newest, self._read)

    def changes_by_category(self) -> Mapping[str, Callable[[], Iterator[ConfirmedChange]]]:
        """The same for each category that has any, in one pass over the ledger."""
        found: dict[str, Newest] = {}
        for post, number, confirmation in confirmed_in(self._ledger):
            if self.wanted.has(confirmation.verdict, confirmation.at):
                for category in self._categories(post):
                    found.setdefault(category, Newest()).add(post, number, confirmation)
        return {name: _later(self._ledger, found[name], self._read) for name in sorted(found)}

    def began_at(self) -> datetime | None:
        """When the archive's first run began, which tells archives apart; None before it."""
        return self._ledger.began_at()

    def _categories(self, post: str) -> tuple[str, ...]:
        check = self._ledger.latest(post)
        return self._read(check).categories if check is not None else ()


def _later(ledger: Ledger, newest: Newest, read: ReadFacts) -> Callable[[], Iterator[ConfirmedChange]]:
    return lambda: with_checks(ledger, newest, read)
