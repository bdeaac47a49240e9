"""All of it, in an order that says the most: the ledger, the log, its checkpoints, then files and index."""

from __future__ import annotations

from pathlib import Path

from preserve.audit.copies import audit_copies
from preserve.audit.files import UNREADABLE, audit_files
from preserve.audit.findings import Audit, Part
from preserve.audit.index import HENCE, IndexCheck
from preserve.audit.log import audit_checkpoints_alone, audit_log
from preserve.audit.stamps import audit_stamps
from preserve.errors import ArchiveError
from preserve.ledger import Ledger
from preserve.stamps import Roots
from preserve.warc import ReadingLock
from preserve.warc.zipnum import SUMMARY

LEDGER = "ledger.db"


def audit(directory: Path, against: bytes | None = None, roots: Roots = ()) -> Audit:
    """Hold an archive against itself.

    Args:
        directory: the archive.
        against: a checkpoint of it that somebody kept; with it a log cut back since is found.
        roots: certificates that time stamp authorities are traced to, DER; none trusts no authority.

    Raises:
        ArchiveLockedError: a run is writing to it.
        ArchiveError: there is no archive, or its directory can't be read.
    """
    if not directory.is_dir():
        raise ArchiveError(f"{directory}: no archive here; name it with --archive DIR")
    result = Audit()
    with ReadingLock(directory):
        ledger = _opened(directory, result)
        if ledger is None:
            audit_checkpoints_alone(directory, result)
            audit_stamps(directory, None, roots, result)
            _audit_files(directory, None, result)
            return result
        with ledger:
            _audit_ledger(ledger, result)
            audit_log(directory, ledger, against, result)
            audit_stamps(directory, ledger, roots, result)
            _audit_files(directory, ledger, result)
            audit_copies(ledger, result)
    return result


def _opened(directory: Path, result: Audit) -> Ledger | None:
    try:
        return Ledger.open_readonly(directory / LEDGER)
    except ArchiveError as error:
        hence = "the WARC files were looked through without it"
        result.found(Part.LEDGER, LEDGER, str(error), hence)
        return None


def _audit_files(directory: Path, ledger: Ledger | None, result: Audit) -> None:
    index = IndexCheck(directory)
    audit_files(directory, ledger, result, index)
    for what in index.finish():
        result.found(Part.INDEX, SUMMARY, what, HENCE)
    result.lines = index.lines
    result.notes += index.notes


def _audit_ledger(ledger: Ledger, result: Audit) -> None:
    try:
        for line in ledger.examination.faults():
            result.found(Part.LEDGER, LEDGER, line)
    except UNREADABLE as error:
        result.found(Part.LEDGER, LEDGER, f"can't be read: {error}", "what can be read of it is compared below")
