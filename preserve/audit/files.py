"""Which files are there and which should be, in what stretches they are looked at, and what that adds up to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import cast

from preserve.audit.bench import Task, WholeDigest
from preserve.audit.findings import UNREADABLE, Audit, Part
from preserve.audit.index import IndexCheck
from preserve.audit.originals import Originals
from preserve.audit.storages import StoredParts
from preserve.audit.stretches import OPEN, Looked, Stretch, look_at
from preserve.ledger import Layout, Ledger, LoggedFile
from preserve.warc import warc_files

# Large enough that its cost is that of its records, small enough that every process has something to do.
STRETCH_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class FilePlan:
    """How one file is looked at.

    Attributes:
        name: its final name.
        stretches: in order; none where it is not there.
        size: in bytes; 0 where it is not there.
        where: it lies, for people: its name, and the URL of a file that only a storage has.
        logged: as it was when it was closed; None where it was not.
        has_size: whether it is there, closed, and as large as it was.
        layout: what the ledger says lies in it; None where it says nothing.
    """

    name: str
    stretches: tuple[Stretch, ...]
    size: int
    where: str
    logged: LoggedFile | None
    has_size: bool
    layout: Layout | None

    @property
    def path(self) -> Path:
        """Of the file, which must be there."""
        return self.stretches[0].path

    @property
    def digested_apart(self) -> bool:
        """Whether the digest of the whole is a task of its own; from a storage all is read once, in one stretch."""
        return self.has_size and not self.stretches[0].digest

    @property
    def whole(self) -> Stretch:
        """The file in one stretch."""
        first, last = self.stretches[0], self.stretches[-1]
        region = None if self.layout is None else self.layout.region(self.name, None, None)
        wanted = frozenset().union(*(stretch.originals for stretch in self.stretches))
        return Stretch(first.path, first.start, last.end, True, region, wanted)

    def tasks(self) -> Iterator[Task]:
        """What is to be carried out, in the order in which `add_up` wants the results."""
        # Beside its stretches, so that its bytes are read from the disk once.
        if self.digested_apart:
            yield WholeDigest(self.path)
        yield from self.stretches


def plan_files(directory: Path, ledger: Ledger | None, audit: Audit) -> list[FilePlan]:
    """A plan for every file that is there or should be, by name.

    Raises:
        ArchiveError: the directory can't be read.
    """
    there = {path.name.removesuffix(OPEN): path for path in warc_files(directory)}
    storages = StoredParts(directory)
    storages.compare(there, audit)
    logged, layouts = {}, {}
    if ledger is not None:
        logged, layouts = _logged(ledger, audit), _layouts(ledger, audit)
    plans = []
    for name in sorted(set(logged) | set(there) | set(layouts) | set(storages.files)):
        path, layout, known = there.get(name), layouts.get(name), logged.get(name)
        if path is None and name in storages.files:
            plans.append(_stored_plan(directory / name, storages, known, layout))
            continue
        size = 0 if path is None else path.stat().st_size
        stretches = () if path is None else tuple(_stretches(path, size, layout))
        closed = path is not None and not path.name.endswith(OPEN)
        has_size = closed and known is not None and known.size == size
        plans.append(FilePlan(name, stretches, size, name, known, has_size, layout))
    return plans


def _stored_plan(path: Path, storages: StoredParts, known: LoggedFile | None, layout: Layout | None) -> FilePlan:
    """A plan for a file that only the storage has, or should have."""
    name, size = path.name, storages.size(path.name)
    where = f"{name} ({storages.storage.url})"
    if size is None:
        return FilePlan(name, (), 0, where, known, False, layout)
    whole = FilePlan(name, tuple(_stretches(path, size, layout)), size, where, known, False, layout).whole
    return FilePlan(
        name, (replace(whole, digest=True),), size, where, known, known is not None and known.size == size, layout
    )


def add_up(
    plans: list[FilePlan], results: Iterator[object], ledger: Ledger | None, index: IndexCheck, audit: Audit
) -> Originals:
    """Tell what was seen; what revisits say of their originals is handed back.

    Args:
        plans: every file's.
        results: of their tasks, in order.
        ledger: to look a file through once more.
        index: is shown the line of each record.
        audit: takes what is found.
    """
    originals = Originals()
    for plan in plans:
        if not plan.stretches:
            audit.found(Part.WARC, plan.where, "the file is missing", _rests(plan.layout))
            continue
        audit.files += 1
        digest = cast("str", next(results)) if plan.digested_apart else ""
        looked = [cast("Looked", next(results)) for _ in plan.stretches]
        # Where something is wrong, or the ledger named a place to cut at which is none, the file is looked through
        # once more in one piece: what is told must not depend on the cuts.
        if len(looked) > 1 and any(
            one.findings or one.end != stretch.end for one, stretch in zip(looked, plan.stretches, strict=True)
        ):
            looked = [look_at(plan.whole, ledger)]
        for one in looked:
            _take(one, audit)
            originals.take(one)
            for line in one.lines:
                index.take(line)
        _tell_rows(plan, looked, audit)
        _tell_digest(plan, digest or looked[0].digest, audit)
    return originals


def _stretches(path: Path, size: int, layout: Layout | None) -> Iterator[Stretch]:
    cuts = [] if layout is None else [cut for cut in layout.cuts if STRETCH_BYTES <= cut < size]
    for start, end in pairwise([0, *cuts, size]):
        last = end == size
        region, wanted = None, frozenset[int]()
        if layout is not None:
            # The first and the last have the rows that name a place before or behind the file, too.
            name = path.name.removesuffix(OPEN)
            region = layout.region(name, start or None, None if last else end)
            wanted = frozenset(offset for offset in layout.originals if start <= offset < end)
        yield Stretch(path, start, end, last, region, wanted)


def _logged(ledger: Ledger, audit: Audit) -> dict[str, LoggedFile]:
    try:
        return {file.file: file for file in ledger.log.files()}
    except UNREADABLE as error:
        audit.found(Part.LEDGER, "warc_digests", f"can't be read: {error}")
        return {}


def _layouts(ledger: Ledger, audit: Audit) -> dict[str, Layout]:
    try:
        return ledger.examination.layout(STRETCH_BYTES)
    except UNREADABLE as error:
        what = f"where records lie can't be read: {error}"
        audit.found(Part.LEDGER, "captures, exchanges, stored_copies", what, "records and ledger were not compared")
        return {}


def _take(looked: Looked, audit: Audit) -> None:
    audit.records += looked.records
    audit.captures += looked.captures
    audit.findings += looked.findings
    audit.notes += looked.notes


def _tell_rows(plan: FilePlan, looked: list[Looked], audit: Audit) -> None:
    rows = 0 if plan.layout is None else plan.layout.rows
    missed = rows - sum(one.expected for one in looked)
    if missed and not any(one.findings for one in looked):
        audit.found(Part.LEDGER, f"rows of {plan.name}", f"{missed} name no place in it, and were not compared")


def _tell_digest(plan: FilePlan, digest: str, audit: Audit) -> None:
    logged, path = plan.logged, plan.path
    if logged is None or path.name.endswith(OPEN):
        return
    if not plan.has_size:
        audit.found(Part.WARC, plan.where, f"has {plan.size} bytes, and had {logged.size} when it was closed")
    elif digest != logged.digest:
        audit.found(
            Part.WARC,
            plan.where,
            f"its bytes are not those it was closed with ({logged.digest})",
            "records of it that are not named here match their own digests and the ledger",
        )


def _rests(layout: Layout | None) -> str:
    if layout is None or not layout.rows:
        return "the ledger refers to nothing in it"
    return f"it held {layout.rows} captures and stored copies of the ledger"
