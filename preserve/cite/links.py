"""Robust Links: an HTML link that still leads somewhere when its target is gone.

Attribute names and meaning as in https://robustlinks.mementoweb.org/spec/: `data-originalurl`, `data-versiondate`,
and, where an archived copy can be looked at, `data-versionurl`.
"""

from __future__ import annotations

from html import escape
from typing import Final

from preserve.cite.values import Reference
from preserve.model import Verdict

_ABSENT: Final = (Verdict.GONE, Verdict.REPLACED)


def robust_link(reference: Reference, _language: str) -> str:
    """The link, on one line; the title alone where there is no source to link to.

    It leads to the source, or to the archived copy where the source no longer has the article. A source that was never
    captured has no version to name, and the link is an ordinary one.
    """
    title = escape(reference.title)
    if not reference.url:
        return f"{title}\n"
    archived, after = reference.archived, reference.afterwards
    replay = archived.replay_url if archived is not None else ""
    absent = after is not None and after.verdict in _ABSENT
    attributes = {"href": replay if absent and replay else reference.url, "data-originalurl": reference.url}
    if archived is not None and not archived.stored_copy:
        if replay:
            attributes["data-versionurl"] = replay
        attributes["data-versiondate"] = f"{archived.at:%Y-%m-%d}"
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<a {written}>{title}</a>\n"
