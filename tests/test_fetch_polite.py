"""Hosts are asked one request at a time, with pauses; again where that helps; never against robots.txt."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from fetch_kit import Kit, SkippingClock, SkippingStop
from wire_server import Answer, Hang, Reset, WireServer, page, redirect

from preserve.fetch import HostGate, ResolverError, system_tools
from preserve.fetch.fetcher import sibling
from preserve.fetch.retries import backoff, retry_after, retry_wait, wants_retry
from preserve.fetch.robots import parse_robots, robots_url
from preserve.model import Capture, Exchange, ExchangeRole, Failure, FailureKind
from preserve.settings import FetchSettings
from preserve.times import SystemClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def exchange(status: int | None = None, kind: FailureKind | None = None, attempt: int = 1, **fields: str) -> Exchange:
    headers = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    failure = None if kind is None else Failure(kind, "x")
    return Exchange(
        "http://a.example/",
        ExchangeRole.SOURCE,
        attempt,
        NOW,
        0.1,
        b"",
        b"",
        status=status,
        headers=headers,
        failure=failure,
    )


def kind_of(capture: Capture) -> FailureKind | None:
    return capture.failure.kind if capture.failure else None


# ---------------------------------------------------------------- retry decisions


@pytest.mark.parametrize(
    ("seen", "again"),
    [
        (exchange(200), False),
        (exchange(404), False),
        (exchange(500), False),
        (exchange(429), True),
        (exchange(502), True),
        (exchange(503), True),
        (exchange(504), True),
        (exchange(503, attempt=3), False),
        (exchange(kind=FailureKind.CONNECT_TIMEOUT), True),
        (exchange(kind=FailureKind.READ_TIMEOUT, attempt=2), True),
        (exchange(kind=FailureKind.RESET), True),
        (exchange(200, kind=FailureKind.CUT_OFF), True),
        (exchange(kind=FailureKind.DNS), True),
        (exchange(kind=FailureKind.REFUSED), True),
        (exchange(kind=FailureKind.REFUSED, attempt=2), False),
        (exchange(kind=FailureKind.PROXY, attempt=2), False),
        (exchange(200, kind=FailureKind.TOTAL_TIMEOUT), False),
        (exchange(kind=FailureKind.TLS), False),
        (exchange(kind=FailureKind.NO_SUCH_HOST), False),
        (exchange(kind=FailureKind.PRIVATE_ADDRESS), False),
        (exchange(kind=FailureKind.BAD_RESPONSE), False),
        (exchange(kind=FailureKind.HEADER_TOO_LARGE), False),
    ],
)
def test_only_what_may_change_is_asked_again(seen: Exchange, again: bool) -> None:
    assert wants_retry(seen, 3) is again


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 400, 999999999999.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after(exchange(503, Retry_After=value), NOW) == seconds


def test_waits_grow_and_keep_to_what_the_server_asks() -> None:
    settings = FetchSettings(tries=4, backoff=1.0, retry_after_cap=60.0)
    assert [backoff(attempt, 1.0, 1.0) for attempt in (1, 2, 3)] == [1.0, 2.0, 4.0]
    assert retry_wait(exchange(503, attempt=2), settings, NOW, 0.5) == 1.0
    assert retry_wait(exchange(503, Retry_After="30"), settings, NOW, 0.5) == 30.0
    assert retry_wait(exchange(503, Retry_After="0"), settings, NOW, 0.5) == 0.5
    assert retry_wait(exchange(503, Retry_After="61"), settings, NOW, 0.5) is None
    assert retry_wait(exchange(200), settings, NOW, 0.5) is None


# ---------------------------------------------------------------- retries over the wire


def test_every_attempt_is_kept_and_numbered() -> None:
    with WireServer({"/": [[Reset()], page(status="503 Busy"), page()]}) as server:
        kit = Kit(tries=3)
        capture = kit.fetch(server.url("/")).capture
    assert [(seen.attempt, seen.status) for seen in capture.exchanges] == [(1, None), (2, 503), (3, 200)]
    assert capture.failure is None
    assert len(kit.stop.waits) == 2
    assert all(0 <= wait <= 2 for wait in kit.stop.waits)


def test_the_last_failure_is_the_captures() -> None:
    with WireServer({"/": [Hang()]}) as server:
        capture = Kit(tries=2, read_timeout=0.1).fetch(server.url("/")).capture
    assert kind_of(capture) is FailureKind.READ_TIMEOUT
    assert [seen.attempt for seen in capture.exchanges] == [1, 2]


def test_retry_after_is_waited_for_and_holds_the_whole_host() -> None:
    with WireServer({"/": [page(b"", "Retry-After: 7", status="429 Slow"), page()]}) as server:
        kit = Kit(tries=2)
        assert [seen.status for seen in kit.fetch(server.url("/")).capture.exchanges] == [429, 200]
        assert sum(kit.stop.waits) == pytest.approx(7, abs=0.5)
    with WireServer({"/": page(b"", "Retry-After: 3600", status="429 Slow"), "/b": page()}) as server:
        kit = Kit(tries=3, retry_after_cap=50.0)
        assert len(kit.fetch(server.url("/")).capture.exchanges) == 1
        kit.fetch(server.url("/b"))
        assert sum(kit.stop.waits) == pytest.approx(50, abs=0.5)


def test_a_lost_name_is_asked_again() -> None:
    capture = Kit({"a.example": ResolverError("try again")}, tries=3).fetch("http://a.example/").capture
    assert [seen.attempt for seen in capture.exchanges] == [1, 2, 3]


# ---------------------------------------------------------------- the gate


def test_the_pause_is_from_the_end_of_one_exchange_to_the_start_of_the_next() -> None:
    with WireServer({"/a": redirect("/b"), "/b": page()}) as server:
        kit = Kit(delay=5.0)
        kit.fetch(server.url("/a"))
        kit.fetch(server.url("/b"))
    assert len(kit.stop.waits) == 2
    assert all(4.5 < wait <= 5.0 for wait in kit.stop.waits)


def test_hosts_do_not_wait_for_each_other() -> None:
    clock = SkippingClock()
    stop = SkippingStop(clock)
    gate = HostGate(5.0, clock, stop)
    for host in ("a", "b", "c"):
        with gate.turn(host) as allowed:
            assert allowed
    assert stop.waits == []
    gate.hold("b", 30.0)
    gate.hold("b", 3.0)
    gate.slow("c", 20.0)
    for host in ("a", "b", "c"):
        with gate.turn(host):
            pass
    assert [round(wait) for wait in stop.waits] == [5, 25]  # b's 30 s had begun while a's 5 s passed


def test_a_host_is_asked_one_request_at_a_time() -> None:
    with WireServer({f"/{n}": page() for n in range(12)}) as server:
        kit = Kit()
        urls = [server.url(f"/{n}") for n in range(12)]
        threads = [threading.Thread(target=kit.fetch, args=(url,)) for url in urls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.heads) == 12
        assert server.most_at_once <= 2  # a server may still be closing one while the next connects


def test_the_gate_lets_one_through_at_a_time() -> None:
    gate = HostGate(0.0, SystemClock(), threading.Event())
    inside = 0
    most = 0

    def enter() -> None:
        nonlocal inside, most
        for _ in range(20):
            with gate.turn("host"):
                inside += 1
                most = max(most, inside)
                time.sleep(0)
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


# ---------------------------------------------------------------- stopping


def test_after_a_stop_nothing_is_asked() -> None:
    with WireServer({"/": page()}) as server:
        kit = Kit()
        kit.stop.set()
        capture = kit.fetch(server.url("/")).capture
        assert server.heads == []
    assert kind_of(capture) is FailureKind.INTERRUPTED
    assert capture.exchanges == ()


def test_a_stop_ends_a_wait_and_a_queue_at_once() -> None:
    stop = threading.Event()
    gate = HostGate(60.0, SystemClock(), stop)
    results: list[bool] = []

    def enter() -> None:
        with gate.turn("host") as allowed:
            results.append(allowed)

    enter()
    threads = [threading.Thread(target=enter) for _ in range(3)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    stop.set()
    for thread in threads:
        thread.join()
    assert results == [True, False, False, False]
    assert time.monotonic() - begun < 5


def test_a_stop_between_attempts_keeps_what_was_seen() -> None:
    with WireServer({"/": page(status="503 Busy")}) as server:
        kit = Kit(tries=3)
        kit.stop.wait = lambda timeout=None: kit.stop.set() or True  # type: ignore[method-assign, assignment, func-returns-value]
        capture = kit.fetch(server.url("/")).capture
    assert [seen.status for seen in capture.exchanges] == [503]
    assert kind_of(capture) is FailureKind.INTERRUPTED


def test_a_stop_between_hops_ends_the_chain() -> None:
    with WireServer({"/": redirect("/b"), "/b": page()}) as server:
        kit = Kit(delay=1.0)
        kit.stop.wait = lambda timeout=None: kit.stop.set() or True  # type: ignore[method-assign, assignment, func-returns-value]
        capture = kit.fetch(server.url("/")).capture
        assert server.targets == ["/"]
    assert kind_of(capture) is FailureKind.INTERRUPTED
    assert [seen.status for seen in capture.exchanges] == [302]


# ---------------------------------------------------------------- robots.txt


def robots(text: str) -> Answer:
    return page(text.encode())


def visit(
    scripts: dict[str, Answer], path: str = "/a", **settings: object
) -> tuple[Kit, list[str], Capture, tuple[Capture, ...]]:
    with WireServer(scripts) as server:
        kit = Kit(ignore_robots=False, **settings)
        seen = kit.fetch(server.url(path))
        return kit, server.targets, seen.capture, seen.also


def test_robots_are_asked_first_once_and_handed_over() -> None:
    with WireServer({"/robots.txt": robots("User-agent: *\nDisallow: /no"), "/a": page()}) as server:
        kit = Kit(ignore_robots=False)
        first = kit.fetch(server.url("/a"))
        second = kit.fetch(server.url("/no/way"))
        assert server.targets == ["/robots.txt", "/a"]
    assert [capture.source for capture in first.also] == [server.url("/robots.txt")]
    assert [seen.role for seen in first.also[0].exchanges] == [ExchangeRole.ROBOTS]
    assert second.also == ()
    assert kind_of(second.capture) is FailureKind.ROBOTS
    assert second.capture.exchanges == ()
    assert "--ignore-robots" in second.capture.failure.message  # type: ignore[union-attr]


def test_robots_can_be_ignored() -> None:
    with WireServer({"/robots.txt": robots("User-agent: *\nDisallow: /"), "/a": page()}) as server:
        assert kind_of(Kit().fetch(server.url("/a")).capture) is None
        assert server.targets == ["/a"]


@pytest.mark.parametrize("status", ["401 X", "403 X", "404 X", "410 X", "418 X"])
def test_without_robots_everything_may_be_asked(status: str) -> None:
    _, targets, capture, also = visit({"/robots.txt": page(status=status), "/a": page()})
    assert (targets, capture.failure) == (["/robots.txt", "/a"], None)
    assert len(also) == 1


def test_robots_that_answer_a_server_error_refuse_everything() -> None:
    _, targets, capture, also = visit({"/robots.txt": page(status="500 Oops"), "/a": page()})
    assert targets == ["/robots.txt"]
    assert kind_of(capture) is FailureKind.ROBOTS
    assert "500" in capture.failure.message  # type: ignore[union-attr]
    assert len(also) == 1


def test_robots_that_do_not_answer_stand_for_the_source() -> None:
    _, targets, capture, also = visit({"/robots.txt": [Reset()], "/a": page()}, tries=2)
    assert targets == ["/robots.txt"] * 2
    assert kind_of(capture) is FailureKind.RESET
    assert capture.failure.message.startswith("robots.txt: ")  # type: ignore[union-attr]
    assert capture.exchanges == ()
    assert len(also[0].exchanges) == 2


def test_robots_redirects_are_followed_five_times() -> None:
    hops: dict[str, Answer] = {f"/r{n}": redirect(f"/r{n + 1}") for n in range(9)}
    fine = hops | {"/robots.txt": redirect("/r4"), "/r8": robots("User-agent: *\nDisallow: /a")}
    _, _, capture, also = visit(fine)
    assert kind_of(capture) is FailureKind.ROBOTS
    assert {seen.role for seen in also[0].exchanges} == {ExchangeRole.ROBOTS}
    _, targets, capture, _ = visit(hops | {"/robots.txt": redirect("/r0"), "/a": page()})
    assert (len(targets), capture.failure) == (7, None)


def test_a_refresh_in_place_of_robots_is_not_followed() -> None:
    instead = page(b"<meta http-equiv=refresh content='0;url=/elsewhere'>")
    _, targets, capture, _ = visit({"/robots.txt": instead, "/a": page()})
    assert (targets, capture.failure) == (["/robots.txt", "/a"], None)


def test_robots_hold_for_every_hop() -> None:
    with WireServer({"/robots.txt": robots("User-agent: preserve\nDisallow: /")}) as other:
        scripts = {"/a": redirect(other.url("/b", "other.example"))}
        with WireServer(scripts) as server:
            kit = Kit({"other.example": ["127.0.0.1"]}, ignore_robots=False)
            seen = kit.fetch(server.url("/a"))
        assert other.targets == ["/robots.txt"]
    assert kind_of(seen.capture) is FailureKind.ROBOTS
    assert [one.status for one in seen.capture.exchanges] == [302]
    assert len(seen.also) == 2


def test_a_crawl_delay_slows_its_host() -> None:
    text = "User-agent: *\nCrawl-delay: 9\nAllow: /"
    kit, _, _, _ = visit({"/robots.txt": robots(text), "/a": redirect("/b"), "/b": page()})
    assert [round(wait) for wait in kit.stop.waits] == [9]
    assert parse_robots("User-agent: *\nCrawl-delay: 86400").delay == 60.0
    assert parse_robots("User-agent: *\nCrawl-delay: -4").delay == 0.0


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("<html>not robots", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: Preserve\nAllow: /a\nDisallow: /\n\nUser-agent: *\nDisallow: /a", True),
        ("user-agent: one\nuser-agent: preserve\nDisallow: /a", False),
        ("User-agent: *\nDisallow: /*.html$\nAllow: /a", True),
        ("\ufeffUser-agent: *\r\nDisallow: /a # note", False),
    ],
)
def test_the_rules_for_us_are_followed(text: str, allowed: bool) -> None:
    assert (parse_robots(text.lstrip("\ufeff")).refuses("http://a.example/a") is None) is allowed


def test_hostile_robots_cost_little() -> None:
    agents = "".join(f"User-agent: a{n}\n" for n in range(15_000))
    rules = "".join(f"Disallow: /{n}*x$\n" for n in range(12_000))
    begun = time.process_time()
    found = parse_robots(f"{agents}User-agent: preserve\n{rules}Disallow: /{'*a' * 5000}b")
    assert found.refuses("http://a.example/" + "a" * 2000) is None
    assert time.process_time() - begun < 3


def test_robots_lie_at_the_root_of_the_origin() -> None:
    assert robots_url("https://a.example:8443/x/y?z") == "https://a.example:8443/robots.txt"
    assert robots_url("http://[::1]/x") == "http://[::1]/robots.txt"
    assert robots_url("http://a.example?x") == "http://a.example/robots.txt"


# ---------------------------------------------------------------- probes


def test_a_probe_asks_beside_the_url_and_the_same_each_time() -> None:
    with WireServer() as server:
        kit = Kit()
        url = server.url("/2020/01/story.html?x=1")
        first, second = kit.probe(url).capture, kit.probe(url).capture
    assert first.url == second.url
    assert first.url.startswith(server.url("/2020/01/"))
    assert first.url.endswith(".html")
    assert first.final is not None
    assert (first.final.role, first.final.status) == (ExchangeRole.PROBE, 404)


def test_a_probe_follows_and_obeys_as_a_fetch_does() -> None:
    url = "http://127.0.0.1/a/b"
    path = sibling(url, "test").removeprefix("http://127.0.0.1")
    assert path.startswith("/a/")
    with WireServer({"/error": page()}) as server:
        beside = sibling(server.url("/a/b"), "test").removeprefix(server.url(""))
        server.scripts[beside] = redirect("/error")
        capture = Kit().probe(server.url("/a/b")).capture
        assert [seen.role for seen in capture.exchanges] == [ExchangeRole.PROBE, ExchangeRole.REDIRECT]
        server.scripts["/robots.txt"] = robots("User-agent: *\nDisallow: /a/")
        refused = Kit(ignore_robots=False).probe(server.url("/a/b"))
        assert kind_of(refused.capture) is FailureKind.ROBOTS


@pytest.mark.parametrize(
    ("url", "start", "end"),
    [
        ("http://a/", "http://a/", ""),
        ("http://a/b", "http://a/", ""),
        ("http://a/b/", "http://a/", "/"),
        ("http://a/b/c/", "http://a/b/", "/"),
        ("http://a//b.php?x#y", "http://a//", ".php"),
        ("http://a/v1.2.3-final-edition", "http://a/", ""),
    ],
)
def test_a_sibling_lies_in_the_same_directory(url: str, start: str, end: str) -> None:
    found = sibling(url, "seed")
    assert found.startswith(start)
    assert found.endswith(end)
    assert found != sibling(url, "another seed")
    assert found.count("/") == url.partition("?")[0].count("/")


# ---------------------------------------------------------------- tools


def test_the_systems_tools_take_certificates_from_the_given_environment() -> None:
    settings = FetchSettings(delay=3.0)
    tools = system_tools(settings, threading.Event(), {"SSL_CERT_FILE": "/a.pem", "REQUESTS_CA_BUNDLE": "/b.pem"})
    assert tools.ca_file == "/b.pem"
    assert system_tools(settings, threading.Event(), {}).ca_file == ""
