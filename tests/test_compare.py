"""A stored copy against a page: which differences are found, how they are told, and what is passed over."""

from __future__ import annotations

import time

import pytest
from compare_kit import CHINESE, ENGLISH, TITLE, block, copy, page, told

from preserve.compare import RULES, compare
from preserve.model import Block, BlockKind, ChangeKind, Layer, Nature, Region, SetAside, StoredCopy
from preserve.text import block_digest, fold


def with_edit(article: tuple[str, ...], old: str, new: str) -> list[str]:
    assert any(old in text for text in article)
    return [text.replace(old, new) for text in article]


@pytest.mark.parametrize("article", [ENGLISH, CHINESE])
def test_the_same_text_has_no_changes(article: tuple[str, ...]) -> None:
    found = compare(copy(article), page(article))
    assert found.changes == ()
    assert found.natures == ()
    assert (found.coverage, found.lead, found.tail) == (1.0, 1.0, 1.0)
    assert found.headline_found
    assert set(found.layers) == {Layer.MAIN}
    assert found.measures.jaccard == 1.0


@pytest.mark.parametrize(
    ("article", "old", "new", "nature"),
    [
        (ENGLISH, "2400", "2300", Nature.NUMBER),
        (ENGLISH, "14 months", "15 months", Nature.NUMBER),
        (ENGLISH, "Kessler", "Holm", Nature.NAME),
        (ENGLISH, "may not pass", "may pass", Nature.NEGATION),
        (ENGLISH, "slow work", "quick work", Nature.QUOTE),
        (ENGLISH, "gathered", "gatherd", Nature.TYPO),
        (ENGLISH, "planned for 2031", "planned for 2032", Nature.DATE),
        (CHINESE, "2400万", "2300万", Nature.NUMBER),
        (CHINESE, "夜间不得", "夜间得", Nature.NEGATION),
        (CHINESE, "十四个月", "十五个月", Nature.NUMBER),
        (CHINESE, "慢工细活", "快工细活", Nature.QUOTE),
    ],
)
def test_one_edit_is_one_change_of_its_nature(article: tuple[str, ...], old: str, new: str, nature: Nature) -> None:
    found = compare(copy(article), page(with_edit(article, old, new)))
    assert len(found.changes) == 1
    change = found.changes[0]
    assert nature in change.natures
    assert change.old in old
    assert change.new in new
    assert found.natures == change.natures


def test_numbers_are_never_split_and_places_are_exact() -> None:
    stored, live = copy(CHINESE), page(with_edit(CHINESE, "2400万", "2300万"))
    (change,) = compare(stored, live).changes
    assert (change.kind, change.old, change.new) == (ChangeKind.REPLACE, "2400", "2300")
    assert change.old_span is not None and change.new_span is not None
    old, new = stored.blocks[change.old_span.block], live.visible[change.new_span.block]
    assert old.text[change.old_span.start : change.old_span.end] == "2400"
    assert new.text[change.new_span.start : change.new_span.end] == "2300"
    assert "2400万人民" in change.old_context and "2300万人民" in change.new_context


@pytest.mark.parametrize(
    ("stored", "live"),
    [
        ("the price rose to 20.", "the price rose to 200."),
        ("He left the harbour town early.", "He left the harbour town early and alone."),
        ("他们昨天离开了港口城市。", "他们昨天离开了港口城市吗？"),
    ],
)
def test_a_sentence_that_goes_on_is_edited(stored: str, live: str) -> None:
    article = list(ENGLISH)
    found = compare(copy([*article[:2], stored, *article[2:]]), page([*article[:2], live, *article[2:]]))
    assert len(found.changes) == 1


def test_heavier_changes_come_first() -> None:
    live = with_edit(tuple(with_edit(ENGLISH, "31 million", "41 million")), "gathered", "gatherd")
    found = compare(copy(ENGLISH), page(live))
    assert [change.natures[0] for change in found.changes] == [Nature.NUMBER, Nature.TYPO]
    assert found.changes[0].weight > found.changes[1].weight


@pytest.mark.parametrize("article", [ENGLISH, CHINESE])
def test_a_removed_paragraph_and_a_removed_sentence(article: tuple[str, ...]) -> None:
    found = compare(copy(article), page([*article[:2], *article[3:]]))
    assert told(found.changes) == [("delete", article[2], "")]
    assert found.natures == (Nature.PARAGRAPH_REMOVED,)
    sentence = "Critics called the price too high." if article is ENGLISH else "有人批评造价太高。"
    found = compare(copy(article), page(with_edit(article, sentence, "")))
    assert told(found.changes) == [("delete", sentence, "")]
    assert found.natures == (Nature.SENTENCE_REMOVED,)


