"""URLs as strings: what to ask, what to write into a record, and when two name the same page.

Owns the mending of a source URL into one that can be asked, reference resolution and comparison. Asks
nothing, and does not decide whether an address may be asked (`preserve.fetch.guard` does).
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

DEFAULT_PORTS = {"http": 80, "https": 443}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")
_PARTS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.S)
# What may not stand in a request target at all, or what browsers encode there (RFC 3986, section 2; WHATWG
# URL, "percent-encode sets"). `[`, `]`, `|` and a lone `%` are sent as they are, because browsers do.
_UNSENDABLE = re.compile(r'[\x00-\x20"<>\\^`{}\x7f-\U0010ffff]')
_ILLEGAL = re.compile(r"[^A-Za-z0-9._~:/?#@!$&'()*+,;=%-]")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_TRACKING_PREFIXES = ("utm_", "spm", "hmsr", "mc_", "pk_", "_hs")
_TRACKING_NAMES = frozenset(
    {
        "fbclid",
        "gclid",
        "dclid",
        "msclkid",
        "yclid",
        "igshid",
        "twclid",
        "wt.mc_id",
        "cmpid",
        "ncid",
        "ocid",
        "smid",
    }
)
_FEED_NAMES = frozenset({"source", "from", "ref", "via", "feed"})
_FEED_VALUES = frozenset({"rss", "feed", "atom", "rss2", "feedburner", "rssfeed"})
_HOME = re.compile(r"/?(?:(?:index|default|home|main)(?:\.(?:s?html?|php|aspx?|jsp|do))?)?", re.I)
_LANGUAGES = frozenset({"ar", "cn", "de", "en", "es", "fr", "hk", "it", "ja", "jp", "ko", "pt", "ru", "tw", "zh"})
_LOCALE = re.compile(r"([a-z]{2})(?:[-_](?:[a-z]{2}|han[st]))?", re.I)


class Parts(NamedTuple):
    """A URL cut as RFC 3986, appendix B, does; None where a part is absent, "" where it is empty."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None


def split(url: str) -> Parts:
    """Cut `url` into its parts; never fails, since the grammar of RFC 3986, appendix B, takes any string."""
    match = _PARTS.fullmatch(url)
    if match is None:  # pragma: no cover - the expression takes every string
        raise ValueError(f"not a URL: {url!r}")
    scheme, authority, path, query, fragment = match.groups()
    return Parts(scheme, authority, path or "", query, fragment)


def unsplit(parts: Parts) -> str:
    """The string that `split` would cut into `parts` (RFC 3986, section 5.3)."""
    return "".join(
        (
            f"{parts.scheme}:" if parts.scheme is not None else "",
            f"//{parts.authority}" if parts.authority is not None else "",
            parts.path,
            f"?{parts.query}" if parts.query is not None else "",
            f"#{parts.fragment}" if parts.fragment is not None else "",
        )
    )


def wire_url(source: str) -> str:
    """The URL to ask for `source`.

    White space around it, tabs and line breaks inside it (WHATWG URL, section 4.4) and the fragment are
    dropped, scheme and host are put in lowercase, the host is put into IDNA form, an empty path becomes
    `/`, and characters that can't be sent are percent-encoded as UTF-8. All else stays byte for byte: `//`,
    `..`, `%2f` and `%2F`.

    Raises:
        ValueError: with the reason, when it is not an http or https URL with a usable host.
    """
    url = source.strip().strip(_INVISIBLE).strip()
    url = re.sub(r"[\t\r\n]", "", url)
    if not url:
        raise ValueError("the URL is empty")
    if any("\ud800" <= char <= "\udfff" for char in url):
        raise ValueError("the URL has half a surrogate pair in it")
    scheme = _SCHEME.match(url)
    if scheme is None:
        raise ValueError("the URL has no scheme: it must begin with http:// or https://")
    name = scheme.group(1).lower()
    if name not in DEFAULT_PORTS:
        raise ValueError(f"only http and https URLs can be asked, not {name}:")
    parts = split(url)
    if not parts.authority:
        raise ValueError("the URL names no host")
    authority = _wire_authority(parts.authority)
    query = None if parts.query is None else _encode(_UNSENDABLE, parts.query)
    return unsplit(Parts(name, authority, _encode(_UNSENDABLE, parts.path) or "/", query, None))


