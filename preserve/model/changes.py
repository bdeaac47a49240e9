"""How two texts differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from preserve.model.verdicts import Nature
from preserve.sending import sent


class ChangeKind(StrEnum):
    """The shape of a change."""

    REPLACE = "replace"
    DELETE = "delete"
    INSERT = "insert"
    MOVE = "move"


@sent
@dataclass(frozen=True, slots=True)
class Span:
    """A place in a list of blocks: block index and code-point offsets into that block's own text."""

    block: int
    start: int
    end: int


@sent
@dataclass(frozen=True, slots=True)
class Change:
    """One difference. Old is the stored copy (or the earlier capture), new is the page; texts are original text.

    Attributes:
        kind: its shape.
        old, new: the smallest texts that differ; either may be empty.
        old_context, new_context: the sentence or paragraph around them, for reading.
        old_span: where `old` stands in the stored copy's blocks; None for an insertion and for the headline.
        new_span: where `new` stands in the page's blocks; None for a deletion and for the headline.
        natures: what kind of difference it is, strongest first.
        weight: 0..1, how much it matters; changes are reported by falling weight.
    """

    kind: ChangeKind
    old: str
    new: str
    old_context: str = ""
    new_context: str = ""
    old_span: Span | None = None
    new_span: Span | None = None
    natures: tuple[Nature, ...] = ()
    weight: float = 0.0


class Layer(StrEnum):
    """In which layer of a page a stored sentence was found."""

    MAIN = "main"
    VISIBLE = "visible"
    STRUCTURED = "structured"
    MISSING = "missing"


@sent
@dataclass(frozen=True, slots=True)
class Measures:
    """Similarity of stored copy and main text, for researchers; 0..1 each (docs/verdicts.md has the definitions).

    Attributes:
        containment_old: share of the stored copy's 5-gram shingles that the page has.
        containment_new: share of the page's shingles that the stored copy has.
        jaccard, dice: of the two shingle sets.
        cosine: of the character 3-gram counts.
        edit_similarity: 1 - normalised indel distance.
    """

    containment_old: float = 0.0
    containment_new: float = 0.0
    jaccard: float = 0.0
    dice: float = 0.0
    cosine: float = 0.0
    edit_similarity: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the stored copy (or an earlier capture) and a page relate.

    Attributes:
        changes: the material differences, by falling weight.
        natures: labels of the whole: union over `changes`; for a comparison without changes `cosmetic` and
            `script-variant` where they hold.
        coverage: share (0..1, by normalised characters) of the stored sentences found anywhere on the page.
        lead: the same over the first fifth of the stored copy (at least two sentences).
        tail: the same over the last third.
        stored_chars: normalised characters of the stored copy that were compared.
        found_chars: of those, found on the page.
        main_chars: normalised characters of the page's main text.
        headline_found: whether the stored headline stands on the page as a headline.
        excerpt: whether the stored copy is an excerpt and was compared as one.
        layers: for each stored sentence, in order, where it was found.
        template_candidates: digests of page blocks whose addition alone would make this `edited`; they may yet be
            recognised as the host's template.
        set_aside: page blocks passed over as template, links or furniture: (rule, text).
        measures: for researchers.
    """

    changes: tuple[Change, ...]
    natures: tuple[Nature, ...]
    coverage: float
    lead: float
    tail: float
    stored_chars: int
    found_chars: int
    main_chars: int
    headline_found: bool
    excerpt: bool = False
    layers: tuple[Layer, ...] = ()
    template_candidates: tuple[str, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()
    measures: Measures = field(default_factory=Measures)
