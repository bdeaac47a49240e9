"""Regions of a page: what its markup says a part of it is for.

Three kinds of evidence, weighed in `resolve` once the whole page has been read: the element or ARIA role
(HTML Living Standard, sections 4.3 and 4.4; WAI-ARIA 1.2, landmark roles), being hidden, and generic words in
class and id. Words are weak: templates put `has-sidebar` or `comments-open` on the element that holds
everything. So they count only on an element that neither holds the page's headline nor most of its running
text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from preserve.markup.words import word_set
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
        running: of `plain`, those in blocks long enough to be running text.
        headline: it holds an <h1> or the <main> element.
    """

    parent: int
    region: Region
    evidence: Evidence
    thread: bool = False
    plain: int = 0
    linked: int = 0
    before: int = 0
    running: int = 0
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
CONTROLS = word_set("button select textarea label legend datalist output")

_LEAST_ARTICLE = 200  # code points of running text that can be an article
_MAX_NAMES = 2000  # code points of class and id that are read
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")

# Words of a class or id, whole or joined (`related-posts`, `relatedPosts` and `relatedposts` are one).
# Chinese templates name their parts in pinyin. Where an element's words name several regions, the first here
# wins.
_WORDS: tuple[tuple[Region, str], ...] = (
    (Region.HIDDEN, "sronly visuallyhidden screenreader screenreadertext offscreen"),
    (
        Region.COMMENTS,
        "comment comments commentlist commentarea commentsarea commentsection commentbox commentwrap "
        "commentwrapper commentform commentcontainer commentbody commentitem commentthread disqus "
        "disqusthread respond reply replies replylist kommentar kommentare comentarios commentaire "
        "commentaires livefyre giscus utterances gitalk valine pinglun huifu liuyan guestbook "
        "trackback trackbacks pingback pingbacks",
    ),
    (
        Region.NAVIGATION,
        "nav navbar navigation menu submenu mainmenu topnav subnav navi breadcrumb breadcrumbs crumb crumbs "
        "pagination pager sitemap daohang mianbao mianbaoxie weizhi toc prevnext postnavigation dropdownmenu",
    ),
    (
        Region.ASIDE,
        "related relatedpost relatedposts relatednews relatedarticle relatedarticles relatedlink "
        "relatedlinks relatedcontent relatedstories relatedbox relateditems relatedtopics recommend "
        "recommends recommended recommendation recommendations recommendlist recommendbox "
        "youmayalsolike mayalsolike alsolike mostread mostpopular popular trending share shares "
        "sharing sharebar sharebox sharebutton sharebuttons sharelinks sharetools sharingtools "
        "sharedaddy sharethis addthis addtoany social socials socialmedia socialicons sociallinks "
        "socialshare socialbar socialbuttons sociallist follow followus promo promos promotion "
        "promotions promobox selfpromo newsletter newsletters subscribe signup subscription sidebar "
        "sidebars sidebar1 sidebar2 rightbar leftbar sidecol rightcol widgetarea cookie cookies "
        "cookiebar cookiebanner cookienotice cookieconsent cookielaw consent gdpr ccpa onetrust ad "
        "ads adv advert adverts advertisement advertisements advertising advertorial adbox adslot "
        "adunit adwrap adcontainer adsbygoogle sponsor sponsors sponsored outbrain taboola dfp popup "
        "modal overlay toolbar tagcloud blogroll bshare bdshare bdsharebuttonbox jiathis qrcode "
        "erweima tuijian xiangguan fenxiang guanggao remen paihang paihangbang cebian cebianlan "
        "youlian hotnews hotlist ranklist toplist sns werbung anzeige publicidad pubblicita publicite",
    ),
    (Region.FOOTER, "footer colophon copyright siteinfo dibu banquan friendlink friendlinks"),
    (Region.HEADER, "masthead topbar siteheader toubu sitebranding"),
)
_REGION_OF = {word: region for region, words in reversed(_WORDS) for word in words.split()}
_RANK = {region: rank for rank, (region, _) in enumerate(_WORDS)}
_THREADS = word_set(
    "comments commentlist commentslist commentsection commentssection commentarea commentsarea "
    "commentcontainer commentscontainer disqusthread"
)
# A name that begins or ends so states something about the page (its layout, its state, its subject), and does
# not name the part: `has-sidebar`, `comments-open`, `category-social`, `share-count`.
_STATING_FIRST = word_set(
    "has with without no not non is js hide show tag category cat term topic type format status single template"
)
_STATING_LAST = word_set("open closed count counts counter enabled disabled active visible")


