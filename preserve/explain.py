"""A check taken apart: the rules tried, where each stored sentence was found, what was set aside.

Derived again from the archive on the path that judges (`preserve.judging`), so that what is explained is what
was weighed. No network, nothing written; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from preserve.compare import Found, places
from preserve.judging import Weighed, weigh_post
from preserve.model import (
    Block,
    Check,
    Comparison,
    Extraction,
    Judgement,
    Layer,
    Measures,
    Reason,
    SetAside,
    Span,
)
from preserve.rejudge import task_of
from preserve.settings import Settings
from preserve.text import block_digest, fold
from preserve.verdict import Case, rules_for

FIRST_TO_READ: Final = "in-sight"
"""The first rule of the chain that looks at the comparison."""


class Outcome(StrEnum):
    """What a rule of the chain came to."""

    DECIDED = "decided"
    NOTED = "noted"  # it saw something that did not decide
    SILENT = "silent"  # nothing of its kind was there


@dataclass(frozen=True, slots=True)
class RuleTried:
    """One rule of the chain.

    Attributes:
        rule: its name.
        outcome: what it came to.
        saw: in a sentence; "" where it was silent.
    """

    rule: str
    outcome: Outcome
    saw: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a layer of the page.

    Attributes:
        block: index of the block in that layer, from 0.
        start, end: offsets in code points into the block's text.
        text: what stands there.
    """

    block: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the stored copy and where it was found.

    Attributes:
        text: as the stored copy has it.
        stored: where it stands in the stored copy's blocks.
        layer: the first layer of the page that has it; `MISSING` where none has it word for word.
        inside: the layer whose texts `places` count in; `MISSING` where there are none.
        places: where it stands on the page, one a block; of a missing sentence, its edited counterpart.
        alike: 0..1, how much of it stands there.
    """

    text: str
    stored: Span
    layer: Layer
    inside: Layer
    places: tuple[Place, ...]
    alike: float


@dataclass(frozen=True, slots=True)
class TemplateBlock:
    """A block that was passed over as the host's template.

    Attributes:
        digest: as in `Check.template`.
        text: what this page says there; "" where it has no such block.
    """

    digest: str
    text: str


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What the host answered to a random path.

    Attributes:
        url: the path asked for.
        status: the final status; None without an answer.
        title: of the page that came; "" without one.
        record_id: of the response, or of the failure.
    """

    url: str
    status: int | None
    title: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a check came out as it did.

    Attributes:
        check: as the ledger has it.
        judgement: derived again; None where nothing can be (`why_not`).
        why_not: why the check can't be derived again; "" where it was.
        rules: the chain, in the order it was tried.
        sentences: of the stored copy, in order; empty where no text was weighed.
        copy_aside: text of the stored copy that was set aside.
        page_aside: blocks of the page that were passed over: (rule, text).
        template: the host's template as it was known in that run.
        probe: None where none was weighed.
        comparison: of stored copy and page; None where no text was weighed.
    """

    check: Check
    judgement: Judgement | None
    why_not: str = ""
    rules: tuple[RuleTried, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    copy_aside: tuple[SetAside, ...] = ()
    page_aside: tuple[tuple[str, str], ...] = ()
    template: tuple[TemplateBlock, ...] = ()
    probe: ProbeAnswer | None = None
    comparison: Comparison | None = None

    @property
    def same(self) -> bool:
        """Whether today's rules come to the verdict and reason of the check."""
        kept = self.check.judgement
        return self.judgement is None or (self.judgement.verdict, self.judgement.reason) == (
            kept.verdict,
            kept.reason,
        )

    @property
    def measures(self) -> Measures | None:
        """How alike stored copy and page are; None where nothing was compared."""
        return self.comparison.measures if self.comparison is not None else None


