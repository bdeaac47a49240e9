"""The chain of rules, in the order of docs/verdicts.md, and the judgement they come to.

No answer, walls and pages that are not the article are ruled out first; only then is text compared. But where
the comparison shows the stored article in sight, no rule about other pages holds, whatever words it carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from preserve.model import Evidence, Judgement, Verdict
from preserve.verdict import answer, kept, other, walls
from preserve.verdict.case import Case, Finding
from preserve.verdict.view import View

Rule = Callable[[View], Finding | None]
Rules = tuple[tuple[str, Rule], ...]

ANSWER: Rules = (
    ("failure", answer.failed),
    ("vendor-challenge", walls.vendor_challenge),
    ("challenge-at-error", walls.challenge_at_error),
    ("status", answer.status),
    ("content-type", answer.not_a_page),
    ("unread", answer.unread),
    ("incomplete", answer.incomplete),
    ("garbled", answer.garbled),
    ("no-stored-copy", answer.no_stored_copy),
)
NOT_THE_ARTICLE: Rules = (
    ("challenge-shape", walls.challenge_shape),
    ("outage", walls.outage),
    ("script-shell", walls.script_shell),
    ("parked", other.parked),
    ("consent-wall", walls.consent_wall),
    ("login-wall", walls.login_wall),
    ("error-page", other.error_page),
    ("front-page", other.front_page),
    ("isolated", walls.isolated),
    ("random-path", other.like_random_path),
)
TEXT: Rules = (
    ("truncated", kept.truncated),
    ("other-article", other.other_article),
    ("edited", kept.edited),
    ("moved", kept.moved),
    ("intact", kept.intact),
)
_COMPARED = frozenset({Verdict.INTACT, Verdict.EDITED, Verdict.MOVED, Verdict.TRUNCATED})


def judge(case: Case) -> Judgement:
    """Reach the one verdict on a case, with the rules tried on the way.

    The same case gives the same judgement. The evidence names each rule that had something to say, in order,
    the deciding one last.
    """
    view = View(case)
    evidence: list[Evidence] = []
    for name, rule in _chain(view):
        finding = rule(view)
        if finding is None:
            continue
        evidence.append(Evidence(name, finding.verdict is not None, finding.saw))
        if finding.verdict is not None:
            return _judgement(view, finding, finding.verdict, tuple(evidence))
    raise AssertionError("the last rule of the chain always decides")


def rules_for(case: Case) -> tuple[str, ...]:
    """The names of the rules a case meets, in order; the last of its evidence says where the chain ended."""
    return tuple(name for name, _ in _chain(View(case)))


def _chain(view: View) -> Iterator[tuple[str, Rule]]:
    """The rules to try on a case, in order."""
    yield from ANSWER
    yield "in-sight", kept.in_sight
    if not view.in_sight:
        yield from NOT_THE_ARTICLE
    yield from TEXT


def _judgement(view: View, finding: Finding, verdict: Verdict, evidence: tuple[Evidence, ...]) -> Judgement:
    comparison = view.comparison
    compared = comparison if verdict in _COMPARED else None
    return Judgement(
        verdict=verdict,
        reason=finding.reason,
        natures=compared.natures if compared is not None else (),
        changes=compared.changes if compared is not None else (),
        evidence=evidence,
        remaining=compared.coverage if compared is not None else None,
        wants_probe=finding.wants_probe and view.case.probe is None,
    )
