"""Index keys: a URL as the search key other web archive tools give it (SURT form, canonicalised).

Owns the key and nothing else. Pure, total (any text has a key; nothing is raised) and linear in the URL's length,
because URLs come from strangers.

Written from the public descriptions and held to the behaviour of other tools by tests; the usual library is under
the AGPL and serves only as a black box in tests. The descriptions, named below where a rule follows one:

- Heritrix's glossary, "SURT": `scheme://www.site.example/path` is written `example,site,www,)/path`, all lowercase, so
  that sorting brings together what belongs together. Indexes (CDX, CDXJ) leave out the scheme and the last comma.
- Heritrix's canonicalization rules, as its documentation lists them: no `www` or `www` with a number, no userinfo,
  no session id, no `?` that nothing follows, no doubled slash.
- The Safe Browsing specification, "Canonicalization": no tab, CR, LF or fragment; unescaping until nothing is
  escaped; stray dots in hosts; the spellings of an IPv4 address; `.` and `..` in paths; what is escaped at the end.
- RFC 3986: the parts of a URI (3), default ports (6.2.3). RFC 3490: international host names in ASCII.

A key means "the same for an index". It is no address, and pages that differ only in case or `www` share one. Where
the descriptions leave a choice it is the one the black box shows, since the keys are for other tools to find.

It differs from the black box, on purpose, only where hardly any fetch can have been:

- what that one raises for (a port that is no number or too large) keeps the port as written;
- a scheme is lowercase even if no `//` follows (`URN:a`; there, such a text is left alone);
- all stray dots of a host go, not every second one, and square brackets only where they pair;
- a lone number is an IPv4 address only up to 2^32 - 1, and octal if it begins with 0;
- too few slashes after `http:` are forgiven with a port too; of two schemes in a row the first is the scheme;
- without a host, the scheme and the rest are the key, nothing added (`-` and `/` there);
- `filedesc://`, which only the ARC format has, is a scheme like others.
"""

from __future__ import annotations

import re
from typing import Final

