"""Owns the questions that judging again asks of the ledger, and what it adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from preserve.leaves import EntryKind, rejudgement_entry
from preserve.ledger.database import Database
from preserve.ledger.log import Log, leaf
from preserve.ledger.reading import Reader
from preserve.ledger.values import NumberedCheck, RunKind, UnfinishedRejudging
from preserve.ledger.writing import Writer
from preserve.model import Rejudgement

# Grouped by what the capture brought, so that what is extracted for one serves the next; posts of one capture together.
_PAYLOAD: Final = (
    "(SELECT payload_digest_id FROM exchanges WHERE capture_id = checks.capture_id ORDER BY position DESC LIMIT 1)"
)
_NOT_IN: Final = "WHERE NOT EXISTS (SELECT 1 FROM rejudgements WHERE check_id = checks.id AND run_id = ?)"
_CHECKS: Final = f"""
SELECT checks.id, latest.check_id IS NOT NULL
FROM checks LEFT JOIN latest ON latest.post_id = checks.post_id AND latest.check_id = checks.id
{_NOT_IN} ORDER BY {_PAYLOAD}, capture_id, checks.id
"""  # noqa: S608
_COUNT: Final = f"SELECT count(*) FROM checks {_NOT_IN}"  # noqa: S608


class Rejudging:
    """The ledger under re-judgement.

    Args:
        database: open; for writing where something is to be added.
        reader, writer, log: of the same.
    """

    def __init__(self, database: Database, reader: Reader, writer: Writer, log: Log) -> None:
        self._database, self._reader, self._writer, self._log = database, reader, writer, log

    def unfinished(self) -> UnfinishedRejudging | None:
        """The last run that judges again, when it has no end; None when it has, or there is none."""
        row = self._database.one(
            "SELECT id, settings, software, (SELECT count(*) FROM rejudgements WHERE run_id = runs.id) FROM runs"
            " WHERE id = (SELECT max(id) FROM runs WHERE kind = ?) AND id NOT IN (SELECT run_id FROM run_ends)",
            (str(RunKind.REJUDGE),),
        )
        return None if row is None else UnfinishedRejudging(*row)

    def append(self, run: int, rejudgements: Iterable[Rejudgement]) -> None:
        """Add re-judgements, all or none; they are on disk when this returns.

        Args:
            run: of the kind `RunKind.REJUDGE`.
            rejudgements: of checks that were not judged again in this run yet.

        Raises:
            ArchiveError: no such run or check, or one that has a re-judgement in it already.
        """
        with self._database.transaction():
            self._log.append_all(
                leaf(EntryKind.REJUDGEMENT, self._writer.rejudgement(run, again), rejudgement_entry(run, again))
                for again in rejudgements
            )

    def count(self, *, but_in: int = 0) -> int:
        """How many checks `checks` gives."""
        row = self._database.one(_COUNT, (but_in,))
        return 0 if row is None else int(row[0])

    def checks(self, *, but_in: int = 0) -> Iterator[NumberedCheck]:
        """Every check as it stands, those of one payload one after another, streamed.

        Args:
            but_in: those that this run has judged again are left out.
        """
        for rows in self._database.batches(_CHECKS, (but_in,)):
            last = {row[0] for row in rows if row[1]}
            for number, run, check in self._reader.standing([row[0] for row in rows]):
                yield NumberedCheck(number, run, check, number in last)