@pytest.mark.parametrize("article", [ENGLISH, CHINESE])
def test_a_removed_paragraph_that_another_layer_has_was_missed_by_the_extractor(article: tuple[str, ...]) -> None:
    aside = block(article[2], region=Region.ASIDE)
    assert compare(copy(article), page([*article[:2], *article[3:]], after=[aside])).changes == ()
    found = compare(copy(article), page([*article[:2], *article[3:]], structured=[" ".join(article)]))
    assert found.changes == ()
    assert found.layers.count(Layer.STRUCTURED) >= 1


@pytest.mark.parametrize("at", range(1, 6))
def test_an_added_paragraph_is_found_wherever_it_stands(at: int) -> None:
    added = "Divers later found a crack in the eastern pillar."
    found = compare(copy(ENGLISH), page([*ENGLISH[:at], added, *ENGLISH[at:]]))
    assert told(found.changes) == [("insert", "", added)]
    assert found.natures == (Nature.PARAGRAPH_ADDED,)
    assert found.template_candidates == (block_digest(fold(added)),)


def test_an_added_sentence() -> None:
    live = with_edit(ENGLISH, "Crowds gathered", "Nobody was hurt during the work. Crowds gathered")
    found = compare(copy(ENGLISH), page(live))
    assert told(found.changes) == [("insert", "", "Nobody was hurt during the work.")]
    assert found.natures == (Nature.SENTENCE_ADDED,)


ADDED = "Please support the Lantern with a gift this winter."


@pytest.mark.parametrize(
    "furniture",
    [
        block("The bridge at dawn, seen from the eastern bank.", BlockKind.CAPTION),
        block("What happened before", BlockKind.HEADLINE),
        block("Fares rise again in the old town, say drivers.", links=1.0),
        block(ADDED, region=Region.ASIDE),
        block(ADDED, region=Region.COMMENTS),
        block(ADDED, region=Region.HIDDEN),
        block("Photo: A. Lindqvist / Lantern."),
        block("Read also: Ferry fares rise again in the old town."),
        block("12 comments"),
        block("Posted on April 21, 2015, at 11:29 a.m."),
        block("(Image credit: The Lantern Corp.)"),
        block("本文版权归作者所有。"),
        block("© 2021 The Lantern. All rights reserved."),
        block("相关阅读：渡轮票价再次上涨。"),
        block("Loading image…"),
        block('<img src="a.jpg" alt="The bridge at dawn.">'),
    ],
)
def test_furniture_between_paragraphs_is_no_addition(furniture: Block) -> None:
    found = compare(copy(ENGLISH), page([*ENGLISH[:2], furniture, *ENGLISH[2:]]))
    assert found.changes == ()
    assert furniture.text in [text for _, text in found.set_aside] or furniture.link_density or furniture.region


def test_the_template_is_no_addition() -> None:
    live = page([*ENGLISH[:2], ADDED, *ENGLISH[2:]])
    found = compare(copy(ENGLISH), live)
    assert len(found.changes) == 1
    again = compare(copy(ENGLISH), live, template=frozenset(found.template_candidates))
    assert again.changes == ()
    assert ("template", ADDED) in again.set_aside


def test_text_the_copy_set_aside_is_no_addition() -> None:
    stored = StoredCopy(TITLE, "", "", copy(ENGLISH).blocks, (SetAside("read-more", ADDED),))
    assert compare(stored, page([*ENGLISH, ADDED])).changes == ()


def test_what_stands_far_outside_the_main_text_is_no_addition() -> None:
    live = page([*ENGLISH, ADDED], not_main=[ADDED])
    assert compare(copy(ENGLISH), live).changes == ()


@pytest.mark.parametrize("article", [ENGLISH, CHINESE])
def test_a_moved_paragraph_is_a_move(article: tuple[str, ...]) -> None:
    found = compare(copy(article), page([article[0], article[2], article[3], article[1], article[4]]))
    assert [change.kind for change in found.changes] == [ChangeKind.MOVE]
    assert found.changes[0].old == article[1]
    assert found.natures == (Nature.REORDERED,)
    assert found.coverage == 1.0


def test_blocks_may_be_cut_otherwise() -> None:
    joined = " ".join(ENGLISH)
    pieces = [part + "." for text in ENGLISH for part in text.rstrip(".").split(". ")]
    assert compare(copy(ENGLISH), page([joined])).changes == ()
    assert compare(copy([joined]), page(list(ENGLISH))).changes == ()
    assert compare(copy(ENGLISH), page(pieces)).changes == ()
    drop_cap = ["T", "he" + ENGLISH[0].removeprefix("The"), *ENGLISH[1:]]
    assert compare(copy(ENGLISH), page(drop_cap)).changes == ()


def test_a_table_may_be_cut_into_rows_or_cells() -> None:
    cells = ["Part", "Price", "Cable", "310", "Lamp", "12"]
    rows = [block(text, BlockKind.TABLE_ROW) for text in ("Part\tPrice", "Cable\t310", "Lamp\t12")]
    assert compare(copy([*ENGLISH[:2], *cells, *ENGLISH[2:]]), page([*ENGLISH[:2], *rows, *ENGLISH[2:]])).changes == ()


