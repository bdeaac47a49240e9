"""Mending what a killed run left behind: `.open` files are cut back to their last whole record and closed.

Owns the decision what of a torn file is kept. Nothing is thrown away: bytes that are cut stand in
`quarantine/`, synced, before they are cut. Whoever calls holds the archive's lock.

- A torn tail (half a record, or the NULs a file system leaves after a power loss) is quarantined and cut.
- Whole records of a capture that was never closed stay: what they hold can't be fetched again. They are no
  capture and are counted as loose.
- Damage with whole records behind it is no torn tail. The ledger may refer to those records by their
offsets, so
  the file is left as long as it is: the damaged stretch is copied to the quarantine and reported.
- A file with nothing but its `warcinfo` is removed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from preserve.errors import ArchiveError
from preserve.model import ArchivedCapture, RecordRef
from preserve.warc.files import OPEN_SUFFIX, SUFFIX, sync_directory, warc_files
from preserve.warc.grouping import ArchivedPost, Grouping
from preserve.warc.members import Member
from preserve.warc.records import Record
from preserve.warc.salvage import Gap, walk

QUARANTINE = "quarantine"
_COPY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a file that is no whole record, although whole records follow it.

    Attributes:
        offset, length: where it lies, in bytes.
        why: what is wrong there.
        quarantine: path of the copy of its bytes, relative to the archive.
    """

    offset: int
    length: int
    why: str
    quarantine: str


