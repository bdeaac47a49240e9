"""Regions of a page: what its markup says a part of it is for.

Three kinds of evidence, weighed in `resolve` once the whole page has been read: the element or ARIA role (HTML
Living Standard, sections 4.3 and 4.4; WAI-ARIA 1.2, landmark roles), being hidden, and generic words in class and
id. Words are weak: templates put `has-sidebar` or `comments-open` on the element that holds everything. So they
count only on an element that neither holds the page's headline nor most of its running text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from preserve.model import Region


class Evidence(IntEnum):
    """What a zone's region rests on."""

    NONE = 0
    WORDS = 1
    ELEMENT = 2
    HIDING = 3
    CONTROL = 4


@dataclass(slots=True)
class Zone:
    """A part of the page with a region of its own, as long as the page is being read.

    Attributes:
        parent: index of the zone around it.
        region, evidence: what it claims to be, and why.
        thread: it is marked as the list of comments itself, which may well be longer than the article.
        plain: code points of its text outside links.
        linked: code points of its text inside links.
        before: code points of plain text that stand before it on the page.
        headline: it holds an <h1> or the <main> element.
    """

    parent: int
    region: Region
    evidence: Evidence
    thread: bool = False
    plain: int = 0
    linked: int = 0
    before: int = 0
    headline: bool = False


ELEMENT_REGIONS: dict[str, Region] = {
    "nav": Region.NAVIGATION,
    "header": Region.HEADER,
    "footer": Region.FOOTER,
    "aside": Region.ASIDE,
    "dialog": Region.ASIDE,
    "menu": Region.NAVIGATION,
}
ROLE_REGIONS: dict[str, Region] = {
    "navigation": Region.NAVIGATION,
    "menu": Region.NAVIGATION,
    "menubar": Region.NAVIGATION,
    "tablist": Region.NAVIGATION,
    "banner": Region.HEADER,
    "contentinfo": Region.FOOTER,
    "complementary": Region.ASIDE,
    "dialog": Region.ASIDE,
    "alertdialog": Region.ASIDE,
    "search": Region.FORM,
}
CONTROLS = frozenset({"button", "select", "textarea", "label", "legend", "datalist", "output"})

_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")

# Whole words of a class or id. Chinese templates name their parts in pinyin.
_WORDS: tuple[tuple[Region, re.Pattern[str]], ...] = (
    (
        Region.HIDDEN,
        re.compile(r"sronly|visuallyhidden|screenreader|screenreadertext|offscreen"),
    ),
    (
        Region.COMMENTS,
        re.compile(
            r"comments?|comment(list|s?area|s?section|s?box|s?wrap(per)?|form|s?container|body|item|thread)|"
            r"disqus|disqusthread|respond|repl(y|ies)|replylist|kommentare?|comentarios?|commentaires?|"
            r"livefyre|giscus|utterances|gitalk|valine|pinglun|huifu|liuyan|guestbook|trackbacks?|pingbacks?"
        ),
    ),
    (
        Region.NAVIGATION,
        re.compile(
            r"nav|navbar|navigation|menu|submenu|mainmenu|topnav|subnav|navi|breadcrumbs?|crumbs?|pagination|"
            r"pager|sitemap|daohang|mianbao|mianbaoxie|weizhi|toc|prevnext|postnavigation"
        ),
    ),
    (
        Region.ASIDE,
        re.compile(
            r"related|related(posts?|news|articles?|links?|content|stories|box|items?|topics?)|"
            r"recommend(s|ed|ations?|list|box)?|(you)?mayalsolike|alsolike|mostread|mostpopular|popular|trending|"
            r"share|shares|sharing|shar(e|ing)(bar|box|buttons?|links?|tools?|daddy|this)|addthis|addtoany|"
            r"socials?|social(media|icons?|links?|share|bar|buttons?|list)|follow(us)?|"
            r"promos?|promotions?|promobox|selfpromo|newsletters?|subscribe|signup|subscription|"
            r"sidebar|sidebar[a-z0-9]|rightbar|leftbar|sidecol|rightcol|widgetarea|"
            r"cookies?|cookie(bar|banner|notice|consent|law)|consent|gdpr|ccpa|onetrust|"
            r"ads?|adv|advert(s|isement|isements|ising|orial)?|ad(box|slot|unit|wrap|s?bygoogle|container)|"
            r"sponsor(s|ed)?|outbrain|taboola|dfp|popup|modal|overlay|toolbar|tagcloud|blogroll|"
            r"b[ds]?share(buttonbox)?|bdsharebuttonbox|jiathis|qrcode|erweima|"
            r"tuijian|xiangguan|fenxiang|guanggao|remen|paihang|paihangbang|cebian|cebianlan|youlian|yqlj|"
            r"hotnews|hotlist|ranklist|toplist|sns|werbung|anzeige|publicidad|pubblicita|publicite"
        ),
    ),
    (Region.FOOTER, re.compile(r"footer|colophon|copyright|siteinfo|dibu|banquan|friendlinks?")),
    (Region.HEADER, re.compile(r"masthead|topbar|siteheader|toubu|sitebranding")),
)
_THREAD = re.compile(r"comments|comment-?_?(list|section|area|container)s?|disqus_thread|comments-?_?area", re.I)
# Words that make a class a statement about the page, its state or its subject, not a name of the part.
_STATEMENT = frozenset(
    "has with without no not non is open closed count counts counter hide show if enabled disabled active "
    "tag tags category cat term topic type format status post js single template page".split()
)
# ... unless they are what the part's name is commonly joined with.
_JOINED = frozenset({"post", "page", "single"})


