"""Which addresses may be asked: pure rules over addresses that were already resolved.

Owns the refusal of loopback, private, link-local and otherwise not public addresses (docs/security.md). The
connection goes to the very address that was judged here, so that a DNS answer that changes in between changes
nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052, section 2.1
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, section 2.5.5.1
# IANA's special-purpose registries, where Python's own `is_private` differs from release to release.
_SPECIAL: tuple[tuple[Network, str], ...] = (
    (ipaddress.IPv4Network("100.64.0.0/10"), "a shared address (carrier-grade NAT)"),  # RFC 6598
    (ipaddress.IPv4Network("192.0.0.0/24"), "a protocol assignment, where clouds keep their metadata"),
    (ipaddress.IPv4Network("192.88.99.0/24"), "a relay address"),  # RFC 7526
    (ipaddress.IPv4Network("198.18.0.0/15"), "a benchmarking address"),  # RFC 2544
    (ipaddress.IPv6Network("64:ff9b:1::/48"), "a local NAT64 address"),  # RFC 8215
    (ipaddress.IPv6Network("100::/32"), "a discard address"),  # RFC 6666
    (ipaddress.IPv6Network("2001::/23"), "a protocol assignment (Teredo among them)"),  # RFC 2928
    (ipaddress.IPv6Network("3fff::/20"), "a documentation address"),  # RFC 9637
    (ipaddress.IPv6Network("5f00::/16"), "a segment-routing address"),  # RFC 9602
)
# Public by registry, but answered by the machine's own cloud.
_METADATA = frozenset({ipaddress.IPv4Address("168.63.129.16")})
_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks in CIDR notation; a bare address is a network of one.

    Raises:
        ValueError: when one can't be read.
    """
    return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts)


def refusal(address: str, allowed: Sequence[Network]) -> str:
    """Why `address` may not be asked; "" when it may.

    Args:
        address: an IPv4 or IPv6 address as the resolver gives it, a zone after `%` included.
        allowed: networks that may be asked although they are not public. An address that carries an IPv4
            address inside (mapped, 6to4, NAT64) is allowed when that one is.
    """
    try:
        outer = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"{address!r} is not an address"
    embedded = _embedded(outer)
    seen: tuple[Address, ...] = (outer,) if embedded is None else (embedded,)
    if any(one in network for one in {outer, *seen} for network in allowed):
        return ""
    for one in seen:
        what = _not_public(one)
        if what:
            inside = "" if one is outer else f" ({one} inside)"
            return f"{address}{inside} is {what}"
    return ""


def literal_address(host: str) -> str | None:
    """The address that `host` is a literal of, or None when it is a name.

    Takes what the C library's resolver takes: `127.1`, `2130706433`, `0x7f.1`, `0177.0.0.1` are all
    127.0.0.1.
    """
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return str(ipaddress.IPv4Address(socket.inet_aton(host.rstrip("."))))
    except (OSError, UnicodeEncodeError):
        return None


def literal_refusal(host: str, allowed: Sequence[Network]) -> str:
    """Why a host may not be named to a proxy, as far as its spelling tells; "" when it may."""
    host = host.lower().rstrip(".")
    if host in _LOOPBACK_NAMES or host.endswith(".localhost"):  # RFC 6761, section 6.3
        why = refusal("127.0.0.1", allowed) and refusal("::1", allowed)
        return why and f"{host} is this machine"
    literal = literal_address(host)
    return "" if literal is None else refusal(literal, allowed)


def _embedded(address: Address) -> Address | None:
    """The IPv4 address that packets to `address` end up at, if any."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _not_public(address: Address) -> str:
    """What kind of not public address it is (IANA special-purpose registries, RFC 6890); "" for a public
    one."""
    kinds = (
        (address.is_unspecified, "unspecified"),
        (address.is_loopback, "a loopback address"),
        (address.is_link_local, "a link-local address, where clouds keep their metadata"),
        (address.is_multicast, "a multicast address"),
        (address in _METADATA, "a cloud's metadata address"),
        (address.is_private, "a private address"),
        (address.is_reserved or getattr(address, "is_site_local", False), "a reserved address"),
        (not address.is_global, "not a public address"),
    )
    special = next((what for network, what in _SPECIAL if address in network), "")
    return next((what for holds, what in kinds if holds), special)