@lru_cache(maxsize=4096)  # the elements of a page, and the pages of a site, have the same few hundred
def region_of_words(attributes: str) -> tuple[Region | None, bool]:
    """What the words of an element's class and id say.

    Args:
        attributes: class and id, separated by a space; of a long text only the beginning is read.

    Returns:
        The region they name, or None; and whether they name the list of comments itself.
    """
    found: Region | None = None
    thread = False
    for name in attributes[:_MAX_NAMES].split():
        region, is_thread = _region_of_name(name)
        if region is not None and (found is None or _RANK[region] < _RANK[found]):
            found = region
        thread = thread or is_thread
    return found, thread and found is Region.COMMENTS


@lru_cache(maxsize=4096)
def _region_of_name(name: str) -> tuple[Region | None, bool]:
    lowered = name.lower()
    if lowered.isalnum() and (lowered == name or lowered in _REGION_OF):
        return _REGION_OF.get(lowered), lowered in _THREADS
    words = [word.lower() for word in _SPLIT.split(name) if word]
    if not words or words[0] in _STATING_FIRST or words[-1] in _STATING_LAST:
        return None, False
    whole = "".join(words)
    regions = [_REGION_OF[word] for word in (whole, *words) if word in _REGION_OF]
    return min(regions, key=lambda region: _RANK[region], default=None), whole in _THREADS


def is_hiding(style: str) -> bool:
    """Whether an inline style hides its element."""
    return bool(_HIDING.search(style))


def resolve(zones: list[Zone]) -> list[Region]:
    """Weigh the zones' claims.

    Args:
        zones: in document order, each after its parent; the first is the page. Sizes are their own text only,
            and are changed to include what they hold.

    Returns:
        The region of each.
    """
    own = [zone.running for zone in zones]
    for zone in reversed(zones[1:]):  # what a zone holds comes after it
        parent = zones[zone.parent]
        parent.plain += zone.plain
        parent.linked += zone.linked
        parent.running += zone.running
        parent.headline = parent.headline or zone.headline
    regions = _claimed(zones, frozenset())
    if Region.COMMENTS in regions and _comments_are_the_article(own, regions):
        regions = _claimed(zones, frozenset({Region.COMMENTS}))
    return regions


def _claimed(zones: list[Zone], refused: frozenset[Region]) -> list[Region]:
    regions = [Region.BODY] * len(zones)
    for index, zone in enumerate(zones[1:], 1):
        outer = regions[zone.parent]
        counts = outer is not Region.HIDDEN and zone.region not in refused and _counts(zone, zones[0].plain)
        regions[index] = zone.region if counts else outer
    return regions


def _comments_are_the_article(running: list[int], regions: list[Region]) -> bool:
    """A discussion has next to no running text but its contributions."""
    total = sum(running)
    body = sum(size for size, region in zip(running, regions, strict=True) if region is Region.BODY)
    comments = sum(size for size, region in zip(running, regions, strict=True) if region is Region.COMMENTS)
    return comments > 0.5 * total and body < _LEAST_ARTICLE and body < 0.15 * total


def _counts(zone: Zone, total: int) -> bool:
    """Whether a zone's claim holds in view of its share of the page's text outside links."""
    share = zone.plain / total if total else 0.0
    linked = zone.linked / ((zone.plain + zone.linked) or 1)
    if zone.evidence is Evidence.CONTROL:
        return True
    if zone.evidence is Evidence.HIDING:
        return share <= 0.5  # a page that hides nearly all its text has a script that shows it
    if zone.headline and linked < 0.5 and (zone.evidence is Evidence.WORDS or zone.region is Region.HEADER):
        return False
    if zone.evidence is Evidence.ELEMENT:
        return share <= 0.6
    if zone.thread and zone.before >= _LEAST_ARTICLE:
        return share <= 0.95
    return share <= 0.35 or linked >= 0.5