def region_of_words(attributes: str) -> tuple[Region | None, bool]:
    """What the words of an element's class and id say.

    Args:
        attributes: class and id, separated by a space.

    Returns:
        The region they name, or None; and whether they name the list of comments itself.
    """
    for name in attributes.split():
        words = [word.lower() for word in _SPLIT.split(name) if word]
        if not words or (words[0] in _STATEMENT and words[0] not in _JOINED) or words[-1] in {"open", "closed"}:
            continue
        if not _STATEMENT.isdisjoint(words[1:]) and not set(words[1:]) & _STATEMENT <= _JOINED | {"tags"}:
            continue
        candidates = [*words, "".join(words)]
        for region, pattern in _WORDS:
            if any(pattern.fullmatch(word) for word in candidates):
                return region, region is Region.COMMENTS and bool(_THREAD.fullmatch(name))
    return None, False


def is_hiding(style: str) -> bool:
    """Whether an inline style hides its element."""
    return bool(_HIDING.search(style))


def resolve(zones: list[Zone]) -> list[Region]:
    """Weigh the zones' claims.

    Args:
        zones: in document order, each after its parent; the first is the page. Sizes are their own text only.

    Returns:
        The region of each.
    """
    for index in range(len(zones) - 1, 0, -1):  # children come after their parents
        zone, parent = zones[index], zones[zones[index].parent]
        parent.plain += zone.plain
        parent.linked += zone.linked
        parent.headline = parent.headline or zone.headline
    regions = [Region.BODY] * len(zones)
    total = zones[0].plain
    for index in range(1, len(zones)):
        zone = zones[index]
        outer = regions[zone.parent]
        regions[index] = zone.region if outer is not Region.HIDDEN and _counts(zone, total) else outer
    return regions


def _counts(zone: Zone, total: int) -> bool:
    share = zone.plain / total if total else 0.0
    linked = zone.linked / ((zone.plain + zone.linked) or 1)
    match zone.evidence:
        case Evidence.CONTROL:
            return True
        case Evidence.HIDING:
            # A page that hides nearly all its text lets a script reveal it.
            return share <= 0.5
        case Evidence.ELEMENT:
            if zone.region is Region.HEADER and zone.headline and linked < 0.5:
                return False
            return share <= 0.6
        case Evidence.WORDS:
            if zone.headline:
                return False
            if zone.thread and zone.before >= 200:
                return share <= 0.95
            return share <= 0.35 or linked >= 0.5
        case _:
            return False
