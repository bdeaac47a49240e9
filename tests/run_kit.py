"""A collection, a loopback site and a run over both, for tests of the whole line."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from git_kit import environment as git_environment

from preserve.fetch import Fetcher, HttpFetcher, HttpServices, Journey, Validators, Visit, system_tools
from preserve.git import Git
from preserve.ledger import Ledger
from preserve.model import Check, Verdict
from preserve.settings import ArchiveSettings, FetchSettings, JudgeSettings, RunSettings, Settings
from preserve.times import Clock
from preserve.verify.names import LEDGER
from preserve.verify.plan import Plan
from preserve.verify.run import Summary, verify
from preserve.verify.tools import Tools
from preserve.work.hiring import own

PARAGRAPHS = (
    "The council voted on Tuesday to close the ferry line to Holm, which has run since 1921.",
    "About 2,400 people a month use the boat, most of them pupils and nurses on the late shift.",
    "The harbour master, Ingrid Sole, said that the decision was taken without asking the islanders.",
    "A bus over the new causeway is to take its place from October, three times a day.",
    "The last boat will leave the town quay at nine in the evening, with the brass band on board.",
)


def article(number: int) -> tuple[str, ...]:
    """Paragraphs of an article that no other number has."""
    return tuple(f"Report {number}: {paragraph} Case {number * 7919}." for paragraph in PARAGRAPHS)


def page(paragraphs: Iterable[str], *, title: str = "Ferry line to close", extra: str = "") -> bytes:
    """A whole HTML page around `paragraphs`."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} | Holm Courier</title></head>'
        f"<body><nav><a href='/'>Home</a> <a href='/local'>Local</a></nav><article><h1>{title}</h1>{text}{extra}"
        "</article><footer>Holm Courier, Quay Street</footer></body></html>"
    ).encode()


def answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> list[bytes]:
    """One scripted answer of a `WireServer`."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{headers}"
    return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode(), body]


def write_post(
    folder: Path, name: str, url: str | None, paragraphs: Iterable[str], *, title: str = "Ferry line to close"
) -> Path:
    """A post in the collection's usual form."""
    source = f"from: {url}\n" if url is not None else ""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'---\ntitle: "{title}"\ndate: 2020-05-06\n{source}---\n<div>\n{body}\n</div>\n', "utf-8")
    return path


@dataclass
class Watcher:
    """A listener that remembers."""

    checks: list[Check] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    plan: Plan | None = None

    def planned(self, plan: Plan) -> None:
        self.plan = plan

    def checked(self, check: Check) -> None:
        self.checks.append(check)

    def notice(self, text: str) -> None:
        self.notices.append(text)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        return {Path(check.post).name: check.judgement.verdict for check in self.checks}

    def of(self, name: str) -> Check:
        return next(check for check in self.checks if Path(check.post).name == name)


@dataclass(frozen=True)
class Stage:
    """Where a run takes place: a folder with posts and an archive."""

    folder: Path
    settings: Settings

    @property
    def posts(self) -> Path:
        return self.folder / "_posts"

    @property
    def archive(self) -> Path:
        return self.folder / "warcs"

    def ledger(self) -> Ledger:
        return Ledger.open_readonly(self.archive / LEDGER)

    def with_archive(self, **changes: object) -> Stage:
        archive = replace(self.settings.archive, **changes)  # type: ignore[arg-type]
        return replace(self, settings=replace(self.settings, archive=archive))

    def with_run(self, **changes: object) -> Stage:
        return replace(self, settings=replace(self.settings, run=replace(self.settings.run, **changes)))  # type: ignore[arg-type]

    def verify(
        self,
        *,
        arguments: Sequence[str] = (),
        new_run: bool = False,
        stop_after_visits: int = 0,
        clock: Clock | None = None,
    ) -> tuple[Summary, Watcher]:
        watcher, stop = Watcher(), threading.Event()
        tools = system_tools(self.settings.fetch, stop, environment(), seed="test")
        tools = replace(tools, clock=clock or tools.clock)
        fetcher: Fetcher = HttpFetcher(self.settings.fetch, tools)
        if stop_after_visits:
            fetcher = StoppingFetcher(fetcher, stop, stop_after_visits)
        services, git = HttpServices(self.settings.fetch, tools), Git(git_environment(self.folder))
        run_tools = Tools(own(fetcher, tools), tools.clock, stop, "preserve/test", services, git)
        given = tuple(arguments) or (str(self.posts),)
        return verify(given, self.settings, run_tools, watcher, new_run=new_run), watcher


@dataclass
class StoppingFetcher:
    """Asks for the run to be stopped, as Ctrl-C does, when it has made so many visits."""

    inner: Fetcher
    stop: threading.Event
    visits: int
    _made: int = 0

    def fetch(self, source: str, validators: Validators | None = None, *, within: str = "") -> Visit:
        visit = self.inner.fetch(source, validators, within=within)
        self._made += 1
        if self._made >= self.visits:
            self.stop.set()
        return visit

    def resume(self, journey: Journey, *, within: str) -> Visit:
        return self.inner.resume(journey, within=within)

    def probe(self, url: str, *, within: str = "") -> Visit:
        return self.inner.probe(url, within=within)

    def ready_in(self, host: str) -> float:
        return self.inner.ready_in(host)

    def close(self) -> None:
        self.inner.close()


def environment() -> Mapping[str, str]:
    """No proxies: they would stand between a test and its server."""
    return {}


def stage(folder: Path) -> Stage:
    """A stage in `folder`, with settings fit for a server on loopback."""
    (folder / "_posts").mkdir(parents=True, exist_ok=True)
    return Stage(
        folder,
        Settings(
            fetch=FetchSettings(
                delay=0.0,
                allow_private=("127.0.0.0/8",),
                connect_timeout=5,
                read_timeout=5,
                tries=2,
                backoff=0.01,
                control_names=(),
            ),
            archive=ArchiveSettings(directory=str(folder / "warcs")),
            judge=JudgeSettings(workers=1),
            run=RunSettings(jobs=4),
        ),
    )
