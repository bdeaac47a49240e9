"""URLs are mended as little as can be, resolved as RFC 3986 has it, and compared as pages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preserve.urls import (
    host_of,
    is_home,
    join,
    legal_uri,
    origin_of,
    port_of,
    same_page,
    split,
    target_of,
    unsplit,
    wire_url,
)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org//double/slash",
        "http://example.org/a/../b/./c",
        "http://example.org/%2f%2F%e4%B8",
        "https://example.org/it's?a=1&b=%20",
        "http://example.org/a;b=1,2!$&'()*+",
        "http://example.org/[x]|y?q=[1]",
        "http://example.org/100%",
        "http://example.org:8080/",
        "http://[2001:db8::1]:81/x",
        "http://under_score.example.org/",
        "http://example.org./",
    ],
)
def test_what_can_be_sent_is_asked_as_written(url: str) -> None:
    assert wire_url(url) == url


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("  http://example.org/a \n", "http://example.org/a"),
        ("\ufeffhttp://example.org/", "http://example.org/"),
        ("HTTP://Example.ORG/Path", "http://example.org/Path"),
        ("http://example.org", "http://example.org/"),
        ("http://example.org?q", "http://example.org/?q"),
        ("http://example.org/a#part", "http://example.org/a"),
        ("http://example.org/a b", "http://example.org/a%20b"),
        ("http://example.org/文?名=值", "http://example.org/%E6%96%87?%E5%90%8D=%E5%80%BC"),
        ("http://example.org/a\nb\tc", "http://example.org/abc"),
        ('http://example.org/<"`{}^\\>', "http://example.org/%3C%22%60%7B%7D%5E%5C%3E"),
        ("http://例子.测试/", "http://xn--fsqu00a.xn--0zwm56d/"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://ｅｘａｍｐｌｅ.org/", "http://example.org/"),
        ("http://%65xample.org/", "http://example.org/"),
        ("http://[2001:DB8:0:0::1]:80/", "http://[2001:db8::1]:80/"),
    ],
)
def test_what_cannot_be_sent_is_mended(source: str, asked: str) -> None:
    assert wire_url(source) == asked
    assert wire_url(asked) == asked


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("example.org/a", "scheme"),
        ("//example.org/a", "scheme"),
        ("ftp://example.org/", "ftp"),
        ("javascript:alert(1)", "javascript"),
        ("file:///etc/passwd", "file"),
        ("data:text/html,x", "data"),
        ("http:///path", "no host"),
        ("http:example.org", "no host"),
        ("http://", "no host"),
        ("http://:80/", "no host"),
        ("http://user:secret@example.org/", "password"),
        ("http://example.org:0/", "port"),
        ("http://example.org:65536/", "port"),
        ("http://example.org:8a/", "port"),
        ("http://exa mple.org/", "host"),
        ("http://a..b/", "host"),
        ("http://[::1/", "host"),
        ("http://[1.2.3.4]/", "host"),
        ("http://[::1]80/", "host"),
        ("http://::1/", "host|port"),
        ("http://good.example\\@evil.example/", "password"),
        ("http://" + "a" * 64 + ".org/", "host"),
        ("http://example.org/\ud800", "surrogate"),
        ("http://example.org:١/", "port"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(source: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"(?i){why}"):
        wire_url(source)


@given(st.text(max_size=60))
def test_an_asked_url_goes_onto_a_request_line(text: str) -> None:
    try:
        url = wire_url("http://example.org/" + text)
    except ValueError:
        return
    assert url.isascii()
    assert not re.search(r"[\x00-\x20\x7f#]", url)
    assert wire_url(url) == url


@given(st.text(max_size=60))
def test_a_legal_uri_is_legal_and_stays(text: str) -> None:
    legal = legal_uri(text)
    assert re.fullmatch(r"(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-])*", legal)
    assert legal_uri(legal) == legal


def test_a_legal_uri_encodes_what_browsers_send_raw() -> None:
    assert legal_uri("http://a.org/[x]|100%?y=[1]") == "http://a.org/%5Bx%5D%7C100%25?y=%5B1%5D"
    assert legal_uri("http://[::1]/%2f") == "http://[::1]/%2f"


@given(st.text(max_size=60))
def test_split_and_unsplit_are_inverse(text: str) -> None:
    assert unsplit(split(text)) == text


# RFC 3986, sections 5.4.1 and 5.4.2
@pytest.mark.parametrize(
    ("ref", "url"),
    [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        ("..g", "http://a/b/c/..g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("http:g", "http://a/b/c/g"),
        ("https:g", "https:g"),
        ("mailto:x@y", "mailto:x@y"),
        ("HTTP://h/x", "HTTP://h/x"),
    ],
)
def test_references_resolve_as_the_rfc_has_it(ref: str, url: str) -> None:
    assert join("http://a/b/c/d;p?q", ref) == url


def test_empty_segments_survive_resolution() -> None:
    assert join("http://a//b/c", "d") == "http://a//b/d"
    assert join("http://a/b", "/c//d") == "http://a/c//d"
    assert join("http://a", "b") == "http://a/b"


def test_parts_are_found() -> None:
    assert host_of("http://WWW.Example.org.:8080/x") == "www.example.org"
    assert host_of("http://[::1]:80/") == "::1"
    assert host_of("mailto:x@y") == ""
    assert (port_of("http://a/"), port_of("https://a/"), port_of("http://a:81/")) == (80, 443, 81)
    assert target_of("http://a//b/%2f?c=d") == "//b/%2f?c=d"
    assert target_of("http://a") == "/"
    assert origin_of("https://A.org/x") == "https://a.org:443"
    assert origin_of("http://[::1]:8/x") == "http://[::1]:8"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("http://example.org/a", "https://www.example.org/a/"),
        ("http://example.org/a#x", "http://example.org/a"),
        ("http://example.org/%e4%b8%ad", "http://example.org/中"),
        ("http://example.org/%7Ejoe", "http://example.org/~joe"),
        ("http://example.org/a?utm_source=x&id=3", "http://example.org/a?id=3&fbclid=y"),
        ("http://example.org/a?source=rss", "http://example.org/a"),
        ("http://example.org:80/a", "https://example.org:443/a"),
        ("http://EXAMPLE.org", "http://example.org/"),
    ],
)
def test_the_same_page_under_another_spelling(a: str, b: str) -> None:
    assert same_page(a, b)
    assert same_page(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("http://example.org/a", "http://example.org/A"),
        ("http://example.org/a?id=1", "http://example.org/a?id=2"),
        ("http://example.org/a?source=archive", "http://example.org/a"),
        ("http://example.org/a", "http://m.example.org/a"),
        ("http://example.org:81/a", "http://example.org/a"),
        ("http://example.org/a%2Fb", "http://example.org/a/b"),
        ("not a url", "http://example.org/"),
    ],
)
def test_another_page(a: str, b: str) -> None:
    assert not same_page(a, b)


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("http://a.org", True),
        ("http://a.org/", True),
        ("http://a.org/index.html", True),
        ("http://a.org/zh-CN/", True),
        ("http://a.org/en/index.php", True),
        ("http://a.org/?utm_source=x", True),
        ("http://a.org/?p=12", False),
        ("http://a.org/tv/", False),
        ("http://a.org/en/story", False),
        ("http://a.org/story", False),
    ],
)
def test_a_front_page_is_told_from_what_is_below(url: str, home: bool) -> None:
    assert is_home(url) is home
