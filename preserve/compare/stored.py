"""Stored copy against live page: is the source still what was kept?"""

from __future__ import annotations

from preserve.compare.additions import AdditionRules, block_digest
from preserve.compare.align import Alignment, align
from preserve.compare.changes import ChangeMaker, by_weight, natures_of, place_of, runs
from preserve.compare.headline import headline_change
from preserve.compare.layers import Layers
from preserve.compare.measures import measure
from preserve.compare.reading import Reading, Unit
from preserve.model import Change, Comparison, Extraction, Layer, StoredCopy
from preserve.text import fold

_LEAD = 0.2
_TAIL = 1 / 3


def compare(stored: StoredCopy, page: Extraction, *, template: frozenset[str] = frozenset()) -> Comparison:
    """Compare a stored copy (old) with a page (new).

    Args:
        stored: the article as kept, noise already set aside.
        page: the page, extracted.
        template: digests of blocks known to be the host's template; their addition is no change.

    Returns:
        The material differences and how much of the stored copy the page still has.
    """
    old, new = Reading(stored.blocks), Reading(page.visible)
    layers = Layers(page, new)
    alignment = align(old, new)
    found = _Findings(old, new, alignment, layers)
    known = frozenset(
        key
        for text in (
            stored.title,
            stored.author,
            *page.headlines,
            *(aside.text for aside in stored.set_aside),
        )
        if (key := fold(text))
    )
    rules = AdditionRules(new, layers.main, known, template)
    maker = ChangeMaker(old, new, names=frozenset())
    changes: list[Change] = []
    candidates: list[str] = []
    set_aside: list[tuple[str, str]] = []
    for edit in alignment.edits:
        changes.append(maker.edit(edit))
    for part in alignment.unmatched:
        missing = [index for index in part.old if found.layer(index) is Layer.MISSING]
        changes.extend(maker.lost([alignment.units[index] for index in missing]))
        for run in runs(part.new):
            reason = rules.refusal(run, part.place)
            if reason:
                set_aside.append((reason, new.slice(place_of(run))))
            else:
                changes.append(maker.gained(run))
                candidates.append(block_digest(new.keys[run[0].block]))
    headline, changed = headline_change(stored.title, page)
    changes.extend(changed)
    stored_chars = sum(len(unit.key) for unit in alignment.units)
    found_chars = round(sum(found.share(i) * len(unit.key) for i, unit in enumerate(alignment.units)))
    return Comparison(
        changes=by_weight(changes),
        natures=natures_of(changes),
        coverage=found.coverage(0.0, 1.0),
        lead=found.coverage(0.0, _LEAD),
        tail=found.coverage(1 - _TAIL, 1.0),
        stored_chars=stored_chars,
        found_chars=found_chars,
        main_chars=layers.main_chars,
        headline_found=headline,
        layers=tuple(found.layer(index) for index in range(len(alignment.units))),
        template_candidates=tuple(dict.fromkeys(candidates)),
        set_aside=tuple(set_aside),
        measures=measure(old.text, layers.main),
    )


class _Findings:
    """What became of each stored sentence."""

    def __init__(self, old: Reading, new: Reading, alignment: Alignment, layers: Layers) -> None:
        self._units = alignment.units
        anchored = {anchor.unit for anchor in alignment.chain}
        self._share: list[float] = []
        self._layers: list[Layer] = []
        for index, unit in enumerate(self._units):
            paired = alignment.paired.get(index, 0.0)
            if index in anchored or paired == 100.0:
                layer = Layer.MAIN if unit.key in layers.main else Layer.VISIBLE
            else:
                layer = layers.find(unit)
            self._layers.append(layer)
            self._share.append(1.0 if layer is not Layer.MISSING else paired / 100)

    def layer(self, index: int) -> Layer:
        return self._layers[index]

    def share(self, index: int) -> float:
        return self._share[index]

    def coverage(self, start: float, stop: float) -> float:
        """Share found of the stored text between two shares of its length; at least two sentences are looked at."""
        total = sum(len(unit.key) for unit in self._units)
        at = 0
        taken: list[int] = []
        for index, unit in enumerate(self._units):
            middle = (at + len(unit.key) / 2) / total if total else 0.0
            if start <= middle <= stop:
                taken.append(index)
            at += len(unit.key)
        if len(taken) < 2:
            taken = list(range(len(self._units)))[:2] if start == 0.0 else list(range(len(self._units)))[-2:]
        chars = sum(len(self._units[index].key) for index in taken)
        return (
            sum(self._share[index] * len(self._units[index].key) for index in taken) / chars if chars else 0.0
        )
