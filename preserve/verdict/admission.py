"""Recognises where a page owns up to having been changed: a notice, or the time of an update.

Owns the shapes and the dates; the words are data/admission.toml. Whether anything was changed is not its business.
A silent edit is a grave thing to say and an admitted one a mild one, so what a page has always said is no admission:
a notice must be new, and a time must be later than what it is held against.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

from preserve.compare import Readings
from preserve.compare.furniture import is_meter
from preserve.model import Admission, AdmissionKind, Block, BlockKind, Extraction, Region, StoredCopy
from preserve.text import block_digest, fold_all
from preserve.text import fold as comparable
from preserve.verdict.wording import fold, reading_length

TEXT_LONGEST: Final = 400  # code points of an admission that are kept
_NOTICE_LONGEST: Final = 1200.0  # reading length
_LINE_LONGEST: Final = 160.0
_NEAR: Final = 8  # blocks before the article's first and after its last
_TELLING: Final = 24  # comparable code points from which a block of the article is known by its text
_NOTICE_SHORTEST: Final = 24.0  # reading length of a notice that is no sentence
_TIME_LONGEST: Final = 60  # folded code points of a line that says when and nothing else
_SAYS_MORE = re.compile(r"\d\s*[:\u2013\u2014-]\s+[^\W\d]|[.!?\u3002]\s*$")  # a date, and then what was done
_ASIDE: Final = frozenset({Region.NAVIGATION, Region.FOOTER, Region.COMMENTS, Region.FORM, Region.HIDDEN})
_LINKED: Final = 0.5

_OPENING = r"^[\W_]*"
# What ends a label: a sign, a bracket, a number, the end; or a little word before a date. A glued script needs none.
_LABEL_ENDS = (
    r"(?=\s*(?:[:|\[\](){}.!/\u3010\u3011\u300a\u300b\u300c\u300d\u3001\u3002\u2013\u2014\-#\d]|$)"
    r"|\s*,?\s(?:[^\W\d]+\.?\s){0,2}[^\W\d]{0,12}\.?\s?\d)"
)
_BETWEEN = re.compile(
    r"[\s:|,.()\[\]\u3010\u3011\u2013\u2014\-]*(?:(?:on|at|am|vom|le|el|la|em|il|op|den|de|от|於|于)\b[\s:]*)?"
)
_CLOCK = r"\d{1,2}[:.h]\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?|uhr)?(?:\s[a-z]{2,5}\b)?[\s,]*"
_LEADING = re.compile(rf"(?:{_CLOCK})?(?:on\s)?(?:[^\W\d]{{2,12}}\.?,?\s+)?")
_YEAR_FIRST = re.compile(r"((?:19|20)\d\d)\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([./-])\s?(\d{1,2})\2\s?((?:19|20)?\d\d)(?!\d)")
_DAY_MONTH = re.compile(
    r"(\d{1,2})(?:\.|st|nd|rd|th|er|º)?(?:\s+(?:de|of))?\s+([^\W\d]+)\.?,?(?:\s+(?:de|del))?\s+((?:19|20)\d\d)"
)
_MONTH_DAY = re.compile(r"([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)")


@dataclass(frozen=True, slots=True)
class Before:
    """What a page is held against.

    Attributes:
        stored: the stored copy.
        earlier: the earlier capture, where the change was made after it: then what it says already is no admission.
            None without one, and where it has the change too.
    """

    stored: StoredCopy
    earlier: Extraction | None = None


def find_admission(
    page: Extraction,
    before: Before,
    *,
    template: AbstractSet[str] = frozenset(),
    readings: Readings | None = None,
) -> Admission | None:
    """Where a changed page owns up to it; None where it does not.

    Args:
        page: the changed page.
        before: what it is held against.
        template: digests of blocks known to be the host's template.
        readings: where the page was compared before.

    Returns:
        A notice before the time of an update, what stands first before what follows.
    """
    readings = readings or Readings()
    blocks = tuple(_around(page, before.stored, template, readings))
    said = _Said(before, readings)
    for place, block in enumerate(blocks):
        text = _notice(blocks, place, before)
        if text and comparable(block.text) not in said.blocks and not said.has(comparable(text)):
            return Admission(AdmissionKind.NOTICE, _cut(text))
    since = _since(page, before.stored)
    for block in blocks:
        if _tells_update(block, before, said, since):
            return Admission(AdmissionKind.UPDATED_TIME, _cut(block.text))
    if _modified_later(page, before, since):
        return Admission(AdmissionKind.UPDATED_TIME, _cut(f"modified {page.modified}"))
    return None


# ---------------------------------------------------------------- where


@dataclass(frozen=True)
class _Said:
    """What was said before, in comparable form; most pages say nothing that makes it worth asking."""

    before: Before
    readings: Readings

    @cached_property
    def blocks(self) -> frozenset[str]:
        """Block by block."""
        stored, earlier = self.before.stored, self.before.earlier
        kept = fold_all([*(block.text for block in stored.blocks), *(aside.text for aside in stored.set_aside)])
        return frozenset((*kept, *(self.readings.visible(earlier).keys if earlier is not None else ())))

    def has(self, text: str) -> bool:
        """Whether one of the blocks has a comparable text."""
        return any(text in block for block in self.blocks)


def _around(page: Extraction, stored: StoredCopy, template: AbstractSet[str], readings: Readings) -> Iterator[Block]:
    """The blocks of the article and those near its beginning and end, without links, asides and template."""
    keys = readings.visible(page).keys
    first, last = _extent(page, keys, stored)
    for place in range(max(0, first - _NEAR), min(last + _NEAR + 1, len(page.visible))):
        block = page.visible[place]
        if block.region in _ASIDE or block.link_density > _LINKED or block.kind is BlockKind.TABLE_ROW:
            continue
        if not template or block_digest(keys[place]) not in template:
            yield block


def _extent(page: Extraction, keys: Sequence[str], stored: StoredCopy) -> tuple[int, int]:
    """The places of the article's first and last block among the visible ones; of all where it is not found."""
    kept = "\n".join(fold_all(block.text for block in stored.blocks))
    main = frozenset(block.text for block in page.main)
    known: list[int] = []
    for place, (block, key) in enumerate(zip(page.visible, keys, strict=True)):
        if len(key) >= _TELLING and (block.text in main or key in kept):
            known.append(place)
    return (known[0], known[-1]) if known else (0, len(page.visible))


