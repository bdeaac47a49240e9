"""Writing the archive: captures, stored copies and extracted text, appended by any thread.

Owns locking, roll-over, durability and what happens when a write fails. What a record holds is `building`'s.
"""

from __future__ import annotations

import heapq
import os
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol

from preserve.errors import ArchiveError
from preserve.model import ArchivedCapture, Capture, PostVersion, RecordRef
from preserve.settings import ArchiveSettings
from preserve.times import Clock
from preserve.warc.building import Maker, capture_records, post_fields, post_record, text_record, warcinfo_record
from preserve.warc.cdxj import line_of
from preserve.warc.files import WarcFile, file_name, make_directory
from preserve.warc.index import add_lines
from preserve.warc.originals import Known, repetitions
from preserve.warc.records import NewId, Record, encode
from preserve.warc.sorting import SortedLines
from preserve.warc.summary import archived_capture

_NAME_TRIES = 10


class FileKeeper(Protocol):
    """Who hears of the files a writer makes."""

    def begun(self, name: str) -> None:
        """A file was made; it gets this name when it is closed."""

    def closed(self, name: str, lines: Iterable[bytes]) -> None:
        """A file is whole and has its name.

        Args:
            name: the file's.
            lines: its lines for the index, sorted; to be taken before the call returns.

        Raises:
            ArchiveError: what follows from it can't be done; the file is whole all the same.
        """


class IndexKeeper:
    """Enters the lines of every closed file into the archive's index; the archive's lock is held.

    Args:
        directory: the archive.
    """

    def __init__(self, directory: str | Path) -> None:
        self._directory = directory
        self._gathered: SortedLines | None = None
        self._parts: dict[str, SortedLines] = {}  # of files whose last lines have not come yet

    def gather(self) -> None:
        """From now on keep what comes and enter it in one go: several files are about to be closed."""
        if self._gathered is None:
            self._gathered = SortedLines(self._directory)

    def enter(self) -> None:
        """Enter what was gathered; nothing more comes of a file whose last lines have not come.

        Raises:
            ArchiveError: the index can't be written; the next run makes up for it.
        """
        while self._parts:
            self._parts.popitem()[1].close()
        lines, self._gathered = self._gathered, None
        if lines is not None:
            with closing(lines):
                add_lines(self._directory, lines)

    def begun(self, name: str) -> None:
        """See `FileKeeper.begun`: nothing to do."""

    def lines(self, name: str, lines: Iterable[bytes]) -> None:
        """Take the first lines of a file; none is entered before `closed` has brought the last.

        An index that has some lines of a file is taken to have all of them.
        """
        if name not in self._parts:
            self._parts[name] = SortedLines(self._directory)
        for line in lines:
            self._parts[name].add(line)

    def closed(self, name: str, lines: Iterable[bytes]) -> None:
        """See `FileKeeper.closed`."""
        first = self._parts.pop(name, None)
        if first is None:
            self._take(lines)
            return
        with closing(first):
            self._take(heapq.merge(first, lines))

    def _take(self, lines: Iterable[bytes]) -> None:
        if self._gathered is None:
            add_lines(self._directory, lines)
            return
        for line in lines:
            self._gathered.add(line)


