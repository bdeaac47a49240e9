"""The fetcher: one source in, one `Visit` out, politely.

Owns the order of things: robots.txt, the host's turn, attempts, redirects one by one, and the probe beside
a URL. Each decision is a pure function of another module.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from preserve.fetch.cookies import ChainCookies
from preserve.fetch.exchange import Asker, Question
from preserve.fetch.redirects import next_step, sends_on
from preserve.fetch.retries import retry_after, retry_wait
from preserve.fetch.robots import MAX_BYTES, MAX_REDIRECTS, Robots, read_robots, robots_url
from preserve.fetch.tools import FetchTools
from preserve.fetch.validators import Validators
from preserve.model import Capture, Exchange, ExchangeRole, Failure, FailureKind
from preserve.settings import FetchSettings
from preserve.urls import host_of, origin_of, split, unsplit, wire_url

MAX_ORIGINS = 4096  # robots.txt readings kept; a host's posts come together, so that an old one is seldom missed


@dataclass(frozen=True, slots=True)
class Visit:
    """What one call brought.

    Attributes:
        capture: the visit to the source or the probe.
        also: captures of robots.txt made on the way, to be archived too.
    """

    capture: Capture
    also: tuple[Capture, ...] = ()


class Fetcher(Protocol):
    """What asks sources; thread-safe."""

    def fetch(self, source: str, validators: Validators | None = None) -> Visit:
        """Visit a source URL as a post has it.

        Args:
            source: the source URL.
            validators: sent when the visit comes to their URL; its answer may then be a 304.
        """
        ...

    def probe(self, url: str) -> Visit:
        """Visit a path beside `url` that nobody can have published, to see what this host says to
        nonsense."""
        ...


@dataclass(slots=True)
class _Origin:
    """A robots.txt that is asked once, however many threads want it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    robots: Robots | None = None


@dataclass(slots=True)
class _Chain:
    """One chain of redirects while it is followed."""

    role: ExchangeRole
    max_redirects: int
    max_body: int | None = None
    validators: Validators | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    cookies: ChainCookies = field(default_factory=ChainCookies)
    also: list[Capture] = field(default_factory=list)


_Permit = Callable[[str, list[Capture]], Failure | None]


