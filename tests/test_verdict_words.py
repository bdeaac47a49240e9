"""The word lists and vendor markers: they load whole, match as their files say, and name nothing twice."""

from __future__ import annotations

import pytest
from verdict_cases import capture, html

from preserve.verdict import find_markers
from preserve.verdict.markers import address_says
from preserve.verdict.wording import entries, fold, holds, ideas, reading_length

SECTIONS = ("challenge", "gone", "parked", "consent", "wall", "down", "script", "list")


@pytest.mark.parametrize(
    ("section", "text", "idea"),
    [
        ("challenge", "Bitte Sicherheitsprüfung abschließen", "verify"),
        ("challenge", "Zur Netzsicherheit", "security"),
        ("challenge", "請拖動滑塊", "puzzle"),
        ("challenge", "ＶＥＲＩＦＹ ＹＯＵＲＳＥＬＦ", "verify"),
        ("gone", "We can’t find that page", "missing"),
        ("gone", "The\n  page  was   not\tfound", "missing"),
        ("gone", "ページが見つかりません", "missing"),
        ("wall", "Weiter mit dem Probeabo", "subscribe"),
    ],
)
def test_an_idea_is_found_in_its_words(section: str, text: str, idea: str) -> None:
    assert idea in ideas(section, fold(text))
    assert holds(section, idea, fold(text))


@pytest.mark.parametrize(
    ("section", "text", "idea"),
    [
        ("challenge", "Both bottles were robbed at the bottom", "robot"),
        ("gone", "Room 4040 is on the first floor", "missing"),
        ("wall", "All about the labour laboratory", "subscribe"),
        ("parked", "The domaine of the duke", "sale"),
    ],
)
def test_a_word_is_not_found_inside_another(section: str, text: str, idea: str) -> None:
    assert idea not in ideas(section, fold(text))


@pytest.mark.parametrize("section", SECTIONS)
def test_plain_news_holds_few_ideas(section: str) -> None:
    text = fold("The ferry left at noon with forty cows and a brass band on board, and it rained all the way.")
    assert not ideas(section, text)


def test_wide_characters_say_more() -> None:
    assert reading_length("abcd") == 4
    assert reading_length("桥梁") == 5


def test_list_titles_are_folded() -> None:
    assert all(word == fold(word) for word in entries("list", "list"))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (("CF-Mitigated", "challenge"), "challenge/cloudflare"),
        (("x-amzn-waf-action", "captcha"), "challenge/aws-waf"),
        (("X-Vercel-Mitigated", "challenge"), "challenge/vercel"),
        (("Set-Cookie", "__jsl_clearance=1.2; path=/"), "challenge/jiasule"),
        (("X-DataDome", "protected"), "challenge/~datadome"),
    ],
)
def test_header_fields_mark_a_page(header: tuple[str, str], name: str) -> None:
    assert name in find_markers(capture(headers=(header,)), "")


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ("<script>window._cf_chl_opt={}</script>", "challenge/cloudflare"),
        ('<div ID="px-captcha"></div>', "challenge/human"),
        ("<iframe src='https://geo.captcha-delivery.com/captcha/?x'></iframe>", "challenge/datadome"),
        ("The requested URL was rejected. Your support ID is: 1", "challenge/f5"),
        ("<script>document.cookie='acw_sc__v2='+x</script>", "challenge/aliyun"),
        ('<script id="anubis_challenge">{}</script>', "challenge/anubis"),
        ('<div class="g-recaptcha"></div>', "captcha/recaptcha"),
        ('<script src="https://img.sedoparking.com/x.js"></script>', "parked/sedo"),
        ("<script>document.cookie='a=1';location.reload(true)</script>", "shape/cookie-and-reload"),
    ],
)
def test_markup_marks_a_page(markup: str, name: str) -> None:
    assert name in find_markers(capture(), html("x", markup).decode())


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="/cdn-cgi/scripts/x/cloudflare-static/rocket-loader.min.js"></script>',
        '<a href="/cdn-cgi/l/email-protection" class="__cf_email__">mail</a>',
        "<script>d.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'</script>",
        '<meta http-equiv="content-security-policy" content="script-src https://www.example.com">',
        "<p>Domains such as sedo's are sold every day; Incapsula and Akamai are firms.</p>",
    ],
)
def test_everyday_markup_marks_nothing(markup: str) -> None:
    assert find_markers(capture(headers=(("Server", "cloudflare"), ("CF-RAY", "x"))), html("x", markup).decode()) == ()


def test_a_redirect_to_a_vendors_host_marks_and_the_source_itself_does_not() -> None:
    there = "https://www.hugedomains.com/domain_profile.cfm?d=paper.example"
    assert "parked/hugedomains" in find_markers(capture(via=("http://paper.example/a",), url=there), "")
    assert find_markers(capture(url=there), "") == ()


def test_a_marker_far_down_a_long_page_counts_for_nothing() -> None:
    long = "<p>word</p>" * 60_000
    assert find_markers(capture(), f"{long}<i>_cf_chl_opt</i>{long}") == ()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://a.example/captcha/check?u=1", "challenge"),
        ("https://a.example/404.html", "gone"),
        ("https://a.example/account/login", "login"),
        ("https://a.example/Consent?next=x", "consent"),
    ],
)
def test_an_address_says_what_it_is(url: str, kind: str) -> None:
    assert kind in address_says(url)


@pytest.mark.parametrize("url", ["https://login.example/a", "https://a.example/2019/captchas-are-bad?x=404"])
def test_host_and_query_and_longer_words_say_nothing(url: str) -> None:
    assert not address_says(url)
