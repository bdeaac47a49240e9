"""Changes put back into the text they were found in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from report_kit import LINES

from preserve.model import Block, BlockKind, Change, ChangeKind, Span, StoredCopy
from preserve.report.marking import mark
from preserve.report.passages import Mark, Passage, Piece
from preserve.report.rendering import bounded, folded

COPY = StoredCopy("A title", "", "", tuple(Block(BlockKind.PARAGRAPH, line) for line in LINES))


def text(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


def marked_text(pieces: tuple[Piece, ...]) -> str:
    signs = {Mark.NONE: "{}", Mark.DELETED: "[-{}-]", Mark.INSERTED: "[+{}+]", Mark.MOVED: "[~{}~]"}
    return "".join(signs[piece.mark].format(piece.text) for piece in pieces)


def at(line: int, part: str) -> Span:
    start = LINES[line].index(part)
    return Span(line, start, start + len(part))


def replaced(line: int, old: str, new: str) -> Change:
    return Change(ChangeKind.REPLACE, old, new, LINES[line], LINES[line].replace(old, new), at(line, old))


def test_a_replacement_is_marked_in_its_sentence_and_the_rest_is_there() -> None:
    found = mark([replaced(1, "2400", "2300")], COPY)
    assert found is not None
    assert found.whole
    assert [passage.changed for passage in found.passages] == [False, True, False, False, False]
    assert marked_text(found.passages[1].both) == "In all [-2400-][+2300+] people signed the letter, and 12 did not."
    assert text(found.passages[1].new) == "In all 2300 people signed the letter, and 12 did not."


def test_two_changes_in_one_paragraph_keep_their_numbers() -> None:
    found = mark([replaced(1, "12", "13"), replaced(1, "2400", "2300")], COPY)
    assert found is not None
    assert (
        marked_text(found.passages[1].both)
        == "In all [-2400-][+2300+] people signed the letter, and [-12-][+13+] did not."
    )
    assert [piece.change for piece in found.passages[1].old if piece.change] == [2, 1]


def test_a_removed_paragraph_has_no_other_side() -> None:
    gone = Change(ChangeKind.DELETE, LINES[3], "", LINES[3], "", Span(3, 0, len(LINES[3])))
    found = mark([gone], COPY)
    assert found is not None
    assert (text(found.passages[3].old), found.passages[3].new) == (LINES[3], ())


def test_an_added_sentence_stands_where_its_neighbours_do() -> None:
    context = LINES[2] + " Nor on Sundays."
    found = mark([Change(ChangeKind.INSERT, "", "Nor on Sundays.", LINES[2], context, None, Span(7, 34, 49))], COPY)
    assert found is not None
    assert marked_text(found.passages[2].both) == LINES[2] + "[+ Nor on Sundays.+]"


def test_an_added_paragraph_of_unknown_place_is_kept_apart_and_said_so() -> None:
    new = "It was said that all would be well."
    found = mark([Change(ChangeKind.INSERT, "", new, "", new, None, Span(30, 0, len(new)))], COPY)
    assert found is not None
    assert len(found.passages) == len(LINES)
    assert [marked_text(passage.both) for passage in found.unplaced] == [f"[+{new}+]"]


def test_a_changed_headline_comes_first() -> None:
    found = mark([Change(ChangeKind.REPLACE, "A title", "Another", "A title", "Another")], COPY)
    assert found is not None
    assert found.passages[0].headline
    assert marked_text(found.passages[0].both) == "[-A title-][+Another+]"


def test_moved_text_is_marked_where_it_was() -> None:
    found = mark(
        [Change(ChangeKind.MOVE, LINES[0], LINES[0], LINES[0], LINES[0], Span(0, 0, len(LINES[0])), Span(9, 0, 5))],
        COPY,
    )
    assert found is not None
    assert marked_text(found.passages[0].both) == f"[~{LINES[0]}~]"


def test_without_the_copy_each_change_stands_in_its_own_sentence() -> None:
    found = mark([replaced(1, "2400", "2300")], None)
    assert found is not None
    assert not found.whole
    assert [marked_text(passage.both) for passage in found.passages] == [
        "In all [-2400-][+2300+] people signed the letter, and 12 did not."
    ]


def test_a_place_that_does_not_fit_the_copy_is_not_believed() -> None:
    change = Change(ChangeKind.REPLACE, "2400", "2300", LINES[1], "In all 2300", Span(3, 0, 4))
    found = mark([change], COPY)
    assert found is not None
    assert text(found.passages[4].old) == LINES[3]
    assert any("2300" in text(passage.new) for passage in found.passages)


def test_nothing_differs() -> None:
    assert mark([], COPY) is None


SPANS = st.integers(0, len(LINES) - 1).flatmap(
    lambda line: st.tuples(st.just(line), st.integers(0, len(LINES[line]) - 1)).flatmap(
        lambda place: st.tuples(st.just(place[0]), st.just(place[1]), st.integers(place[1] + 1, len(LINES[place[0]])))
    )
)


@given(st.lists(st.tuples(SPANS, st.text(max_size=8)), min_size=1, max_size=6))
def test_the_old_side_is_always_the_stored_copy(changes: list[tuple[tuple[int, int, int], str]]) -> None:
    made = [
        Change(
            ChangeKind.REPLACE if new else ChangeKind.DELETE,
            LINES[line][start:end],
            new,
            LINES[line],
            new,
            Span(line, start, end),
        )
        for (line, start, end), new in changes
    ]
    found = mark(made, COPY)
    assert found is not None
    olds = [text(passage.old) for passage in found.passages]
    assert [old for old in olds if old in LINES][:1]
    for line in LINES:
        assert line in olds
    numbers = {piece.change for passage in found.passages for piece in passage.both} - {0}
    assert numbers == set(range(1, len(made) + 1))


def plain(text_: str) -> Passage:
    piece = (Piece(text_),)
    return Passage(piece, piece, piece)


def test_unchanged_passages_are_folded_when_there_are_several() -> None:
    changed = Passage((Piece("a", Mark.DELETED, 1),), (), (Piece("a", Mark.DELETED, 1),))
    stretches = folded([plain("1"), plain("2"), changed, plain("3"), changed])
    assert [(fold, len(stretch)) for fold, stretch in stretches] == [(True, 2), (False, 1), (False, 1), (False, 1)]


def test_a_text_too_long_for_a_page_is_cut_and_said_so() -> None:
    copy = StoredCopy("t", "", "", tuple(Block(BlockKind.PARAGRAPH, "x" * 400) for _ in range(300)))
    end = Span(299, 0, 1)
    found = bounded(mark([Change(ChangeKind.REPLACE, "x", "y", "x", "y", end)], copy))
    assert found is not None
    kept, cut = found
    assert cut
    assert any(passage.changed for passage in kept.passages)
    assert sum(len(text(passage.both)) for passage in kept.passages) < 20_000
    huge = bounded(mark([Change(ChangeKind.DELETE, "x" * 90_000, "", "x" * 90_000)], None))
    assert huge is not None
    assert huge[1]
