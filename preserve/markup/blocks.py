"""Cutting a tree into blocks, the way a reader sees it.

Block-level elements end a block, inline elements don't; white space is collapsed as a browser does (CSS Text
Level 3, section 4.1.1); a single <br> ends a block where the line before it ends a sentence or the line after
it is indented, and is kept as a newline where neither holds. Two or more always end it. So a copy that
separates paragraphs by <br> and a page that uses <p> give the same blocks.

What no reader sees at all (scripts, styles, templates, <noscript>, <title>, fallback content of embedded
media) is left out; what is hidden for the moment stays, in the region `hidden`. The <head> is walked like the
rest: where a page leaves <body> out, libxml2 puts sectioning elements there.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from preserve.markup.regions import (
    CONTROLS,
    ELEMENT_REGIONS,
    ROLE_REGIONS,
    Evidence,
    Zone,
    is_hiding,
    region_of_words,
    resolve,
)
from preserve.markup.words import word_set
from preserve.model import Block, BlockKind, Region

_SKIPPED = word_set(
    "script style template noscript svg iframe object embed audio video canvas noembed noframes title applet area map"
)
_BLOCKS = word_set(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing main "
    "menu nav ol optgroup option p plaintext pre search section summary table tbody td tfoot th thead "
    "tr ul xmp"
)
_KINDS: dict[str, BlockKind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), BlockKind.HEADLINE),
    **dict.fromkeys(("li", "dt", "dd"), BlockKind.LIST_ITEM),
    **dict.fromkeys(("figcaption", "caption"), BlockKind.CAPTION),
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), BlockKind.CODE),
    **dict.fromkeys(("td", "th"), BlockKind.PARAGRAPH),
    "blockquote": BlockKind.QUOTE,
}
_HIDING = word_set("hidden aria-hidden style")  # the attributes that can hide an element
_BOLD = frozenset({"b", "strong"})
_CODE = BlockKind.CODE
_WHITE = " \t\n\r\f"
_SPACES = re.compile(r"[\t\n\r\f][ \t\n\r\f]*| [ \t\n\r\f]+")  # all that is not one space already
_BLANK_LINES = re.compile(r"\n[ \t\r]*\n\s*")
_SENTENCE_END = tuple('。！？!?.…;；:：”’」』】）)"')
_INDENT = ("\u3000", "\xa0\xa0", "\u2003")
_CELL_LIMIT = 200  # code points; a longer cell is laid-out text, not data
_RUNNING = 40  # code points outside links that make a block running text


class _Line(NamedTuple):
    text: str
    linked: int  # code points inside links, white space aside
    emphasis: list[str]


class _Run:
    """The inline text gathered since the last block boundary."""

    __slots__ = ("emphasis", "lines", "linked", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.linked = 0
        self.emphasis: list[str] = []
        self.lines: list[_Line] = []

    def end_line(self) -> None:
        self.lines.append(_Line("".join(self.parts), self.linked, self.emphasis))
        self.parts, self.linked, self.emphasis = [], 0, []


class _Draft(NamedTuple):
    kind: BlockKind
    text: str
    linked: int
    zone: int
    emphasis: list[str]


class _Place(NamedTuple):
    """Where text stands; what an element changes and its end restores."""

    kind: BlockKind
    zone: int
    sectioned: bool  # inside <article> or <main>


class _Interlude(NamedTuple):
    """An inline element whose text is not part of the sentence around it: hidden, or a form control."""

    place: _Place
    run: _Run


def blocks_of(root: HtmlElement, *, regions: bool = True) -> tuple[Block, ...]:
    """Cut a tree into blocks, in document order.

    Args:
        root: an element of a parsed document or fragment; it is not changed. The text after it is not its
        own. regions: say where on the page each block stands; without, all are `BODY` (hidden text too).

    Returns:
        Every block with text. The texts together hold all visible text of `root`, except for white space.
    """
    cutter = _Cutter(regions)
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            if not cutter.start(element):
                walk.skip_subtree()
            continue
        if event == "end":
            cutter.end(element)
        if (tail := element.tail) and element is not root:
            cutter.add(tail)
    cutter.cut()
    return cutter.blocks()


class _Cutter:
    """Gathers inline text until a boundary comes, and remembers where on the page it stands."""

    def __init__(self, regions: bool) -> None:
        self._regions = regions
        self._place = _Place(BlockKind.PARAGRAPH, 0, False)
        self._open: list[_Place | _Interlude | int | None] = []  # one for each open element
        self._rows: list[list[int]] = []  # for each open table row, the draft its cells begin with
        self._run = _Run()
        self._links = 0
        self._bold = False
        self._plain = 0
        self._zones = [Zone(-1, Region.BODY, Evidence.NONE)]
        self._drafts: list[_Draft] = []

    # ------------------------------------------------------------ events

    def start(self, element: HtmlElement) -> bool:
        """Open an element; False when it is left out with all it holds."""
        tag = element.tag
        if tag in _BLOCKS:
            self.cut()
            self._open.append(self._place)
            self._start_block(tag, element)
        elif tag in _SKIPPED:
            self._open.append(None)
            return False
        else:
            self._start_inline(tag, element)
        if text := element.text:
            self.add(text)
        return True

    def end(self, element: HtmlElement) -> None:
        """Close an element."""
        tag = element.tag
        if tag == "a":
            self._links -= 1
        before = self._open.pop()
        if before is None:
            return
        if isinstance(before, _Place):
            self.cut()
            if tag == "tr" and self._rows:
                self._join_cells(self._rows.pop())
            self._place = before
        elif isinstance(before, _Interlude):
            self.cut()
            self._place, self._run = before
        else:
            self._bold = False
            if bold := _collapse("".join(self._run.parts[before:])).strip():
                self._run.emphasis.append(bold)

    def add(self, text: str) -> None:
        """Take running text."""
        run = self._run
        if not run.parts and not text.strip(_WHITE) and self._place.kind is not _CODE:
            return
        run.parts.append(text)
        if self._links:
            run.linked += _solid(text)

    def cut(self) -> None:
        """End the block being gathered."""
        run = self._run
        if not run.parts and not run.lines:
            return
        self._run = _Run()
        if self._place.kind is _CODE:
            self._cut_preformatted(run)
        elif run.lines:
            run.end_line()
            self._cut_lines(run.lines)
        else:
            self._draft(_collapse("".join(run.parts)), run.linked, run.emphasis)

    def blocks(self) -> tuple[Block, ...]:
        """The blocks, their regions resolved."""
        regions = resolve(self._zones)
        return tuple(
            Block(
                draft.kind,
                draft.text,
                min(1.0, draft.linked / _solid(draft.text)) if draft.linked else 0.0,
                regions[draft.zone],
                tuple(draft.emphasis),
            )
            for draft in self._drafts
        )

    # ------------------------------------------------------------ places

    def _start_block(self, tag: str, element: HtmlElement) -> None:
        kind = _KINDS.get(tag)
        if kind is not None and kind is not self._place.kind:
            self._place = _Place(kind, self._place.zone, self._place.sectioned)
        if tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"} and self._rows:
            self._rows[-1].append(len(self._drafts))
        if not self._regions:
            return
        if tag in {"h1", "main"}:
            self._zones[self._place.zone].headline = True
        if tag in {"article", "main"}:
            self._place = _Place(self._place.kind, self._place.zone, sectioned=True)
        names = element.keys()
        if names or tag in ELEMENT_REGIONS:
            self._find_region(tag, element, names)

    def _start_inline(self, tag: str, element: HtmlElement) -> None:
        if tag in CONTROLS:
            self._interrupt(Region.FORM, Evidence.CONTROL)
        elif self._regions and not _HIDING.isdisjoint(element.keys()) and _is_hidden(element):
            self._interrupt(Region.HIDDEN, Evidence.HIDING)
        elif tag in _BOLD and not self._bold:
            self._bold = True
            self._open.append(len(self._run.parts))
        else:
            self._open.append(None)
        if tag == "a":
            self._links += 1
        elif tag == "br":
            self._run.end_line()

    def _interrupt(self, region: Region, evidence: Evidence) -> None:
        self._open.append(_Interlude(self._place, self._run))
        self._run = _Run()
        self._enter(region, evidence)

    def _find_region(self, tag: str, element: HtmlElement, names: list[str]) -> None:
        if not _HIDING.isdisjoint(names) and _is_hidden(element):
            self._enter(Region.HIDDEN, Evidence.HIDING)
            return
        region = ELEMENT_REGIONS.get(tag)
        if region is not None and self._belongs_to_text(tag):
            region = None
        if region is None and "role" in names:
            region = ROLE_REGIONS.get(element.get("role", "").strip().lower())
        if region is not None:
            self._enter(region, Evidence.ELEMENT)
        classes = element.get("class", "") if "class" in names else ""
        name = element.get("id", "") if "id" in names else ""
        if not (classes or name) or tag in {"html", "body", "main"}:
            return
        named, thread = region_of_words(f"{classes} {name}")
        if named is not None and named is not region:
            self._enter(named, Evidence.WORDS, thread=thread)

    def _belongs_to_text(self, tag: str) -> bool:
        """A <header> within an article is the article's own; a <footer> in a quotation names its author."""
        if self._place.kind is BlockKind.QUOTE:
            return tag in ("header", "footer")
        return tag == "header" and self._place.sectioned

    def _enter(self, region: Region, evidence: Evidence, *, thread: bool = False) -> None:
        kind, zone, sectioned = self._place
        self._place = _Place(kind, len(self._zones), sectioned)
        self._zones.append(Zone(zone, region, evidence, thread, before=self._plain))

    # ------------------------------------------------------------ drafts

    def _cut_lines(self, lines: list[_Line]) -> None:
        """Make blocks of the lines between <br>s: a line joins the one before unless a boundary shows."""
        kept: list[_Line] = []
        for line in lines:
            text = _collapse(line.text).strip(" ")
            words = text.strip()
            if not words or (kept and (kept[-1].text.endswith(_SENTENCE_END) or text.startswith(_INDENT))):
                self._draft_lines(kept)
                kept = []
            if words:
                kept.append(line._replace(text=words))
        self._draft_lines(kept)

    def _cut_preformatted(self, run: _Run) -> None:
        run.end_line()
        linked = sum(line.linked for line in run.lines)
        emphasis = [bold for line in run.lines for bold in line.emphasis]
        for part in _BLANK_LINES.split("\n".join(line.text for line in run.lines)):
            size = _solid(part)
            self._draft(part, min(linked, size), emphasis)
            linked, emphasis = max(0, linked - size), []

    def _draft_lines(self, lines: list[_Line]) -> None:
        if lines:
            self._draft(
                "\n".join(line.text for line in lines),
                sum(line.linked for line in lines),
                [bold for line in lines for bold in line.emphasis],
            )

    def _draft(self, text: str, linked: int, emphasis: list[str]) -> None:
        text = text.strip()
        if not text:
            return
        self._drafts.append(_Draft(self._place.kind, text, linked, self._place.zone, emphasis))
        zone = self._zones[self._place.zone]
        plain = max(0, len(text) - linked)
        zone.plain += plain
        zone.linked += linked
        zone.running += plain if plain >= _RUNNING else 0
        self._plain += plain

    def _join_cells(self, starts: list[int]) -> None:
        """Make one block of a table row's cells, where they hold data rather than lay out text."""
        if not starts:
            return
        if len(self._drafts) - starts[0] > len(starts):
            return
        ends = [*starts[1:], len(self._drafts)]
        cells = [self._drafts[start:end] for start, end in zip(starts, ends, strict=True)]
        drafts = self._drafts[starts[0] :]
        if (
            not drafts
            or any(len(cell) > 1 for cell in cells)
            or any(len(draft.text) > _CELL_LIMIT for draft in drafts)
            or len({draft.zone for draft in drafts}) > 1
        ):
            return
        self._drafts[starts[0] :] = [
            _Draft(
                BlockKind.TABLE_ROW,
                "\t".join(draft.text for draft in drafts),
                sum(draft.linked for draft in drafts),
                drafts[0].zone,
                [bold for draft in drafts for bold in draft.emphasis],
            )
        ]


def _is_hidden(element: HtmlElement) -> bool:
    """Whether an element that has one of the attributes that can hide it is hidden."""
    style = element.get("style")
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden", "").lower() == "true"
        or (style is not None and is_hiding(style))
    )


def _collapse(text: str) -> str:
    # Most texts have nothing to collapse; to see that takes a hundredth of what the pattern does.
    if "  " in text or "\n" in text or "\t" in text or "\r" in text or "\f" in text:
        return _SPACES.sub(" ", text)
    return text


def _solid(text: str) -> int:
    """Code points that are not white space."""
    return len("".join(text.split()))
