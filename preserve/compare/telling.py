"""Telling: from an alignment to a comparison, by rules that say what counts.

Owns the order of the steps; the rules are handed in, because a stored copy and an earlier capture are weighed
differently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from preserve.compare.align import Alignment, Place, Unmatched, align
from preserve.compare.changes import ChangeMaker, by_weight, natures_of, place_of, runs
from preserve.compare.excerpt import goes_on
from preserve.compare.findings import Findings
from preserve.compare.layers import Layers
from preserve.compare.measures import measure
from preserve.compare.moves import moved_units
from preserve.compare.nature import known_names
from preserve.compare.reading import Reading, Readings, Unit
from preserve.compare.rules import Rules, Standing
from preserve.model import Block, Change, Comparison, Extraction, Layer, Nature
from preserve.text import block_digest, differ_in_script, han_share, is_unspaced, script_table

_LEAD = 0.2
_TAIL = 1 / 3
_HELD, _HELD_UNSPACED = 14, 6  # folded characters
_LITTLE_FOUND = 0.8
_REWRITTEN = 0.3
_FORMAL = frozenset({"no-sentence", "short", "outside-main", "heading"})


@dataclass(frozen=True, slots=True)
class Laid:
    """A stored reading laid on a page.

    Attributes:
        old, new: the two sides.
        alignment: what is where.
        layers: the layers of the page.
        findings: what became of each stored sentence.
        script: the table that took both to one script; empty where they are in one.
    """

    old: Reading
    new: Reading
    alignment: Alignment
    layers: Layers
    findings: Findings
    script: dict[int, int]


@dataclass(frozen=True, slots=True)
class Told:
    """What differs, in words."""

    changes: tuple[Change, ...]
    candidates: tuple[str, ...]
    set_aside: tuple[tuple[str, str], ...]
    excerpt: bool
    added_chars: int


def lay(
    blocks: tuple[Block, ...], page: Extraction, readings: Readings, *, cut: bool = False, seen: bool = False
) -> Laid:
    """Align stored blocks with a page; in one script, where the two differ in script.

    Args:
        blocks: the stored side.
        page: the other.
        readings: those made already.
        cut: the stored side breaks off in mid-sentence.
        seen: only what readers see of the page counts.
    """
    if seen:
        page = replace(page, structured=())
    laid = _lay(blocks, page, (readings.visible(page), readings.main(page)), {}, cut)
    if laid.findings.coverage(0.0, 1.0) < _LITTLE_FOUND and han_share(laid.old.text) > 0.3:
        table = script_table(laid.old.text, laid.new.text)
        if differ_in_script(laid.old.text, laid.layers.main or laid.new.text, table):
            new = Reading(page.visible, table)
            return _lay(blocks, page, (new, Reading(page.main, table, like=new)), table, cut)
    return laid


def _lay(
    blocks: tuple[Block, ...], page: Extraction, read: tuple[Reading, Reading], script: dict[int, int], cut: bool
) -> Laid:
    new, main = read
    old = Reading(blocks, script, like=new)
    layers = Layers(page, new, main, script)
    alignment = align(old, new, cut=cut)
    return Laid(old, new, alignment, layers, Findings(alignment, layers), script)


def tell(laid: Laid, rules: Rules, *, byline: str, cut: bool, exact: bool) -> Told:
    """Put the differences into words.

    Args:
        laid: the two sides, aligned.
        rules: decide what counts.
        byline: authors as the stored side names them.
        cut: the stored side says itself that it is cut.
        exact: the stored side is a whole page, so that whatever follows its end was added.
    """
    maker = ChangeMaker(laid.old, laid.new, known_names(laid.old, byline))
    changes = [maker.edit(edit) for edit in laid.alignment.edits if not rules.cosmetic(edit)]
    moved = moved_units(laid.old, laid.new, laid.alignment, laid.layers.main)
    changes.extend(maker.moved([(laid.alignment.units[index], block) for index, block in moved.items()]))
    set_aside: list[tuple[str, str]] = []
    gained: list[_Gain] = []
    held = _held(laid)
    for part in laid.alignment.unmatched:
        missing = _missing(laid, part, rules)
        changes.extend(maker.lost(missing))
        for run in runs(part.new):
            standing = Standing(part.place, run[0].block in held)
            reason = _repeated(laid, run) or rules.refusal(run, standing, laid.alignment.column)
            if missing and part.place is Place.INNER and reason in _FORMAL:
                reason = ""  # it stands where something else stood
            if reason:
                set_aside.append((reason, laid.new.slice(place_of(run))))
            else:
                gained.append(_Gain(run, tail=part.place is Place.TAIL and not missing))
    tail = [gain.chars for gain in gained if gain.tail]
    excerpt = not exact and (cut or goes_on(tail, len(laid.old.text), laid.layers.main_chars))
    kept = [gain.run for gain in gained if not (excerpt and gain.tail)]
    changes.extend(maker.gained(run) for run in kept)
    candidates = dict.fromkeys(block_digest(laid.new.keys[run[0].block]) for run in kept)
    added = sum(len(unit.key) for run in kept for unit in run)
    return Told(tuple(changes), tuple(candidates), tuple(set_aside), excerpt, added)


def _missing(laid: Laid, part: Unmatched, rules: Rules) -> list[Unit]:
    """The stored sentences of a stretch that no layer has, as far as their loss counts."""
    units = laid.alignment.units
    return [
        units[index]
        for index in part.old
        if (laid.findings.layers[index] is Layer.MISSING or _left_in_teaser(laid, part, index))
        and not rules.unimportant(units[index])
        # Short ones are not looked for all over the page; here they may stand in a row or line of their own.
        and (units[index].strong or units[index].key not in part.around)
    ]


def _held(laid: Laid) -> frozenset[int]:
    """The blocks of the page that hold sentences of the old side beside others."""
    new = Counter[int]()
    for part in laid.alignment.unmatched:
        for unit in part.new:
            new[unit.block] += len(unit.key)
    least = {block: _HELD_UNSPACED if is_unspaced(laid.new.keys[block]) else _HELD for block in new}
    return frozenset(block for block, size in new.items() if len(laid.new.keys[block]) - size >= least[block])


def _left_in_teaser(laid: Laid, part: Unmatched, index: int) -> bool:
    """Whether a sentence is gone from the article though the page's description still has it.

    Its neighbours stand on the page side by side, so nothing was overlooked there; a description is a teaser, not
    the article, and is seldom mended with it. A whole article in the structured text is better evidence.
    """
    return (
        laid.findings.layers[index] is Layer.STRUCTURED
        and part.place is Place.INNER
        and not part.around
        and not laid.layers.has_body
    )


def _repeated(laid: Laid, run: Sequence[Unit]) -> str:
    """Why sentences of the page are nothing new: the stored side has them, or the page has them twice."""
    whole = replace(run[0], key="".join(unit.key for unit in run))
    if whole.strong and whole.key in laid.old.text:
        return "stored-elsewhere"
    key = laid.new.keys[run[0].block]
    return "repeated" if laid.new.keys.count(key) > 1 else ""


def _looks_other(laid: Laid) -> bool:
    """Whether a sentence of the old side stands on the page in another look: case, width, punctuation.

    White space is not looked at: it differs with every cut into blocks.
    """
    texts = {block.text for block in laid.new.blocks}
    sentences = [
        laid.old.slice(unit.span)
        for unit, layer in zip(laid.alignment.units, laid.findings.layers, strict=True)
        if not unit.cut
        and layer is not Layer.MISSING
        and layer is not Layer.STRUCTURED
        and laid.old.blocks[unit.block].text not in texts  # most blocks stand there letter by letter
    ]
    if not sentences:
        return False
    page = "".join("".join(block.text for block in laid.new.blocks).split())
    return any("".join(sentence.split()) not in page for sentence in sentences)


@dataclass(frozen=True, slots=True)
class _Gain:
    """Sentences of one block that only the page has; `tail`: they follow the last stored sentence."""

    run: list[Unit]
    tail: bool

    @property
    def chars(self) -> int:
        return sum(len(unit.key) for unit in self.run)


def summarise(laid: Laid, told: Told, changes: list[Change], headline: bool) -> Comparison:
    """The comparison that a laid reading and its told changes make."""
    findings = laid.findings
    natures = natures_of(changes)
    if findings.found_chars < (1 - _REWRITTEN) * findings.stored_chars and told.added_chars >= _REWRITTEN * (
        findings.stored_chars - findings.found_chars
    ):
        natures = tuple(dict.fromkeys((Nature.REWRITTEN, *natures)))
    if laid.script:
        natures = (*natures, Nature.SCRIPT_VARIANT)
    elif not changes and _looks_other(laid):
        natures = (Nature.COSMETIC,)
    return Comparison(
        changes=by_weight(changes),
        natures=natures,
        coverage=findings.coverage(0.0, 1.0),
        lead=findings.coverage(0.0, _LEAD),
        tail=findings.coverage(1 - _TAIL, 1.0),
        stored_chars=findings.stored_chars,
        found_chars=findings.found_chars,
        main_chars=laid.layers.main_chars,
        headline_found=headline,
        excerpt=told.excerpt,
        layers=findings.layers,
        template_candidates=told.candidates,
        set_aside=told.set_aside,
        measures=measure(laid.old.text, laid.layers.main),
    )
