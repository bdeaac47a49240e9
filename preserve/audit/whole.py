"""All of it, in an order that says the most: the ledger, the log, its checkpoints, then files and index."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from preserve.audit.bench import AuditBench, LedgerFaults, Task
from preserve.audit.copies import audit_copies
from preserve.audit.files import add_up, plan_files
from preserve.audit.findings import Audit, Part
from preserve.audit.index import HENCE, IndexCheck
from preserve.audit.leaves import Leaves
from preserve.audit.log import audit_checkpoints_alone, audit_log, plan_log
from preserve.audit.processes import carried_out
from preserve.audit.stamps import audit_stamps
from preserve.errors import ArchiveError
from preserve.ledger import Ledger
from preserve.stamps import Roots
from preserve.warc import ReadingLock, warc_files
from preserve.warc.stored import stored_files
from preserve.warc.zipnum import SUMMARY

LEDGER = "ledger.db"
# Below this, starting processes takes longer than they save.
SMALL_BYTES = 16 << 20
MOST_PROCESSES = 8


def audit(directory: Path, against: bytes | None = None, roots: Roots = (), processes: int | None = None) -> Audit:
    """Hold an archive against itself.

    Args:
        directory: the archive.
        against: a checkpoint of it that somebody kept; with it a log cut back since is found.
        roots: certificates that time stamp authorities are traced to, DER; none trusts no authority.
        processes: how many to use; None for one per processor, and just one for a small archive. What is found does
            not depend on it.

    Raises:
        ArchiveLockedError: a run is writing to it.
        ArchiveError: there is no archive, or its directory can't be read.
    """
    if not directory.is_dir():
        raise ArchiveError(f"{directory}: no archive here; name it with --archive DIR")
    asked, result = _Asked(directory, against, roots, processes), Audit()
    with ReadingLock(directory):
        ledger = _opened(directory, result)
        if ledger is None:
            _audit(asked, None, result)
        else:
            with ledger:
                _audit(asked, ledger, result)
    return result


@dataclass(frozen=True, slots=True)
class _Asked:
    """As `audit` takes it."""

    directory: Path
    against: bytes | None
    roots: Roots
    processes: int | None


def _audit(asked: _Asked, ledger: Ledger | None, result: Audit) -> None:
    directory = asked.directory
    parts = [] if ledger is None else plan_log(ledger, result)
    plans = plan_files(directory, ledger, result)
    tasks: list[Task] = [LedgerFaults(), *parts]
    tasks += [task for plan in plans for task in plan.tasks()]
    bench = AuditBench(None if ledger is None else directory / LEDGER)
    processes = _processes(directory) if asked.processes is None else asked.processes
    results: Iterator[Any] = carried_out(bench, tasks, processes)
    lines, broken_off = next(results)
    _tell_faults(lines, broken_off, result)
    leaves: list[Leaves] = list(islice(results, len(parts)))
    if ledger is None:
        audit_checkpoints_alone(directory, result)
    else:
        audit_log(directory, ledger, asked.against, leaves, result)
    audit_stamps(directory, ledger, asked.roots, result)
    index = IndexCheck(directory)
    originals = add_up(plans, results, ledger, index, result)
    originals.compare(directory, ledger, result)
    _tell_index(index, result)
    if ledger is not None:
        audit_copies(ledger, result)


def _processes(directory: Path) -> int:
    size = sum(path.stat().st_size for path in (*warc_files(directory), *directory.glob(LEDGER)))
    size += sum(stored.size for stored in stored_files(directory).values())
    return 1 if size < SMALL_BYTES else min(len(os.sched_getaffinity(0)), MOST_PROCESSES)


def _opened(directory: Path, result: Audit) -> Ledger | None:
    try:
        return Ledger.open_readonly(directory / LEDGER)
    except ArchiveError as error:
        hence = "the WARC files were looked through without it"
        result.found(Part.LEDGER, LEDGER, str(error), hence)
        return None


def _tell_index(index: IndexCheck, result: Audit) -> None:
    for what in index.finish():
        result.found(Part.INDEX, SUMMARY, what, HENCE)
    result.lines = index.lines
    result.notes += index.notes


def _tell_faults(lines: list[str], broken_off: str, result: Audit) -> None:
    for line in lines:
        result.found(Part.LEDGER, LEDGER, line)
    if broken_off:
        result.found(Part.LEDGER, LEDGER, f"can't be read: {broken_off}", "what can be read of it is compared below")
