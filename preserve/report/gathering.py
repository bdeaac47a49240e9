"""Owns how the ledger's checks become lines and the front page's figures, one check at a time."""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from preserve.confirm import CONFIRMABLE, Observation, Standing, named_alike, standing
from preserve.errors import ArchiveError
from preserve.ledger import Ledger, Round, RunOverview
from preserve.model import Change, Check, Nature, Verdict
from preserve.report.ages import Ages
from preserve.report.facts import FactsReader, titles
from preserve.report.news import news_kind
from preserve.report.pew import PewCounting
from preserve.report.values import (
    GROUPS,
    Baseline,
    BaselineKind,
    Coverage,
    Glimpse,
    Group,
    News,
    NewsKind,
    Overview,
    PostLine,
    Tally,
)
from preserve.urls import host_of

NEWS_SHOWN: Final = 12
_GLIMPSE: Final = 160
_SHORT_CHANGE: Final = 24
_AROUND: Final = 28


@dataclass(frozen=True, slots=True)
class Seen:
    """A post with all that its page needs of the ledger.

    Attributes:
        line: of it.
        check: its last.
        standing: after all of them.
        rounds: all of them, oldest first.
    """

    line: PostLine
    check: Check
    standing: Standing
    rounds: tuple[Round, ...]


def page_name(post: str) -> str:
    """The name of a post's page, made of its path's digest: no foreign character gets into a file's name."""
    return sha256(post.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def baseline_without_report(runs: Sequence[RunOverview]) -> Baseline:
    """What a first report measures its news from: the run before the last."""
    made = [run for run in runs if run.checks]
    if len(made) < 2:
        return Baseline(BaselineKind.NOTHING)
    before = made[-2]
    return Baseline(BaselineKind.RUN, max(run.last_check for run in made[:-1]), before.ended_at or before.started_at)


def glimpse_of(change: Change) -> Glimpse:
    """A change in a line: a short one with the words around it, so that it can be understood."""
    before = after = ""
    if max(len(change.old), len(change.new)) <= _SHORT_CHANGE:
        part, context = (change.old, change.old_context) if change.old else (change.new, change.new_context)
        left, found, right = context.partition(part)
        if found:
            before, after = _tail(left), _head(right)
    return Glimpse(change.kind, change.old[:_GLIMPSE], change.new[:_GLIMPSE], change.weight, before, after)


def _tail(text: str) -> str:
    """The last words of what stands before a change; in scripts without spaces, the last characters."""
    if len(text) <= _AROUND:
        return text
    cut = text[-_AROUND:]
    return "…" + (cut.partition(" ")[2] if " " in cut.strip() else cut[_AROUND // 2 :])


def _head(text: str) -> str:
    if len(text) <= _AROUND:
        return text
    cut = text[:_AROUND]
    return (cut.rpartition(" ")[0] if " " in cut.strip() else cut[: _AROUND // 2]) + "…"


class Gathering:
    """Takes in every post's last check, and adds up what the front page says.

    Args:
        ledger: open for reading.
        facts: reads front matter.
        baseline: what the news are measured from.
    """

    def __init__(self, ledger: Ledger, facts: FactsReader, baseline: Baseline) -> None:
        self._ledger, self._facts, self._baseline = ledger, facts, baseline
        self._news: dict[NewsKind, list[News]] = {kind: [] for kind in NewsKind}
        self._news_counts: Counter[NewsKind] = Counter()
        self._verdicts: Counter[Verdict] = Counter()
        self._confirmed: Counter[Verdict] = Counter()
        self._natures: Counter[Nature] = Counter()
        self._hosts: dict[str, Counter[Verdict]] = defaultdict(Counter)
        self._years: dict[str, Counter[Verdict]] = defaultdict(Counter)
        self._categories: dict[str, Counter[Verdict]] = defaultdict(Counter)
        self._silent = self._never = self._skipped = 0
        self._ages, self._pew = Ages(), PewCounting()
        self._as_of: Check | None = None

    def take(self, check: Check) -> Seen:
        """Take in the last check of a post."""
        observations = named_alike(self._ledger.observations(check.post))
        rounds = self._ledger.reporting.rounds(check.post)
        stands = standing(observations)
        if stands is None or len(rounds) != len(observations):  # a run wrote between the two questions
            raise ArchiveError(f"{check.post}: the ledger was written while it was read: make the report again")
        line = self._line(check, stands, rounds)
        self._count(line, check, stands, rounds)
        self._ages.add(line.day, observations)
        self._tell(line, stands, rounds, observations)
        if self._as_of is None or check.checked_at > self._as_of.checked_at:
            self._as_of = check
        return Seen(line, check, stands, rounds)

    def overview(self, runs: Sequence[RunOverview]) -> Overview | None:
        """What the front page says of all that was taken in; None of nothing."""
        if self._as_of is None:
            return None
        made = [run for run in runs if run.checks]
        counts = self._news_counts
        return Overview(
            as_of=self._as_of.checked_at,
            runs=len(made),
            last_run=made[-1].number,
            first_at=made[0].started_at,
            baseline=self._baseline,
            news={kind: tuple(self._news[kind]) for kind in NewsKind if counts[kind]},
            news_counts={kind: counts[kind] for kind in NewsKind if counts[kind]},
            verdicts=Tally("", dict(self._verdicts)),
            confirmed=dict(self._confirmed),
            silent=self._silent,
            coverage=self._coverage(),
            hosts=_worst_first(self._hosts),
            years=tuple(Tally(name, dict(self._years[name])) for name in sorted(self._years, key=_undated_last)),
            categories=_worst_first(self._categories),
            natures=dict(self._natures.most_common()),
            survival=self._ages.result(),
            pew=self._pew.result(),
        )

    def _line(self, check: Check, stands: Standing, rounds: Sequence[Round]) -> PostLine:
        facts, judgement = self._facts.facts(check), check.judgement
        source = check.source or ""
        final = check.final_url or ""
        return PostLine(
            page=page_name(check.post),
            post=check.post,
            title=titles(facts, check.post),
            source=source,
            host=host_of(source.strip()) if source else "",
            day=facts.day,
            categories=facts.categories,
            verdict=judgement.verdict,
            reason=judgement.reason,
            natures=judgement.natures,
            silent=judgement.verdict is Verdict.EDITED and judgement.admission is None,
            glimpse=glimpse_of(judgement.changes[0]) if judgement.changes else None,
            changes=len(judgement.changes),
            final_url=final if final != source else "",
            since=stands.since,
            confirmed=stands.is_confirmed,
            checked_at=check.checked_at,
            check=rounds[-1].number,
        )

    def _count(self, line: PostLine, check: Check, stands: Standing, rounds: Sequence[Round]) -> None:
        verdict = line.verdict
        self._verdicts[verdict] += 1
        if verdict in CONFIRMABLE and stands.is_confirmed:
            self._confirmed[verdict] += 1
        if verdict is Verdict.EDITED:
            self._natures.update(line.natures)
        self._silent += line.silent
        self._hosts[line.host][verdict] += 1
        self._years[line.year][verdict] += 1
        for category in line.categories or ("",):
            self._categories[category][verdict] += 1
        if verdict is Verdict.UNCHECKED:
            asked = any(one.verdict is not Verdict.UNCHECKED for one in rounds)
            self._skipped += asked
            self._never += not asked
        self._pew.add(check)

    def _tell(
        self, line: PostLine, stands: Standing, rounds: Sequence[Round], observations: Sequence[Observation]
    ) -> None:
        base = self._baseline
        if base.kind is BaselineKind.NOTHING or rounds[-1].number <= base.check:
            return
        known = sum(1 for one in rounds if one.number <= base.check)
        kind = news_kind(observations[:known], stands, observations[-1])
        if kind is None:
            return
        self._news_counts[kind] += 1
        insort(self._news[kind], News(kind, line, rounds[known - 1].verdict if known else None), key=_weightiest_first)
        del self._news[kind][NEWS_SHOWN:]

    def _coverage(self) -> Coverage:
        whole = Tally("", self._verdicts)
        unchecked = self._verdicts[Verdict.UNCHECKED]
        return Coverage(
            posts=whole.posts,
            checked=whole.known,
            unverifiable=whole.of(Group.UNKNOWN) - unchecked,
            skipped=self._skipped,
            never=self._never,
        )


def _weightiest_first(news: News) -> tuple[float, int, str]:
    line = news.line
    return -(line.glimpse.weight if line.glimpse else 0.0), -(line.day or date.min).toordinal(), line.post


def _worst_first(found: Mapping[str, Mapping[Verdict, int]]) -> tuple[Tally, ...]:
    tallies: Iterable[Tally] = (Tally(name, dict(counts)) for name, counts in found.items())
    return tuple(sorted(tallies, key=lambda one: (-_bad(one), -one.posts, one.name)))


def _bad(tally: Tally) -> int:
    return sum(count for verdict, count in tally.counts.items() if GROUPS[verdict] in (Group.LOST, Group.DRIFTED))


def _undated_last(year: str) -> tuple[bool, str]:
    return not year, year
