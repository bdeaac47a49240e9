"""CSL's own data, as JSON values: https://docs.citationstyles.org/en/v1.0.2/specification.html, appendix IV, and its
schema for input data (csl-data.json).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from preserve.cite.values import Name, PartialDate, Reference
from preserve.cite.wording import remarks, second
from preserve.urls import host_of


def csl_item(reference: Reference, language: str) -> dict[str, Any]:
    """An item; `language` is that of its note.

    `archive` and `archive_location` are the host and URL of the replay where there is one, else WARC file and record.
    """
    item: dict[str, Any] = {"id": reference.key, "type": "webpage", "title": reference.title}
    if reference.authors:
        item["author"] = [csl_name(name) for name in reference.authors]
    if reference.issued is not None:
        item["issued"] = csl_date(reference.issued)
    if reference.accessed is not None:
        item["accessed"] = _day(reference.accessed)
    texts = {"container-title": reference.site, "URL": reference.url, "language": reference.language}
    item |= {name: text for name, text in texts.items() if text}
    archived = reference.archived
    if archived is not None:
        replay = archived.replay_url
        item["archive"] = (host_of(replay) or replay) if replay else archived.file
        item["archive_location"] = replay or archived.record_id
        item["custom"] = {
            "archived-at": second(archived.at),
            "archived-what": "stored-copy" if archived.stored_copy else "capture",
            "record-id": archived.record_id,
            "warc-file": archived.file,
            "digest": archived.digest,
        }
    note = remarks(reference, language)
    if note:
        item["note"] = note
    return item


def csl_name(name: Name) -> dict[str, str]:
    """A name variable."""
    return {"literal": name.literal} if name.literal else {"family": name.family, "given": name.given}


def csl_date(found: PartialDate) -> dict[str, list[list[int]]]:
    """A date variable."""
    return {"date-parts": [list(found.parts)]}


def _day(moment: datetime) -> dict[str, list[list[int]]]:
    return csl_date(PartialDate(moment.year, moment.month, moment.day))
