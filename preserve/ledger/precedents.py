"""Owns the question what a visit to a source may lean on: the last capture, and the checks that new ones may follow.

Reads only. Whether a check may be followed is decided elsewhere (`preserve.precedent`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from preserve.errors import ArchiveError
from preserve.ledger.captures import LAST_OF_SOURCES
from preserve.ledger.codec import pack_text
from preserve.ledger.database import Database
from preserve.ledger.queries import STANDING_NUMBERED
from preserve.ledger.reading import Reader
from preserve.ledger.rows import Fetched
from preserve.model import ArchivedCapture, Precedent, judging_settings

_AT_ONCE: Final = 500
# A week without an answer leaves the judgement before it standing. Runs are numbered as they are made: looked through
# backwards in the index of (post_id, run_id), the first step as a rule is the last.
_LAST_ANSWERED: Final = """
SELECT (SELECT id FROM checks WHERE post_id = posts.id AND capture_id IS NOT NULL AND http_status IS NOT NULL
    AND (verdict <> 'unreachable' OR reason = 'server-error') ORDER BY run_id DESC LIMIT 1)
FROM posts WHERE path IN ({marks})
"""
_CHECKS: Final = STANDING_NUMBERED.format(marks=_LAST_ANSWERED)
_RUNS: Final = "SELECT id, settings, software FROM runs WHERE id IN ({marks})"


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of a source that is about to be asked.

    Attributes:
        last: its last capture that brought the article, as `Ledger.last_capture` gives it.
        not_modified: as `Ledger.not_modified_in_a_row` gives it; 0 without such a capture.
        precedents: of its posts, as `Precedents.of` gives them.
    """

    last: ArchivedCapture | None
    not_modified: int
    precedents: Mapping[str, Precedent]


class Precedents:
    """Finds the checks that new ones may follow.

    Args:
        database: open for reading.
        reader: of the same.
    """

    def __init__(self, database: Database, reader: Reader) -> None:
        self._database, self._reader = database, reader
        self._known_terms: dict[int, tuple[str, str]] = {}  # of runs, whose rows never change

    def of(self, posts: Iterable[str]) -> dict[str, Precedent]:
        """The last check of each post whose source answered, as it stands; posts without one are left out.

        So is a check that can't be read: its post is judged anew, and `preserve audit` tells what is wrong.
        """
        paths = [pack_text(post) for post in posts]
        found: dict[str, Precedent] = {}
        for start in range(0, len(paths), _AT_ONCE):
            numbers, fetched = self._fetched(paths[start : start + _AT_ONCE], ())
            found |= self._precedents(numbers, fetched)
        return found

    def backgrounds(self, visits: Sequence[tuple[str, Collection[str]]]) -> list[Background]:
        """What is known of several sources, in as many queries as for one.

        Args:
            visits: source URL, exactly as its posts have it, and paths of these posts; of a batch, some dozens.

        Raises:
            ValueError: a last capture can't be read.
        """
        sources = [pack_text(source) for source, _ in visits]
        rows = self._database.rows(LAST_OF_SOURCES.format(marks=_marks(sources)), sources)
        last = {url: (number, in_a_row) for url, number, in_a_row in rows if number is not None}
        paths = [pack_text(post) for _, posts in visits for post in posts]
        numbers, fetched = self._fetched(paths, [number for number, _ in last.values()])
        precedents = self._precedents(numbers, fetched)
        backgrounds = []
        for source, (_, posts) in zip(sources, visits, strict=True):
            number, in_a_row = last.get(source, (None, 0))
            capture = None if number is None else fetched.capture(number)
            known = {post: precedents[post] for post in posts if post in precedents}
            backgrounds.append(Background(capture, in_a_row, known))
        return backgrounds

    def _fetched(self, paths: Sequence[Any], captures: Collection[int]) -> tuple[list[int], Fetched]:
        """The last answered checks of posts as they stand, with all captures these refer to and some more."""
        rows = self._database.rows(_CHECKS.format(marks=_marks(paths)), paths)
        return [row[-2] for row in rows], self._reader.fetched_with(rows, captures)

    def _precedents(self, numbers: Iterable[int], fetched: Fetched) -> dict[str, Precedent]:
        """Each check under the terms of the run that came to the judgement that stands."""
        checks = []
        for number in numbers:
            try:
                run, check = fetched.check(number)
            except ArchiveError:
                continue
            checks.append((run if check.judged_again is None else check.judged_again.run, check))
        terms = self._terms({run for run, _ in checks})
        return {check.post: Precedent(check, *terms[run]) for run, check in checks if run in terms}

    def _terms(self, runs: Collection[int]) -> Mapping[int, tuple[str, str]]:
        """Settings and software of runs, by number."""
        asked = [run for run in runs if run not in self._known_terms]
        rows = self._database.rows(_RUNS.format(marks=_marks(asked)), asked) if asked else []
        self._known_terms |= {run: (_settings(settings), str(software)) for run, settings, software in rows}
        return self._known_terms


def _settings(text: str) -> str:
    try:
        values = json.loads(text)
    except ValueError:
        return ""
    return judging_settings(values) if isinstance(values, dict) else ""


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
