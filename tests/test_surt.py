"""Index keys: what they look like, that they are those of other tools, and that no URL is too much for them."""

from __future__ import annotations

import time
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from preserve.urls import legal_uri
from preserve.warc.surt import surt

with warnings.catch_warnings():  # its regular expressions are spelled with escapes Python warns of
    warnings.simplefilter("ignore")
    from surt import surt as others

HEX32 = "0123456789ABCDEFabcdef0123456789"
ID24 = "abcdefghij0123456789vwxy"
LETTERS24 = "abcdefghijklmnopqrstuvwx"

SAME = (
    *(
        "http://News.Example/a",
        "https://news.example/a/",
        "http://www.news.example:80/a",
        "http://www2.news.example/A?",
    ),
    *(
        "http://me:secret@news.example//a#top",
        "News.example/./b/../%61",
        " http:news.example/a\n",
        "http://.news..example./a",
    ),
)
KEYS = {
    "http://news.example": "example,news)/",
    "http://news.example?x": "example,news)/?x",
    "https://news.example:80/": "example,news:80)/",
    "http://news.example:08080/": "example,news:8080)/",
    "ftp://news.example:21/a": "example,news:21)/a",
    "http://www.example/": "example)/",
    "http://wwwnews.example/": "example,wwwnews)/",
    "http://新闻.example/二?页=1": "example,xn--efvy88h)/%e4%ba%8c?%e9%a1%b5=1",
    "http://news.example/%E4%BA%8C": "example,news)/%e4%ba%8c",
    "http://news.example/100%": "example,news)/100%25",
    "http://news.example/%25252525": "example,news)/%25",
    "http://news.example/%2%35%34%31": "example,news)/a",
    "http://news.example/a b%20c%23": "example,news)/a%20b%20c%23",
    "http://news.example/?b=1&a-b=0&a=2&a=1&a": "example,news)/?a&a=1&a=2&a-b=0&b=1",
    "http://news.example/../a/../../b": "example,news)/b",
    "http://127.1/": "1,0,0,127)/",
    "http://2130706433:81/": "1,0,0,127:81)/",
    "http://0177.0.0.010/": "8,0,0,127)/",
    "http://1.2.3.256/": "256,3,2,1)/",
    "http://[2001:DB8::1]:8080/": "2001:db8::1:8080)/",
    f"http://news.example/?x=1&PHPSESSID={HEX32}&a=2": "example,news)/?a=2&x=1",
    f"http://news.example/?sid={HEX32}": "example,news)/",
    f"http://news.example/?sid={HEX32}0": f"example,news)/?sid={HEX32.lower()}0",
    f"http://news.example/?ASPSESSIONIDABCDEFGH={LETTERS24}": "example,news)/",
    "http://news.example/?CFID=12&CFTOKEN=3-4&x": "example,news)/?x",
    f"http://news.example/(S({ID24}))/a.aspx": "example,news)/a.aspx",
    f"http://news.example/(S({ID24}))/({ID24})/a.aspx": "example,news)/a.aspx",
    f"http://news.example/(F({ID24})S({ID24}))/a.aspx": "example,news)/a.aspx",
    f"http://news.example/%3Fa/(S({ID24}))/a.aspx": "example,news)/?a/a.aspx",
    f"http://news.example/(S({ID24}))/%3F/(S({ID24}))/a.aspx%3F/({ID24})/": (
        f"example,news)/(s({ID24.lower()}))/?/a.aspx?/({ID24.lower()})"
    ),
    f"http://news.example/a;jsessionid={HEX32}": f"example,news)/a;jsessionid={HEX32.lower()}",
    "urn:preserve:post:_posts/A b/../c/?b&a": "urn:preserve:post:_posts/a%20b/../c?a&b",
    "mailto:Someone@News.example": "mailto:someone@news.example",
    "file:///A//b/": "file:/a//b",
}
# Where we differ from other tools on purpose, as the module says.
OURS = {
    "http://news.example:http/": "example,news:http)/",
    "http://news.example:65536/": "example,news:65536)/",
    "http://news...example/": "example,news)/",
    "http://[::1/": "[::1)/",
    "http://4294967296/": "4294967296)/",
    "http://010/": "8,0,0,0)/",
    "http://http://news.example/": "http)/news.example",
    "http:/news.example:80/": "example,news)/",
    "URN:A": "urn:a",
    "http://?a": "http:?a",
    "filedesc://a.arc": "arc,a)/",
    "": "http:",
}


@pytest.mark.parametrize("url", SAME)
def test_spellings_of_one_address_share_a_key(url: str) -> None:
    assert surt(url) == others(url) == "example,news)/a"


