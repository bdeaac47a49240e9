"""The tasks that an audit is made of, each of which any process can carry out by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

from preserve.audit.findings import UNREADABLE
from preserve.audit.leaves import Leaves, LogPart, read_leaves
from preserve.audit.processes import Bench
from preserve.audit.stretches import Looked, Stretch, look_at
from preserve.ledger import Ledger
from preserve.warc.fixity import whole_digest


@dataclass(frozen=True, slots=True)
class LedgerFaults:
    """To be asked: what is wrong with the ledger whatever it says. Answered with lines, and why they break off."""


@dataclass(frozen=True, slots=True)
class WholeDigest:
    """To be told: the labelled digest of a file's bytes."""

    path: Path


Task = LedgerFaults | LogPart | WholeDigest | Stretch
Result = tuple[list[str], str] | Leaves | str | Looked


@dataclass(frozen=True)
class AuditBench(Bench[Task, Any]):
    """Opens the ledger once in each process.

    Attributes:
        ledger: the file; None where there is none that can be opened.
    """

    ledger: Path | None

    @contextmanager
    def opened(self) -> Iterator[Callable[[Task], Result]]:
        """Carries out tasks."""
        if self.ledger is None:
            yield lambda task: _carried_out(task, None)
            return
        with Ledger.open_readonly(self.ledger) as ledger:
            yield lambda task: _carried_out(task, ledger)


def _carried_out(task: Task, ledger: Ledger | None) -> Result:
    match task:
        case Stretch():
            return look_at(task, ledger)
        case WholeDigest():
            return whole_digest(task.path)
        case LogPart():
            return Leaves() if ledger is None else read_leaves(task, ledger)
        case LedgerFaults():
            return ([], "") if ledger is None else _faults(ledger)
        case _:
            assert_never(task)


def _faults(ledger: Ledger) -> tuple[list[str], str]:
    lines: list[str] = []
    try:
        for line in ledger.examination.faults():
            lines.append(line)
    except UNREADABLE as error:
        return lines, str(error)
    return lines, ""
