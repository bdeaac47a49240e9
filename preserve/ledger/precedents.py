"""Owns the question which earlier check of a post a new one may follow.

Reads only. Whether it may is decided elsewhere (`preserve.precedent`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Final

from preserve.errors import ArchiveError
from preserve.ledger.codec import pack_text
from preserve.ledger.database import Database
from preserve.ledger.reading import Reader
from preserve.model import Check, Precedent, judging_settings

_AT_ONCE: Final = 500
# A week without an answer leaves the judgement before it standing. Runs are numbered as they are made: looked through
# backwards in the index of (post_id, run_id), the first step as a rule is the last.
_LAST_ANSWERED: Final = """
SELECT (SELECT id FROM checks WHERE post_id = posts.id AND capture_id IS NOT NULL AND http_status IS NOT NULL
    AND (verdict <> 'unreachable' OR reason = 'server-error') ORDER BY run_id DESC LIMIT 1)
FROM posts WHERE path IN ({marks})
"""
_RUNS: Final = "SELECT id, settings, software FROM runs WHERE id IN ({marks})"


class Precedents:
    """Finds the checks that new ones may follow.

    Args:
        database: open for reading.
        reader: of the same.
    """

    def __init__(self, database: Database, reader: Reader) -> None:
        self._database, self._reader = database, reader

    def of(self, posts: Iterable[str]) -> dict[str, Precedent]:
        """The last check of each post whose source answered, as it stands; posts without one are left out.

        So is a check that can't be read: its post is judged anew, and `preserve audit` tells what is wrong.
        """
        paths = [pack_text(post) for post in posts]
        found: dict[str, Precedent] = {}
        for start in range(0, len(paths), _AT_ONCE):
            part = paths[start : start + _AT_ONCE]
            rows = self._database.rows(_LAST_ANSWERED.format(marks=_marks(part)), part)
            checks = self._checks([number for (number,) in rows if number is not None])
            terms = self._terms({run for run, _ in checks})
            found |= {check.post: Precedent(check, *terms[run]) for run, check in checks if run in terms}
        return found

    def _checks(self, numbers: Collection[int]) -> list[tuple[int, Check]]:
        """The checks of these numbers, each with the run that came to the judgement that stands."""
        fetched = self._reader.fetched_standing(numbers)
        checks = []
        for number in numbers:
            try:
                run, check = fetched.check(number)
            except ArchiveError:
                continue
            checks.append((run if check.judged_again is None else check.judged_again.run, check))
        return checks

    def _terms(self, runs: Collection[int]) -> dict[int, tuple[str, str]]:
        """Settings and software of runs, by number."""
        rows = self._database.rows(_RUNS.format(marks=_marks(runs)), tuple(runs)) if runs else []
        return {run: (_settings(settings), str(software)) for run, settings, software in rows}


def _settings(text: str) -> str:
    try:
        values = json.loads(text)
    except ValueError:
        return ""
    return judging_settings(values) if isinstance(values, dict) else ""


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
