"""What a run works with and who watches it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

from preserve.fetch import Services
from preserve.git import Git
from preserve.ledger import Ledger
from preserve.model import Check
from preserve.times import Clock
from preserve.verify.plan import Plan
from preserve.warc import ArchiveLock, ArchiveWriter, IndexKeeper
from preserve.work.crew import Hire


class Listener(Protocol):
    """Who watches a run. Called from the coordinator's thread only."""

    def planned(self, plan: Plan) -> None:
        """The work is known."""

    def checked(self, check: Check) -> None:
        """A check is in the ledger."""

    def notice(self, text: str) -> None:
        """Something the user should know, in a sentence."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with, handed in so that tests hand in others.

    Attributes:
        hire: makes the crew that fetches and judges.
        clock: wall and monotonic time.
        stop: set to end the run after the exchanges in flight.
        software: name and version, for `warcinfo` and the ledger.
        services: asks for time stamps; None has none made.
        git: asked for the commits of the posts; None asks for none.
    """

    hire: Hire
    clock: Clock
    stop: threading.Event
    software: str
    services: Services | None = None
    git: Git | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive while a run writes to it.

    Attributes:
        writer: the coordinator's WARC file.
        index: takes up the lines of closed files, its own and the workers'.
        ledger: its ledger; only the coordinator writes to it.
        lock: held on it.
        run: the run's number.
        info: for the `warcinfo` of every file of the run.
    """

    writer: ArchiveWriter
    index: IndexKeeper
    ledger: Ledger
    lock: ArchiveLock
    run: int
    info: dict[str, str]
