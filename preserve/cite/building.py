"""From a post's checks, its front matter and its page to what is cited."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import takewhile
from typing import Final

from preserve.cite.names import names_of
from preserve.cite.plain import partial_date, plain
from preserve.cite.replay import replay_url
from preserve.cite.values import Afterwards, Archived, Name, PartialDate, Reference
from preserve.cite.wording import chinese
from preserve.confirm import PRESENT
from preserve.model import Check, Verdict
from preserve.urls import host_of, legal_uri, split, unsplit, wire_url

_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_KEY_LENGTH: Final = 24
_DIGEST_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class PostSays:
    """What a post's front matter says; "" where it does not."""

    title: str = ""
    author: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class PageSays:
    """What the page says of itself, for what the post leaves out; "" where it does not."""

    headline: str = ""
    byline: str = ""
    published: str = ""
    language: str = ""
    site: str = ""


def cited_check(history: Sequence[Check]) -> Check | None:
    """The last check that captured the article; else the last that captured a document no text was read from.

    Args:
        history: checks of one post, oldest first.
    """
    captured = [check for check in reversed(history) if check.capture is not None and _response(check)]
    present = (check for check in captured if check.judgement.verdict in PRESENT)
    unread = (check for check in captured if check.judgement.verdict is Verdict.UNEXTRACTABLE)
    return next(present, None) or next(unread, None)


def refer(history: Sequence[Check], post: PostSays, page: PageSays, template: str) -> Reference:
    """What is cited for a post.

    Args:
        history: its checks, oldest first, as far as they are to count; at least one.
        post: what its front matter says.
        page: what the cited capture says.
        template: for replay URLs; see `replay_url`.
    """
    last, cited = history[-1], cited_check(history)
    url = _address(last.source or "")
    title = plain(post.title) or plain(page.headline) or url or plain(last.post)
    authors = names_of(post.author) or names_of(page.byline)
    issued = partial_date(post.date) or partial_date(page.published)
    site = plain(page.site) or host_of(url)
    return Reference(
        key=_key(authors, issued, url, last.post),
        post=last.post,
        title=title,
        authors=authors,
        issued=issued,
        site=site,
        url=url,
        language=_language(page.language, title),
        accessed=cited.captured_at if cited is not None else None,
        archived=_archived(history, cited, template),
        afterwards=_afterwards(history, cited),
    )


def with_keys(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """The references with keys that differ: what has another's key gets a letter, or a number, behind it."""
    seen: Counter[str] = Counter()
    found = []
    for reference in references:
        number = seen[reference.key]
        seen[reference.key] += 1
        behind = "" if not number else chr(ord("a") + number) if number < 26 else f"-{number}"
        found.append(replace(reference, key=reference.key + behind))
    return tuple(found)


def _response(check: Check) -> bool:
    final = check.capture.final if check.capture is not None else None
    return final is not None and final.response is not None


def _address(source: str) -> str:
    """The source as a legal URI, its fragment kept; "" where it can't be asked."""
    try:
        asked = split(wire_url(source))
    except ValueError:
        return ""
    fragment = split(source.strip()).fragment
    return legal_uri(unsplit(asked._replace(fragment=plain(fragment) if fragment else None)))


def _archived(history: Sequence[Check], cited: Check | None, template: str) -> Archived | None:
    final = cited.capture.final if cited is not None and cited.capture is not None else None
    if cited is not None and final is not None and final.response is not None:
        at, record = cited.captured_at or cited.checked_at, final.response
        replay = replay_url(template, at, final.url, record.record_id) if template else ""
        return Archived(at, record.record_id, record.file, final.payload_digest, replay)
    kept = next((check for check in reversed(history) if check.stored_record is not None), None)
    if kept is None or kept.stored_record is None:
        return None
    stored = kept.stored_record
    return Archived(kept.checked_at, stored.record_id, stored.file, kept.post_digest, stored_copy=True)


def _afterwards(history: Sequence[Check], cited: Check | None) -> Afterwards | None:
    last = history[-1]
    verdict = last.judgement.verdict
    if verdict is Verdict.INTACT or (last is cited and verdict is Verdict.UNEXTRACTABLE):
        return None
    alike = list(takewhile(lambda check: check.judgement.verdict is verdict, reversed(history)))
    moved = legal_uri(plain(last.final_url or "")) if verdict is Verdict.MOVED else ""
    natures = last.judgement.natures if verdict is Verdict.EDITED else ()
    return Afterwards(verdict, _since(history, len(history) - len(alike)), len(alike), natures, moved)


def _since(history: Sequence[Check], place: int) -> datetime:
    """When a source was first found as it is in `history[place]`.

    A visit of a page that had not changed by then tells nothing of the source: newer rules or a newer extractor, or an
    altered stored copy, made that verdict. The source was so at the visit before, at the latest.
    """
    found = history[place].captured_at or history[place].checked_at
    for check in reversed(history[: place + 1]):
        if check.captured_at != found:
            continue  # nothing was compared with this one: the source did not answer, or not with the article
        if check.previous is None or not _was_so_before(check, history[place].judgement.verdict):
            break
        found = check.previous.captured_at
    return found


def _was_so_before(check: Check, verdict: Verdict) -> bool:
    """Whether the capture before that of `check` would have this verdict by the same rules."""
    if check.since_last is not None and not check.since_last.changed:
        return True
    return check.verdict_before is verdict


def _language(declared: str, title: str) -> str:
    """The language: by the title's script where that settles it, else as the page declares it."""
    tag = plain(declared).replace("_", "-")
    tag = tag if _TAG.fullmatch(tag) else ""
    names = [unicodedata.name(character, "") for character in title]
    if any(name.startswith(("HIRAGANA", "KATAKANA LETTER")) for name in names):
        return tag if tag.lower().startswith("ja") else "ja"
    if any(name.startswith("HANGUL") for name in names):
        return tag if tag.lower().startswith("ko") else "ko"
    if any(name.startswith("CJK UNIFIED") for name in names):
        return tag if chinese(tag) or tag.lower().startswith("ja") else "zh"
    return tag


def _key(authors: Sequence[Name], issued: PartialDate | None, url: str, post: str) -> str:
    """Author or host, year, and digits of a digest of the address, which alone settles who is meant."""
    name = (authors[0].family or authors[0].literal) if authors else ""
    first = _ascii(name) or _ascii(host_of(url).removeprefix("www.")) or "post"
    digest = sha256((url or post).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    return f"{first[:_KEY_LENGTH].strip('-')}{issued.year if issued else ''}-{digest}"


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", folded.lower()).strip("-")
