"""When an answer is worth asking again for, and after how long: pure decisions."""

from __future__ import annotations

from datetime import datetime

from preserve.model import Exchange, FailureKind
from preserve.settings import FetchSettings
from preserve.times import parse_http_date

RETRY_STATUSES = frozenset({429, 502, 503, 504})
_OFTEN = frozenset(
    {
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.READ_TIMEOUT,
        FailureKind.RESET,
        FailureKind.CUT_OFF,
        FailureKind.DNS,
    }
)
# A port that is closed, a network that is down or a proxy that fails seldom changes within seconds: one
# more look.
_ONCE = frozenset({FailureKind.REFUSED, FailureKind.UNREACHABLE, FailureKind.PROXY})


def retry_after(exchange: Exchange, now: datetime) -> float | None:
    """Seconds the server asks to wait (RFC 9110, section 10.2.3), from `now`; None where it says nothing
    usable."""
    value = exchange.header("Retry-After")
    if value is None or exchange.status is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    when = parse_http_date(value)
    return None if when is None else max(0.0, (when - now).total_seconds())


def wants_retry(exchange: Exchange, tries: int) -> bool:
    """Whether one more attempt may bring another answer.

    Timeouts, resets, cut-off answers and lost DNS answers are asked again up to `tries` attempts; refusals
    once. A total timeout is not: the server was answering, only without end. Nor are TLS failures, absent
    names, private addresses and answers that are no HTTP, which say the same again.
    """
    if exchange.attempt >= tries:
        return False
    if exchange.failure is not None:
        kind = exchange.failure.kind
        return kind in _OFTEN or (kind in _ONCE and exchange.attempt == 1)
    return exchange.status in RETRY_STATUSES


def backoff(attempt: int, base: float, share: float) -> float:
    """The wait after the `attempt`-th try: exponential with full jitter, `share` (0..1) of its ceiling.

    After "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return share * base * float(1 << min(attempt - 1, 16))


def retry_wait(exchange: Exchange, settings: FetchSettings, now: datetime, share: float) -> float | None:
    """Seconds to wait before asking again; None when this answer stands.

    A server that names its own time gets it, unless that is later than the settings' cap: then the answer
    stands, for asking earlier than it wants would be no politeness.
    """
    if not wants_retry(exchange, settings.tries):
        return None
    wait = backoff(exchange.attempt, settings.backoff, share)
    asked = retry_after(exchange, now) if exchange.status in RETRY_STATUSES else None
    if asked is None:
        return wait
    return None if asked > settings.retry_after_cap else max(asked, wait)
