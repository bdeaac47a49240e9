"""The archive's index, `index.cdxj`: where the records of each URL lie, sorted by URL and time.

Owns its lines (CDXJ as pywb and OpenWayback's successors read it, the same that cdxj-indexer writes) and keeping
the file current: closed WARC files only, merged in, never half written. It is derived: what is lost of it is
made again from the WARC files (`refresh`). Whoever writes holds the archive's lock.
"""

from __future__ import annotations

import heapq
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO

from preserve.digests import digest
from preserve.errors import ArchiveError
from preserve.model import RecordRef
from preserve.settings import DigestAlgorithm
from preserve.times import parse_warc_date
from preserve.warc.files import OPEN_SUFFIX, sync_directory, warc_files
from preserve.warc.records import WARC_FIELDS, Record, http_status_and_type
from preserve.warc.salvage import Gap, walk
from preserve.warc.surt import surt

INDEX = "index.cdxj"
HELD_LINES = 50_000  # some 20 MB
_INDEXED = frozenset({"response", "revisit", "resource", "metadata"})
_TIME = "%Y%m%d%H%M%S"
_FILE = b'"filename": '
_AFTER_TYPE = re.compile(r"[;\s]")


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One line of the index.

    Attributes:
        url, digest: the record's WARC-Target-URI and payload digest.
        at: its date, to the second.
        media_type: of the payload; `warc/revisit` for a revisit; "" where it is not known.
        status: of a response; None for other records.
        file, offset, length: where its gzip member lies, in bytes.
    """

    url: str
    at: datetime
    media_type: str
    status: int | None
    digest: str
    file: str
    offset: int
    length: int


Line = Callable[[RecordRef], bytes]


def line_of(record: Record) -> Line | None:
    """What gives the line of `record` once it is known where it lies; None for a record that is not indexed."""
    url = record.field("WARC-Target-URI")
    if record.kind not in _INDEXED or record.content_type == WARC_FIELDS or url is None:
        return None
    status, media_type = http_status_and_type(record)
    if record.kind == "revisit":
        media_type = "warc/revisit"
    elif record.kind != "response":
        media_type = record.content_type
    said = {"url": url}
    if media_type is not None:
        said["mime"] = _AFTER_TYPE.split(media_type, maxsplit=1)[0].strip() if media_type else ""
    if status is not None:
        said["status"] = status
    # A metadata record has no payload digest (WARC 1.1, section 6.5); indexes have the block's in its place.
    said["digest"] = record.field("WARC-Payload-Digest") or digest(record.block, DigestAlgorithm.SHA1)
    at = parse_warc_date(record.field("WARC-Date") or "").astimezone(UTC)
    key = f"{surt(url)} {at.strftime(_TIME)} "

    def line(ref: RecordRef) -> bytes:
        place = {"length": str(ref.length), "offset": str(ref.offset), "filename": ref.file}
        return f"{key}{json.dumps(said | place)}\n".encode()

    return line


class SortedLines:
    """Lines on their way into the index: sorted, and in memory only so many of them. Not thread-safe.

    Args:
        directory: where those beyond that are put aside, in files without a name that end with the process.
    """

    def __init__(self, directory: str | Path) -> None:
        self._directory = directory
        self._limit = HELD_LINES
        self._held: list[bytes] = []
        self._aside: list[IO[bytes]] = []

    def __bool__(self) -> bool:
        return bool(self._held or self._aside)

    def __iter__(self) -> Iterator[bytes]:
        for file in self._aside:
            file.seek(0)
        return heapq.merge(*self._aside, sorted(self._held))

    def add(self, line: bytes) -> None:
        """Take one line."""
        self._held.append(line)
        if len(self._held) >= self._limit:
            self._put_aside()

    def close(self) -> None:
        """Let go of all lines."""
        for file in self._aside:
            file.close()
        self._held, self._aside = [], []

    def _put_aside(self) -> None:
        file = None
        try:
            file = tempfile.TemporaryFile(dir=self._directory)  # noqa: SIM115 - closed by `close`
            file.writelines(sorted(self._held))
            file.flush()
        except OSError:  # no room: memory has to do, and the record that brought this line is safe
            self._limit *= 2
            if file is not None:
                file.close()
            return
        self._held = []
        self._aside.append(file)


def add_lines(directory: str | Path, lines: SortedLines) -> None:
    """Merge the lines of a file that was closed into the index.

    Raises:
        ArchiveError: it can't be written; the index is as it was, and the next run makes up for it.
    """
    if lines:
        _rewrite(Path(directory), lines, frozenset())


def refresh(directory: str | Path) -> tuple[str, ...]:
    """Bring the index up to date: closed files it lacks are read, and lines of files that are gone left out.

    Files without a single record to index are looked at each time; they are small.

    Returns:
        The names of the files whose lines were added.

    Raises:
        ArchiveError: a WARC file can't be read, or the index not be written.
    """
    directory = Path(directory)
    there = {path.name for path in warc_files(directory) if not path.name.endswith(OPEN_SUFFIX)}
    known = _files_in(directory / INDEX)
    added: list[str] = []
    fresh = SortedLines(directory)
    with closing(fresh):
        for name in sorted(there - known):
            line = None
            for line in _lines_of(directory / name):
                fresh.add(line)
            added += [name] * (line is not None)
        if fresh or known - there:
            _rewrite(directory, fresh, known - there)
    return tuple(added)


def lookup(directory: str | Path, url: str) -> tuple[IndexEntry, ...]:
    """What the archive's closed files have of `url` and of URLs that count as the same, oldest first.

    Raises:
        ArchiveError: the index can't be read.
    """
    key = f"{surt(url)} ".encode()
    found: list[IndexEntry] = []
    path = Path(directory) / INDEX
    try:
        with path.open("rb") as stream:
            stream.seek(_first_not_below(stream, key))
            for line in stream:
                if not line.startswith(key):
                    break
                found.append(_entry(line[len(key) :]))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{path}: can't be read: {error}; delete it, the next run makes it anew") from error
    return tuple(found)


def nearest(entries: Iterable[IndexEntry], at: datetime) -> IndexEntry | None:
    """Of the entries that are responses or revisits, the one nearest to a time; the earlier of two as near."""
    asked = (entry for entry in entries if entry.status is not None)
    return min(asked, key=lambda entry: (abs(entry.at - at), entry.at), default=None)


def _entry(rest: bytes) -> IndexEntry:
    stamp, _, text = rest.decode().partition(" ")
    said = json.loads(text)
    return IndexEntry(
        url=said["url"],
        at=datetime.strptime(stamp, _TIME).replace(tzinfo=UTC),
        media_type=said.get("mime", ""),
        status=int(said["status"]) if "status" in said else None,
        digest=said["digest"],
        file=said["filename"],
        offset=int(said["offset"]),
        length=int(said["length"]),
    )


def _first_not_below(stream: BinaryIO, key: bytes) -> int:
    """Offset of the first line that sorts at or behind `key`: a binary search over bytes."""
    low, high = 0, os.fstat(stream.fileno()).st_size
    while low < high:
        middle = (low + high) // 2
        stream.seek(max(middle - 1, 0))
        if middle:
            stream.readline()
        start = stream.tell()
        line = stream.readline()
        if not line or line >= key:
            high = middle
        else:
            low = start + len(line)
    return low


def _lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a closed file's whole records, in the order they lie in."""
    try:
        with path.open("rb") as stream:
            for piece in walk(stream, os.fstat(stream.fileno()).st_size):
                if isinstance(piece, Gap):
                    continue
                record, member = piece
                line = line_of(record)
                if line is not None:
                    yield line(RecordRef(record.record_id, path.name, member.offset, member.length))
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


