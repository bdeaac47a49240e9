"""Text fragments as browsers read them, and Web Annotations as the W3C's model has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from preserve.selectors import Directive, Passage, annotation, collection, directive_for, fragment_url

LONG = "Many words follow here, and none of them matters. " * 8
BLOCKS = (
    "Home, news & more",
    "The boat is gone.",
    f"The boat is gone, they say—for good. {LONG}That was the end of it.",
    "县长说，渡轮不会停开，居民们都很高兴。",
    "What e-mail said: the café closed.",
)
TEXT = "\n\n".join(BLOCKS)


def directive(passage: str, after: str = "") -> Directive:
    start = TEXT.index(passage, TEXT.index(after))
    return directive_for(BLOCKS, start, start + len(passage))


@pytest.mark.parametrize(
    ("passage", "after", "text"),
    [
        ("they say", "", "they%20say"),
        ("news & more", "", "news%20%26%20more"),
        ("e-mail", "", "e%2Dmail"),
        ("gone, they say", "", "gone%2C%20they%20say"),
        ("The boat is gone", "", "The%20boat%20is%20gone"),
    ],
)
def test_signs_of_the_syntax_are_encoded(passage: str, after: str, text: str) -> None:
    assert directive(passage, after) == Directive(text, True)


def test_context_is_added_where_an_earlier_place_fits() -> None:
    found = directive("The boat is gone", "gone.\n")
    assert found.unique
    assert unquote(found.text) == "is gone.-,The boat is gone"


def test_a_long_passage_and_one_of_several_blocks_are_ranges() -> None:
    long = directive(f"they say—for good. {LONG}That was")
    first, last = (unquote(part) for part in long.text.split(","))
    assert (first, last) == ("they say—for good. Many", "them matters. That was")
    assert long.unique
    several = directive("more\n\nThe boat")
    assert several == Directive("more,The%20boat", True)


def test_chinese_is_cut_at_its_signs() -> None:
    assert unquote(directive("渡轮不会停开").text) == "渡轮不会停开"


def test_what_browsers_ignore_makes_no_place_unique() -> None:
    blocks = ("THE CAFÉ CLOSED today.", "Later the cafe closed again.")
    text = "\n\n".join(blocks)
    start = text.index("the cafe")
    found = directive_for(blocks, start, start + len("the cafe closed"))
    assert found.unique
    assert unquote(found.text) != "the cafe closed"


def test_a_word_inside_another_is_no_place() -> None:
    blocks = ("The scathing part.", "A cat sat.")
    start = "\n\n".join(blocks).index("cat sat")
    assert directive_for(blocks, start, start + 3) == Directive("cat", True)


def test_the_same_text_twice_over_is_not_called_unique() -> None:
    blocks = ("same words",) * 40
    start = len("\n\n".join(blocks[:30])) + 2
    assert not directive_for(blocks, start, start + 4).unique


def test_a_fragment_of_the_url_itself_is_kept() -> None:
    one = Directive("a%20b", True)
    assert fragment_url("http://x/y", one) == "http://x/y#:~:text=a%20b"
    assert fragment_url("http://x/y#top", one) == "http://x/y#top:~:text=a%20b"
    assert fragment_url("http://x/y#top:~:text=old", one) == "http://x/y#top:~:text=a%20b"


# ---------------------------------------------------------------- annotations

# The model's keys by class (Web Annotation Data Model, 3 to 5): those that must be there, and those that may.
MUST = {
    "Annotation": {"id", "type", "target"},
    "TextualBody": {"type", "value"},
    "SpecificResource": {"type", "source"},
    "TextQuoteSelector": {"type", "exact"},
    "TextPositionSelector": {"type", "start", "end"},
    "TimeState": {"type"},
    "AnnotationCollection": {"@context", "id", "type"},
    "AnnotationPage": {"id", "type", "items"},
}
MAY = {
    "Annotation": {"@context", "body", "motivation", "created", "modified", "generator", "generated"},
    "TextualBody": {"purpose", "format", "language"},
    "SpecificResource": {"selector", "state"},
    "TextQuoteSelector": {"prefix", "suffix"},
    "TextPositionSelector": set[str](),
    "TimeState": {"sourceDate", "cached"},
    "AnnotationCollection": {"label", "total", "first", "last"},
    "AnnotationPage": {"partOf", "startIndex", "next", "prev"},
}
MOTIVATIONS = {"assessing", "bookmarking", "classifying", "commenting", "describing", "editing", "highlighting"} | {
    "identifying",
    "linking",
    "moderating",
    "questioning",
    "replying",
    "tagging",
}


def check_vocabulary(value: Any) -> int:
    """Every object has its class's keys and no other; how many there are."""
    if isinstance(value, list):
        return sum(check_vocabulary(one) for one in value)
    if not isinstance(value, dict):
        return 0
    kind = value["type"]
    assert set(value) >= MUST[kind], value
    assert set(value) <= MUST[kind] | MAY[kind], value
    assert {value.get("motivation", "assessing"), value.get("purpose", "assessing")} <= MOTIVATIONS
    return 1 + sum(check_vocabulary(one) for one in value.values())


PASSAGE = Passage("http://x/y", TEXT, ((5, 9), (60, 70)), datetime(2026, 3, 1, 7, 0, 5, tzinfo=UTC), "urn:uuid:1")


def test_an_annotation_keeps_to_the_model() -> None:
    made = annotation(PASSAGE, says="Quoted", language="en", created=datetime(2026, 4, 1, tzinfo=UTC))
    assert made["@context"] == "http://www.w3.org/ns/anno.jsonld"
    assert check_vocabulary(made) == 2 + 2 * 4
    for target, (start, end) in zip(made["target"], PASSAGE.spans, strict=True):
        quote, position = target["selector"]
        assert quote["exact"] == TEXT[start:end] == TEXT[position["start"] : position["end"]]
        assert TEXT.index(quote["prefix"] + quote["exact"] + quote["suffix"]) == start - len(quote["prefix"])
        assert target["state"] == {"type": "TimeState", "sourceDate": "2026-03-01T07:00:05Z", "cached": "urn:uuid:1"}


def test_the_same_annotation_has_the_same_id_and_another_has_another() -> None:
    one, other = annotation(PASSAGE, says="Quoted"), annotation(PASSAGE, says="Quoted otherwise")
    assert one == annotation(PASSAGE, says="Quoted")
    assert one["id"] != other["id"]
    assert isinstance(annotation(Passage("http://x", "abc", ((0, 1),)), says="x")["target"], dict)


def test_a_collection_keeps_to_the_model() -> None:
    both = [annotation(PASSAGE, says="one"), annotation(PASSAGE, says="two")]
    made = collection(both, label="Both")
    assert check_vocabulary(made) > 10
    assert (made["total"], len(made["first"]["items"])) == (2, 2)
    assert check_vocabulary(collection([], label="None")) == 1