class HttpFetcher:
    """Asks over HTTP; implements `Fetcher`."""

    def __init__(self, settings: FetchSettings, tools: FetchTools) -> None:
        """Prepare; asks nothing yet.

        Raises:
            ConfigError: a setting can't be used.
        """
        self._settings = settings
        self._tools = tools
        self._asker = Asker(settings, tools)
        self._origins: OrderedDict[str, _Origin] = OrderedDict()
        self._lock = threading.Lock()

    def fetch(self, source: str, validators: Validators | None = None) -> Visit:
        """See `Fetcher.fetch`; never raises for what a server does."""
        try:
            url = wire_url(source)
        except ValueError as fault:
            return Visit(Capture(source, source, (), Failure(FailureKind.INVALID_URL, f"{source!r}: {fault}")))
        return self._visit(
            source, url, _Chain(ExchangeRole.SOURCE, self._settings.max_redirects, validators=validators)
        )

    def probe(self, url: str) -> Visit:
        """See `Fetcher.probe`; the path follows from the URL and the tools' seed."""
        beside = wire_url(sibling(url, self._tools.seed))
        return self._visit(beside, beside, _Chain(ExchangeRole.PROBE, self._settings.max_redirects))

    def _visit(self, source: str, url: str, chain: _Chain) -> Visit:
        failure = self._follow(chain, url, self._permit)
        return Visit(Capture(source, url, tuple(chain.exchanges), failure), tuple(chain.also))

    def _follow(self, chain: _Chain, url: str, permit: _Permit) -> Failure | None:
        """Ask `url` and all it redirects to, one by one; returns why there is no final answer, or None."""
        role = chain.role
        seen: set[tuple[str, str]] = set()
        while True:
            cookies = chain.cookies.header(url)
            if (url, cookies) in seen:  # the same URL with new cookies may well answer differently
                return Failure(FailureKind.REDIRECT_LOOP, f"the redirects come back to {url}")
            if len(seen) > chain.max_redirects:
                message = f"more than {chain.max_redirects} redirects, the next one to {url}"
                return Failure(FailureKind.TOO_MANY_REDIRECTS, message)
            seen.add((url, cookies))
            refused = permit(url, chain.also)
            if refused is not None:
                return refused
            fields = chain.validators.fields(url) if chain.validators is not None else ()
            failure = self._ask(chain, Question(url, role, cookies=cookies, fields=tuple(fields)))
            if failure is not None:
                return failure
            answer = chain.exchanges[-1]
            chain.cookies.keep(answer)
            # A robots.txt has no <meta refresh>; the page some servers send in its place may have one.
            delay = -1.0 if chain.role is ExchangeRole.ROBOTS else self._settings.max_refresh_delay
            step = next_step(answer, delay)
            if step is None or isinstance(step, Failure):
                return step
            url = step.url
            role = chain.role if chain.role is ExchangeRole.ROBOTS else step.role

    def _ask(self, chain: _Chain, question: Question) -> Failure | None:
        """Ask one URL, again where that may help; every attempt is kept. Returns why there is no answer."""
        host = host_of(question.url)
        gate, settings, clock = self._tools.gate, self._settings, self._tools.clock
        while True:
            with gate.turn(host) as allowed:
                if not allowed:
                    return _interrupted(question.url)
                exchange = self._asker.ask(question, chain.max_body)
            chain.exchanges.append(exchange)
            now = clock.now()
            asked = retry_after(exchange, now) if exchange.status in (429, 503) else None
            if asked is not None:  # holds for the host, whatever becomes of this URL
                gate.hold(host, min(asked, settings.retry_after_cap))
            if sends_on(exchange):
                return None
            wait = retry_wait(exchange, settings, now, self._tools.random.random())
            if wait is None:
                return exchange.failure
            gate.hold(host, wait)
            question = replace(question, attempt=question.attempt + 1)

    # ---------------------------------------------------------------- robots.txt

    def _permit(self, url: str, also: list[Capture]) -> Failure | None:
        if self._settings.ignore_robots:
            return None
        robots = self._robots(url, also)
        if robots.delay:
            self._tools.gate.slow(host_of(url), robots.delay)
        return robots.refuses(url)

    def _robots(self, url: str, also: list[Capture]) -> Robots:
        """The reading that holds for `url`; asked once per origin, the capture goes to whoever asked
        first."""
        entry = self._origin(origin_of(url))
        with entry.lock:
            if entry.robots is not None:
                return entry.robots
            chain = _Chain(ExchangeRole.ROBOTS, MAX_REDIRECTS, MAX_BYTES)
            address = robots_url(url)
            failure = self._follow(chain, address, lambda _url, _also: None)
            capture = Capture(address, address, tuple(chain.exchanges), failure)
            robots = read_robots(capture)
            if failure is not None and failure.kind is FailureKind.INTERRUPTED:
                return robots
            if capture.exchanges:
                also.append(capture)
            entry.robots = robots
            return robots

    def _origin(self, origin: str) -> _Origin:
        with self._lock:
            entry = self._origins.setdefault(origin, _Origin())
            self._origins.move_to_end(origin)
            while len(self._origins) > MAX_ORIGINS:
                self._origins.popitem(last=False)
            return entry


def _interrupted(url: str) -> Failure:
    return Failure(FailureKind.INTERRUPTED, f"the run was asked to stop before {url} was asked")


def sibling(url: str, seed: str) -> str:
    """A URL in the directory of `url` that nobody has published, with the same ending so that it is routed
    alike.

    After Bar-Yossef et al., "Sic transit gloria telae", WWW 2004: a host's answer to a random path shows
    how it answers for pages it no longer has.
    """
    name = hashlib.sha256(f"{seed}\n{url}".encode()).hexdigest()[:24]
    parts = split(url)
    path = parts.path or "/"
    slash = "/" if path.endswith("/") and path.strip("/") else ""
    directory, _, last = path.removesuffix(slash).rpartition("/")
    _, dot, suffix = last.rpartition(".")
    ending = f".{suffix}" if dot and suffix.isalnum() and len(suffix) <= 5 else ""
    return unsplit(parts._replace(path=f"{directory}/{name}{ending}{slash}", query=None, fragment=None))
