"""A stored copy holds the article; what is none of it is set aside under a rule name, not lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.model import BlockKind, StoredCopy
from preserve.posts import parse_post
from preserve.posts.body import stored_copy
from preserve.posts.rules import load_rules
from preserve.posts.vocabulary import furniture_of
from preserve.settings import PostSettings

SOURCE = "https://ferry.test/morning"
HEAD = f"---\ntitle: 渡口的早晨\nauthor: 林一\ndate: 2021-03-04\nfrom: {SOURCE}\n---\n"
ARTICLE = "".join(f"<p>第{n}班渡船在雾里靠岸，船工把缆绳抛上石阶，等船的人都站了起来。</p>" for n in range(1, 15))


def copy_of(body: str, **keys: object) -> StoredCopy:
    options = PostSettings(**keys)  # type: ignore[arg-type]
    data = (HEAD + body).encode()
    return stored_copy(parse_post("p.md", data, options), data, options)


def texts(copy: StoredCopy) -> list[str]:
    return [block.text for block in copy.blocks]


def aside(copy: StoredCopy) -> list[tuple[str, str]]:
    return [(one.rule, one.text) for one in copy.set_aside]


PLAIN = texts(copy_of(ARTICLE))


def test_a_copy_as_feeds_leave_it() -> None:
    body = (
        f"<!--1614816000000-->\n[渡口的早晨]({SOURCE})\n------\n\n"
        f"<div>\n<div>04/03/2021 - 09:15</div>{ARTICLE}"
        '<br><hr><div>更多订阅：<br><a href="https://feeds.test">https://feeds.test</a></div>\n</div>\n'
    )
    copy = copy_of(body)
    assert (copy.title, copy.author, copy.date) == ("渡口的早晨", "林一", "2021-03-04")
    assert texts(copy) == PLAIN
    assert [rule for rule, _ in aside(copy)] == ["comment", "title-link", "feed-footer", "date-line"]


@pytest.mark.parametrize("label", ["渡口的早晨", "另一个题目 [一]"])
def test_the_title_line_is_known_by_its_label_or_its_address(label: str) -> None:
    assert aside(copy_of(f"[{label}]({SOURCE})\n------\n{ARTICLE}")) == [("title-link", label)]


def test_another_link_at_the_top_is_the_article() -> None:
    copy = copy_of("[A letter](http://other.test/)\n------\n\nIt was late.\n")
    assert texts(copy) == ["A letter", "It was late."]


def test_markdown_becomes_the_same_blocks_as_html() -> None:
    markdown = (
        "## First crossing\n\nThe boat was *late*,\nand **nobody** minded.\n\n- tea\n- rope\n\n"
        "| when | who |\n|---|---|\n| six | Lin |\n\n> quiet\n\n```\nx = {{ y }}\n```\n"
    )
    html = (
        "<h2>First crossing</h2><p>The boat was <em>late</em>, and <strong>nobody</strong> minded.</p><ul>"
        "<li>tea</li><li>rope</li></ul><table><tr><th>when</th><th>who</th></tr><tr><td>six</td><td>Lin</td></tr></table>"
        "<blockquote><p>quiet</p></blockquote><pre><code>x = {{ y }}\n</code></pre>"
    )
    assert copy_of(markdown).blocks == copy_of(f"<div>{html}</div>").blocks
    kinds = [block.kind for block in copy_of(markdown).blocks]
    assert kinds[0] is BlockKind.HEADLINE
    assert kinds[-1] is BlockKind.CODE


def test_html_with_blank_and_indented_lines_stays_html() -> None:
    spaced = "<div>\n\n    <p>One *star*.</p>\n\n        <div>\n\n      Two.</div>\n</div>\n\nAnd *three*.\n"
    assert texts(copy_of(spaced)) == ["One *star*.", "Two.", "And three."]


def test_markdown_inside_an_element_that_asks_for_it() -> None:
    assert texts(copy_of('<div markdown="1">\n\nOne *two*.\n\n</div>\n')) == ["One two."]


def test_liquid_and_attribute_lists_are_set_aside() -> None:
    copy = copy_of("{% include box.html id=1 %}\n\nOne {{ page.x }}two.\n{: .lead}\n")
    assert texts(copy) == ["One two."]
    assert {rule for rule, _ in aside(copy)} == {"liquid", "attribute-list"}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("2021年3月4日 09:15", "date-line"),
        ("发布时间：2021-03-04", "date-line"),
        ("Thursday, March 4th, 2021 at 9:15 am", "date-line"),
        ("4. März 2021, 9:15 Uhr", "date-line"),
        ("3 hours ago", "date-line"),
        ("阅读 12,345 · 点赞 67", "counter"),
        ("1.2k views · 5 min read", "counter"),
        ("渡口的早晨", "title"),
        ("《渡口的早晨》", "title"),
        ("Share on Facebook Twitter", "share-buttons"),
        ("分享到：微信 微博", "share-buttons"),
        ("阅读原文", "source-link"),
        ("原文链接：https://ferry.test/morning", "source-link"),
        ("via ferry.test", "published-elsewhere"),
    ],
)
def test_furniture_at_the_start(line: str, rule: str) -> None:
    copy = copy_of(f"<div><p>{line}</p>{ARTICLE}</div>")
    assert (texts(copy), aside(copy)) == (PLAIN, [(rule, line)])


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("The post Morning at the ferry appeared first on Ferry Notes.", "feed-line"),
        ("Der Beitrag Morgen an der Fähre erschien zuerst auf Fährblatt.", "feed-line"),
        ("Originally published at ferry.test.", "published-elsewhere"),
        ("Continue reading “Morning at the ferry”", "read-more"),
        ("文章 渡口的早晨 最先出现于 渡口札记。", "feed-line"),
        ("投稿 渡し場の朝 は 渡し場日記 に最初に表示されました。", "feed-line"),
        ("Copyright © ferry.test All Rights Reserved.", "published-elsewhere"),
        ("Read more »", "read-more"),
        ("Read the original article", "source-link"),
        ("获取更多RSS：https://feeds.test", "feed-footer"),
        ("Follow us on Mastodon!", "self-promotion"),
        ("欢迎关注我们的公众号：渡口", "self-promotion"),
    ],
)
def test_furniture_at_the_end(line: str, rule: str) -> None:
    copy = copy_of(f"<div>{ARTICLE}<p>{line}</p></div>")
    assert (texts(copy), aside(copy)) == (PLAIN, [(rule, line)])


@pytest.mark.parametrize(
    "line",
    [
        "2021年3月4日，第一班渡船晚了九分钟。",
        "4 May",
        "5月4日",
        "1984",
        "May",
        "He will share the article with Mary",
        "The post office appeared first on the left bank, and nobody minded.",
        "Read the letter again, he said.",
        "阅读原文的人很少，看译文的人很多。",
        "Source: interviews with 40 ferrymen",
        "关注渡口的人越来越少。",
        "30 likes that nobody wanted",
    ],
)
@pytest.mark.parametrize("end", [False, True])
def test_sentences_that_look_a_little_like_furniture_are_the_article(line: str, end: bool) -> None:
    copy = copy_of(f"<div>{ARTICLE if end else ''}<p>{line}</p>{'' if end else ARTICLE}</div>")
    assert (line in texts(copy), aside(copy)) == (True, [])


def test_furniture_amid_the_article_stays() -> None:
    assert "阅读原文" in texts(copy_of(f"<div>{ARTICLE}<p>阅读原文</p>{ARTICLE}</div>"))


@pytest.mark.parametrize("name", ["self-promo", "newsletter-box", "widget_subscribe", "sharedaddy", "relatedPosts"])
def test_boxes_named_by_their_class(name: str) -> None:
    copy = copy_of(f'<div>{ARTICLE}<div class="{name}"><p>Join 4,000 readers.</p></div><p>End.</p></div>')
    assert texts(copy) == [*PLAIN, "End."]
    assert [text for _, text in aside(copy)] == ["Join 4,000 readers."]


def test_an_empty_box_vanishes_and_a_long_one_is_the_article() -> None:
    copy = copy_of(f'<div><div class="self-promo"><div></div></div>{ARTICLE}</div>')
    assert (texts(copy), aside(copy)) == (PLAIN, [])
    assert texts(copy_of(f'<div class="post newsletter">{ARTICLE}</div>')) == PLAIN


def test_a_closing_rule_before_article_text_is_no_footer() -> None:
    copy = copy_of(f'<div>{ARTICLE}<hr><p>It stopped in 1999, says <a href="http://x.test">the town</a>.</p></div>')
    assert (len(copy.blocks), aside(copy)) == (len(PLAIN) + 1, [])


def test_the_user_adds_rules() -> None:
    copy = copy_of(f"{ARTICLE}<p>Tip jar: 5 coins</p>{ARTICLE}", set_aside=(("tips", r"Tip jar: \d+ coins"),))
    assert (texts(copy), aside(copy)) == ([*PLAIN, *PLAIN], [("tips", "Tip jar: 5 coins")])


def test_what_no_reader_sees_is_gone() -> None:
    assert texts(copy_of("<div><style>p{}</style><script>x</script><iframe>y</iframe><p>One.</p></div>")) == ["One."]


@pytest.mark.parametrize(
    "body",
    [
        "[a](" * 20_000,
        "<div " * 50_000,
        "<div>" * 50_000,
        "<!-- x -->" * 50_000,
        "{% " * 50_000,
        "`" * 50_000 + "a``",
        "> " * 20_000,
        "RSS: " + "a.b/" * 5000,
        "<p>the post " + "appeared first on " * 20 + "</p>",
        "<p>via " + "a." * 90 + "</p>",
        "a\0b\x08c",
    ],
)
def test_hostile_bodies_end_soon(body: str) -> None:
    started = time.process_time()
    copy_of(body)
    assert time.process_time() - started < 5


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_body_can_be_cut(body: str) -> None:
    data = HEAD.encode() + body.encode("utf-8", "replace")
    options = PostSettings()
    assert stored_copy(parse_post("p.md", data, options), data, options).title == "渡口的早晨"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_furniture_is_decided_for_any_text(text: str) -> None:
    assert furniture_of(text, load_rules().words) in {"", "date-line", "counter", "share-buttons"}
