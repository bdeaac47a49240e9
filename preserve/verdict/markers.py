"""Finds what vendors of bot checks, parking, consent and paywalls leave in headers, addresses and markup.

Owns the reading of data/markers.toml and the search; what follows from a marker is the rules' business.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

from preserve.model import Capture, Comparison

HEAD_CHARS = 32 * 1024  # interstitials are small; what stands further down an ordinary page says nothing
TAIL_CHARS = 8 * 1024
_SEEN_WHOLE = 0.95
_SMALL_PAGE = 48 * 1024
_SETS_COOKIE = re.compile(r"document\s*\.\s*cookie\s*=|cookiestore\.set|document\[['\"]cookie['\"]\]")
_RELOADS = re.compile(
    r"location\s*\.\s*(?:reload|replace|assign)\s*\(|location(?:\.href)?\s*=[^=]|history\.go\(0\)"
    r"|\.submit\s*\(\s*\)|http-equiv=[\"']?refresh"
)
_PROOF_OF_WORK = re.compile(
    r"crypto\.subtle\.digest|proof[-_ ]?of[-_ ]?work|new worker\(.{0,200}?(?:sha|hash|challenge)"
)


@dataclass(frozen=True, slots=True)
class _Marker:
    name: str
    headers: tuple[tuple[str, str], ...]
    cookies: tuple[str, ...]
    html: tuple[str, ...]
    all_of: tuple[tuple[str, ...], ...]
    redirects: tuple[str, ...]
    weak: frozenset[str]


def find_markers(capture: Capture, html: str) -> tuple[str, ...]:
    """Names of the markers found in the final exchange's header fields, its address, and its decoded `html`.

    A name is `kind/vendor`. `challenge/`, `parked/` and `consent/` are only found on pages of that kind; the
    same with a `~` before the vendor (`challenge/~aliyun`), `captcha/` and `paywall/` are found on ordinary
    pages too. `shape/` names are no vendor's: `shape/cookie-and-reload` (a small page whose script sets a
    cookie and loads again), `shape/proof-of-work`.

    Args:
        capture: its last exchange is looked at.
        html: the decoded document; "" where there is none.
    """
    final = capture.final
    headers = _lowered(final.headers) if final else []
    moved_to = final.url.lower() if final and len(capture.hops) > 1 else ""
    text = _window(html)
    found: list[str] = []
    for marker in _markers():
        strong, weak = _search(marker, headers, moved_to, text)
        kind, _, vendor = marker.name.partition("/")
        if strong:
            found.append(marker.name)
        elif weak:
            found.append(f"{kind}/~{vendor}")
    return tuple(found) + _shapes(html)


def header_traces(headers: Sequence[tuple[str, str]]) -> frozenset[str]:
    """What of the vendors' traces stands in header fields: all that `find_markers` takes from them."""
    lowered = _lowered(headers)
    return frozenset(hit for marker in _markers() for hit in _in_headers(marker, lowered))


def needs_markers(capture: Capture, comparison: Comparison | None) -> bool:
    """Whether markers could bear on the verdict; looking for them costs as much as comparing.

    They can't where a page was answered with success and nearly all of the stored copy is on it: that page is the
    article, whatever scripts it carries.
    """
    final = capture.final
    answered = final is not None and final.status is not None and 200 <= final.status < 300
    return not (answered and comparison is not None and comparison.coverage >= _SEEN_WHOLE)


def address_says(url: str) -> frozenset[str]:
    """What the path of the address a redirect ended at says: of `challenge`, `login`, `gone`, `consent`."""
    path = unquote(re.split(r"[?#]", re.sub(r"^[a-z]+://[^/]*", "", url.lower()), maxsplit=1)[0])
    segments = set(path.split("/"))
    return frozenset(kind for kind, words in _addresses().items() if segments & words)


def _search(marker: _Marker, headers: list[tuple[str, str]], moved_to: str, text: str) -> tuple[bool, bool]:
    """Whether a strong and whether a weak trace of `marker` is there."""
    hits = [text_ for text_ in marker.html if text_ in text]
    hits += ["all" for group in marker.all_of if all(part in text for part in group)]
    hits += _in_headers(marker, headers)
    hits += [place for place in marker.redirects if moved_to and _address_has(moved_to, place)]
    return any(hit not in marker.weak for hit in hits), bool(hits)


def _lowered(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.lower(), value.lower()) for name, value in headers]


def _in_headers(marker: _Marker, headers: list[tuple[str, str]]) -> list[str]:
    """The traces of `marker` in lower-case header fields."""
    hits = [
        f"{name}: {wanted}" if wanted else name
        for name, wanted in marker.headers
        if any(key == name and wanted in value for key, value in headers)
    ]
    return hits + [
        name
        for name in marker.cookies
        if any(key == "set-cookie" and value.lstrip().startswith(name) for key, value in headers)
    ]


def _address_has(url: str, place: str) -> bool:
    """Whether `place` is the host of `url` or begins one of its labels, or stands in its path and query."""
    host, _, rest = url.partition("://")[2].partition("/")
    if "/" in place:
        return place in f"{host}/{rest}"
    if place.endswith("."):
        return host.startswith(place) or f".{place}" in host
    return host == place or host.endswith(f".{place}") or (not place.count(".") and place in rest)


def _window(html: str) -> str:
    """Where markers are looked for: beginning and end, in lower case, ASCII alone (every marker is)."""
    ends = html if len(html) <= HEAD_CHARS + TAIL_CHARS else f"{html[:HEAD_CHARS]}\n{html[-TAIL_CHARS:]}"
    return ends.lower().encode("ascii", "ignore").decode("ascii")


def _shapes(html: str) -> tuple[str, ...]:
    if not html or len(html) > _SMALL_PAGE:
        return ()
    text = html.lower()
    found = []
    if _SETS_COOKIE.search(text) and _RELOADS.search(text):
        found.append("shape/cookie-and-reload")
    if _PROOF_OF_WORK.search(text):
        found.append("shape/proof-of-work")
    return tuple(found)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("preserve.verdict").joinpath("data/markers.toml").read_text("utf-8"))


@cache
def _markers() -> tuple[_Marker, ...]:
    return tuple(
        _Marker(
            name=entry["name"],
            headers=tuple(_header(text) for text in entry.get("headers", ())),
            cookies=tuple(entry.get("cookies", ())),
            html=tuple(text.lower() for text in entry.get("html", ())),
            all_of=tuple(tuple(part.lower() for part in group) for group in entry.get("all", ())),
            redirects=tuple(entry.get("redirects", ())),
            weak=frozenset(text.lower() for text in entry.get("weak", ())),
        )
        for entry in _data()["marker"]
    )


@cache
def _addresses() -> dict[str, frozenset[str]]:
    return {kind: frozenset(words) for kind, words in _data()["addresses"].items()}


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.lower().partition(":")
    return name.strip(), value.strip()
