"""Stored copies that were altered after they were first witnessed: as notes, for keepers may correct their posts."""

from __future__ import annotations

from preserve.alterations import Sighting, alterations, telling, version_told
from preserve.audit.findings import UNREADABLE, Audit, Part
from preserve.ledger import Ledger

TOLD_AT_MOST = 50
_DIGITS = 12


def audit_copies(ledger: Ledger, audit: Audit) -> None:
    """Note each post whose bytes changed between checks: first witnessed when and as what, altered when and how.

    Looks at the ledger alone: the posts themselves need not be here. That its rows are what was logged, and its
    digests those of the records, is audited elsewhere.
    """
    told = more = 0
    try:
        for post, seen in ledger.sightings_of_altered():
            if not alterations(seen):
                continue
            if told < TOLD_AT_MOST:
                audit.notes.append(_note(post, seen))
                told += 1
            else:
                more += 1
    except UNREADABLE as error:
        audit.found(Part.LEDGER, "stored_copies", f"can't be read: {error}")
    if more:
        audit.notes.append(f"the stored copies of {more} more posts were altered; preserve show POST says when")


def _note(post: str, seen: list[Sighting]) -> str:
    first = seen[0]
    version = "" if first.version is None else f", {version_told(first.version)}"
    told = "; ".join(f"{telling(one)}: {_short(one.after.digest)}" for one in alterations(seen))
    return (
        f"stored copy {post}: first witnessed {first.at:%Y-%m-%d %H:%M} UTC ({_short(first.digest)}{version}); {told}"
    )


def _short(labelled: str) -> str:
    name, _, value = labelled.partition(":")
    return f"{name}:{value[:_DIGITS]}…"
