"""The ledger: what every check concluded, in one SQLite file that only grows; only it knows SQLite."""

from preserve.ledger.auditing import Layout, Region, WitnessedPost
from preserve.ledger.codec import UNREADABLE
from preserve.ledger.ledger import Ledger
from preserve.ledger.lines import CheckLine
from preserve.ledger.log import LogEntry, LoggedCheck, LoggedCheckpoint, LoggedFile, LoggedStamp
from preserve.ledger.precedents import Background
from preserve.ledger.reporting import Round, RunOverview
from preserve.ledger.texts import Sighting
from preserve.ledger.values import (
    Incident,
    KeptSource,
    NumberedCheck,
    RunKind,
    RunPlan,
    RunState,
    SummaryRow,
    UnfinishedRejudging,
    UnfinishedRun,
)

__all__ = [
    "UNREADABLE",
    "Background",
    "CheckLine",
    "Incident",
    "KeptSource",
    "Layout",
    "Ledger",
    "LogEntry",
    "LoggedCheck",
    "LoggedCheckpoint",
    "LoggedFile",
    "LoggedStamp",
    "NumberedCheck",
    "Region",
    "Round",
    "RunKind",
    "RunOverview",
    "RunPlan",
    "RunState",
    "Sighting",
    "SummaryRow",
    "UnfinishedRejudging",
    "UnfinishedRun",
    "WitnessedPost",
]
