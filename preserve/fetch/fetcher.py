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
        capture: the visit to the source or the probe, as far as it came.
        also: captures of robots.txt made on the way, to be archived too.
        onward: where the chain goes on, when it came to another host than the caller has the turn of; the capture
            is not whole then.
    """

    capture: Capture
    also: tuple[Capture, ...] = ()
    onward: Journey | None = None


class Fetcher(Protocol):
    """What asks sources; thread-safe."""

    def fetch(self, source: str, validators: Validators | None = None, *, within: str = "") -> Visit:
        """Visit a source URL as a post has it.

        Args:
            source: the source URL.
            validators: sent when the visit comes to their URL; its answer may then be a 304.
            within: the only host to ask; a chain that leads to another one stops there. "" asks any.
        """
        ...

    def resume(self, journey: Journey, *, within: str) -> Visit:
        """Go on with a chain that has come to the host `within`."""
        ...

    def probe(self, url: str, *, within: str = "") -> Visit:
        """Visit a path beside `url` that nobody can have published, to see what this host says to
        nonsense."""
        ...

    def ready_in(self, host: str) -> float:
        """Seconds until `host` may be asked again; 0 when it may be now."""
        ...

    def close(self) -> None:
        """Close the connections that are kept for later exchanges; what is asked after that keeps none."""
        ...


@dataclass(slots=True)
class _Origin:
    """A robots.txt that is asked once, however many threads want it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    robots: Robots | None = None


@dataclass(slots=True)
class _Chain:
    """One chain of redirects while it is followed; `url` and `next_role` are what it asks next."""

    url: str
    role: ExchangeRole
    max_redirects: int
    max_body: int | None = None
    validators: Validators | None = None
    next_role: ExchangeRole = ExchangeRole.SOURCE
    exchanges: list[Exchange] = field(default_factory=list)
    cookies: ChainCookies = field(default_factory=ChainCookies)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.next_role = self.role


@dataclass(slots=True)
class Journey:
    """A visit on its way, which may cross hosts and be handed from process to process.

    Attributes:
        source: as the post has it.
        start: the URL it began with.
        chain: the page's own chain.
        robots: the chain of a robots.txt that has to be read before the page's chain goes on, while it is followed.
        read: robots.txt read elsewhere, by origin, for whoever goes on.
        also: captures of robots.txt that nobody has archived yet.
    """

    source: str
    start: str
    chain: _Chain
    robots: _Chain | None = None
    read: dict[str, Robots] = field(default_factory=dict)
    also: list[Capture] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The host that is asked next."""
        return host_of((self.robots or self.chain).url)

    @property
    def holds(self) -> bool:
        """Whether it has left the host of its page to follow a robots.txt, so that no other may be begun there."""
        return self.robots is not None


class _AwayError(Exception):
    """The journey leads to a host that is not the caller's to ask."""


