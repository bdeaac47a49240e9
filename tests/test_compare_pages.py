"""A page against its own earlier capture: what changed in the article, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from preserve.compare import compare, compare_pages
from preserve.model import Block, BlockKind, Nature, Region
from tests.compare_kit import CHINESE, ENGLISH, TITLE, block, copy, page, told


@pytest.mark.parametrize("article", [ENGLISH, CHINESE])
def test_the_same_page_has_not_changed(article: tuple[str, ...]) -> None:
    assert compare_pages(page(article), page(article)).changes == ()


def test_an_edit_an_addition_and_a_removal_are_told_exactly() -> None:
    caption = "Kessler on the bridge. Photo: Lantern"
    old = page([*ENGLISH[:2], block(caption, BlockKind.CAPTION), *ENGLISH[2:]])
    added = "Divers later found a crack in the eastern pillar."
    new = page([*ENGLISH[:2], added, ENGLISH[2].replace("2400", "2300"), *ENGLISH[4:]])
    found = compare_pages(old, new)
    assert sorted(told(found.changes)) == sorted(
        [("replace", "2400", "2300"), ("insert", "", added), ("delete", ENGLISH[3], ""), ("delete", caption, "")]
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (block("Updated: 3 May 2021, 10:15"), block("Updated: 4 May 2021, 18:40")),
        (block("12 comments"), block("57 comments")),
        (block("阅读 300"), block("阅读 4521")),
        (block("Vor 3 Stunden aktualisiert"), block("Vor 5 Stunden aktualisiert")),
        (block("Fares rise again", links=1.0), block("Ferry sinks at night", links=1.0)),
        (block("Buy a lamp today.", region=Region.ASIDE), block("Buy a rope tomorrow.", region=Region.ASIDE)),
        (
            block("I was there myself, it was fine.", region=Region.COMMENTS),
            block("Me too, and it rained.", region=Region.COMMENTS),
        ),
    ],
)
def test_noise_inside_the_column_is_no_change(before: Block, after: Block) -> None:
    old = page([*ENGLISH[:2], before, *ENGLISH[2:]])
    new = page([*ENGLISH[:2], after, *ENGLISH[2:]])
    assert compare_pages(old, new).changes == ()


def test_what_stood_on_the_page_before_is_no_addition() -> None:
    note = "The Lantern has reported from the harbour since 1902."
    old, new = page(ENGLISH, after=[block(note)]), page([*ENGLISH[:3], note, *ENGLISH[3:]])
    assert compare_pages(old, new).changes == ()


@pytest.mark.parametrize("kind", list(BlockKind))
def test_a_sentence_put_into_a_block_of_any_kind_is_told(kind: BlockKind) -> None:
    old = [block(text, kind) for text in ENGLISH]
    longer = ENGLISH[2].replace(" Critics", " Nobody asked the ferrymen? Critics")
    found = compare_pages(page(old), page([*old[:2], block(longer, kind), *old[3:]]))
    assert told(found.changes) == [("insert", "", "Nobody asked the ferrymen?")]


def test_what_readers_no_longer_see_was_removed_though_machines_still_do() -> None:
    article = " ".join(ENGLISH)
    found = compare_pages(page(ENGLISH, structured=[article]), page(ENGLISH[:4], structured=[article]))
    assert told(found.changes) == [("delete", ENGLISH[4], "")]


def test_a_stored_copy_tells_where_the_article_stands() -> None:
    talk = [block(text, region=Region.COMMENTS) for text in ENGLISH[1:]]
    edited = [*talk[:2], block(talk[2].text.replace("delays", "trouble"), region=Region.COMMENTS), talk[3]]
    old, new = page([ENGLISH[0], *talk]), page([ENGLISH[0], *edited])
    assert compare_pages(old, new).changes == ()
    assert told(compare_pages(old, new, stored=copy(ENGLISH)).changes) == [("replace", "delays", "trouble")]


def test_another_author_in_the_same_place() -> None:
    old = replace(page(ENGLISH, before=[block("By Ada Holm")]), byline="Ada Holm")
    new = replace(page(ENGLISH, before=[block("By Iris Vane")]), byline="Iris Vane")
    found = compare_pages(old, new)
    assert told(found.changes) == [("replace", "Ada Holm", "Iris Vane")]
    assert found.natures == (Nature.BYLINE,)
    elsewhere = replace(page(ENGLISH, after=[block("More by Iris Vane")]), byline="Iris Vane")
    assert compare_pages(old, elsewhere).changes == ()


def test_another_look_of_the_same_words_is_cosmetic() -> None:
    new = [text.replace("“", '"').replace("”", '"') for text in ENGLISH]
    assert compare_pages(page(ENGLISH), page(new)).natures == (Nature.COSMETIC,)
    assert compare(copy(ENGLISH), page(new)).natures == (Nature.COSMETIC,)
    assert compare(copy(ENGLISH), page(ENGLISH)).natures == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("twenty-eight", "thirty-one"),
        ("vingt-huit", "trente et un"),
        ("achtundzwanzig", "dreißig"),
        ("двадцать", "сорок"),
    ],
)
def test_a_number_in_words_is_a_number(old: str, new: str) -> None:
    before, after = (f"All in all it was {words} ferries that lay in the harbour." for words in (old, new))
    found = compare_pages(page([*ENGLISH, before]), page([*ENGLISH, after]))
    assert found.natures == (Nature.NUMBER,)


def test_the_template_is_no_addition() -> None:
    appeal = "Please support the Lantern with a gift this winter."
    found = compare_pages(page(ENGLISH), page([*ENGLISH[:3], appeal, *ENGLISH[3:]]))
    assert told(found.changes) == [("insert", "", appeal)]
    template = frozenset(found.template_candidates)
    assert compare_pages(page(ENGLISH), page([*ENGLISH[:3], appeal, *ENGLISH[3:]]), template=template).changes == ()


def test_an_addition_after_the_end_is_told_however_long() -> None:
    added = [f"Paragraph number {index} tells more about the repair of the bridge." for index in range(6)]
    assert len(compare_pages(page(ENGLISH), page([*ENGLISH, *added])).changes) == 6


def test_a_changed_headline() -> None:
    found = compare_pages(page(ENGLISH), page(ENGLISH, title="Harbour bridge stays closed"))
    assert told(found.changes) == [("replace", TITLE, "Harbour bridge stays closed")]
    assert found.natures == (Nature.HEADLINE,)


def test_an_extractor_that_takes_less_is_no_change() -> None:
    assert compare_pages(page(ENGLISH), page(ENGLISH, not_main=ENGLISH[3:])).changes == ()


def test_an_article_in_an_odd_region_is_still_compared() -> None:
    old = [block(text, region=Region.ASIDE) for text in ENGLISH]
    new = [block(text.replace("2400", "2300"), region=Region.ASIDE) for text in ENGLISH]
    before, after = page(old), page(new)
    assert before.main == ()  # the extractor took nothing, so there is no article to compare
    assert compare_pages(before, after).coverage == 0.0
