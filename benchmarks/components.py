"""What each part of a check costs by itself: processor time a page, one part after the other, all processors at work.

Owns the bound that the whole is held against: processors ÷ the sum of the parts' own cost, and the same for the
fewest parts that any design on these libraries would need. Processors at work may take caches and memory from each
other; so the parts are measured in as many processes as there are processors, side by side, and once more in one alone,
to tell how much that makes. Nothing here waits: time spent asleep is not counted.
"""

from __future__ import annotations

import multiprocessing
import pickle
import statistics
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import requests
import trafilatura
from corpus import Collection
from measuring import cores, served

from preserve.compare import compare
from preserve.extract import extract_page
from preserve.extract.main_text import main_blocks
from preserve.fetch import HttpFetcher, system_tools
from preserve.judging import decoded_body, judge_capture
from preserve.ledger import Background, Ledger, RunPlan
from preserve.markup import blocks_of, parse_html
from preserve.model import ArchivedCapture, Capture, Check
from preserve.posts import parse_post
from preserve.posts.body import stored_copy
from preserve.precedent import follow, todays_terms
from preserve.settings import FetchSettings, Settings
from preserve.tasks import Judged, JudgeTask, PostBytes
from preserve.times import SystemClock
from preserve.verify.names import LEDGER
from preserve.verify.plan import Known, make_plan
from preserve.verify.readings import PostReader
from preserve.verify.run import settings_text
from preserve.warc import ArchiveWriter, read_beginning, read_capture
from preserve.work.repeats import Repeats
from preserve.work.values import Kind, Order

BATCH = 64  # checks a transaction, as a run commits them
SOURCES = 8  # a batch, of a host that needs no pause
MILLI = 1000.0
Value = TypeVar("Value")

# Name of each part -> what it is, and which process of a run does it.
PARTS = {
    "plan": ("front matter read, posts grouped by source", "main"),
    "fetch": ("the exchange over a kept connection, as bytes on the wire, parsed (`HttpFetcher`)", "worker"),
    "archive": ("request, response and summary records: digests, gzip, write", "worker"),
    "text": ("the extracted text as a record", "worker"),
    "witness": ("the post's bytes as a record", "main"),
    "hand over": ("capture, post and judgement pickled, sent, unpickled", "main"),
    "ledger and log": (f"rows and Merkle leaves, {BATCH} checks a transaction", "main"),
    "index": ("the CDXJ lines sorted and packed, the WARC file closed", "main"),
    "read back": ("the capture read from the WARC file, unzipped, digests checked", "judge"),
    "extract": ("decode, parse, main and visible text, what the page says of itself", "judge"),
    "stored copy": ("the post parsed, its article cut into blocks", "judge"),
    "compare": ("stored copy and page aligned, differences told", "judge"),
    "judge": ("rules, markers, admission, text digest: the rest of `judge_capture`", "judge"),
}
# The same of a second pass over pages that are as they were.
AGAIN = {
    "look up": ("the source's last capture and the post's last check, from the ledger", "main"),
    "reread": ("the earlier page read from its WARC file, digests checked, for its validators", "worker"),
    "ask": ("the exchange over a kept connection, answered 304", "worker"),
    "revisit": ("a revisit record: digests, gzip, write", "worker"),
    "follow": ("whether the earlier judgement holds", "worker"),
    "hand over": ("order and conclusion pickled, sent, unpickled", "main"),
    "ledger and log": (f"rows and Merkle leaves, {BATCH} checks a transaction", "main"),
}
WITHIN = {
    "parse": "`parse_html`",
    "visible text": "`blocks_of`",
    "trafilatura": "`bare_extraction` and its blocks",
}
REFERENCES = {
    "requests": "`requests.Session.get` over its kept connections, nothing else",
    "trafilatura.extract": "its default text, from the bytes",
    "gzip zlib-ng 5": "response block, as preserve packs it",
    "gzip zlib 6": "response block, as preserve packs its index",
    "gzip zlib 9": "response block, as warcio packs it by default",
    "gzip isal 2": "response block, `isal.isal_zlib`",
    "unzip zlib": "the packed response, unpacked",
    "unzip isal": "the packed response, unpacked",
}


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds of processor time a page.

    Attributes:
        parts, again, within, references: by the names above; what could not be measured is left out.
        packed: size of the packed responses by way of packing, as a share of zlib level 6.
        pages: over how many.
        alone: the sum of `parts` where one process alone is at work.
    """

    parts: dict[str, float]
    again: dict[str, float]
    within: dict[str, float]
    references: dict[str, float]
    packed: dict[str, float]
    pages: int
    alone: float = 0.0

    def side(self, process: str) -> float:
        """What the parts of one process ("main", "worker" or "judge") cost together."""
        return sum(cost for name, cost in self.parts.items() if PARTS[name][1] == process)

    @property
    def bound(self) -> float:
        """Pages a second if every processor did nothing but our parts."""
        return MILLI * cores() / sum(self.parts.values())

    @property
    def bound_again(self) -> float:
        """Pages a second if every processor did nothing but our parts of a second pass."""
        return MILLI * cores() / sum(self.again.values())

    @property
    def library_bound(self) -> float:
        """Pages a second if every processor did nothing but requests, trafilatura's text and the quickest gzip."""
        quickest = min(cost for name, cost in self.references.items() if name.startswith("gzip"))
        needed = self.references["requests"] + self.references["trafilatura.extract"] + quickest
        return MILLI * cores() / needed


