"""Laws of finding quotations, for any text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.quotations import Grade, Haystack, ShingleIndex, find_quotations, needle_of, searched, weigh
from preserve.text import fold

AWKWARD = "abcÄéß中國国们2.5,- \n“”‘’\"'«»「」>*_[]()…ﬁ\u00ad\u0301\u200b\u3000&amp;"
# Letters that fold to several, letters that fold to them, and what joins or parts them: few, so that they meet.
MEETING = "ßsx ŉn½1,2#~İi\u0301\x1eΣς\u1100\u1161ﬁf.国國"
ANY_TEXT = st.one_of(
    st.text(max_size=80), st.text(alphabet=AWKWARD, max_size=80), st.text(alphabet=MEETING, max_size=12)
)
_SOME = "the not council ferry 渡轮 会 不会 停开 2,400 2400 — nowhere now here"
WORDS = st.lists(st.sampled_from(_SOME.split()), min_size=4)


@settings(max_examples=200)
@given(st.lists(ANY_TEXT, max_size=4), st.data())
def test_what_is_found_folds_to_what_was_looked_for(blocks: list[str], data: st.DataObject) -> None:
    haystack = Haystack(blocks)
    start = data.draw(st.integers(0, len(haystack.text)))
    end = data.draw(st.integers(start, len(haystack.text)))
    needle = needle_of(haystack.text[start:end])
    if needle is None:
        return
    match = weigh(needle, haystack)
    if match.grade.stands and len(match.spans) == 1:
        ((first, last),) = match.spans
        assert searched(haystack.text[first:last]) == needle.whole.blind
    assert all(0 <= first < last <= len(haystack.text) for first, last in match.spans)


@settings(max_examples=200)
@given(WORDS, st.data())
def test_whole_words_of_a_text_stand_in_it(words: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    needle = needle_of(" ".join(words[start:end]))
    if needle is not None:
        assert weigh(needle, Haystack([" ".join(words)])).grade.stands


@settings(max_examples=150)
@given(WORDS, st.integers(0, 100))
def test_a_word_put_in_never_stands(words: list[str], where: int) -> None:
    words = ["ferry", *(word for word in words if word != "—"), "boat"]  # where words begin and end
    at = 1 + where % (len(words) - 1)
    changed = [*words[:at], "never", *words[at:]]
    needle = needle_of(" ".join(words))
    assert needle is not None
    assert not weigh(needle, Haystack([" ".join(changed)])).grade.stands


@settings(max_examples=150)
@given(ANY_TEXT)
def test_any_text_can_be_a_manuscript(text: str) -> None:
    for markdown in (True, False):
        for found in find_quotations(text, markdown=markdown):
            assert found.text.strip()
            assert 0 <= found.start < found.end <= len(text)
            assert found.line == text.count("\n", 0, found.start) + 1


@settings(max_examples=150)
@given(WORDS, WORDS, WORDS)
def test_a_text_with_a_quotation_is_never_passed_over(before: list[str], quoted: list[str], after: list[str]) -> None:
    needle = needle_of(" ".join(quoted))
    assert needle is not None
    index = ShingleIndex([needle])
    text = " ".join((*before, *quoted, *after))
    if weigh(needle, Haystack([text])).grade in (Grade.VERBATIM, Grade.COSMETIC):
        assert [number for number, share in index.shares(searched(text), 0.9) if share >= 0.9] == [0]


@given(ANY_TEXT)
def test_the_form_that_is_searched_keeps_its_length(text: str) -> None:
    assert len(searched(text)) == len(fold(text))
