"""Cutting markup into blocks: what a reader sees, nothing lost, whatever comes."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.markup import blocks_of, parse_html
from preserve.model import Block, BlockKind, Region

SENTENCE = "The harbour board met on Tuesday and agreed to repair the eastern pier before winter comes. "


def cut(html: str) -> tuple[Block, ...]:
    return blocks_of(parse_html(html))


def texts(html: str) -> list[str]:
    return [block.text for block in cut(html)]


def region_of(html: str, words: str) -> Region:
    return next(block.region for block in cut(html) if words in block.text)


def article(paragraphs: int = 6) -> str:
    return "<h1>Pier to be repaired</h1>" + f"<p>{SENTENCE * 2}</p>" * paragraphs


# ---------------------------------------------------------------- parsing


@pytest.mark.parametrize(
    "text", ["", "   \n", "<!-- only a comment -->", "<!DOCTYPE html>", "\x00", "\ud800", "<", "</p>"]
)
def test_input_without_content_gives_a_tree_without_blocks(text: str) -> None:
    assert [block.text for block in cut(text) if block.text != "<"] == []


def test_plain_text_is_a_block() -> None:
    assert texts("just words") == ["just words"]


def test_an_encoding_declaration_in_decoded_text_is_ignored() -> None:
    html = '<?xml version="1.0" encoding="gb2312"?><html><head><meta charset="big5"></head><p>港口消息</p>'
    assert texts(html) == ["港口消息"]


def test_nul_and_control_characters_vanish() -> None:
    assert texts("<p>mid\x00dle\x0b and\x1f end</p>") == ["middle and end"]


@pytest.mark.parametrize(
    "nothing", ["\x00", "\x08", "\x0b", "\x0e", "\x1f", "\x7f", "\ufffe", "\uffff", "\ud800", "\udfff"]
)
def test_what_no_tree_may_hold_vanishes_among_letters_of_any_width(nothing: str) -> None:
    assert texts(f"<p>a{nothing}b é{nothing}ö 港{nothing}口</p>") == ["ab éö 港口"]


@pytest.mark.parametrize("white", [" ", "  ", "\t", "\n", "\x0c", "\r\n", " \n", "\n ", "\t\t", " \t \n  "])
def test_white_space_of_any_kind_and_length_is_one_space(white: str) -> None:
    assert texts(f"<p>one{white}two three{white}four</p>") == ["one two three four"]


@pytest.mark.parametrize("kept", ["\xa0", "\u3000", "\u2003"])
def test_spaces_that_browsers_keep_are_kept(kept: str) -> None:
    assert texts(f"<p>one{kept}{kept}two {kept} three</p>") == [f"one{kept}{kept}two {kept} three"]


@pytest.mark.parametrize("tag", ["div", "b", "span", "blockquote"])
def test_text_below_any_depth_is_found(tag: str) -> None:
    html = f"<{tag}>" * 100_000 + "<p>one</p><p>two</p>" + f"</{tag}>" * 100_000 + "<p>three</p>"
    assert texts(html) == ["one", "two", "three"]


# ---------------------------------------------------------------- cutting


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One</p><p>Two</p>", ["One", "Two"]),
        ("<div>One<p>Two</p>Three</div>", ["One", "Two", "Three"]),
        ("<p>in<b>li</b>ne <a href='/x'>joins</a></p>", ["inline joins"]),
        ("<p>  white \n\t space </p>", ["white space"]),
        ("<p>港口\u3000委員會</p>", ["港口\u3000委員會"]),
        ("<p>a&nbsp;&nbsp;b</p>", ["a\xa0\xa0b"]),
        ("One.<br>Two.<br>Three", ["One.", "Two.", "Three"]),
        ("Roses are red<br>violets are blue", ["Roses are red\nviolets are blue"]),
        ("heading<br><br>text", ["heading", "text"]),
        ("第一段<br>\u3000\u3000第二段", ["第一段", "第二段"]),
        ("彼は言った。<br>港は静かだ。", ["彼は言った。", "港は静かだ。"]),
        ("<p>Straße&#8211;Hafen&amp;Meer</p>", ["Straße–Hafen&Meer"]),
        ("<p>kept<script>var x</script><style>p{}</style><noscript>no</noscript> whole</p>", ["kept whole"]),
        ("<p>one<!-- comment -->two<?pi?>three</p>", ["onetwothree"]),
        ("<ul><li>a<ul><li>b</li></ul>c</li></ul>", ["a", "b", "c"]),
        ("<b><p>bold around blocks</p></b>", ["bold around blocks"]),
        ("<p>before<img alt='a picture'>after</p>", ["beforeafter"]),
        ("<title>unseen</title><article><p>no body tag</p></article>", ["no body tag"]),
    ],
)
def test_boundaries(html: str, expected: list[str]) -> None:
    assert texts(html) == expected


def test_breaks_and_paragraphs_give_the_same_blocks() -> None:
    sentences = ["港口将于周二重开。", "委员会说：“一切就绪。”", "Die Brücke bleibt gesperrt."]
    marked = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    assert texts(marked) == texts("<br>".join(sentences)) == texts("<br/>\n<br>".join(sentences)) == sentences


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ("<h3>x</h3>", BlockKind.HEADLINE),
        ("<p>x</p>", BlockKind.PARAGRAPH),
        ("<ol><li><p>x</p></li></ol>", BlockKind.LIST_ITEM),
        ("<dl><dd>x</dd></dl>", BlockKind.LIST_ITEM),
        ("<figure><figcaption>x</figcaption></figure>", BlockKind.CAPTION),
        ("<table><caption>x</caption></table>", BlockKind.CAPTION),
        ("<table><tr><td>x</td></tr></table>", BlockKind.TABLE_ROW),
        ("<blockquote><p>x</p></blockquote>", BlockKind.QUOTE),
        ("<pre>x</pre>", BlockKind.CODE),
    ],
)
def test_kinds(html: str, kind: BlockKind) -> None:
    assert [block.kind for block in cut(html)] == [kind]


def test_a_table_row_joins_its_cells_by_tabs() -> None:
    html = "<table><tr><th>Year</th><th>Ships</th></tr><tr><td>2019</td><td></td><td><b>41</b></td></tr></table>"
    assert texts(html) == ["Year\tShips", "2019\t41"]


def test_a_layout_table_keeps_its_paragraphs_apart() -> None:
    html = f"<table><tr><td>Menu</td><td><p>{SENTENCE}</p><p>Second.</p></td></tr></table>"
    assert [(block.kind, block.text) for block in cut(html)] == [
        (BlockKind.PARAGRAPH, "Menu"),
        (BlockKind.PARAGRAPH, SENTENCE.strip()),
        (BlockKind.PARAGRAPH, "Second."),
    ]


def test_preformatted_lines_are_kept_and_blank_lines_cut() -> None:
    assert texts("<pre>\nif x:\n    y\n\nsecond   part\n</pre>") == ["if x:\n    y", "second   part"]


def test_link_density_and_emphasis() -> None:
    (block,) = cut("<p>See <a href='/a'>the <b>minutes</b></a> and <strong>Anna Berg</strong></p>")
    assert block.emphasis == ("minutes", "Anna Berg")
    assert block.link_density == pytest.approx(10 / 24)
    assert cut("<p><a href='/a'>all link</a></p>")[0].link_density == 1.0


def test_hidden_words_do_not_split_or_join_a_sentence() -> None:
    blocks = cut(f"{article()}<p>The pier <span style='display: none'>secret</span>is open.</p>")
    assert ("The pier is open.", Region.BODY) in [(block.text, block.region) for block in blocks]
    assert ("secret", Region.HIDDEN) in [(block.text, block.region) for block in blocks]


# ---------------------------------------------------------------- regions


@pytest.mark.parametrize(
    ("part", "region"),
    [
        ("<nav>WORDS</nav>", Region.NAVIGATION),
        ("<div role='navigation'>WORDS</div>", Region.NAVIGATION),
        ("<header><p>WORDS</p></header>", Region.HEADER),
        ("<footer><div><p>WORDS</p></div></footer>", Region.FOOTER),
        ("<div role=contentinfo>WORDS</div>", Region.FOOTER),
        ("<aside>WORDS</aside>", Region.ASIDE),
        ("<div class='box related-posts'>WORDS</div>", Region.ASIDE),
        ("<div id='cookieBanner'>WORDS</div>", Region.ASIDE),
        ("<div class='share'><p>WORDS</p></div>", Region.ASIDE),
        ("<div class='xiangguan'>WORDS</div>", Region.ASIDE),
        ("<div class='mianbaoxie'>WORDS</div>", Region.NAVIGATION),
        ("<section id='comments'><p>WORDS</p></section>", Region.COMMENTS),
        ("<ul class='pinglun'><li>WORDS</li></ul>", Region.COMMENTS),
        ("<button>WORDS</button>", Region.FORM),
        ("<form><label>WORDS</label></form>", Region.FORM),
        ("<form><p>WORDS</p></form>", Region.BODY),
        ("<p hidden>WORDS</p>", Region.HIDDEN),
        ("<div aria-hidden='true'>WORDS</div>", Region.HIDDEN),
        ("<div style='color:red; Display : None'>WORDS</div>", Region.HIDDEN),
        ("<nav><p hidden>WORDS</p></nav>", Region.HIDDEN),
        ("<div hidden><nav>WORDS</nav></div>", Region.HIDDEN),
        ("<span class='sr-only'>x</span><div class='sr-only'>WORDS</div>", Region.HIDDEN),
        ("<div class='no-sidebar'>WORDS</div>", Region.BODY),
        ("<div class='category-social tag-newsletter'>WORDS</div>", Region.BODY),
        ("<div class='comments-open'>WORDS</div>", Region.BODY),
        ("<p class='commentary readership'>WORDS</p>", Region.BODY),
        ("<article><header>WORDS</header></article>", Region.BODY),
        ("<blockquote><p>q</p><footer>WORDS</footer></blockquote>", Region.BODY),
    ],
)
def test_a_part_of_a_page(part: str, region: Region) -> None:
    assert region_of(f"<body>{article()}{part}</body>", "WORDS") is region


@pytest.mark.parametrize(
    "opening",
    [
        "<body class='has-sidebar comments-open'>",
        "<body class='sidebar'><div>",
        "<div class='layout-sidebar'>",
        "<div class='share'><main>",
        "<article class='post comments'>",
        "<div class='promo'><div class='related'>",
        "<aside>",
        "<body style='visibility: hidden'>",
        "<div aria-hidden='true'>",
        "<header>",
    ],
)
def test_what_holds_the_article_is_not_a_side_matter(opening: str) -> None:
    assert region_of(f"{opening}{article()}</div><p>Imprint</p>", "harbour board") is Region.BODY


def test_comments_may_be_longer_than_the_article() -> None:
    html = f"<body>{article(3)}<div id='comments'>" + f"<p>I think that {SENTENCE * 3}</p>" * 20 + "</div></body>"
    assert region_of(html, "I think that") is Region.COMMENTS
    assert region_of(html, "The harbour board") is Region.BODY


def test_a_discussion_without_an_article_is_the_text() -> None:
    html = "<body><h1>Ask the board</h1>" + f"<div class='comment'><p>I think that {SENTENCE * 3}</p></div>" * 8
    assert region_of(html, "I think that") is Region.BODY


def test_without_regions_all_is_body() -> None:
    root = parse_html("<nav>a</nav><p hidden>b</p><div class='related'>c</div>")
    assert [(b.text, b.region) for b in blocks_of(root, regions=False)] == [(t, Region.BODY) for t in "abc"]


# ---------------------------------------------------------------- laws

_TEXT = st.text(alphabet=string.ascii_letters + "。，港口é \n<&", max_size=8).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;")
)
_TAG_NAMES = "p div b span a li ul em h2 td tr table blockquote section pre button i article nav"
_TAGS = st.sampled_from(_TAG_NAMES.split())
_ATTRIBUTES = st.sampled_from(["", " hidden", " class='comments'", " style='display:none'", " id='share'", " href='/'"])
_NESTED = st.recursive(
    _TEXT,
    lambda inner: st.one_of(
        st.builds(lambda tag, att, kids: f"<{tag}{att}>{''.join(kids)}</{tag}>", _TAGS, _ATTRIBUTES, st.lists(inner)),
        inner.map(lambda text: f"{text}<br>{text}"),
        inner.map(lambda text: f"{text}<script>unseen</script><!-- unseen -->{text}"),
    ),
    max_leaves=25,
)


def solid(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=80, deadline=None)
@given(_NESTED)
def test_no_visible_text_is_lost_or_made_up(html: str) -> None:
    root = parse_html(html)
    for regions in (True, False):
        found = "".join(solid(block.text) for block in blocks_of(root, regions=regions))
        expected = solid("".join(root.xpath("//text()[not(ancestor::script)]")))
        assert sorted(found) == sorted(expected)
    if "<button" not in html and "hidden" not in html and "none" not in html:
        assert found == expected


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    for block in cut(text):
        assert block.text.strip() == block.text != ""
        assert 0.0 <= block.link_density <= 1.0


@settings(max_examples=40, deadline=None)
@given(_NESTED)
def test_cutting_leaves_the_tree_alone(html: str) -> None:
    root = parse_html(html)
    assert blocks_of(root) == blocks_of(root)
