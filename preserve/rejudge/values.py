"""Owns what a check comes to when it is judged again, beside what it was. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from preserve.model import Check, Reason
from preserve.tasks import Judged, JudgedPost


class Cause(StrEnum):
    """What made the difference, as far as versions and texts tell. The records are the same: never the source."""

    EXTRACTOR = "extractor"  # another version, and it reads another text; the rules are the same
    RULES = "rules"  # another version of the rules, and the text is the same or read by the same extractor
    EITHER = "extractor-or-rules"  # both are of other versions, and the text is another
    SETTINGS = "settings"  # both are of the same version: settings, or what has no version


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One check, judged again.

    Attributes:
        check: as it stands in the ledger.
        again: what today's rules conclude from the same records; None where nothing was captured, or `problem` says
            why not.
        extractor, rules, text_digest: today's.
        number, run: of the check, where it came with them; else 0.
        latest: whether it is its post's last.
        problem: why it could not be judged again; "" otherwise.
    """

    check: Check
    again: JudgedPost | None
    extractor: str = ""
    rules: str = ""
    text_digest: str = ""
    number: int = 0
    run: int = 0
    latest: bool = True
    problem: str = ""

    @property
    def same(self) -> bool:
        """Whether verdict, reason, labels and changes are all as they were."""
        if self.again is None:
            return True
        old, new = self.check.judgement, self.again.judgement
        return (old.verdict, old.reason, old.natures, old.changes, old.admission) == (
            new.verdict,
            new.reason,
            new.natures,
            new.changes,
            new.admission,
        )

    @property
    def now(self) -> Check:
        """The check as it is to stand: visit and records of then, conclusions of today."""
        if self.again is None:
            return self.check
        return replace(
            self.check,
            judgement=self.again.judgement,
            since_last=self.again.since_last,
            verdict_before=self.again.verdict_before,
            measures=self.again.measures,
            text_digest=self.text_digest,
            extractor=self.extractor,
            rules=self.rules,
        )

    @property
    def cause(self) -> Cause:
        """What made the difference."""
        old, new = self.check, self.now
        extracted = old.extractor != new.extractor
        ruled = old.rules != new.rules
        if extracted and not ruled:
            return Cause.EXTRACTOR
        if ruled and (not extracted or old.text_digest == new.text_digest):
            return Cause.RULES
        return Cause.EITHER if extracted else Cause.SETTINGS


def rejudged(check: Check, judged: Judged, post: JudgedPost) -> Rejudged:
    """A check beside what was concluded of it now."""
    failed = Reason.EXTRACTOR_FAILED
    if post.judgement.reason is failed and check.judgement.reason is not failed:
        # Today's trouble (a crash, too little memory) says nothing against what was read before.
        return Rejudged(check, None, problem=f"its page could not be read: {post.judgement.evidence[-1].saw}")
    return Rejudged(check, post, judged.extractor, judged.rules, judged.text_digest)
