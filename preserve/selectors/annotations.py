"""Web Annotations: a passage of a page, pointed at so that any tool can find it again, and something said of it.

After the W3C's Web Annotation Data Model (https://www.w3.org/TR/annotation-model/): a TextQuoteSelector (section
4.2.4) finds the passage by its words and those around it, a TextPositionSelector (4.2.5) by its place in the copy that
the state (4.3.1) names. Both count code points of the text without markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

CONTEXT: Final = "http://www.w3.org/ns/anno.jsonld"
AROUND: Final = 32
"""Characters of prefix and suffix."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of a page.

    Attributes:
        source: the page's address.
        text: the text in which the passage stands.
        spans: start and end of each of its stretches, in code points; at least one.
        at: when the page said so; None where that is not known.
        copy: the address of a copy that has `text` (a record's id), in which positions count; "" without.
    """

    source: str
    text: str
    spans: tuple[tuple[int, int], ...]
    at: datetime | None = None
    copy: str = ""


def annotation(passage: Passage, *, says: str, language: str = "", created: datetime | None = None) -> dict[str, Any]:
    """A Web Annotation as plain JSON values. The same arguments give the same one, its id included.

    Args:
        passage: what is pointed at; a passage of several stretches has a target for each.
        says: what is said of it, for people.
        language: of `says`, as a language tag; "" to leave it out.
        created: when it was made; None to leave it out.
    """
    body: dict[str, Any] = {"type": "TextualBody", "purpose": "assessing", "value": says, "format": "text/plain"}
    if language:
        body["language"] = language
    targets = [_target(passage, start, end) for start, end in passage.spans]
    key = "\n".join((passage.source, passage.copy, repr(passage.spans), says))
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "id": f"urn:uuid:{uuid5(NAMESPACE_URL, key.encode('utf-8', 'replace').decode('utf-8'))}",
        "type": "Annotation",
        "motivation": "assessing",
        "body": body,
        "target": targets[0] if len(targets) == 1 else targets,
    }
    if created is not None:
        found["created"] = _moment(created)
    return found


def collection(annotations: Sequence[Mapping[str, Any]], *, label: str) -> dict[str, Any]:
    """Annotations as one AnnotationCollection (section 5) with a single page."""
    items: Iterable[dict[str, Any]] = (
        {key: value for key, value in one.items() if key != "@context"} for one in annotations
    )
    key = "\n".join((label, *(str(one["id"]) for one in annotations)))
    name = f"urn:uuid:{uuid5(NAMESPACE_URL, key.encode('utf-8', 'replace').decode('utf-8'))}"
    found: dict[str, Any] = {"@context": CONTEXT, "id": name, "type": "AnnotationCollection", "label": label}
    found["total"] = len(annotations)
    if annotations:  # a page without items would not be one
        page = {"id": f"{name}#page", "type": "AnnotationPage", "startIndex": 0, "items": list(items)}
        found["first"] = page
    return found


def _target(passage: Passage, start: int, end: int) -> dict[str, Any]:
    text = passage.text
    quoted = {
        "type": "TextQuoteSelector",
        "exact": text[start:end],
        "prefix": text[max(0, start - AROUND) : start],
        "suffix": text[end : end + AROUND],
    }
    found: dict[str, Any] = {
        "type": "SpecificResource",
        "source": passage.source,
        "selector": [quoted, {"type": "TextPositionSelector", "start": start, "end": end}],
    }
    if passage.at is not None or passage.copy:
        state: dict[str, Any] = {"type": "TimeState"}
        if passage.at is not None:
            state["sourceDate"] = _moment(passage.at)
        if passage.copy:
            state["cached"] = passage.copy
        found["state"] = state
    return found


def _moment(when: datetime) -> str:
    """An xsd:dateTime in UTC, as the model wants it (section 3.3.1)."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
