"""Which proxy, if any, a URL is asked through: a pure choice from the settings and a given environment."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from preserve.fetch.guard import literal_address
from preserve.urls import host_of, port_of, split

SCHEMES: Mapping[str, int] = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy.

    Attributes:
        url: as it was configured, with a scheme.
        scheme: http, https, socks5 (names are resolved here) or socks5h (names are resolved there).
        host, port: where it listens.
        user, password: "" without them.
    """

    url: str
    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @property
    def shown(self) -> str:
        """The proxy for people: without user and password."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS rather than HTTP."""
        return self.scheme.startswith("socks")


def parse_proxy(text: str) -> Proxy:
    """Read a proxy's URL; without a scheme it is an HTTP proxy.

    Raises:
        ValueError: when it can't be used, saying why.
    """
    url = text.strip() if "://" in text else f"http://{text.strip()}"
    parts = split(url)
    scheme, host = (parts.scheme or "").lower(), host_of(url)
    if scheme == "socks":
        scheme = "socks5"
    if scheme not in SCHEMES:
        raise ValueError(f"the proxy's scheme must be one of {', '.join(SCHEMES)}, not {scheme!r}")
    if not host:
        raise ValueError("the proxy's URL names no host")
    user, _, password = (parts.authority or "").rpartition("@")[0].partition(":")
    try:
        port = port_of(url) or SCHEMES[scheme]
    except ValueError as fault:
        raise ValueError("the proxy's port is not a number") from fault
    return Proxy(url, scheme, host, port, unquote(user), unquote(password))


def choose_proxy(url: str, configured: str, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy to ask `url` through, or None.

    Args:
        url: an http or https URL.
        configured: a proxy for every request; "" leaves it to the environment.
        environment: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`; lowercase names go first.

    Raises:
        ValueError: when the proxy that is named can't be used.
    """
    if configured:
        return parse_proxy(configured)
    scheme = (split(url).scheme or "").lower()
    named = _value(environment, f"{scheme}_proxy") or _value(environment, "all_proxy")
    if not named or bypasses(url, _value(environment, "no_proxy")):
        return None
    return parse_proxy(named)


def bypasses(url: str, no_proxy: str) -> bool:
    """Whether `NO_PROXY` names the host of `url`.

    Its members, separated by commas or spaces, are `*`, host names (which stand for every name below them
    too, with or without a leading dot), addresses, networks in CIDR notation, each with an optional port.
    """
    host, port = host_of(url), port_of(url)
    literal = literal_address(host)
    for member in no_proxy.replace(",", " ").lower().split():
        if member == "*":
            return True
        if literal is not None and _in_network(literal, member):
            return True
        name, _, wanted = member.partition(":") if member.count(":") == 1 else (member, "", "")
        if wanted and wanted != str(port):
            continue
        if literal is not None and _in_network(literal, name):
            return True
        name = name.removeprefix("*").strip(".")
        if name and (host == name or host.endswith(f".{name}")):
            return True
    return False


def _in_network(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False


def _value(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""
