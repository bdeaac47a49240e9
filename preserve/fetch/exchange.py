"""One exchange: a URL in, an `Exchange` out, whatever happens.

Owns the route (proxy, addresses, guard), whether a kept line is taken or one is opened, the request's headers, and
turning what the wire saw into a value.
Waiting, retries, redirects and robots.txt are the fetcher's.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from preserve import __version__
from preserve.errors import ConfigError
from preserve.fetch.guard import Network, literal_address, literal_refusal, parse_networks, refusal
from preserve.fetch.lines import KeptLines, Line, Route
from preserve.fetch.opening import send
from preserve.fetch.proxies import Proxy, choose_proxy
from preserve.fetch.reading import Answer, Limits, WireError
from preserve.fetch.resolver import NoSuchNameError, ResolverError, name_is_absent
from preserve.fetch.tools import FetchTools, tls_context
from preserve.fetch.wire import Addresses, Plan, StaleLineError, Timing, Wire
from preserve.model import Exchange, ExchangeRole, Failure, FailureKind
from preserve.settings import FetchSettings
from preserve.urls import DEFAULT_PORTS, host_of, port_of, split

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ACCEPT_ENCODING = "gzip, deflate, br, zstd"  # what `preserve.http1.decode_content` undoes, and no more
ACCEPT_LANGUAGE = "zh-CN,zh;q=0.9,en;q=0.8,*;q=0.5"


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask: the URL as it goes on the wire, why, which attempt it is, the cookies of the chain, and
    further fields.
    """

    url: str
    role: ExchangeRole
    attempt: int = 1
    cookies: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def user_agent(contact: str) -> str:
    """Who we are, for the people whose servers are asked."""
    return f"preserve/{__version__} (+{contact})" if contact else f"preserve/{__version__}"


class Asker:
    """Makes exchanges; thread-safe. Lines that can carry another one are kept for a while."""

    def __init__(self, settings: FetchSettings, tools: FetchTools) -> None:
        """Prepare what all exchanges share.

        Raises:
            ConfigError: `allow_private`, `proxy`, `contact` or the trusted certificates can't be used.
        """
        self._settings = settings
        self._tools = tools
        self._tls: ssl.SSLContext = tls_context(tools.ca_file)
        self._allowed = _allowed(settings)
        self._timing = Timing(settings.connect_timeout, settings.read_timeout, settings.total_timeout)
        if not settings.contact.isprintable() or not settings.contact.isascii():
            raise ConfigError("fetch.contact goes into a header: use printable ASCII only")
        self._agent = user_agent(settings.contact)
        self._lines = KeptLines(tools.clock, settings.idle_timeout)

    def close(self) -> None:
        """Close the lines that are kept; exchanges made after that keep none."""
        self._lines.close()

    def ask(self, question: Question, max_body: int | None = None) -> Exchange:
        """Make one exchange; failures are in the value. `max_body` overrides the settings' bound on the
        body."""
        clock, settings = self._tools.clock, self._settings
        started, begun = clock.now(), clock.monotonic()
        bound = settings.max_body_bytes if max_body is None else max_body
        wire, failure = self.send(question.url, self._headers(question), bound, keeping=settings.idle_timeout > 0)
        seconds = clock.monotonic() - begun
        if wire is None:
            return Exchange(question.url, question.role, question.attempt, started, seconds, b"", b"", failure=failure)
        return _exchange(question, wire, started, seconds, failure)

    def send(
        self,
        url: str,
        headers: Sequence[tuple[str, str]],
        max_body: int,
        body: bytes | None = None,
        *,
        keeping: bool = False,
    ) -> tuple[Wire | None, Failure | None]:
        """Send a GET, or with a body a POST, along the route to `url`.

        Args:
            url: what to ask.
            headers: all fields but `Connection`.
            max_body: the most bytes of a body that are read.
            body: of the POST.
            keeping: a GET may be sent over a kept line, and its line kept for the next.

        Returns:
            The wire, None when there is no route; and why no whole head came, None when one did.
        """
        try:
            proxy = choose_proxy(url, self._settings.proxy, self._tools.environment)
        except ValueError as fault:
            return None, Failure(FailureKind.PROXY, f"the proxy for {url} can't be used: {fault}")
        route = _route(url, proxy) if keeping and body is None else None
        if route is None:
            headers = [*headers, ("Connection", "close")]
        limits = Limits(self._settings.max_header_bytes, max_body)
        line = self._lines.take(route) if route is not None else None
        deadline: float | None = None
        if line is not None and route is not None:
            wire = Wire(Plan(url, (), route.port, proxy), self._timing, limits, self._tools.clock)
            try:
                return self._again(wire, line, route, headers)
            except StaleLineError:  # closed as we sent: RFC 9112, section 9.3.1
                deadline = wire.deadline
        plan = self._plan(url, proxy)
        if isinstance(plan, Failure):
            return None, plan
        wire = Wire(plan, self._timing, limits, self._tools.clock, deadline)
        try:
            line = send(wire, headers, self._tls, body)
        except WireError as fault:
            return wire, Failure(fault.kind, f"{url}: {fault}")
        self._done(wire, line, route)
        return wire, None

    def _again(
        self, wire: Wire, line: Line, route: Route, headers: Sequence[tuple[str, str]]
    ) -> tuple[Wire, Failure | None]:
        """Make the exchange over a kept line.

        Raises:
            StaleLineError: it was closed before an answer began.
        """
        try:
            wire.send(line, "GET", headers)
            wire.read(line)
        except BaseException as fault:
            line.close()
            if isinstance(fault, StaleLineError) or not isinstance(fault, WireError):
                raise
            return wire, Failure(fault.kind, f"{wire.plan.url}: {fault}")
        self._done(wire, line, route)
        return wire, None

    def _done(self, wire: Wire, line: Line, route: Route | None) -> None:
        if route is None or wire.answer is None:
            line.close()
        else:
            self._lines.give(route, line, wire.answer)

    def _headers(self, question: Question) -> list[tuple[str, str]]:
        headers = [
            ("Host", host_field(question.url)),
            ("User-Agent", self._agent),
            ("Accept", ACCEPT),
            ("Accept-Language", ACCEPT_LANGUAGE),
            ("Accept-Encoding", ACCEPT_ENCODING),
        ]
        if question.cookies:
            headers.append(("Cookie", question.cookies))
        headers += question.fields
        return headers

    def _plan(self, url: str, proxy: Proxy | None) -> Plan | Failure:
        """How to connect for `url`, or why not to."""
        if proxy is not None:
            return self._plan_proxy(url, proxy)
        addresses = self._public_addresses(host_of(url), port_of(url))
        return addresses if isinstance(addresses, Failure) else Plan(url, addresses, port_of(url))

    def _plan_proxy(self, url: str, proxy: Proxy) -> Plan | Failure:
        """Through a proxy: its own address is the user's choice; the URL's host is checked as far as it can
        be."""
        host = host_of(url)
        why = literal_refusal(host, self._allowed)
        if why:
            return Failure(FailureKind.PRIVATE_ADDRESS, _not_asked(host, why))
        told = host
        if proxy.scheme == "socks5":  # names are resolved on this side, so that the address can be checked
            checked = self._public_addresses(host, port_of(url))
            if isinstance(checked, Failure):
                return checked
            told = checked[0][1]
        try:
            addresses = tuple(self._tools.resolver.resolve(proxy.host, proxy.port))
        except ResolverError as fault:
            return Failure(FailureKind.PROXY, f"the proxy {proxy.shown} has no address: {fault}")
        if not addresses:
            return Failure(FailureKind.PROXY, f"the proxy {proxy.shown} has no address")
        return Plan(url, addresses, proxy.port, proxy, told)

    def _public_addresses(self, host: str, port: int) -> Addresses | Failure:
        """The addresses of `host` that may be asked; connections go to them and nowhere else."""
        try:
            found = self._tools.resolver.resolve(literal_address(host) or host, port)
        except NoSuchNameError as fault:
            if name_is_absent(self._tools.resolver, self._settings.control_names):
                return Failure(FailureKind.NO_SUCH_HOST, f"no such host: {fault} (while a control name is found)")
            return Failure(FailureKind.DNS, f"the resolver finds neither {host} nor a control name: {fault}")
        except ResolverError as fault:
            return Failure(FailureKind.DNS, f"the resolver gave no answer: {fault}")
        why = [refusal(address, self._allowed) for _, address in found]
        public = tuple(pair for pair, reason in zip(found, why, strict=True) if not reason)
        if public:
            return public
        if not found:
            return Failure(FailureKind.DNS, f"the resolver gave no address for {host}")
        return Failure(FailureKind.PRIVATE_ADDRESS, _not_asked(host, why[0]))


