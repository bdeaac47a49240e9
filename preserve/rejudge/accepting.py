"""Owns how what was judged again is accepted: beside the checks, which stay, in a run of its own.

Whoever calls holds the archive's lock, and has the log sealed at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from preserve.ledger import Ledger, RunKind, RunPlan, RunState
from preserve.model import Rejudgement
from preserve.rejudge.values import Rejudged
from preserve.times import Clock

COMMIT_EVERY = 500


@dataclass(slots=True)
class Acceptance:
    """A run that judges again.

    Attributes:
        ledger: open for writing.
        clock: tells when each was concluded.
        run: its number.
        done: how many it has accepted.
    """

    ledger: Ledger
    clock: Clock
    run: int
    done: int = 0

    def taken(self, results: Iterable[Rejudged]) -> Iterator[Rejudged]:
        """Pass `results` on, those that come out otherwise than they stand written first.

        What is the same to the last figure needs no entry. Where the caller stops, or no more results are to be had,
        all that were taken are written.
        """
        held: list[Rejudged] = []
        try:
            for result in results:
                held.append(result)
                if len(held) >= COMMIT_EVERY:
                    full, held = held, []
                    yield from self._written(full)
        except BaseException:  # Ctrl-C, or whoever judges is gone: what was judged need not be judged again
            self._written(held)
            raise
        yield from self._written(held)

    def finish(self) -> None:
        """Note that the run came to its end."""
        self.ledger.end_run(self.run, self.clock.now(), RunState.FINISHED)

    def _written(self, held: list[Rejudged]) -> list[Rejudged]:
        now = self.clock.now()
        wanted = [
            Rejudgement(one.number, one.run, now, one.now)
            for one in held
            if one.again is not None and one.now != one.check
        ]
        if wanted:
            self.ledger.rejudging.append(self.run, wanted)
            self.done += len(wanted)
        return held


def begin(ledger: Ledger, clock: Clock, settings: str, software: str) -> Acceptance:
    """Begin a run that judges again, or go on with one that was interrupted, where it was by the same software.

    Args:
        ledger: open for writing.
        clock: for its times.
        settings: every setting, as JSON text.
        software: names and versions of what judges; another one begins anew.
    """
    left = ledger.rejudging.unfinished()
    if left is not None and (left.settings, left.software) == (settings, software):
        return Acceptance(ledger, clock, left.id, left.done)
    now = clock.now()
    if left is not None:
        ledger.end_run(left.id, now, RunState.ABANDONED)
    plan = RunPlan(("--all",), settings, software, now, RunKind.REJUDGE)
    return Acceptance(ledger, clock, ledger.begin_run(plan))
