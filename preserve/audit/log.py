"""The log against the ledger's rows, the checkpoints against the log, and their signatures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from preserve.audit.findings import UNREADABLE, Audit, Part
from preserve.audit.leaves import HASH_BYTES, Leaves, LogPart
from preserve.checkpoints import (
    Checkpoint,
    Note,
    VerifierKey,
    checkpoint_files,
    parse_checkpoint,
    parse_note,
    read_keys,
)
from preserve.digests import digest
from preserve.errors import ArchiveError
from preserve.leaves import EntryKind
from preserve.ledger import Ledger, LogEntry, LoggedCheckpoint
from preserve.merkle import Frontier
from preserve.sealing import origin_of

# As many leaves as take about as long as a stretch of a file.
PART_LEAVES = 1000


@dataclass(slots=True)
class _Walked:
    """What one pass over the leaves told.

    Attributes:
        size: leaves.
        origin: the log's name; "" without a leaf.
        written, now: roots at the sizes asked for, of the leaves as written and of what the rows say now.
        peaks: of the leaves as written.
        strays: entries whose rows say something else now.
        last: position of the last entry that is no checkpoint's or stamp's.
    """

    size: int = 0
    origin: str = ""
    written: dict[int, bytes] = field(default_factory=dict)
    now: dict[int, bytes] = field(default_factory=dict)
    peaks: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    strays: list[LogEntry] = field(default_factory=list)
    last: int = -1


@dataclass(frozen=True, slots=True)
class _Signed:
    """A checkpoint whose signature holds, and the name to report it by."""

    name: str
    checkpoint: Checkpoint


def plan_log(ledger: Ledger, audit: Audit) -> list[LogPart]:
    """The parts in which the log is looked through."""
    try:
        size = ledger.log.size()
    except UNREADABLE as error:
        audit.found(Part.LOG, "log_leaves", f"can't be read: {error}", "no checkpoint could be compared")
        return []
    return [LogPart(first, min(first + PART_LEAVES, size)) for first in range(0, size, PART_LEAVES)]


def audit_log(directory: Path, ledger: Ledger, against: bytes | None, parts: Iterable[Leaves], audit: Audit) -> None:
    """Tell what is wrong with log and checkpoints.

    Args:
        directory: the archive.
        ledger: open.
        against: a signed checkpoint that somebody kept; None without one.
        parts: what was seen of the log, in the order of `plan_log`.
        audit: takes what is found.
    """
    keys = _keys(directory, audit)
    signed = list(_signed(directory, keys, audit))
    kept = _kept(against, keys, audit)
    logged = _logged(ledger, audit)
    sizes = {one.checkpoint.size for one in (*signed, *kept)} | {one.size for one in logged}
    walked = _walk(parts, sizes, audit)
    audit.entries = walked.size
    holding = [one for one in signed if _holds(one, walked, audit)]
    audit.checkpoints = len(holding)
    if holding:
        audit.signed, audit.signed_by = holding[-1].checkpoint.size, holding[-1].name
    for one in kept:
        _holds(one, walked, audit)
    _report_strays(walked, [*signed, *kept], audit)
    _compare_logged(directory, logged, walked, audit)
    _report_unlogged(ledger, audit)
    _note_unsigned(walked, audit)


def audit_checkpoints_alone(directory: Path, audit: Audit) -> None:
    """Signatures only, where there is no ledger to compare with."""
    audit.checkpoints = len(list(_signed(directory, _keys(directory, audit), audit)))


def _keys(directory: Path, audit: Audit) -> tuple[VerifierKey, ...]:
    try:
        return read_keys(directory)
    except ArchiveError as error:
        audit.found(Part.CHECKPOINT, "checkpoints/key.pub", str(error), "no signature could be checked")
        return ()


def _signed(directory: Path, keys: Iterable[VerifierKey], audit: Audit) -> Iterable[_Signed]:
    """The checkpoints in the archive that are what they should be, by size."""
    try:
        files = checkpoint_files(directory)
    except ArchiveError as error:
        audit.found(Part.CHECKPOINT, "checkpoints", str(error))
        return
    for file in files:
        read = _read(file.name, file.data, keys, audit)
        if read is not None and read.checkpoint.size == file.size:
            yield read
        elif read is not None:
            audit.found(Part.CHECKPOINT, file.name, f"is of size {read.checkpoint.size}, which its name denies")


def _kept(against: bytes | None, keys: Iterable[VerifierKey], audit: Audit) -> tuple[_Signed, ...]:
    read = None if against is None else _read("the checkpoint you kept", against, keys, audit)
    return () if read is None else (read,)


def _read(name: str, data: bytes, keys: Iterable[VerifierKey], audit: Audit) -> _Signed | None:
    try:
        note: Note = parse_note(data)
        checkpoint = parse_checkpoint(note.text)
    except ValueError as error:
        audit.found(Part.CHECKPOINT, name, f"is no checkpoint: {error}", "it vouches for nothing")
        return None
    holders = [key for key in keys if key.signed(note)]
    # A second line would be free to say anything: each must be by a key of this archive.
    if len(holders) != len(note.signatures) or not holders:
        audit.found(Part.CHECKPOINT, name, "is not signed by a key in checkpoints/key.pub", "it vouches for nothing")
        return None
    return _Signed(name, checkpoint)


def _logged(ledger: Ledger, audit: Audit) -> tuple[LoggedCheckpoint, ...]:
    try:
        return tuple(ledger.log.checkpoints())
    except UNREADABLE as error:
        audit.found(Part.LEDGER, "checkpoints", f"can't be read: {error}")
        return ()


def _walk(parts: Iterable[Leaves], sizes: set[int], audit: Audit) -> _Walked:
    walked, written = _Walked(), Frontier()
    now: Frontier | None = None  # of the rows as they are; the same as the other up to the first stray
    missing: list[tuple[int, int]] = []
    for part in parts:
        missing += part.missing
        strays = dict(part.strays)
        walked.strays += strays.values()
        walked.last = max(walked.last, part.last)
        for place in range(len(part.hashes) // HASH_BYTES):
            leaf = part.hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]
            stray = strays.get(place)
            if stray is not None and now is None:
                now = Frontier(written.size, written.peaks)
            walked.origin = walked.origin or origin_of(leaf)
            written.append(leaf)
            if now is not None:
                now.append(leaf if stray is None or stray.now is None else stray.now)
            if written.size in sizes:
                walked.written[written.size] = written.root
                walked.now[written.size] = (now or written).root
                walked.peaks[written.size] = written.peaks
        if part.problem:
            what = f"can't be read: {part.problem}"
            audit.found(Part.LOG, "log_leaves", what, "what lies behind in the log was not compared")
            break
    _tell_missing(missing, audit)
    walked.size = written.size
    return walked


def _tell_missing(stretches: Iterable[tuple[int, int]], audit: Audit) -> None:
    joined: list[tuple[int, int]] = []
    for first, end in stretches:  # parts are cut where it suits, and so may be what is missing
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    for first, end in joined:
        where = f"entries {first} to {end - 1}"
        audit.found(Part.LOG, where, "are missing from the log", "no later checkpoint can hold")


def _holds(one: _Signed, walked: _Walked, audit: Audit) -> bool:
    checkpoint = one.checkpoint
    if checkpoint.origin != walked.origin:
        what = f"is of the log {checkpoint.origin}, and this one is {walked.origin or 'empty'}"
        audit.found(Part.CHECKPOINT, one.name, what, "one of the two, or the first entry, is not the original")
        return False
    if checkpoint.size > walked.size:
        missing = checkpoint.size - walked.size
        what = f"signs {checkpoint.size} entries, and the log has {walked.size}: {missing} were cut off its end"
        audit.found(Part.LOG, one.name, what, "what is left is as signed in earlier checkpoints, where those hold")
        return False
    if walked.written[checkpoint.size] == checkpoint.root:
        return True
    if walked.now[checkpoint.size] == checkpoint.root:
        what = "signs the ledger's rows as they are; leaves of the log were changed"
        audit.found(Part.LOG, one.name, what, "the rows can be trusted, the leaves named here can't")
        return True
    what = f"the first {checkpoint.size} entries have another root than the one signed"
    audit.found(Part.LOG, one.name, what, "an entry behind the last checkpoint that holds was changed or removed")
    return False


def _report_strays(walked: _Walked, signed: Iterable[_Signed], audit: Audit) -> None:
    by_size = sorted(signed, key=lambda one: one.checkpoint.size)
    for entry in walked.strays:
        kind = "entry" if entry.kind is None else entry.kind.name.lower().replace("_", "-")
        where = f"entry {entry.position} ({kind}{f': {entry.names}' if entry.names else f', row {entry.row}'})"
        cover = next((one for one in by_size if entry.position < one.checkpoint.size <= walked.size), None)
        hence = "no checkpoint tells which of the two was changed"
        if cover is not None and walked.written[cover.checkpoint.size] == cover.checkpoint.root:
            hence = f"{cover.name} signs the log's side: the rows were changed"
        elif cover is not None and walked.now[cover.checkpoint.size] == cover.checkpoint.root:
            hence = f"{cover.name} signs the rows: the log was changed"
        what = (
            f"its rows are gone or can't be read: {entry.problem}"
            if entry.now is None
            else "its rows are not what was logged"
        )
        audit.found(Part.LEDGER, where, what, hence)


def _compare_logged(directory: Path, logged: Iterable[LoggedCheckpoint], walked: _Walked, audit: Audit) -> None:
    try:
        files = {file.size: file for file in checkpoint_files(directory)}
    except ArchiveError:
        return  # told already
    for one in logged:
        name = f"checkpoints/{one.size:012}.note"
        file = files.get(one.size)
        if file is None:
            audit.found(Part.CHECKPOINT, name, "is missing; the ledger says that it was made")
        elif digest(file.data) != one.note:
            audit.found(Part.CHECKPOINT, name, "its bytes are not those the ledger has")
        if walked.peaks.get(one.size) != one.peaks or walked.written.get(one.size) != one.root:
            what = "its root or peaks are not those of the log"
            audit.found(Part.LEDGER, f"row {one.size} of checkpoints", what)


def _report_unlogged(ledger: Ledger, audit: Audit) -> None:
    kinds = (
        EntryKind.RUN,
        EntryKind.CHECK,
        EntryKind.RUN_END,
        EntryKind.FILE,
        EntryKind.CHECKPOINT,
        EntryKind.STAMP,
        EntryKind.REJUDGEMENT,
    )
    try:
        before = ledger.examination.before_the_log()
        if before:
            audit.notes.append(f"{before} checks are older than the log; nothing proves them")
        for kind in (EntryKind.CHECK,) if before else kinds:
            for name in ledger.examination.unlogged(kind):
                audit.found(Part.LEDGER, name, "was never logged, or its entry was taken away")
    except UNREADABLE as error:
        audit.found(Part.LEDGER, "its rows", f"can't be read: {error}")


def _note_unsigned(walked: _Walked, audit: Audit) -> None:
    if walked.last >= audit.signed:
        count = walked.last + 1 - audit.signed
        audit.notes.append(f"the last {count} entries are signed by no checkpoint yet; the next run's end signs them")
