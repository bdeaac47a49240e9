"""What an audit finds, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from preserve.errors import ArchiveError
from preserve.ledger import UNREADABLE as ROWS_UNREADABLE

NAMED_AT_MOST = 3
# What reading rows that were tampered with may raise.
UNREADABLE = (ArchiveError, *ROWS_UNREADABLE)


class Part(StrEnum):
    """The part of the archive that a finding is about."""

    WARC = "warc"
    LEDGER = "ledger"
    LOG = "log"
    CHECKPOINT = "checkpoint"
    STAMP = "stamp"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        part: of the archive.
        where: file, offset, post or entry.
        what: what is wrong there.
        hence: what rests on it, or can be trusted all the same; "" where nothing is to be said.
    """

    part: Part
    where: str
    what: str
    hence: str = ""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A time stamp that holds.

    Attributes:
        file: relative to the archive.
        size: log entries that existed by then.
        kind: `rfc3161` or `opentimestamps`.
        by: who says so; of a pending OpenTimestamps proof the calendars that promised to.
        time: when, ISO 8601 in UTC; "" where the file does not tell.
        traced: the authority was traced to a root that the reader trusts.
        blocks: Bitcoin blocks that commit to it.
    """

    file: str
    size: int
    kind: str
    by: str
    time: str
    traced: bool
    blocks: tuple[int, ...]


@dataclass(slots=True)
class Audit:
    """What was looked at and what was found.

    Attributes:
        findings: in the order they were found; none where all is well.
        notes: what is worth knowing and no fault.
        files, records: WARC files and records read.
        lines: lines that the index should have.
        captures: captures of the ledger found in the files as it says.
        entries: leaves of the log.
        checkpoints: how many hold.
        signed: entries that the last checkpoint which holds vouches for.
        signed_by: its file; "" without one.
        stamps: the time stamps that hold, by checkpoint.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: int = 0
    records: int = 0
    lines: int = 0
    captures: int = 0
    entries: int = 0
    checkpoints: int = 0
    signed: int = 0
    signed_by: str = ""
    stamps: list[Stamped] = field(default_factory=list)

    def found(self, part: Part, where: str, what: str, hence: str = "") -> None:
        """Note a finding."""
        self.findings.append(Finding(part, where, what, hence))


def named(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