def _file_in(line: bytes) -> bytes:
    """The file a line points to, as JSON writes it; it is the last field of the line."""
    return line[line.rfind(_FILE) + len(_FILE) : -2]


def _files_in(index: Path) -> frozenset[str]:
    try:
        with index.open("rb") as stream:
            written = {_file_in(line) for line in stream}
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise ArchiveError(f"{index}: can't be read: {error.strerror}") from error
    return frozenset(name for name in map(_unquoted, written))


def _unquoted(written: bytes) -> str:
    with suppress(ValueError):
        name = json.loads(written)
        if isinstance(name, str):
            return name
    return ""  # a damaged line: as that of a file that is gone


def _rewrite(directory: Path, fresh: Iterable[bytes], gone: frozenset[str]) -> None:
    """Write the index anew, with `fresh` (sorted) merged in and the lines of files that are `gone` left out."""
    index, new = directory / INDEX, directory / (INDEX + ".new")
    try:
        with new.open("wb") as target:
            if index.exists():
                with index.open("rb") as old:
                    kept = (line for line in old if not gone or _unquoted(_file_in(line)) not in gone)
                    target.writelines(heapq.merge(kept, fresh))
            else:
                target.writelines(fresh)
            target.flush()
            os.fsync(target.fileno())
        new.replace(index)
        sync_directory(directory)
    except OSError as error:
        raise ArchiveError(
            f"{index}: can't be written: {error.strerror}; the WARC files are whole, and the next run makes it up"
        ) from error
