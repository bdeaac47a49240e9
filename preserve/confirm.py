"""Owns what a post's checks say together: one run observes, several confirm (docs/verdicts.md).

`gone` and `replaced` are confirmed by three observations with at least three days between each and the next
(`gone` by 410: two), `edited` by a second capture whose page has the same text. `blocked` and `unreachable`
neither count nor reset, nor does what failed in a host incident. One intact check restores.

A newer extractor or newer rules are no change of the source. Texts that different versions read are compared by what
one version says of both pages (`changed`); a verdict that the earlier page has too by the same rules (`before`), or
that was found by judging an old capture again, is where the post stands, but no news of its source.

Times are those of the machine that checked, and its clock may have been wrong. Checks hold in the order they were
made; how far apart they lie is taken only from times that agree with that order.

Pure; reads no ledger and no clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from preserve.model import Reason, Verdict

BETWEEN_STRIKES: Final = timedelta(days=3)
STRIKES: Final = 3
STRIKES_410: Final = 2
EDITED_CAPTURES: Final = 2
# How far back a text that comes and goes is still called unstable, in observations that count.
UNSTABLE_WITHIN: Final = 6

# They say nothing about the article: it may be there or not.
SILENT: Final = frozenset({Verdict.BLOCKED, Verdict.UNREACHABLE, Verdict.UNCHECKED})
ABSENT: Final = frozenset({Verdict.GONE, Verdict.REPLACED})
PRESENT: Final = frozenset({Verdict.INTACT, Verdict.EDITED, Verdict.TRUNCATED, Verdict.MOVED})
# What one observation does not settle and several do.
CONFIRMABLE: Final = frozenset({Verdict.GONE, Verdict.REPLACED, Verdict.EDITED})
# Believed at once: the article was seen whole.
WHOLE: Final = frozenset({Verdict.INTACT, Verdict.MOVED})


@dataclass(frozen=True, slots=True)
class Observation:
    """What one check of a post adds to its standing.

    Attributes:
        at: when the source was asked.
        verdict, reason: of the check.
        text: names what the page said, the same for two captures that say the same; "" when not known.
        capture: names the capture, so that one that was judged again counts once; "" without one.
        incident: whether the host had an incident in that run.
        judged_by: names extractor and rules, the same where they are the same; texts are alike by name only then.
        changed: whether the article's text changed since the capture `previous`, both read by the same extractor; None
            where that is not known.
        previous: names that earlier capture; "" without one.
        before: what that earlier capture is by the same rules; None where that was not asked.
        at_visit: the verdict that the visit concluded, where the check was judged again since; None for `verdict`.
        in_order: whether `at` agrees with the order the checks were made in; `standing` finds out, for those that
            count.
    """

    at: datetime
    verdict: Verdict
    reason: Reason | None = None
    text: str = ""
    capture: str = ""
    incident: bool = False
    judged_by: str = ""
    changed: bool | None = None
    previous: str = ""
    before: Verdict | None = None
    at_visit: Verdict | None = None
    in_order: bool = True

    @property
    def judged_otherwise(self) -> bool:
        """Whether it has its verdict from a re-judgement, and not from the visit."""
        return self.at_visit is not None and self.at_visit is not self.verdict

    @property
    def counts(self) -> bool:
        """Whether it says anything about the article. In an incident only its presence does."""
        if self.incident:
            return self.verdict in PRESENT
        return self.verdict not in SILENT


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a post stands after its last check.

    Attributes:
        observed, reason: the last check's verdict and reason.
        since: when that verdict was first observed without another that counts in between.
        counted: the last verdict that says something of the article, which `strikes` and `needed` are about;
            None where none does.
        confirmed: the last verdict that was confirmed and has not been refuted since; None without one.
        strikes: observations that count towards confirming `counted`.
        needed: how many confirm it; 0 where that verdict is never confirmed (`truncated`, `unextractable`).
        next_strike: the earliest time at which another observation would count; None where none is needed, or
            any time will do.
        unstable: the source left a state and came back to it lately (A/B/A); where the state between was an
            absence, that is `resurrected` instead.
        resurrected: the article is back: just before `counted` the source was gone or replaced.
        source_unchanged: the source did not change into `counted`: by the same rules it was so already when the post
            was last found otherwise. Newer extraction or rules made the difference, or an altered stored copy.
    """

    observed: Verdict
    reason: Reason | None
    since: datetime
    counted: Verdict | None
    confirmed: Verdict | None
    strikes: int
    needed: int
    next_strike: datetime | None
    unstable: bool
    resurrected: bool
    source_unchanged: bool = False

    @property
    def is_confirmed(self) -> bool:
        """Whether the observed verdict is the confirmed one."""
        return self.observed is self.confirmed


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A change of a source that was confirmed, or that an article is whole again after one.

    Attributes:
        verdict, reason: what was confirmed.
        since: the first observation that counted for it.
        at: the one that settled it.
        capture: names the capture of that one, "" without one.
    """

    verdict: Verdict
    reason: Reason | None
    since: datetime
    at: datetime
    capture: str


def standing(history: Iterable[Observation]) -> Standing | None:
    """Where a post stands after `history`.

    Args:
        history: in the order the checks were made. Of one capture that was judged several times the last
            judgement holds, at the place of the first.

    Returns:
        The standing, or None for an empty history.
    """
    observations = _comparable(history)
    if not observations:
        return None
    last = observations[-1]
    counting = _marked([one for one in observations if one.counts])
    since = _streak(counting if last.counts else observations)[0].at
    if not counting:
        return Standing(last.verdict, last.reason, since, None, None, 0, 0, None, False, False)
    counted = counting[-1].verdict
    before = counting[: len(counting) - len(_streak(counting))]
    strikes, needed = _strikes(counting)
    wanting = len(strikes) < needed and counted in ABSENT
    return Standing(
        observed=last.verdict,
        reason=last.reason,
        since=since,
        counted=counted,
        confirmed=_confirmed(counting),
        strikes=len(strikes),
        needed=needed,
        next_strike=strikes[-1].at + BETWEEN_STRIKES if wanting else None,
        unstable=_unstable(counting),
        resurrected=counted in PRESENT and bool(before) and before[-1].verdict in ABSENT,
        source_unchanged=_was_so(strikes[0], counting),
    )


def confirmations(history: Iterable[Observation]) -> tuple[Confirmation, ...]:
    """Every change that was confirmed, in order: what is news of a post, and stays so whatever comes after.

    A text that was edited again and confirmed again is another change. `intact` and `moved` are told only after
    one of the others was: the first look at an article is no change. Nor is one that newer judging alone made.

    Args:
        history: as for `standing`.
    """
    observations = [one for one in _comparable(history) if one.counts]
    if not any(one.verdict in CONFIRMABLE for one in observations):
        return ()
    told: list[Confirmation] = []
    state: tuple[Verdict, str] | None = None
    for end, one in enumerate(observations, start=1):
        strikes, needed = _strikes(observations[:end])
        if not needed or len(strikes) < needed:
            if state is not None and state[0] in ABSENT and one.verdict in PRESENT:
                state = None  # refuted: whatever is confirmed next is news
            continue
        now = (Verdict.INTACT, "") if one.verdict in WHOLE else (one.verdict, one.text)
        now = (one.verdict, "") if one.verdict in ABSENT else now
        if not _of_the_source(strikes, needed, observations[:end]):
            continue
        if now != state and (told or one.verdict not in WHOLE):
            told.append(Confirmation(one.verdict, one.reason, strikes[0].at, one.at, one.capture))
        state = now
    return tuple(told)


def confirmed_counts(histories: Iterable[Iterable[Observation]]) -> Mapping[Verdict, int]:
    """How many posts stand confirmed as what they were last observed to be, of those that several confirm.

    Args:
        histories: each as for `standing`.
    """
    counts = dict.fromkeys(CONFIRMABLE, 0)
    for history in histories:
        found = standing(history)
        if found is not None and found.is_confirmed and found.observed in counts:
            counts[found.observed] += 1
    return counts


def _comparable(history: Iterable[Observation]) -> Sequence[Observation]:
    """The observations, a capture judged again in the place of its first judgement, alike texts by the same name."""
    kept: dict[object, Observation] = {}
    for index, one in enumerate(history):
        kept[one.capture or index] = one
    return named_alike(list(kept.values()))


def named_alike(observations: Sequence[Observation]) -> Sequence[Observation]:
    """One name for a text that two versions of the extractor, or of the rules, name differently.

    A page that did not change between two captures, both read by the later version, says the same in both.

    Args:
        observations: as for `standing`.

    Returns:
        The same observations, as many.
    """
    if len({one.judged_by for one in observations if one.text}) < 2:
        return observations
    found: list[Observation] = []
    by_capture: dict[str, Observation] = {}
    first_names: dict[tuple[str, str], str] = {}
    for one in observations:
        named = (one.judged_by, one.text)
        earlier = by_capture.get(one.previous)
        if one.text and one.changed is False and earlier is not None and earlier.judged_by != one.judged_by:
            first_names.setdefault(named, earlier.text or one.text)
        found.append(replace(one, text=first_names.get(named, one.text)))
        if one.capture:
            by_capture[one.capture] = found[-1]
    return found


def _of_the_source(strikes: Sequence[Observation], needed: int, counting: Sequence[Observation]) -> bool:
    """Whether a confirmed verdict is of what the source did, as far as visits told, and not of newer judging."""
    seen_so = sum(not one.judged_otherwise for one in strikes)
    return seen_so >= needed and not strikes[0].judged_otherwise and not _was_so(strikes[0], counting)


def _was_so(first: Observation, counting: Sequence[Observation]) -> bool:
    """Whether the observation before `first`, which has another verdict, has the same one by the rules of `first`."""
    place = next(index for index, one in enumerate(counting) if one is first)
    earlier = counting[place - 1] if place else None
    if earlier is None or earlier.verdict is first.verdict or earlier.verdict not in PRESENT:
        return False
    compared = bool(first.previous) and first.previous == earlier.capture
    return compared and (first.changed is False or first.before is first.verdict)


def _marked(observations: Sequence[Observation]) -> Sequence[Observation]:
    """The observations, those marked whose times can't be relied on because they are not in order.

    Relied on are those that every longest row in order has: a clock that was wrong for a while is outvoted, and
    where it can't be told which time is the wrong one, none of them counts.
    """
    moments = [one.at for one in observations]
    if moments == sorted(moments):
        return observations
    times = [one.timestamp() for one in moments]
    here = _row_lengths(times)
    behind = _row_lengths([-time for time in reversed(times)])[::-1]
    longest = max(here)
    in_a_longest = [upto + onwards - 1 == longest for upto, onwards in zip(here, behind, strict=True)]
    rivals = Counter(place for place, is_in in zip(here, in_a_longest, strict=True) if is_in)
    return [
        replace(one, in_order=is_in and rivals[place] == 1)
        for one, place, is_in in zip(observations, here, in_a_longest, strict=True)
    ]


def _row_lengths(times: Sequence[float]) -> list[int]:
    """How many of `times` the longest row in order has that ends with each (patience sorting)."""
    ends: list[float] = []
    lengths = []
    for time in times:
        place = bisect_right(ends, time)
        ends[place : place + 1] = [time]
        lengths.append(place + 1)
    return lengths


def _streak(observations: Sequence[Observation]) -> Sequence[Observation]:
    """The last observations as far as they agree in verdict."""
    verdict, start = observations[-1].verdict, len(observations)
    while start and observations[start - 1].verdict is verdict:
        start -= 1
    return observations[start:]


def _confirmed(counting: Sequence[Observation]) -> Verdict | None:
    """The last verdict confirmed and not refuted since."""
    confirmed: Verdict | None = None
    for end, one in enumerate(counting, start=1):
        if one.verdict in WHOLE:  # as `_strikes` has it; told without a look at all that was before
            confirmed = one.verdict
            continue
        strikes, needed = _strikes(counting[:end])
        if needed and len(strikes) >= needed:
            confirmed = one.verdict
        elif confirmed in ABSENT and one.verdict in PRESENT:
            confirmed = None
    return confirmed


def _strikes(counting: Sequence[Observation]) -> tuple[Sequence[Observation], int]:
    """What counts for the verdict of the last of `counting`, and how many it needs."""
    last = counting[-1]
    if last.verdict in WHOLE:
        return (last,), 1
    if last.verdict is Verdict.EDITED:
        return _alike(counting, last), EDITED_CAPTURES
    if last.verdict not in ABSENT:
        return (last,), 0
    streak = _streak(counting)
    strikes = _apart(streak)
    by_410 = _apart([one for one in streak if one.reason is Reason.GONE_410])
    if len(strikes) < STRIKES and STRIKES_410 - len(by_410) <= STRIKES - len(strikes) and by_410:
        return by_410, STRIKES_410
    return strikes, STRIKES


def _apart(observations: Sequence[Observation]) -> Sequence[Observation]:
    """Those that lie far enough behind the one counted before; the last where no time is to be trusted."""
    counted: list[Observation] = []
    for one in [one for one in observations if one.in_order] or observations[-1:]:
        if not counted or one.at - counted[-1].at >= BETWEEN_STRIKES:
            counted.append(one)
    return counted


def _alike(counting: Sequence[Observation], last: Observation) -> Sequence[Observation]:
    """The edited captures with the text of `last` since the article was last seen whole."""
    found: list[Observation] = []
    for one in reversed(counting):
        if one.verdict in WHOLE:
            break
        if one is last or (one.verdict is Verdict.EDITED and one.text and one.text == last.text):
            found.append(one)
    return found[::-1]


def _unstable(counting: Sequence[Observation]) -> bool:
    """Whether a state was left and come back to lately, other than by an absence."""
    states: list[tuple[str, bool]] = []
    for one in counting[-UNSTABLE_WITHIN:]:
        state = one.text if one.verdict in PRESENT and one.text else str(one.verdict)
        if not states or states[-1][0] != state:
            states.append((state, one.verdict in ABSENT))
    return any(
        first == third and not absent
        for (first, _), (_, absent), (third, _) in zip(states, states[1:], states[2:], strict=False)
    )
