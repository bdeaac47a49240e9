"""TLS is verified or it is a failure; proxies carry the asked bytes, and stay out of the record."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from fetch_kit import LOOPBACK, Kit
from wire_proxies import HttpProxy, SocksProxy
from wire_server import Hang, Reset, WireServer, page
from wire_tls import authority

from preserve.errors import ConfigError
from preserve.fetch import ResolverError
from preserve.fetch.proxies import bypasses, choose_proxy, parse_proxy
from preserve.model import Capture, Exchange, FailureKind

NAMES = {"site.example": ["127.0.0.1"], "127.0.0.1": ["127.0.0.1"]}
PATH = "//a/../b%2f'?q"


def final(capture: Capture) -> Exchange:
    assert capture.final is not None
    return capture.final


def failure_of(capture: Capture) -> FailureKind | None:
    return capture.failure.kind if capture.failure else None


# ---------------------------------------------------------------- TLS


def test_a_trusted_server_is_recorded_above_tls() -> None:
    with WireServer({PATH: page()}, tls=authority().server("site.example")) as server:
        kit = Kit(NAMES)
        seen = final(kit.fetch(server.url(PATH, "site.example")).capture)
        assert server.heads == [seen.request]
    assert seen.response == page()[0]
    assert seen.protocols == ("http/1.1", "tls/1.3")
    assert seen.cipher
    assert seen.cipher.startswith("TLS_")
    assert seen.ip == "127.0.0.1"


@pytest.mark.parametrize("trouble", ["other-authority", "other-host", "expired"])
def test_what_cannot_be_verified_is_a_failure_and_is_asked_once(trouble: str) -> None:
    host = "other.example" if trouble == "other-host" else "site.example"
    context = authority().server(host, valid=timedelta(days=-1 if trouble == "expired" else 1))
    with WireServer({"/": page()}, tls=context) as server:
        kit = Kit(NAMES, ca_file="" if trouble == "other-authority" else None, tries=3)
        capture = kit.fetch(server.url("/", "site.example")).capture
        assert failure_of(capture) is FailureKind.TLS
        assert len(capture.exchanges) == 1
        assert server.heads == []
    assert (final(capture).request, final(capture).response) == (b"", b"")


def test_a_server_that_speaks_no_tls_is_a_tls_failure() -> None:
    with WireServer({"/": page()}) as server:
        capture = Kit(NAMES).fetch(f"https://site.example:{server.port}/").capture
    assert failure_of(capture) is FailureKind.TLS


def test_a_handshake_that_never_ends_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        capture = Kit(NAMES, connect_timeout=0.2).fetch(f"https://site.example:{port}/").capture
    assert failure_of(capture) is FailureKind.CONNECT_TIMEOUT


def test_certificates_that_cannot_be_read_are_the_callers_mistake() -> None:
    with pytest.raises(ConfigError, match="no-such-file"):
        Kit(ca_file="/no-such-file.pem")


# ---------------------------------------------------------------- connections


def test_a_closed_port_is_refused_and_a_dead_network_is_not_the_hosts_fault() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens, and nobody else gets the port meanwhile
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert failure_of(Kit().fetch(url).capture) is FailureKind.REFUSED


def test_the_next_address_is_tried_when_the_first_refuses() -> None:
    with WireServer({"/": page()}) as server:
        kit = Kit({"site.example": ["127.0.0.9", "127.0.0.1"]})
        seen = final(kit.fetch(server.url("/", "site.example")).capture)
    assert (seen.status, seen.ip) == (200, "127.0.0.1")


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_an_ipv6_literal_is_asked_and_named_in_brackets(tls: bool) -> None:
    with WireServer({PATH: page()}, address="::1", tls=authority().server("::1") if tls else None) as server:
        seen = final(Kit(allow_private=("::1",)).fetch(server.url(PATH, "[::1]")).capture)
        assert server.heads == [seen.request]
    assert f"Host: [::1]:{server.port}\r\n".encode() in seen.request
    assert (seen.status, seen.ip) == (200, "::1")


# ---------------------------------------------------------------- proxies


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_forwarding_proxy_is_asked_for_the_whole_url_byte_for_byte(tls: bool) -> None:
    url = f"http://site.example{PATH}"
    with WireServer({url: page()}) as server:
        context = authority().server("127.0.0.1") if tls else None
        with HttpProxy(server, context) as proxy:
            kit = Kit(proxy=proxy.url, allow_private=())
            seen = final(kit.fetch(url).capture)
            assert proxy.asked == [seen.request]
    assert seen.request.startswith(b"GET " + url.encode() + b" HTTP/1.1\r\nHost: site.example\r\n")
    assert seen.response == page()[0]
    assert seen.ip is None
    assert "site.example" not in kit.resolver.asked
    assert seen.protocols == ("http/1.1",)


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_tunnel_is_no_part_of_the_record(tls: bool) -> None:
    with WireServer({PATH: page()}, tls=authority().server("site.example")) as server:
        context = authority().server("127.0.0.1") if tls else None
        with HttpProxy(server, context) as proxy:
            seen = final(Kit(environment={"HTTPS_PROXY": proxy.url}).fetch(f"https://site.example{PATH}").capture)
            assert len(proxy.asked) == 1
            assert proxy.asked[0].startswith(b"CONNECT site.example:443 ")
            assert server.heads == [seen.request]
    assert seen.response == page()[0]
    assert seen.protocols == ("http/1.1", "tls/1.3")
    assert seen.ip is None


def test_a_proxys_password_is_sent_and_not_recorded() -> None:
    with WireServer({"http://site.example/": page()}) as server, HttpProxy(server) as proxy:
        seen = final(Kit(proxy=f"http://me:s%20cret@127.0.0.1:{proxy.port}").fetch("http://site.example/").capture)
        assert b"Proxy-Authorization: Basic" in proxy.asked[0]
    assert b"Proxy-Authorization" not in seen.request
    assert seen.status == 200


def test_a_proxy_that_refuses_or_is_not_there_is_a_proxy_failure() -> None:
    with WireServer() as server, HttpProxy(server) as proxy:
        proxy.refuse = b"HTTP/1.1 502 Bad Gateway\r\n\r\n"
        capture = Kit(proxy=proxy.url).fetch("https://site.example/").capture
    assert failure_of(capture) is FailureKind.PROXY
    assert "502" in final(capture).failure.message  # type: ignore[union-attr]
    for url in ("http://site.example/", "https://site.example/"):
        assert failure_of(Kit(proxy=proxy.url).fetch(url).capture) is FailureKind.PROXY
    nowhere = Kit({"proxy.example": ResolverError("no")}, proxy="http://proxy.example:1")
    assert failure_of(nowhere.fetch("http://site.example/").capture) is FailureKind.PROXY
    assert failure_of(Kit(proxy="gopher://x").fetch("http://site.example/").capture) is FailureKind.PROXY


def test_a_proxys_own_error_page_is_an_answer() -> None:
    script = {"http://site.example/": page(b"no", status="504 Gateway Timeout")}
    with WireServer(script) as server, HttpProxy(server) as proxy:
        capture = Kit(proxy=proxy.url).fetch("http://site.example/").capture
    assert (final(capture).status, capture.failure) == (504, None)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_socks_names_go_where_the_scheme_says(scheme: str) -> None:
    tls = authority().server("site.example") if scheme == "https" else None
    with WireServer({PATH: page()}, tls=tls) as server, SocksProxy(server) as proxy:
        there = Kit(proxy=f"socks5h://127.0.0.1:{proxy.port}", allow_private=())
        seen = final(there.fetch(f"{scheme}://site.example{PATH}").capture)
        assert seen.response == page()[0]
        assert seen.ip is None
        assert server.heads == [seen.request]
        here = Kit(NAMES, proxy=f"socks5://me:pass@127.0.0.1:{proxy.port}")
        assert final(here.fetch(f"{scheme}://site.example{PATH}").capture).status == 200
    assert proxy.asked == [b"site.example", b"me:pass", b"127.0.0.1"]


def test_socks_here_checks_the_address_and_socks_failures_are_named() -> None:
    with WireServer() as server, SocksProxy(server) as proxy:
        url = f"socks5://127.0.0.1:{proxy.port}"
        refused = Kit(NAMES, proxy=url, allow_private=())
        assert failure_of(refused.fetch("http://site.example/").capture) is FailureKind.PRIVATE_ADDRESS
        assert proxy.asked == []
        proxy.refuse = 4
        assert failure_of(Kit(NAMES, proxy=url).fetch("http://site.example/").capture) is FailureKind.PROXY
    assert failure_of(Kit(NAMES, proxy=url).fetch("http://site.example/").capture) is FailureKind.PROXY


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:10.0.0.1]", "localhost"])
def test_behind_a_proxy_a_private_literal_is_still_refused(host: str) -> None:
    with WireServer() as server, HttpProxy(server) as proxy:
        capture = Kit(proxy=proxy.url, allow_private=()).fetch(f"http://{host}/").capture
        assert failure_of(capture) is FailureKind.PRIVATE_ADDRESS
        assert proxy.asked == []


def test_no_proxy_is_asked_directly() -> None:
    with WireServer({"/": page()}) as server:
        kit = Kit(NAMES, environment={"http_proxy": "http://127.0.0.1:1", "NO_PROXY": ".example"})
        assert final(kit.fetch(server.url("/", "site.example")).capture).status == 200


@pytest.mark.parametrize("step", [Hang(), Reset()])
def test_a_proxy_that_breaks_off_in_connect_is_named(step: Hang | Reset) -> None:
    with WireServer({"site.example:443": [step]}) as server:
        kit = Kit(proxy=f"http://127.0.0.1:{server.port}", connect_timeout=0.3)
        assert failure_of(kit.fetch("https://site.example/").capture) is FailureKind.PROXY


@pytest.mark.parametrize(
    ("url", "no_proxy", "bypassed"),
    [
        ("http://a.example/", "", False),
        ("http://a.example/", "*", True),
        ("http://a.example/", "example", True),
        ("http://a.example/", ".example", True),
        ("http://a.example/", "*.example", True),
        ("http://example/", ".example", True),
        ("http://badexample/", "example", False),
        ("http://a.example:81/", "a.example:81, b", True),
        ("http://a.example:80/", "a.example:81 b", False),
        ("http://10.1.2.3/", "10.0.0.0/8", True),
        ("http://11.1.2.3/", "10.0.0.0/8,11.1.2.4", False),
        ("http://[2001:db8::1]/", "2001:db8::/32", True),
        ("http://2130706433/", "127.0.0.1", True),
    ],
)
def test_no_proxy_names_hosts_suffixes_and_networks(url: str, no_proxy: str, bypassed: bool) -> None:
    assert bypasses(url, no_proxy) is bypassed


def test_the_proxy_is_chosen_by_scheme_and_the_settings_win() -> None:
    environment = {"HTTP_PROXY": "p1:1", "https_proxy": "http://p2:2", "ALL_PROXY": "socks5://p3"}

    def chosen(url: str, configured: str = "", **env: str) -> str:
        proxy = choose_proxy(url, configured, environment | env)
        return proxy.shown if proxy else ""

    assert chosen("http://a/") == "http://p1:1"
    assert chosen("https://a/") == "http://p2:2"
    assert chosen("https://a/", http_proxy="x:9") == "http://p2:2"
    assert chosen("http://a/", http_proxy="x:9") == "http://x:9"
    assert chosen("http://a/", "socks5h://q:9", NO_PROXY="*") == "socks5h://q:9"
    assert parse_proxy("socks5://p3").shown == "socks5://p3:1080"
    assert choose_proxy("http://a/", "", {"ALL_PROXY": "socks5://p3"}) == parse_proxy("socks5://p3")
    assert choose_proxy("http://a/", "", {}) is None


@pytest.mark.parametrize("text", ["ftp://x", "http://", "http://x:y"])
def test_a_proxy_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="proxy"):
        parse_proxy(text)


def test_loopback_is_what_these_tests_allow() -> None:
    assert Kit().settings.allow_private == LOOPBACK
