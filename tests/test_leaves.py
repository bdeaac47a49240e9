"""An entry holds every fact of what it stands for: nothing of a check can change and leave its entry the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
from ledger_samples import EDIT, START, Sample, capture_of, check_of, digest, record

from preserve.leaves import Manifest, check_entry
from preserve.model import (
    Admission,
    AdmissionKind,
    Check,
    CommitState,
    Evidence,
    Judgement,
    Measures,
    Nature,
    PostVersion,
    Reason,
    SinceLast,
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
}


def test_every_field_is_tried() -> None:
    assert set(CHECKS) == {field.name for field in fields(Check)}
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
