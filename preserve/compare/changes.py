"""Changes: differences told in the words of the model, with original text, place, natures and weight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from preserve.compare.gaps import Edit
from preserve.compare.nature import Side, weight, word_natures
from preserve.compare.reading import Reading, Unit
from preserve.model import Change, ChangeKind, Nature, Span


class ChangeMaker:
    """Makes changes from places in two readings."""

    def __init__(self, old: Reading, new: Reading, names: AbstractSet[str]) -> None:
        self._old, self._new, self._names = old, new, names

    def edit(self, edit: Edit) -> Change:
        """Words of one sentence that became others."""
        old, new = _text(self._old, edit.old), _text(self._new, edit.new)
        before, after = _text(self._old, edit.old_sentence), _text(self._new, edit.new_sentence)
        natures = word_natures(
            Side(old, before, _start(edit.old, edit.old_sentence)),
            Side(new, after, _start(edit.new, edit.new_sentence)),
            self._names,
        )
        kind = ChangeKind.REPLACE if old and new else ChangeKind.DELETE if old else ChangeKind.INSERT
        return Change(
            kind=kind,
            old=old,
            new=new,
            old_context=before,
            new_context=after,
            old_span=edit.old[0] if edit.old else None,
            new_span=edit.new[0] if edit.new else None,
            natures=natures,
            weight=weight(natures),
        )

    def lost(self, units: Sequence[Unit]) -> list[Change]:
        """Stored sentences without counterpart: one deletion a block."""
        return [
            self._whole(ChangeKind.DELETE, self._old, run, Nature.PARAGRAPH_REMOVED, Nature.SENTENCE_REMOVED)
            for run in runs(units)
        ]

    def gained(self, run: Sequence[Unit]) -> Change:
        """Consecutive sentences of one block of the page without counterpart."""
        return self._whole(ChangeKind.INSERT, self._new, run, Nature.PARAGRAPH_ADDED, Nature.SENTENCE_ADDED)

    def moved(self, units: Sequence[tuple[Unit, int]]) -> list[Change]:
        """Stored sentences that stand in another place, each with the block of the page it stands in."""
        blocks = dict(units)
        natures = (Nature.REORDERED,)
        changes = []
        for run in runs([unit for unit, _ in units]):
            span, block = place_of(run), blocks[run[0]]
            text = self._old.slice(span)
            around = (self._old.blocks[span.block].text, self._new.blocks[block].text)
            changes.append(
                Change(
                    ChangeKind.MOVE,
                    text,
                    text,
                    *around,
                    old_span=span,
                    natures=natures,
                    weight=weight(natures),
                )
            )
        return changes

    def _whole(
        self, kind: ChangeKind, reading: Reading, run: Sequence[Unit], paragraph: Nature, sentence: Nature
    ) -> Change:
        span = place_of(run)
        text = reading.slice(span)
        block = reading.blocks[span.block].text
        natures = (paragraph if len(text) >= 0.9 * len(block.strip()) else sentence,)
        if kind is ChangeKind.DELETE:
            return Change(kind, text, "", block, "", span, None, natures, weight(natures))
        return Change(kind, "", text, "", block, None, span, natures, weight(natures))


def _text(reading: Reading, spans: Sequence[Span]) -> str:
    return " ".join(reading.slice(span) for span in spans)


def _start(spans: Sequence[Span], sentence: Sequence[Span]) -> int:
    """Where a place stands in the text of its sentence; -1 where either is cut over blocks."""
    if len(spans) != 1 or len(sentence) != 1:
        return -1
    return spans[0].start - sentence[0].start


def runs(units: Sequence[Unit]) -> list[list[Unit]]:
    """Sentences that follow each other in one block, together."""
    runs: list[list[Unit]] = []
    for unit in units:
        if runs and runs[-1][-1].block == unit.block and unit.start - runs[-1][-1].end <= 3:
            runs[-1].append(unit)
        else:
            runs.append([unit])
    return runs


def place_of(run: Sequence[Unit]) -> Span:
    """The place of consecutive sentences of one block."""
    return Span(run[0].block, run[0].start, run[-1].end)


def by_weight(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes by falling weight, otherwise in their order."""
    return tuple(sorted(changes, key=lambda change: -change.weight))


def natures_of(changes: Iterable[Change]) -> tuple[Nature, ...]:
    """The union of the natures of `changes`, heaviest change first."""
    return tuple(dict.fromkeys(nature for change in by_weight(changes) for nature in change.natures))
