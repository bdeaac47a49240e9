"""A stretch of a WARC file against its own digests, and the ledger against what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

from preserve.audit.findings import UNREADABLE, Finding, Part, named
from preserve.ledger import Ledger, Region, WitnessedPost
from preserve.model import ArchivedCapture, RecordRef
from preserve.warc import ArchivedPost, Examined, Gap, examine

OPEN = ".open"

Expected = tuple[int, ArchivedCapture | WitnessedPost]


@dataclass(frozen=True, slots=True)
class Stretch:
    """From where to where a file is to be looked at.

    Attributes:
        path: of the file.
        start, end: offsets in bytes; a record begins at the one, and at the other one begins or the file ends.
        last: whether the file ends there.
        region: the ledger's rows for it; None without a ledger.
        originals: offsets in it of the responses that revisits repeat.
        digest: tell the digest of the whole file, too: it is stored elsewhere, and this is all of it.
    """

    path: Path
    start: int
    end: int
    last: bool
    region: Region | None
    originals: frozenset[int]
    digest: bool = False


@dataclass(slots=True)
class Looked:
    """What was seen in a stretch.

    Attributes:
        end: where the last record, or what is none, ended: the stretch's own end where it was cut in the right place.
        records: whole ones.
        expected: rows of the ledger that were compared.
        captures: of these, the captures that lie there as it says.
        findings, notes: as in `Audit`.
        originals: the likeness of each response that revisits repeat.
        revisits: by original and likeness, the first revisit that says so.
        lines: what the index should have, in the order of the records.
        digest: of the whole file, where it was asked for; "" else.
    """

    end: int
    records: int = 0
    expected: int = 0
    captures: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    originals: dict[RecordRef, bytes] = field(default_factory=dict)
    revisits: dict[tuple[RecordRef, bytes], RecordRef] = field(default_factory=dict)
    lines: list[bytes] = field(default_factory=list)
    digest: str = ""

    def found(self, where: str, what: str, hence: str = "") -> None:
        """Note what is wrong with the file."""
        self.findings.append(Finding(Part.WARC, where, what, hence))

    def take_digest(self, digest: str) -> None:
        """Note the digest of the whole file."""
        self.digest = digest


def look_at(stretch: Stretch, ledger: Ledger | None) -> Looked:
    """Look through a stretch.

    Raises:
        ArchiveError: the file can't be read.
    """
    seen = Looked(stretch.start)
    waiting = _Waiting(stretch, ledger, seen)
    likenesses: dict[str, bytes] = {}
    for piece in examine(stretch.path, stretch.start, stretch.end, seen.take_digest if stretch.digest else None):
        if isinstance(piece, Gap):
            seen.end = piece.end
            _tell_gap(piece, stretch, seen)
            continue
        seen.end = piece.ref.offset + piece.ref.length
        seen.records += 1
        if piece.problem:
            where = f"{stretch.path.name}, offset {piece.ref.offset}, {piece.kind} record {piece.ref.record_id}"
            seen.found(where, piece.problem)
        waiting.take(piece)
        if piece.line is not None:
            seen.lines.append(piece.line)
        if piece.likeness is not None:
            if piece.kind == "revisit":
                likenesses[piece.ref.record_id] = piece.likeness
            elif piece.ref.offset in stretch.originals and not piece.problem:
                seen.originals[piece.ref] = piece.likeness
        if likenesses and isinstance(piece.made, ArchivedCapture):
            _note_revisits(piece.made, likenesses, seen)
    waiting.end()
    return seen


def _tell_gap(gap: Gap, stretch: Stretch, seen: Looked) -> None:
    name = stretch.path.name
    if stretch.last and gap.end == stretch.end and name.endswith(OPEN):
        seen.notes.append(f"{name} ends in {gap.end - gap.offset} torn bytes; the next run cuts them off")
    else:
        seen.found(f"{name}, bytes {gap.offset} to {gap.end}", f"no whole record: {gap.why}")


def _note_revisits(made: ArchivedCapture, likenesses: dict[str, bytes], seen: Looked) -> None:
    for exchange in made.exchanges:
        if exchange.revisit_of is not None and exchange.response is not None:
            said = likenesses.get(exchange.response.record_id, b"")
            seen.revisits.setdefault((exchange.revisit_of, said), exchange.response)
    likenesses.clear()


class _Waiting:
    """What the ledger says lies in a stretch, met with what does, both in order of offset."""

    def __init__(self, stretch: Stretch, ledger: Ledger | None, seen: Looked) -> None:
        self._ledger, self._seen = ledger, seen
        self._expected: Iterator[Expected] = iter(())
        if ledger is not None and stretch.region is not None:
            self._expected = self._read(ledger, stretch.region)
        self._next = next(self._expected, None)

    def take(self, piece: Examined) -> None:
        """Meet the next record."""
        while self._next is not None and self._next[0] < piece.ref.offset:
            self._missing()
        while self._next is not None and self._next[0] == piece.ref.offset:
            self._compare(self._next[1], piece)
            self._next = next(self._expected, None)

    def end(self) -> None:
        """The stretch has ended: the rest is not there."""
        while self._next is not None:
            self._missing()

    def _read(self, ledger: Ledger, region: Region) -> Iterator[Expected]:
        try:
            for one in ledger.examination.expected_in(region):
                self._seen.expected += 1
                yield one
        except UNREADABLE as error:
            where, hence = f"rows of {region.file}", "what lies behind was not compared"
            self._seen.findings.append(Finding(Part.LEDGER, where, f"can't be read: {error}", hence))

    def _missing(self) -> None:
        assert self._next is not None  # noqa: S101 - the caller asked
        self._report(self._next[1], "is not there, or is damaged")
        self._next = next(self._expected, None)

    def _compare(self, wanted: ArchivedCapture | WitnessedPost, piece: Examined) -> None:
        if isinstance(wanted, WitnessedPost):
            made = piece.made
            same = isinstance(made, ArchivedPost) and (made.post, made.record) == (wanted.post, wanted.record)
            if not same or not isinstance(made, ArchivedPost) or not _same_digest(made.digest, wanted.digest):
                self._report(wanted, "is another one than the ledger has")
            elif made.version != wanted.version:
                self._report(wanted, "names another commit than the ledger has")
        elif wanted == piece.made:
            self._seen.captures += 1
        elif isinstance(piece.made, ArchivedCapture):
            differing = [
                one.name for one in fields(wanted) if getattr(wanted, one.name) != getattr(piece.made, one.name)
            ]
            self._report(wanted, f"differs from the ledger in: {', '.join(differing)}")
        else:
            self._report(wanted, f"can't be put together: {piece.problem or 'another record lies there'}")

    def _report(self, wanted: ArchivedCapture | WitnessedPost, what: str) -> None:
        assert self._ledger is not None  # noqa: S101 - without one nothing is expected
        if isinstance(wanted, WitnessedPost):
            where = f"{wanted.record.file}, offset {wanted.record.offset}, stored copy of {wanted.post}"
            self._seen.found(where, what)
            return
        ref = wanted.summary
        where = f"{ref.file}, offset {wanted.first.offset} to {ref.offset + ref.length}, capture of {wanted.url}"
        self._seen.found(where, what, resting_on(self._ledger, ref.record_id))


def resting_on(ledger: Ledger, record_id: str) -> str:
    """Which posts have a check that rests on a record; "" where none has, or it can't be told."""
    try:
        posts = ledger.examination.posts_resting_on(record_id)
    except UNREADABLE:
        return ""
    return f"checks of {named(posts)} rest on it" if posts else ""


def _same_digest(found: str, wanted: str) -> bool:
    """Whether two labelled digests are the same, where they are of one algorithm."""
    return found == wanted or found.partition(":")[0] != wanted.partition(":")[0]