_Permit = Callable[[str], Failure | None]


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

    def close(self) -> None:
        """See `Fetcher.close`."""
        self._asker.close()

    def fetch(self, source: str, validators: Validators | None = None, *, within: str = "") -> Visit:
        """See `Fetcher.fetch`; never raises for what a server does."""
        try:
            url = wire_url(source)
        except ValueError as fault:
            return Visit(Capture(source, source, (), Failure(FailureKind.INVALID_URL, f"{source!r}: {fault}")))
        chain = _Chain(url, ExchangeRole.SOURCE, self._settings.max_redirects, validators=validators)
        return self.resume(Journey(source, url, chain), within=within)

    def probe(self, url: str, *, within: str = "") -> Visit:
        """See `Fetcher.probe`; the path follows from the URL and the tools' seed."""
        beside = wire_url(sibling(url, self._tools.seed))
        chain = _Chain(beside, ExchangeRole.PROBE, self._settings.max_redirects)
        return self.resume(Journey(beside, beside, chain), within=within)

    def resume(self, journey: Journey, *, within: str) -> Visit:
        """See `Fetcher.resume`."""
        for origin, robots in journey.read.items():
            self._origin(origin).robots = robots
        journey.read.clear()
        failure, onward = None, None
        try:
            if journey.robots is not None:
                self._finish_robots(journey, within)
            failure = self._follow(journey.chain, within, lambda url: self._permit(url, journey, within))
        except _AwayError:
            onward = journey
        capture = Capture(journey.source, journey.start, tuple(journey.chain.exchanges), failure)
        also, journey.also = tuple(journey.also), []
        return Visit(capture, also, onward)

    def ready_in(self, host: str) -> float:
        """See `Fetcher.ready_in`."""
        return max(self._tools.gate.ready_at(host) - self._tools.clock.monotonic(), 0.0)

    def _follow(self, chain: _Chain, within: str, permit: _Permit) -> Failure | None:
        """Ask the chain's URL and all it redirects to, one by one; returns why there is no final answer, or None.

        Raises:
            _AwayError: it leads to another host than `within`.
        """
        while True:
            url, cookies = chain.url, chain.cookies.header(chain.url)
            if (url, cookies) in chain.seen:  # the same URL with new cookies may well answer differently
                return Failure(FailureKind.REDIRECT_LOOP, f"the redirects come back to {url}")
            if len(chain.seen) > chain.max_redirects:
                message = f"more than {chain.max_redirects} redirects, the next one to {url}"
                return Failure(FailureKind.TOO_MANY_REDIRECTS, message)
            _stay(url, within)
            refused = permit(url)
            if refused is not None:
                return refused
            chain.seen.add((url, cookies))
            fields = chain.validators.fields(url) if chain.validators is not None else ()
            failure = self._ask(chain, Question(url, chain.next_role, cookies=cookies, fields=tuple(fields)))
            if failure is not None:
                return failure
            answer = chain.exchanges[-1]
            chain.cookies.keep(answer)
            # A robots.txt has no <meta refresh>; the page some servers send in its place may have one.
            delay = -1.0 if chain.role is ExchangeRole.ROBOTS else self._settings.max_refresh_delay
            step = next_step(answer, delay)
            if step is None or isinstance(step, Failure):
                return step
            chain.url = step.url
            chain.next_role = chain.role if chain.role is ExchangeRole.ROBOTS else step.role

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

    def _permit(self, url: str, journey: Journey, within: str) -> Failure | None:
        if self._settings.ignore_robots:
            return None
        robots = self._robots(url, journey, within)
        if robots.delay:
            self._tools.gate.slow(host_of(url), robots.delay)
        return robots.refuses(url)

    def _robots(self, url: str, journey: Journey, within: str) -> Robots:
        """The reading that holds for `url`; asked once per origin, the capture goes to whoever asked first."""
        entry = self._origin(origin_of(url))
        with entry.lock:
            if entry.robots is not None:
                return entry.robots
            address = robots_url(url)
            journey.robots = _Chain(address, ExchangeRole.ROBOTS, MAX_REDIRECTS, MAX_BYTES)
            robots, final = self._read_robots(journey, journey.robots, within)
            journey.robots = None
            if final:
                entry.robots = robots
            return robots

    def _finish_robots(self, journey: Journey, within: str) -> None:
        """Go on with a robots.txt that was redirected here; what it says is for the host that it was asked of."""
        if journey.robots is None:
            return
        robots, final = self._read_robots(journey, journey.robots, within)
        journey.robots = None
        if final:
            origin = origin_of(journey.chain.url)
            journey.read[origin] = robots
            self._origin(origin).robots = robots

    def _read_robots(self, journey: Journey, chain: _Chain, within: str) -> tuple[Robots, bool]:
        """Follow a robots.txt to its end: what it means, and whether that holds for the whole run."""
        address = robots_url(journey.chain.url)
        failure = self._follow(chain, within, lambda _url: None)
        capture = Capture(address, address, tuple(chain.exchanges), failure)
        if failure is not None and failure.kind is FailureKind.INTERRUPTED:
            return read_robots(capture), False
        if capture.exchanges:
            journey.also.append(capture)
        return read_robots(capture), True

    def _origin(self, origin: str) -> _Origin:
        with self._lock:
            entry = self._origins.setdefault(origin, _Origin())
            self._origins.move_to_end(origin)
            while len(self._origins) > MAX_ORIGINS:
                self._origins.popitem(last=False)
            return entry


def _stay(url: str, within: str) -> None:
    if within and host_of(url) != within:
        raise _AwayError


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
