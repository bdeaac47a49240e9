"""Owns how checks, captures and what checks saw are read: the rows of many together, made into values one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from preserve.alterations import Sighting
from preserve.confirm import Observation
from preserve.ledger.codec import UNREADABLE, unpack_digest, unpack_moment, unpack_text, unpack_version
from preserve.ledger.database import Database, Row
from preserve.ledger.queries import CAPTURES, EXCHANGES, NUMBERED, REJUDGED_NUMBERED, STANDING_NUMBERED
from preserve.ledger.rows import Fetched, captures_of, observation, unreadable
from preserve.model import ArchivedCapture, Check

_MOST_MARKS: Final = 500


class Reader:
    """Reads checks and captures back.

    Args:
        database: open for reading or writing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def checks(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Check]:
        """The checks that a query gives that has the columns of `queries`, streamed."""
        for rows in self._database.batches(sql, parameters):
            fetched = Fetched(self._database.path, {}, self._captures(captures_of(rows)))
            for row in rows:
                yield fetched.check_of(row)

    def fetched(
        self, checks: Collection[int], captures: Collection[int], rejudgements: Collection[int] = ()
    ) -> Fetched:
        """The checks as they were made, captures and re-judgements of these numbers, as far as they are there."""
        rows, again = self._in(NUMBERED, checks), self._in(REJUDGED_NUMBERED, rejudgements)
        numbers = captures_of(rows) | captures_of(again) | set(captures)
        return Fetched(
            self._database.path,
            {row[-2]: row for row in rows},
            self._captures(numbers),
            {row[-3]: row for row in again},
        )

    def fetched_with(self, checks: Sequence[Row], captures: Collection[int]) -> Fetched:
        """Checks whose rows are here already, with the captures they refer to, and some captures more."""
        numbers = captures_of(checks) | set(captures)
        return Fetched(self._database.path, {row[-2]: row for row in checks}, self._captures(numbers))

    def standing(self, numbers: Sequence[int]) -> Iterator[tuple[int, int, Check]]:
        """The checks of these numbers as they stand, in this order: number, run, check.

        Raises:
            ArchiveError: one is not there, or can't be read.
        """
        rows = {row[-2]: row for row in self._in(STANDING_NUMBERED, numbers)}
        fetched = Fetched(self._database.path, rows, self._captures(captures_of(rows.values())))
        for number in numbers:
            yield number, *fetched.check(number)

    def observations(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[str, Observation]]:
        """Posts and what one check of each observed, streamed."""
        for row in self._database.stream(sql, parameters, size=5000):
            try:
                observed = observation(row)
            except UNREADABLE as error:
                raise unreadable(self._database.path, row[0], error) from error
            yield unpack_text(row[0]), observed

    def sightings(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[str, Sighting]]:
        """Posts and what one check of each saw of their bytes, streamed."""
        for post, at, digest, *version in self._database.stream(sql, parameters, size=5000):
            try:
                seen = Sighting(unpack_moment(at), unpack_digest(digest), unpack_version(*version))
            except UNREADABLE as error:
                raise unreadable(self._database.path, post, error) from error
            yield unpack_text(post), seen

    def capture(self, number: int) -> ArchivedCapture:
        """The capture of that number, which must exist."""
        return self.fetched((), (number,)).capture(number)

    def _captures(self, numbers: Collection[int]) -> dict[int, tuple[Row, list[Row]]]:
        found: dict[int, tuple[Row, list[Row]]] = {row[0]: (row, []) for row in self._in(CAPTURES, numbers)}
        for row in self._in(EXCHANGES, numbers):
            if row[-1] in found:
                found[row[-1]][1].append(row)
        return found

    def _in(self, sql: str, numbers: Collection[int]) -> list[Row]:
        """The rows of a query for all of these numbers."""
        asked = sorted(number for number in numbers if isinstance(number, int))
        rows = []
        for start in range(0, len(asked), _MOST_MARKS):
            part = asked[start : start + _MOST_MARKS]
            rows += self._database.rows(sql.format(marks=", ".join("?" * len(part))), part)
        return rows
