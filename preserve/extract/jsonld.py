"""JSON-LD of articles (schema.org `Article` and its kinds), read within bounds and without faith."""

from __future__ import annotations

import html
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MAX_SCRIPT = 1_000_000  # code points of one script that are worth parsing
_MAX_SCRIPTS = 20
_MAX_NODES = 2_000
_PROLOGUE = re.compile(r"(?:<!--|(?://\s*)?<!\[CDATA\[)")
_EPILOGUES = (";", "-->", "]]>", "//")
_CONTROLS = re.compile(r"[\x00-\x1f]+")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")


@dataclass(frozen=True, slots=True)
class Article:
    """One node of a page's JSON-LD.

    Attributes:
        kind: its @type, the first where it has several.
        headline, body, description, byline, published, modified: as the page says; "" where it doesn't.
        free: `isAccessibleForFree`, or None.
    """

    kind: str
    headline: str = ""
    body: str = ""
    description: str = ""
    byline: str = ""
    published: str = ""
    modified: str = ""
    free: bool | None = None

    @property
    def is_article(self) -> bool:
        """Whether its type is an article's."""
        return self.kind.lower().endswith(("article", "posting", "report", "review"))


def read_articles(scripts: Iterable[str]) -> tuple[Article, ...]:
    """Read the nodes of `application/ld+json` scripts that say something about an article or page.

    Args:
        scripts: the scripts' texts.

    Returns:
        Articles first, otherwise in order. What can't be parsed is left out.
    """
    found: list[Article] = []
    for script in list(scripts)[:_MAX_SCRIPTS]:
        found.extend(_article(node) for node in _nodes(_parse(script)))
    useful = [article for article in found if article.kind and article != Article(article.kind)]
    return tuple(sorted(useful, key=lambda article: not article.is_article))


def _parse(script: str) -> object:
    if len(script) > _MAX_SCRIPT:
        return None
    text = _unwrap(script)
    for mend in (lambda raw: raw, lambda raw: _TRAILING_COMMA.sub(r"\1", _CONTROLS.sub(" ", raw))):
        try:
            return json.loads(mend(text), strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _unwrap(script: str) -> str:
    """Without the comment or CDATA section that old templates hide scripts in."""
    text = script.strip()
    if opening := _PROLOGUE.match(text):
        text = text[opening.end() :]
    for ending in (*_EPILOGUES, *_EPILOGUES[-1:]):
        text = text.rstrip().removesuffix(ending)
    return text


def _nodes(value: object) -> Iterator[dict[str, object]]:
    """Every object with a @type, outermost first, without recursion."""
    waiting = deque([value])
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node = waiting.popleft()
        if isinstance(node, list):
            waiting.extend(node[:_MAX_NODES])
        elif isinstance(node, dict):
            if "@type" in node:
                yield node
            waiting.extend(node[key] for key in ("@graph", "mainEntity", "mainEntityOfPage", "hasPart") if key in node)


def _article(node: dict[str, object]) -> Article:
    return Article(
        kind=_text(node.get("@type")),
        headline=_text(node.get("headline")),
        body=_text(node.get("articleBody")),
        description=_text(node.get("description")),
        byline=_people(node.get("author") or node.get("creator")),
        published=_text(node.get("datePublished")),
        modified=_text(node.get("dateModified")),
        free=_truth(node.get("isAccessibleForFree")),
    )


def _text(value: object) -> str:
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str)), "")
    return html.unescape(value).strip() if isinstance(value, str) else ""


def _people(value: object) -> str:
    people = value if isinstance(value, list) else [value]
    names = (_text(person.get("name")) if isinstance(person, dict) else _text(person) for person in people[:20])
    return ", ".join(dict.fromkeys(name for name in names if name))


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None
