"""Redirects are followed one by one, each hop kept; what leads nowhere, in circles or out of HTTP is
named."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime

import pytest
from fetch_kit import Kit
from wire_server import Answer, WireServer, page, redirect

from preserve.fetch.redirects import from_latin1, meta_refresh, next_step
from preserve.model import Capture, Exchange, ExchangeRole, Failure, FailureKind

ROLES = ExchangeRole


def chain(scripts: dict[str, Answer], **settings: object) -> tuple[Capture, list[str]]:
    with WireServer(scripts) as server:
        capture = Kit(**settings).fetch(server.url("/")).capture
        return capture, server.targets


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_redirect_status_is_followed_and_kept(status: int) -> None:
    capture, _ = chain({"/": redirect("/b", status), "/b": page()})
    assert [(exchange.status, exchange.role) for exchange in capture.exchanges] == [
        (status, ROLES.SOURCE),
        (200, ROLES.REDIRECT),
    ]
    assert capture.failure is None
    assert capture.hops == tuple(exchange.url for exchange in capture.exchanges)


@pytest.mark.parametrize("status", [300, 304, 305, 306, 201, 404])
def test_no_other_status_is_a_redirect(status: int) -> None:
    _, targets = chain({"/": redirect("/b", status), "/b": page()})
    assert targets == ["/"]


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b//c/%2f%2F'", "/b//c/%2f%2F'"),
        ("b?x=1#part", "/b?x=1"),
        ("?q", "/?q"),
        ("/中文".encode(), "/%E4%B8%AD%E6%96%87"),
        ("/中文".encode("gbk"), "/%D6%D0%CE%C4"),
        ("/a b", "/a%20b"),
        ("  /padded  ", "/padded"),
        (b"/a\rSet-Cookie: evil=1", "/a%20Set-Cookie:%20evil=1"),
        (b"/a%0d%0aX-Evil: 1", "/a%0d%0aX-Evil:%201"),
        (b"/\x00\x01", "/%20%01"),
    ],
)
def test_a_location_is_resolved_and_sent_without_touching_the_rest(location: bytes | str, target: str) -> None:
    capture, targets = chain({"/": redirect(location), target: page()})
    assert targets == ["/", target]
    assert capture.failure is None
    assert capture.exchanges[1].request.count(b"\r\n") == capture.exchanges[0].request.count(b"\r\n")


def test_a_redirect_whose_body_breaks_off_is_followed_and_says_so() -> None:
    broken = [b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 99\r\n\r\nshort"]
    capture, targets = chain({"/": broken, "/b": page()}, tries=3)
    assert (targets, capture.failure) == (["/", "/b"], None)
    assert capture.exchanges[0].failure is not None
    assert capture.exchanges[0].failure.kind is FailureKind.CUT_OFF


@pytest.mark.parametrize("location", ["", "   "])
def test_a_redirect_to_nowhere_is_the_answer(location: str) -> None:
    capture, targets = chain({"/": redirect(location)})
    assert (targets, capture.failure) == (["/"], None)
    assert capture.final is not None
    assert capture.final.status == 302


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example/",
        "http://",
        "http://a:b@c/",
    ],
)
def test_a_redirect_out_of_http_ends_with_the_redirect(location: str) -> None:
    capture, targets = chain({"/": redirect(location)})
    assert targets == ["/"]
    assert capture.failure is not None
    assert capture.failure.kind is FailureKind.INVALID_URL
    assert capture.final is not None
    assert (capture.final.status, capture.final.failure) == (302, None)


def test_a_loop_is_named() -> None:
    capture, targets = chain({"/": redirect("/b"), "/b": redirect("/")})
    assert targets == ["/", "/b"]
    assert capture.failure is not None
    assert capture.failure.kind is FailureKind.REDIRECT_LOOP
    itself, _ = chain({"/": redirect("#top")})
    assert itself.failure is not None
    assert itself.failure.kind is FailureKind.REDIRECT_LOOP


def test_redirects_are_counted() -> None:
    scripts: dict[str, Answer] = {f"/{n}": redirect(f"/{n + 1}") for n in range(20)} | {"/": redirect("/0")}
    capture, targets = chain(scripts, max_redirects=10)
    assert len(targets) == 11
    assert capture.failure is not None
    assert capture.failure.kind is FailureKind.TOO_MANY_REDIRECTS
    fine, _ = chain({"/": redirect("/b"), "/b": page()}, max_redirects=1)
    assert fine.failure is None


# ---------------------------------------------------------------- cookies


def test_cookies_live_for_one_chain() -> None:
    with WireServer({"/": redirect("/b", 302, "Set-Cookie: a=1", "Set-Cookie: c=2; Path=/"), "/b": page()}) as server:
        kit = Kit()
        first = kit.fetch(server.url("/")).capture
        second = kit.fetch(server.url("/b")).capture
    assert b"Cookie: a=1; c=2\r\n" in first.exchanges[1].request
    assert b"Cookie" not in second.exchanges[0].request
    assert b"Referer" not in first.exchanges[1].request


def test_a_page_that_redirects_to_itself_to_set_a_cookie_is_followed() -> None:
    with WireServer({"/": [redirect("/", 302, "Set-Cookie: seen=1"), page()]}) as server:
        capture = Kit().fetch(server.url("/")).capture
    assert [exchange.status for exchange in capture.exchanges] == [302, 200]
    assert capture.failure is None


def test_cookies_of_another_host_stay_there() -> None:
    with WireServer({"/b": page()}) as other:
        target = other.url("/b", "other.example")
        scripts = {"/": redirect(target, 302, "Set-Cookie: a=1", "Set-Cookie: b=2; Domain=other.example")}
        with WireServer(scripts) as server:
            kit = Kit({"one.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
            capture = kit.fetch(server.url("/", "one.example")).capture
    assert capture.final is not None
    assert capture.final.status == 200
    assert b"Cookie" not in capture.final.request


def test_hostile_cookies_cost_little() -> None:
    fields = [f"Set-Cookie: c{n}={'x' * 40}; Expires={'1 ' * 40}" for n in range(1500)]
    begun = time.process_time()
    capture, _ = chain({"/": redirect("/b", 302, *fields, "Set-Cookie: z=" + "y" * 9000), "/b": page()})
    assert time.process_time() - begun < 2
    assert capture.final is not None
    assert capture.final.status == 200
    assert capture.final.request.count(b"=" + b"x" * 40) == 100


# ---------------------------------------------------------------- refreshes


def refresh(markup: str) -> list[bytes]:
    return page(markup.encode())  # type: ignore[return-value]


@pytest.mark.parametrize(
    "markup",
    [
        '<meta http-equiv="refresh" content="0; url=/b">',
        "<META HTTP-EQUIV='Refresh' CONTENT='5;URL=&quot;/b&quot;'>",
        "<meta content='0.5, url=/b' http-equiv=refresh>",
        "<!-- <meta http-equiv=refresh content='0;url=/no'> --><meta http-equiv=refresh content=0;url=/b>",
        "<script><meta http-equiv=refresh content=0;url=/a></script><meta http-equiv=refresh content='0 /b'>",
        "<meta data-x='a>b' http-equiv=refresh content='10; url = /b'>",
        "<meta name=x><meta http-equiv=refresh content='0;/b'/>",
        "<meta HTTP-EQUIV=\"  = <meta http-equiv = 'refresh' content='0;url=/b'>",
    ],
)
def test_a_quick_refresh_is_a_redirect(markup: str) -> None:
    capture, targets = chain({"/": refresh(markup), "/b": page()})
    assert targets == ["/", "/b"]
    assert [exchange.role for exchange in capture.exchanges] == [ROLES.SOURCE, ROLES.REFRESH]


@pytest.mark.parametrize(
    "markup",
    [
        "<meta http-equiv=refresh content='11; url=/b'>",
        "<meta http-equiv=refresh content='5'>",
        "<meta http-equiv=refresh content='0; url='>",
        "<meta http-equiv=refresh content='0; url=/'>",
        "<meta http-equiv=refresh content='0; url=javascript:alert(1)'>",
        "<meta http-equiv=refresh content='soon; url=/b'>",
        "<meta http-equiv=refresh>",
        "<meta name=refresh content='0; url=/b'>",
        "<noscript><meta http-equiv=refresh content='0; url=/b'></noscript>",
        "<title><meta http-equiv=refresh content='0; url=/b'></title>",
        "<!-- <meta http-equiv=refresh content='0; url=/b'>",
        "x" * 70_000 + "<meta http-equiv=refresh content='0; url=/b'>",
        "<meta http-equiv=refresh content='0; url=/b",
    ],
)
def test_what_a_browser_would_not_follow_is_the_answer(markup: str) -> None:
    capture, targets = chain({"/": refresh(markup), "/b": page()})
    assert (targets, capture.failure) == (["/"], None)


def test_a_refresh_is_found_in_a_coded_body_and_in_the_header() -> None:
    body = gzip.compress(b"<meta http-equiv=refresh content='0;url=/b'>" + b" " * 500_000)
    _, targets = chain({"/": page(body, "Content-Encoding: gzip"), "/b": page()})
    assert targets == ["/", "/b"]
    _, targets = chain({"/": page(b"x", "Refresh: 0; url=/b"), "/b": page()})
    assert targets == ["/", "/b"]
    _, targets = chain({"/": page(b"<meta http-equiv=refresh content='0;url=/b'>", status="404 Not Found")})
    assert targets == ["/"]


def test_a_refresh_in_the_pages_own_charset_asks_for_its_bytes() -> None:
    gbk = "<meta http-equiv=refresh content='0;url=/中'>".encode("gbk")
    _, targets = chain({"/": page(gbk), "/%D6%D0": page()})
    assert targets == ["/", "/%D6%D0"]
    _, targets = chain({"/": refresh("<meta http-equiv=refresh content='0;url=/&#20013;é'>")})
    assert targets == ["/", "/%E4%B8%AD%C3%A9"]


@pytest.mark.parametrize(
    "markup",
    ["<meta " * 11_000, '<meta a="' * 8000, "<!--" * 16_000, "<meta a=" + "'" * 60_000, "<script" * 9000],
)
def test_hostile_markup_is_scanned_in_little_time(markup: str) -> None:
    begun = time.process_time()
    assert meta_refresh(markup, 10.0) == ""
    assert time.process_time() - begun < 1.0


def test_a_refresh_loop_is_named() -> None:
    to_b, back = "<meta http-equiv=refresh content='0;url=/b'>", "<meta http-equiv=refresh content='0;url=/'>"
    capture, _ = chain({"/": refresh(to_b), "/b": refresh(back)})
    assert capture.failure is not None
    assert capture.failure.kind is FailureKind.REDIRECT_LOOP


def test_the_decision_is_a_pure_function_of_the_exchange() -> None:
    fields = (("Location", "gopher://x/"),)
    exchange = Exchange(
        "http://a.example/", ROLES.SOURCE, 1, datetime.now(UTC), 0.1, b"", b"", status=301, headers=fields
    )
    assert isinstance(next_step(exchange, 10.0), Failure)
    assert from_latin1("é".encode().decode("latin-1")) == "é"
    assert from_latin1("\xe9") == "%E9"


# ---------------------------------------------------------------- sources


@pytest.mark.parametrize("source", ["", "no url", "file:///etc/passwd", "javascript:1", "http://a b/", "x\ny"])
def test_a_source_that_cannot_be_asked_is_an_outcome(source: str) -> None:
    visit = Kit().fetch(source)
    assert visit.capture.failure is not None
    assert visit.capture.failure.kind is FailureKind.INVALID_URL
    assert (visit.capture.source, visit.capture.exchanges) == (source, ())


def test_the_source_is_kept_as_the_post_has_it() -> None:
    with WireServer({"/%E6%96%87": page()}) as server:
        source = f" {server.url('/文')}#top"
        capture = Kit().fetch(source).capture
    assert capture.source == source
    assert capture.url == server.url("/%E6%96%87")
