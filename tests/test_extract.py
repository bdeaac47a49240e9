"""One page, extracted: main text, structured text, what the page says about itself, and hostile pages."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from preserve.extract import extract_page, extractor_id
from preserve.model import BlockKind, Extraction, Region

URL = "http://harbour.example/news/pier"
PARAGRAPHS = [
    "The harbour board met on Tuesday and agreed to repair the eastern pier before winter comes ashore.",
    "Repairs will cost 2.4 million crowns, said Anna Berg, who has led the board since the storm of 2011.",
    "Fishermen had asked for a temporary pier, which the board refused after a long and heated debate.",
    "Work begins in October and is expected to take five months, depending on how rough the sea will be.",
]
ARTICLE = "<h1>Pier to be repaired</h1>" + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)


def extract(html: str, content_type: str | None = "text/html; charset=utf-8") -> Extraction:
    return extract_page(html.encode(), content_type=content_type, url=URL)


def page(head: str = "", body: str = "") -> str:
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'>{head}</head><body>"
        f"<nav><a href='/'>Home</a></nav><article>{ARTICLE}</article>{body}</body></html>"
    )


def ld(**values: object) -> str:
    return f"<script type='application/ld+json'>{json.dumps(values)}</script>"


# ---------------------------------------------------------------- layers of text


def test_main_and_visible_hold_the_article_and_visible_the_rest() -> None:
    found = extract(page(body="<footer>Imprint of the paper</footer>"))
    main = [block.text for block in found.main]
    assert [text for text in PARAGRAPHS if text in main] == PARAGRAPHS
    assert "Imprint of the paper" not in main
    assert ("Imprint of the paper", Region.FOOTER) in [(b.text, b.region) for b in found.visible]
    assert {block.region for block in found.main} == {Region.BODY}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("zh", "港口委员会周二开会，同意在冬天到来之前修复东边的码头，费用为二百四十万。"),
        ("ja", "港湾委員会は火曜日に会合を開き、冬が来る前に東の桟橋を修理することで合意した。"),
        (
            "de",
            "Der Hafenausschuss beschloss am Dienstag, die östliche Brücke vor dem Winter zu reparieren.",
        ),
    ],
)
def test_any_language(language: str, sentence: str) -> None:
    paragraphs = "".join(f"<p>{number}：{sentence * 3}</p>" for number in range(5))
    found = extract(f"<html lang='{language}'><body><h1>{sentence[:8]}</h1>{paragraphs}</body></html>")
    assert found.language == language
    assert found.headline == sentence[:8].strip()
    for layer in (found.main, found.visible):
        assert sum(sentence in block.text for block in layer) == 5


def test_lists_tables_and_headings_keep_their_kinds_in_main() -> None:
    body = "<h2>Costs</h2><ul><li>timber and iron for the deck</li><li>wages of the divers</li></ul>" + (
        "<table><tr><th>Year</th><th>Ships</th></tr><tr><td>2019</td><td>41</td></tr></table>"
    )
    found = extract(f"<html><body><article>{ARTICLE}{body}</article></body></html>")
    kinds = {block.text: block.kind for block in found.main}
    assert kinds["wages of the divers"] is BlockKind.LIST_ITEM
    assert kinds["Costs"] is BlockKind.HEADLINE
    assert kinds["2019\t41"] is BlockKind.TABLE_ROW


def test_comments_stay_out_of_main() -> None:
    comments = "".join(f"<p>I for one think that {number} of these is a waste of money.</p>" for number in range(5))
    found = extract(page(body=f"<section id='comments'>{comments}</section>"))
    assert not any("waste of money" in block.text for block in found.main)
    assert {b.region for b in found.visible if "waste of money" in b.text} == {Region.COMMENTS}


def test_structured_text_is_unescaped_and_without_repeats() -> None:
    head = (
        "<meta property='og:description' content='The board met &amp; agreed.'>"
        "<meta name='description' content='The board met &amp; agreed.'>"
    )
    graph = {
        "@graph": [
            {"@type": "WebSite", "name": "x"},
            {"@type": "NewsArticle", "articleBody": "Repairs &quot;soon&quot;"},
        ]
    }
    assert extract(page(head + ld(**graph))).structured == ('Repairs "soon"', "The board met & agreed.")


@pytest.mark.parametrize(
    "script",
    [
        "<!-- {} -->",
        "//<![CDATA[\n{}\n//]]>",
        "[{}]",
        '{{"@graph": [{}]}}',
        "{};",
    ],
)
def test_wrapped_json_ld_is_read(script: str) -> None:
    node = '{"@type": ["Article", "Thing"], "headline": "From data", "articleBody": "a line\nbreak",}'
    found = extract(page(f"<script type='application/ld+json'>{script.format(node)}</script>"))
    assert "From data" in found.headlines


@pytest.mark.parametrize("script", ["", "not json", "[" * 50_000, "null", '{"@type": 5, "author": [null]}', "1" * 9999])
def test_broken_json_ld_is_left_out(script: str) -> None:
    found = extract(page(f"<script type='application/ld+json'>{script}</script>"))
    assert found.structured == ()
    assert found.headline == "Pier to be repaired"


# ---------------------------------------------------------------- what the page says about itself


def test_headlines_best_first_without_repeats() -> None:
    head = (
        "<title>Pier to be fixed – Harbour News | Coast</title>"
        "<meta property='og:title' content='Pier repair'>"
        "<meta name='twitter:title' content='Pier to be repaired'>"
    )
    found = extract(page(head + ld(**{"@type": "NewsArticle", "headline": "Board &amp; pier"})))
    assert found.headlines == (
        "Pier to be repaired",
        "Board & pier",
        "Pier repair",
        "Pier to be fixed – Harbour News | Coast",
        "Pier to be fixed",
        "Harbour News",
        "Coast",
    )
    assert found.headline == found.headlines[0]


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("港口重开_新闻中心", "港口重开"),
        ("码头——本地新闻", "码头"),
        ("Pier: open - News", "Pier: open"),
        ("桟橋の修理｜新聞", "桟橋の修理"),
    ],
)
def test_titles_are_split_at_their_separators(title: str, part: str) -> None:
    assert part in extract(f"<title>{title}</title><p>x</p>").headlines


@pytest.mark.parametrize(
    "markup",
    [
        ld(**{"@type": "Article", "author": {"@type": "Person", "name": "Anna Berg"}}),
        ld(**{"@type": "Article", "author": [{"name": "Anna Berg"}, "Anna Berg"]}),
        "<meta name='author' content='Anna Berg'>",
        "<body><a rel='author' href='/a'>Anna  Berg</a>",
        "<body><span itemprop='author'><b>Anna</b> Berg</span>",
        "<body><p class='post-byline'>Anna Berg</p>",
    ],
)
def test_byline(markup: str) -> None:
    assert extract(page(markup)).byline == "Anna Berg"


@pytest.mark.parametrize(
    "markup",
    [
        ld(**{"@type": "BlogPosting", "datePublished": "2020-09-17T08:54Z", "dateModified": "2020-09-18"}),
        "<meta property='article:published_time' content='2020-09-17T08:54Z'>"
        "<meta property='article:modified_time' content='2020-09-18'>",
        "<body><i itemprop=datePublished content='2020-09-17T08:54Z'></i><i itemprop=dateModified>2020-09-18</i>",
    ],
)
def test_dates(markup: str) -> None:
    found = extract(page(markup))
    assert (found.published, found.modified) == ("2020-09-17T08:54Z", "2020-09-18")


def test_a_time_element_dates_a_page_that_says_nothing_else() -> None:
    assert extract(page(body="<time datetime='2020-09-17'>Thursday</time>")).published == "2020-09-17"


def test_facts() -> None:
    head = (
        "<title> Pier </title><link rel='canonical' href='/news/pier?x=1'>"
        "<meta property='og:type' content='article'>"
        "<meta http-equiv='Refresh' content=\"3; URL='/login'\"><script>1234567890</script>"
    )
    body = (
        "<noscript>Please  switch scripts on</noscript><iframe src='/f'></iframe><img src='/i'>"
        "<form><input type='password'></form>"
    )
    html = page(head + ld(**{"@type": "Article", "isAccessibleForFree": "False"}), body)
    facts = extract(html).facts
    assert (facts.title, facts.canonical, facts.page_type) == (
        "Pier",
        "http://harbour.example/news/pier?x=1",
        "article",
    )
    assert (facts.refresh, facts.refresh_delay) == ("http://harbour.example/login", 3.0)
    assert (facts.noscript, facts.accessible_for_free) == ("Please switch scripts on", False)
    assert (facts.scripts, facts.links, facts.images, facts.frames, facts.password_fields) == (2, 1, 1, 1, 1)
    assert (facts.html_chars, facts.link_chars) == (len(html), len("Home"))
    assert facts.visible_chars == sum(map(len, PARAGRAPHS)) + len("Pier to be repaired") + len("Home")


def test_the_extractor_names_itself_and_its_options() -> None:
    assert extractor_id().startswith("trafilatura/")
    assert "include_comments=false" in extractor_id()
    assert extract(page()).extractor == extractor_id()


# ---------------------------------------------------------------- pages that are none, or worse


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"%PDF-1.7\n%\xe2\xe3", b"\x89PNG\r\n\x1a\n\0", b"<html></html>", b"plain"]
)
def test_pages_without_an_article_have_no_main_text(body: bytes) -> None:
    found = extract_page(body, content_type=None, url=URL)
    assert len(" ".join(block.text for block in found.main)) < 20
    assert found.headline == ""


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: "<div>" * 100_000 + text,
        lambda text: "<table><tr><td>" * 2_000 + text,
        lambda text: text.replace("e", "e\x00"),
        lambda text: text + "<!-- " + "x" * 5_000_000 + " -->",
        lambda text: text + "<!-- unclosed " * 100_000,
        lambda text: text + "<p>x</p>" * 60_000,
        lambda text: text + "<a" * 100_000,
        lambda text: text + f"<p title='{'x' * 5_000_000}'>after</p>",
        lambda text: text + "&#;&#x;&#99999999999;&#0;&bogus" * 1_000,
    ],
    ids=["deep", "tables", "nul", "padded", "comment", "tags", "brackets", "attribute", "entities"],
)
def test_hostile_pages_give_up_their_article(wrap: Callable[[str], str]) -> None:
    found = extract(f"<html><body>{wrap(ARTICLE)}")
    for layer in (found.main, found.visible):
        assert any(PARAGRAPHS[1] in block.text for block in layer)


def test_the_same_bytes_give_the_same_extraction() -> None:
    html = page(ld(**{"@type": "Article", "headline": "x"}), "<footer>f</footer>")
    first = extract(html)
    extract(html.replace("October", "May"))
    assert extract(html) == first
