"""The archive's index: where the records of each URL lie, sorted by URL and time.

Owns keeping it current: closed WARC files only, merged in, never half written. It is derived: what is lost of it is
made again from the WARC files (`refresh`). Whoever writes holds the archive's lock. What a line says is `cdxj`'s, how
lines are kept `zipnum`'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext, suppress
from itertools import chain
from pathlib import Path

from preserve.errors import ArchiveError
from preserve.model import RecordRef
from preserve.warc.cdxj import REVISIT, IndexEntry, entry_of, key_of, line_of, standing_for
from preserve.warc.entered import file_of, files_of, listed, names_in, write_list
from preserve.warc.files import closed_files
from preserve.warc.places import opened, read_at
from preserve.warc.salvage import Gap, walk
from preserve.warc.sorting import SortedLines
from preserve.warc.stored import stored_names
from preserve.warc.streams import expect, size_of
from preserve.warc.zipnum import DamagedIndexError, open_index
from preserve.warc.zipwriting import remove_leftovers, write_index


def add_lines(directory: str | Path, lines: Iterable[bytes]) -> None:
    """Merge the lines of a file that was closed, sorted, into the index.

    Raises:
        ArchiveError: it can't be written; the index is as it was, and the next run makes up for it.
    """
    lines = iter(lines)
    first = next(lines, None)
    if first is not None:
        _rewrite(Path(directory), chain((first,), lines))


def refresh(directory: str | Path) -> tuple[str, ...]:
    """Bring the index up to date: closed files it lacks are read, and lines of files that are gone left out.

    An index that can't be read is made anew. Files without a single record to index are looked at each time; they
    are small.

    Returns:
        The names of the files whose lines were added.

    Raises:
        ArchiveError: a WARC file can't be read, or the index not be written.
    """
    directory = Path(directory)
    there = {path.name for path in closed_files(directory)} | stored_names(directory)
    known, sound = _files_in(directory)
    added: list[str] = []
    fresh = SortedLines(directory)
    with closing(fresh):
        for name in sorted(there - known):
            line = None
            for line in _lines_of(directory / name):
                fresh.add(line)
            added += [name] * (line is not None)
        if fresh or known - there or not sound:
            _rewrite(directory, fresh, gone=known - there, anew=not sound)
        else:
            with suppress(OSError):  # what is left lying costs room and nothing else
                remove_leftovers(directory)
    return tuple(added)


def lookup(directory: str | Path, url: str) -> tuple[IndexEntry, ...]:
    """What the archive's closed files have of `url` and of URLs that count as the same, oldest first.

    Raises:
        ArchiveError: the index can't be read.
    """
    return tuple(_entry(directory, line) for line in _lines_with(directory, url))


def replay_lines(directory: str | Path, url: str) -> tuple[bytes, ...]:
    """The lines of `url` for a replay system: a server-not-modified revisit points to the record it vouches for.

    Replay systems answer such a revisit with its own bytes, an empty 304, where a person wants the page.

    Raises:
        ArchiveError: the index can't be read.
    """
    lines: list[bytes] = []
    originals: dict[str, bytes] = {}
    for line in _lines_with(directory, url):
        entry = _entry(directory, line)
        if entry.media_type != REVISIT:
            originals[entry.digest] = line
        elif entry.status == 304:
            original = originals.get(entry.digest) or _original(Path(directory), entry)
            if original is not None:
                lines.append(standing_for(line, original))
                continue
        lines.append(line)
    return tuple(lines)


def _original(directory: Path, revisit: IndexEntry) -> bytes | None:
    """The line of the response that a revisit refers to, where it is of another URL; None if it is not there."""
    with suppress(ArchiveError, ValueError):
        record = read_at(directory, revisit.file, revisit.offset)
        target = record.field("WARC-Refers-To-Target-URI") or ""
        for line in _lines_with(directory, target):
            entry = _entry(directory, line)
            if entry.digest == revisit.digest and entry.media_type != REVISIT:
                return line
    return None


def _lines_with(directory: str | Path, url: str) -> Iterator[bytes]:
    index = open_index(Path(directory))
    if index is not None:
        with index:
            yield from index.lines_with(key_of(url))


def _entry(directory: str | Path, line: bytes) -> IndexEntry:
    try:
        return entry_of(line)
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedIndexError(Path(directory), f"a line of the index is none: {error}") from error


def lines_of(path: Path) -> tuple[bytes, ...]:
    """The lines of a closed file's whole records, sorted.

    Raises:
        ArchiveError: it can't be read.
    """
    return tuple(sorted(_lines_of(path)))


def _lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a closed file's whole records, in the order they lie in."""
    try:
        with opened(path) as stream:
            expect(stream, 0, None)
            for piece in walk(stream, size_of(stream)):
                if isinstance(piece, Gap):
                    continue
                record, member = piece
                line = line_of(record)
                if line is not None:
                    yield line(RecordRef(record.record_id, path.name, member.offset, member.length))
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error


def _files_in(directory: Path) -> tuple[frozenset[str], bool]:
    """The files that lines of the index point to, and whether it can be gone on from; none where not.

    An index with its list is only digested. One without is unpacked, and gets its list.
    """
    try:
        index = open_index(directory)
        if index is None:
            return frozenset(), True
        with index:
            names = listed(index)
            if names is None or not index.is_as_named():
                names = files_of(index)
                with suppress(OSError):  # the next start unpacks it once more
                    write_list(directory, index.data, index.summary_digest(), names)
            return names_in(names), True
    except (DamagedIndexError, ValueError):
        return frozenset(), False


def _not_of(gone: frozenset[str]) -> Callable[[bytes], bool] | None:
    """Which lines stay when files are gone; None for all."""
    if not gone:
        return None
    names = {json.dumps(name).encode() for name in gone}

    return lambda line: file_of(line) not in names


def _rewrite(
    directory: Path, fresh: Iterable[bytes], *, gone: frozenset[str] = frozenset(), anew: bool = False
) -> None:
    """Write the index with `fresh` (sorted) merged in and the lines of files that are `gone` left out."""
    try:
        old = None if anew else open_index(directory)
        with old or nullcontext():
            write_index(directory, old, fresh, _not_of(gone))
    except OSError as error:
        raise ArchiveError(
            f"{directory}: the index can't be written: {error.strerror}; the WARC files are whole, and the next run "
            "makes it up"
        ) from error
