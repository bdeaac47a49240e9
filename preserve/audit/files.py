"""WARC files against their own digests, and the ledger against what is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from preserve.audit.findings import Audit, Part, named
from preserve.audit.index import IndexCheck
from preserve.digests import file_digest
from preserve.errors import ArchiveError
from preserve.ledger import Ledger, LoggedFile, WitnessedPost
from preserve.model import ArchivedCapture
from preserve.warc import ArchivedPost, Examined, Gap, examine, read_original, warc_files

OPEN = ".open"

Expected = tuple[int, ArchivedCapture | WitnessedPost]
# What reading rows that were tampered with may raise.
UNREADABLE = (ArchiveError, ValueError, TypeError, KeyError)


def audit_files(directory: Path, ledger: Ledger | None, audit: Audit, index: IndexCheck) -> None:
    """Look through every file that is there or should be; `index` is shown each record.

    Raises:
        ArchiveError: the directory can't be read.
    """
    there = {path.name.removesuffix(OPEN): path for path in warc_files(directory)}
    logged = {} if ledger is None else _logged(ledger, audit)
    wanted = set(logged) | set(there)
    if ledger is not None:
        wanted |= set(_referred(ledger, audit))
    for name in sorted(wanted):
        path = there.get(name)
        if path is None:
            audit.found(Part.WARC, name, "the file is missing", _rests(ledger, name))
            continue
        audit.files += 1
        _audit_file(path, ledger, audit, index)
        if name in logged and not path.name.endswith(OPEN):
            _audit_digest(path, logged[name], audit)
    if ledger is not None:
        _audit_originals(directory, ledger, audit)


def _logged(ledger: Ledger, audit: Audit) -> dict[str, LoggedFile]:
    try:
        return {file.file: file for file in ledger.log.files()}
    except UNREADABLE as error:
        audit.found(Part.LEDGER, "warc_digests", f"can't be read: {error}")
        return {}


def _referred(ledger: Ledger, audit: Audit) -> tuple[str, ...]:
    try:
        return ledger.examination.files()
    except UNREADABLE as error:
        audit.found(Part.LEDGER, "files", f"can't be read: {error}")
        return ()


def _audit_digest(path: Path, logged: LoggedFile, audit: Audit) -> None:
    size = path.stat().st_size
    if size != logged.size:
        audit.found(Part.WARC, path.name, f"has {size} bytes, and had {logged.size} when it was closed")
    elif file_digest(path) != logged.digest:
        audit.found(
            Part.WARC,
            path.name,
            f"its bytes are not those it was closed with ({logged.digest})",
            "records of it that are not named here match their own digests and the ledger",
        )


def _audit_file(path: Path, ledger: Ledger | None, audit: Audit, index: IndexCheck) -> None:
    expected = iter(()) if ledger is None else _expected(ledger, path.name.removesuffix(OPEN), audit)
    waiting = _Waiting(expected, ledger, audit)
    size = path.stat().st_size
    for piece in examine(path):
        if isinstance(piece, Gap):
            if piece.end == size and path.name.endswith(OPEN):
                audit.notes.append(f"{path.name} ends in {size - piece.offset} torn bytes; the next run cuts them off")
                continue
            where = f"{path.name}, bytes {piece.offset} to {piece.end}"
            audit.found(Part.WARC, where, f"no whole record: {piece.why}")
            continue
        audit.records += 1
        if piece.problem:
            where = f"{path.name}, offset {piece.ref.offset}, {piece.kind} record {piece.ref.record_id}"
            audit.found(Part.WARC, where, piece.problem)
        waiting.take(piece)
        index.take(piece.line)
    waiting.end()


def _expected(ledger: Ledger, name: str, audit: Audit) -> Iterator[Expected]:
    try:
        yield from ledger.examination.expected_in(name)
    except UNREADABLE as error:
        audit.found(Part.LEDGER, f"rows of {name}", f"can't be read: {error}", "what lies behind was not compared")


class _Waiting:
    """What the ledger says lies in a file, met with what does, both in order of offset."""

    def __init__(self, expected: Iterator[Expected], ledger: Ledger | None, audit: Audit) -> None:
        self._expected, self._ledger, self._audit = expected, ledger, audit
        self._next = next(expected, None)

    def take(self, piece: Examined) -> None:
        """Meet the next record."""
        while self._next is not None and self._next[0] < piece.ref.offset:
            self._missing()
        while self._next is not None and self._next[0] == piece.ref.offset:
            self._compare(self._next[1], piece)
            self._next = next(self._expected, None)

    def end(self) -> None:
        """The file has ended: the rest is not there."""
        while self._next is not None:
            self._missing()

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
            self._audit.captures += 1
        elif isinstance(piece.made, ArchivedCapture):
            differing = [
                one.name for one in fields(wanted) if getattr(wanted, one.name) != getattr(piece.made, one.name)
            ]
            self._report(wanted, f"differs from the ledger in: {', '.join(differing)}")
        else:
            self._report(wanted, f"can't be put together: {piece.problem or 'another record lies there'}")

    def _report(self, wanted: ArchivedCapture | WitnessedPost, what: str) -> None:
        ledger = self._ledger
        assert ledger is not None  # noqa: S101 - without one nothing is expected
        if isinstance(wanted, WitnessedPost):
            where = f"{wanted.record.file}, offset {wanted.record.offset}, stored copy of {wanted.post}"
            self._audit.found(Part.WARC, where, what)
            return
        ref = wanted.summary
        where = f"{ref.file}, offset {wanted.first.offset} to {ref.offset + ref.length}, capture of {wanted.url}"
        self._audit.found(Part.WARC, where, what, _posts(ledger, ref.record_id))


def _audit_originals(directory: Path, ledger: Ledger, audit: Audit) -> None:
    try:
        for ref in ledger.examination.originals():
            try:
                read_original(directory, ref)
            except ArchiveError as error:
                where = f"{ref.file}, offset {ref.offset}, record {ref.record_id}"
                audit.found(Part.WARC, where, f"revisits refer to it: {error}", _posts(ledger, ref.record_id))
    except UNREADABLE as error:
        audit.found(Part.LEDGER, "exchanges", f"can't be read: {error}")


def _same_digest(found: str, wanted: str) -> bool:
    """Whether two labelled digests are the same, where they are of one algorithm."""
    return found == wanted or found.partition(":")[0] != wanted.partition(":")[0]


def _posts(ledger: Ledger, record_id: str) -> str:
    try:
        posts = ledger.examination.posts_resting_on(record_id)
    except UNREADABLE:
        return ""
    return f"checks of {named(posts)} rest on it" if posts else ""


def _rests(ledger: Ledger | None, name: str) -> str:
    if ledger is None:
        return ""
    counts: defaultdict[str, int] = defaultdict(int)
    try:
        for _, wanted in ledger.examination.expected_in(name):
            counts["captures" if isinstance(wanted, ArchivedCapture) else "stored copies"] += 1
    except UNREADABLE:
        pass
    held = " and ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    return f"it held {held} of the ledger" if held else "the ledger refers to nothing in it"
