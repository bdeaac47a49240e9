"""What a time stamp is and what looking at one told, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class StampKind(StrEnum):
    """Who vouches for the time."""

    RFC3161 = "rfc3161"  # an authority that signs it
    OPENTIMESTAMPS = "opentimestamps"  # a Bitcoin block, in the end


@dataclass(frozen=True, slots=True)
class StampFile:
    """A time stamp in the archive.

    Attributes:
        name: relative to the archive.
        size: log entries of the checkpoint that it stamps, as its name says.
        kind: which kind, as its name says.
        version: 1, or of an OpenTimestamps proof that was completed later: 2 and on.
        data: its bytes.
    """

    name: str
    size: int
    kind: StampKind
    version: int
    data: bytes


@dataclass(frozen=True, slots=True)
class StampResult:
    """What a stamp says of a checkpoint, and how far that was checked.

    Attributes:
        kind: RFC 3161 or OpenTimestamps.
        problem: why it proves nothing; "" where nothing is wrong with it.
        by: the authority's name; of OpenTimestamps the calendars that are still to be asked.
        time: when the checkpoint existed, by the authority's word; None for OpenTimestamps, where the time stands in
            the block's header.
        traced: the signer was traced to a root that was given.
        blocks: heights of the Bitcoin blocks that an OpenTimestamps proof leads to; none while it is pending.
        unread: it could not be looked at, because a library is not installed.
    """

    kind: StampKind
    problem: str = ""
    by: str = ""
    time: datetime | None = None
    traced: bool = False
    blocks: tuple[int, ...] = ()
    unread: bool = False

    @property
    def holds(self) -> bool:
        """Nothing is wrong with it, as far as it was checked."""
        return not self.problem and not self.unread
