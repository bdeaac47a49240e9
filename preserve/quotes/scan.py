"""The first look: which posts may have which quotations, by streaming every archived text past them once.

Owns what is worth a closer look. Stored copies are taken roughly here, markup cut out with a knife: that costs a tenth
of reading them, and what is decided is only where to read. Runs in worker processes.
"""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from preserve.model import RecordRef
from preserve.quotations import ShingleIndex, needle_of, searched
from preserve.warc import ArchivedText, texts_between

LIKELY: Final = 0.9
"""A text with this share of a quotation's shingles, or more, probably has it word for word."""
POSSIBLE: Final = 0.3
NEAREST: Final = 3
"""Texts that are looked at closely where none is likely."""
MANY: Final = 40
"""Texts that are looked at closely at most; a phrase that stands in more of them is nobody's in particular."""

_TAG = re.compile(r"<[^<>]{0,2000}>|\]\([^()\s]{0,2000}\)")
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

Gaps = tuple[tuple[int, int | None], ...]


@dataclass(frozen=True, slots=True)
class ScanTask:
    """A stretch of the archive.

    Attributes:
        archive: its directory.
        file: a WARC file.
        gaps: what lies between captures in it.
        stored: offsets of the stored copies that count; others are older versions.
        quotations: what is looked for.
    """

    archive: str
    file: str
    gaps: Gaps
    stored: frozenset[int]
    quotations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that may have a quotation.

    Attributes:
        share: of the quotation's shingles.
        of: the response it was extracted from; "" for a stored copy.
        offset: of its record.
        file: of its record.
    """

    share: float
    of: str
    file: str
    offset: int


@dataclass(slots=True)
class Scanned:
    """What a stretch came to.

    Attributes:
        hits: by quotation.
        conversions: where the text of each response lies.
    """

    hits: dict[int, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    conversions: dict[str, RecordRef] = field(default_factory=dict)

    def add(self, other: Scanned) -> None:
        """Take in what another stretch came to."""
        for number, hits in other.hits.items():
            self.hits[number] = best([*self.hits[number], *hits])
        self.conversions.update(other.conversions)


def best(hits: Iterable[Hit]) -> list[Hit]:
    """The hits worth a closer look: the likely ones, or else the nearest few."""
    found = list(hits)
    likely = [hit for hit in found if hit.share >= LIKELY]
    return heapq.nlargest(MANY, likely, key=_order) if likely else heapq.nlargest(NEAREST, found, key=_order)


def _order(hit: Hit) -> tuple[float, str, int]:
    return hit.share, hit.file, -hit.offset


class Scanner:
    """Looks through stretches for the same quotations.

    Args:
        quotations: their texts.
    """

    def __init__(self, quotations: Sequence[str]) -> None:
        needles = [needle_of(text) for text in quotations]
        self._numbers = [number for number, needle in enumerate(needles) if needle is not None]
        self._index = ShingleIndex(needle for needle in needles if needle is not None)

    def scan(self, task: ScanTask) -> Scanned:
        """Look through one stretch.

        Raises:
            ArchiveError: a record is missing or damaged.
        """
        found = Scanned()
        hits: dict[int, list[Hit]] = defaultdict(list)
        for text in texts_between(task.archive, task.file, task.gaps):
            if text.of:
                found.conversions[text.of] = text.record
            elif text.record.offset not in task.stored:
                continue
            for number, share in self._index.shares(searched(_rough(text)), POSSIBLE):
                kept = hits[self._numbers[number]]
                kept.append(Hit(share, text.of, text.record.file, text.record.offset))
                if len(kept) > 4 * MANY:
                    hits[self._numbers[number]] = best(kept)
        found.hits.update({number: best(kept) for number, kept in hits.items()})
        return found


def _rough(text: ArchivedText) -> str:
    """What a record says, near enough."""
    if text.of:
        return text.data.decode("utf-8", "replace")
    codec = next((name for bom, name in _BOMS if text.data.startswith(bom)), "utf-8")
    return _TAG.sub("", text.data.decode(codec, "replace"))


def gaps_of(
    stretches: Iterable[tuple[str, int, int]], files: Iterable[str], at_once: int = 200
) -> Iterator[tuple[str, Gaps]]:
    """What lies between captures, in portions.

    Args:
        stretches: the captures' places, by file and offset (`Texts.stretches`).
        files: the archive's files by their final names; those without a capture are gaps as a whole.
        at_once: gaps in one portion.
    """
    missing = dict.fromkeys(files)
    file, at, gaps = "", 0, list[tuple[int, int | None]]()
    for name, start, end in stretches:
        if name != file:
            if file:
                yield file, (*gaps, (at, None))
            missing.pop(name, None)
            file, at, gaps = name, 0, []
        if start > at:
            gaps.append((at, start))
            if len(gaps) == at_once:
                yield file, tuple(gaps)
                gaps = []
        at = max(at, end)
    if file:
        yield file, (*gaps, (at, None))
    for name in missing:
        yield name, ((0, None),)