_FORBIDDEN: Final = re.compile(rb"[\t\n\r]")
_SCHEME: Final = re.compile(rb"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_WEB_PORTS: Final = {b"http": 80, b"https": 443}
_MAX_HOST: Final = 1000  # bytes; four times what DNS allows, and IDNA's rules are not linear
_DOTS: Final = re.compile(rb"\.{2,}")
_WWW: Final = re.compile(rb"www[0-9]*\.")
_DECIMAL: Final = re.compile(rb"0|[1-9][0-9]{0,9}")
_OCTAL: Final = re.compile(rb"0+[0-7]{0,11}")
_PORT: Final = re.compile(rb"0*([0-9]{1,5})")
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_TO_ESCAPE: Final = re.compile(rb"[\x00-\x20#%\x7f-\xff]")

# A cookieless session of ASP.NET: a segment `(S(id))`, `(S(id)F(id))` or `(id)`, with a page .aspx somewhere behind it.
_PATH_SESSIONS: Final = tuple(
    re.compile(rb"(?<=/)\(" + id_ + rb"\)/(?=.)", re.DOTALL)
    for id_ in (rb"(?:[a-z]\([a-z0-9]{24}\))+", rb"[a-z0-9]{24}")
)
# Heritrix's "Strip known session ids" (`sid` too is one only with 32 characters), then its "ColdFusion" pair.
_SESSIONS: Final = (
    *(re.compile(name + rb"=[a-z0-9]{32}\Z") for name in (b"jsessionid", b"phpsessid", b"sid")),
    re.compile(rb"aspsessionid[a-z]{8}=[a-z]{24}\Z"),
)
_CFID: Final = b"cfid="
_CFTOKEN: Final = b"cftoken="


def surt(url: str) -> str:
    """The index key of `url`: ASCII without spaces, for a URL as it was written (raw or escaped, of any scheme).

    `http://www.News.example:80/a//b/?y=1&x=2#top` gives `example,news)/a/b?x=2&y=1`; a URI without a host keeps
    its scheme: `urn:a:B` gives `urn:a:b`.
    """
    text = _FORBIDDEN.sub(b"", url.encode("utf-8", "surrogatepass").strip()).partition(b"#")[0]
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else b"http"
    rest = text[found.end() :] if found else text
    if scheme in _WEB_PORTS:
        rest = b"//" + rest.lstrip(b"/")  # slashes too many or too few are forgiven, as browsers do
    before_query, _, query = rest.partition(b"?")
    site, path = b"", before_query
    if before_query.startswith(b"//"):
        authority, slash, path = before_query[2:].partition(b"/")
        site, path = _site(scheme, authority), slash + path
    key = (site + b")" if site else scheme + b":") + _escaped(_hierarchical(path) if site else _opaque(path))
    fields = _fields(query)
    return (key + b"?" + fields if fields else key).decode("ascii")


def _site(scheme: bytes, authority: bytes) -> bytes:
    """Host back to front and the port, if it isn't the scheme's own; userinfo never. Empty without a host."""
    address = authority.rpartition(b"@")[2]
    bracket = address.find(b"]") if address.startswith(b"[") else -1
    name, _, port = address[bracket + 1 :].partition(b":")
    host = _unescaped(address[1:bracket]).lower() if bracket > 0 else _named(_unescaped(name))
    site = b",".join(reversed(_escaped(host).split(b".")))
    if not site or not port:
        return site
    digits = _PORT.fullmatch(port)
    if digits is None or int(digits[1]) >= 1 << 16:
        return site + b":" + _escaped(_unescaped(port).lower())
    number = int(digits[1])
    return site if number in (0, _WEB_PORTS.get(scheme)) else b"%s:%d" % (site, number)


def _named(host: bytes) -> bytes:
    """A host name or IPv4 address in its usual spelling, without `www`."""
    name = _DOTS.sub(b".", _ascii_name(host).lower()).strip(b".")
    prefix = _WWW.match(name)
    return name[prefix.end() :] if prefix else _ipv4(name) or name


def _ascii_name(host: bytes) -> bytes:
    """The host in the ASCII form of RFC 3490; as it is where it has none."""
    if host.isascii() or len(host) > _MAX_HOST:
        return host
    try:
        return host.decode("utf-8", "ignore").encode("idna")
    except UnicodeError:
        return host


def _ipv4(host: bytes) -> bytes:
    """The four decimals of an IPv4 address written in one to four numbers (0… is octal); empty if it is none.

    The last number stands for all bytes that are left, as inet_aton reads it. Hexadecimal ones stay names.
    """
    parts = host.split(b".")
    numbers = [
        int(part) if _DECIMAL.fullmatch(part) else int(part, 8) if _OCTAL.fullmatch(part) else -1 for part in parts[:5]
    ]
    if len(parts) > 4 or min(numbers) < 0 or max(numbers[:-1], default=0) > 255:
        return b""
    left = 5 - len(numbers)
    if numbers[-1] >= 1 << 8 * left:
        return b""
    return b".".join(b"%d" % byte for byte in (*numbers[:-1], *numbers[-1].to_bytes(left, "big")))


def _hierarchical(path: bytes) -> bytes:
    """The path behind a host: rooted, `.` and `..` followed, without empty segments and session id.

    A `..` that has nothing before it stays, as other tools have it, and a further one takes it away.
    """
    kept: list[bytes] = []
    for segment in _unescaped(path).lower().split(b"/")[1:]:
        if segment == b".." and kept:
            kept.pop()
        elif segment != b".":
            kept.append(segment)
    return _without_session(b"/" + b"/".join(filter(None, kept)))


def _opaque(path: bytes) -> bytes:
    """What follows a scheme without a host: spelled alike, otherwise left alone, save one slash at the end."""
    plain = _without_session(_unescaped(path).lower())
    return plain[:-1] if len(plain) > 1 and plain.endswith(b"/") else plain


def _without_session(path: bytes) -> bytes:
    """The path without the last ASP.NET session id of each kind; a question mark that was escaped parts it."""
    for kind in _PATH_SESSIONS:
        pieces = path.split(b"?")
        for number in reversed(range(len(pieces))):
            piece = pieces[number]
            *_, last = (None, *kind.finditer(piece, 0, max(piece.rfind(b".aspx"), 0)))
            if last:
                pieces[number] = piece[: last.start()] + piece[last.end() :]
                break
        path = b"?".join(pieces)
    return path


def _fields(query: bytes) -> bytes:
    """The query's fields by name, then value, without the last session id of each kind."""
    fields = _escaped(_unescaped(query).lower()).split(b"&")
    for pattern in _SESSIONS:
        for number in reversed(range(len(fields))):
            if found := pattern.search(fields[number]):
                _cut(fields, number, found.start(), 1)
                break
    for number in reversed(range(len(fields) - 1)):
        token = fields[number + 1]
        start = fields[number].rfind(_CFID, 0, -1)
        if start >= 0 and token.startswith(_CFTOKEN) and token != _CFTOKEN:
            _cut(fields, number, start, 2)
            break
    fields.sort(key=lambda field: field.split(b"=", 1))  # `a=1` before `a-b=0`, which bytes alone would not give
    return b"&".join(fields)


def _cut(fields: list[bytes], number: int, start: int, count: int) -> None:
    """Takes out `count` fields, the first from `start` on, and the `&` behind them; what is before it stays."""
    after = fields[number + count : number + count + 1]
    fields[number : number + count + 1] = [fields[number][:start] + b"".join(after)]


def _unescaped(data: bytes) -> bytes:
    """Bytes with every %xx undone, and those that this brings about, in one pass.

    Escapes can't overlap, so undoing each as soon as its last digit is there ends where doing it in rounds does.
    """
    if b"%" not in data:
        return data
    out = bytearray()
    for byte in data:
        out.append(byte)
        while len(out) > 2 and out[-3] == 0x25 and out[-1] in _HEX and out[-2] in _HEX:
            out[-3:] = bytes((int(out[-2:], 16),))
    return bytes(out)


def _escaped(data: bytes) -> bytes:
    """Bytes with what is no visible ASCII, `#` and `%` escaped, in lowercase digits."""
    return _TO_ESCAPE.sub(lambda found: b"%%%02x" % found[0][0], data)
