"""The rules for pages that took the article's place: parked domains, error and front pages, other articles.

Tried after the walls: what may be a wall is never called replaced.
"""

from __future__ import annotations

import re

from preserve.model import Reason, Verdict
from preserve.urls import host_of, is_home
from preserve.verdict.case import Finding
from preserve.verdict.markers import address_says
from preserve.verdict.similar import resemblance
from preserve.verdict.view import View, tell
from preserve.verdict.walls import WALL_LENGTH, gone_score, parked_score
from preserve.verdict.wording import entries, ideas, reading_length

SOFT_404_ALIKE = 0.95  # after Bar-Yossef et al., "Sic Transit Gloria Telae" (WWW 2004)
_ERROR_TITLE = 64
_BRIEF = 300
_CHECKING = frozenset({"robot", "human", "verify", "puzzle", "traffic", "denied"})
_ARTICLE = 500
_LEAST_ARTICLE = 400  # reading length below which a page with nothing of the stored copy is no article
_CODE = re.compile(
    r"(?:http\s*)?(?:error|fehler|erreur|codigo|código|错误|錯誤|エラー|ошибка)?\s*[:#-]?\s*(?:404|410)\b.{0,40}"
)


def parked(view: View) -> Finding | None:
    """A domain that is for sale, expired or parked."""
    names = view.has("parked")
    if names and view.prose_length <= 2 * WALL_LENGTH:
        return Finding(tell(names), Verdict.REPLACED, Reason.PARKED)
    score = parked_score(view)
    said = view.ideas("parked")
    saw = f"ideas {tell(said)}" if said else "no idea of a parked domain"
    if score >= 4 and view.prose_length <= WALL_LENGTH:
        return Finding(f"a small page with {saw}", Verdict.REPLACED, Reason.PARKED)
    return Finding(saw)


def error_page(view: View) -> Finding | None:
    """A page saying "not found" under a status that doesn't: by title, headline, few words or address."""
    doubtful = bool(view.ideas("challenge") & _CHECKING) and view.prose_length <= WALL_LENGTH
    named = [title for title in view.titles if _is_error_title(title, doubtful)]
    said = tell(view.ideas("gone"))
    if named and view.longest_run <= WALL_LENGTH:
        return Finding(f"titled {named[0]!r}", Verdict.REPLACED, Reason.SOFT_404)
    if view.redirected and "gone" in address_says(view.final_url) and view.longest_run <= WALL_LENGTH:
        return Finding(f"redirected to {view.final_url}", Verdict.REPLACED, Reason.SOFT_404)
    if view.prose_length <= WALL_LENGTH and gone_score(view) >= (3 if view.prose_length <= _BRIEF else 4):
        return Finding(f"a small page with ideas {said}", Verdict.REPLACED, Reason.SOFT_404, wants_probe=True)
    return Finding(f"ideas {said}" if said else "no idea of an error page")


def like_random_path(view: View) -> Finding | None:
    """The page is what the host answers to a path that never was (after Bar-Yossef et al. 2004)."""
    probe = view.case.probe
    if probe is None or view.page is None:
        return None
    status = probe.capture.final.status if probe.capture.final is not None else None
    if status is None or not 200 <= status < 300 or probe.page is None:
        return Finding(f"a random path answers {status}, not with a page")
    alike = resemblance(view.page, probe.page)
    saw = f"{alike:.0%} alike to what a random path answers"
    if alike < SOFT_404_ALIKE:
        return Finding(saw)
    if view.prose_length <= _BRIEF and not view.ideas("gone"):
        return Finding(f"{saw}; but a wall answers every path alike, and this page has too few words to tell")
    home = view.redirected and is_home(view.final_url)
    return Finding(saw, Verdict.REPLACED, Reason.HOME_PAGE if home else Reason.SOFT_404)


def front_page(view: View) -> Finding | None:
    """The site's front page or a list of articles: by redirect, or by its shape."""
    if view.redirected and is_home(view.final_url) and not is_home(view.capture.url):
        return Finding(f"redirected to the front page {view.final_url}", Verdict.REPLACED, Reason.HOME_PAGE)
    if view.redirected and _is_section(view.capture.url, view.final_url):
        return Finding(f"redirected to the section {view.final_url}", Verdict.REPLACED, Reason.HOME_PAGE)
    saw = (
        f"{view.teasers} teasers, {view.linked_headlines} linked headlines, "
        f"longest running text {round(view.longest_run)} characters"
    )
    titled = sorted(view.headings & entries("list", "list"))
    if titled and (view.teasers >= 3 or view.linked_headlines >= 4) and view.longest_run < 4 * _ARTICLE:
        return Finding(f"{saw}, titled {titled[0]!r}", Verdict.REPLACED, Reason.HOME_PAGE)
    if _is_list(view):
        return Finding(saw, Verdict.REPLACED, Reason.HOME_PAGE, wants_probe=True)
    return Finding(saw)


def _is_list(view: View) -> bool:
    """Whether links to other texts are what the page is made of; articles have related links too."""
    if view.teasers >= 5:
        return view.longest_run < 2 * _ARTICLE
    if view.linked_headlines < 8:
        return False
    kind, canonical = view.facts.page_type.lower(), view.facts.canonical
    if kind == "website" or (canonical and is_home(canonical) and not is_home(view.capture.url)):
        return view.longest_run < 2 * _ARTICLE
    return "article" not in kind and view.longest_run < _LEAST_ARTICLE


def other_article(view: View) -> Finding | None:
    """A page with hardly anything of the stored copy: another article, or whatever has taken the address."""
    comparison = view.comparison
    if view.present or view.page is None or comparison is None or not _is_elsewhere(view):
        return None
    saw = f"{comparison.coverage:.0%} of the stored copy is on the page"
    if comparison.headline_found:
        saw += ", under its own headline"
    elif view.page.headline:
        saw += f"; its headline is {view.page.headline[:80]!r}"
    if view.article_length < _LEAST_ARTICLE:
        saw += f", and only {round(view.article_length)} characters of running text: no article at all"
        return Finding(saw, Verdict.UNEXTRACTABLE, Reason.EMPTY, wants_probe=True)
    return Finding(saw, Verdict.REPLACED, Reason.OTHER_ARTICLE, wants_probe=True)


def _is_elsewhere(view: View) -> bool:
    comparison = view.comparison
    if comparison is None:
        return False
    if comparison.headline_found and comparison.coverage >= 0.1:
        return False
    return comparison.coverage < (0.25 if comparison.headline_found else 0.3)


def _is_error_title(title: str, doubtful: bool) -> bool:
    """Whether a title alone says "not found"; where the page may be a wall, only in so many words."""
    length = reading_length(title)
    if length > _ERROR_TITLE:
        return False
    if _CODE.fullmatch(title):
        return True
    said = ideas("gone", title)
    if "missing" in said:
        return "page" in said or length <= 30
    return not doubtful and {"page", "withdrawn"} <= said and length <= 48


def _is_section(source: str, final: str) -> bool:
    """Whether `final` is a directory above `source` on the same host."""
    if host_of(source).removeprefix("www.") != host_of(final).removeprefix("www."):
        return False
    above = _path(final).rstrip("/")
    return bool(above) and "?" not in final and _path(source).startswith(above + "/")


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2].partition("?")[0].partition("#")[0]
