"""robots.txt (RFC 9309): what it says, read with protego, and what follows from how it was answered."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protego import Protego

from preserve.http1 import decode_content, entity_body
from preserve.model import Capture, Failure, FailureKind
from preserve.urls import origin_of

AGENT = "preserve"
MAX_BYTES = 512 * 1024  # RFC 9309, section 2.5, asks for at least 500 KiB
MAX_REDIRECTS = 5  # RFC 9309, section 2.3.1.2
MAX_DELAY = 60.0  # seconds; a longer Crawl-delay is cut to this
_AGENT_LINE = re.compile(r"([ \t]*user[- ]?agent[ \t]*:?[ \t]*)([^#\r\n]*)", re.I)
_GATEWAY_SAYS = frozenset({502, 504})
_LEADS_NOWHERE = frozenset({FailureKind.TOO_MANY_REDIRECTS, FailureKind.REDIRECT_LOOP, FailureKind.INVALID_URL})


@dataclass(frozen=True, slots=True)
class Robots:
    """What one origin's robots.txt means for us.

    Attributes:
        failure: why no URL of the origin is asked, or None.
        rules: protego's reading; None where everything is allowed.
        delay: seconds its `Crawl-delay` asks for, cut to `MAX_DELAY`; 0 without one.
    """

    failure: Failure | None = None
    rules: Protego | None = None
    delay: float = 0.0

    def refuses(self, url: str) -> Failure | None:
        """Why `url` is not asked, or None when it may be."""
        if self.failure is not None:
            return self.failure
        if self.rules is None or self.rules.can_fetch(url, AGENT):
            return None
        message = f"robots.txt of {origin_of(url)} disallows {url}; --ignore-robots asks it anyway"
        return Failure(FailureKind.ROBOTS, message)


def robots_url(url: str) -> str:
    """Where the robots.txt that holds for `url` lies (RFC 9309, section 2.3)."""
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{authority}/robots.txt"


def read_robots(capture: Capture) -> Robots:
    """What follows from how a robots.txt was answered (RFC 9309, section 2.3.1).

    Found: its rules. Any 4xx, or redirects that lead nowhere: it has none, all is allowed. 5xx: all is refused. No
    answer: its failure stands for whatever would have been asked next. 502 and 504 behind a proxy are the proxy's own
    words (RFC 9110, sections 15.6.3 and 15.6.5), not the host's: what is asked next shows whether it can be reached.
    """
    final = capture.final
    failure = capture.failure
    if failure is not None:
        if failure.kind in _LEADS_NOWHERE:
            return Robots()
        of_the_host = failure.kind is FailureKind.PRIVATE_ADDRESS  # whatever was to be asked there
        return Robots(failure if of_the_host else Failure(failure.kind, f"robots.txt: {failure.message}"))
    if final is None or final.status is None:
        return Robots(Failure(FailureKind.BAD_RESPONSE, "robots.txt: no answer"))
    from_proxy = final.status in _GATEWAY_SAYS and final.ip is None
    if final.status >= 500 and not from_proxy:
        message = f"{final.url} answers {final.status}, so nothing may be asked; --ignore-robots asks anyway"
        return Robots(Failure(FailureKind.ROBOTS, message))
    if not 200 <= final.status < 300:
        return Robots()
    body = entity_body(final.response, final.head_end, final.headers)
    decoded = decode_content(body, final.headers, MAX_BYTES, float(MAX_BYTES))
    return parse_robots(decoded.body.decode("utf-8-sig", "replace"))


def parse_robots(text: str) -> Robots:
    """Read a robots.txt; any text is one."""
    rules = Protego.parse(_only_ours(text))
    delay = rules.crawl_delay(AGENT) or 0.0
    return Robots(rules=rules, delay=min(delay, MAX_DELAY) if delay > 0 else 0.0)


def _only_ours(text: str) -> str:
    """The text with every other agent called the same.

    protego keeps each rule once per agent of its group: ten thousand agents with ten thousand rules would
        fill the
    memory.
    """

    def rename(match: re.Match[str]) -> str:
        agent = match[2].strip().lower()
        return match[0] if agent == "*" or AGENT in agent else f"{match[1]}other"

    return "\n".join(_AGENT_LINE.sub(rename, line, count=1) for line in text.splitlines())
