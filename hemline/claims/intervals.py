"""Intervals and tests that the claims need beside ``comparison.statistics``: a rounding's, a mean's, a share's."""

import math
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from hemline.errors import InputError


class Estimate(NamedTuple):
    """A number with the ends of its interval."""

    value: float
    low: float
    high: float


def rounded(figure: str) -> Estimate:
    """Return a printed number and the ends of what rounds to it: "0.88" is 0.88, 0.875, 0.885."""
    value = Decimal(figure)
    half = Decimal(5).scaleb(int(value.as_tuple().exponent) - 1)
    return Estimate(float(value), float(value - half), float(value + half))


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Estimate a mean, such as that of the differences between two epochs of the same trainings (a paired t interval).

    ``values`` are (seeds,), at least two, taken as normally distributed: mean +- t s / sqrt(n), n - 1 degrees of
    freedom.

    Raises:
        InputError: fewer than two values, or values that are not finite.

    Source:
        Student (1908), The probable error of a mean, Biometrika 6.
    """
    array = _checked(values)
    half = float(stats.t.ppf((1 + confidence) / 2, array.size - 1) * stats.sem(array))
    mean = float(array.mean())
    return Estimate(mean, mean - half, mean + half)


def mean_p(values: ArrayLike) -> float:
    """Return the two-sided p value of a mean of 0, by the t test that belongs to ``mean_interval``; errors as there."""
    array = _checked(values)
    return _t_p(abs(float(array.mean())), float(stats.sem(array)), array.size - 1)


def prediction_p(values: ArrayLike, number: Estimate) -> float:
    """Say how often one more training would lie as far from the mean as a published number, or farther.

    The number is taken as whatever rounds to it and lies nearest to the mean; p is 1 where the mean itself rounds to
    it. It is below 0.05 exactly where all that rounds to the number lies outside the 95 % ``prediction_interval``.
    Values and errors as in ``mean_interval``: the two-sided p value of t = distance / (s sqrt(1 + 1/n)).

    Source:
        Hahn and Meeker (1991), Statistical Intervals: A Guide for Practitioners, Wiley.
    """
    array = _checked(values)
    mean = float(array.mean())
    distance = max(number.low - mean, mean - number.high, 0.0)
    return _t_p(distance, float(array.std(ddof=1)) * math.sqrt(1 + 1 / array.size), array.size - 1)


@lru_cache
def share_interval(count: int, total: int, confidence: float = 0.95) -> Estimate:
    """Estimate the share of all trainings that do what ``count`` of ``total`` did, with its exact interval in [0, 1].

    Raises:
        InputError: a count outside its range.

    Source:
        Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial,
        Biometrika 26.
    """
    if not 0 <= count <= total or total < 1:
        raise InputError(f"count: must be from 0 to {total}, got {count}")
    interval = stats.binomtest(count, total).proportion_ci(confidence, method="exact")
    return Estimate(count / total, float(interval.low), float(interval.high))


def _checked(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size < 2 or not np.isfinite(array).all():  # noqa: PLR2004 - a variance needs two
        raise InputError(f"values: must be at least two finite numbers, got {array.tolist()!r}")
    return array


def _t_p(distance: float, error: float, freedom: int) -> float:
    """Return the two-sided p value of a distance; without any spread, what differs at all cannot be chance."""
    if not error:
        return 0.0 if distance else 1.0
    return 2 * float(stats.t.sf(distance / error, freedom))
