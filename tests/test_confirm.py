"""One run observes, several confirm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preserve.confirm import ABSENT, PRESENT, SILENT, WHOLE, Observation, Standing, confirmations, standing
from preserve.model import Reason, Verdict

START = datetime(2026, 3, 1, tzinfo=UTC)
INTACT, EDITED, MOVED = Verdict.INTACT, Verdict.EDITED, Verdict.MOVED
GONE, REPLACED, TRUNCATED = Verdict.GONE, Verdict.REPLACED, Verdict.TRUNCATED
BLOCKED, UNREACHABLE = Verdict.BLOCKED, Verdict.UNREACHABLE


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def seen(verdict: Verdict, at: float, text: str = "", reason: Reason | None = None) -> Observation:
    return Observation(day(at), verdict, reason, text)


def gone_410(at: float) -> Observation:
    return seen(GONE, at, reason=Reason.GONE_410)


def after(*history: Observation) -> Standing:
    found = standing(history)
    assert found is not None
    return found


def weekly(verdicts: list[Verdict]) -> list[Observation]:
    return [seen(verdict, 7 * week) for week, verdict in enumerate(verdicts)]


# ---------------------------------------------------------------- absences


def test_without_checks_there_is_no_standing() -> None:
    assert standing([]) is None


@pytest.mark.parametrize("verdict", sorted(ABSENT))
def test_an_absence_is_confirmed_by_three_observations_three_days_apart(verdict: Verdict) -> None:
    one, two, three = seen(verdict, 0), seen(verdict, 3), seen(verdict, 6)
    assert after(one) == Standing(verdict, None, day(0), verdict, None, 1, 3, day(3), False, False)
    assert after(one, two) == Standing(verdict, None, day(0), verdict, None, 2, 3, day(6), False, False)
    assert after(one, two, three) == Standing(verdict, None, day(0), verdict, verdict, 3, 3, None, False, False)
    assert after(one, two, three).is_confirmed


def test_observations_too_close_to_the_one_counted_before_do_not_count() -> None:
    standing = after(*(seen(GONE, at) for at in (0, 1, 2.9, 3, 4, 5.9)))
    assert (standing.strikes, standing.confirmed, standing.next_strike) == (2, None, day(6))


def test_410_is_believed_at_the_second_observation() -> None:
    assert (after(gone_410(0)).needed, after(gone_410(0)).confirmed) == (2, None)
    assert after(gone_410(0), gone_410(2)).confirmed is None
    assert after(gone_410(0), gone_410(3)).confirmed is GONE


def test_410_counts_as_a_strike_among_404s_too() -> None:
    assert after(seen(GONE, 0), gone_410(3)).confirmed is None
    assert after(seen(GONE, 0), gone_410(3), seen(GONE, 6)).confirmed is GONE
    assert after(gone_410(0), seen(GONE, 3), gone_410(6)).confirmed is GONE


def test_gone_and_replaced_are_counted_apart() -> None:
    assert after(seen(GONE, 0), seen(GONE, 3), seen(REPLACED, 6)).strikes == 1


def test_what_is_confirmed_stays_so_while_something_else_is_only_observed() -> None:
    standing = after(seen(INTACT, 0), seen(GONE, 7))
    assert (standing.observed, standing.confirmed, standing.is_confirmed) == (GONE, INTACT, False)


@given(
    st.lists(st.sampled_from(Verdict), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from(sorted(SILENT))), max_size=4),
)
def test_what_says_nothing_neither_counts_nor_resets(
    verdicts: list[Verdict], silent: list[tuple[int, Verdict]]
) -> None:
    history = weekly(verdicts)
    mixed = list(history)
    for place, verdict in silent:
        mixed.insert(place, Observation(day(7 * place), verdict))
    plain, found = after(*history), after(*mixed)
    assert replace(found, observed=plain.observed, since=plain.since) == plain


def test_what_says_nothing_is_observed_all_the_same() -> None:
    assert after(seen(BLOCKED, 0, reason=Reason.CHALLENGE)) == Standing(
        BLOCKED, Reason.CHALLENGE, day(0), None, None, 0, 0, None, False, False
    )


def test_a_wall_leaves_the_next_strike_where_it_was() -> None:
    standing = after(seen(GONE, 0), seen(BLOCKED, 7))
    assert (standing.counted, standing.strikes, standing.next_strike) == (GONE, 1, day(3))


def test_a_wall_does_not_hide_what_was_confirmed() -> None:
    standing = after(*(seen(GONE, at) for at in (0, 3, 6)), seen(BLOCKED, 7), seen(UNREACHABLE, 14))
    assert standing == Standing(UNREACHABLE, None, day(14), GONE, GONE, 3, 3, None, False, False)


def test_since_says_when_the_verdict_began() -> None:
    history = [seen(INTACT, 0), seen(GONE, 7), seen(BLOCKED, 14), seen(GONE, 21)]
    assert after(*history).since == day(7)
    assert after(*history, seen(BLOCKED, 28), seen(BLOCKED, 35)).since == day(28)


@given(st.lists(st.sampled_from(Verdict), max_size=10), st.sampled_from(sorted(WHOLE)))
def test_one_check_that_sees_the_article_whole_restores(before: list[Verdict], whole: Verdict) -> None:
    history = weekly([*before, whole])
    found = after(*history)
    assert (found.confirmed, found.needed, found.next_strike) == (whole, 1, None)
    again = after(*history, seen(GONE, 7 * len(history)))
    assert (again.strikes, again.confirmed) == (1, whole)


@given(st.lists(st.sampled_from(Verdict), max_size=10), st.sampled_from(sorted(PRESENT)))
def test_an_absence_does_not_stay_confirmed_once_the_article_was_seen(before: list[Verdict], present: Verdict) -> None:
    assert after(*weekly([*before, present])).confirmed not in ABSENT


@given(st.lists(st.sampled_from(Verdict), min_size=1, max_size=10))
def test_an_absence_is_never_confirmed_by_fewer_than_three_observations(verdicts: list[Verdict]) -> None:
    found = after(*weekly(verdicts))
    if found.confirmed in ABSENT:
        assert verdicts.count(found.confirmed) >= 3


def test_a_page_that_came_back_is_resurrected_for_as_long_as_that_verdict_lasts() -> None:
    gone = [seen(GONE, at) for at in (0, 3, 6)]
    assert after(*gone, seen(INTACT, 9)).resurrected
    assert after(*gone, seen(BLOCKED, 8), seen(EDITED, 9), seen(EDITED, 12)).resurrected
    assert not after(*gone, seen(INTACT, 9), seen(EDITED, 12)).resurrected
    assert not after(seen(INTACT, 0), seen(INTACT, 3)).resurrected
    assert not after(*gone).resurrected


# ---------------------------------------------------------------- host incidents


def test_what_fails_in_a_host_incident_does_not_count() -> None:
    incident = [replace(seen(GONE, at), incident=True) for at in (0, 3, 6)]
    standing = after(*incident)
    assert (standing.observed, standing.confirmed, standing.strikes) == (GONE, None, 0)
    assert after(seen(GONE, -6), seen(GONE, -3), *incident, seen(GONE, 9)).confirmed is GONE


def test_an_article_seen_in_a_host_incident_is_seen() -> None:
    assert after(seen(GONE, 0), replace(seen(INTACT, 3), incident=True)).confirmed is INTACT


# ---------------------------------------------------------------- edits


def test_an_edit_is_confirmed_by_a_second_capture_with_the_same_text() -> None:
    assert after(seen(EDITED, 0, "B")).confirmed is None
    assert after(seen(EDITED, 0, "B"), seen(EDITED, 0.1, "B")).confirmed is EDITED
    assert after(seen(EDITED, 0, "B"), seen(BLOCKED, 1), seen(EDITED, 2, "B")).confirmed is EDITED
    assert after(seen(EDITED, 0, "B"), seen(EDITED, 1, "C")).confirmed is None


def test_texts_that_are_not_known_confirm_nothing() -> None:
    assert after(seen(EDITED, 0), seen(EDITED, 7)).confirmed is None


def test_an_edit_taken_back_begins_anew() -> None:
    standing = after(seen(EDITED, 0, "B"), seen(INTACT, 7, "A"), seen(EDITED, 14, "B"))
    assert (standing.confirmed, standing.strikes) == (INTACT, 1)


def test_a_capture_judged_again_is_one_observation_and_its_last_judgement_holds() -> None:
    first = replace(seen(EDITED, 0, "B"), capture="one")
    assert after(first, first).confirmed is None
    assert after(first, replace(first, capture="two")).confirmed is EDITED
    assert after(first, replace(first, verdict=INTACT)).observed is INTACT


# ---------------------------------------------------------------- instability


@pytest.mark.parametrize(
    ("texts", "unstable"),
    [("A", False), ("AB", False), ("ABC", False), ("AABB", False), ("ABA", True), ("AABBAA", True)],
)
def test_a_text_that_comes_back_is_unstable(texts: str, unstable: bool) -> None:
    history = [seen(EDITED, 7 * week, text) for week, text in enumerate(texts)]
    assert after(*history).unstable is unstable


def test_a_source_that_flaps_is_unstable_one_that_came_back_is_not() -> None:
    assert after(*weekly([GONE, INTACT, GONE])).unstable
    assert not after(*weekly([INTACT, GONE, INTACT])).unstable
    assert not after(*weekly([INTACT, BLOCKED, INTACT])).unstable


def test_what_was_unstable_long_ago_is_so_no_more() -> None:
    assert not after(*weekly([TRUNCATED, INTACT, TRUNCATED, *[INTACT] * 5])).unstable


def test_a_clock_set_back_adds_no_strikes() -> None:
    assert after(seen(GONE, 10), seen(GONE, 2)).strikes == 1
    assert after(seen(GONE, 10), seen(GONE, 2), seen(GONE, 4)).strikes == 1
    assert after(seen(GONE, 0), seen(GONE, -20_000), seen(GONE, 1)).strikes == 1  # either clock may be the wrong one


def test_a_clock_far_ahead_for_a_while_neither_confirms_nor_puts_off_for_good() -> None:
    fooled = [seen(GONE, 0), seen(GONE, 27_000), seen(GONE, 1)]
    assert after(*fooled).strikes == 1
    assert not after(*fooled).is_confirmed
    assert after(*fooled, seen(GONE, 7), seen(GONE, 14)).is_confirmed


def test_where_no_time_is_to_be_trusted_there_is_one_strike() -> None:
    assert after(seen(INTACT, 0), seen(INTACT, 1), seen(GONE, -9_000)).strikes == 1
    assert after(seen(GONE, 27_000), seen(GONE, 1)).strikes == 1


@given(st.lists(st.integers(-30, 30), min_size=1, max_size=12))
def test_times_out_of_order_never_count_for_more_than_their_longest_row(days: list[int]) -> None:
    rows: list[list[int]] = [[]]
    for at in days:
        rows += [[*row, at] for row in rows if not row or row[-1] <= at]
    longest = max(map(len, rows))
    assert 1 <= after(*(seen(GONE, at) for at in days)).strikes <= longest


@given(st.lists(st.integers(0, 9), min_size=3, max_size=12), st.data())
def test_one_wrong_clock_among_right_ones_is_as_if_that_check_had_not_been(
    gaps: list[int], data: st.DataObject
) -> None:
    right = [seen(GONE, sum(gaps[:end])) for end in range(1, len(gaps) + 1)]
    ahead = data.draw(st.booleans())
    # Beside the end it stands alone against one other, and neither is believed.
    index = data.draw(st.integers(0, len(right) - 3) if ahead else st.integers(2, len(right) - 1))
    wrong = seen(GONE, 27_000 if ahead else -9_000)
    expected = after(*right[:index], *right[index + 1 :])
    assert after(*right[:index], wrong, *right[index + 1 :]).strikes == expected.strikes


# ---------------------------------------------------------------- what was confirmed, in order


def told(*history: Observation) -> list[tuple[Verdict, float]]:
    return [(one.verdict, (one.at - START) / timedelta(days=1)) for one in confirmations(history)]


def test_the_first_look_at_an_article_is_no_change() -> None:
    assert told(seen(INTACT, 0), seen(MOVED, 7), seen(TRUNCATED, 14), seen(BLOCKED, 21)) == []


def test_a_change_is_told_once_when_it_is_settled() -> None:
    history = weekly([INTACT, GONE, GONE, GONE, GONE, GONE])
    assert told(*history[:3]) == []
    assert told(*history) == [(GONE, 21)]
    (found,) = confirmations(history)
    assert found.since == day(7)


def test_an_article_that_is_back_is_told_after_it_was_lost() -> None:
    history = weekly([GONE, GONE, GONE, INTACT, INTACT, MOVED])
    assert told(*history) == [(GONE, 14), (INTACT, 21)]
    assert told(*weekly([GONE, GONE, INTACT])) == []


def test_a_loss_that_was_refuted_is_told_again_when_it_is_confirmed_again() -> None:
    assert told(*weekly([GONE, GONE, GONE, EDITED, GONE, GONE, GONE])) == [(GONE, 14), (GONE, 42)]
    assert told(*weekly([GONE, GONE, GONE, EDITED, INTACT])) == [(GONE, 14), (INTACT, 28)]


def test_another_text_is_another_edit() -> None:
    one, other = [seen(EDITED, at, "a") for at in (0, 7, 14)], [seen(EDITED, at, "b") for at in (21, 28, 35)]
    assert told(*one, *other) == [(EDITED, 7), (EDITED, 28)]


@given(st.lists(st.sampled_from([*Verdict]), max_size=12))
def test_what_was_told_stays_told(verdicts: list[Verdict]) -> None:
    history = [seen(verdict, 7 * week, "t") for week, verdict in enumerate(verdicts)]
    whole = confirmations(history)
    for end in range(len(history)):
        assert whole[: len(confirmations(history[:end]))] == confirmations(history[:end])
    last = standing(history)
    if last is not None and last.is_confirmed and last.observed not in WHOLE:
        assert whole[-1].verdict is last.observed


# ---------------------------------------------------------------- newer versions


def read_by(version: str, observation: Observation, **more: object) -> Observation:
    """The observation as a version of extractor and rules has it, of a capture of its own."""
    return replace(observation, judged_by=version, capture=f"of {observation.at}", **more)  # type: ignore[arg-type]


def since(earlier: Observation, /, **said: object) -> dict[str, object]:
    return {"previous": earlier.capture, **said}


def test_a_text_that_two_versions_name_differently_confirms_as_one() -> None:
    one = read_by("1", seen(EDITED, 0, "a"))
    two = read_by("2", seen(EDITED, 7, "b"), **since(one, changed=False))
    three = read_by("2", seen(EDITED, 14, "b"), **since(two, changed=False))
    assert after(one, two).is_confirmed
    assert len(confirmations([one, two, three])) == 1
    assert confirmations([one, two, three])[0].at == day(7)
    assert not after(one, two, three).unstable


def test_a_text_that_changed_between_two_versions_is_another() -> None:
    one = read_by("1", seen(EDITED, 0, "a"))
    two = read_by("2", seen(EDITED, 7, "b"), **since(one, changed=True, before=EDITED))
    assert not after(one, two).is_confirmed


def test_texts_that_one_version_names_differently_stay_two() -> None:
    one = read_by("1", seen(EDITED, 0, "a"))
    two = read_by("1", seen(EDITED, 7, "b"), **since(one, changed=False))
    assert not after(one, two).is_confirmed


@pytest.mark.parametrize("said", [{"changed": False}, {"changed": True, "before": EDITED}])
def test_what_the_earlier_page_was_already_is_confirmed_and_no_news(said: dict[str, object]) -> None:
    one = read_by("1", seen(INTACT, 0, "a"))
    two = read_by("2", seen(EDITED, 7, "b"), **since(one, **said))
    three = read_by("2", seen(EDITED, 14, "b"), **since(two, changed=False))
    assert after(one, two, three).is_confirmed
    assert after(one, two, three).source_unchanged
    assert confirmations([one, two, three]) == ()


def test_an_edit_that_the_earlier_page_had_not_is_news() -> None:
    one = read_by("1", seen(INTACT, 0, "a"))
    two = read_by("2", seen(EDITED, 7, "b"), **since(one, changed=True, before=INTACT))
    three = read_by("2", seen(EDITED, 14, "b"), **since(two, changed=False))
    assert [told.since for told in confirmations([one, two, three])] == [day(7)]
    assert not after(one, two, three).source_unchanged


def test_another_edit_after_one_that_was_there_before_is_news() -> None:
    one = read_by("1", seen(INTACT, 0, "a"))
    two = read_by("2", seen(EDITED, 7, "b"), **since(one, changed=False))
    three = read_by("2", seen(EDITED, 14, "c"), **since(two, changed=True, before=EDITED))
    four = read_by("2", seen(EDITED, 21, "c"), **since(three, changed=False))
    assert [told.since for told in confirmations([one, two, three, four])] == [day(14)]


def test_what_judging_again_made_is_no_news_and_what_visits_saw_is() -> None:
    again = {"at_visit": INTACT}
    one = read_by("2", seen(EDITED, 0, "a"), **again)
    two = read_by("2", seen(EDITED, 7, "a"), **again)
    three = read_by("2", seen(EDITED, 14, "a"))
    assert after(one, two, three).strikes == 3
    assert confirmations([one, two, three]) == ()
    seen_so = replace(one, at_visit=None)  # edited at the visit, then intact by the rules of then, then edited
    assert [told.at for told in confirmations([seen_so, two, three])] == [day(14)]


def test_an_article_that_is_back_is_told_whatever_it_was_before() -> None:
    one = read_by("1", seen(INTACT, 0, "a"))
    lost = [seen(GONE, at) for at in (7, 14, 21)]
    two = read_by("2", seen(EDITED, 28, "b"), **since(one, changed=False))
    three = read_by("2", seen(EDITED, 35, "b"), **since(two, changed=False))
    assert [told.verdict for told in confirmations([one, *lost, two, three])] == [GONE, EDITED]
