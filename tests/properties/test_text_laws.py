"""Laws of folding, sentences and tokens, for any text."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.text import fold, fold_all, fold_with_offsets, join_folded, sentence_spans, tokens

AWKWARD = "aÄé中々。，“”.,-:/12３%$ \u00ad\u0301\u200b\u3000ﬁｶﾞ\u0958\u1100\u1161İßςΣ\x1c\x1e¨½~#;"
REFERENCES = [
    *("&amp;", "&amp", "&szlig;", "&eacute", "&ndash;", "&#233;", "&#x1e;"),
    *("&#x301;", "&amp;amp;eacute;", "&amp;#233;", "&shy;", "&frac12;", "&#", "&"),
]
NUMBERS = [*"123,,.~- 中*", "&ndash;"]
ANY_TEXT = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=AWKWARD, max_size=40),
    st.lists(st.sampled_from([*AWKWARD, *REFERENCES]), max_size=20).map("".join),
    st.lists(st.sampled_from(NUMBERS), max_size=14).map("".join),
)
_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")


@settings(max_examples=300)
@given(ANY_TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)
    again = fold(once)
    assert again == once or _THOUSANDS.search(once)  # "2,5 30" has become "2,530"
    assert again.replace(",", "") == once.replace(",", "")


@settings(max_examples=200)
@given(st.lists(ANY_TEXT, max_size=5))
def test_a_text_folds_alike_whatever_stands_beside_it(texts: list[str]) -> None:
    assert fold_all(texts) == [fold(text) for text in texts]


@settings(max_examples=300)
@given(st.lists(ANY_TEXT, max_size=5))
def test_folded_texts_join_to_the_fold_of_their_lines(texts: list[str]) -> None:
    assert join_folded(fold_all(texts), texts) == fold("\n\n".join(texts))


@settings(max_examples=300)
@given(ANY_TEXT)
def test_offsets_rise_and_cover_the_fold(text: str) -> None:
    folded = fold_with_offsets(text)
    assert folded.text == fold(text)
    assert len(folded.starts) == len(folded.ends) == len(folded.text)
    assert list(folded.starts) == sorted(folded.starts)
    assert list(folded.ends) == sorted(folded.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))


@settings(max_examples=300)
@given(ANY_TEXT)
def test_offsets_are_the_same_whatever_follows(text: str) -> None:
    """A combining mark keeps a text from being taken character by character, which must make no difference."""
    alone, followed = fold_with_offsets(text), fold_with_offsets(f"{text} \u3042\u3099")
    size = len(alone.text)
    assert followed.text == alone.text + "\u3042"
    assert (followed.starts[:size], followed.ends[:size]) == (alone.starts, alone.ends)


@settings(max_examples=150)
@given(ANY_TEXT)
def test_sentences_lose_nothing_but_white_space(text: str) -> None:
    spans = sentence_spans(text)
    assert all(start < end for start, end in spans)
    assert "".join("".join(text[a:b] for a, b in spans).split()) == "".join(text.split())
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


@settings(max_examples=150)
@given(ANY_TEXT)
def test_tokens_stand_in_order_and_say_something(text: str) -> None:
    found = tokens(text)
    assert all(token.key and token.start < token.end for token in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