@dataclass(frozen=True, slots=True)
class MendedFile:
    """A file that was left `.open`, and what became of it.

    Attributes:
        file: its final name, relative to the archive; "" when it held nothing and was removed.
        left_as: the name it was found under.
        cut: bytes cut from its end.
        quarantine: path of those bytes, relative to the archive; "" when nothing was cut.
        loose: whole records kept that belong to no closed capture.
        damage: stretches before the end that are no record.
        captures: the closed captures in it, in order; not those behind damage, which can't be vouched for.
        posts: the stored copies in it, likewise.
    """

    file: str
    left_as: str
    cut: int = 0
    quarantine: str = ""
    loose: int = 0
    damage: tuple[Damage, ...] = ()
    captures: tuple[ArchivedCapture, ...] = ()
    posts: tuple[ArchivedPost, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovery:
    """What `recover` found and did.

    Attributes:
        files: every file that was left `.open`, by name.
    """

    files: tuple[MendedFile, ...] = ()

    @property
    def cut(self) -> int:
        """Bytes cut, all files together."""
        return sum(file.cut for file in self.files)

    @property
    def captures(self) -> tuple[ArchivedCapture, ...]:
        """Closed captures in the mended files: what may still want a check."""
        return tuple(capture for file in self.files for capture in file.captures)

    @property
    def lines(self) -> tuple[str, ...]:
        """What was mended, one line each, for people."""
        return tuple(line for file in self.files for line in _lines(file))


def recover(directory: str | Path, only: str = "", *, detach: bool = False) -> Recovery:
    """Mend and close every file a killed run left `.open`. Call it with the archive's lock held.

    Doing it twice, or being killed in the middle and doing it again, comes to the same.

    Args:
        directory: the archive.
        only: the final name of the one file to mend, while others are being written; "" mends all.
        detach: mend a copy and take the file itself away, since a writer that was cut off may yet write to it.

    Raises:
        ArchiveError: a file can't be read, cut or renamed, or the quarantine can't be written.
    """
    left = [path for path in warc_files(directory) if path.name.endswith(OPEN_SUFFIX)]
    if only:
        left = [path for path in left if path.name == only + OPEN_SUFFIX]
    if detach:
        for path in left:
            _detach(path)
    return Recovery(tuple(_mend(path) for path in left))


@dataclass(slots=True)
class _Findings:
    """What a walk over a torn file has found so far."""

    name: str
    end: int = 0
    records: int = 0
    gaps: list[Gap] = field(default_factory=list)
    captures: list[ArchivedCapture] = field(default_factory=list)
    posts: list[ArchivedPost] = field(default_factory=list)
    grouping: Grouping = field(default_factory=Grouping)
    behind: int = 0

    def take(self, record: Record, member: Member) -> None:
        self.end = member.end
        if record.kind == "warcinfo":
            return
        self.records += 1
        if self.gaps:
            self.behind += 1
            return
        ref = RecordRef(record.record_id, self.name, member.offset, member.length)
        try:
            found = self.grouping.take(record, ref)
        except ValueError:  # a summary of another version: its records stay, as loose ones
            return
        if isinstance(found, ArchivedCapture):
            self.captures.append(found)
        elif found is not None:
            self.posts.append(found)


def _detach(path: Path) -> None:
    """Put a copy in a file's place: whoever has the file open writes to what has no name any more."""
    copy = path.with_name(f"{path.name}.copy")
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            while piece := source.read(_COPY):
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        copy.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise ArchiveError(
            f"{path}: can't be copied to be mended: {error.strerror}; make room, or the archive writable, and run again"
        ) from error


def _mend(path: Path) -> MendedFile:
    directory = path.parent
    name = _free_name(directory, path.name.removesuffix(OPEN_SUFFIX))
    try:
        with path.open("r+b") as stream:
            found = _examine(stream, name)
            tail, damage = _set_aside(stream, path, found)
        if not found.records and not damage:
            path.unlink()
            name = ""
        else:
            path.rename(directory / name)
        sync_directory(directory)
    except OSError as error:
        raise ArchiveError(
            f"{path}: can't be mended: {error.strerror}; make the archive writable and run again"
        ) from error
    return MendedFile(
        file=name,
        left_as=path.name,
        cut=tail.length if tail else 0,
        quarantine=tail.quarantine if tail else "",
        loose=found.grouping.loose + found.behind,
        damage=damage,
        captures=tuple(found.captures),
        posts=tuple(found.posts),
    )


def _examine(stream: BinaryIO, name: str) -> _Findings:
    found = _Findings(name)
    size = os.fstat(stream.fileno()).st_size
    for piece in walk(stream, size):
        if isinstance(piece, Gap):
            found.gaps.append(piece)
        else:
            found.take(*piece)
    return found


def _set_aside(stream: BinaryIO, path: Path, found: _Findings) -> tuple[Damage | None, tuple[Damage, ...]]:
    """Quarantine every gap, then cut the last one off if nothing stands behind it: (the tail, the others)."""
    gaps = [Damage(gap.offset, gap.end - gap.offset, gap.why, _quarantine(stream, path, gap)) for gap in found.gaps]
    size = os.fstat(stream.fileno()).st_size
    tail = gaps.pop() if gaps and gaps[-1].offset + gaps[-1].length == size else None
    if tail is not None:
        os.ftruncate(stream.fileno(), tail.offset)
    os.fsync(stream.fileno())
    return tail, tuple(gaps)


def _quarantine(stream: BinaryIO, path: Path, gap: Gap) -> str:
    directory = path.parent / QUARANTINE
    if not directory.exists():
        directory.mkdir()
        sync_directory(path.parent)
    copy = directory / f"{path.name.removesuffix(OPEN_SUFFIX)}.{gap.offset}.tail"
    with copy.open("wb") as target:
        stream.seek(gap.offset)
        left = gap.end - gap.offset
        while left and (piece := stream.read(min(left, _COPY))):
            target.write(piece)
            left -= len(piece)
        target.flush()
        os.fsync(target.fileno())
    sync_directory(directory)
    return f"{QUARANTINE}/{copy.name}"


def _free_name(directory: Path, name: str) -> str:
    """`name`, or the first variant of it that is free: no finished file is ever replaced."""
    stem = name.removesuffix(SUFFIX)
    number = 1
    while (directory / name).exists():
        name = f"{stem}-recovered-{number}{SUFFIX}"
        number += 1
    return name


def _lines(file: MendedFile) -> Iterator[str]:
    if file.cut:
        yield f"{file.left_as}: cut a torn end of {file.cut} bytes, kept as {file.quarantine}"
    for spot in file.damage:
        yield (
            f"{file.file}: {spot.length} bytes at offset {spot.offset} are damaged ({spot.why}), "
            f"copied to {spot.quarantine}; records behind them were left where they are"
        )
    if file.loose:
        yield f"{file.file}: {file.loose} records belong to no finished capture; kept, not judged"
    if file.file:
        yield f"{file.file}: closed, with {len(file.captures)} finished captures"
    else:
        yield f"{file.left_as}: held no finished record, removed"