def legal_uri(url: str) -> str:
    """`url` with every character that RFC 3986 does not allow where it stands percent-encoded; idempotent.

    For record fields that must hold a URI (WARC 1.1, section 5.6). Unlike `wire_url` it never fails and
    drops nothing.
    """
    parts = split(url)
    authority = parts.authority
    if authority is not None:
        authority = _encode(re.compile(r"[^A-Za-z0-9._~:@!$&'()*+,;=%\[\]-]"), authority)
        authority = _LONE_PERCENT.sub("%25", authority)
    fixed = (_legal(part) for part in (parts.path, parts.query, parts.fragment))
    path, query, fragment = fixed
    return unsplit(Parts(parts.scheme, authority, path or "", query, fragment))


def host_of(url: str) -> str:
    """The host of `url` in lowercase, without port, brackets, user and trailing dot; "" when it has none."""
    authority = split(url).authority
    return "" if authority is None else _host_and_port(authority)[0].lower().rstrip(".")


def port_of(url: str) -> int:
    """The port of a wire URL, its scheme's default where it names none."""
    parts = split(url)
    port = _host_and_port(parts.authority or "")[1]
    return int(port) if port else DEFAULT_PORTS.get((parts.scheme or "").lower(), 0)


def target_of(url: str) -> str:
    """The request target in origin form: path and query, byte for byte (RFC 9112, section 3.2.1)."""
    parts = split(url)
    return (parts.path or "/") + ("" if parts.query is None else f"?{parts.query}")


def origin_of(url: str) -> str:
    """Scheme, host and port as `scheme://host:port`: what a robots.txt holds for (RFC 9309, section 2.3)."""
    parts = split(url)
    host = host_of(url)
    return f"{(parts.scheme or '').lower()}://{f'[{host}]' if ':' in host else host}:{port_of(url)}"


def join(base: str, ref: str) -> str:
    """Resolve `ref` against `base` (RFC 3986, section 5.2.2), unlike urllib's `urljoin` keeping empty path
    segments.

    A reference with the base's own scheme and no authority (`http:page`) is taken as relative, as browsers
    do.
    """
    r, b = split(ref), split(base)
    same_scheme = (r.scheme or "").lower() == (b.scheme or "").lower()
    if r.scheme is not None and r.authority is None and same_scheme:
        r = r._replace(scheme=None)
    if r.scheme is not None:
        path = _without_dots(r.path) if r.path.startswith("/") else r.path
        return unsplit(r._replace(path=path))
    if r.authority is not None:
        return unsplit(r._replace(scheme=b.scheme, path=_without_dots(r.path)))
    if not r.path:
        query = b.query if r.query is None else r.query
        return unsplit(Parts(b.scheme, b.authority, b.path, query, r.fragment))
    if r.path.startswith("/"):
        path = _without_dots(r.path)
    elif b.authority is not None and not b.path:
        path = _without_dots("/" + r.path)
    else:
        path = _without_dots(b.path[: b.path.rfind("/") + 1] + r.path)
    return unsplit(Parts(b.scheme, b.authority, path, r.query, r.fragment))


def same_page(a: str, b: str) -> bool:
    """Whether two URLs differ at most in what never picks another page.

    That is: http or https and their default ports, `www.`, a trailing slash, the fragment, how characters are
    percent-encoded, and query fields that only count where visitors come from.
    """
    return a == b or _page_key(a) == _page_key(b)


def is_home(url: str) -> bool:
    """Whether `url` names a site's front page, possibly the one of a language (`/en/`), and nothing below
    it."""
    parts = split(url)
    if _without_tracking(parts.query):
        return False
    path = parts.path.strip("/")
    first, _, rest = path.partition("/")
    locale = _LOCALE.fullmatch(first)
    if locale is not None and locale.group(1).lower() in _LANGUAGES:
        path = rest
    return _HOME.fullmatch(path) is not None


