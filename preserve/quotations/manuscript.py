"""Finding the quotations of a manuscript, in Markdown or plain text.

Owns what counts as one: a block quotation, and what stands between quotation marks of any of the usual kinds. A
quotation inside another is part of it. Apostrophes, inches and marks that are never closed are none. A quotation goes
on in the next paragraph where that begins with the opening mark again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from preserve.quotations.plain import NOTHING, without_markup
from preserve.text import is_unspaced

_PAIRS = {
    "“": "”",
    "‘": "’",
    "„": "“”",
    "‚": "‘’",
    "«": "»",
    "‹": "›",
    "「": "」",
    "『": "』",
    "｢": "｣",
    "﹁": "﹂",
    "﹃": "﹄",
    "〝": "〞〟",
}
_TURNED = {"»": "«", "›": "‹", "”": "”", '"': '"'}  # where nothing is open that they would close
_MARKS = "".join(dict.fromkeys("".join((*_PAIRS, *_PAIRS.values(), *_TURNED))))
_EVENT = re.compile(rf"[{re.escape(_MARKS)}]|\n[ \t\x00]*\n")
_PARAGRAPH_START = re.compile(r"[\s\x00]*")
_BEFORE_OPENING = re.compile(r"[\s(\[{<—–―‐‑\-/:：，。；、！？（【《\x00]")
_BLOCK_LINE = re.compile(r" {0,3}>")
_MARKERS = re.compile(r" {0,3}(?:>[ \t]?)+")
_ENDS_BLOCK = re.compile(r"\s*$|\s*(?:#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s|```|~~~)")
_CALLOUT = re.compile(r"\s*\[![\w-]+\]")
_ATTRIBUTION = re.compile(r"\n\s*(?:[—–―─~]|--)[^\n]{0,200}\s*\Z")
_EDGES = re.compile(rf"^[\s{re.escape(_MARKS)}]+(?=\S)|(?<=\S)[\s{re.escape(_MARKS)}]+$")
_SPACES = re.compile(r"[^\S\n]+")


class Mark(StrEnum):
    """How a quotation is set off."""

    MARKS = "marks"
    BLOCK = "block"
    GIVEN = "given"  # on the command line


@dataclass(frozen=True, slots=True)
class Quotation:
    """One quotation.

    Attributes:
        text: what is quoted, without its outer marks; paragraphs are set apart by an empty line.
        mark: how it is set off.
        line: 1-based line of the manuscript on which it begins; 0 outside one.
        start, end: its place in the manuscript, marks included, in code points.
    """

    text: str
    mark: Mark = Mark.GIVEN
    line: int = 0
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class _Open:
    """A quotation whose end has not come yet."""

    start: int
    closers: str
    opener: str
    skipped: list[int] = field(default_factory=list)  # marks repeated where a new paragraph begins
    inside: list[tuple[int, int, list[int]]] = field(default_factory=list)


def find_quotations(text: str, *, markdown: bool = True) -> tuple[Quotation, ...]:
    """The quotations of a manuscript, in order, outermost only; empty ones are left out.

    Args:
        text: the manuscript, with `\\n` line ends.
        markdown: pass over code, markup and the targets of links, and read lazy lines of block quotations.
    """
    plain = without_markup(text) if markdown else text.replace(NOTHING, " ")
    found = []
    for start, end in _blocks(plain, lazy=markdown):
        quotation = _block_quotation(plain, start, end)
        if quotation is not None:
            found.append(quotation)
        # What is left of a block is a break between paragraphs.
        plain = plain[:start] + re.sub(r"[^\n]", " ", plain[start:end]) + plain[end:]
    for start, end, skipped in _Scanner(plain).found():
        cut = _clean("".join(NOTHING if at in skipped else plain[at] for at in range(start + 1, end - 1)))
        if cut:
            found.append(Quotation(cut, Mark.MARKS, plain.count("\n", 0, start) + 1, start, end))
    return tuple(sorted(found, key=lambda one: one.start))


def bare(text: str) -> str:
    """A quotation as given, without quotation marks around it."""
    return _EDGES.sub("", _clean(text)) or text.strip()


def _clean(text: str) -> str:
    lines = (_SPACES.sub(" ", line).strip() for line in text.replace(NOTHING, "").split("\n"))
    paragraphs = "\n".join(lines).strip().split("\n\n")
    return "\n\n".join(" ".join(part.split("\n")) for part in (p.strip() for p in paragraphs) if part)


# ---------------------------------------------------------------- block quotations


def _blocks(text: str, *, lazy: bool) -> Iterator[tuple[int, int]]:
    """Where block quotations stand: lines that begin with `>`, and in Markdown those that only go on with them."""
    start, at, going = -1, 0, False
    for line in text.splitlines(keepends=True):
        marked = bool(_BLOCK_LINE.match(line))
        if marked and start < 0:
            start = at
        elif not marked and start >= 0 and not (lazy and going and not _ENDS_BLOCK.match(line)):
            yield start, at
            start = -1
        going = (marked and bool(_MARKERS.sub("", line, count=1).strip())) or (going and not marked and start >= 0)
        at += len(line)
    if start >= 0:
        yield start, at


def _block_quotation(text: str, start: int, end: int) -> Quotation | None:
    inner = "\n".join(_MARKERS.sub("", line, count=1) for line in text[start:end].splitlines())
    if _CALLOUT.match(inner):
        return None
    cut = bare(_ATTRIBUTION.sub("", inner.rstrip()))
    return Quotation(cut, Mark.BLOCK, text.count("\n", 0, start) + 1, start, end) if cut else None


# ---------------------------------------------------------------- quotation marks


class _Scanner:
    """Pairs the marks of a text; a mark whose partner never comes is passed over, what is inside it is not."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._stack: list[_Open] = []
        self._done: list[tuple[int, int, list[int]]] = []
        self._again = -1  # where a paragraph repeats the mark that is open

    def found(self) -> list[tuple[int, int, list[int]]]:
        """Start and end of each, marks included, and the marks inside that only say that it goes on."""
        for event in _EVENT.finditer(self._text):
            if event.start() == self._again:
                continue
            if event.group()[0] == "\n":
                self._new_paragraph(event.end())
            elif not self._closes(event.group(), event.start()):
                self._opens(event.group(), event.start())
        self._abandon(0)
        return self._done

    def _around(self, at: int) -> tuple[str, str]:
        before = self._text[at - 1] if at else "\n"
        after = self._text[at + 1] if at + 1 < len(self._text) else "\n"
        return before, after

    def _closes(self, mark: str, at: int) -> bool:
        depth = next((n for n in range(len(self._stack) - 1, -1, -1) if mark in self._stack[n].closers), -1)
        if depth < 0:
            return False
        before, after = self._around(at)
        if mark == "’" and (_in_word(after) or self._is_possessive(before, at)):
            return True  # an apostrophe: it closes nothing and opens nothing
        if mark == '"' and before.isspace() and not after.isspace():
            self._abandon(depth)  # a mark that opens: the one before it was a stray
            return False
        self._abandon(depth + 1)
        closed = self._stack.pop()
        whole = (closed.start, at + 1, closed.skipped)
        (self._stack[-1].inside if self._stack else self._done).append(whole)
        return True

    def _is_possessive(self, before: str, at: int) -> bool:
        """‘the islanders’ boat’: another mark closes the quotation later in the paragraph."""
        if before != "s" or self._text[at + 1 : at + 2] != " ":
            return False
        rest = self._text[at + 1 :].split("\n\n", 1)[0].split("‘", 1)[0]
        return any(not _in_word(rest[found.end() : found.end() + 1]) for found in re.finditer("’", rest))

    def _opens(self, mark: str, at: int) -> None:
        before, after = self._around(at)
        closers = _PAIRS.get(mark) or _TURNED.get(mark)
        if closers is None or (after.isspace() and mark not in "«‹"):  # French sets a space inside
            return
        if mark in "‘‚" and _in_word(before):
            return
        if mark in _TURNED and not (_BEFORE_OPENING.match(before) or is_unspaced(before) or before in _PAIRS):
            return
        if mark in "”›»" and not (before.isspace() or before == "("):
            return
        self._stack.append(_Open(at, closers, mark))

    def _new_paragraph(self, at: int) -> None:
        if not self._stack:
            return
        begin = _PARAGRAPH_START.match(self._text, at)
        first = begin.end() if begin else at
        if self._text[first : first + 1] == self._stack[0].opener:
            self._abandon(1)
            self._stack[0].skipped.append(first)
            self._again = first
        else:
            self._abandon(0)

    def _abandon(self, depth: int) -> None:
        """Give up the marks from `depth` on; what was whole inside them stands by itself."""
        while len(self._stack) > depth:
            dropped = self._stack.pop()
            (self._stack[-1].inside if self._stack else self._done).extend(dropped.inside)


def _in_word(character: str) -> bool:
    return character.isalnum() and not is_unspaced(character)
