"""A worker that sees no archive: its files are stored and read back before anything of them is told, or they stay.

Real files by the real writer, a real folder as storage; what fails is a folder that refuses.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from command_kit import environment
from loopback_kit import wait_until
from warc_support import SteppingClock, capture, captures_in, page

from preserve.errors import ArchiveError
from preserve.fetch import Journey
from preserve.model import ArchivedCapture
from preserve.settings import ArchiveSettings
from preserve.tasks import Judged
from preserve.verify.losses import adopt
from preserve.verify.names import RUN_FIELD
from preserve.warc import ArchiveWriter, closed_files, lookup, refresh, warc_files
from preserve.warc.folder import Folder
from preserve.warc.storage import Storage, WarcStore
from preserve.warc.stored import note_storage, stored_files
from preserve.work import depot as depot_module
from preserve.work.depot import Depot, Patience
from preserve.work.leftovers import clear, put_leftovers, room_for
from preserve.work.values import (
    Back,
    Batch,
    Beside,
    Broken,
    Concluded,
    Event,
    Fetched,
    FileStored,
    Kind,
    Notice,
    Order,
)

EVER = 3600.0
SLOW = Patience(file=EVER, idle=EVER, last=EVER, pauses=(0.0, 0.0, 0.0))
QUICK = Patience(file=EVER, idle=0.0, last=0.0, pauses=(0.0, 0.0, 0.0))
JUDGED = Judged((), "", "", "", "")
RUN = "7, begun 2026-03-01T12:00:00Z"


class Refusing(Folder):
    """A folder that refuses so many uploads, and may be slow: an upload waits for the gate."""

    def __init__(self, folder: Path, times: int = 0) -> None:
        super().__init__(folder.as_uri())
        self.times, self.tried = times, 0
        self.gate = threading.Event()
        self.gate.set()

    def upload(self, path: Path, name: str) -> None:
        self.tried += 1
        assert self.gate.wait(60)
        if self.tried <= self.times:
            raise ArchiveError("the drive is away; mount it, then run again")
        super().upload(path, name)


class Garbling(Folder):
    """A folder that gives back other bytes than it was given."""

    def read(self, name: str, offset: int, length: int) -> bytes:
        data = super().read(name, offset, length)
        return data[:-1] + bytes([data[-1] ^ 1]) if data else data


@dataclass
class Hall:
    """A worker's depot and writer, and what the run hears."""

    room: Path
    there: Path
    place: Folder
    patience: Patience = SLOW
    roll_over: int = 1 << 30
    told: list[Event] = field(default_factory=list)
    numbers: int = 0

    def __post_init__(self) -> None:
        self.store = WarcStore(Storage(self.there.as_uri()), self.place)
        self.depot = Depot(self.room, self.store, self.hear, self.patience)
        settings = ArchiveSettings(directory=str(self.room), roll_over=self.roll_over)
        self.writer = ArchiveWriter(settings, clock=SteppingClock(), info={RUN_FIELD: RUN}, keeper=self.depot)

    def hear(self, events: Sequence[Event]) -> None:
        for event in events:
            # Promise 2: a record is stored, checked and known before anything refers to it.
            for archived in referred(event):
                assert archived.first.file in {one.stored.name for one in self.told if isinstance(one, FileStored)}
                assert (self.there / archived.first.file).exists()
            self.told.append(event)

    def start(self) -> None:
        self.depot.start(self.writer)

    def close(self) -> None:
        self.depot.close()
        self.writer.close()

    def visit(self, text: str = "a page", beside: str = "") -> ArchivedCapture:
        """Archive a page, and tell it as a worker does."""
        also = (self.writer.append_capture(capture(page(beside))),) if beside else ()
        archived = self.writer.append_capture(capture(page(text)))
        self.writer.sync()
        self.numbers += 1
        self.depot.tell((Fetched(self.numbers, archived, None, also),))
        return archived

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.told]

    def heard(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.told if isinstance(event, kind)]


def referred(event: Event) -> tuple[ArchivedCapture, ...]:
    match event:
        case Fetched():
            return (*event.beside, *((event.capture,) if event.capture else ()))
        case Beside():
            return event.captures
        case _:
            return ()


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "drive"
    folder.mkdir()
    return folder


@pytest.fixture
def room(tmp_path: Path) -> Path:
    return room_for(tmp_path / "scratch" / "worker", "1")