def explain(check: Check, settings: Settings) -> Explanation:
    """Take `check` apart.

    Args:
        check: from the ledger.
        settings: where the archive is and how posts are read; those of the run, to see what it saw.

    Raises:
        ArchiveError: a record is missing or damaged.
    """
    why_not = _why_not(check)
    task = None if why_not else task_of(check, settings)
    if task is None:
        return Explanation(check, None, why_not, _tried(check.judgement, ()))
    weighed = weigh_post(task)
    if weighed.case is None:
        return Explanation(check, weighed.judged.judgement, "", _tried(weighed.judged.judgement, ()))
    return _explanation(check, weighed, weighed.case)


def _why_not(check: Check) -> str:
    if check.capture is None:
        return "nothing was captured, so there is nothing to look at again"
    if check.stored_record is None:
        return "the post could not be read, so there was nothing to compare"
    if check.judgement.reason is Reason.EXTRACTOR_FAILED:  # it would be this process's turn to die
        return "reading this page ended the process that read it; it is not read again here"
    return ""


def _explanation(check: Check, weighed: Weighed, case: Case) -> Explanation:
    judgement, page = weighed.judged.judgement, case.page
    rules = _tried(judgement, rules_for(case))
    # Where the answer itself decides, as a 404 does, no text was weighed.
    comparison = case.comparison if any(rule.rule == FIRST_TO_READ for rule in rules) else None
    return Explanation(
        check=check,
        judgement=judgement,
        rules=rules,
        sentences=tuple(_sentences(case)) if comparison is not None else (),
        copy_aside=case.stored.set_aside,
        page_aside=comparison.set_aside if comparison is not None else (),
        template=_template(check.template, page),
        probe=_probe(check, case),
        comparison=comparison,
    )


def _tried(judgement: Judgement, names: Sequence[str]) -> tuple[RuleTried, ...]:
    """The rules up to the deciding one, with what those saw that had something to say."""
    said = {one.rule: one for one in judgement.evidence}
    last = judgement.evidence[-1].rule if judgement.evidence else ""
    until = names.index(last) + 1 if last in names else 0
    tried = []
    for name in names[:until] or list(said):
        one = said.get(name)
        if one is None:
            tried.append(RuleTried(name, Outcome.SILENT, ""))
        else:
            tried.append(RuleTried(name, Outcome.DECIDED if one.held else Outcome.NOTED, one.saw))
    return tuple(tried)


def _sentences(case: Case) -> Iterator[Sentence]:
    if case.page is None:
        return
    for found in places(case.stored, case.page):
        text = case.stored.blocks[found.stored.block].text[found.stored.start : found.stored.end]
        where = tuple(_places(found, case.page))
        yield Sentence(text, found.stored, found.layer, found.inside, where, found.alike)


def _places(found: Found, page: Extraction) -> Iterator[Place]:
    texts = {
        Layer.VISIBLE: _texts(page.visible),
        Layer.MAIN: _texts(page.main),
        Layer.STRUCTURED: page.structured,
        Layer.MISSING: (),
    }[found.inside]
    for span in found.places:
        yield Place(span.block, span.start, span.end, texts[span.block][span.start : span.end])


def _texts(blocks: Sequence[Block]) -> tuple[str, ...]:
    return tuple(block.text for block in blocks)


def _template(digests: Sequence[str], page: Extraction | None) -> tuple[TemplateBlock, ...]:
    """The template's blocks, those that this page has first."""
    said = {block_digest(fold(block.text)): block.text for block in page.visible} if page is not None else {}
    found = [TemplateBlock(digest, said.get(digest, "")) for digest in digests]
    return tuple(sorted(found, key=lambda block: not block.text))


def _probe(check: Check, case: Case) -> ProbeAnswer | None:
    if check.probe is None or case.probe is None:
        return None
    final = check.probe.final
    record = final.response if final is not None and final.response is not None else check.probe.summary
    title = case.probe.page.facts.title if case.probe.page is not None else ""
    return ProbeAnswer(check.probe.url, final.status if final is not None else None, title, record.record_id)
