"""A connection is kept for its host's next exchange, and no byte of one exchange gets into another."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from fetch_kit import Kit, SkippingClock
from hypothesis import given
from hypothesis import strategies as st
from test_fetch_guard import Rebinding
from wire_proxies import HttpProxy, SocksProxy
from wire_server import Answer, Close, Drip, Hang, Reset, Step, Tell, Until, WireServer, page, redirect
from wire_tls import authority

from preserve.fetch.exchange import Asker, Question
from preserve.fetch.lines import MOST, KeptLines, Line, Route, leaves_open, lifetime
from preserve.fetch.reading import Answer as Read
from preserve.fetch.reading import Limits, WireError, read_response
from preserve.fetch.wire import request_bytes
from preserve.http1 import parse_head
from preserve.model import Exchange, ExchangeRole, FailureKind, Truncation

NAMES = {"site.example": ["127.0.0.1"], "127.0.0.1": ["127.0.0.1"]}
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


@contextmanager
def serving(scripts: dict[str, Answer | list[Answer]], *, tls: bool = False) -> Iterator[WireServer]:
    context = authority().server("site.example") if tls else None
    with WireServer(scripts, tls=context, persistent=True) as server:
        yield server


def visit(kit: Kit, server: WireServer, path: str) -> Exchange:
    """The one exchange of a visit."""
    (exchange,) = kit.fetch(server.url(path, "site.example")).capture.exchanges
    return exchange


def raw(answer: Answer) -> bytes:
    return b"".join(step for step in answer if isinstance(step, bytes))


# ---------------------------------------------------------------- reuse


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_exchanges_of_a_host_share_a_connection_and_are_recorded_alike(tls: bool) -> None:
    chunked = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"]
    scripts: dict[str, Answer | list[Answer]] = {
        "/a": redirect("/b"),
        "/b": page(b"b" * 100_000),
        "/c": chunked,
        "/d": [b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"],
        "/e": page(b"e"),
    }
    with serving(scripts, tls=tls) as server:
        kit = Kit(NAMES)
        seen = [*kit.fetch(server.url("/a", "site.example")).capture.exchanges]
        seen += [visit(kit, server, path) for path in ("/c", "/d", "/e")]
        assert server.connections == [5]
        assert server.heads == [exchange.request for exchange in seen]
    assert [exchange.response for exchange in seen] == [raw(answer) for answer in scripts.values()]  # type: ignore[arg-type]
    assert {exchange.ip for exchange in seen} == {"127.0.0.1"}
    assert {exchange.protocols for exchange in seen} == {("http/1.1", "tls/1.3") if tls else ("http/1.1",)}
    assert len({exchange.cipher for exchange in seen}) == 1
    assert b"Connection:" not in b"".join(server.heads)


def test_another_scheme_host_or_port_has_a_connection_of_its_own() -> None:
    names = NAMES | {"other.example": ["127.0.0.1"]}
    with serving({"/": page()}) as one, serving({"/": page()}) as two, serving({"/": page()}, tls=True) as three:
        kit = Kit(names)
        for server in (one, two, three, one, two, three):
            visit(kit, server, "/")
        kit.fetch(one.url("/", "other.example"))
        assert (one.connections, two.connections, three.connections) == ([2, 1], [2], [2])


@pytest.mark.parametrize(
    "answer",
    [
        [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
        [b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"],
        [b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok"],
        [b"HTTP/1.1 200 OK\r\nConnection: foo, close\r\nContent-Length: 2\r\n\r\nok"],
        [b"HTTP/1.1 200 OK\r\n\r\nok", Close()],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
        [b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n"],
        [b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"],
        [b"HTTP/1.1 101 Switching Protocols\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=1, max=5\r\n\r\nok"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + EVIL],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + EVIL],
        [b"HTTP/1.1 304 Not Modified\r\n\r\n" + EVIL],
    ],
)
def test_what_forbids_or_endangers_another_exchange_ends_the_connection(answer: list[Step]) -> None:
    with serving({"/a": answer, "/b": page()}) as server:
        kit = Kit(NAMES, max_body_bytes=1000)
        visit(kit, server, "/a")
        seen = visit(kit, server, "/b")
        assert server.connections == [1, 1]
    assert (seen.response, seen.attempt, seen.failure) == (page()[0], 1, None)


def test_a_body_that_is_cut_at_the_bound_ends_the_connection() -> None:
    endless = [b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + b"x" * 2000, Hang()]
    with serving({"/a": endless, "/b": page()}) as server:
        kit = Kit(NAMES, max_body_bytes=1000)
        assert visit(kit, server, "/a").truncated is Truncation.LENGTH
        assert visit(kit, server, "/b").response == page()[0]
        assert server.connections == [1, 1]


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_bytes_that_come_between_two_exchanges_are_nobodys_answer(tls: bool) -> None:
    go, sent = threading.Event(), threading.Event()
    with serving({"/a": [*page(b"a"), Until(go), EVIL, Tell(sent)], "/b": page(b"b")}, tls=tls) as server:
        kit = Kit(NAMES)
        first = visit(kit, server, "/a")
        go.set()
        assert sent.wait(10)
        second = visit(kit, server, "/b")
        assert server.connections == [1, 1]
    assert (first.response, second.response) == (page(b"a")[0], page(b"b")[0])


def test_without_an_idle_time_nothing_is_kept_and_the_server_is_told() -> None:
    with serving({"/": page()}) as server:
        kit = Kit(NAMES, idle_timeout=0.0)
        visit(kit, server, "/")
        visit(kit, server, "/")
        assert server.connections == [1, 1]
        assert all(head.endswith(b"\r\nConnection: close\r\n\r\n") for head in server.heads)


def test_an_idle_connection_is_kept_for_its_time_or_the_servers() -> None:
    five = page(b"", "Keep-Alive: timeout=5")
    with serving({"/": page(), "/five": five}) as server:
        kit = Kit(NAMES, idle_timeout=15.0)
        for path, wait in (("/", 14.0), ("/", 16.0), ("/five", 3.0), ("/five", 4.5), ("/", 0.0)):
            visit(kit, server, path)
            kit.clock.skipped += wait
        assert server.connections == [2, 2, 1]


# ---------------------------------------------------------------- connections that break


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("notify", [False, True], ids=["cut", "notified"])
def test_a_connection_that_was_closed_meanwhile_is_not_used(tls: bool, notify: bool) -> None:
    gone = threading.Event()
    script: list[Answer] = [[*page(b"", "Connection: keep-alive"), Close(gone, notify)], page(b"2")]
    with serving({"/": script}, tls=tls) as server:
        kit = Kit(NAMES)
        visit(kit, server, "/")
        assert gone.wait(10)
        assert (visit(kit, server, "/").response, server.connections) == (page(b"2")[0], [1, 1])


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("end", [Close(), Reset()], ids=["closed", "reset"])
def test_a_connection_that_closes_as_we_send_costs_no_attempt(tls: bool, end: Step) -> None:
    with serving({"/": [page(b"1"), [end], page(b"3")]}, tls=tls) as server:
        kit = Kit(NAMES, tries=3)
        visit(kit, server, "/")
        again = visit(kit, server, "/")
        assert server.connections == [2, 1]
        assert server.heads[1] == server.heads[2] == again.request
    assert (again.response, again.attempt, again.failure) == (page(b"3")[0], 1, None)
    assert kit.stop.waits == []


def test_it_is_made_anew_only_once() -> None:
    with serving({"/": [page(b"1"), [Close()]]}) as server:
        kit = Kit(NAMES)
        visit(kit, server, "/")
        failed = visit(kit, server, "/")
        assert server.connections == [2, 1]
    assert failed.failure is not None
    assert (failed.failure.kind, failed.attempt, failed.response) == (FailureKind.RESET, 1, b"")


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ([b"H", Close()], FailureKind.CUT_OFF),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", Close()], FailureKind.CUT_OFF),
        ([b"H", Drip(b"T", 0.05), Reset()], FailureKind.RESET),
        ([b"SSH-2.0\r\n", Close()], FailureKind.BAD_RESPONSE),
        ([Hang()], FailureKind.READ_TIMEOUT),
    ],
)
def test_once_a_byte_came_or_time_ran_out_it_is_a_failure_like_any_other(steps: list[Step], kind: FailureKind) -> None:
    with serving({"/": [page(), steps, page(b"3")]}) as server:
        kit = Kit(NAMES, read_timeout=0.3)
        visit(kit, server, "/")
        failed = visit(kit, server, "/")
        assert failed.failure is not None
        assert failed.failure.kind is kind
        assert failed.failure.message.startswith(server.url("/", "site.example"))
        assert visit(kit, server, "/").response == page(b"3")[0]
        assert server.connections == [2, 1]


# ---------------------------------------------------------------- the guard, proxies


def test_what_was_checked_when_it_was_opened_holds_for_a_connection_and_no_longer() -> None:
    resolver = Rebinding()
    with serving({"/": page()}) as server:
        kit = Kit()
        object.__setattr__(kit.tools, "resolver", resolver)
        assert [visit(kit, server, "/").ip for _ in range(3)] == ["127.0.0.1"] * 3
        assert resolver.asked == 1
        kit.clock.skipped += 60.0
        refused = visit(kit, server, "/").failure
        assert server.connections == [3]
    assert refused is not None
    assert (refused.kind, resolver.asked) == (FailureKind.PRIVATE_ADDRESS, 2)


def test_a_connection_that_may_be_made_by_one_asker_serves_no_other() -> None:
    with serving({"/": page()}) as server:
        kit, strict = Kit(NAMES), Kit(NAMES, allow_private=())
        visit(kit, server, "/")
        assert strict.fetch(server.url("/", "site.example")).capture.failure is not None
        assert server.connections == [1]


@pytest.mark.parametrize("over_tls", [False, True], ids=["proxy", "proxy-over-tls"])
def test_a_tunnel_is_used_again_for_its_own_target_alone(over_tls: bool) -> None:
    context = authority().server("site.example", "other.example")
    with ExitStack() as stack:
        server = stack.enter_context(WireServer({"/": page()}, tls=context, persistent=True))
        proxy = stack.enter_context(HttpProxy(server, authority().server("127.0.0.1") if over_tls else None))
        kit = Kit(proxy=proxy.url)
        stack.enter_context(closing(kit.fetcher))
        finals = [kit.fetch(f"https://{name}.example/").capture.final for name in ("site", "other", "site", "other")]
        assert [final.response if final else b"" for final in finals] == [page()[0]] * 4
        assert {final.ip for final in finals if final} == {None}
        # TLS inside TLS is no socket that could be asked whether it is silent: never kept.
        assert (len(proxy.asked), server.connections) == ((4, [1] * 4) if over_tls else (2, [2, 2]))


def test_what_a_proxy_forwards_has_a_connection_for_each_request() -> None:
    with WireServer({"http://site.example/": page()}, persistent=True) as server, HttpProxy(server) as proxy:
        kit = Kit(proxy=proxy.url)
        with closing(kit.fetcher):
            for _ in range(2):
                assert kit.fetch("http://site.example/").capture.failure is None
            assert len(proxy.asked) == 2
            assert all(b"\r\nConnection: close\r\n" in head for head in proxy.asked)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_socks_connection_is_used_again(scheme: str) -> None:
    with serving({"/": page()}, tls=scheme == "https") as server, SocksProxy(server) as proxy:
        kit = Kit(proxy=f"socks5h://127.0.0.1:{proxy.port}")
        with closing(kit.fetcher):
            for _ in range(3):
                assert kit.fetch(f"{scheme}://site.example/").capture.failure is None
        assert (proxy.asked, server.connections) == ([b"site.example"], [3])


# ---------------------------------------------------------------- how many, whose, until when


def pair() -> tuple[Line, socket.socket]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    return Line(ours, None, ("", "")), theirs


WHOLE = Read(page()[0], parse_head(page()[0]), exact=True)


def test_so_many_are_kept_and_the_longest_idle_goes_first() -> None:
    lines = KeptLines(SkippingClock(), 15.0)
    pairs = [pair() for _ in range(MOST + 2)]
    for number, (line, _) in enumerate(pairs):
        lines.give(Route("http", f"h{number}", 80, ""), line, WHOLE)
    taken = [lines.take(Route("http", f"h{number}", 80, "")) for number in range(MOST + 2)]
    assert taken == [None, None, *(line for line, _ in pairs[2:])]
    assert [theirs.recv(1) for _, theirs in pairs[:2]] == [b"", b""]
    for line, theirs in pairs:
        line.close()
        theirs.close()


def test_a_second_line_of_a_route_takes_the_place_of_the_first() -> None:
    lines, route = KeptLines(SkippingClock(), 15.0), Route("http", "h", 80, "")
    (first, one), (second, two) = pair(), pair()
    lines.give(route, first, WHOLE)
    lines.give(route, second, WHOLE)
    assert one.recv(1) == b""
    assert lines.take(route) is second
    assert lines.take(route) is None
    for each in (one, two, second):
        each.close()


def test_closing_closes_what_is_idle_and_what_comes_back() -> None:
    lines, route = KeptLines(SkippingClock(), 15.0), Route("http", "h", 80, "")
    (idle, one), (busy, two) = pair(), pair()
    lines.give(route, idle, WHOLE)
    lines.close()
    lines.close()
    assert one.recv(1) == b""
    lines.give(route, busy, WHOLE)
    assert two.recv(1) == b""
    assert lines.take(route) is None
    one.close()
    two.close()


def test_lines_that_nobody_closed_are_closed_with_their_keeper() -> None:
    lines = KeptLines(SkippingClock(), 15.0)
    line, theirs = pair()
    lines.give(Route("http", "h", 80, ""), line, WHOLE)
    del lines
    assert theirs.recv(1) == b""
    theirs.close()


def test_a_closed_fetcher_still_asks_and_keeps_nothing() -> None:
    with serving({"/": page()}) as server:
        kit = Kit(NAMES)
        visit(kit, server, "/")
        kit.fetcher.close()
        for _ in range(2):
            assert visit(kit, server, "/").status == 200
        assert server.connections == [1, 1, 1]


def test_a_connection_belongs_to_one_thread_at_a_time() -> None:
    paths = [f"/{number}" for number in range(40)]
    with serving({path: page(path.encode() * 1000) for path in paths}) as server:
        kit = Kit(NAMES)
        asker = Asker(kit.settings, kit.tools)
        found: dict[str, bytes] = {}

        def ask(mine: list[str]) -> None:
            for path in mine:
                found[path] = asker.ask(Question(server.url(path, "site.example"), ExchangeRole.SOURCE)).response

        threads = [threading.Thread(target=ask, args=(paths[start::4],)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asker.close()
        assert found == {path: page(path.encode() * 1000)[0] for path in paths}
        assert len(server.connections) < len(paths)


def test_what_tls_says_of_its_own_accord_is_no_surplus() -> None:
    with serving({"/": page()}, tls=True) as server:
        context = ssl.create_default_context(cafile=authority().file)
        plain = socket.create_connection((server.address, server.port))
        with context.wrap_socket(plain, server_hostname="site.example") as sock:
            line = Line(sock, None, ("", ""))
            assert line.is_quiet()  # the server's session tickets lie unread
            sock.settimeout(10)
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert sock.recv(1) == b"H"
            assert not line.is_quiet()  # decrypted already, and nothing left on the socket itself


# ---------------------------------------------------------------- laws

MESSAGES = (
    page(b"")[0],
    page(b"body")[0],
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n",
    b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n",
)


@given(st.sampled_from(MESSAGES), st.binary(max_size=6), st.lists(st.integers(1, 80), max_size=12))
def test_a_line_is_left_open_only_when_all_that_was_taken_off_it_is_the_answer(
    message: bytes, surplus: bytes, sizes: list[int]
) -> None:
    stream = bytearray(message + surplus)
    cuts = iter(sizes)

    def receive(size: int) -> bytes:
        most = min(size, next(cuts, size))
        piece = bytes(stream[:most])
        del stream[:most]
        return piece

    answer = read_response(receive, Limits(1000, 1000))
    assert answer.response == message
    assert leaves_open(answer) is (len(stream) == len(surplus))


def test_the_servers_word_on_idle_connections_is_read() -> None:
    def of(*values: str) -> float:
        fields = "".join(f"Keep-Alive: {value}\r\n" for value in values)
        return lifetime(parse_head(f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode()))

    assert lifetime(None) == of() == of("max=3") == of("timeout=soon") == float("inf")
    assert (of("timeout=5, max=100"), of("Timeout=9", "timeout=3"), of("timeout=0")) == (4.0, 2.0, -1.0)


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        ("/a\r\nX: y", []),
        ("/a b", []),
        ("/", [("A", "b\r\nX: y")]),
        ("/", [("A", "b\n")]),
        ("/", [("A", "b\rc")]),
        ("/", [("A", "文")]),
    ],
)
def test_a_request_that_would_be_another_is_not_sent(target: str, fields: list[tuple[str, str]]) -> None:
    with pytest.raises(WireError, match="can't be sent"):
        request_bytes("GET", target, fields)
    assert request_bytes("GET", "/", [("A", "é")]) == b"GET / HTTP/1.1\r\nA: \xe9\r\n\r\n"
