"""What the rules look at: measures of a page taken once, from its blocks and the comparison.

Owns the measuring; no verdict is reached here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from preserve.model import Block, BlockKind, Capture, Comparison, Extraction, Layer, PageFacts, Region
from preserve.urls import host_of, same_page
from preserve.verdict.case import Case
from preserve.verdict.wording import fold, ideas, reading_length

PRESENT = 0.4  # with this much of the stored copy on the page, the page is the article, whatever else it says
_FURNITURE = frozenset({Region.NAVIGATION, Region.FOOTER, Region.HIDDEN, Region.COMMENTS})
_TITLE_SEPARATORS = re.compile(r"\s+[|–—•·»:_-]+\s+|[|｜_«»]|\s[-–—]|[-–—]\s|：")
_EXCERPT_CHARS = 2600
_NO_FACTS = PageFacts()
_LINKED = 0.6
_BODY_LENGTH = 800  # reading length from which structured text is an article's body, not its description
_DENSITY_BLOCKS = 40


@dataclass(frozen=True)
class View:
    """A case, measured when first asked.

    Attributes:
        case: as put to the rules.
    """

    case: Case

    @property
    def capture(self) -> Capture:
        """The exchanges."""
        return self.case.capture

    @property
    def page(self) -> Extraction | None:
        """The page, where one could be extracted."""
        return self.case.page

    @property
    def facts(self) -> PageFacts:
        """What the markup says; all empty without a page."""
        return self.case.page.facts if self.case.page is not None else _NO_FACTS

    @property
    def comparison(self) -> Comparison | None:
        """Stored copy against page."""
        return self.case.comparison

    @property
    def status(self) -> int:
        """The deciding status code; 0 without one."""
        final = self.capture.final
        return final.status or 0 if final is not None else 0

    @property
    def final_url(self) -> str:
        """The address that answered."""
        final = self.capture.final
        return final.url if final is not None else self.capture.url

    @cached_property
    def redirected(self) -> bool:
        """Whether another page than the source's answered; http/https, `www.` and the like apart."""
        return not same_page(self.capture.url, self.final_url)

    @cached_property
    def present(self) -> bool:
        """Whether the stored article is substantially there: in sight, or whole in the structured text.

        A short stored copy that only a description in the page's head repeats is not there.
        """
        comparison = self.comparison
        if comparison is None or comparison.coverage < PRESENT:
            return False
        if not comparison.layers or {Layer.MAIN, Layer.VISIBLE} & set(comparison.layers):
            return True
        return self.page is not None and any(reading_length(text) >= _BODY_LENGTH for text in self.page.structured)

    @property
    def lead_kept(self) -> bool:
        """Whether the article's headline and its first sentence are in sight."""
        comparison = self.comparison
        return (
            comparison is not None
            and comparison.headline_found
            and comparison.layers[:1] in ((Layer.MAIN,), (Layer.VISIBLE,))
        )

    @property
    def in_sight(self) -> bool:
        """Whether the page is the article, or its beginning: then its other words say nothing about it."""
        return self.present or self.lead_kept

    @cached_property
    def body(self) -> tuple[Block, ...]:
        """The visible blocks outside navigation, footers and comments; all in sight when none is outside."""
        if self.page is None:
            return ()
        inside = tuple(block for block in self.page.visible if block.region not in _FURNITURE)
        return inside or tuple(block for block in self.page.visible if block.region is not Region.HIDDEN)

    @cached_property
    def column(self) -> tuple[Block, ...]:
        """The blocks of `body` that do not stand aside."""
        return tuple(block for block in self.body if block.region is not Region.ASIDE)

    @cached_property
    def article_length(self) -> float:
        """Reading length of the main text, or of the longest running text where that is more."""
        main = self.page.main if self.page is not None else ()
        running = sum(reading_length(block.text) for block in main if block.link_density < _LINKED)
        return max(self.longest_run, running)

    @cached_property
    def prose(self) -> tuple[Block, ...]:
        """The blocks of `body` that are not links."""
        return tuple(block for block in self.body if block.link_density < _LINKED)

    @cached_property
    def prose_length(self) -> float:
        """Reading length of `prose`."""
        return sum(reading_length(block.text) for block in self.prose)

    @cached_property
    def seen_length(self) -> float:
        """Reading length of everything in sight, links too."""
        if self.page is None:
            return 0.0
        seen = (block for block in self.page.visible if block.region is not Region.HIDDEN)
        return sum(reading_length(block.text) for block in seen)

    @cached_property
    def longest_run(self) -> float:
        """Reading length of the longest running text without a link block or a teaser in between."""
        best = run = 0.0
        for block in self.body:
            if block.link_density >= _LINKED or is_teaser(block):
                run = 0.0
            elif block.kind is not BlockKind.HEADLINE and reading_length(block.text) >= 60:
                run += reading_length(block.text)
                best = max(best, run)
        return best

    @cached_property
    def words(self) -> str:
        """Title, headlines and the beginning of the prose, folded, for the rules that look for ideas."""
        parts: list[str] = [self.facts.title]
        total = 0
        for block in self.prose:
            parts.append(block.text)
            total += len(block.text)
            if total > _EXCERPT_CHARS:
                break
        return fold("\n".join(parts))[: _EXCERPT_CHARS + 400]

    @cached_property
    def headings(self) -> frozenset[str]:
        """What the page calls itself first: the first part of <title>, and the first headlines in sight, folded."""
        if self.page is None:
            return frozenset()
        heads = [block.text for block in self.body if block.kind is BlockKind.HEADLINE][:2]
        first = _TITLE_SEPARATORS.split(self.facts.title.strip())[0]
        return frozenset(fold(text) for text in (first, *heads) if text)

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """The parts of <title> and the headlines, folded, without what the stored headline says."""
        if self.page is None:
            return ()
        stored = fold(self.case.stored.title)
        heads = [block.text for block in self.body if block.kind is BlockKind.HEADLINE][:2]
        whole = [self.facts.title, *self.page.headlines[:2], *heads]
        parts = [fold(part) for text in whole for part in (*_TITLE_SEPARATORS.split(text), text) if part]
        return tuple(dict.fromkeys(part for part in parts if part and part not in stored))

    @cached_property
    def teasers(self) -> int:
        """How many blocks are the cut beginning of another text."""
        return sum(is_teaser(block) and reading_length(block.text) >= 20 for block in self.column)

    @cached_property
    def linked_headlines(self) -> int:
        """How many blocks are the linked headline of another text."""
        return sum(
            block.link_density >= 0.8 and reading_length(block.text) >= 25
            for block in self.column
            if block.kind in (BlockKind.HEADLINE, BlockKind.LIST_ITEM, BlockKind.PARAGRAPH)
        )

    @property
    def lists(self) -> bool:
        """Whether the page's body leads to many other texts."""
        return self.teasers >= 5 or self.linked_headlines >= 8

    def density(self, section: str) -> float:
        """Share (0..1, by reading length) of the first blocks of prose that hold an idea of `section`."""
        total = said = 0.0
        for block in self.prose[:_DENSITY_BLOCKS]:
            length = min(reading_length(block.text), 300.0)
            total += length
            said += length if ideas(section, fold(block.text[:600])) else 0.0
        return said / total if total else 0.0

    @cached_property
    def host_words(self) -> frozenset[str]:
        """The host names asked, as a page that speaks of itself would name them."""
        return frozenset(host_of(url).removeprefix("www.") for url in self.capture.hops)

    def ideas(self, section: str) -> frozenset[str]:
        """The ideas of `section` that `words` holds."""
        return ideas(section, self.words)

    def has(self, kind: str) -> tuple[str, ...]:
        """The markers of `kind`, sure ones only."""
        return tuple(name for name in self.facts.markers if name.startswith(f"{kind}/") and "/~" not in name)

    def may_have(self, kind: str) -> tuple[str, ...]:
        """The markers of `kind` that ordinary pages carry too."""
        return tuple(name for name in self.facts.markers if name.startswith(f"{kind}/~"))


def is_teaser(block: Block) -> bool:
    """Whether a block is the cut beginning of another text."""
    text = block.text.rstrip()
    return text.endswith(("…", "...", "[…]", "[...]", "…]", "»", "›")) and reading_length(text) < 600


def tell(names: Iterable[str]) -> str:
    """Names for a sentence, in a stable order."""
    return ", ".join(sorted(names))
