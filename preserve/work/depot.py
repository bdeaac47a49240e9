"""A worker without the archive's folder: its files go to the storage, and only then is told what refers to them.

Owns what is held back and for how long, and the thread that uploads. What is told at once says nothing of any record.
What can't be stored stays where it is: nothing is removed from the worker's directory that was not read back.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path

from preserve.errors import ArchiveError
from preserve.model import RecordRef
from preserve.settings import MIB
from preserve.warc import ArchiveLock, ArchiveWriter, warc_files
from preserve.warc.storage import NotStoredError, Storage, Stored, WarcStore
from preserve.warc.stored import find_stored, note_storage, note_stored
from preserve.work.leftovers import put_leftovers
from preserve.work.values import Answered, Back, Batch, Beside, Broken, Event, Fetched, FileStored, Notice, Order

FILE_BYTES = 16 * MIB
"""A file is closed when it has grown past this."""
BACKLOG_BYTES = 16 * FILE_BYTES
"""With more waiting to be uploaded, batches are not given back until it is."""
PAUSES = (1.0, 4.0, 15.0)
"""Seconds before an upload that failed is tried again; then the run ends."""
_LOOK = 0.1


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker waits, in seconds.

    Attributes:
        file: a file is closed when something has waited for it so long.
        idle: or when nothing more came for so long: the run may be waiting for just this.
        last: the same when the run has nothing more to hand out, and so most likely does.
        pauses: before an upload that failed is tried again; after the last of them the run ends.
    """

    file: float = 30.0
    idle: float = 2.0
    last: float = 0.2
    pauses: tuple[float, ...] = PAUSES


@dataclass(slots=True)
class _Parcel:
    """A closed file that is to be stored, and what is told when it is; a file's name is "" where none was begun."""

    name: str
    lines: tuple[bytes, ...]
    size: int
    events: list[Event]


