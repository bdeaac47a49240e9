"""What in a manuscript is a quotation, and what a text makes of one."""

from __future__ import annotations

import pytest

from preserve.model import Nature
from preserve.quotations import Grade, Haystack, Mark, find_quotations, is_short, needle_of, weigh


def texts(manuscript: str, *, markdown: bool = True) -> list[str]:
    return [one.text for one in find_quotations(manuscript, markdown=markdown)]


@pytest.mark.parametrize(
    ("manuscript", "quoted"),
    [
        ("He said “it’s the islanders’ boat”.", ["it’s the islanders’ boat"]),
        ("He said ‘the islanders’ boat is theirs’ too.", ["the islanders’ boat is theirs"]),
        ("Don’t; it’s the ’90s, rock ’n’ roll.", []),
        ('A 5" pipe and "a straight one", then 6" more.', ["a straight one"]),
        ("他说：「她说『不知道』，就走了」。", ["她说『不知道』，就走了"]),
        ("他说“不知道”，又说‘也许’。", ["不知道", "也许"]),
        (
            "« Oui, dit-il » und „So ist es“ sowie »so auch« und ”så här”.",
            ["Oui, dit-il", "So ist es", "so auch", "så här"],
        ),
        ("“One “two” three” four", ["One “two” three"]),
        ("A stray “ mark, then “a whole one” here.\n\nAnd “another”.", ["a whole one", "another"]),
        ("“First part of it.\n\n“Second part,” he said.", ["First part of it.\n\nSecond part,"]),
        ("“Never closed.\n\nAnother paragraph, “closed”.", ["closed"]),
        ("“wrapped\nover lines”", ["wrapped over lines"]),
    ],
)
def test_quotation_marks(manuscript: str, quoted: list[str]) -> None:
    assert texts(manuscript) == quoted


def test_block_quotations_lose_their_markers_and_attribution() -> None:
    manuscript = "Before\n\n> “One line\nand a lazy one.\n>\n> > Nested “words” here.\n>\n> — Somebody, 2020\n\nAfter\n"
    (found,) = find_quotations(manuscript)
    assert found.text == "One line and a lazy one.\n\nNested “words” here."
    assert (found.mark, found.line) == (Mark.BLOCK, 3)
    assert texts("> mail style\nnot lazy in plain text", markdown=False) == ["mail style"]


def test_what_is_no_prose_is_passed_over() -> None:
    manuscript = (
        '---\ntitle: "front matter"\n---\n`"code"` and <a title="attribute">“*emphasis* and [a label](http://x/"url")”</a>'
        '\n\n```\n"fenced"\n```\n<!-- “comment” -->\n> [!NOTE]\n> a callout\n\n[1]: http://x/ "a title"\n“noted[^1]”\n'
    )
    assert texts(manuscript) == ["emphasis and a label", "noted"]


def test_a_quotation_knows_where_it_stands() -> None:
    manuscript = "one\n\nsaid “two\nthree” and\n\n> four\n"
    marks, block = find_quotations(manuscript)
    assert (marks.line, block.line) == (3, 6)
    assert manuscript[marks.start : marks.end] == "“two\nthree”"


@pytest.mark.parametrize(
    ("text", "short"),
    [("fake news", True), ("we were lied to", False), ("通胀", True), ("一带一路", True), ("渡轮不会停开", False)],
)
def test_terms_in_quotation_marks_are_no_quotations(text: str, short: bool) -> None:
    assert is_short(text) is short


TEXT = Haystack(
    [
        "The council voted on Tuesday to close the ferry line to Holm, which has run since 1921.",
        "About 2,400 people a month use the boat—most of them pupils, and “nurses” on the late shift.",
        "Ingrid Sole said that the decision was not taken without asking. She lives nowhere near. It cost 2.5 million.",
        "縣長説：「渡輪不會停開。」他又說，居民們都很高興……也許吧。",
        "他在会上表示，我们不会关闭这条航线，除非没有乘客。",
    ]
)


