"""Laws of the comparison, for any article."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.compare import Readings, compare, compare_pages
from preserve.compare.align import align
from preserve.compare.gaps import word_differences
from preserve.compare.measures import measure
from preserve.compare.reading import Reading
from preserve.model import ChangeKind, Region
from preserve.verdict import Before, find_admission
from tests.compare_kit import CHINESE, ENGLISH, block, copy, page

WORDS = re.findall(
    r"\S+",
    "harbour bridge cable lamp council engineer repair opened closed slowly twice Monday Kessler 14 2400 31% not never "
    "said that the a of by under night ship banks price",
)
CHARACTERS = "港口大桥维修十四个月后重新开放两岸聚集市民工程师表示钢缆更换不没2400万人"


def sentence(words: list[str]) -> str:
    return " ".join(words).capitalize() + "."


LATIN = st.lists(st.sampled_from(WORDS), min_size=4, max_size=14).map(sentence)
HAN = st.text(alphabet=CHARACTERS, min_size=6, max_size=30).map(lambda text: text + "。")
PARAGRAPH = st.one_of(
    st.lists(LATIN, min_size=1, max_size=3).map(" ".join), st.lists(HAN, min_size=1, max_size=3).map("".join)
)
ARTICLE = st.lists(PARAGRAPH, min_size=1, max_size=8)
TOKENS = st.lists(st.sampled_from([*WORDS, *CHARACTERS]), max_size=25)


@settings(max_examples=80, deadline=None)
@given(ARTICLE)
def test_an_article_is_itself(article: list[str]) -> None:
    found = compare(copy(article), page(article))
    assert found.changes == ()
    assert found.coverage == 1.0
    assert compare_pages(page(article), page(article)).changes == ()


@settings(max_examples=80, deadline=None)
@given(ARTICLE, ARTICLE, st.sampled_from(["Correction: the bridge opened on Tuesday.", "Updated 3 May 2031", ""]))
def test_a_page_read_before_is_told_alike(old: list[str], new: list[str], notice: str) -> None:
    stored, earlier, later = copy(old), page(old), page([*new, notice] if notice else new)
    before, readings = Before(stored, earlier), Readings()
    for _ in range(2):
        assert compare(stored, later, readings=readings) == compare(stored, later)
        assert compare(stored, earlier, readings=readings) == compare(stored, earlier)
        assert compare_pages(earlier, later, readings=readings) == compare_pages(earlier, later)
        assert find_admission(later, before, readings=readings) == find_admission(later, before)


@settings(max_examples=80, deadline=None)
@given(ARTICLE, ARTICLE)
def test_every_place_lies_in_its_block(old: list[str], new: list[str]) -> None:
    stored, live = copy(old), page(new)
    found = compare(stored, live)
    assert 0.0 <= found.coverage <= 1.0
    for change in found.changes:
        for span, blocks, text in (
            (change.old_span, stored.blocks, change.old),
            (change.new_span, live.visible, change.new),
        ):
            if span is not None and change.kind is not ChangeKind.MOVE:
                assert text.startswith(blocks[span.block].text[span.start : span.end])


@settings(max_examples=200, deadline=None)
@given(TOKENS, TOKENS)
def test_applying_the_differences_to_the_old_gives_the_new(old: list[str], new: list[str]) -> None:
    result: list[str] = []
    at = 0
    for a, b, c, d in word_differences(old, new):
        result += [*old[at:a], *new[c:d]]
        at = b
    assert "".join([*result, *old[at:]]) == "".join(new)


@settings(max_examples=200, deadline=None)
@given(TOKENS, TOKENS)
def test_swapping_the_sides_swaps_added_and_removed(old: list[str], new: list[str]) -> None:
    there, back = word_differences(old, new), word_differences(new, old)
    assert sum(b - a for a, b, _, _ in there) - sum(d - c for _, _, c, d in there) == len(old) - len(new)
    assert sum(b - a for a, b, _, _ in back) - sum(d - c for _, _, c, d in back) == len(new) - len(old)
    assert bool(there) == bool(back)


@settings(max_examples=60, deadline=None)
@given(st.permutations([*ENGLISH, *CHINESE]), st.integers(0, 9))
def test_what_one_side_lost_the_other_gained(article: list[str], at: int) -> None:
    rest = [*article[:at], *article[at + 1 :]]
    lost = align(Reading(copy(article).blocks), Reading(copy(rest).blocks))
    gained = align(Reading(copy(rest).blocks), Reading(copy(article).blocks))
    chars_lost = sum(len(lost.units[index].key) for part in lost.unmatched for index in part.old)
    chars_gained = sum(len(unit.key) for part in gained.unmatched for unit in part.new)
    assert chars_lost == chars_gained > 0


@settings(max_examples=60, deadline=None)
@given(ARTICLE, st.permutations(["Home and garden", "Sport of the week", "Sign in here", "About the Lantern"]))
def test_permuting_the_template_changes_nothing(article: list[str], menu: list[str]) -> None:
    furniture = [block(text, region=Region.NAVIGATION, links=1.0) for text in menu]
    plain = [block(text, region=Region.NAVIGATION, links=1.0) for text in sorted(menu)]
    edited = [*article[:-1], article[-1] + " An unheard-of ending follows now."]
    one = compare(copy(article), page(edited, before=furniture, after=furniture))
    other = compare(copy(article), page(edited, before=plain, after=plain))
    assert one.changes == other.changes
    assert one.coverage == other.coverage
    assert compare_pages(page(article, before=plain), page(article, before=furniture)).changes == ()


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abc中", max_size=30), st.text(alphabet="abc中", max_size=30))
def test_measures_are_shares(one: str, other: str) -> None:
    there, back = measure(one, other), measure(other, one)
    for value in (there.containment_old, there.containment_new, there.jaccard, there.dice, there.edit_similarity):
        assert 0.0 <= value <= 1.0
    assert 0.0 <= there.cosine <= 1.0 + 1e-9
    assert there.containment_old == back.containment_new
    assert (there.jaccard, there.dice) == (back.jaccard, back.dice)
    assert measure(one, one).jaccard == 1.0
