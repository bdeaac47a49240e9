"""A visit to a source, and where its records lie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from preserve.sending import sent


class FailureKind(StrEnum):
    """How an exchange failed to bring a whole response."""

    NO_SUCH_HOST = "no-such-host"  # the resolver says so, and a control name resolves
    DNS = "dns"  # the resolver gave no usable answer
    REFUSED = "refused"
    CONNECT_TIMEOUT = "connect-timeout"
    READ_TIMEOUT = "read-timeout"
    TOTAL_TIMEOUT = "total-timeout"
    RESET = "reset"
    UNREACHABLE = "unreachable"  # no route, network down
    TLS = "tls"
    CUT_OFF = "cut-off"  # fewer body bytes than announced
    BAD_RESPONSE = "bad-response"  # not HTTP, or framing that can't be followed
    HEADER_TOO_LARGE = "header-too-large"
    PRIVATE_ADDRESS = "private-address"
    INVALID_URL = "invalid-url"
    REDIRECT_LOOP = "redirect-loop"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    PROXY = "proxy"
    ROBOTS = "robots"
    INTERRUPTED = "interrupted"  # the run was asked to stop before an answer came


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed exchange, as evidence.

    Attributes:
        kind: the class of failure.
        message: one line saying what happened and where, for people.
    """

    kind: FailureKind
    message: str


class Truncation(StrEnum):
    """Values of `WARC-Truncated` (WARC 1.1, section 5.15)."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"
    UNSPECIFIED = "unspecified"


class ExchangeRole(StrEnum):
    """Why an exchange was made."""

    SOURCE = "source"  # the source URL itself
    REDIRECT = "redirect"  # an HTTP redirect was followed
    REFRESH = "refresh"  # a <meta refresh> was followed
    PROBE = "probe"  # a random path beside the source, to recognise soft 404s
    ROBOTS = "robots"  # the host's robots.txt


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back, byte for byte.

    Attributes:
        url: the absolute URL asked for, as it went on the wire.
        role: why it was asked.
        attempt: 1 for the first try of this URL, 2 for the next.
        started_at: when the request was begun.
        seconds: from connect to the last byte or the failure.
        request: the request as sent, head and body; empty when nothing was sent.
        response: the response as received, head and body with its framing; empty when nothing came. Interim
            (1xx) responses before it are included: they are part of what the server sent.
        head_end: offset in `response` at which the final response's body begins; 0 without a whole head.
        status: the final response's status code; None without a whole head.
        reason: its reason phrase, decoded as Latin-1.
        headers: its header fields in order, names and values as received, decoded as Latin-1, folds kept as one
            space.
        ip: the address the bytes came from; None when no connection was made or a proxy stood between.
        protocols: for `WARC-Protocol`, for example ("http/1.1", "tls/1.3").
        cipher: the TLS cipher suite's name, or None.
        truncated: why `response` ends early although the exchange is kept, or None.
        failure: why there is no whole response, or None.
    """

    url: str
    role: ExchangeRole
    attempt: int
    started_at: datetime
    seconds: float
    request: bytes
    response: bytes
    head_end: int = 0
    status: int | None = None
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    ip: str | None = None
    protocols: tuple[str, ...] = ()
    cipher: str | None = None
    truncated: Truncation | None = None
    failure: Failure | None = None

    def header(self, name: str) -> str | None:
        """The first field called `name` (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Capture:
    """One visit to a source: every attempt, every hop, and how it ended.

    Attributes:
        source: the source URL exactly as the post has it.
        url: the same as a URL that can be asked; equals `source` where nothing had to be mended.
        exchanges: in the order they were made; the last one decides. Empty when nothing could be asked.
        failure: why there is no final response, or None.
    """

    source: str
    url: str
    exchanges: tuple[Exchange, ...]
    failure: Failure | None = None

    @property
    def final(self) -> Exchange | None:
        """The exchange that decides, or None when nothing was asked."""
        return self.exchanges[-1] if self.exchanges else None

    @property
    def hops(self) -> tuple[str, ...]:
        """The distinct URLs asked, in order."""
        return tuple(dict.fromkeys(exchange.url for exchange in self.exchanges))


@sent
@dataclass(frozen=True, slots=True)
class RecordRef:
    """Where one WARC record lies.

    Attributes:
        record_id: `<urn:uuid:...>` without the angle brackets.
        file: the WARC file's final name, relative to the archive.
        offset: of its gzip member, in bytes.
        length: of its gzip member, in bytes.
    """

    record_id: str
    file: str
    offset: int
    length: int


@sent
@dataclass(frozen=True, slots=True)
class ArchivedExchange:
    """One exchange in the archive.

    Attributes:
        url, status: as in the exchange.
        response: its `response` or `revisit` record; None when nothing came.
        payload_digest, block_digest: labelled digests as in the record; "" without a response.
        revisit_of: where `response` is a `revisit`, the `response` record that has the payload; else None.
    """

    url: str
    status: int | None
    response: RecordRef | None
    payload_digest: str = ""
    block_digest: str = ""
    revisit_of: RecordRef | None = None


@sent
@dataclass(frozen=True, slots=True)
class ArchivedCapture:
    """A capture on disk: a contiguous stretch of records in one file, closed by its `metadata` record.

    Attributes:
        source, url: as in the capture.
        captured_at: when its last exchange began (or, without one, when it was given up).
        first: the first record of the stretch.
        summary: the `metadata` record that closes it.
        exchanges: one each, in order.
    """

    source: str
    url: str
    captured_at: datetime
    first: RecordRef
    summary: RecordRef
    exchanges: tuple[ArchivedExchange, ...]

    @property
    def final(self) -> ArchivedExchange | None:
        """The exchange that decides, or None when nothing was asked."""
        return self.exchanges[-1] if self.exchanges else None