def _route(url: str, proxy: Proxy | None) -> Route | None:
    """What a line for `url` is kept under; None where none is.

    What a proxy forwards itself is not told apart by host on the proxy's side: such exchanges share no line.
    """
    scheme = split(url).scheme or ""
    if proxy is not None and not proxy.is_socks and scheme != "https":
        return None
    return Route(scheme, host_of(url), port_of(url), "" if proxy is None else proxy.url)


def _not_asked(host: str, why: str) -> str:
    return f"{host} is not asked: {why}; --allow-private asks it anyway"


def _allowed(settings: FetchSettings) -> tuple[Network, ...]:
    try:
        return parse_networks(settings.allow_private)
    except ValueError as fault:
        raise ConfigError(f"allow_private: {fault}; write networks such as 127.0.0.0/8 or ::1/128") from fault


def host_field(url: str) -> str:
    """The Host field: the URL's authority, a scheme's default port left out as browsers do (RFC 9110,
    7.2)."""
    parts = split(url)
    authority = parts.authority or ""
    default = f":{DEFAULT_PORTS[parts.scheme or 'http']}"
    return authority.removesuffix(default)


def _exchange(question: Question, wire: Wire, started: datetime, seconds: float, failure: Failure | None) -> Exchange:
    answer = wire.answer or Answer(b"")
    head = answer.head
    if failure is None and answer.failure is not None:
        failure = Failure(answer.failure.kind, f"{question.url}: {answer.failure.message}")
    protocols: tuple[str, ...] = (f"http/{head.version}",) if head else ()
    version, cipher = wire.tls
    if version:
        protocols += (f"tls/{version.removeprefix('TLSv')}",)
    return Exchange(
        url=question.url,
        role=question.role,
        attempt=question.attempt,
        started_at=started,
        seconds=round(seconds, 4),
        request=wire.request,
        response=answer.response,
        head_end=head.head_end if head else 0,
        status=head.status if head else None,
        reason=head.reason if head else "",
        headers=head.headers if head else (),
        ip=wire.ip,
        protocols=protocols,
        cipher=cipher or None,
        truncated=answer.truncated,
        failure=failure,
    )
