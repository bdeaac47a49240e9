"""Differences as a newspaper editor would mark them: changes put back into the text they were found in. Pure.

The ledger keeps each change with its place in the stored copy; the stored copy has the whole text. The source's side
is that text with the changes made, so an unchanged sentence is shown as the copy has it, cosmetics and all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from preserve.model import Block, BlockKind, Change, ChangeKind, StoredCopy
from preserve.report.passages import Mark, Marked, Passage, Piece

_ANCHOR = 24  # characters beside an insertion that name its place
_LEAST_ANCHOR = 6


@dataclass(frozen=True, slots=True)
class _Placed:
    """A change at a place in a block of the stored copy."""

    number: int
    start: int
    end: int
    change: Change


def mark(changes: Sequence[Change], copy: StoredCopy | None) -> Marked | None:
    """The marked text; None where nothing differs.

    Args:
        changes: by falling weight.
        copy: the stored copy they were found in; None where it can't be read, or where they are of something else:
            each change is then shown in its own sentence.
    """
    if not changes:
        return None
    if copy is None or not copy.blocks:
        alone = tuple(_by_itself(number, change) for number, change in enumerate(changes, 1))
        return Marked(alone, (), False, tuple(changes))
    placed: dict[int, list[_Placed]] = defaultdict(list)
    front: list[Passage] = []
    unplaced: list[Passage] = []
    for number, change in enumerate(changes, 1):
        found = _place(change, copy.blocks)
        if found is not None:
            placed[found[0]].append(_Placed(number, found[1], found[2], change))
        elif change.kind is ChangeKind.INSERT:
            unplaced.append(_by_itself(number, change))
        else:
            front.append(_by_itself(number, change))
    passages = list(front)
    for index, block in enumerate(copy.blocks):
        passages += _marked_block(block, placed[index])
    return Marked(tuple(passages), tuple(unplaced), True, tuple(changes))


def _place(change: Change, blocks: Sequence[Block]) -> tuple[int, int, int] | None:
    """Block and offsets of a change in the stored copy; None where it has no place of its own there."""
    span = change.old_span
    if span is not None:
        fits = 0 <= span.block < len(blocks) and blocks[span.block].text[span.start : span.end] == change.old
        return (span.block, span.start, span.end) if fits else None
    if change.kind is not ChangeKind.INSERT or not change.new:
        return None
    before, found, after = change.new_context.partition(change.new)
    if not found:
        return None
    tail, head = before.rstrip()[-_ANCHOR:], after.lstrip()[:_ANCHOR]
    for index, block in enumerate(blocks):
        if len(tail) >= _LEAST_ANCHOR and (at := block.text.find(tail)) >= 0:
            return index, at + len(tail), at + len(tail)
        if len(head) >= _LEAST_ANCHOR and (at := block.text.find(head)) >= 0:
            return index, at, at
    return None


def _by_itself(number: int, change: Change) -> Passage:
    """A change in the sentence around it, when the whole text is not at hand or has no place for it."""
    old = tuple(_in_context(change.old, change.old_context, Mark.DELETED, number))
    new = tuple(_in_context(change.new, change.new_context, Mark.INSERTED, number))
    headline = change.old_span is None and change.new_span is None
    if change.old and change.new and change.old_context and change.new_context:
        before, _, after = change.old_context.partition(change.old)
        there, here = (change.old, Mark.DELETED), (change.new, Mark.INSERTED)
        both = _pieces((before, Mark.NONE), there, here, (after, Mark.NONE), number=number)
    elif change.kind is ChangeKind.MOVE:
        both = old = new = _pieces((change.old, Mark.MOVED), number=number)
    else:
        both = (*old, *new) if not (old and new) or not _unmarked(old) else new
        both = old if _unmarked(new) and not _unmarked(old) else both
    return Passage(old, new, both, headline)


def _unmarked(pieces: Iterable[Piece]) -> bool:
    return all(piece.mark is Mark.NONE for piece in pieces)


def _in_context(part: str, context: str, how: Mark, number: int) -> Iterator[Piece]:
    if not part:
        if context:
            yield Piece(context)
        return
    before, found, after = context.partition(part)
    if not found:
        yield Piece(part, how, number)
        return
    yield from _pieces((before, Mark.NONE), (part, how), (after, Mark.NONE), number=number)


def _pieces(*parts: tuple[str, Mark], number: int) -> tuple[Piece, ...]:
    return tuple(Piece(text, how, number if how is not Mark.NONE else 0) for text, how in parts if text)


def _marked_block(block: Block, placed: Sequence[_Placed]) -> Iterator[Passage]:
    """A block of the stored copy with its changes made; a block that is wholly gone has no other side."""
    old: list[Piece] = []
    new: list[Piece] = []
    both: list[Piece] = []
    left_over: list[Passage] = []
    at = 0
    for one in sorted(placed, key=lambda one: (one.start, one.end)):
        if one.start < at:  # it overlaps one that is marked already
            left_over.append(_by_itself(one.number, one.change))
            continue
        _to_each(block.text[at : one.start], old, new, both)
        moved = one.change.kind is ChangeKind.MOVE
        gone = _pieces((one.change.old, Mark.MOVED if moved else Mark.DELETED), number=one.number)
        come = () if moved else _pieces((_spaced(block.text, one), Mark.INSERTED), number=one.number)
        old += gone
        new += come
        both += (*gone, *come)
        at = one.end
    _to_each(block.text[at:], old, new, both)
    yield Passage(tuple(old), tuple(new), tuple(both), block.kind is BlockKind.HEADLINE)
    yield from left_over


def _to_each(text: str, *sides: list[Piece]) -> None:
    """Unmarked text, which every side has."""
    for side in sides:
        side.extend(_pieces((text, Mark.NONE), number=0))


def _spaced(text: str, one: _Placed) -> str:
    """What has come, with the space that parts it from its neighbours where it stands between words."""
    new = one.change.new
    if one.change.old or not new:
        return new
    before, after = text[: one.start][-1:], text[one.end :][:1]
    if before.isascii() and before and not before.isspace() and new[0].isascii() and new[0].isalnum():
        new = " " + new
    if after.isascii() and after.isalnum() and new[-1].isascii() and not new[-1].isspace():
        new += " "
    return new