# ---------------------------------------------------------------- notices


def _notice(blocks: Sequence[Block], place: int, before: Before) -> str:
    """The notice that begins at a block, or ""."""
    block = blocks[place]
    if reading_length(block.text) > _NOTICE_LONGEST:
        return ""
    text = fold(block.text)
    words = _words()
    head, note = words.head.match(text), words.note.match(text)
    whole = block.text
    if (head or note) and not text[(head or note).end() :].strip(" :.-)]}】"):  # type: ignore[union-attr]
        following = blocks[place + 1].text if place + 1 < len(blocks) else ""
        if not following or reading_length(following) > _NOTICE_LONGEST:
            return ""
        whole = f"{block.text.rstrip(' :：')}: {following}"
        text = fold(whole)
    changed = note and (before.earlier is not None or words.change.search(text))
    if not (head or changed or words.sentence.search(text)) or words.invitation.search(text) or _is_line(whole):
        return ""
    return "" if head and _dated_before(text[head.end() :], before) else whole


def _is_line(text: str) -> bool:
    """Whether a text says when and nothing else, as "Updated 10:30 am, Tuesday, 3 May 2021" does."""
    if is_meter(text):
        return True
    folded = fold(text)
    found = _words().updated.search(folded)
    if found is None or len(folded) > _TIME_LONGEST or _SAYS_MORE.search(folded):
        return False
    only_when = reading_length(text) < _NOTICE_SHORTEST  # "Updated: just now"
    return only_when or bool(_dates(folded[found.end() :]))


def _dated_before(rest: str, before: Before) -> bool:
    """Whether a label is followed by a date at which the stored copy did not exist yet."""
    if before.earlier is not None:
        return False
    kept, dates = _day(before.stored.date), _dates(rest)
    return kept is not None and bool(dates) and max(dates) < kept.date()


# ---------------------------------------------------------------- times


