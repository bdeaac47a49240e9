"""Folding, sentences and tokens: what counts as the same text, and where it is cut."""

from __future__ import annotations

import unicodedata

import pytest

from preserve.text import (
    fold,
    fold_all,
    fold_with_offsets,
    han_share,
    is_number,
    is_unspaced,
    script_table,
    sentence_spans,
    tokens,
    weight_of,
)
from preserve.text.variants import differ_in_script


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello, World!", "hello  world"),
        ("“Quoted” text’s end…", '"Quoted" text\'s end...'),
        ("２４００万人，民", "2400万人民"),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("ﬁne oﬃce", "fine office"),
        (unicodedata.normalize("NFD", "Ärger über Öl"), "Ärger über Öl"),
        (unicodedata.normalize("NFD", "がぎぐ"), "がぎぐ"),
        ("中 文\n换 行", "中文换行"),
        ("Tom &amp; Jerry &#8220;run&#8221;", "Tom & Jerry “run”"),
        ("Straße", "STRASSE"),
        ("1,234,567 people", "1234567 people"),
        ("a – b — c", "a b c"),
        ("Stra&szlig;e", "STRASSE"),
        ("3&ndash;1", "3–1"),
        ("3~5", "3–5"),
        ("re\x1ecord", "record"),
        ("a &#x1e; b", "a b"),
    ],
)
def test_cosmetics_fold_away(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize("sign", [chr(code) for code in range(0x80)])
def test_a_sign_is_dropped_or_kept_alike_among_letters_of_any_width(sign: str) -> None:
    kept = sign.lower() if sign.isalnum() or sign in "$%+<=>" else ""
    for letter in "aé港":
        assert fold(f"{letter}{sign}{letter}") == f"{letter}{kept}{letter}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2.5 million", "25 million"),
        ("at 10:30", "at 1030"),
        ("30%", "30"),
        ("$5", "5"),
        ("1-2", "12"),
        ("can", "can't"),
        ("p < 0.05", "p > 0.05"),
        ("किताब", "कताब"),
        ("2,4", "24"),
    ],
)
def test_what_says_something_stays(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("text", ["re\x1ecord", "\x1e", "3~5", "Stra&szlig;e", "2,5 30", "1 &am", ""])
@pytest.mark.parametrize("neighbour", ["\x1e", "ß#\u0301 中", "p;", "234", "plain"])
def test_texts_folded_together_fold_as_if_each_stood_alone(text: str, neighbour: str) -> None:
    assert fold_all([text, neighbour]) == [fold(text), fold(neighbour)]
    assert fold_all([neighbour, text]) == [fold(neighbour), fold(text)]
    assert fold_all([]) == []


def test_a_decimal_comma_stays_beside_another_number() -> None:
    assert fold("2,5 30") != fold("25 30")
    assert fold("2,5 30 ß#\u0301") == "2,530sś"  # also where folding takes a second step


def test_offsets_lead_back_to_the_original() -> None:
    text = "«Oﬃce» — ２,４００ cafe\u0301s, ｶﾞｽ"
    folded = fold_with_offsets(text)
    at = folded.text.index("2400")
    assert text[slice(*folded.original(at, at + 4))] == "２,４００"
    at = folded.text.index("cafés")
    assert text[slice(*folded.original(at, at + 5))] == "cafe\u0301s"
    at = folded.text.index("ガ")
    assert text[slice(*folded.original(at, at + 1))] == "ｶﾞ"


def test_an_accent_that_meets_its_letter_only_once_folded_belongs_to_both() -> None:
    text = "straße: ß#\u0301 end"  # what stands between the s and the accent is dropped, and they become one letter
    folded = fold_with_offsets(text)
    at = folded.text.index("ś")
    assert text[slice(*folded.original(at, at + 1))] == "ß#\u0301"
    assert fold(text[slice(*folded.original(at - 1, at + 1))]) == "sś"


def test_offsets_of_nothing() -> None:
    assert fold_with_offsets("…").text == ""
    assert fold_with_offsets("…").original(0, 0) == (0, 0)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        (
            "Dr. Doe of the U.S. left Jan. 5 at noon. He stayed.",
            ["Dr. Doe of the U.S. left Jan. 5 at noon.", "He stayed."],
        ),
        ("It rose 2.5 percent. Then J. Doe sold.", ["It rose 2.5 percent.", "Then J. Doe sold."]),
        ("“We won.” She smiled.", ["“We won.”", "She smiled."]),
        ("Am 3. Oktober war z.B. Ruhe. Danach nicht.", ["Am 3. Oktober war z.B. Ruhe.", "Danach nicht."]),
        ("„Ja!“ sagte er. Er ging.", ["„Ja!“ sagte er.", "Er ging."]),
        (
            "他走了。“好！”他说。然后呢？没有……完了；好",
            ["他走了。", "“好！”", "他说。", "然后呢？", "没有……", "完了；", "好"],
        ),
        ("半角也一样?是的!好", ["半角也一样?", "是的!", "好"]),
        ("今日は晴れ。明日は「雨」だ。", ["今日は晴れ。", "明日は「雨」だ。"]),
        ("Он ушёл в 2019 г. в Москву. Потом вернулся.", ["Он ушёл в 2019 г. в Москву.", "Потом вернулся."]),
        ("no stop at all", ["no stop at all"]),
        ("  ", []),
    ],
)
def test_sentences_end_where_readers_stop(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2400万→2300万", ["2400", "万", "2300", "万"]),
        ("It isn't 3.5%", ["it", "isnt", "3.5", "%"]),
        ("２０２０年", ["2020", "年"]),
        ("on 2020-01-02 at 12:30", ["on", "2020-01-02", "at", "12:30"]),
        ("well-known", ["wellknown"]),
        ("ภาษา", ["ภ", "า", "ษ", "า"]),
        ("— … !", []),
    ],
)
def test_tokens_are_words_characters_and_whole_numbers(text: str, expected: list[str]) -> None:
    assert [token.key for token in tokens(text)] == expected


def test_token_offsets_are_into_the_whole_text() -> None:
    text = "skip this, take that"
    assert [text[token.start : token.end] for token in tokens(text, 11)] == ["take", "that"]


def test_scripts_are_told_apart() -> None:
    assert is_unspaced("中") and not is_unspaced("word")
    assert han_share("中文ab") == 0.5
    assert han_share("") == 0.0
    assert weight_of("中文ab") == 6
    assert is_number("第3") and not is_number("three")


def test_simplified_and_traditional_meet() -> None:
    simplified, traditional = "因为担心被窃听，后来便挂了电话，说着说着", "因為擔心被竊聽，後來便掛了電話，說著說著"
    table = script_table(simplified, traditional)
    assert traditional.translate(table) == simplified.translate(table)
    assert len(traditional.translate(table)) == len(traditional)
    assert differ_in_script(fold(simplified), fold(traditional), table)
    assert not differ_in_script(simplified, simplified, table)
    assert not differ_in_script("", "", table)
