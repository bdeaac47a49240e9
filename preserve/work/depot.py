"""A worker without the archive's folder: its files go to the storage, and only then is told what refers to them.

Owns what is held back and for how long, and the thread that uploads. What is told at once says nothing of any record.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path

from preserve.errors import ArchiveError
from preserve.model import RecordRef
from preserve.settings import MIB
from preserve.warc import ArchiveWriter
from preserve.warc.storage import NotStoredError, Storage, Stored, WarcStore
from preserve.warc.stored import find_stored, note_storage, note_stored
from preserve.work.values import Answered, Back, Batch, Beside, Broken, Event, Fetched, FileStored, Order

FILE_BYTES = 16 * MIB
"""A file is closed when it has grown past this."""
FILE_SECONDS = 30.0
"""A file is closed when something has waited for it so long."""
IDLE_SECONDS = 2.0
"""Or when nothing more came for so long: the run may be waiting for just this."""
BACKLOG_BYTES = 16 * FILE_BYTES
"""With more waiting to be uploaded, batches are not given back until it is."""
PAUSES = (1.0, 4.0, 15.0)
"""Seconds before an upload that failed is tried again; then the run ends."""
_LOOK = 0.1


@dataclass(slots=True)
class _Pending:
    """What was held back, and the files that it lies in."""

    events: list[Event] = field(default_factory=list)
    files: list[tuple[str, tuple[bytes, ...]]] = field(default_factory=list)


class Depot:
    """Between a worker and whoever listens to it; hears of the writer's files, too (`FileKeeper`).

    Args:
        directory: the worker's own, on a local disk.
        store: the storage that the user's configuration names.
        tell: takes events; of any thread.
    """

    def __init__(self, directory: Path, store: WarcStore, tell: Callable[[Sequence[Event]], None]) -> None:
        self._directory, self._store, self._tell_on = directory, store, tell
        self._lock = threading.Lock()  # never held while the writer or the storage is asked
        self._pending = _Pending()
        self._since = self._last = 0.0
        self._waiting = 0  # bytes of closed files
        self._closing = False
        self._known: set[str] = set()
        self._writer: ArchiveWriter | None = None
        self._thread = threading.Thread(target=self._serve, name="upload")
        note_storage(directory, store.storage)

    def start(self, writer: ArchiveWriter) -> None:
        """Begin; `writer` makes the files."""
        self._writer = writer
        self._thread.start()

    def close(self) -> None:
        """Return when everything is stored and told, or it is told why that can't be."""
        self._closing = True
        self._thread.join()

    # ------------------------------------------------------------ what comes in

    def learn(self, batch: Batch) -> None:
        """Note where the files lie that a batch's orders refer to.

        Raises:
            ArchiveError: that can't be noted.
        """
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
        if now:
            self._tell_on(now)

    def begun(self, name: str) -> None:
        """See `FileKeeper.begun`: of no use to anybody else yet."""

    def closed(self, name: str, lines: Iterable[bytes]) -> None:
        """See `FileKeeper.closed`."""
        size = (self._directory / name).stat().st_size
        with self._lock:
            self._pending.files.append((name, tuple(lines)))
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
            if not self._pending.events:
                self._since = self._last
            self._pending.events += events

    # ------------------------------------------------------------ what goes out

    def _serve(self) -> None:
        try:
            while not self._closing:
                if self._due():
                    self._send()
                else:
                    time.sleep(_LOOK)
            self._send()
        except Exception as error:  # noqa: BLE001 - told to the coordinator, which ends the run
            self._tell_on((Broken(error),))

    def _due(self) -> bool:
        now = time.monotonic()
        with self._lock:
            if self._pending.files:
                return True
            return bool(self._pending.events) and (now - self._since > FILE_SECONDS or now - self._last > IDLE_SECONDS)

    def _send(self) -> None:
        """Close the file, store what is closed, tell what was held back before it was."""
        with self._lock:
            events, self._pending.events = self._pending.events, []
        if self._writer is not None:
            self._writer.close()  # all that those events refer to was appended before: it lies in files closed by now
        with self._lock:
            files, self._pending.files = self._pending.files, []
        stored = [self._put(name, lines) for name, lines in files]
        if stored or events:
            self._tell_on([*stored, *events])

    def _put(self, name: str, lines: tuple[bytes, ...]) -> FileStored:
        path = self._directory / name
        stored = self._stored(path)
        note_stored(self._directory, stored)  # before it is taken away: whoever reads finds it here or there
        path.unlink()
        with self._lock:
            self._waiting -= stored.size
        return FileStored(stored, lines)

    def _stored(self, path: Path) -> Stored:
        for pause in PAUSES:
            try:
                return self._store.put(path)
            except NotStoredError:
                raise
            except ArchiveError:
                time.sleep(pause)
        return self._store.put(path)


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
