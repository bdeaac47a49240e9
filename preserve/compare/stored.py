"""Stored copy against live page: is the source still what was kept?"""

from __future__ import annotations

from dataclasses import dataclass

from preserve.compare.additions import AdditionRules, block_digest
from preserve.compare.align import Alignment, Place, align
from preserve.compare.changes import ChangeMaker, by_weight, natures_of, place_of, runs
from preserve.compare.excerpt import goes_on, is_cut
from preserve.compare.findings import Findings
from preserve.compare.headline import headline_change, headline_found, known_titles
from preserve.compare.layers import Layers
from preserve.compare.measures import measure
from preserve.compare.reading import Reading, Unit
from preserve.model import Block, Change, Comparison, Extraction, Layer, Nature, StoredCopy
from preserve.text import differ_in_script, fold, han_share, script_table

_LEAD = 0.2
_TAIL = 1 / 3
_LITTLE_FOUND = 0.8


def compare(
    stored: StoredCopy, page: Extraction, *, template: frozenset[str] = frozenset()
) -> Comparison:
    """Compare a stored copy (old) with a page (new).

    Args:
        stored: the article as kept, noise already set aside.
        page: the page, extracted.
        template: digests of blocks known to be the host's template; their addition is no change.

    Returns:
        The material differences and how much of the stored copy the page still has.
    """
    laid = lay(stored.blocks, page)
    known = known_titles(stored.title, page.headlines) | {
        key for text in (stored.author, *(aside.text for aside in stored.set_aside)) if (key := fold(text))
    }
    rules = AdditionRules(laid.new, laid.layers.main, known, template)
    told = _tell(laid, rules, excerpt=bool(stored.blocks) and is_cut(stored.blocks[-1].text))
    headline = headline_change(stored.title, page)
    changes = [*told.changes, *([headline] if headline else [])]
    return summarise(laid, told, changes, headline_found(stored.title, page))


@dataclass(frozen=True, slots=True)
class Laid:
    """A stored reading laid on a page."""

    old: Reading
    new: Reading
    alignment: Alignment
    layers: Layers
    findings: Findings
    other_script: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What differs, in words."""

    changes: tuple[Change, ...]
    candidates: tuple[str, ...]
    set_aside: tuple[tuple[str, str], ...]
    excerpt: bool


def lay(blocks: tuple[Block, ...], page: Extraction) -> Laid:
    """Align stored blocks with a page; in one script, where the two differ in script."""
    laid = _lay(blocks, page, {})
    if laid.findings.coverage(0.0, 1.0) < _LITTLE_FOUND and han_share(laid.old.text) > 0.3:
        table = script_table(laid.old.text, laid.new.text)
        if differ_in_script(laid.old.text, laid.layers.main or laid.new.text, table):
            return _lay(blocks, page, table)
    return laid


def _lay(blocks: tuple[Block, ...], page: Extraction, script: dict[int, int]) -> Laid:
    old, new = Reading(blocks, script), Reading(page.visible, script)
    layers = Layers(page, new, script)
    alignment = align(old, new)
    return Laid(old, new, alignment, layers, Findings(alignment, layers), bool(script))


def _tell(laid: Laid, rules: AdditionRules, *, excerpt: bool) -> Told:
    maker = ChangeMaker(laid.old, laid.new, names=frozenset())
    units = laid.alignment.units
    changes = [maker.edit(edit) for edit in laid.alignment.edits]
    set_aside: list[tuple[str, str]] = []
    gained: list[tuple[Place, list[Unit]]] = []
    for part in laid.alignment.unmatched:
        missing = [units[index] for index in part.old if laid.findings.layer(index) is Layer.MISSING]
        changes.extend(maker.lost(missing))
        for run in runs(part.new):
            reason = rules.refusal(run, part.place)
            if reason:
                set_aside.append((reason, laid.new.slice(place_of(run))))
            else:
                gained.append((part.place, run))
    tail = [sum(len(unit.key) for unit in run) for place, run in gained if place is Place.TAIL]
    excerpt = excerpt or goes_on(tail, len(laid.old.text), laid.layers.main_chars)
    kept = [run for place, run in gained if not (excerpt and place is Place.TAIL)]
    changes.extend(maker.gained(run) for run in kept)
    candidates = dict.fromkeys(block_digest(laid.new.keys[run[0].block]) for run in kept)
    return Told(tuple(changes), tuple(candidates), tuple(set_aside), excerpt)


def summarise(laid: Laid, told: Told, changes: list[Change], headline: bool) -> Comparison:
    """The comparison that a laid reading and its told changes make."""
    findings = laid.findings
    natures = natures_of(changes)
    if laid.other_script:
        natures = (*natures, Nature.SCRIPT_VARIANT)
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
