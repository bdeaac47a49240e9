"""Nothing a page, a redirect or a resolver says leads to an address that is not public."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from fetch_kit import Kit
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_server import WireServer, page, redirect

from preserve.errors import ConfigError
from preserve.fetch import NoSuchNameError, ResolverError, SystemResolver
from preserve.fetch.guard import literal_address, literal_refusal, parse_networks, refusal
from preserve.model import FailureKind

PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2002:c0a8:101::",
    "100::1",
    "2001::7f00:1",
    "2001:2::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]
PUBLIC = ["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused_with_a_reason(address: str) -> None:
    assert address.partition("%")[0] in refusal(address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_asked(address: str) -> None:
    assert refusal(address, ()) == ""


def test_what_is_allowed_is_allowed_in_every_wrapping_and_nothing_beside_it() -> None:
    allowed = parse_networks(["127.0.0.0/8", "fd00::/8", "192.168.1.7"])
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00::1", "192.168.1.7"):
        assert refusal(address, allowed) == ""
    for address in ("10.0.0.1", "::1", "192.168.1.8", "::ffff:10.0.0.1", "fe80::1"):
        assert refusal(address, allowed)


@settings(max_examples=60)
@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_in_every_wrapping(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    plain = bool(refusal(str(address), ()))
    wrappings = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1),
    ]
    assert [bool(refusal(str(wrapped), ())) for wrapped in wrappings] == [plain] * 3


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("::1", "::1"),
        ("example.org", None),
        ("1.2.3.4.example", None),
        ("127.0.0.256", None),
        ("文", None),
    ],
)
def test_literals_are_read_as_the_c_library_reads_them(host: str, address: str | None) -> None:
    assert literal_address(host) == address


def test_names_of_this_machine_count_as_its_address() -> None:
    for name in ("localhost", "LOCALHOST.", "a.localhost", "ip6-localhost"):
        assert literal_refusal(name, ())
        assert literal_refusal(name, parse_networks(["127.0.0.0/8"])) == ""
    assert literal_refusal("localhost.example", ()) == ""


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "2852039166", "0x0a.1", "[::ffff:a00:1]", "[fe80::1]"])
def test_a_redirect_to_a_private_literal_ends_there(host: str) -> None:
    with WireServer({"/": redirect(f"http://{host}/latest/meta-data/")}) as server:
        capture = Kit().fetch(server.url("/")).capture
    assert capture.failure is not None
    assert capture.failure.kind is FailureKind.PRIVATE_ADDRESS
    assert [bool(exchange.request) for exchange in capture.exchanges] == [True, False]
    assert "--allow-private" in capture.failure.message


def test_a_redirect_to_a_name_with_a_private_address_ends_there() -> None:
    with WireServer({"/": redirect("http://inside.example/")}) as server:
        kit = Kit({"inside.example": ["10.1.2.3", "fd00::1"]})
        capture = kit.fetch(server.url("/")).capture
    assert capture.failure is not None
    assert capture.failure.kind is FailureKind.PRIVATE_ADDRESS
    assert "10.1.2.3" in capture.failure.message


class Rebinding:
    """Says something public first, and something else ever after."""

    def __init__(self) -> None:
        self.asked = 0

    def resolve(self, host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
        self.asked += 1
        return [(socket.AF_INET, "127.0.0.1" if self.asked == 1 else "10.0.0.1")]


def test_a_name_is_resolved_once_and_the_checked_address_is_connected_to() -> None:
    with WireServer({"/": page()}) as server:
        kit = Kit()
        resolver = Rebinding()
        object.__setattr__(kit.tools, "resolver", resolver)
        capture = kit.fetch(server.url("/", "rebinding.example")).capture
    assert resolver.asked == 1
    assert capture.final is not None
    assert (capture.final.status, capture.final.ip) == (200, "127.0.0.1")


def test_of_several_addresses_only_the_public_ones_are_tried() -> None:
    with WireServer({"/": page()}) as server:
        kit = Kit({"mixed.example": ["10.0.0.1", "::1", "127.0.0.1"]})
        final = kit.fetch(server.url("/", "mixed.example")).capture.final
    assert final is not None
    assert final.ip == "127.0.0.1"


def test_nothing_is_allowed_by_default() -> None:
    with WireServer({"/": page()}) as server:
        capture = Kit(allow_private=()).fetch(server.url("/")).capture
        assert server.heads == []
    assert capture.failure is not None
    assert capture.failure.kind is FailureKind.PRIVATE_ADDRESS


def test_a_network_that_cannot_be_read_is_the_callers_mistake() -> None:
    with pytest.raises(ConfigError, match="allow_private"):
        Kit(allow_private=("ten-net",))


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ({"control.example": ["1.1.1.1"]}, FailureKind.NO_SUCH_HOST),
        ({"control.example": ResolverError("try again")}, FailureKind.DNS),
        ({}, FailureKind.DNS),
        ({"site.example": ResolverError("try again"), "control.example": ["1.1.1.1"]}, FailureKind.DNS),
        ({"site.example": [], "control.example": ["1.1.1.1"]}, FailureKind.DNS),
    ],
)
def test_an_absent_name_is_believed_only_while_a_control_name_is_found(
    names: dict[str, list[str] | ResolverError], kind: FailureKind
) -> None:
    capture = Kit(names, control_names=("other.example", "control.example")).fetch("http://site.example/").capture
    assert capture.failure is not None
    assert capture.failure.kind is kind
    assert len(capture.exchanges) == 1


def test_the_machines_resolver_knows_literals_and_names_what_it_does_not_find() -> None:
    assert SystemResolver().resolve("127.0.0.1", 80) == [(socket.AF_INET, "127.0.0.1")]
    with pytest.raises(ResolverError):
        SystemResolver().resolve("no-such-name.invalid", 80)
    with pytest.raises(ResolverError):
        SystemResolver().resolve("a" * 64 + ".example", 80)
    assert issubclass(NoSuchNameError, ResolverError)
