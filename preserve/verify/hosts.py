"""What a run learns about one host while it goes: incidents, template blocks, the probe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from preserve.model import ArchivedCapture, Judgement, Reason, Verdict
from preserve.settings import RunSettings
from preserve.tasks import Judged
from preserve.text import block_digest, fold
from preserve.work.refusals import refused

STOPS_ASKING = frozenset({Verdict.BLOCKED, Verdict.UNREACHABLE})
COUNTS_AS_INCIDENT = frozenset({Verdict.BLOCKED, Verdict.UNREACHABLE, Verdict.GONE, Verdict.REPLACED})
TEMPLATE_SOURCES = 3


@dataclass(frozen=True, slots=True)
class Incident:
    """A host of whose checks so many failed alike that it is one event, not that many dead links.

    Attributes:
        host: the host name.
        verdict, reason: how the checks failed.
        count: how many failed so.
        of: how many checks the host had in the run.
    """

    host: str
    verdict: Verdict
    reason: Reason | None
    count: int
    of: int


@dataclass(slots=True)
class HostState:
    """The run's running notes on one host; only the coordinator's thread touches them.

    Attributes:
        pending: sources not yet concluded.
        probe: the host's random-path probe, once made.
        probe_asked: whether one was asked for in this run.
        template: digests of the blocks that recur on so many of its sources that they are its template.
    """

    name: str
    pending: int = 0
    probe: ArchivedCapture | None = None
    probe_asked: bool = False
    template: frozenset[str] = frozenset()
    _told: set[str] = field(default_factory=set)
    _answers: Counter[str] = field(default_factory=Counter)
    _last_answer: str = ""
    _same_answers: int = 0
    _outcomes: Counter[tuple[Verdict, Reason | None]] = field(default_factory=Counter)
    _alike: int = 0
    _last: tuple[Verdict, Reason | None] | None = None

    def template_changes(self, judged: Iterable[Judged]) -> list[str]:
        """What several pages show alike and no stored copy has, a sentence each and each only once.

        Args:
            judged: what was concluded of the host's pages before their template was known.
        """
        seen: dict[str, tuple[str, int]] = {}
        for one in judged:
            texts = {change.new for post in one.posts for change in post.judgement.changes if not change.old}
            for text in texts:
                key = block_digest(fold(text))
                if key in self.template and key not in self._told:
                    seen[key] = (text, seen.get(key, ("", 0))[1] + 1)
        self._told.update(seen)
        return [
            f"{self.name}: {count} pages now say “{' '.join(text.split())[:80]}”; it is the site's template, no edit."
            for text, count in seen.values()
        ]

    def answered(self, status: int | None) -> None:
        """Count one visit by the status it ended with (None: no answer), as soon as it is known."""
        answer = f"{status or 'no answer'}" if refused(status) else ""
        self._answers[answer] += 1
        self._same_answers = self._same_answers + 1 if answer == self._last_answer else 1
        self._last_answer = answer

    def note(self, judgement: Judgement) -> None:
        """Count one concluded check."""
        outcome = (judgement.verdict, judgement.reason)
        self._outcomes[outcome] += 1
        self._alike = self._alike + 1 if outcome == self._last else 1
        self._last = outcome

    def must_stop(self, settings: RunSettings) -> bool:
        """Whether the host fails so uniformly, one check after the other, that it must be left alone."""
        judged_alike = self._alike if self._last is not None and self._last[0] in STOPS_ASKING else 0
        answered_alike = self._same_answers if self._last_answer else 0
        return any(
            alike >= settings.incident_least and alike > settings.incident_share * total
            for alike, total in (
                (judged_alike, self._outcomes.total()),
                (answered_alike, self._answers.total()),
            )
        )

    def incident(self, settings: RunSettings) -> Incident | None:
        """The incident this host had in the run, if any (DESIGN: more than 30 % of its checks fail alike)."""
        failures = {k: n for k, n in self._outcomes.items() if k[0] in COUNTS_AS_INCIDENT}
        if not failures:
            return None
        (verdict, reason), count = max(failures.items(), key=lambda item: item[1])
        total = self._outcomes.total()
        if count < settings.incident_least or count <= settings.incident_share * total:
            return None
        return Incident(self.name, verdict, reason, count, total)