@pytest.mark.parametrize("mark", ["…", " [...]", " […]", "……"])
def test_an_excerpt_cut_with_a_sign_is_compared_as_far_as_it_goes(mark: str) -> None:
    cut = ENGLISH[0][:-30] + mark
    found = compare(copy([cut]), page(ENGLISH))
    assert found.excerpt
    assert found.changes == ()
    found = compare(copy([cut]), page(with_edit(ENGLISH, "14 months", "15 months")))
    assert [(change.old, change.new) for change in found.changes] == [("14", "15")]


def test_first_paragraphs_are_an_excerpt_without_a_sign() -> None:
    rest = [f"Paragraph number {index} tells more about the long repair of the bridge." for index in range(6)]
    found = compare(copy(ENGLISH[:2]), page([*ENGLISH, *rest]))
    assert found.excerpt
    assert found.changes == ()


def test_a_replaced_headline() -> None:
    new = "Harbour bridge stays closed after long repair"
    found = compare(copy(ENGLISH), page(ENGLISH, title=new))
    assert told(found.changes) == [("replace", TITLE, new)]
    assert found.natures == (Nature.HEADLINE,)
    assert not found.headline_found


def test_a_replaced_headline_that_only_metadata_remembers() -> None:
    new = "Harbour bridge stays closed"
    live = page(ENGLISH, title=new, headlines=[new, TITLE, f"{new} | The Lantern"])
    assert compare(copy(ENGLISH), live).natures == (Nature.HEADLINE,)


@pytest.mark.parametrize(
    "stored",
    [TITLE, f"{TITLE} - The Lantern", TITLE.upper(), f"The Lantern: {TITLE}"[13:], TITLE[:25] + "…"],
)
def test_a_headline_keeps_its_identity(stored: str) -> None:
    found = compare(copy(ENGLISH, title=stored), page(ENGLISH))
    assert found.headline_found
    assert found.changes == ()


def test_scripts_are_compared_as_one() -> None:
    traditional = (
        "港口大橋在維修十四個月後於週一重新開放。兩岸聚集了許多市民。",
        "工程師柯瑪麗表示，鋼纜是一根一根更換的。“這是慢工細活。”她補充說。",
        "全市共有2300萬人民期待通車。有人批評造價太高。",
        "在燈光測試完成之前，船隻夜間不得通過。港務長預計不會出現延誤。",
        "第二座大橋計劃於2031年動工。具體位置尚待議會決定。",
    )
    title = "港口大桥重新开放"
    found = compare(copy(CHINESE, title=title), page(traditional, title="港口大橋重新開放", headlines=[title]))
    assert Nature.SCRIPT_VARIANT in found.natures
    assert [(change.old, change.new) for change in found.changes if change.old] == [("2400", "2300")]
    assert found.coverage > 0.9


def test_another_article_covers_nothing() -> None:
    found = compare(copy(ENGLISH), page(["Ferry fares will rise by a tenth in spring, the company said today."]))
    assert found.coverage < 0.1
    assert found.found_chars < 0.1 * found.stored_chars


def test_a_cut_page_has_its_lead_and_not_its_tail() -> None:
    found = compare(copy(ENGLISH), page([*ENGLISH[:2], "Subscribe to read the rest of this story."]))
    assert found.lead == 1.0
    assert found.tail == 0.0
    assert 0.2 < found.coverage < 0.6


def test_a_rewritten_article_says_so() -> None:
    other = [
        "Ferry fares will rise by a tenth in spring, the company said.",
        "Drivers were surprised by the sudden news on Tuesday.",
        "The old town has only one landing stage left for boats.",
    ]
    found = compare(copy(ENGLISH), page([ENGLISH[0], *other, ENGLISH[4]]))
    assert Nature.REWRITTEN in found.natures
    assert {new for _, _, new in told(found.changes) if new} == set(other)


def test_empty_sides_are_no_error() -> None:
    assert compare(copy([]), page(ENGLISH)).coverage == 0.0
    assert compare(copy(ENGLISH), page([])).coverage == 0.0
    assert compare(copy(["…"]), page(["—"])).stored_chars == 0


def test_cost_is_bounded_when_nothing_is_shared() -> None:
    left = ["".join(chr(97 + (index * 7 + k * k) % 26) for k in range(90)) + f" {index}." for index in range(1100)]
    right = ["".join(chr(97 + (index * 5 + k * k * k) % 26) for k in range(90)) + f" {index}!" for index in range(1100)]
    started = time.process_time()
    compare(copy(left), page(right))
    assert time.process_time() - started < 5.0  # about 0.3 s


def test_rules_have_a_version() -> None:
    assert RULES.startswith("compare/")