def _since(page: Extraction, stored: StoredCopy) -> date | None:
    """The day after which an update can't be in the stored copy; None where that isn't known.

    A copy is often dated by its article, which many a site updates within the hours after it is published; and a copy
    dated before the article was published bears a wrong date.
    """
    kept, published = _day(stored.date), _day(page.published)
    if kept is None:
        return None
    return max(kept, published).date() if published is not None else kept.date()


def _tells_update(block: Block, before: Before, said: _Said, since: date | None) -> bool:
    """Whether a block tells the time of an update that was made after what the page is held against."""
    if reading_length(block.text) > _LINE_LONGEST:
        return False
    folded = fold(block.text)
    for found in _words().updated.finditer(folded):
        dates = _dates(folded[found.end() :])
        if dates and (before.earlier is not None or (since is not None and min(dates) > since)):
            return comparable(block.text) not in said.blocks
    return False


def _modified_later(page: Extraction, before: Before, since: date | None) -> bool:
    modified, published = _day(page.modified), _day(page.published)
    if modified is None or (published is not None and modified <= published):
        return False
    if before.earlier is not None:
        known = _day(before.earlier.modified)
        return known is None or modified > known
    return since is not None and modified.date() > since


def _dates(text: str) -> tuple[date, ...]:
    """The date that folded text begins with, in every reading it has; empty without one."""
    between = _BETWEEN.match(text)
    rest = text[between.end() if between else 0 :][:60]
    leading = _LEADING.match(rest)
    return _date_at(rest) or (_date_at(rest[leading.end() :]) if leading else ())


def _date_at(text: str) -> tuple[date, ...]:
    if found := _YEAR_FIRST.match(text):
        return _valid((int(found[1]), int(found[2]), int(found[3])))
    if found := _YEAR_LAST.match(text):
        year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
        one, other = int(found[1]), int(found[3])
        month_first = () if found[2] == "." else ((year, one, other),)
        return _valid((year, other, one), *month_first)
    if found := _DAY_MONTH.match(text):
        return _valid(*((int(found[3]), month, int(found[1])) for month in _months(found[2])))
    if found := _MONTH_DAY.match(text):
        return _valid(*((int(found[3]), month, int(found[2])) for month in _months(found[1])))
    return ()


def _valid(*readings: tuple[int, int, int]) -> tuple[date, ...]:
    valid = []
    for reading in readings:
        try:
            valid.append(date(*reading))
        except ValueError:
            continue
    return tuple(valid)


def _months(word: str) -> tuple[int, ...]:
    months = _words().months
    return tuple(number for number, names in enumerate(months, 1) if word.startswith(names))


def _day(written: str) -> datetime | None:
    """A time as markup and front matter have it, in UTC; a time without zone is taken as UTC. None where unreadable."""
    text = written.strip()
    try:
        moment = datetime.fromisoformat(text)
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        found = _date_at(fold(text))
    return datetime(found[0].year, found[0].month, found[0].day, tzinfo=UTC) if len(found) == 1 else None


# ---------------------------------------------------------------- words


@dataclass(frozen=True, slots=True)
class _Words:
    """data/admission.toml, compiled."""

    head: re.Pattern[str]
    note: re.Pattern[str]
    sentence: re.Pattern[str]
    invitation: re.Pattern[str]
    change: re.Pattern[str]
    updated: re.Pattern[str]
    months: tuple[tuple[str, ...], ...]


@cache
def _words() -> _Words:
    text = files("preserve.verdict").joinpath("data/admission.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return _Words(
        head=_label(table["heads"]["notice"]),
        note=_label(table["heads"]["note"]),
        sentence=_any(table["words"]["sentence"]),
        invitation=_any(table["words"]["invitation"]),
        change=_any(table["words"]["change"]),
        updated=re.compile(rf"(?<![^\W_])(?:{'|'.join(table['updated']['words'])})(?![^\W\d_])"),
        months=tuple(tuple(names) for names in table["dates"]["months"]),
    )


def _label(heads: Sequence[str]) -> re.Pattern[str]:
    ordered = sorted((fold(head) for head in heads), key=len, reverse=True)
    return re.compile(rf"{_OPENING}(?:{'|'.join(map(re.escape, ordered))}){_LABEL_ENDS}")


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LONGEST else text[: TEXT_LONGEST - 1].rstrip() + "…"
