"""Records in RIS, as reference managers import it.

Tags as in the RIS specification of 2001 with the type `ELEC` (web page) that followed it; each field on one line.
"""

from __future__ import annotations

from preserve.cite.values import PartialDate, Reference
from preserve.cite.wording import remarks


def ris(reference: Reference, language: str) -> str:
    """A record; `language` is that of its note."""
    issued, accessed, archived = reference.issued, reference.accessed, reference.archived
    lines = [("TY", "ELEC"), ("ID", reference.key)]
    lines += [("AU", name.literal or f"{name.family}, {name.given}") for name in reference.authors]
    lines += [("TI", reference.title), ("T2", reference.site)]
    if issued is not None:
        lines += [("PY", f"{issued.year:04}"), ("DA", _slashes(issued))]
    lines.append(("UR", reference.url))
    if accessed is not None:
        lines.append(("Y2", f"{accessed:%Y/%m/%d/}"))
    lines.append(("LA", reference.language))
    if archived is not None:
        lines.append(("AV", archived.replay_url or f"{archived.file}, {archived.record_id}"))
    lines.append(("N1", remarks(reference, language)))
    return "".join(f"{tag}  - {value}\n" for tag, value in lines if value) + "ER  - \n"


def _slashes(found: PartialDate) -> str:
    """Year, month and day with a slash behind each, what is not known left out."""
    month, day = (f"{part:02}" if part else "" for part in (found.month, found.day))
    return f"{found.year:04}/{month}/{day}/"
