"""What a report says, as frozen values: the pure layer between the ledger and every output made of it.

Texts are original text, not escaped and not made visible: that is each output's own duty. Times are aware UTC
datetimes, shares 0..1, ages years of 365.25 days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from preserve.confirm import Standing
from preserve.ledger import Round
from preserve.model import ChangeKind, Check, Nature, Reason, Verdict
from preserve.report.passages import Marked
from preserve.report.survival import Curve


class Group(StrEnum):
    """What a verdict comes to, in one word of four."""

    HOLDS = "holds"  # the source says what the copy says
    DRIFTED = "drifted"  # content drift: there, but different
    LOST = "lost"  # reference rot: not there
    UNKNOWN = "unknown"  # nothing is known of the article today


GROUPS: Final[Mapping[Verdict, Group]] = {
    Verdict.INTACT: Group.HOLDS,
    Verdict.MOVED: Group.HOLDS,
    Verdict.EDITED: Group.DRIFTED,
    Verdict.TRUNCATED: Group.DRIFTED,
    Verdict.REPLACED: Group.LOST,
    Verdict.GONE: Group.LOST,
    Verdict.BLOCKED: Group.UNKNOWN,
    Verdict.UNREACHABLE: Group.UNKNOWN,
    Verdict.UNEXTRACTABLE: Group.UNKNOWN,
    Verdict.UNCHECKED: Group.UNKNOWN,
}
"""Every verdict, in the order in which a report names them."""


@dataclass(frozen=True, slots=True)
class PostFacts:
    """What a post's front matter says of it.

    Attributes:
        title: "" where it has none or could not be read.
        date: as written; else as the file's name has it; "" without.
        day: the same as a calendar day; None where it can't be understood.
        categories: of the front matter; its tags where it has no categories.
        author: as written; "" without.
    """

    title: str = ""
    date: str = ""
    day: dt.date | None = None
    categories: tuple[str, ...] = ()
    author: str = ""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The weightiest change of a check, for one line.

    Attributes:
        kind, old, new: of the change, the texts cut where they are long.
        weight: of the change.
        before, after: a few words around it; "" where the change says enough by itself.
    """

    kind: ChangeKind
    old: str
    new: str
    weight: float
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class PostLine:
    """One post, as lists and the front page have it.

    Attributes:
        page: name of its page, without suffix: hexadecimal, from the path's digest.
        post: its path.
        title: from its front matter; the file's name where it has none.
        source, host: of its source; "" without one.
        day: of the post; None where not known.
        categories: see `PostFacts`.
        verdict, reason, natures: of its last check.
        silent: `edited`, and the page does not own up to it.
        glimpse: the weightiest change; None without one.
        changes: how many there are.
        final_url: where it answered; "" where nowhere, or where it was asked.
        since: since when it stands as it does.
        confirmed: several observations confirm it, or one is enough.
        checked_at: of the last check.
        check: the number of that check.
    """

    page: str
    post: str
    title: str
    source: str
    host: str
    day: dt.date | None
    categories: tuple[str, ...]
    verdict: Verdict
    reason: Reason | None
    natures: tuple[Nature, ...]
    silent: bool
    glimpse: Glimpse | None
    changes: int
    final_url: str
    since: datetime
    confirmed: bool
    checked_at: datetime
    check: int

    @property
    def year(self) -> str:
        """Of the post, as four digits; "" where not known."""
        return f"{self.day.year:04d}" if self.day else ""


class NewsKind(StrEnum):
    """What became of a post since the last report, most worrying first."""

    LOST = "lost"  # gone or replaced, and was not
    DRIFTED = "drifted"  # edited or cut, and was not; or edited anew
    CONFIRMED = "confirmed"  # seen before, and now confirmed
    BACK = "back"  # says again what the copy says
    MOVED = "moved"
    HIDDEN = "hidden"  # no longer to be seen: blocked, unreachable, unextractable
    REASSESSED = "reassessed"  # judged otherwise, though the source did not change
    NEW = "new"  # checked for the first time, and as kept or not to be seen


@dataclass(frozen=True, slots=True)
class News:
    """One post that stands otherwise than at the last report.

    Attributes:
        kind: what became of it.
        line: the post now.
        before: the verdict then; None for a post that had no check then.
    """

    kind: NewsKind
    line: PostLine
    before: Verdict | None


