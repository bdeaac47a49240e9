"""An entry holds every fact of what it stands for: nothing of a check can change and leave its entry the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_samples import EDIT, START, Sample, capture_of, check_of, digest, record

from preserve.leaves import Manifest, _number, _plain, _spelled, check_entry
from preserve.model import (
    Admission,
    AdmissionKind,
    Change,
    ChangeKind,
    Check,
    CommitState,
    Evidence,
    Judgement,
    Measures,
    Nature,
    PostVersion,
    Reason,
    SinceLast,
    Span,
    Verdict,
)

CHECK = check_of(Sample(judgement=EDIT, week=1))
JUDGEMENTS: Mapping[str, Any] = {
    "verdict": Verdict.INTACT,
    "reason": Reason.SOFT_404,
    "natures": (Nature.NAME,),
    "changes": EDIT.changes * 2,
    "evidence": (Evidence("another", True, "1"),),
    "remaining": 0.5,
    "wants_probe": True,
    "admission": Admission(next(iter(AdmissionKind)), "Corrected."),
}
CHECKS: Mapping[str, Any] = {
    "post": "another.md",
    "source": None,
    "checked_at": START,
    "judgement": Judgement(Verdict.GONE),
    "final_url": "https://elsewhere.example/",
    "http_status": 404,
    "captured_at": None,
    "capture": capture_of(Sample(week=5)),
    "stored_record": record("another"),
    "post_digest": digest("another"),
    "since_last": SinceLast(True, (), START),
    "extractor": "extractor 3",
    "rules": "rules 2",
    "measures": Measures(),
    "probe": capture_of(Sample(week=6)),
    "template": (digest("block"),),
    "previous": capture_of(Sample(week=7)),
    "error": "post.md:3: broken",
    "text_digest": digest("other text"),
    "post_version": PostVersion(CommitState.COMMITTED, "ab" * 20, START),
    "verdict_before": Verdict.EDITED,
}


def test_every_field_is_tried() -> None:
    # What was concluded of a check later is an entry of its own.
    assert {*CHECKS, "judged_again"} == {field.name for field in fields(Check)}
    assert set(JUDGEMENTS) == {field.name for field in fields(Judgement)}


@pytest.mark.parametrize("name", CHECKS)
def test_another_check_has_another_entry(name: str) -> None:
    assert check_entry(1, replace(CHECK, **{name: CHECKS[name]})) != check_entry(1, CHECK)


@pytest.mark.parametrize("name", JUDGEMENTS)
def test_another_judgement_has_another_entry(name: str) -> None:
    other = replace(CHECK, judgement=replace(EDIT, **{name: JUDGEMENTS[name]}))
    assert check_entry(1, other) != check_entry(1, CHECK)


@pytest.mark.parametrize(
    "other",
    [
        PostVersion(CommitState.MODIFIED, "ab" * 20, START),
        PostVersion(CommitState.COMMITTED, "ac" * 20, START),
        PostVersion(CommitState.COMMITTED, "ab" * 20, None),
        PostVersion(CommitState.UNCOMMITTED),
    ],
    ids=str,
)
def test_another_version_of_the_post_has_another_entry(other: PostVersion) -> None:
    version = PostVersion(CommitState.COMMITTED, "ab" * 20, START)
    entries = {check_entry(1, replace(CHECK, post_version=one)) for one in (version, other, None)}
    assert len(entries) == 3


def test_without_a_version_the_entry_is_that_of_older_ones() -> None:
    assert "version" not in json.loads(check_entry(1, CHECK))["stored_copy"]


ADMISSION = Admission(next(iter(AdmissionKind)), "Corrected.")
CHANGE = Change(ChangeKind.REPLACE, "old", "new")
PARTS: list[tuple[str, Any, str, Any]] = [
    ("changes", CHANGE, "kind", ChangeKind.MOVE),
    ("changes", CHANGE, "old", "older"),
    ("changes", CHANGE, "new", "newer"),
    ("changes", CHANGE, "old_context", "in a sentence"),
    ("changes", CHANGE, "new_context", "in a sentence"),
    ("changes", CHANGE, "old_span", Span(1, 2, 3)),
    ("changes", CHANGE, "new_span", Span(1, 2, 3)),
    ("changes", CHANGE, "natures", (Nature.NAME,)),
    ("changes", CHANGE, "weight", 0.25),
    ("evidence", Evidence("rule", True, "3"), "rule", "another"),
    ("evidence", Evidence("rule", True, "3"), "held", False),
    ("evidence", Evidence("rule", True, "3"), "saw", "4"),
    ("admission", ADMISSION, "kind", list(AdmissionKind)[1]),
    ("admission", ADMISSION, "text", "Mended."),
]
MEASURES = [field.name for field in fields(Measures)]
SPANS = [field.name for field in fields(Span)]


@pytest.mark.parametrize(("name", "part", "attribute", "other"), PARTS, ids=[f"{one[0]}-{one[2]}" for one in PARTS])
def test_another_part_of_a_judgement_has_another_entry(name: str, part: Any, attribute: str, other: Any) -> None:
    def entry(one: Any) -> bytes:
        value = one if name == "admission" else (one,)
        return check_entry(1, replace(CHECK, judgement=replace(EDIT, **{name: value})))

    assert entry(part) != entry(replace(part, **{attribute: other}))
    tried = {one[2] for one in PARTS if one[0] == name}
    assert tried == {field.name for field in fields(part)}


def test_equal_evidence_of_another_spelling_has_another_entry() -> None:
    kinds: list[Any] = [True, 1, "True"]
    found = [replace(EDIT, evidence=(Evidence("rule", held, "3"),)) for held in kinds]
    assert len({check_entry(1, replace(CHECK, judgement=one)) for one in found}) == len(kinds)


@pytest.mark.parametrize("name", MEASURES)
def test_another_measure_has_another_entry(name: str) -> None:
    other = replace(Measures(), **{name: 0.5})
    assert check_entry(1, replace(CHECK, measures=other)) != check_entry(1, replace(CHECK, measures=Measures()))


@pytest.mark.parametrize("name", SPANS)
def test_another_place_has_another_entry(name: str) -> None:
    def entry(span: Span) -> bytes:
        changes = (replace(CHANGE, old_span=span),)
        return check_entry(1, replace(CHECK, judgement=replace(EDIT, changes=changes)))

    assert entry(Span(1, 1, 1)) != entry(replace(Span(1, 1, 1), **{name: 2}))


# ---------------------------------------------------------------- the one spelling

FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.floats(0, 1) | st.integers(0, 10**17).map(float)
KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=12) | st.sampled_from(Verdict),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.lists(FLOATS, max_size=4))
@settings(max_examples=400, deadline=None)
@example('\u2028\x7f\x00"\\/', [1e-5, 1e21, 0.1, 1e16, 5e-324])
@example("\ud800", [0.5])
@example({"a": "\udcff.md"}, [-0.0])
def test_the_quick_spelling_is_that_of_rfc_8785(value: object, numbers: list[float]) -> None:
    spelled = [_number(one) for one in numbers]
    assert _spelled([value, spelled], spelled) == rfc8785.dumps(_plain([value, numbers]))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match=r"."):
        _spelled([number], [number])


def test_the_run_is_part_of_it() -> None:
    assert check_entry(1, CHECK) != check_entry(2, CHECK)


def test_an_entry_is_canonical_json() -> None:
    entry = check_entry(1, CHECK)
    said = json.loads(entry)
    assert json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() == entry
    assert (said["kind"], said["verdict"], said["capture"]["exchanges"][0]["payload"]) == (
        "check",
        "edited",
        digest("payload"),
    )


def test_a_path_that_is_no_text_has_an_entry_of_its_own() -> None:
    entries = {check_entry(1, replace(CHECK, post=post)) for post in ("\udcff.md", "\udcfe.md", "ff.md")}
    assert len(entries) == 3


def test_where_records_lie_is_no_part_of_it() -> None:
    assert CHECK.stored_record is not None
    moved = replace(CHECK, stored_record=replace(CHECK.stored_record, file="another.warc.gz", offset=7))
    assert check_entry(1, moved) == check_entry(1, CHECK)


def test_a_manifest_commits_each_post_to_its_verdict_in_order() -> None:
    def of(*lines: tuple[str, str, str | None]) -> str:
        manifest = Manifest()
        for line in lines:
            manifest.add(*line)
        assert manifest.checks == len(lines)
        return manifest.digest

    one, other = ("a.md", "intact", None), ("b.md", "gone", "not-found")
    assert len({of(one, other), of(other, one), of(one), of(one, ("b.md", "intact", None))}) == 4
