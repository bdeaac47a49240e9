"""Checked quotations as plain JSON values (docs/quotes.md has the keys) and as Web Annotations."""

from __future__ import annotations

from typing import Any

from preserve.model import RecordRef
from preserve.quotations import Match
from preserve.quotes import Checked, Layer, Place, Sight
from preserve.selectors import Passage, annotation
from preserve.times import warc_date


def checked_object(checked: Checked, file: str) -> dict[str, Any]:
    """A quotation and what has become of it."""
    quotation = checked.quotation
    return {
        "quotation": quotation.text,
        "file": file or None,
        "line": quotation.line or None,
        "mark": quotation.mark.value,
        "standing": checked.standing.value,
        "places": [_place_object(place) for place in checked.places],
    }


def _place_object(place: Place) -> dict[str, Any]:
    with_it, without = place.last_with, place.first_without
    return {
        "post": place.post,
        "url": place.source or None,
        "standing": place.standing.value,
        "stored": _match_object(place.stored, place.stored_layer, place.stored_record) if place.stored else None,
        "last_with": warc_date(with_it.at) if with_it else None,
        "first_without": warc_date(without.at) if without else None,
        "nearest": _nearest_object(place.nearest) if place.nearest else None,
        "captures": [_sight_object(sight) for sight in place.sights],
        "link": place.fragment or None,
        "link_unique": place.fragment_unique if place.fragment else None,
    }


def _match_object(match: Match, layer: Layer, record: RecordRef | None) -> dict[str, Any]:
    return {
        "grade": match.grade.value,
        "layer": layer.value,
        "wording": match.wording or None,
        "alike": round(match.alike, 4),
        "spans": [list(span) for span in match.spans],
        "record_id": record.record_id if record else None,
    }


def _sight_object(sight: Sight) -> dict[str, Any]:
    text = _match_object(sight.match, sight.layer, sight.text) if sight.match else None
    return {
        "at": warc_date(sight.at),
        "verdict": sight.verdict.value,
        "reason": sight.reason.value if sight.reason else None,
        "state": sight.state.value,
        "record_id": sight.record.record_id if sight.record else None,
        "warc_file": sight.record.file if sight.record else None,
        "warc_offset": sight.record.offset if sight.record else None,
        "text": text,
    }


def _nearest_object(match: Match) -> dict[str, Any]:
    return {
        "wording": match.wording,
        "alike": round(match.alike, 4),
        "distance": match.distance,
        "nature": [nature.value for nature in match.natures],
        "pieces": [{"same": one.same, "quoted": one.quoted, "found": one.found} for one in match.pieces],
    }


def annotations_of(checked: Checked) -> list[dict[str, Any]]:
    """A Web Annotation of the page where the quotation stands, or of the last one where it stood; none without one."""
    for place in checked.places:
        stood = place.last_with
        if stood is None or stood.match is None or not place.around:
            continue
        record = stood.text or stood.record
        passage = Passage(
            source=place.url,
            text=place.around,
            spans=stood.match.spans,
            at=stood.at,
            copy=record.record_id if record else "",
        )
        says = f"“{checked.quotation.text}” {_said(place, stood)}"
        return [annotation(passage, says=says, language="en")]
    return []


def _said(place: Place, stood: Sight) -> str:
    if place.last is stood:
        return f"stood at the source on {stood.at:%Y-%m-%d}, when it was last checked."
    without = place.first_without
    since = f"; no longer on {without.at:%Y-%m-%d}" if without is not None else ""
    return f"stood at the source until {stood.at:%Y-%m-%d}{since}."
