"""Bytes to text: declarations are believed as browsers do, unless the bytes prove them wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.extract import decode_html

HANS = "港口委员会周二开会，同意在冬天到来之前修复东边的码头。我们认为这是一个好的决定，因为没有人要等到明年。"
HANT = "港口委員會週二開會，同意在冬天到來之前修復東邊的碼頭。我們認為這是一個好的決定，因為沒有人要等到明年。"
JAPANESE = "港湾委員会は火曜日に会合を開き、冬が来る前に東の桟橋を修理することで合意した。"
KOREAN = "항만위원회는 화요일에 회의를 열고 겨울이 오기 전에 동쪽 부두를 수리하기로 했다."
GERMAN = "Die Brücke über den Fluß wird für 2 € geöffnet – „endlich“, sagte der Bürgermeister."
RUSSIAN = "Совет порта собрался во вторник и решил отремонтировать восточный причал до зимы."


def page(text: str, head: str = "") -> str:
    return f"<html><head>{head}<title>{text[:10]}</title></head><body><p class='x'>{text}</p></body></html>"


@pytest.mark.parametrize(
    ("text", "codec", "expected"),
    [
        (HANS, "gbk", "gb18030"),
        (HANT, "big5", "big5hkscs"),
        (JAPANESE, "shift_jis", "cp932"),
        (JAPANESE, "euc_jp", "euc_jp"),
        (KOREAN, "euc_kr", "cp949"),
        (GERMAN, "cp1252", "cp1252"),
        (HANS, "utf-8", "utf-8"),
    ],
)
@pytest.mark.parametrize(
    "content_type", [None, "text/html", "text/html; charset=utf-8", "text/html;charset=ISO-8859-1"]
)
def test_the_bytes_decide_where_nothing_or_nonsense_is_declared(
    text: str, codec: str, expected: str, content_type: str | None
) -> None:
    html = page(text)
    found = decode_html(html.encode(codec), content_type)
    assert (found.text, found.charset, found.errors) == (html, expected, 0)


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gb18030", "榮镕𠀀" + HANS),
        ("GBK", "gb18030", HANS),
        ("big5", "big5hkscs", HANT),
        ("x-sjis", "cp932", "①" + JAPANESE),
        ("ks_c_5601-1987", "cp949", KOREAN),
        ("iso-8859-1", "cp1252", GERMAN),
        ("windows-1251", "cp1251", RUSSIAN),
        ("koi8-r", "koi8-r", RUSSIAN),
        ("iso-2022-jp", "iso2022_jp", JAPANESE),
        ("utf-16", "utf-16-le", HANS),
    ],
)
def test_labels_mean_what_browsers_take_them_for(label: str, codec: str, text: str) -> None:
    found = decode_html(page(text).encode(codec), f'text/html; charset="{label}"')
    assert (found.text, found.charset, found.source) == (page(text), codec, "header")


@pytest.mark.parametrize(
    "head",
    [
        "<meta charset=gb2312>",
        "<META http-equiv='Content-Type' content='text/html; charset=GB2312'>",
        "<!-- a long comment before it --><meta charset='gbk' />",
    ],
)
def test_meta_is_believed_where_the_header_is_silent(head: str) -> None:
    html = page(HANS, head)
    found = decode_html(html.encode("gbk"), "text/html")
    assert (found.text, found.charset, found.source) == (html, "gb18030", "meta")


def test_an_xml_declaration_is_believed() -> None:
    html = '<?xml version="1.0" encoding="big5"?>' + page(HANT)
    assert decode_html(html.encode("big5"), None).source == "meta"


def test_the_header_is_believed_before_meta() -> None:
    html = page(HANT, "<meta charset=gb2312>")
    found = decode_html(html.encode("big5"), "text/html; charset=big5")
    assert (found.text, found.source) == (html, "header")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_believed_before_all(codec: str) -> None:
    found = decode_html(page(HANS).encode(codec), "text/html; charset=gbk")
    assert (found.text, found.source) == (page(HANS), "bom")


def test_utf_16_without_a_mark_or_declaration() -> None:
    assert decode_html(page(GERMAN).encode("utf-16-be"), None).charset == "utf-16-be"


def test_a_few_broken_bytes_do_not_make_another_codec_of_utf_8() -> None:
    body = page(HANS * 3).encode().replace("码".encode(), b"\xe7\xa0", 1)
    found = decode_html(body, "text/html; charset=utf-8")
    assert (found.charset, found.errors) == ("utf-8", 1)
    assert found.text.replace("\ufffd", "码") == page(HANS * 3)


def test_a_replacement_character_of_the_page_is_no_error() -> None:
    assert decode_html(page(HANS + "\ufffd").encode(), None).errors == 0


def test_one_accent_in_utf_8_under_a_latin_label() -> None:
    assert decode_html(page("Café open").encode(), "text/html; charset=iso-8859-1").text == page("Café open")


def test_ascii_keeps_its_declaration() -> None:
    found = decode_html(b"<p>plain</p>", "text/html; charset=gbk")
    assert (found.text, found.charset, found.source) == ("<p>plain</p>", "gb18030", "header")


@pytest.mark.parametrize("label", ["no-such-charset", "utf-7", "undefined", "base64", "idna", "x" * 500, ""])
def test_unusable_labels_are_passed_over(label: str) -> None:
    assert decode_html(page(HANS).encode(), f"text/html; charset={label}").text == page(HANS)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([None, "text/html; charset=gbk", "charset=utf-16", "charset=big5"]),
)
def test_no_bytes_break_it(body: bytes, content_type: str | None) -> None:
    assert decode_html(body, content_type) == decode_html(body, content_type)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\x00"), min_size=1, max_size=100))
def test_utf_8_declared_as_utf_8_is_kept_whole(text: str) -> None:
    assert decode_html(text.encode(), "text/html; charset=utf-8").text == text