class ArchiveWriter:
    """Appends records to the archive. Thread-safe: what one call appends stands together in one file.

    A file is begun with the first record, so a run that archives nothing leaves none. Records are built and
    compressed by the calling thread; only the write itself is done one at a time.

    Args:
        settings: directory, digest algorithm, roll-over size, operator.
        clock: for file names and for what has no time of its own.
        info: further lines for `warcinfo`: robots policy, settings, http-header-user-agent.
        new_id: makes record ids.
        keeper: hears of the files; None enters them into the index.

    Raises:
        ArchiveError: the directory can't be made.
    """

    def __init__(
        self,
        settings: ArchiveSettings,
        *,
        clock: Clock,
        info: Mapping[str, str],
        new_id: NewId = uuid.uuid4,
        keeper: FileKeeper | None = None,
    ) -> None:
        self._settings, self._clock, self._info = settings, clock, dict(info)
        self._make = Maker(settings.digest, new_id)
        self._new_id = new_id
        self._directory = make_directory(settings.directory)
        self._keeper = keeper or IndexKeeper(self._directory)
        self._lock = threading.Lock()  # guards all below
        self._file: WarcFile | None = None
        self._index = SortedLines(self._directory)
        self._sequence = 0
        self._broken = ""
        self._appended = 0
        self._sync_lock = threading.Lock()  # held while syncing, never taken while `_lock` is held
        self._synced = 0

    def __enter__(self) -> ArchiveWriter:
        """The writer itself; leaving the block closes it, and an error that ends the block is not hidden by another."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ArchiveError) if error is not None else nullcontext():
            self.close()

    def append_capture(self, capture: Capture, known: Known | None = None) -> ArchivedCapture:
        """Append all records of one capture, closed by its summary; on disk after the next `sync`.

        Args:
            capture: what was fetched.
            known: what is in the archive already; what the capture repeats of it becomes a `revisit` record,
                provided that the earlier response is still readable and passes its digests.

        Raises:
            ArchiveError: it could not be written; nothing of it is in the archive.
        """
        exchange = capture.final
        captured_at = exchange.started_at if exchange else self._clock.now()
        repeated = repetitions(self._directory, capture, known, self._settings.digest) if known else {}
        records = capture_records(self._make, capture, captured_at, repeated)
        return archived_capture(zip(records, self._append(records), strict=True))

    def append_stored_copy(
        self, post_path: str, data: bytes, source: str | None, at: datetime, version: PostVersion | None = None
    ) -> RecordRef:
        """Append the bytes of a post's file, the witness of the stored copy.

        Args:
            post_path: the path as the caller named it.
            data: the file's bytes.
            source: the source URL as the post has it, None without one.
            at: when the bytes were read.
            version: what git says of them, None where it says nothing.

        Raises:
            ArchiveError: it could not be written.
        """
        return self._append((post_record(self._make, post_path, data, at, post_fields(source, version)),))[0]

    def append_text(self, capture: ArchivedCapture, text: str, extractor: str) -> RecordRef:
        """Append text extracted from the response that decided `capture`.

        Args:
            capture: as `append_capture` returned it.
            text: what was extracted.
            extractor: name, version and options of what extracted it.

        Raises:
            ValueError: the capture has no response to extract from.
            ArchiveError: it could not be written.
        """
        final = capture.final
        if final is None or final.response is None:
            raise ValueError(f"{capture.source}: no response to have extracted text from")
        of = (final.response.record_id, final.url)
        record = text_record(self._make, text, extractor, of=of, at=self._clock.now())
        return self._append((record,))[0]

    def sync(self) -> None:
        """Return when everything appended before the call is on disk. Cheap when it already is.

        Threads that call it together share one fsync. After one that failed the writer refuses everything:
        the kernel may have dropped what it could not write, and would report success the next time.

        Raises:
            ArchiveError: the disk refused.
        """
        with self._lock:
            wanted = self._appended
        with self._sync_lock:
            if self._synced >= wanted:
                return
            with self._lock:
                self._refuse_if_broken()
                upto = self._appended
                descriptor = self._file.duplicate() if self._file else None
            if descriptor is not None:
                self._fsync(descriptor)
            self._synced = max(self._synced, upto)

    def close(self) -> None:
        """Sync, give the file its final name, and enter its records into the index. Closing twice is nothing.

        Raises:
            ArchiveError: the disk refused; the file keeps its `.open` name and the next run mends it, or the index
                is as it was and the next run makes up for it.
        """
        with self._sync_lock, self._lock:
            self._finish()

    def _append(self, records: Sequence[Record]) -> tuple[RecordRef, ...]:
        members = [encode(record) for record in records]
        lines = [line_of(record) for record in records]
        with self._lock:
            file = self._ready()
            try:
                offset = file.append(members)
            except OSError as error:
                raise self._refused(file, error) from error
            except ArchiveError as error:
                self._broken = str(error)
                raise
            self._appended += 1
            refs = _places(records, members, file.name, offset)
            # Kept aside, for the index takes up closed files only; if they are lost, the file is read for them.
            for line, ref in zip(lines, refs, strict=True):
                if line is not None:
                    self._index.add(line(ref))
        return refs

    def _ready(self) -> WarcFile:
        """The file to append to: the present one, or a new one with its `warcinfo`."""
        self._refuse_if_broken()
        if self._file is not None and self._file.size > self._settings.roll_over:
            self._finish()
        if self._file is None:
            self._file = self._begin()
        return self._file

    def _begin(self) -> WarcFile:
        now = self._clock.now()
        for _ in range(_NAME_TRIES):
            name = file_name(now, self._sequence, self._new_id().hex[:8])
            self._sequence += 1
            try:
                file = WarcFile(self._directory, name)
            except FileExistsError:
                continue
            except OSError as error:
                raise ArchiveError(
                    f"{self._directory}: can't make a WARC file: {error.strerror}; "
                    "make the directory writable or choose another with --archive"
                ) from error
            record = warcinfo_record(self._make, self._settings, self._info, file=name, at=now)
            try:
                file.append((encode(record),))
            except (OSError, ArchiveError) as error:
                file.abandon()
                raise (self._refused(file, error) if isinstance(error, OSError) else error) from error
            self._keeper.begun(name)
            return file
        raise ArchiveError(f"{self._directory}: no free file name after {_NAME_TRIES} tries; is the clock standing?")

    def _finish(self) -> None:
        file, self._file = self._file, None
        lines, self._index = self._index, SortedLines(self._directory)
        if file is None:
            return
        with closing(lines):
            if self._broken:
                file.abandon()
                return
            try:
                file.finish()
            except OSError as error:
                self._broken = f"{file.path}: could not be closed: {error.strerror}; the next run mends it"
                raise ArchiveError(self._broken) from error
            self._keeper.closed(file.name, lines)

    def _fsync(self, descriptor: int) -> None:
        try:
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._broken = (
                f"{self._directory}: the disk did not keep what was written: {error.strerror}; "
                "check the disk, then run again: unfinished checks are done anew"
            )
            raise ArchiveError(self._broken) from error

    def _refuse_if_broken(self) -> None:
        if self._broken:
            raise ArchiveError(self._broken)

    def _refused(self, file: WarcFile, error: OSError) -> ArchiveError:
        return ArchiveError(
            f"{file.path}: can't write: {error.strerror}; nothing was half written; "
            "free space or mend the disk, then run again"
        )


def _places(records: Sequence[Record], members: Sequence[bytes], file: str, offset: int) -> tuple[RecordRef, ...]:
    refs = []
    for record, member in zip(records, members, strict=True):
        refs.append(RecordRef(record.record_id, file, offset, len(member)))
        offset += len(member)
    return tuple(refs)
