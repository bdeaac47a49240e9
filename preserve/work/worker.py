"""A worker: takes batches of one host's sources, fetches, archives and judges, and tells what came of each.

The same code in the coordinator's process, in processes of one machine and on many machines. It asks only the host
whose turn its batch has; a visit that leads elsewhere is handed back. What it tells is on disk before it is told.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace

from preserve.fetch import Fetcher
from preserve.judges import Judges
from preserve.model import ArchivedCapture, Capture, FailureKind, RecordRef
from preserve.precedent import follow, todays_terms
from preserve.settings import Settings
from preserve.tasks import Judged, JudgeTask
from preserve.warc import ArchiveWriter, read_beginning
from preserve.work.refusals import refused
from preserve.work.repeats import Basis, Payloads, Repeats
from preserve.work.values import Back, Batch, Broken, Concluded, Event, Fetched, Kind, Order

Tell = Callable[[Sequence[Event]], None]
LINGER_SECONDS = 0.05
"""So long what came of a page may wait to be synced and told together with what comes of others."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker works with.

    Attributes:
        settings: all of them.
        software: name and version, as the run is recorded with.
        fetcher: asks sources.
        writer: its WARC file.
        judges: its judging processes; closed by the worker.
        payloads: what lies in the archive already.
        stop: once set, nothing new is begun.
        threads: batches it works on at the same time.
    """

    settings: Settings
    software: str
    fetcher: Fetcher
    writer: ArchiveWriter
    judges: Judges
    payloads: Payloads
    stop: threading.Event
    threads: int


class Worker:
    """Works with threads of its own from `start` to `close`.

    Args:
        bench: what it works with.
        tell: takes events, from one thread at a time and in order.
    """

    def __init__(self, bench: Bench, tell: Tell) -> None:
        self._bench, self._tell = bench, tell
        self._repeats = Repeats(bench.payloads, bench.settings)
        self._terms = todays_terms(bench.settings, bench.software)
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[tuple[Event, int] | None] = queue.SimpleQueue()  # with how many orders it ends
        self._taken = self._ended = 0  # orders
        self._hands = [threading.Thread(target=self._serve, name=f"fetch-{n}") for n in range(bench.threads)]
        self._mouth = threading.Thread(target=self._speak, name="tell")

    def start(self) -> None:
        """Begin to work."""
        for thread in (*self._hands, self._mouth):
            thread.start()

    def take(self, batch: Batch) -> None:
        """Queue a batch; returns at once."""
        self._taken += len(batch.orders)
        self._batches.put(batch)

    def close(self) -> None:
        """Finish what was taken, tell it, and end the threads, the connections and the judging processes."""
        for _ in self._hands:
            self._batches.put(None)
        for thread in self._hands:
            thread.join()
        self._bench.fetcher.close()
        self._bench.judges.close()
        self._told.put(None)
        self._mouth.join()

    # ------------------------------------------------------------ fetching threads

    def _serve(self) -> None:
        while (batch := self._batches.get()) is not None:
            try:
                undone = self._work(batch)
            except Exception as error:  # noqa: BLE001 - told to the coordinator, which ends the run
                self._told.put((Broken(error), 0))
                continue
            ready_in = self._bench.fetcher.ready_in(batch.host) if batch.host else 0.0
            self._told.put((Back(batch.host, undone, ready_in), len(undone)))

    def _work(self, batch: Batch) -> tuple[int, ...]:
        """Do a batch's orders; the numbers of those that were left because the host, or the run, is to be let be."""
        for position, order in enumerate(batch.orders):
            if order.capture is not None:
                self._judge(order, order.capture)
                continue
            fetched, seen = self._visit(order, batch.host)
            if fetched.capture is not None and order.kind is Kind.SOURCE:
                self._told.put((fetched, 0))
                self._judge(order, fetched.capture, seen)
            else:
                self._told.put((fetched, 1))
            final = fetched.capture.final if fetched.capture is not None else None
            if fetched.capture is None or refused(final.status if final else None):
                return tuple(left.number for left in batch.orders[position + 1 :])
        return ()

    def _visit(self, order: Order, host: str) -> tuple[Fetched, Capture]:
        basis = None
        if order.journey is not None:
            visit = self._bench.fetcher.resume(order.journey, within=host)
        elif order.kind is Kind.PROBE:
            visit = self._bench.fetcher.probe(order.source, within=host)
        else:
            basis = self._repeats.basis(order)
            visit = self._bench.fetcher.fetch(order.source, basis.validators if basis else None, within=host)
        beside = tuple(self._keep(capture, None, None) for capture in visit.also)
        failure = visit.capture.failure
        if visit.onward is not None:
            return Fetched(order.number, None, visit.onward, beside), visit.capture
        if failure is not None and failure.kind is FailureKind.INTERRUPTED:
            return Fetched(order.number, None, None, beside), visit.capture
        archived = self._keep(visit.capture, basis, order.last)
        return Fetched(order.number, archived, None, beside), visit.capture

    def _keep(self, capture: Capture, basis: Basis | None, last: ArchivedCapture | None) -> ArchivedCapture:
        archived = self._bench.writer.append_capture(capture, self._repeats.known(basis, last))
        self._repeats.remember(archived)
        return archived

    # ------------------------------------------------------------ judging

    def _judge(self, order: Order, capture: ArchivedCapture, seen: Capture | None = None) -> None:
        """Judge a capture, or follow the judgement of an earlier one; `seen` is the visit it was made of."""
        task = JudgeTask(
            archive=self._bench.settings.archive.directory,
            capture=capture,
            posts=order.posts,
            previous=order.last,
            probe=order.probe,
            template=order.template,
            settings=self._bench.settings,
        )
        if seen is not None and order.precedents:
            followed = follow(task, seen, order.precedents, self._terms, self._beginning)
            if followed is not None:
                self._told.put((Concluded(order.number, followed.judged, followed.task.template), 1))
                return
        future = self._bench.judges.submit(task)
        future.add_done_callback(lambda done: self._judged(order, capture, done))

    def _beginning(self, record: RecordRef) -> bytes:
        return read_beginning(self._bench.settings.archive.directory, record)

    def _judged(self, order: Order, capture: ArchivedCapture, done: Future[Judged]) -> None:
        try:
            judged = done.result()
            if judged.text and order.keep_text and not same_payload(capture, order.last):
                self._bench.writer.append_text(capture, judged.text, judged.extractor)
        except Exception as error:  # noqa: BLE001 - told to the coordinator, which ends the run
            self._told.put((Broken(error), 0))
        else:
            self._told.put((Concluded(order.number, replace(judged, text="")), 1))  # the text is in the archive

    # ------------------------------------------------------------ telling

    def _speak(self) -> None:
        """Tell what happened, in order, and only once its records are on disk."""
        more = True
        while more:
            events, more = self._gathered()
            try:
                self._bench.writer.sync()
            except Exception as error:  # noqa: BLE001 - as above; what was to be told is not on disk
                events = [Broken(error)]
            self._tell(events)

    def _gathered(self) -> tuple[list[Event], bool]:
        """What is told together, and whether more may come: what nobody waits for is told with what follows it."""
        events: list[Event] = []
        item = self._told.get()
        until = time.monotonic() + LINGER_SECONDS
        with suppress(queue.Empty):
            while item is not None:
                event, ended = item
                events.append(event)
                self._ended += ended
                if self._ended == self._taken or _is_waited_for(event):
                    until = 0.0
                item = self._told.get(timeout=max(until - time.monotonic(), 0.0))
        return events, item is not None


def _is_waited_for(event: Event) -> bool:
    """Whether something else can begin once the coordinator knows of it."""
    return not (isinstance(event, Concluded) or (isinstance(event, Fetched) and event.capture is not None))


def same_payload(capture: ArchivedCapture, last: ArchivedCapture | None) -> bool:
    """Whether both brought the same payload, so that its text is archived already."""
    if last is None or last.final is None or capture.final is None:
        return False
    return last.final.payload_digest == capture.final.payload_digest
