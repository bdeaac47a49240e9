"""What a check concludes, and the check as the ledger keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from preserve.model.captures import ArchivedCapture, RecordRef
from preserve.model.changes import Change, Measures
from preserve.model.stored import PostVersion
from preserve.model.verdicts import Nature, Reason, Verdict
from preserve.sending import sent


@sent
@dataclass(frozen=True, slots=True)
class Evidence:
    """One rule that was tried, and what it saw.

    Attributes:
        rule: the rule's name.
        held: whether it decided or supported the verdict.
        saw: what it saw, in a sentence.
    """

    rule: str
    held: bool
    saw: str


class AdmissionKind(StrEnum):
    """How a page owns up to having been changed."""

    NOTICE = "notice"  # a correction or an editor's note
    UPDATED_TIME = "updated-time"  # the time of an update, in sight or in the markup


@sent
@dataclass(frozen=True, slots=True)
class Admission:
    """Where a page owns up to having been changed.

    Attributes:
        kind: how.
        text: its words, cut where they are long.
    """

    kind: AdmissionKind
    text: str


@sent
@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check concludes, and why.

    Attributes:
        verdict, reason: exactly one verdict, and its reason where it has one.
        natures: of the edit, or of the cosmetic difference.
        changes: the differences that are reported with this verdict.
        evidence: the chain of rules tried, in order, the deciding one last.
        remaining: share (0..1) of the stored copy still on the page; None where nothing was compared.
        wants_probe: a random-path probe of the host could change this verdict.
        admission: of an `edited` page, where it owns up to the change; None where it does not, which makes a silent
            edit, and with any other verdict.
    """

    verdict: Verdict
    reason: Reason | None = None
    natures: tuple[Nature, ...] = ()
    changes: tuple[Change, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    remaining: float | None = None
    wants_probe: bool = False
    admission: Admission | None = None


@sent
@dataclass(frozen=True, slots=True)
class SinceLast:
    """The page against its own earlier capture, with the same extractor.

    Attributes:
        changed: whether the article's text changed.
        changes: how.
        previous_at: when the earlier capture was made.
    """

    changed: bool
    changes: tuple[Change, ...]
    previous_at: datetime


@sent
@dataclass(frozen=True, slots=True)
class JudgedAgain:
    """That a check was judged again since, without a visit: the check then has the newest judgement.

    Attributes:
        run: the run that did it.
        at: when.
        verdict, reason, extractor, rules: of the judgement that was made at the visit.
    """

    run: int
    at: datetime
    verdict: Verdict
    reason: Reason | None
    extractor: str
    rules: str


@sent
@dataclass(frozen=True, slots=True)
class Check:
    """One post in one run: what the ledger keeps and `--json` prints.

    Attributes:
        post: path as given.
        source: the source URL exactly as the post has it; None without one.
        checked_at: when the check was concluded.
        judgement: the conclusion.
        final_url, http_status: of the deciding exchange; None where there was none.
        captured_at: when the deciding exchange began; None where there was none.
        capture: the records; None where nothing was asked.
        stored_record: the `resource` record of the post's bytes that was compared; None where it couldn't be read.
        post_digest: digest of those bytes; "" where the file couldn't be read.
        since_last: None on a first check and where either side has no article.
        extractor: name, version and options; "" where nothing was extracted.
        rules: version of the comparison and verdict rules.
        measures: None where nothing was compared.
        probe: the random-path probe that was weighed; None where none was.
        template: digests of page blocks that were passed over as the host's template, so that the check can be
            derived again.
        previous: the earlier capture `since_last` was drawn from.
        error: for an unreadable post, `path:line: reason`; "" otherwise.
        text_digest: `sha256:` digest of the page's normalised main text, the same for two captures that say the same
            (confirmation over runs needs it); "" where nothing was extracted.
        post_version: what git said of the post when these bytes of it were first witnessed; None where it is in no
            repository, or git could not say.
        verdict_before: what the earlier capture is by the same extractor and rules, against the same stored copy:
            where it is the verdict of this check, the source has not changed into it since. None where `since_last`
            has no change, so that it is this check's, and where there was no earlier capture to ask.
        judged_again: None where the judgement made at the visit stands.
    """

    post: str
    source: str | None
    checked_at: datetime
    judgement: Judgement
    final_url: str | None = None
    http_status: int | None = None
    captured_at: datetime | None = None
    capture: ArchivedCapture | None = None
    stored_record: RecordRef | None = None
    post_digest: str = ""
    since_last: SinceLast | None = None
    extractor: str = ""
    rules: str = ""
    measures: Measures | None = None
    probe: ArchivedCapture | None = None
    template: tuple[str, ...] = ()
    previous: ArchivedCapture | None = None
    error: str = ""
    text_digest: str = ""
    post_version: PostVersion | None = None
    verdict_before: Verdict | None = None
    judged_again: JudgedAgain | None = None


@dataclass(frozen=True, slots=True)
class Rejudgement:
    """What a check comes to when it is judged again from its records: the ledger adds it, the check stays.

    Attributes:
        number: the ledger's number of the check.
        run: the run that visited the source.
        at: when it was concluded.
        check: as it is to stand: visit and records of the check, conclusions of today.
    """

    number: int
    run: int
    at: datetime
    check: Check
