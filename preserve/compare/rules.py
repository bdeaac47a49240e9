"""What counts: which differences between two texts are changes of the article.

In the comparison of a stored copy with a page additions are the weaker evidence: copies lack captions, kickers,
notices and whatever else the site put around and between the paragraphs. So an addition must stand between or
next to matched sentences, be prose, and not be the site's template. In the comparison of a page with its own earlier
capture the earlier page says what is furniture: whatever stood there before is no addition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from preserve.compare.align import Place
from preserve.compare.article import Article
from preserve.compare.furniture import (
    is_fragment,
    is_meter,
    is_notice,
    line_around,
    not_prose,
    outside_article,
    outside_column,
)
from preserve.compare.gaps import Edit
from preserve.compare.reading import Reading, Unit
from preserve.model import BlockKind, Region
from preserve.text import block_digest, fold

_RUNNING = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE, BlockKind.CODE})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where sentences stand that only the page has.

    Attributes:
        place: where in the article.
        held: their block holds sentences of the old side as well, which is the strongest sign of an addition: the
            block is the article's, whatever its kind.
    """

    place: Place
    held: bool


class Rules(Protocol):
    """Decide what counts."""

    def refusal(self, run: Sequence[Unit], standing: Standing, column: AbstractSet[Region]) -> str:
        """Why consecutive sentences of one block of the page are no addition; "" when they are one."""

    def unimportant(self, unit: Unit) -> bool:
        """Whether the loss of an old sentence is no removal."""

    def cosmetic(self, edit: Edit) -> bool:
        """Whether an edit is none of the article's text, or says nothing."""


def _says_nothing(text: str) -> bool:
    """Whether words are signs alone (+, <, >), which markup and buttons leave behind."""
    key = fold(text)
    return not any(character.isalnum() or character in "%‰$€£¥" for character in key)


class StoredRules:
    """For a stored copy against a page.

    Args:
        old, new: the two readings.
        main: the page's main text, folded.
        known: folded texts the stored side has without comparing them (title, byline, text set aside).
        template: digests of the host's template blocks.
    """

    def __init__(
        self, old: Reading, new: Reading, main: str, known: AbstractSet[str], template: AbstractSet[str]
    ) -> None:
        self._old, self._new, self._main = old, new, main
        self._known, self._template = known, template

    def refusal(self, run: Sequence[Unit], standing: Standing, column: AbstractSet[Region]) -> str:
        """See `Rules`."""
        index = run[0].block
        block, key = self._new.blocks[index], self._new.keys[index]
        text = block.text[run[0].start : run[-1].end]
        if self._template and block_digest(key) in self._template:
            return "template"
        if key in self._known or fold(text) in self._known:
            return "known"
        if standing.held and block.kind in _RUNNING:
            return line_around(text) or ("short" if is_fragment(text) else "")
        reason = outside_article(block, column)
        if reason:
            return reason
        if key not in self._main and standing.place is not Place.INNER and not is_notice(text):
            return "outside-main"
        return not_prose(text)

    def unimportant(self, unit: Unit) -> bool:
        """See `Rules`."""
        return is_meter(self._old.blocks[unit.block].text)

    def cosmetic(self, edit: Edit) -> bool:
        """See `Rules`."""
        sentence = self._old.slice(edit.old_sentence[0])
        words = [self._old.slice(span) for span in edit.old] + [self._new.slice(span) for span in edit.new]
        if _says_nothing("".join(words)):
            return True
        if is_meter(sentence):
            return True
        added = self._at_edge(edit)
        return bool(added and not_prose(sentence) and not_prose(added))

    def _at_edge(self, edit: Edit) -> str:
        """What was only put before or after a sentence: a label, a credit, a number in a list; "" for all else."""
        if edit.old or not edit.new:
            return ""
        first, last = edit.new_sentence[0], edit.new_sentence[-1]
        start, end = edit.new[0], edit.new[-1]
        before = self._new.blocks[first.block].text[first.start : start.start]
        after = self._new.blocks[last.block].text[end.end : last.end]
        if end.block == last.block and not fold(after):
            return " ".join(self._new.slice(span) for span in edit.new) + after
        if start.block == first.block and not fold(before):
            return " ".join(self._new.slice(span) for span in edit.new)
        return ""


class PageRules:
    """For an earlier capture of a page against a later one.

    Args:
        old, new: the article of the earlier capture, and the whole later page.
        article: the same article, with the page it stands on.
        main: the main text of the later page, folded.
        template: digests of the host's template blocks.
    """

    def __init__(self, old: Reading, new: Reading, article: Article, main: str, template: AbstractSet[str]) -> None:
        self._old, self._new, self._main = old, new, main
        self._before, self._sure = article.page, article.sure
        self._keys = frozenset(self._before.keys)
        held = Counter[Region]()
        for index in article.sure:
            held[self._old.blocks[index].region] += len(self._old.keys[index])
        self._column = frozenset({Region.BODY, *(r for r, n in held.items() if n >= 0.2 * held.total())})
        self._template = template

    def refusal(self, run: Sequence[Unit], standing: Standing, column: AbstractSet[Region]) -> str:
        """See `Rules`."""
        index = run[0].block
        block, key = self._new.blocks[index], self._new.keys[index]
        if self._template and block_digest(key) in self._template:
            return "template"
        if key in self._keys or all(unit.strong and unit.key in self._before.text for unit in run):
            return "there-before"
        text = block.text[run[0].start : run[-1].end]
        if standing.held:
            return "meter" if is_meter(text.rstrip(".")) else ""
        overlooked = "" if key in self._main else "outside-main"
        if standing.place is Place.INNER:
            # Captions and headings of the article come and go as well; lists of related pages do, too.
            return outside_column(block, column) or line_around(text) or (overlooked if not_prose(text) else "")
        return outside_article(block, column) or ("" if is_notice(text) else overlooked) or not_prose(text)

    def unimportant(self, unit: Unit) -> bool:
        """See `Rules`."""
        block = self._old.blocks[unit.block]
        if is_meter(block.text):
            return True
        if unit.block in self._sure:
            return False
        return bool(outside_column(block, self._column) or not_prose(block.text))

    def cosmetic(self, edit: Edit) -> bool:
        """See `Rules`."""
        span = edit.old_sentence[0]
        if is_meter(self._old.slice(span)):
            return True
        if span.block in self._sure:
            return False
        if outside_column(self._old.blocks[span.block], self._column):
            return True
        return bool(edit.new_sentence) and bool(
            outside_column(self._new.blocks[edit.new_sentence[0].block], self._column)
        )
