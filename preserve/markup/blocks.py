"""Cutting a tree into blocks, the way a reader sees it.

Block-level elements end a block, inline elements don't; white space is collapsed as a browser does (CSS Text
Level 3, section 4.1.1); a single <br> ends a block where the line before it ends a sentence or the line after it
is indented, and is kept as a newline where neither holds. Two or more always end it. So a copy that separates
paragraphs by <br> and a page that uses <p> give the same blocks.

What no reader sees at all (scripts, styles, templates, <noscript>, <head>, fallback content of embedded media) is
left out; what is hidden for the moment stays, in the region `hidden`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

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
from preserve.model import Block, BlockKind, Region

MARKUP_RULES = "markup/1"
"""Version of the rules of this package: raised whenever the same tree may give other blocks."""

_SKIPPED = frozenset(
    "head script style template noscript svg iframe object embed audio video canvas noembed noframes title "
    "applet area map".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup "
    "option p plaintext pre search section summary table tbody td tfoot th thead tr ul xmp".split()
)
_KINDS: dict[str, BlockKind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), BlockKind.HEADLINE),
    **dict.fromkeys(("li", "dt", "dd"), BlockKind.LIST_ITEM),
    **dict.fromkeys(("figcaption", "caption"), BlockKind.CAPTION),
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), BlockKind.CODE),
    **dict.fromkeys(("td", "th"), BlockKind.PARAGRAPH),
    "blockquote": BlockKind.QUOTE,
}
_BOLD = frozenset({"b", "strong"})
_SPACES = re.compile(r"[ \t\n\r\f]+")
_BLANK_LINES = re.compile(r"\n[ \t\r]*\n\s*")
_SENTENCE_END = tuple("。！？!?.…;；:：”’」』】）)\"")
_INDENT = ("\u3000", "\xa0\xa0", "\u2003")
_CELL_LIMIT = 200  # a longer cell is laid-out text, not data


@dataclass(slots=True)
class _Line:
    text: str
    linked: int
    emphasis: list[str]


@dataclass(slots=True)
class _Run:
    """The inline text gathered since the last block boundary."""

    parts: list[str] = field(default_factory=list)
    linked: int = 0
    emphasis: list[str] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)

    def end_line(self) -> None:
        self.lines.append(_Line("".join(self.parts), self.linked, self.emphasis))
        self.parts, self.linked, self.emphasis = [], 0, []


@dataclass(slots=True)
class _Draft:
    kind: BlockKind
    text: str
    linked: int
    zone: int
    emphasis: list[str]


@dataclass(slots=True)
class _Frame:
    """What an open element changes, to be undone at its end."""

    kind: BlockKind
    zone: int
    sectioned: bool
    outer_run: _Run | None = None
    bold_from: int = -1


def blocks_of(root: HtmlElement, *, regions: bool = True) -> tuple[Block, ...]:
    """Cut a tree into blocks, in document order.

    Args:
        root: an element of a parsed document or fragment; it is not changed. The text after it is not its own.
        regions: say where on the page each block stands; without, all are `BODY` (hidden text too).

    Returns:
        Every block with text. The texts together hold all visible text of `root`, except for white space.
    """
    cutter = _Cutter(regions)
    skip = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in skip:
        if event == "start":
            if not cutter.start(element):
                skip.skip_subtree()
        elif event == "end":
            cutter.end(element, element is root)
        elif element is not root:
            cutter.add(element.tail)
    cutter.cut()
    return cutter.blocks()


class _Cutter:
    def __init__(self, regions: bool) -> None:
        self._regions = regions
        self._frames: list[_Frame] = []
        self._rows: list[list[int]] = []
        self._run = _Run()
        self._kind = BlockKind.PARAGRAPH
        self._zone = 0
        self._sectioned = False
        self._links = 0
        self._plain = 0
        self._zones = [Zone(-1, Region.BODY, Evidence.NONE)]
        self._drafts: list[_Draft] = []
        self._words: dict[str, tuple[Region | None, bool]] = {}

    # ------------------------------------------------------------ events

    def start(self, element: HtmlElement) -> bool:
        """Open an element; False when it is left out with all it holds."""
        tag = element.tag
        frame = _Frame(self._kind, self._zone, self._sectioned)
        self._frames.append(frame)
        if tag in _SKIPPED:
            return False
        if tag in _BLOCKS:
            self._start_block(tag, element)
        elif tag == "br":
            self._run.end_line()
        elif tag in CONTROLS or self._is_hidden(element):
            evidence = Evidence.CONTROL if tag in CONTROLS else Evidence.HIDING
            frame.outer_run, self._run = self._run, _Run()
            self._open_zone(Region.FORM if tag in CONTROLS else Region.HIDDEN, evidence)
        elif tag == "a":
            self._links += 1
        elif tag in _BOLD:
            frame.bold_from = len(self._run.parts)
        self.add(element.text)
        return True

    def end(self, element: HtmlElement, is_root: bool) -> None:
        """Close an element and take the text after it."""
        tag = element.tag
        frame = self._frames.pop()
        if tag in _BLOCKS:
            self.cut()
            if tag == "tr" and self._rows:
                self._join_cells(self._rows.pop())
        elif frame.outer_run is not None:
            self.cut()
            self._run = frame.outer_run
        elif tag == "a":
            self._links -= 1
        elif frame.bold_from >= 0:
            bold = _collapse("".join(self._run.parts[frame.bold_from :])).strip()
            if bold:
                self._run.emphasis.append(bold)
        self._kind, self._zone, self._sectioned = frame.kind, frame.zone, frame.sectioned
        if not is_root:
            self.add(element.tail)

    def add(self, text: str | None) -> None:
        """Take running text."""
        if text:
            self._run.parts.append(text)
            if self._links:
                self._run.linked += len("".join(text.split()))

    # ------------------------------------------------------------ elements

    def _start_block(self, tag: str, element: HtmlElement) -> None:
        self.cut()
        self._kind = _KINDS.get(tag, self._kind)
        if tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append(len(self._drafts))
        if not self._regions:
            return
        if tag in ("h1", "main"):
            self._zones[self._zone].headline = True
        if tag in ("article", "main"):
            self._sectioned = True
        self._find_region(tag, element)

    def _find_region(self, tag: str, element: HtmlElement) -> None:
        region = ELEMENT_REGIONS.get(tag)
        if tag in ("header", "footer") and (self._kind is BlockKind.QUOTE or (tag == "header" and self._sectioned)):
            region = None
        if region is not None:
            self._open_zone(region, Evidence.ELEMENT)
        names = element.keys()
        if not names:
            return
        if self._is_hidden(element):
            self._open_zone(Region.HIDDEN, Evidence.HIDING)
            return
        if region is None and "role" in names:
            region = ROLE_REGIONS.get(element.get("role", "").strip().lower())
            if region is not None:
                self._open_zone(region, Evidence.ELEMENT)
        if tag in ("html", "body", "main") or region is Region.NAVIGATION:
            return
        if "class" in names or "id" in names:
            words = f"{element.get('class', '')} {element.get('id', '')}"
            found = self._words.get(words)
            if found is None:
                found = self._words[words] = region_of_words(words)
            if found[0] is not None:
                self._open_zone(found[0], Evidence.WORDS, thread=found[1])

    def _is_hidden(self, element: HtmlElement) -> bool:
        if not self._regions:
            return False
        names = element.keys()
        if not names:
            return False
        return (
            "hidden" in names
            or ("aria-hidden" in names and element.get("aria-hidden", "").lower() == "true")
            or ("style" in names and is_hiding(element.get("style", "")))
        )

    def _open_zone(self, region: Region, evidence: Evidence, *, thread: bool = False) -> None:
        self._zones.append(Zone(self._zone, region, evidence, thread, before=self._plain))
        self._zone = len(self._zones) - 1

    # ------------------------------------------------------------ blocks

    def cut(self) -> None:
        """End the block being gathered."""
        run = self._run
        if not run.parts and not run.lines:
            return
        self._run = _Run()
        if self._kind is BlockKind.CODE:
            self._cut_preformatted(run)
            return
        if not run.lines:
            self._add_draft(_collapse("".join(run.parts)), run.linked, run.emphasis)
            return
        run.end_line()
        kept: list[_Line] = []
        for line in run.lines:
            text = _collapse(line.text)
            if kept and (
                not text.strip() or kept[-1].text.endswith(_SENTENCE_END) or text.lstrip(" ").startswith(_INDENT)
            ):
                self._add_lines(kept)
                kept = []
            if text.strip():
                kept.append(_Line(text.strip(), line.linked, line.emphasis))
        self._add_lines(kept)

    def _cut_preformatted(self, run: _Run) -> None:
        run.end_line()
        text = "\n".join(line.text for line in run.lines)
        linked = sum(line.linked for line in run.lines)
        emphasis = [bold for line in run.lines for bold in line.emphasis]
        for part in _BLANK_LINES.split(text):
            self._add_draft(part, min(linked, len(part)), emphasis)
            linked = max(0, linked - len(part))
            emphasis = []

    def _add_lines(self, lines: list[_Line]) -> None:
        if lines:
            self._add_draft(
                "\n".join(line.text for line in lines),
                sum(line.linked for line in lines),
                [bold for line in lines for bold in line.emphasis],
            )

    def _add_draft(self, text: str, linked: int, emphasis: list[str]) -> None:
        text = text.strip()
        if not text:
            return
        self._drafts.append(_Draft(self._kind, text, linked, self._zone, emphasis))
        zone = self._zones[self._zone]
        plain = max(0, len(text) - linked)
        zone.plain += plain
        zone.linked += linked
        self._plain += plain

    def _join_cells(self, starts: list[int]) -> None:
        """Make one block of a table row's cells, where they hold data rather than lay out text."""
        if not starts:
            return
        ends = [*starts[1:], len(self._drafts)]
        cells = [self._drafts[start:end] for start, end in zip(starts, ends, strict=True)]
        if any(len(cell) > 1 or any(len(draft.text) > _CELL_LIMIT for draft in cell) for cell in cells):
            return
        drafts = [draft for cell in cells for draft in cell]
        if not drafts or len({draft.zone for draft in drafts}) > 1:
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

    def blocks(self) -> tuple[Block, ...]:
        """The blocks, their regions resolved."""
        regions = resolve(self._zones)
        return tuple(
            Block(
                draft.kind,
                draft.text,
                min(1.0, draft.linked / len("".join(draft.text.split()))) if draft.linked else 0.0,
                regions[draft.zone],
                tuple(draft.emphasis),
            )
            for draft in self._drafts
        )


def _collapse(text: str) -> str:
    return _SPACES.sub(" ", text)
