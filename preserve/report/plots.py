"""Owns pygal: the figures of a report as SVG elements that stand inside a page.

pygal lays out axes, bars and curves; its own styles, scripts and tool tips are taken off, so that the page's style
sheet alone says how a figure looks, in light and dark, and the page needs no exception from its policy.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from xml.etree import ElementTree

import pygal
from pygal.style import Style

from preserve.report.survival import Curve
from preserve.report.values import GROUPS, Group, Survival, Tally

# pygal hangs an import hook of an outdated kind into the interpreter, for map plug-ins that nobody uses here.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

_SVG: Final = "{http://www.w3.org/2000/svg}"
_UNWANTED: Final = frozenset({"defs", "desc", "title", "script", "style"})
_EMPTY: Final = frozenset({"plot overlay", "plot text-overlay", "plot tooltip-overlay", "titles"})
_CURVE_POINTS: Final = 160
_STYLE: Final = Style(label_font_size=13, major_label_font_size=13, value_font_size=13)


@dataclass(frozen=True, slots=True)
class Words:
    """What a figure says to those who can't see it.

    Attributes:
        id: unique in the page.
        title: what it shows.
        text: what is to be seen in it.
    """

    id: str
    title: str
    text: str


def verdict_bar(verdicts: Tally, words: Words) -> str:
    """The whole collection as one bar, a piece for each verdict, in the order of `GROUPS`."""
    chart = _chart(
        pygal.HorizontalStackedBar, height=64, show_x_labels=False, show_y_labels=False, range=(0, verdicts.posts)
    )
    kinds = [verdict for verdict in GROUPS if verdicts.counts.get(verdict)]
    for verdict in kinds:
        chart.add(verdict.value, [verdicts.counts[verdict]])
    return _drawn(chart, words, [f"v-{verdict.value}" for verdict in kinds], "bar-figure")


def year_columns(years: Sequence[Tally], words: Words, *, narrow: bool) -> str:
    """A column for each year, a piece for each group; years without posts between the first and the last too."""
    by_year = {int(tally.name): tally for tally in years if tally.name}
    span = range(min(by_year), max(by_year) + 1) if by_year else range(0)
    chart = _chart(pygal.StackedBar, height=300, width=360 if narrow else 1120)
    every = max(1, -(-len(span) // (6 if narrow else 14)))
    chart.x_labels = [str(year) if index % every == 0 else "" for index, year in enumerate(span)]
    most = max((tally.posts for tally in by_year.values()), default=0)
    chart.y_labels = _round_steps(most)
    chart.value_formatter = lambda value: f"{value:,.0f}"
    for group in Group:
        chart.add(group.value, [by_year[year].of(group) if year in by_year else 0 for year in span])
    return _drawn(
        chart, words, [f"g-{group.value}" for group in Group], "columns-figure" + (" narrow" if narrow else "")
    )


def survival_curves(survival: Survival, words: Words, *, narrow: bool) -> str:
    """Both curves with their intervals, from age 0 to the longest."""
    longest = max(survival.there.longest, survival.same.longest)
    chart = _chart(
        pygal.XY, height=340, width=360 if narrow else 1120, show_dots=False, range=(0, 1), xrange=(0, longest)
    )
    every = 1 if longest <= 8 else 2 if longest <= 16 else 5
    chart.x_labels = list(range(0, int(longest) + 1, every * (2 if narrow else 1)))
    chart.x_value_formatter = lambda value: f"{value:.0f}"
    chart.y_labels = [0, 0.25, 0.5, 0.75, 1]
    chart.value_formatter = lambda value: f"{100 * value:.0f} %"
    classes = []
    for name, curve in (("there", survival.there), ("same", survival.same)):
        chart.add(name, _band(curve), fill=True)
        chart.add(name, _stairs(curve))
        classes += [f"band c-{name}", f"curve c-{name}"]
    return _drawn(chart, words, classes, "curves-figure" + (" narrow" if narrow else ""))


def _chart(kind: Any, *, height: int, width: int = 1120, **options: Any) -> Any:
    return kind(
        style=_STYLE,
        js=[],
        no_prefix=True,
        width=width,
        height=height,
        margin=2,
        spacing=6,
        show_legend=False,
        x_label_rotation=0.01,  # 0 lets pygal thin labels out by itself; the page's style sheet turns nothing
        **options,
    )


def _round_steps(most: int) -> list[int]:
    """From 0 to at least `most` in about four round steps."""
    step = 1
    while most > 4 * step:
        step = next(one for one in _steps_after(step))
    return list(range(0, most + step, step))


def _steps_after(step: int) -> Iterable[int]:
    digits = str(step)
    power = 10 ** (len(digits) - 1)
    yield {"1": 2, "2": 5, "5": 10}[digits[0]] * power


def _thinned(curve: Curve) -> list[tuple[float, float, float, float]]:
    """Time, survival, low and high, from age 0 on, as many as can be told apart in a figure."""
    steps = [(0.0, 1.0, 1.0, 1.0), *((step.time, step.survival, step.low, step.high) for step in curve.steps)]
    every = max(1, -(-len(steps) // _CURVE_POINTS))
    kept = steps[::every]
    return kept if kept[-1] == steps[-1] else [*kept, steps[-1]]


def _stairs(curve: Curve) -> list[tuple[float, float]]:
    return _as_stairs([(time, survival) for time, survival, _, _ in _thinned(curve)], curve.longest)


def _band(curve: Curve) -> list[tuple[float, float]]:
    """The interval as one closed line: along its upper bound, back along its lower one."""
    steps = _thinned(curve)
    upper = _as_stairs([(time, high) for time, _, _, high in steps], curve.longest)
    lower = _as_stairs([(time, low) for time, _, low, _ in steps], curve.longest)
    return [*upper, *reversed(lower)]


def _as_stairs(points: Sequence[tuple[float, float]], until: float) -> list[tuple[float, float]]:
    stairs: list[tuple[float, float]] = []
    for time, value in points:
        if stairs:
            stairs.append((time, stairs[-1][1]))
        stairs.append((time, value))
    stairs.append((max(until, points[-1][0]), points[-1][1]))
    return stairs


def _drawn(chart: Any, words: Words, classes: Sequence[str], kind: str) -> str:
    """The chart as an element of a page, its series named by `classes`, with a title and a text."""
    root = ElementTree.fromstring(chart.render())  # noqa: S314 - pygal's own output, from numbers alone
    _strip(root)
    for index, names in enumerate(classes):
        for element in root.iter(f"{_SVG}g"):
            if f"serie-{index}" in element.get("class", "").split():
                element.set("class", f"series {names}")
    box = _around_rects(root) if kind == "bar-figure" else root.get("viewBox", "")
    shape = ' preserveAspectRatio="none"' if kind == "bar-figure" else ""
    inner = "".join(_plain(child) for child in root)
    return (
        f'<svg class="figure {kind}" viewBox="{escape(box)}"{shape} role="img"'
        f' aria-labelledby="{words.id}-t {words.id}-d">'
        f'<title id="{words.id}-t">{escape(words.title)}</title><desc id="{words.id}-d">{escape(words.text)}</desc>'
        f"{inner}</svg>"
    )


def _around_rects(root: ElementTree.Element) -> str:
    """A view box that fits the bars and nothing else; they all lie in the one moved group, the plot."""
    bars = [
        (float(one.get("x", 0)), float(one.get("y", 0)), float(one.get("width", 0)), float(one.get("height", 0)))
        for one in root.iter(f"{_SVG}rect")
    ]
    moved = next((one.get("transform", "") for one in root.iter(f"{_SVG}g") if one.get("transform")), "")
    dx, dy = (float(number) for number in moved.removeprefix("translate(").removesuffix(")").split(","))
    left, top = min(bar[0] for bar in bars), min(bar[1] for bar in bars)
    right, bottom = max(bar[0] + bar[2] for bar in bars), max(bar[1] + bar[3] for bar in bars)
    return f"{left + dx:.1f} {top + dy:.1f} {right - left:.1f} {bottom - top:.1f}"


def _strip(element: ElementTree.Element) -> None:
    for child in list(element):
        name = child.tag.removeprefix(_SVG) if isinstance(child.tag, str) else "title"
        if name in _UNWANTED or child.get("class") in _EMPTY or "background" in child.get("class", ""):
            element.remove(child)
        else:
            _strip(child)
    for attribute in ("id", "style"):
        element.attrib.pop(attribute, None)
    element.tail = None
    for attribute, value in element.attrib.items():
        element.set(attribute, _short(value))


def _short(value: str) -> str:
    """Numbers to a tenth of a pixel: the page is smaller, and says the same on every machine."""
    words = []
    for word in value.split(" "):
        head = word[0] if word[:1].isalpha() and word[:1] in "MLhvz" else ""
        try:
            words.append(head + f"{float(word[len(head) :]):.1f}".removesuffix(".0"))
        except ValueError:
            words.append(",".join(_short(part) for part in word.split(",")) if "," in word else word)
    return " ".join(words)


def _plain(element: ElementTree.Element) -> str:
    """The element without a name space, as HTML takes it."""
    for one in element.iter():
        one.tag = one.tag.removeprefix(_SVG)
    out = io.BytesIO()
    ElementTree.ElementTree(element).write(out, encoding="utf-8", short_empty_elements=True)
    return out.getvalue().decode("utf-8").removeprefix("<?xml version='1.0' encoding='utf-8'?>\n")
