"""An archive for the report's tests: posts that are really in a WARC file, and checks of them in a ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from ledger_samples import PLAN, START, Sample, check_of, digest

from preserve.ledger import Ledger, RunPlan, RunState
from preserve.model import (
    Admission,
    AdmissionKind,
    Change,
    ChangeKind,
    Check,
    Evidence,
    Judgement,
    Nature,
    Reason,
    Span,
    Verdict,
)
from preserve.report import Built, Options, build
from preserve.settings import ArchiveSettings, Settings
from preserve.times import SystemClock
from preserve.verify.names import LEDGER
from preserve.warc import ArchiveWriter

LINES = (
    "The council met on Tuesday.",
    "In all 2400 people signed the letter, and 12 did not.",
    "The ferry does not run in winter.",
    "A bus takes its place.",
    "The last boat leaves at nine.",
)


@dataclass(frozen=True)
class Kept:
    """A post that is kept."""

    path: str
    source: str | None
    title: str = "A title"
    categories: tuple[str, ...] = ("Town",)
    date: str = "2020-05-06"
    lines: tuple[str, ...] = LINES

    @property
    def data(self) -> bytes:
        quoted = ", ".join(_quoted(name) for name in self.categories)
        source = f"from: {_quoted(self.source)}\n" if self.source is not None else ""
        head = f"---\ntitle: {_quoted(self.title)}\ndate: {self.date}\ncategories: [{quoted}]\n{source}---\n"
        return (head + "\n\n".join(self.lines) + "\n").encode("utf-8", "surrogatepass")


def _quoted(text: str) -> str:
    """A double-quoted YAML string, everything unusual escaped."""
    return (
        '"'
        + "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
        + '"'
    )


@dataclass
class Archive:
    """An archive in a folder, grown run by run."""

    folder: Path
    week: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(archive=ArchiveSettings(directory=str(self.folder)))

    def run(self, checks: list[tuple[Kept, Judgement]], *, apart: int = 1) -> None:
        """One run; each post's bytes are witnessed anew."""
        at = START + timedelta(weeks=self.week)
        with ArchiveWriter(self.settings.archive, clock=SystemClock(), info={}) as writer:
            made = []
            for post, judgement in checks:
                sample = Sample(
                    post.path, post.source, self.week, judgement.verdict, judgement.reason, judgement=judgement
                )
                sample = replace(
                    sample, status=_STATUS.get(judgement.verdict, 200), text=f"{judgement.verdict}{judgement.changes}"
                )
                record = writer.append_stored_copy(post.path, post.data, post.source, at)
                made.append(replace(check_of(sample), stored_record=record, post_digest=digest(repr(post.data))))
        self.append(made, at)
        self.week += apart

    def append(self, checks: list[Check], at: object) -> None:
        with Ledger.create_or_open(self.folder / LEDGER) as ledger:
            run = ledger.begin_run(RunPlan(PLAN.posts_arguments, PLAN.settings, PLAN.software, at))  # type: ignore[arg-type]
            ledger.append(run, checks)
            ledger.end_run(run, at + timedelta(hours=1), RunState.FINISHED)  # type: ignore[operator]

    def report(self, output: Path, language: str = "en", title: str = "", url: str = "") -> Built:
        with Ledger.open_readonly(self.folder / LEDGER) as ledger:
            return build(ledger, self.settings, Options(output, language, title, url))


_STATUS = {Verdict.GONE: 404, Verdict.BLOCKED: 403, Verdict.UNREACHABLE: None}

INTACT = Judgement(Verdict.INTACT, remaining=1.0)
GONE = Judgement(Verdict.GONE, Reason.NOT_FOUND, evidence=(Evidence("not-found", True, "status 404"),))
BLOCKED = Judgement(Verdict.BLOCKED, Reason.FORBIDDEN)
REPLACED = Judgement(Verdict.REPLACED, Reason.SOFT_404)


def edited(old: str = "2400", new: str = "2300", line: int = 1, nature: Nature = Nature.NUMBER) -> Judgement:
    """An edit of one of `LINES`."""
    start = LINES[line].index(old)
    span = Span(line, start, start + len(old))
    context = LINES[line].replace(old, new)
    change = Change(ChangeKind.REPLACE, old, new, LINES[line], context, span, span, (nature,), 0.9)
    seen = (Evidence("failure", False, "a whole response came"), Evidence("edited", True, "one difference"))
    return Judgement(Verdict.EDITED, None, (nature,), (change,), seen, 0.97)


def admitted(judgement: Judgement, text: str = "Correction: the number was wrong.") -> Judgement:
    return replace(judgement, admission=Admission(AdmissionKind.NOTICE, text))


def kept(number: int, **changes: object) -> Kept:
    """Post number so and so."""
    usual = Kept(
        f"_posts/2020-05-{number % 28 + 1:02d}-post-{number}.md",
        f"https://news{number % 3}.example/{number}.html",
        f"Title {number}",
    )
    return replace(usual, **changes)  # type: ignore[arg-type]