@pytest.mark.parametrize(("url", "key"), KEYS.items())
def test_a_key_is_what_other_tools_make_it(url: str, key: str) -> None:
    assert surt(url) == key == others(url)


@pytest.mark.parametrize(("url", "key"), OURS.items())
def test_differences_are_the_ones_we_chose(url: str, key: str) -> None:
    assert surt(url) == key
    try:
        assert others(url) != key
    except ValueError as error:
        assert "Port" in str(error)


# What sources of posts look like: articles, forums and shops, pasted by hand, from every decade of the web.
HOSTS = st.sampled_from(
    (
        *(
            "news.example",
            "WWW.News.Example",
            "www3.a.b.co.example",
            "news.example:80",
            "news.example:8443",
            "a_b.example",
        ),
        *(
            "xn--fiqs8s.example",
            "中文.example",
            "Bücher.example",
            "me:secret@news.example",
            "news.example.",
            "a%2eb.example",
        ),
        *("127.0.0.1:4000", "10.1", "3221226000", "1.2.3.4.5", "256.1.1.1", "[::1]:81", "localhost", "news.example:"),
    )
)
SEGMENTS = st.sampled_from(
    (
        *(
            "2024",
            "03",
            "Some-Title_of.html",
            "二〇二四年",
            "%E4%BA%8C",
            "%e4%ba%8c",
            "index.php",
            "a.aspx",
            ".",
            "..",
            "",
        ),
        *(
            "a;b=1",
            "~me",
            "a b",
            "a%20b",
            "100%",
            "%25",
            "%2F",
            "%2e%2e",
            "%3Fid=1",
            "Ä",
            "@me",
            "a,b",
            "(1)",
            "'q'",
            "|",
            "\\",
        ),
        *(f"a;jsessionid={HEX32}", f"(S({ID24}))", f"({ID24})", "web.archive.org/web/2020/http://news.example"),
    )
)
FIELDS = st.sampled_from(
    (
        *(
            "id=1",
            "ID=2",
            "p",
            "a=",
            "a=2=1",
            "",
            "utm_source=x",
            "标题=二",
            "q=a+b",
            "q=a%20b",
            "q=%26%3D",
            "u=http://a.example/?b",
        ),
        *(
            f"sid={HEX32}",
            f"PHPSESSID={HEX32}",
            f"jsessionid={HEX32}",
            f"newsid={HEX32}",
            f"sid={HEX32}f",
            "cfid=1",
            "cftoken=a-1",
        ),
        *(f"aspsessionidabcdefgh={LETTERS24}", "?", "a[]=1", "a;b", "100%", "é=\x7f", "%25cfid=1"),
    )
)
QUERIES = st.lists(FIELDS, max_size=6).map("&".join)
PATHS = st.lists(SEGMENTS, max_size=6).map("/".join)
SCHEMES = st.sampled_from(
    ("http://", "https://", "HTTP://", "ftp://", "urn:preserve:post:", "urn:preserve:bytes:http://")
)
ENDS = st.sampled_from(("", "#top", "#!/a?b", " ", "\n", "?", "/"))
URLS = st.builds("{}{}/{}?{}{}".format, SCHEMES, HOSTS, PATHS, QUERIES, ENDS)


@settings(max_examples=400)
@given(URLS)
def test_keys_are_those_of_other_tools(url: str) -> None:
    for spelling in (url, url.replace("?", ""), legal_uri(url)):
        assert surt(spelling) == others(spelling)


@settings(max_examples=300)
@given(st.text() | st.text("htps:/@.[]%25?&=#;a1wé中 \n\\", max_size=40))
@example("http://\ud800.example/\udcff")
def test_any_text_has_a_key_that_fits_into_a_line(text: str) -> None:
    key = surt(text)
    assert key.isascii()
    assert key.isprintable()
    assert key.split() == [key]


@pytest.mark.parametrize(
    "part",
    (
        *(
            "%",
            "25",
            "%25",
            "/",
            "../",
            "/a",
            "&",
            "=",
            "@",
            ":",
            ".",
            "1.",
            "0",
            "9",
            "?",
            "#",
            "中",
            "。",
            "www1.",
            "\n",
            "http:",
        ),
        *("cfid=", "cfid=1&", "cfid=1&cftoken=2&", f"sid={HEX32}&", f"({ID24})/", f"({ID24})/.aspx"),
    ),
)
def test_time_grows_with_the_length_and_no_faster(part: str) -> None:
    """A hundred thousand bytes take less than 0.1 s; if the time were squared, it would be minutes."""
    begun = time.process_time()
    for start in ("http://", "http://a/", "http://a/%", "http://a:", "http://a/?", "urn:"):
        surt(start + part * (100_000 // len(part.encode())) + "x")
    assert time.process_time() - begun < 3