@pytest.fixture
def hall(room: Path, there: Path) -> Iterator[Hall]:
    made = Hall(room, there, Refusing(there))
    yield made
    made.writer.close()


def batch(*, is_last: bool = False) -> Batch:
    return Batch("news.example", (Order(1, Kind.SOURCE, "http://news.example/"),), is_last=is_last)


def broken(hall: Hall) -> Exception:
    (event,) = hall.heard(Broken)
    assert isinstance(event, Broken)
    return event.error


# What is told, and when


def test_a_result_is_told_once_its_file_is_stored_and_in_the_order_it_came(hall: Hall) -> None:
    hall.start()
    hall.visit()
    hall.depot.tell((Concluded(1, JUDGED), Back("news.example")))
    assert hall.kinds() == ["Answered", "Back"]
    assert list(hall.there.iterdir()) == []
    hall.close()
    assert hall.kinds()[2:] == ["FileStored", "Fetched", "Concluded"]
    assert warc_files(hall.room) == ()
    assert list(stored_files(hall.room)) == [path.name for path in hall.there.iterdir()]


def test_a_visit_that_goes_on_elsewhere_is_handed_back_at_once_and_its_robots_txt_follows(hall: Hall) -> None:
    robots = hall.writer.append_capture(capture(page("User-agent: *")))
    journey = object.__new__(Journey)  # handed on unread
    hall.depot.tell((Fetched(1, None, journey, (robots,)),))
    assert hall.told == [Fetched(1, None, journey)]
    hall.start()
    hall.close()
    assert hall.kinds()[1:] == ["FileStored", "Beside"]
    assert hall.told[-1] == Beside((robots,))


def test_the_robots_txt_beside_a_page_is_told_with_it(hall: Hall) -> None:
    hall.start()
    hall.visit(beside="User-agent: *")
    hall.close()
    (fetched,) = hall.heard(Fetched)
    assert len(referred(fetched)) == 2


def test_a_file_that_is_full_is_stored_at_once_and_the_next_stays_open(room: Path, there: Path) -> None:
    hall = Hall(room, there, Refusing(there), roll_over=100_000)
    hall.start()
    hall.visit(os.urandom(100_000).hex())
    hall.visit("the next")  # rolls over: what was told before lies in the file that is closed by this
    wait_until(lambda: hall.heard(Fetched), "the first page to be told")
    assert [event.number for event in hall.heard(Fetched) if isinstance(event, Fetched)] == [1]
    assert [path.name.endswith(".open") for path in warc_files(room)] == [True]
    hall.close()
    assert len(hall.heard(FileStored)) == len(hall.heard(Fetched)) == 2


def test_what_lies_in_no_file_is_told_too(hall: Hall) -> None:
    hall.start()
    hall.depot.tell((Concluded(1, JUDGED),))
    hall.close()
    assert hall.kinds() == ["Concluded"]


@pytest.mark.parametrize(
    "patience", [Patience(file=EVER, idle=0.0, last=EVER), Patience(file=0.0, idle=EVER, last=EVER)]
)
def test_a_file_is_closed_when_something_waited_for_it_long_enough(room: Path, there: Path, patience: Patience) -> None:
    hall = Hall(room, there, Refusing(there), patience)
    hall.start()
    hall.visit()
    wait_until(lambda: hall.heard(Fetched), "the page to be told")
    hall.close()


def test_when_the_run_has_nothing_more_to_hand_out_it_waits_less(room: Path, there: Path) -> None:
    hall = Hall(room, there, Refusing(there), Patience(file=EVER, idle=EVER, last=0.0))
    hall.start()
    hall.depot.learn(batch())
    hall.depot.learn(batch(is_last=True))
    hall.visit()
    hall.depot.tell((Back("news.example"),))
    assert not hall.depot._due()  # another batch is in hand
    hall.depot.tell((Back("news.example"),))
    wait_until(lambda: hall.heard(Fetched), "the page to be told")
    hall.close()


def uploading(room: Path, there: Path) -> tuple[Refusing, Hall]:
    """A worker whose first page is on its way to a storage that takes it when its gate is opened."""
    place = Refusing(there)
    place.gate.clear()
    hall = Hall(room, there, place, QUICK)
    hall.start()
    hall.visit()
    wait_until(lambda: place.tried, "an upload")
    return place, hall


