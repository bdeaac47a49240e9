"""A part of the log against the rows that its leaves stand for."""

from __future__ import annotations

from dataclasses import dataclass, field

from preserve.audit.findings import UNREADABLE
from preserve.leaves import EntryKind
from preserve.ledger import Ledger, LogEntry

HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class LogPart:
    """The leaves from one position up to, and without, another."""

    first: int
    end: int


@dataclass(slots=True)
class Leaves:
    """What was seen in a part of the log.

    Attributes:
        hashes: of the leaves as written, one behind another; zeros for what is no hash.
        missing: positions that have no leaf, as the first and the one behind the last of each stretch.
        strays: entries whose rows say something else now, each with its place among `hashes`.
        last: position of the last entry that is neither a checkpoint's nor a stamp's; -1 without one.
        problem: why the rest can't be read; "" otherwise.
    """

    hashes: bytes = b""
    missing: list[tuple[int, int]] = field(default_factory=list)
    strays: list[tuple[int, LogEntry]] = field(default_factory=list)
    last: int = -1
    problem: str = ""


def read_leaves(part: LogPart, ledger: Ledger) -> Leaves:
    """Look through a part of the log."""
    seen = Leaves()
    hashes: list[bytes] = []
    expected = part.first
    try:
        for entry in ledger.log.entries(part.first, part.end):
            if entry.position != expected:
                seen.missing.append((expected, entry.position))
            expected = entry.position + 1
            if entry.now != entry.hash:
                seen.strays.append((len(hashes), entry))
            hashes.append(entry.hash if len(entry.hash) == HASH_BYTES else bytes(HASH_BYTES))
            if entry.kind not in (EntryKind.CHECKPOINT, EntryKind.STAMP):
                seen.last = entry.position
        if expected != part.end:
            seen.missing.append((expected, part.end))
    except UNREADABLE as error:
        seen.problem = str(error)
    seen.hashes = b"".join(hashes)
    return seen
