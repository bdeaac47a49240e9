"""What a page says."""

from __future__ import annotations

from dataclasses import dataclass

from preserve.model.stored import Block


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the page's markup says about the page, for the rules that recognise pages that are not the article.

    Attributes:
        title: the <title>, whole.
        canonical: <link rel=canonical> or og:url, resolved; "" without.
        page_type: og:type or the JSON-LD @type of the page; "" without.
        noscript: the text inside <noscript>, joined.
        visible_chars: code points of all visible text.
        link_chars: of those, inside links.
        html_chars: code points of the whole document.
        script_chars: of those, inside <script>.
        scripts: how many <script> elements.
        links: how many <a href>.
        images, frames: how many <img>, <iframe>.
        password_fields: how many <input type=password>.
        accessible_for_free: JSON-LD isAccessibleForFree, or None where it isn't said.
        refresh: the target of a <meta refresh>, resolved; "" without.
        refresh_delay: its delay in seconds.
        markers: names of the known vendor markers found in headers or markup (see rules/markers).
        site: og:site_name, the web site's own name; "" without.
    """

    title: str = ""
    canonical: str = ""
    page_type: str = ""
    noscript: str = ""
    visible_chars: int = 0
    link_chars: int = 0
    html_chars: int = 0
    script_chars: int = 0
    scripts: int = 0
    links: int = 0
    images: int = 0
    frames: int = 0
    password_fields: int = 0
    accessible_for_free: bool | None = None
    refresh: str = ""
    refresh_delay: float = 0.0
    markers: tuple[str, ...] = ()
    site: str = ""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a page says, in three layers of decreasing confidence that it is the article.

    Attributes:
        headline: the page's own headline, best guess; "" without.
        headlines: every candidate (h1, og:title, JSON-LD headline, <title>), best first, without repeats.
        byline: authors as the page names them; "" without.
        published, modified: the page's own dates as written in its markup (ISO 8601 where it is); "" without.
        language: declared language tag; "" without.
        charset: the codec the bytes were decoded with.
        charset_source: `header`, `bom`, `meta` or `detected`.
        main: the main text (trafilatura's).
        visible: all visible text, in document order, main text included.
        structured: the page's structured text: JSON-LD articleBody and description, og:description, meta
            description.
        facts: about the page as a page.
        extractor: name, version and options of what made `main`.
    """

    headline: str
    headlines: tuple[str, ...]
    byline: str
    published: str
    modified: str
    language: str
    charset: str
    charset_source: str
    main: tuple[Block, ...]
    visible: tuple[Block, ...]
    structured: tuple[str, ...]
    facts: PageFacts
    extractor: str