def test_while_uploads_are_slower_than_fetching_batches_are_not_given_back(
    room: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depot_module, "BACKLOG_BYTES", 1)
    place, hall = uploading(room, there)
    hall.depot.tell((Back("one.example"),))
    hall.visit()
    assert hall.heard(Back) == []
    place.gate.set()
    wait_until(lambda: hall.heard(Back), "the batch to be given back")
    wait_until(lambda: len(hall.heard(Fetched)) == 2, "both pages")
    hall.depot.tell((Back("two.example"),))
    assert len(hall.heard(Back)) == 2
    hall.close()


def test_closing_waits_for_the_upload_that_is_under_way_and_for_what_came_meanwhile(room: Path, there: Path) -> None:
    place, hall = uploading(room, there)
    hall.visit()
    closing = threading.Thread(target=hall.close)
    closing.start()
    assert hall.heard(FileStored) == []
    place.gate.set()
    closing.join(60)
    assert [event.number for event in hall.heard(Fetched) if isinstance(event, Fetched)] == [1, 2]
    assert warc_files(room) == ()


# A storage that fails


def test_an_upload_that_fails_is_tried_again(room: Path, there: Path) -> None:
    place = Refusing(there, times=3)
    hall = Hall(room, there, place)
    hall.start()
    hall.visit()
    hall.close()
    assert place.tried == 4
    assert hall.heard(Broken) == []
    assert len(hall.heard(Fetched)) == 1


def test_when_it_fails_too_often_the_run_is_told_where_the_files_are_and_loses_none(room: Path, there: Path) -> None:
    hall = Hall(room, there, Refusing(there, times=4))
    hall.start()
    archived = hall.visit()
    hall.close()
    assert hall.heard(Fetched) == hall.heard(FileStored) == []
    said = str(broken(hall))
    for part in ("the drive is away; mount it", "1 WARC file not stored yet is kept on", str(room), "next run"):
        assert part in said
    assert str(pickle.loads(pickle.dumps(broken(hall)))) == said
    assert captures_in(room) == [archived]
    assert not clear(room)  # as the relay does when the process has ended

    other = Hall(room_for(room.parent / "worker", "2"), there, Refusing(there))
    other.start()
    other.close()
    (path,) = there.iterdir()
    assert path.name == archived.first.file
    assert [f"{path.name}: left by a worker" in event.text for event in other.told if isinstance(event, Notice)] == [
        True
    ]
    assert not room.exists()


def test_what_is_read_back_as_something_else_does_not_count_and_stays_here(room: Path, there: Path) -> None:
    hall = Hall(room, there, Garbling(there.as_uri()))
    hall.start()
    archived = hall.visit()
    hall.close()
    assert hall.heard(Fetched) == []
    assert isinstance(broken(hall), ArchiveError)
    assert "kept on" in str(broken(hall))
    assert captures_in(room) == [archived]
    assert stored_files(room) == {}


def test_a_name_that_somebody_took_is_not_tried_again(room: Path, there: Path) -> None:
    place = Refusing(there)
    hall = Hall(room, there, place)
    archived = hall.visit()
    (there / archived.first.file).write_bytes(b"theirs")
    hall.start()
    hall.close()
    assert "another file has this name there" in str(broken(hall))
    assert place.tried == 0
    assert captures_in(room) == [archived]


def test_a_file_that_could_not_be_closed_is_not_told_of(hall: Hall) -> None:
    archived = hall.visit()
    (hall.room / archived.first.file).write_bytes(b"in its way")
    hall.start()
    hall.depot.close()
    assert hall.heard(Fetched) == []
    assert "could not be closed" in str(broken(hall))
    assert (hall.room / f"{archived.first.file}.open").exists()


# A worker that dies


def put(store: WarcStore, hall: Hall) -> tuple[str, ArchivedCapture]:
    """What a worker has stored that dies before it tells."""
    archived = hall.visit()
    hall.writer.close()
    (path,) = closed_files(hall.room)
    store.put(path)
    return path.name, archived


