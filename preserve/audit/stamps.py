"""Time stamps: each against its checkpoint, its own signature, and what the log knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from preserve.audit.findings import UNREADABLE, Audit, Part, Stamped, named
from preserve.checkpoints import checkpoint_files, note_name
from preserve.digests import digest
from preserve.errors import ArchiveError
from preserve.ledger import Ledger, LoggedStamp
from preserve.stamps import Roots, StampFile, StampKind, StampResult, stamp_files, verify_stamp
from preserve.times import warc_date

PROVES_NOTHING = "it proves no time; the checkpoint itself is not the worse for it"


def audit_stamps(directory: Path, ledger: Ledger | None, roots: Roots, audit: Audit) -> None:
    """Look through every stamp that is there or should be.

    Args:
        directory: the archive.
        ledger: open; None where there is none to compare with.
        roots: certificates that the reader trusts, DER.
        audit: takes what is found.
    """
    try:
        notes = {file.size: file.data for file in checkpoint_files(directory)}
        files = list(stamp_files(directory))
    except ArchiveError as error:
        audit.found(Part.STAMP, "checkpoints", str(error))
        return
    logged = _logged(ledger, audit)
    unread: list[str] = []
    for file in files:
        if ledger is not None:
            _compare(file, logged.get(file.name), audit)
        note = notes.get(file.size)
        if note is None:
            what = f"stamps {note_name(file.size)}, which is not there"
            audit.found(Part.STAMP, file.name, what, PROVES_NOTHING)
            continue
        result = verify_stamp(file.data, note, roots, file.kind)
        if result.unread:
            unread.append(file.name)
        elif result.problem:
            audit.found(Part.STAMP, file.name, result.problem, PROVES_NOTHING)
        else:
            audit.stamps.append(_stamped(file, result))
    there = {file.name for file in files}
    for one in logged.values():
        if one.file not in there:
            audit.found(Part.STAMP, one.file, "is missing; the ledger says that it was had", PROVES_NOTHING)
    _tell(audit, unread)


def _logged(ledger: Ledger | None, audit: Audit) -> Mapping[str, LoggedStamp]:
    if ledger is None:
        return {}
    try:
        return {one.file: one for one in ledger.log.stamps()}
    except UNREADABLE as error:
        audit.found(Part.LEDGER, "stamps", f"can't be read: {error}")
        return {}


def _compare(file: StampFile, logged: LoggedStamp | None, audit: Audit) -> None:
    if logged is None:
        audit.notes.append(f"{file.name} is not in the log yet; the next run enters it, if it holds")
    elif logged.digest != digest(file.data):
        audit.found(Part.STAMP, file.name, "its bytes are not those the ledger has")
    elif logged.size != file.size:
        audit.found(Part.STAMP, file.name, f"the ledger has it as a stamp of {note_name(logged.size)}")


def _stamped(file: StampFile, result: StampResult) -> Stamped:
    time = "" if result.time is None else warc_date(result.time)
    return Stamped(file.name, file.size, file.kind.value, result.by, time, result.traced, result.blocks)


def _tell(audit: Audit, unread: list[str]) -> None:
    """What can't be known from the archive alone."""
    by = sorted({one.by for one in audit.stamps if one.kind == StampKind.RFC3161 and not one.traced})
    if by:
        audit.notes.append(
            f"the signatures of {named(by)} hold, but nobody was traced to a root you trust, and anybody can call"
            " himself that: name the authorities' root certificates as timestamp-roots in [archive]"
        )
    if any(one.blocks for one in audit.stamps):
        audit.notes.append(
            "whether the Bitcoin blocks named are what the proofs say is not looked up here; `ots verify` does, with"
            " a Bitcoin node"
        )
    if unread:
        audit.notes.append(
            f"{named(unread)}: compared with the log only; `pip install 'preserve-archive[opentimestamps]'` lets them"
            " be read"
        )