class _Meter:
    """Adds up processor time by name."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent[name] += time.process_time() - began

    def of(self, name: str, work: Callable[[], Value]) -> Value:
        with self.part(name):
            return work()


def measure_side_by_side(collection: Collection, folder: Path, *, rounds: int) -> Costs:
    """As `measure_components`, in one process for each processor at the same time: the mean of what they found.

    Args:
        collection: the pages; each process goes through all of them.
        folder: for archives; must not exist.
        rounds: how often.
    """
    context = multiprocessing.get_context("spawn")
    with served(collection.folder), ProcessPoolExecutor(cores(), mp_context=context) as pool:
        alone = pool.submit(measure_components, collection, folder / "alone", rounds=1).result()
        started = [
            pool.submit(measure_components, collection, folder / f"beside-{number}", rounds=rounds)
            for number in range(cores())
        ]
        found = [each.result() for each in started]
    return Costs(
        parts=_mean([each.parts for each in found]),
        again=_mean([each.again for each in found]),
        within=_mean([each.within for each in found]),
        references=_mean([each.references for each in found]),
        packed=found[0].packed,
        pages=found[0].pages,
        alone=sum(alone.parts.values()),
    )


def _mean(found: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.fmean(each[name] for each in found) for name in found[0]}


def measure_components(collection: Collection, folder: Path, *, rounds: int) -> Costs:
    """Run every part over the collection's pages `rounds` times; the median of each is taken. The site must be up.

    Args:
        collection: the pages.
        folder: for archives; must not exist.
        rounds: how often.
    """
    settings = Settings(
        fetch=FetchSettings(
            contact="https://preserve.example/about-this-robot",
            delay=0.0,
            allow_private=("127.0.0.0/8",),
            ignore_robots=True,
        )
    )
    found: list[dict[str, float]] = []
    packed: dict[str, float] = {}
    for number in range(rounds + 1):  # the first only warms up
        archive = replace(settings.archive, directory=str(folder / f"{number}"))
        round_ = _Round(collection, replace(settings, archive=archive))
        packed = round_.run()
        if number:
            found.append(dict(round_.meter.spent))
    pages = len(collection.urls)
    cost = {name: MILLI * statistics.median(one[name] for one in found) / pages for name in found[0]}
    inner = ("read back", "extract", "stored copy", "compare")
    cost["judge"] = max(0.0, cost.pop("judge_capture") - sum(cost[name] for name in inner))
    return Costs(
        parts={name: cost[name] for name in PARTS},
        again={name: cost[f"again {name}"] for name in AGAIN},
        within={name: cost[name] for name in WITHIN},
        references={name: cost[name] for name in REFERENCES if name in cost},
        packed=packed,
        pages=pages,
    )


class _Round:
    """Every part once over every page."""

    def __init__(self, collection: Collection, settings: Settings) -> None:
        self.meter = _Meter()
        self._collection, self._settings = collection, settings
        self._terms = todays_terms(settings, "benchmark")
        posts = str(collection.folder / "posts")
        now = SystemClock().now()
        with self.meter.part("plan"), PostReader(settings) as reader:
            plan = make_plan((posts,), settings, Known(), now, reader)
        self._posts = {task.url: task.posts[0].path for task in plan.tasks}

    def run(self) -> dict[str, float]:
        """Measure; returns the sizes of what was packed, as `Costs.packed`."""
        captures = self._fetch()
        packed = self._pack([capture.exchanges[-1].response for capture in captures])
        archive = self._settings.archive
        writer = ArchiveWriter(archive, clock=SystemClock(), info={})
        kept = self.meter.of("archive", lambda: [writer.append_capture(capture) for capture in captures])
        self.meter.of("archive", writer.sync)
        tasks = [self._task(capture) for capture in kept]
        judged = self._judge(tasks)
        checks = self._witness(writer, tasks, judged)
        self.meter.of("index", writer.close)
        self._ledger(checks, "ledger and log")
        self._again(checks)
        return packed

    def _fetch(self) -> list[Capture]:
        fetch = self._settings.fetch
        fetcher = HttpFetcher(fetch, system_tools(fetch, threading.Event(), {}))
        with self.meter.part("fetch"):
            captures = [fetcher.fetch(url).capture for url in self._collection.urls]
            fetcher.close()
        with requests.Session() as session, self.meter.part("requests"):
            session.trust_env = False
            for url in self._collection.urls:
                session.get(url, timeout=10).raise_for_status()
        return captures

    def _task(self, capture: ArchivedCapture) -> JudgeTask:
        path = self._posts[capture.url]
        post = PostBytes(path, Path(path).read_bytes())
        return JudgeTask(
            archive=self._settings.archive.directory,
            capture=capture,
            posts=(post,),
            previous=None,
            probe=None,
            template=frozenset(),
            settings=self._settings,
        )

    def _judge(self, tasks: list[JudgeTask]) -> list[Judged]:
        meter, judged = self.meter, []
        for task in tasks:
            answer = meter.of("judge_capture", lambda task=task: judge_capture(task))  # type: ignore[misc]
            with meter.part("hand over"):
                pickle.loads(pickle.dumps(task))  # noqa: S301 - our own
                pickle.loads(pickle.dumps(answer))  # noqa: S301
            judged.append(answer)
            self._take_apart(task)
        return judged

    def _take_apart(self, task: JudgeTask) -> None:
        """The same again, step by step."""
        meter, (post,) = self.meter, task.posts
        with meter.part("read back"):
            final = read_capture(Path(task.archive), task.capture).final
        if final is None:
            return
        kind = final.header("content-type")
        with meter.part("extract"):
            body = decoded_body(final, self._settings).body
            extraction = extract_page(body, content_type=kind, url=final.url)
        with meter.part("stored copy"):
            stored = stored_copy(
                parse_post(post.path, post.data, self._settings.posts), post.data, self._settings.posts
            )
        with meter.part("compare"):
            compare(stored, extraction)
        text = body.decode("utf-8", "replace")
        root = meter.of("parse", lambda: parse_html(text))
        visible = meter.of("visible text", lambda: blocks_of(root))
        with meter.part("trafilatura"):
            main_blocks(root, visible=visible)
        with meter.part("trafilatura.extract"):
            trafilatura.extract(body)

    def _witness(self, writer: ArchiveWriter, tasks: list[JudgeTask], judged: list[Judged]) -> list[Check]:
        checks, now = [], SystemClock().now()
        for task, answer in zip(tasks, judged, strict=True):
            (post,), (one,), final = task.posts, answer.posts, task.capture.final
            with self.meter.part("witness"):
                record = writer.append_stored_copy(post.path, post.data, task.capture.source, now)
            with self.meter.part("text"):
                if answer.text:
                    writer.append_text(task.capture, answer.text, answer.extractor)
            check = Check(
                post=post.path,
                source=task.capture.source,
                checked_at=now,
                judgement=one.judgement,
                final_url=final.url if final else None,
                http_status=final.status if final else None,
                captured_at=task.capture.captured_at,
                capture=task.capture,
                stored_record=record,
                post_digest=one.digest,
                text_digest=answer.text_digest,
                extractor=answer.extractor,
                rules=answer.rules,
                measures=one.measures,
            )
            checks.append(check)
        return checks

    def _ledger(self, checks: list[Check], name: str) -> None:
        with Ledger.create_or_open(Path(self._settings.archive.directory) / LEDGER) as ledger:
            run = ledger.begin_run(RunPlan(("posts",), settings_text(self._settings), "benchmark", SystemClock().now()))
            with self.meter.part(name):
                for start in range(0, len(checks), BATCH):
                    ledger.append(run, checks[start : start + BATCH])

    def _again(self, checks: list[Check]) -> None:
        """A second pass over the same pages, as a worker and its coordinator make it."""
        fetch, archive = self._settings.fetch, self._settings.archive
        again = []
        tools = system_tools(fetch, threading.Event(), {})
        with (
            closing(HttpFetcher(fetch, tools)) as fetcher,
            Ledger.open_readonly(Path(archive.directory) / LEDGER) as ledger,
            ArchiveWriter(archive, clock=SystemClock(), info={}) as writer,
        ):
            repeats = Repeats(ledger.response_with_payload, self._settings)
            for start in range(0, len(checks), SOURCES):
                batch = checks[start : start + SOURCES]
                with self.meter.part("again look up"):
                    known = ledger.precedents.backgrounds([(str(check.source), (check.post,)) for check in batch])
                for check, background in zip(batch, known, strict=True):
                    again.append(self._check_again(check, background, (repeats, fetcher, writer)))
        self._ledger(again, "again ledger and log")

    def _check_again(self, check: Check, known: Background, tools: tuple[Repeats, HttpFetcher, ArchiveWriter]) -> Check:
        meter, (repeats, fetcher, writer) = self.meter, tools
        source, last, precedents = str(check.source), known.last, known.precedents
        post = PostBytes(check.post, Path(check.post).read_bytes())
        order = Order(
            1, Kind.SOURCE, source, (post,), last=last, not_modified=known.not_modified, precedents=precedents
        )
        basis = meter.of("again reread", lambda: repeats.basis(order))
        with meter.part("again ask"):
            capture = fetcher.fetch(source, basis.validators if basis else None).capture
        with meter.part("again revisit"):
            kept = writer.append_capture(capture, repeats.known(basis, last))
        with meter.part("again follow"):
            task = replace(self._task(kept), previous=last)
            terms = self._terms
            followed = follow(task, capture, precedents, terms, lambda record: read_beginning(task.archive, record))
        with meter.part("again hand over"):
            pickle.loads(pickle.dumps(order))  # noqa: S301 - our own
            pickle.loads(pickle.dumps((kept, followed and followed.judged)))  # noqa: S301
        return replace(check, capture=kept, captured_at=kept.captured_at, previous=last)

    def _pack(self, blocks: list[bytes]) -> dict[str, float]:
        meter, sizes = self.meter, dict[str, int]()
        members: list[bytes] = []
        for level in (6, 9):
            name = f"gzip zlib {level}"
            with meter.part(name):
                made = [zlib.compress(block, level, 31) for block in blocks]
            sizes[name] = sum(map(len, made))
            members = members or made
        with meter.part("unzip zlib"):
            for member in members:
                zlib.decompress(member, 31)
        self._pack_isal(blocks, members, sizes)
        self._pack_ng(blocks, sizes)
        return {name: size / sizes["gzip zlib 6"] for name, size in sizes.items()}

    def _pack_ng(self, blocks: list[bytes], sizes: dict[str, int]) -> None:
        try:
            from zlib_ng import zlib_ng  # noqa: PLC0415 - only measured where it is installed
        except ImportError:
            return
        with self.meter.part("gzip zlib-ng 5"):
            made = [zlib_ng.compress(block, 5, 31) for block in blocks]
        sizes["gzip zlib-ng 5"] = sum(map(len, made))

    def _pack_isal(self, blocks: list[bytes], members: list[bytes], sizes: dict[str, int]) -> None:
        try:
            from isal import isal_zlib  # noqa: PLC0415 - only measured where it is installed
        except ImportError:
            return
        with self.meter.part("gzip isal 2"):
            made = [isal_zlib.compress(block, 2, 31) for block in blocks]
        sizes["gzip isal 2"] = sum(map(len, made))
        with self.meter.part("unzip isal"):
            for member in members:
                isal_zlib.decompress(member, 31)