def _wire_authority(authority: str) -> str:
    if "@" in authority:
        raise ValueError("the URL holds a user name or password, which is never sent: remove it")
    host, port = _host_and_port(authority)
    if authority.startswith("["):
        return _wire_ipv6(authority, host) + _wire_port(port)
    return _wire_host(host) + _wire_port(port)


def _wire_ipv6(authority: str, host: str) -> str:
    try:
        address = f"[{ipaddress.IPv6Address(host)}]"
    except ValueError as fault:
        raise ValueError(f"the URL's host {host!r} is not an IPv6 address") from fault
    if not authority.startswith(f"[{host}]") or authority[len(host) + 2 :][:1] not in ("", ":"):
        raise ValueError(f"the URL's host {authority!r} is not an IPv6 address in brackets")
    return address


def _wire_port(port: str) -> str:
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536 and len(port) < 6):
        raise ValueError(f"the URL's port {port!r} is not a number from 1 to 65535")
    return f":{port}" if port else ""


def _wire_host(host: str) -> str:
    if not host:
        raise ValueError("the URL names no host")
    if "%" in host:
        host = unquote_to_bytes(host.encode("utf-8")).decode("utf-8", "replace")
    if not host.isascii():
        host = _idna(host)
    if not _HOST.fullmatch(host) or len(host) > 254 or any(len(label) > 63 for label in host.split(".")):
        raise ValueError(f"the URL's host {host!r} is not a host name")
    return host.lower()


def _idna(host: str) -> str:
    import idna  # its tables are large: loaded for the few hosts that need them  # noqa: PLC0415

    try:
        return idna.encode(host, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError) as fault:
        raise ValueError(f"the URL's host {host!r} is not a host name: {fault}") from fault


def _host_and_port(authority: str) -> tuple[str, str]:
    place = authority.rpartition("@")[2]
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = place.partition(":")
    return host, port


def _encode(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda hit: "".join(f"%{byte:02X}" for byte in hit[0].encode("utf-8", "replace")), text)


def _legal(text: str | None) -> str | None:
    if text is None:
        return None
    return _LONE_PERCENT.sub("%25", _encode(_ILLEGAL, text).replace("#", "%23"))


def _without_dots(path: str) -> str:
    """RFC 3986, section 5.2.4, for a path that may hold empty segments."""
    kept: list[str] = []
    segments = path.split("/")
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment in (".", ".."):
            if segment == ".." and (len(kept) > 1 or (kept and kept[0])):
                kept.pop()
            if last:
                kept.append("")
        else:
            kept.append(segment)
    return "/".join(kept) if len(kept) != 1 or kept[0] or not path.startswith("/") else "/"


def _page_key(url: str) -> tuple[str, int, str, str]:
    try:
        url = wire_url(url)
    except ValueError:
        return (url, 0, "", "")
    parts = split(url)
    port = port_of(url)
    host = host_of(url).removeprefix("www.")
    return (
        host,
        0 if port == DEFAULT_PORTS[parts.scheme or "http"] else port,
        _same_escapes(parts.path.rstrip("/")),
        _same_escapes(_without_tracking(parts.query)),
    )


def _same_escapes(text: str) -> str:
    """Percent-encodings with one spelling each (RFC 3986, section 6.2.2)."""

    def spell(hit: re.Match[str]) -> str:
        byte = int(hit[0][1:], 16)
        return chr(byte) if byte in _UNRESERVED else hit[0].upper()

    return _ESCAPE.sub(spell, text)


def _without_tracking(query: str | None) -> str:
    return "&".join(field for field in (query or "").split("&") if field and not _is_tracking(field))


def _is_tracking(field: str) -> bool:
    name, _, value = field.lower().partition("=")
    if name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIXES):
        return True
    return name in _FEED_NAMES and value in _FEED_VALUES
