"""An entry of the log read back: what it claims, and which records it names with which digests. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from preserve.digests import parse_digest
from preserve.leaves import VERSION, canonical
from preserve.proofs.values import Claim, EntryFacts, NamedRecord, Part


def read_entry(text: str) -> EntryFacts:
    """What an entry says.

    Raises:
        ValueError: it is no entry of a check or a capture, or not in the one form entries have.
    """
    said = _parsed(text)
    version, kind = said.get("version"), said.get("kind")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise ValueError("it is of a version that this preserve does not know; update it")
    if kind == "capture":
        return EntryFacts(None, tuple(_named(((Part.CAPTURE, said),), None, None)))
    if kind != "check":
        raise ValueError(f"it is no check, but {kind!r}")
    captures = ((Part.CAPTURE, said.get("capture")), (Part.PROBE, said.get("probe")))
    return EntryFacts(_claim(said), tuple(_named(captures, said.get("stored_copy"), said.get("previous"))))


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        said = json.loads(text)
        same = canonical(said) == text.encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no canonical JSON: {error}") from None
    if not same:  # two readers of the same bytes could else read different things
        raise ValueError("it is JSON, but not in its one canonical form")
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object")
    return said


def _claim(said: Mapping[str, Any]) -> Claim:
    run = said.get("run")
    if type(run) is not int:
        raise ValueError("its run has no number")
    natures = said.get("natures")
    if not isinstance(natures, list):
        raise ValueError("its natures are no list")
    return Claim(
        post=_text(said.get("post")),
        url=_optional(said.get("url")),
        run=run,
        time=_text(said.get("time")),
        verdict=_text(said.get("verdict")),
        reason=_optional(said.get("reason")),
        natures=tuple(_text(nature) for nature in natures),
        captured=_optional(said.get("captured")),
    )


def _named(captures: tuple[tuple[Part, Any], ...], stored: Any, previous: Any) -> Iterator[NamedRecord]:
    for part, capture in captures:
        if capture is not None:
            yield from _of_capture(part, _object(capture))
    if stored is not None and _object(stored).get("record") is not None:
        digest = _digest(stored.get("digest"))
        yield NamedRecord(_text(stored.get("record")), Part.STORED_COPY, digest, digest)
    if previous is not None:
        yield NamedRecord(_text(previous), Part.PREVIOUS)


def _of_capture(part: Part, capture: Mapping[str, Any]) -> Iterator[NamedRecord]:
    exchanges = capture.get("exchanges")
    if not isinstance(exchanges, list):
        raise ValueError("a capture in it has no list of exchanges")
    for exchange in map(_object, exchanges):
        payload = _digest(exchange.get("payload"))
        if exchange.get("record") is not None:
            yield NamedRecord(_text(exchange.get("record")), part, _digest(exchange.get("block")), payload)
        if exchange.get("original") is not None:
            yield NamedRecord(_text(exchange.get("original")), Part.ORIGINAL, "", payload)
    yield NamedRecord(_text(capture.get("record")), part)


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a part of it is no JSON object")
    return value


def _digest(value: Any) -> str:
    text = _text(value)
    if text:
        parse_digest(text)
    return text


def _optional(value: Any) -> str:
    return "" if value is None else _text(value)


def _text(value: Any) -> str:
    """Text as entries have it: a string, or the bytes of one that is not Unicode."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("hex"), str):
        return bytes.fromhex(value["hex"]).decode("utf-8", "surrogatepass")
    raise ValueError("a part of it that should be text is none")