def test_a_file_that_was_stored_and_not_told_of_is_found_by_the_run(hall: Hall, tmp_path: Path) -> None:
    name, archived = put(hall.store, hall)
    archive = tmp_path / "warcs"
    archive.mkdir()
    note_storage(archive, hall.store.storage)
    assert adopt(archive, hall.store, {"1, of another archive"}) == ((), "")
    assert stored_files(archive) == {}
    assert adopt(archive, hall.store, {RUN}) == ((name,), "")
    assert stored_files(archive)[name] == hall.store.put(hall.room / name)
    assert refresh(archive) == (name,)
    assert [entry.file for entry in lookup(archive, archived.url)] == [name] * len(archived.exchanges)
    assert adopt(archive, hall.store, {RUN}) == ((), "")


def test_a_storage_that_can_not_be_listed_is_told(hall: Hall, tmp_path: Path) -> None:
    there = hall.there.rename(hall.there.with_name("away"))
    found, problem = adopt(tmp_path, hall.store, {RUN})
    there.rename(hall.there)
    assert (found, "mount or make it" in problem) == ((), True)


def test_a_file_that_is_stored_and_left_is_put_away_by_the_next_worker(hall: Hall) -> None:
    name, _ = put(hall.store, hall)
    hall.depot._mine.release()
    (line,) = put_leftovers(room_for(hall.room.parent / "worker", "2"), hall.store)
    assert name in line
    assert not hall.room.exists()


def test_what_a_dead_worker_left_of_files_that_are_stored_is_cleared_away(hall: Hall) -> None:
    name, _ = put(hall.store, hall)
    (hall.room / name).unlink()
    other = room_for(hall.room.parent / "worker", "2")
    assert put_leftovers(other, hall.store) == ()  # its worker is alive
    assert hall.room.exists()
    hall.depot._mine.release()
    assert put_leftovers(other, hall.store) == ()
    assert not hall.room.exists()


KILLED = """
import sys, threading
from pathlib import Path
from test_depot import SLOW, Hall, Refusing
hall = Hall(Path(sys.argv[1]), Path(sys.argv[2]), Refusing(Path(sys.argv[2])))
hall.visit()
print("ready", flush=True)
threading.Event().wait()
"""


def test_a_worker_that_is_killed_with_its_file_open_leaves_it_for_the_next(room: Path, there: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(room), str(there)],
        stdout=subprocess.PIPE,
        env={**environment(), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        store = WarcStore(Storage(there.as_uri()), Folder(there.as_uri()))
        beside = room_for(room.parent / "worker", "2")
        assert put_leftovers(beside, store) == ()  # it is at work
        process.send_signal(signal.SIGKILL)
    assert not clear(room)
    assert len(put_leftovers(beside, store)) == 2  # mended, and stored
    assert len(captures_in(there)) == 1
    assert not room.exists()


def test_what_was_meant_for_another_storage_stays(hall: Hall, tmp_path: Path) -> None:
    hall.visit()
    hall.writer.close()
    hall.depot._mine.release()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    store = WarcStore(Storage(elsewhere.as_uri()), Folder(elsewhere.as_uri()))
    assert put_leftovers(room_for(hall.room.parent / "worker", "2"), store) == ()
    assert len(closed_files(hall.room)) == 1


def test_leftovers_that_can_not_be_stored_end_no_run(hall: Hall, there: Path) -> None:
    hall.visit()
    hall.writer.close()
    hall.depot._mine.release()
    other = Hall(room_for(hall.room.parent / "worker", "2"), there, Refusing(there, times=1))
    other.start()
    other.visit()
    other.close()
    assert [event.text.partition(": ")[2][:40] for event in other.told if isinstance(event, Notice)] == [
        "what an earlier worker left can't be sto"
    ]
    assert len(other.heard(Fetched)) == 1
    assert len(closed_files(hall.room)) == 1


def test_nothing_is_kept_of_a_worker_that_stored_all(hall: Hall) -> None:
    hall.start()
    hall.visit()
    hall.close()
    assert clear(hall.room)
    assert not hall.room.exists()


def test_two_workers_never_share_a_directory(hall: Hall) -> None:
    with pytest.raises(ArchiveError, match="another run is writing"):
        Depot(hall.room, hall.store, hall.hear)


def test_only_the_storage_that_the_user_named_is_noted(hall: Hall) -> None:
    _, _ = put(hall.store, hall)
    (path,) = closed_files(hall.room)
    stored = hall.store.put(path)
    foreign = type(stored)("other.warc.gz", 1, "sha256:0", "s3://elsewhere")
    hall.depot.learn(Batch("", batch().orders, (stored, foreign)))
    assert list(stored_files(hall.room)) == [stored.name]