class Depot:
    """Between a worker and whoever listens to it; hears of the writer's files, too (`FileKeeper`).

    Args:
        directory: the worker's own, on a local disk; locked until the process ends or `close` has returned.
        store: the storage that the user's configuration names.
        tell: takes events; of any thread.
        patience: how long is waited.

    Raises:
        ArchiveError: the directory can't be written to, or another process has it.
    """

    def __init__(
        self,
        directory: Path,
        store: WarcStore,
        tell: Callable[[Sequence[Event]], None],
        patience: Patience | None = None,
    ) -> None:
        self._directory, self._store, self._tell_on = directory, store, tell
        self._patience = patience or Patience()
        self._lock = threading.Lock()  # never held while the writer or the storage is asked
        self._held: list[Event] = []  # they refer to records of the open file, or to none
        self._closed_with: list[Event] = []  # likewise, while it is being closed because of them
        self._parcels: list[_Parcel] = []
        self._since = self._last = 0.0
        self._waiting = 0  # bytes of closed files
        self._batches = 0  # taken, and not given back
        self._is_last = False
        self._closing = threading.Event()
        self._known: set[str] = set()
        self._writer: ArchiveWriter | None = None
        self._thread = threading.Thread(target=self._serve, name="upload")
        self._mine = ArchiveLock(directory)
        self._mine.acquire()
        note_storage(directory, store.storage)

    def start(self, writer: ArchiveWriter) -> None:
        """Begin; `writer` makes the files."""
        self._writer = writer
        self._thread.start()

    def close(self) -> None:
        """Return when everything is stored and told, or it is told why that can't be."""
        self._closing.set()
        self._thread.join()
        self._mine.release()

    # ------------------------------------------------------------ what comes in

    def learn(self, batch: Batch) -> None:
        """Note where the files lie that a batch's orders refer to.

        Raises:
            ArchiveError: that can't be noted.
        """
        with self._lock:
            self._batches += 1
            self._is_last = batch.is_last
        for stored in batch.stored:
            # Only the storage of the user's configuration is asked, whatever the note says.
            if stored.name not in self._known and stored.url == self._store.storage.url:
                note_stored(self._directory, stored)
                self._known.add(stored.name)

    def tell(self, events: Sequence[Event]) -> None:
        """Take what a worker tells; its records were appended before."""
        now: list[Event] = []
        with self._lock:
            for event in events:
                at_once, held = self._parted(event)
                now += at_once
                self._hold(held)
                self._batches -= isinstance(event, Back)
        if now:
            self._tell_on(now)

    def begun(self, name: str) -> None:
        """See `FileKeeper.begun`: of no use to anybody else yet."""

    def closed(self, name: str, lines: Iterable[bytes]) -> None:
        """See `FileKeeper.closed`: all that was told until now refers to this file or to earlier ones."""
        size = (self._directory / name).stat().st_size
        parcel = _Parcel(name, tuple(lines), size, [])
        with self._lock:
            parcel.events = self._closed_with + self._held
            self._closed_with, self._held = [], []
            self._parcels.append(parcel)
            self._waiting += size

    def _parted(self, event: Event) -> tuple[list[Event], list[Event]]:
        """What of an event is told at once, and what is held back."""
        match event:
            case Fetched(capture=None):
                beside: list[Event] = [Beside(event.beside)] if event.beside else []
                return [replace(event, beside=())], beside
            case Fetched(capture=capture) if capture is not None:
                return [Answered(event.number, capture.final.status if capture.final else None)], [event]
            case Back() if self._waiting <= BACKLOG_BYTES:
                return [event], []
            case Broken():
                return [event], []
            case _:
                return [], [event]

    def _hold(self, events: list[Event]) -> None:
        if events:
            self._last = time.monotonic()
            if not self._held:
                self._since = self._last
            self._held += events

    # ------------------------------------------------------------ what goes out

    def _serve(self) -> None:
        try:
            self._put_leftovers()
            while not self._closing.wait(0.0 if self._parcels else _LOOK):
                self._send(close=self._due())
            self._send(close=True)
        except ArchiveError as error:
            self._tell_on((Broken(self._refused(error)),))
        except Exception as error:  # noqa: BLE001 - told to the coordinator, which ends the run
            self._tell_on((Broken(error),))

    def _put_leftovers(self) -> None:
        try:
            for line in put_leftovers(self._directory, self._store):
                self._tell_on((Notice(f"On {socket.gethostname()}: {line}"),))
        except ArchiveError as error:
            told = f"On {socket.gethostname()}: what an earlier worker left can't be stored, and waits: {error}"
            self._tell_on((Notice(told),))

    def _due(self) -> bool:
        """Whether the open file is to be closed."""
        now, patience = time.monotonic(), self._patience
        with self._lock:
            idle = patience.last if self._is_last and not self._batches else patience.idle
            return bool(self._held) and (now - self._since > patience.file or now - self._last > idle)

    def _send(self, *, close: bool) -> None:
        """Store what is closed, in order, and tell what waited for it; with `close`, what is open is closed before."""
        if close:
            self._close_file()
        while (parcel := self._next()) is not None:
            stored = (self._put(parcel),) if parcel.name else ()
            with self._lock:
                self._parcels.pop(0)
                self._waiting -= parcel.size
            self._tell_on((*stored, *parcel.events))

    def _close_file(self) -> None:
        with self._lock:
            self._closed_with, self._held = self._held, []
        if self._writer is not None:
            self._writer.close()
        with self._lock:
            if self._closed_with:  # no file was open
                self._parcels.append(_Parcel("", (), 0, self._closed_with))
                self._closed_with = []

    def _next(self) -> _Parcel | None:
        with self._lock:
            return self._parcels[0] if self._parcels else None

    def _put(self, parcel: _Parcel) -> FileStored:
        path = self._directory / parcel.name
        stored = self._stored(path)
        note_stored(self._directory, stored)  # before it is taken away: whoever reads finds it here or there
        with suppress(OSError):  # it is stored all the same, and put once more by whoever finds it left
            path.unlink()
        return FileStored(stored, parcel.lines)

    def _stored(self, path: Path) -> Stored:
        for pause in self._patience.pauses:
            try:
                return self._store.put(path)
            except NotStoredError:
                raise
            except ArchiveError:
                time.sleep(pause)
        return self._store.put(path)

    def _refused(self, error: ArchiveError) -> ArchiveError:
        """What happened, where the files are, and what is to be done."""
        with suppress(ArchiveError):
            files = warc_files(self._directory)
            return ArchiveError(
                f"{error}. {len(files)} WARC file{'s' if len(files) != 1 else ''} not stored yet "
                f"{'are' if len(files) != 1 else 'is'} kept on {socket.gethostname()} in {self._directory}: the next "
                "run with a Dask worker of the same --local-directory stores them"
            )
        return error


def notes_for(directory: Path, storage: Storage, orders: Sequence[Order]) -> tuple[Stored, ...]:
    """Where the files lie that orders refer to, of those that are in the storage.

    Raises:
        ArchiveError: a note can't be read.
    """
    names: set[str] = set()
    for order in orders:
        for value in (order.last, order.probe, order.capture, *order.precedents.values()):
            _files_in(value, names)
    found = (find_stored(directory, name) for name in sorted(names))
    return tuple(one[1] for one in found if one is not None and one[0] == storage)


def _files_in(value: object, names: set[str]) -> None:
    """Add the files of every record that a value refers to."""
    if isinstance(value, RecordRef):
        names.add(value.file)
    elif isinstance(value, tuple):
        for item in value:
            _files_in(item, names)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            with suppress(AttributeError):
                _files_in(getattr(value, one.name), names)