@pytest.mark.parametrize(
    ("quoted", "grade"),
    [
        ("The council voted on Tuesday to close", Grade.VERBATIM),
        ("closed", Grade.ABSENT),
        ("about 2400 people a month use the boat – most of them pupils and ‘nurses’", Grade.COSMETIC),
        ("ABOUT ２，４００ PEOPLE a month use the boat -- most of them", Grade.COSMETIC),
        ("to close the ferry line to Holm, which has run since 1921.\n\nAbout 2,400 people", Grade.VERBATIM),
        ("渡轮不会停开。", Grade.SCRIPT_VARIANT),
        ("居民們都很高興……也許吧", Grade.VERBATIM),
        ("我们不会关闭这条航线", Grade.VERBATIM),
        # An ellipsis leaves out text, in order; brackets and [sic] are the quoter's.
        ("The council … ferry line to Holm [...] on the late shift", Grade.VERBATIM),
        ("渡輪不會停開……居民們都很高興", Grade.VERBATIM),
        ("[T]he council [of the town] voted on Tuesday to close the [sic] ferry line", Grade.VERBATIM),
        ("on the late shift … The council voted", Grade.REWORDED),
        ("The council [of the town] has run since 1921", Grade.REWORDED),  # more left out than brackets may
        ("the decision was … taken without asking", Grade.REWORDED),  # a "not" is never left out
        ("他在会上表示，我们……会关闭这条航线", Grade.REWORDED),
        # Never inside a word or a number, nor with the letters in other words.
        ("council voted on Tues", Grade.REWORDED),
        ("It cost 2", Grade.REWORDED),
        ("She lives now here near", Grade.REWORDED),
        # What was put in is never passed over.
        ("said that the decision was taken without asking", Grade.REWORDED),
        ("我们会关闭这条航线，除非没有乘客", Grade.REWORDED),
        ("About 2,500 people a month use the boat", Grade.REWORDED),
        ("Nothing of the kind was ever printed in any paper", Grade.ABSENT),
    ],
)
def test_grades(quoted: str, grade: Grade) -> None:
    needle = needle_of(quoted)
    assert needle is not None
    assert weigh(needle, TEXT).grade is grade


def told(quoted: str, haystack: Haystack = TEXT) -> tuple[str, tuple[Nature, ...]]:
    needle = needle_of(quoted)
    assert needle is not None
    match = weigh(needle, haystack)
    pieces = [
        piece.found if piece.same else f"[-{piece.quoted.strip()}-]{{+{piece.found.strip()}+}} "
        for piece in match.pieces
    ]
    return "".join(pieces), match.natures


def test_the_difference_is_told_word_by_word() -> None:
    assert told("said that the decision was taken without asking") == (
        "said that the decision was [--]{+not+} taken without asking",
        (Nature.NEGATION,),
    )
    assert told("A council voted on Monday to close the ferry line")[0] == (
        "[-A-]{+The+} council voted on [-Monday-]{+Tuesday+} to close the ferry line"
    )
    assert told("About 2,500 people a month use the boat") == (
        "About [-2,500-]{+2,400+} people a month use the boat",
        (Nature.NUMBER,),
    )


def test_the_difference_is_told_character_by_character_where_words_are_not_apart() -> None:
    assert told("我们会关闭这条航线，除非没有乘客") == (
        "我们[--]{+不+} 会关闭这条航线，除非没有乘客",
        (Nature.NEGATION,),
    )


def test_the_nearest_wording_is_the_shortest_that_is_as_near() -> None:
    text = Haystack(["渡轮自一九五三年起开航。", "县长说：“渡轮会停开，居民可以放心。”渡轮也是。"])
    assert told("渡轮不会停开，居民可以放心", text)[0] == "渡轮[-不-]{++} 会停开，居民可以放心"


def test_spans_count_in_the_text() -> None:
    for quoted in ("most of them pupils", "渡轮不会停开", "The council … which has run"):
        needle = needle_of(quoted)
        assert needle is not None
        match = weigh(needle, TEXT)
        assert match.wording == " … ".join(TEXT.text[start:end] for start, end in match.spans)


def test_dots_alone_are_no_quotation() -> None:
    assert needle_of("… […] —") is None


def test_a_record_separator_is_no_letter_of_a_text() -> None:
    assert needle_of("\x1e") is None
    needle = needle_of("the ferry\x1e sails")
    assert needle is not None
    assert weigh(needle, Haystack(["Now the ferry \x1esails.", "\x1e"])).grade.stands


def test_a_quotation_does_not_begin_inside_a_letter_that_folds_to_several() -> None:
    needle = needle_of("sx")
    assert needle is not None
    assert weigh(needle, Haystack(["ßx sx"])).spans == ((3, 5),)
    assert not weigh(needle, Haystack(["ßx"])).grade.stands
