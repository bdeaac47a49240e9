"""What a worker tells goes together where nobody waits for it, and at once where somebody does."""

from __future__ import annotations

import gzip
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest
from ledger_samples import Sample, capture_of
from run_kit import environment
from warc_support import writer_for

from preserve.fetch import HttpFetcher, system_tools
from preserve.judges import Judges
from preserve.settings import ArchiveSettings, Settings
from preserve.tasks import Judged, JudgeTask
from preserve.work import worker as worker_module
from preserve.work.values import Back, Batch, Concluded, Event, Kind, Order
from preserve.work.worker import Bench, Worker


class HandJudges:
    """Judges when told to."""

    def __init__(self) -> None:
        self.asked: queue.SimpleQueue[Future[Judged]] = queue.SimpleQueue()

    def submit(self, _task: JudgeTask) -> Future[Judged]:
        future: Future[Judged] = Future()
        self.asked.put(future)
        return future

    def close(self) -> None:
        pass


@pytest.fixture
def judges() -> HandJudges:
    return HandJudges()


@pytest.fixture
def told() -> queue.SimpleQueue[Sequence[Event]]:
    return queue.SimpleQueue()


@pytest.fixture
def worker(
    tmp_path: Path, judges: HandJudges, told: queue.SimpleQueue[Sequence[Event]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Worker]:
    """A worker that would rather wait for an hour than tell something by itself."""
    monkeypatch.setattr(worker_module, "LINGER_SECONDS", 3600.0)
    settings, stop = Settings(archive=ArchiveSettings(directory=str(tmp_path))), threading.Event()
    with writer_for(tmp_path) as writer:
        made = Worker(
            Bench(
                settings=settings,
                software="preserve/test",
                fetcher=HttpFetcher(settings.fetch, system_tools(settings.fetch, stop, environment())),
                writer=writer,
                judges=cast("Judges", judges),
                payloads=lambda _digest, _url: None,
                stop=stop,
                threads=1,
            ),
            told.put,
        )
        made.start()
        yield made
        made.close()


def batch(*numbers: int) -> Batch:
    return Batch("", tuple(Order(number, Kind.JUDGE, "", capture=capture_of(Sample(source="s"))) for number in numbers))


def test_results_are_told_together_and_as_soon_as_nothing_else_is_in_hand(
    worker: Worker, judges: HandJudges, told: queue.SimpleQueue[Sequence[Event]]
) -> None:
    worker.take(batch(1, 2, 3))
    assert told.get() == [Back("")]
    for _ in range(3):
        judges.asked.get().set_result(Judged(()))
    assert told.get() == [Concluded(number, Judged(())) for number in (1, 2, 3)]


def test_what_somebody_waits_for_is_told_at_once_and_takes_along_what_waited(
    worker: Worker, judges: HandJudges, told: queue.SimpleQueue[Sequence[Event]]
) -> None:
    worker.take(batch(1, 2))
    assert told.get() == [Back("")]
    judges.asked.get().set_result(Judged(()))
    worker.take(batch(3))
    assert told.get() == [Concluded(1, Judged(())), Back("")]
    for _ in range(2):
        judges.asked.get().set_result(Judged(()))
    assert len(told.get()) == 2


def test_the_text_of_a_page_stays_where_it_is_archived(
    worker: Worker, judges: HandJudges, told: queue.SimpleQueue[Sequence[Event]], tmp_path: Path
) -> None:
    worker.take(batch(1))
    told.get()
    judges.asked.get().set_result(Judged((), text="The text.", text_digest="sha256:00", extractor="by hand"))
    ((event,)) = cast("list[Any]", told.get())
    assert event.judged == Judged((), text_digest="sha256:00", extractor="by hand")
    worker.close()
    assert any(b"The text." in _unzipped(path) for path in tmp_path.glob("*.warc.gz*"))


def _unzipped(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())
