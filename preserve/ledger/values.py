"""Owns the small values the ledger takes and gives beside checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from preserve.model import Check, Verdict

Grouping = Literal["verdict", "host", "year"]


class RunKind(StrEnum):
    """What a run does."""

    VERIFY = ""  # visits sources, and makes checks
    REJUDGE = "rejudge"  # visits nothing, and judges checks again


class RunState(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"  # asked to stop; what was checked stays
    ABANDONED = "abandoned"  # killed, and a later run began anew instead of taking it up


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run sets out to do.

    Attributes:
        posts_arguments: the POSTS arguments as given.
        settings: every setting, as JSON text.
        software: name and version of what runs.
        started_at: when it began.
        kind: what it does.
    """

    posts_arguments: tuple[str, ...]
    settings: str
    software: str
    started_at: datetime
    kind: RunKind = RunKind.VERIFY


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that has no end in the ledger.

    Attributes:
        id: its number.
        started_at: when it began.
        arguments: its POSTS arguments.
        checked: how many checks it has.
    """

    id: int
    started_at: datetime
    arguments: tuple[str, ...]
    checked: int


@dataclass(frozen=True, slots=True)
class UnfinishedRejudging:
    """A run of the kind `RunKind.REJUDGE` that has no end in the ledger.

    Attributes:
        id: its number.
        settings, software: as in its `RunPlan`.
        done: how many re-judgements it has.
    """

    id: int
    settings: str
    software: str
    done: int


@dataclass(frozen=True, slots=True)
class NumberedCheck:
    """A check as it stands, by its number.

    Attributes:
        number: of the check.
        run: the run it was made in.
        check: with its newest judgement.
        latest: whether it is its post's last.
    """

    number: int
    run: int
    check: Check
    latest: bool


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One line of where a collection stands, by each post's latest check.

    Attributes:
        group: the reason ("" without one), the host ("" without one) or the year ("" unknown), as asked.
        verdict: of these posts.
        posts: how many.
    """

    group: str
    verdict: Verdict
    posts: int


@dataclass(frozen=True, slots=True)
class KeptSource:
    """A source that several posts name.

    Attributes:
        source: its URL, in one of its spellings.
        posts: how many name it.
    """

    source: str
    posts: int


@dataclass(frozen=True, slots=True)
class Incident:
    """A host whose checks failed alike in one run: one incident, not so many dead links.

    Attributes:
        host: its name.
        kind: how the checks failed.
        failed: how many did.
        asked: of how many.
    """

    host: str
    kind: str
    failed: int
    asked: int