class BaselineKind(StrEnum):
    """What the news are measured from."""

    REPORT = "report"  # the last report into the same directory that there was something new for
    RUN = "run"  # no earlier report: the run before the last
    NOTHING = "nothing"  # no earlier report, and one run


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the news are measured from.

    Attributes:
        kind: see there.
        check: number of the last check that was known then; 0 for none.
        at: when that was; None for none.
    """

    kind: BaselineKind
    check: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The posts of one host, year or category.

    Attributes:
        name: of it; "" for the posts that have none.
        counts: posts by verdict; without those that did not occur.
    """

    name: str
    counts: Mapping[Verdict, int]

    @property
    def posts(self) -> int:
        """How many."""
        return sum(self.counts.values())

    def of(self, group: Group) -> int:
        """How many of a group."""
        return sum(count for verdict, count in self.counts.items() if GROUPS[verdict] is group)

    @property
    def known(self) -> int:
        """How many it is known of what became of them: the denominator of rot and drift."""
        return self.posts - self.of(Group.UNKNOWN)

    def share(self, group: Group) -> float | None:
        """0..1 of those known; None where nothing is known of any."""
        return self.of(group) / self.known if self.known else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the collection the figures rest on.

    Attributes:
        posts: in the ledger.
        checked: whose last check could say what became of the source.
        unverifiable: asked in the last check, and nothing can be said.
        skipped: not asked in the last check, but before.
        never: never asked.
    """

    posts: int
    checked: int
    unverifiable: int
    skipped: int
    never: int


@dataclass(frozen=True, slots=True)
class PewCount:
    """Link rot as the Pew Research Center counted it in 2024 (`preserve.report.pew`), beside our own.

    Attributes:
        asked: posts whose source was asked: the denominator.
        by_status: posts by status, of the statuses that study calls inaccessible.
        no_answer: posts whose source gave no answer: no such host, timeout, refused, reset.
        ours_lost: posts that are gone or replaced by our own count.
        both: posts that count as inaccessible there and as lost with us.
        soft: lost with us, though the page answered with a status that study takes for accessible.
        doubtful: inaccessible there, and with us blocked, unreachable or not to be read: perhaps there tomorrow.
    """

    asked: int
    by_status: Mapping[int, int]
    no_answer: int
    ours_lost: int
    both: int
    soft: int
    doubtful: int

    @property
    def inaccessible(self) -> int:
        """By status and without answer."""
        return sum(self.by_status.values()) + self.no_answer


@dataclass(frozen=True, slots=True)
class Survival:
    """How long sources last.

    Attributes:
        there: until gone or replaced.
        same: until the source no longer says what the copy says.
        left_out: posts without a date, dated after their checks, or never seen either way.
    """

    there: Curve
    same: Curve
    left_out: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What the front page says.

    Attributes:
        as_of: when the last check was made; the report is of that moment.
        runs, last_run: how many runs, and the number of the last.
        first_at: when the first run began.
        baseline: what `news` is measured from.
        news: kinds with the posts, the first so many of each kind: weightiest change first, then newest post first.
        news_counts: how many there are of each kind.
        verdicts: the whole collection.
        confirmed: posts by verdict that several observations confirm.
        silent: edited posts whose page does not own up to it.
        coverage: the denominators.
        hosts, years, categories: the collection cut three ways; hosts and categories by falling number of
            posts lost or drifted, years in order.
        natures: posts by the nature of their edit.
        survival: by age.
        pew: link rot as others count it.
    """

    as_of: datetime
    runs: int
    last_run: int
    first_at: datetime
    baseline: Baseline
    news: Mapping[NewsKind, tuple[News, ...]]
    news_counts: Mapping[NewsKind, int]
    verdicts: Tally
    confirmed: Mapping[Verdict, int]
    silent: int
    coverage: Coverage
    hosts: tuple[Tally, ...]
    years: tuple[Tally, ...]
    categories: tuple[Tally, ...]
    natures: Mapping[Nature, int]
    survival: Survival
    pew: PewCount


@dataclass(frozen=True, slots=True)
class Spell:
    """Consecutive checks of a post that came out alike.

    Attributes:
        rounds: oldest first.
    """

    rounds: tuple[Round, ...]

    @property
    def last(self) -> Round:
        """The last of them, which speaks for all."""
        return self.rounds[-1]

    @property
    def first(self) -> Round:
        """The first of them."""
        return self.rounds[0]


@dataclass(frozen=True, slots=True)
class OtherCopy:
    """Another post that keeps the same source.

    Attributes:
        page: name of its page.
        post: its path.
        verdict: of its last check.
        same_bytes: the two files are the same, byte for byte.
    """

    page: str
    post: str
    verdict: Verdict
    same_bytes: bool


@dataclass(frozen=True, slots=True)
class PostPage:
    """What a post's page says.

    Attributes:
        line: the post.
        check: its last check.
        standing: where it stands after all of them.
        marked: stored copy and source; None without differences.
        since_last: earlier capture and source, where that says something else; None otherwise.
        spells: the history, newest first.
        copies: other stored copies of the source, in the order they were checked.
        citations: of the source with its archived copy: the format's name and the lines.
        language: tag of the stored copy's language; "" where not known.
    """

    line: PostLine
    check: Check
    standing: Standing
    marked: Marked | None
    since_last: Marked | None
    spells: tuple[Spell, ...]
    copies: tuple[OtherCopy, ...]
    citations: tuple[tuple[str, tuple[str, ...]], ...]
    language: str
