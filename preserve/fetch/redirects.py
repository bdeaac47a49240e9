"""Where an answer sends its reader: HTTP redirects and quick refreshes, as pure decisions."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from preserve.http1 import decode_content, entity_body
from preserve.model import Exchange, ExchangeRole, Failure, FailureKind
from preserve.urls import join, wire_url

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
SCANNED = 64 * 1024  # bytes of decoded HTML looked at: a refresh that counts stands in the page's head
_TAG = 4 * 1024
# What hides a <meta> from a browser that runs scripts. Each alternative takes all up to its end or the
# page's, so that no character is looked at twice.
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|noscript|template|title|textarea|iframe)\b.*?(?:</\1\b|\Z)|(<meta)\b",
    re.I | re.S,
)
_META_END = re.compile(r"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""", re.S)
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""", re.S)
# Looked ahead for, so that a quote which is never closed hides none behind it.
_EQUIV = re.compile(r"""http-equiv(?=\s*=\s*(?:"([^"]{0,4096})|'([^']{0,4096})|([^\s"'>]{1,4096})))""", re.I)
_REFRESH = re.compile(r"\s*(\d{0,9})(?:\.[\d.]*)?\s*(?:[;,]\s*|\s|\Z)(?:url\s*=\s*)?(.*)", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Next:
    """The URL to ask next, and whether a redirect or a refresh names it."""

    url: str
    role: ExchangeRole


def sends_on(exchange: Exchange) -> bool:
    """Whether the head alone sends its reader on, so that a body which breaks off takes nothing away."""
    return exchange.status in REDIRECT_STATUSES and bool((exchange.header("Location") or "").strip())


def next_step(exchange: Exchange, max_refresh_delay: float) -> Next | Failure | None:
    """What follows a whole answer: another URL, a failure when that can't be asked, or None when it is final.

    A redirect without a usable `Location`, and a refresh to the page itself, lead nowhere: the answer is
    final.
    """
    if exchange.status in REDIRECT_STATUSES:
        reference, role = from_latin1(exchange.header("Location") or ""), ExchangeRole.REDIRECT
    elif exchange.status is not None and 200 <= exchange.status < 300:
        reference, role = _refresh(exchange, max_refresh_delay), ExchangeRole.REFRESH
    else:
        return None
    reference = reference.strip()
    if not reference:
        return None
    try:
        url = wire_url(join(exchange.url, reference))
    except ValueError as fault:
        if role is ExchangeRole.REFRESH:
            return None
        return Failure(FailureKind.INVALID_URL, f"{exchange.url} redirects to {reference[:200]!r}: {fault}")
    if role is ExchangeRole.REFRESH and url == exchange.url:
        return None
    return Next(url, role)


def from_latin1(text: str) -> str:
    """A header's bytes, given as Latin-1: as UTF-8 where they are, else with each byte percent-encoded.

    Servers send raw paths in the encoding of their own files; the byte is what they want back.
    """
    if text.isascii():
        return text
    raw = text.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def _refresh(exchange: Exchange, max_delay: float) -> str:
    """The reference a `Refresh` field or the first <meta refresh> names; "" without one quick
    enough."""
    field = exchange.header("Refresh")
    if field is not None:
        return _refresh_target(from_latin1(field), max_delay)
    kind = (exchange.header("Content-Type") or "").lower()
    if kind and "html" not in kind:
        return ""
    return meta_refresh(_start_of_page(exchange), max_delay)


def _start_of_page(exchange: Exchange) -> str:
    received = exchange.response[: exchange.head_end + 2 * SCANNED]
    body = entity_body(received, exchange.head_end, exchange.headers)
    return decode_content(body, exchange.headers, SCANNED, float(SCANNED)).body.decode("latin-1")


def meta_refresh(page: str, max_delay: float) -> str:
    """The reference of the first <meta http-equiv=refresh> in `page` that a browser would follow; ""
    without one.

    HTML Living Standard, "shared declarative refresh steps".

    Args:
        page: the page's bytes as Latin-1, so that any charset that holds ASCII can be scanned; the first 64
            KiB count.
        max_delay: the longest delay, in seconds, that still is a redirect.
    """
    page = page[:SCANNED]
    if not _may_refresh(page):  # as nearly every page, at a hundredth of what looking closely costs
        return ""
    at = 0
    while (found := _HIDDEN.search(page, at)) is not None:
        at = found.end()
        if found[2] is None:
            continue
        tag = page[at : at + _TAG]
        end = _META_END.match(tag)
        if end is None:
            continue
        at += end.end()
        attributes = {
            match[1].lower(): html.unescape(from_latin1(match[2] or match[3] or match[4] or ""))
            for match in reversed(list(_ATTRIBUTE.finditer(end[0][:-1])))
        }
        if attributes.get("http-equiv", "").strip().lower() == "refresh":
            return _refresh_target(attributes.get("content", ""), max_delay)
    return ""


def _may_refresh(page: str) -> bool:
    lowered, at = page.lower(), -1  # to find a word in it takes a tenth of what an expression without case does
    while (at := lowered.find("http-equiv", at + 1)) >= 0:
        match = _EQUIV.match(page, at)
        if match and html.unescape(match[1] or match[2] or match[3] or "").strip().lower() == "refresh":
            return True
    return False


def _refresh_target(content: str, max_delay: float) -> str:
    match = _REFRESH.fullmatch(content)
    if match is None or (not match[1] and not content.lstrip().startswith(".")):
        return ""
    if float(match[1] or 0) > max_delay:
        return ""
    target = match[2].strip()
    if target[:1] in ("'", '"'):
        target = target[1:].partition(target[0])[0]
    return target.strip()
