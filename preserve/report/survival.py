"""Kaplan–Meier survival with a confidence interval. Pure.

The estimator is a product over the times at which something ended (E. L. Kaplan, P. Meier: Nonparametric estimation
from incomplete observations, 1958), its variance Greenwood's, its interval taken on the log(−log) scale, which keeps
it between 0 and 1 (J. D. Kalbfleisch, R. L. Prentice: The statistical analysis of failure time data).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

NORMAL_95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long one subject was seen.

    Attributes:
        time: until it ended, or until it was last seen.
        ended: whether it ended then.
    """

    time: float
    ended: bool


@dataclass(frozen=True, slots=True)
class Step:
    """The curve from `time` to the next step.

    Attributes:
        time: at which something ended.
        survival: share (0..1) still there just after.
        low, high: its 95 % confidence interval.
        at_risk: how many were still seen just before.
        ended: how many ended then.
    """

    time: float
    survival: float
    low: float
    high: float
    at_risk: int
    ended: int


@dataclass(frozen=True, slots=True)
class Curve:
    """A survival curve.

    Attributes:
        subjects: how many it rests on.
        ended: how many of them ended.
        longest: the longest time one was seen; the curve says nothing beyond.
        steps: by time.
        times: how long each was seen, in order.
    """

    subjects: int
    ended: int
    longest: float
    steps: tuple[Step, ...]
    times: tuple[float, ...] = ()

    def at(self, time: float) -> Step | None:
        """The step that holds at `time`; None beyond the longest time, and before the first step.

        Before the first step all are there: a step with survival 1 is given, where anybody is at risk.
        """
        if time > self.longest or not self.subjects:
            return None
        found = None
        for step in self.steps:
            if step.time > time:
                break
            found = step
        return found or Step(time, 1.0, 1.0, 1.0, self.subjects, 0)

    def at_risk(self, time: float) -> int:
        """How many were seen for at least `time`."""
        return sum(1 for one in self.times if one >= time)

    @property
    def median(self) -> float | None:
        """The time by which half had ended; None where fewer have."""
        return next((step.time for step in self.steps if step.survival <= 0.5), None)


def kaplan_meier(lifetimes: Iterable[Lifetime], z: float = NORMAL_95) -> Curve:
    """The survival curve.

    Args:
        lifetimes: in any order; times are not negative.
        z: quantile of the normal distribution for the interval.
    """
    ends: Counter[float] = Counter()
    leaves: Counter[float] = Counter()
    for one in lifetimes:
        (ends if one.ended else leaves)[one.time] += 1
    at_risk = subjects = ends.total() + leaves.total()
    survival, greenwood, steps = 1.0, 0.0, []
    for time in sorted(ends.keys() | leaves.keys()):
        ended = ends[time]
        if ended:
            survival *= 1 - ended / at_risk
            greenwood += ended / (at_risk * (at_risk - ended)) if at_risk > ended else math.inf
            low, high = _interval(survival, greenwood, z)
            steps.append(Step(time, survival, low, high, at_risk, ended))
        at_risk -= ended + leaves[time]
    times = sorted(list(ends.elements()) + list(leaves.elements()))
    return Curve(subjects, ends.total(), times[-1] if times else 0.0, tuple(steps), tuple(times))


def _interval(survival: float, greenwood: float, z: float) -> tuple[float, float]:
    if survival <= 0.0 or not math.isfinite(greenwood):
        return 0.0, 0.0 if survival <= 0.0 else survival
    if survival >= 1.0:
        return 1.0, 1.0
    logged = math.log(survival)
    spread = z * math.sqrt(greenwood) / logged
    return survival ** math.exp(-spread), survival ** math.exp(spread)
