"""An archive of made-up checks, to measure reports with: a ledger, and the stored copies it refers to.

    python tools/synthetic_archive.py DIR [--posts 20000] [--runs 2] [--copies]

Nothing is fetched or judged: the checks are written through the ledger's own interface. With --copies each post's
bytes are a `resource` record in a WARC file, as a run leaves them, so that titles and categories are really read.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from preserve.ledger import Ledger, RunPlan, RunState
from preserve.model import (
    Admission,
    AdmissionKind,
    ArchivedCapture,
    ArchivedExchange,
    Change,
    ChangeKind,
    Check,
    Evidence,
    Judgement,
    Measures,
    Nature,
    Reason,
    RecordRef,
    SinceLast,
    Span,
    Verdict,
)
from preserve.settings import ArchiveSettings
from preserve.times import SystemClock
from preserve.verify.names import LEDGER
from preserve.warc import ArchiveWriter

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
BATCH = 500
OUTCOMES = (
    (0.62, Verdict.INTACT, None, 200),
    (0.03, Verdict.MOVED, None, 200),
    (0.09, Verdict.EDITED, None, 200),
    (0.02, Verdict.TRUNCATED, Reason.PAYWALL, 200),
    (0.04, Verdict.REPLACED, Reason.SOFT_404, 200),
    (0.09, Verdict.GONE, Reason.NOT_FOUND, 404),
    (0.04, Verdict.BLOCKED, Reason.FORBIDDEN, 403),
    (0.04, Verdict.UNREACHABLE, Reason.TIMEOUT, None),
    (0.02, Verdict.UNEXTRACTABLE, Reason.NOT_HTML, 200),
    (0.01, Verdict.UNCHECKED, Reason.ROBOTS, None),
)
CATEGORIES = ("Town", "Sea", "Essays", "新闻", "民生", "随笔", "Courts", "Sky", "Reviews", "专题")
WORDS = (
    *("ferry", "harbour", "council", "bridge", "orchard", "winter", "archive", "letter"),
    *("quiet", "station", "river", "market", "lantern", "school", "garden", "clock"),
)
SIGNS = "云溪渡船恢复摆每天运送乘客新水厂质检测结果公布镇政府称没有超标远山盆地发现亿年前的足迹化石"


def record(name: str) -> RecordRef:
    """A place in a file that is not there."""
    number = int.from_bytes(sha256(name.encode()).digest()[:4])
    return RecordRef(
        uuid5(NAMESPACE_URL, name).urn, "preserve-20260105060000000000-00000-synthetic.warc.gz", number, 900
    )


def outcome(draw: float) -> tuple[Verdict, Reason | None, int | None]:
    """The outcome that a number from 0 to 1 falls on."""
    for share, verdict, reason, status in OUTCOMES:
        draw -= share
        if draw < 0:
            return verdict, reason, status
    return OUTCOMES[0][1:]


def digest(text: str) -> str:
    """A digest of something."""
    return "sha256:" + sha256(text.encode()).hexdigest()


class Collection:
    """Posts that do not exist, the same each time.

    Args:
        posts: how many.
    """

    def __init__(self, posts: int) -> None:
        self.posts, self._hosts = posts, max(20, posts // 60)

    def paths(self) -> Iterator[tuple[str, int]]:
        """Path and number of each."""
        for number in range(self.posts):
            day = datetime(2008, 1, 1, tzinfo=UTC) + timedelta(days=(number * 7919) % 6500)
            yield f"_posts/{day:%Y-%m-%d}-{WORDS[number % 16]}-{number}.md", number

    def title(self, number: int) -> str:
        """Of a post; each third is Chinese."""
        random_ = random.Random(number)  # noqa: S311 - made-up words
        if number % 3 == 0:
            return "".join(random_.choice(SIGNS) for _ in range(14))
        return " ".join(random_.choice(WORDS) for _ in range(7)).capitalize()

    def source(self, number: int) -> str:
        """The source of a post; some are kept twice."""
        kept = number - 1 if number % 40 == 39 else number
        return f"https://news{(kept * 31) % self._hosts}.example/{2008 + kept % 17}/{kept}.html"

    def text(self, number: int) -> list[str]:
        """Its paragraphs; the third has a number in it."""
        lines = [self.title(number * 31 + line) + "." for line in range(8)]
        lines[2] = f"In all {2400 + number} people came, and {number} more were turned away."
        return lines

    def data(self, number: int) -> bytes:
        """The post's file."""
        head = f"---\ntitle: {self.title(number)}\ncategories: [{CATEGORIES[number % 10]}]\n"
        head += f"from: {self.source(number)}\n---\n"
        return (head + "\n\n".join(self.text(number)) + "\n").encode()

    def judgement(self, number: int, week: int) -> tuple[Judgement, int | None]:
        """What a check concludes, and the status it saw: some posts go from intact to something else."""
        random_ = random.Random(number)  # noqa: S311
        turn = random_.choice((0, 0, 0, 0, 1, 2))
        draw = random_.random() if week >= turn else 0.0
        verdict, reason, status = outcome(draw)
        seen = Evidence(str(reason or verdict), True, f"as made up for post {number}")
        judged = Judgement(verdict, reason, evidence=(Evidence("failure", False, "a whole response came"), seen))
        if verdict is Verdict.EDITED:
            judged = replace(judged, natures=(Nature.NUMBER,), changes=self._changes(number), remaining=0.97)
            if number % 4 == 0:
                judged = replace(judged, admission=Admission(AdmissionKind.NOTICE, "Correction: the number was wrong."))
        elif verdict in (Verdict.INTACT, Verdict.MOVED):
            judged = replace(judged, remaining=1.0)
        return judged, status

    def _changes(self, number: int) -> tuple[Change, ...]:
        line, old = self.text(number)[2], str(2400 + number)
        place = Span(2, line.index(old), line.index(old) + len(old))
        new = line.replace(old, "2300")
        return (Change(ChangeKind.REPLACE, old, "2300", line, new, place, place, (Nature.NUMBER,), 0.9),)

    def check(self, path: str, number: int, week: int, copy: RecordRef) -> Check:
        """One check of a post."""
        at = START + timedelta(weeks=week, seconds=number / 10)
        source, name = self.source(number), f"{number}/{week}"
        judgement, status = self.judgement(number, week)
        asked = judgement.verdict is not Verdict.UNCHECKED
        response = record(name + "/response") if status else None
        exchange = ArchivedExchange(source, status, response, digest(name + "p"), digest(name + "b"))
        capture = ArchivedCapture(source, source, at, record(name + "/1"), record(name + "/2"), (exchange,))
        return Check(
            post=path,
            source=source,
            checked_at=at + timedelta(seconds=2),
            judgement=judgement,
            final_url=source if status else None,
            http_status=status,
            captured_at=at if asked else None,
            capture=capture if asked else None,
            stored_record=copy,
            post_digest="sha256:" + sha256(self.data(number)).hexdigest(),
            since_last=SinceLast(False, (), at - timedelta(weeks=1)) if week and asked else None,
            extractor="synthetic/1",
            rules="synthetic/1",
            measures=Measures(1.0, 0.9, 0.8, 0.9, 0.95, 0.97) if judgement.remaining is not None else None,
            text_digest=digest(f"{number}/{judgement.verdict}"),
        )


def main() -> None:
    """Write the archive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--copies", action="store_true", help="write each post's bytes as a WARC record")
    options = parser.parse_args()
    collection = Collection(options.posts)
    copies = {path: record(path) for path, _ in collection.paths()}
    if options.copies:
        with ArchiveWriter(ArchiveSettings(directory=str(options.directory)), clock=SystemClock(), info={}) as writer:
            for path, number in collection.paths():
                copies[path] = writer.append_stored_copy(
                    path, collection.data(number), collection.source(number), START
                )
    with Ledger.create_or_open(options.directory / LEDGER) as ledger:
        for week in range(options.runs):
            at = START + timedelta(weeks=week)
            run = ledger.begin_run(RunPlan(("_posts",), "{}", "synthetic/1", at))
            batch: list[Check] = []
            for path, number in collection.paths():
                batch.append(collection.check(path, number, week, copies[path]))
                if len(batch) == BATCH:
                    ledger.append(run, batch)
                    batch = []
            ledger.append(run, batch)
            ledger.end_run(run, at + timedelta(hours=5), RunState.FINISHED)


if __name__ == "__main__":
    main()
