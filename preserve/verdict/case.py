"""What a judgement is made of: the case put to the rules, and what one rule answers.

Owns no rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from preserve.model import Capture, Comparison, Extraction, Reason, StoredCopy, Verdict


@dataclass(frozen=True, slots=True)
class ProbeSeen:
    """What a random path beside the source answered: an address that certainly never was.

    Attributes:
        capture: the probe's exchanges.
        page: its page, or None where there was none to extract.
    """

    capture: Capture
    page: Extraction | None


@dataclass(frozen=True, slots=True)
class Case:
    """One post and everything known about what its source answered.

    Attributes:
        stored: the stored copy.
        capture: how the source was asked and what came.
        page: what the page says, `facts.markers` set; None where nothing could be extracted.
        comparison: stored copy against page; None where either has no text.
        probe: the host's answer to a random path; None where it wasn't asked.
        problem: why the body could not be decoded or read whole; "" otherwise.
        reader_failed: the process that read the page died or ran out of time.
    """

    stored: StoredCopy
    capture: Capture
    page: Extraction | None
    comparison: Comparison | None
    probe: ProbeSeen | None = None
    problem: str = ""
    reader_failed: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule saw, and what follows from it.

    Attributes:
        saw: in a sentence.
        verdict: None where the rule did not hold and the next one is to be tried.
        reason: goes with the verdict.
        wants_probe: a probe of the host could change this.
    """

    saw: str
    verdict: Verdict | None = None
    reason: Reason | None = None
    wants_probe: bool = False
