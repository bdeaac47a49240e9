"""What a page says about itself: headlines, byline, dates, language, structured text and the facts about its
markup.

One pass over the tree gathers the elements of interest; JSON-LD is parsed within bounds. Sources: HTML Living
Standard (metadata content), schema.org (`Article`), the Open Graph protocol, and the meta names publishers
use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml.etree import XPath
from lxml.html import HtmlElement

from preserve.extract.jsonld import Article, read_articles
from preserve.model import Block, PageFacts, Region
from preserve.urls import join

_NAMES = ("name", "property", "itemprop", "http-equiv")
_SEPARATOR = re.compile(r"\s+[|–—·•:_-]+\s+|\s*[|_｜]\s*|\s+[«»]\s+|——?")
_REFRESH = re.compile(r"^\s*(\d*\.?\d*)\s*(?:[;,]\s*(?:url\s*=\s*)?[\"']?(.*?)[\"']?\s*)?$", re.I | re.S)
_TITLES = ("og:title", "twitter:title", "dc.title", "headline")
_AUTHORS = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "byl",
    "parsely-author",
    "sailthru.author",
)
_PUBLISHED = (
    "article:published_time",
    "datepublished",
    "og:published_time",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "publishdate",
    "pubdate",
    "date",
    "parsely-pub-date",
    "sailthru.date",
    "publish_date",
    "publish-date",
)
_MODIFIED = (
    "article:modified_time",
    "datemodified",
    "og:updated_time",
    "dcterms.modified",
    "last-modified",
    "lastmod",
    "revised",
    "dc.date.modified",
)
_DESCRIPTIONS = ("og:description", "description", "twitter:description", "dc.description")
_BYLINE_CLASS = re.compile(r"(^|[\s_-])(byline|author|authors|zuozhe)([\s_-]?name)?($|\s)", re.I)
_MAX_BYLINE = 120
_MAX_PROPERTIES = 2000
_MAX_HEADLINE = 500
_MAX_WORDS = 5000
_MAX_NOSCRIPT = 50
# By way of the attributes, and of the axis itself: `//*[...]` takes libxml2 three times as long.
_PROPERTIES = XPath(
    "/descendant::*/@itemprop/.. | /descendant::*/@rel[. = 'author']/.. "
    "| /descendant::*/@class[contains(., 'author') or contains(., 'byline')]/.."
)
_COUNTS = {
    "links": XPath("count(/descendant::a[@href])"),
    "images": XPath("count(/descendant::img)"),
    "frames": XPath("count(/descendant::iframe)"),
    "password_fields": XPath("count(/descendant::input[@type='password'])"),
}


@dataclass(slots=True)
class _Seen:
    """The elements of interest, in document order."""

    meta: dict[str, str] = field(default_factory=dict)
    titles: list[HtmlElement] = field(default_factory=list)
    h1: list[HtmlElement] = field(default_factory=list)
    times: list[HtmlElement] = field(default_factory=list)
    json: list[str] = field(default_factory=list)
    noscript: list[str] = field(default_factory=list)
    canonical: str = ""
    bylines: list[str] = field(default_factory=list)
    props: dict[str, str] = field(default_factory=dict)
    scripts: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    script_chars: int = 0


@dataclass(frozen=True, slots=True)
class PageMeta:
    """What a page says about itself; fields as in `preserve.model.Extraction`."""

    headlines: tuple[str, ...]
    byline: str
    published: str
    modified: str
    language: str
    structured: tuple[str, ...]
    facts: PageFacts


def read_meta(root: HtmlElement, *, url: str, html_chars: int, visible: tuple[Block, ...]) -> PageMeta:
    """Read what a page says about itself.

    Args:
        root: the whole tree.
        url: the page's address, to resolve what it refers to.
        html_chars: code points of the whole document.
        visible: the page's blocks.
    """
    seen = _gather(root)
    articles = read_articles(seen.json)
    article = next((found for found in articles if found.is_article), Article(""))
    return PageMeta(
        headlines=_headlines(seen, article),
        byline=_byline(seen, article),
        published=article.published or _first(seen.meta, _PUBLISHED) or _time(seen, "datepublished"),
        modified=article.modified or _first(seen.meta, _MODIFIED) or seen.props.get("datemodified", ""),
        language=(root.get("lang") or root.get("xml:lang") or seen.meta.get("content-language", "")).strip(),
        structured=_structured(seen, articles),
        facts=_facts(seen, articles, url, html_chars, visible),
    )


# ---------------------------------------------------------------- gathering


def _gather(root: HtmlElement) -> _Seen:
    seen = _Seen()
    for element in root.iter("meta", "title", "h1", "time", "script", "noscript", "link"):
        tag = element.tag
        if tag == "meta":
            _gather_meta(seen, element)
        elif tag == "script":
            _gather_script(seen, element)
        elif tag == "noscript":
            if len(seen.noscript) < _MAX_NOSCRIPT:
                seen.noscript.append(_words(element))
        elif tag == "link":
            if not seen.canonical and "canonical" in element.get("rel", "").lower().split():
                seen.canonical = element.get("href", "").strip()
        else:
            {"title": seen.titles, "h1": seen.h1, "time": seen.times}[tag].append(element)
    seen.counts = {name: int(count(root)) for name, count in _COUNTS.items()}
    for element in _PROPERTIES(root)[:_MAX_PROPERTIES]:
        _gather_property(seen, element)
    return seen


def _gather_meta(seen: _Seen, element: HtmlElement) -> None:
    content = element.get("content", "").strip()
    for attribute in _NAMES:
        name = element.get(attribute)
        if name and content:
            seen.meta.setdefault(name.strip().lower(), content)


def _gather_script(seen: _Seen, element: HtmlElement) -> None:
    text = element.text or ""
    seen.scripts += 1
    seen.script_chars += len(text)
    if "ld+json" in element.get("type", "").lower():
        seen.json.append(text)


def _gather_property(seen: _Seen, element: HtmlElement) -> None:
    name = element.get("itemprop", "").strip().lower()
    if name in ("headline", "datepublished", "datemodified"):
        value = element.get("content") or element.get("datetime") or _words(element, _MAX_HEADLINE)
        if value.strip() and len(value) <= 300:
            seen.props.setdefault(name, value.strip())
    elif name == "author" or element.get("rel") == "author" or _BYLINE_CLASS.search(element.get("class", "")):
        words = _words(element, _MAX_BYLINE) or element.get("content", "").strip()
        if words and len(words) <= _MAX_BYLINE:
            seen.bylines.append(words)


def _words(element: HtmlElement, limit: int = _MAX_WORDS) -> str:
    """The text of an element, white space collapsed; no more of it than a little over `limit` is read."""
    parts: list[str] = []
    size = 0
    for part in element.itertext():
        parts.append(part[:limit])
        size += len(part)
        if size > limit:
            break
    return " ".join("".join(parts).split())


# ---------------------------------------------------------------- reading


def _first(values: dict[str, str], names: tuple[str, ...]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _headlines(seen: _Seen, article: Article) -> tuple[str, ...]:
    titles = [_words(title) for title in seen.titles[:1]]
    h1 = [words for element in seen.h1[:5] if (words := _words(element))]
    candidates = [
        *(h1 if len(h1) == 1 else ()),
        article.headline,
        *(seen.meta.get(name, "") for name in _TITLES),
        seen.props.get("headline", ""),
        *(h1 if len(h1) > 1 else ()),
        *titles,
        *(part for title in titles for part in _title_parts(title)),
    ]
    cleaned = (" ".join(candidate.split()) for candidate in candidates)
    return tuple(dict.fromkeys(candidate for candidate in cleaned if 0 < len(candidate) <= _MAX_HEADLINE))


def _title_parts(title: str) -> list[str]:
    parts = [part.strip() for part in _SEPARATOR.split(title)]
    return sorted((part for part in parts if part), key=len, reverse=True) if len(parts) > 1 else []


def _byline(seen: _Seen, article: Article) -> str:
    named = _first(seen.meta, _AUTHORS)
    if named.startswith(("http://", "https://")):
        named = ""
    return article.byline or named or next(iter(seen.bylines), "")


def _time(seen: _Seen, name: str) -> str:
    stated = seen.props.get(name, "")
    return stated or next((time.get("datetime", "").strip() for time in seen.times if time.get("datetime")), "")


def _structured(seen: _Seen, articles: tuple[Article, ...]) -> tuple[str, ...]:
    texts = [text for found in articles for text in (found.body, found.headline, found.description)]
    texts += [seen.meta.get(name, "") for name in _DESCRIPTIONS]
    return tuple(dict.fromkeys(text for text in texts if text))


def _facts(
    seen: _Seen, articles: tuple[Article, ...], url: str, html_chars: int, visible: tuple[Block, ...]
) -> PageFacts:
    shown = [block for block in visible if block.region is not Region.HIDDEN]
    refresh = _REFRESH.match(seen.meta.get("refresh", "")[:4096])
    canonical = seen.canonical or seen.meta.get("og:url", "")
    return PageFacts(
        title=_words(seen.titles[0]) if seen.titles else "",
        canonical=_resolve(url, canonical),
        page_type=seen.meta.get("og:type", "") or next((found.kind for found in articles), ""),
        noscript=" ".join(words for words in seen.noscript if words),
        visible_chars=sum(len(block.text) for block in shown),
        link_chars=round(sum(len(block.text) * block.link_density for block in shown)),
        html_chars=html_chars,
        script_chars=seen.script_chars,
        scripts=seen.scripts,
        links=seen.counts["links"],
        images=seen.counts["images"],
        frames=seen.counts["frames"],
        password_fields=seen.counts["password_fields"],
        accessible_for_free=next((found.free for found in articles if found.free is not None), None),
        refresh=_resolve(url, refresh.group(2) or "") if refresh else "",
        site=seen.meta.get("og:site_name", ""),
        refresh_delay=float(refresh.group(1)) if refresh and refresh.group(1) not in ("", ".") else 0.0,
    )


def _resolve(url: str, reference: str) -> str:
    if not reference:
        return ""
    try:
        return join(url, reference)
    except ValueError:
        return reference
