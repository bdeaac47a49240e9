"""Kaplan–Meier: the estimate, Greenwood's variance and the interval, against published figures and laws."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preserve.report.survival import NORMAL_95, Lifetime, kaplan_meier

# Remission of leukaemia under 6-MP, in weeks: E. J. Freireich et al., Blood 21 (1963); the textbook example of
# Kaplan-Meier since D. R. Cox and D. Oakes, Analysis of Survival Data (1984), table 1.1 and section 4.2.
REMISSIONS = [(6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1), (17, 0)]
REMISSIONS += [(19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]
PUBLISHED = {  # time: at risk, survival, standard error
    6: (21, 0.857, 0.0764),
    7: (17, 0.807, 0.0869),
    10: (15, 0.753, 0.0963),
    13: (12, 0.690, 0.1068),
    16: (11, 0.627, 0.1141),
    22: (7, 0.538, 0.1282),
    23: (6, 0.448, 0.1346),
}


def test_the_textbook_example() -> None:
    curve = kaplan_meier(Lifetime(time, bool(ended)) for time, ended in REMISSIONS)
    assert (curve.subjects, curve.ended, curve.longest, curve.median) == (21, 9, 35, 23)
    assert [step.time for step in curve.steps] == list(PUBLISHED)
    for step in curve.steps:
        at_risk, survival, error = PUBLISHED[int(step.time)]
        assert step.at_risk == at_risk
        assert step.survival == pytest.approx(survival, abs=5e-4)
        # On the log(-log) scale the error is that of the survival over S·log S.
        reach = NORMAL_95 * error / abs(survival * math.log(survival))
        assert step.low == pytest.approx(survival ** math.exp(reach), abs=2e-3)
        assert step.high == pytest.approx(survival ** math.exp(-reach), abs=2e-3)


def test_the_interval_that_r_gives() -> None:
    """As survfit(Surv(time, status) ~ 1, conf.type = "log-log") prints it for the same data, at 10 weeks."""
    step = kaplan_meier(Lifetime(time, bool(ended)) for time, ended in REMISSIONS).at(10)
    assert step is not None
    assert (step.low, step.high) == pytest.approx((0.503, 0.889), abs=1e-3)


def test_nothing_is_said_of_nobody_and_beyond_the_longest() -> None:
    assert kaplan_meier([]).at(0) is None
    curve = kaplan_meier([Lifetime(2, False), Lifetime(5, False)])
    assert curve.at(6) is None
    before = curve.at(1)
    assert before is not None
    assert before.survival == 1.0
    assert curve.median is None
    assert [curve.at_risk(age) for age in (0, 3, 9)] == [2, 1, 0]


def test_all_that_end_leave_nobody() -> None:
    last = kaplan_meier([Lifetime(1, True), Lifetime(2, True)]).steps[-1]
    assert (last.survival, last.low, last.high) == (0.0, 0.0, 0.0)


@given(st.lists(st.builds(Lifetime, st.integers(0, 50).map(float), st.booleans()), max_size=60))
def test_a_curve_falls_between_its_bounds(lifetimes: list[Lifetime]) -> None:
    curve = kaplan_meier(lifetimes)
    survivals = [1.0, *(step.survival for step in curve.steps)]
    assert survivals == sorted(survivals, reverse=True)
    assert all(
        0 <= step.low <= step.survival + 1e-12 and step.survival <= step.high + 1e-12 <= 1 + 1e-9
        for step in curve.steps
    )
    assert sum(step.ended for step in curve.steps) == curve.ended == sum(one.ended for one in lifetimes)


@given(st.lists(st.integers(0, 50).map(float), min_size=1, max_size=40))
def test_without_censoring_it_is_the_share_still_there(times: list[float]) -> None:
    curve = kaplan_meier(Lifetime(time, True) for time in times)
    for step in curve.steps:
        assert step.survival == pytest.approx(sum(1 for time in times if time > step.time) / len(times))
