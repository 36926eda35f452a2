"""Further intervals and tests for claims: of rounded numbers, means and shares."""

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


def rounded(number: str) -> Estimate:
    """Return a printed number and the range of values that round to it: "0.88" is 0.88, 0.875, 0.885."""
    value = Decimal(number)
    half = Decimal(5).scaleb(int(value.as_tuple().exponent) - 1)
    return Estimate(float(value), float(value - half), float(value + half))


def mean_test(values: ArrayLike, confidence: float = 0.95) -> tuple[Estimate, float]:
    """Estimate a mean, such as that of differences between two epochs of the same trainings, and test whether it is 0.

    ``values`` are (seeds,), at least two, taken as normally distributed: mean +- t s / sqrt(n), n - 1 degrees of
    freedom; the two-sided p value is that of the same t (Student 1908, The probable error of a mean, Biometrika 6).

    Raises:
        InputError: fewer than two values, or values that are not finite.
    """
    array = _checked(values)
    mean, error = float(array.mean()), float(stats.sem(array))
    half = float(stats.t.ppf((1 + confidence) / 2, array.size - 1)) * error
    return Estimate(mean, mean - half, mean + half), _t_p(abs(mean), error, array.size - 1)


def prediction_p(values: ArrayLike, number: Estimate) -> float:
    """Return the probability that one more training lies at least as far from the mean as a published number.

    Of the values that round to the number, the nearest to the mean counts; p is 1 if the mean itself rounds to it. It
    is below 0.05 exactly if all these values lie outside the 95 % ``prediction_interval``. Values and errors as in
    ``mean_test``: the two-sided p value of t = distance / (s sqrt(1 + 1/n)) (Hahn and Meeker 1991, Statistical
    Intervals: A Guide for Practitioners, Wiley).
    """
    array = _checked(values)
    mean = float(array.mean())
    distance = max(number.low - mean, mean - number.high, 0.0)
    return _t_p(distance, float(array.std(ddof=1)) * math.sqrt(1 + 1 / array.size), array.size - 1)


@lru_cache
def share_interval(count: int, total: int, confidence: float = 0.95) -> Estimate:
    """Estimate a share from ``count`` of ``total`` trainings, with its exact interval in [0, 1].

    Source:
        Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial,
        Biometrika 26.
    """
    interval = stats.binomtest(count, total).proportion_ci(confidence, method="exact")
    return Estimate(count / total, float(interval.low), float(interval.high))


def _checked(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size < 2 or not np.isfinite(array).all():  # noqa: PLR2004 - a variance needs two
        raise InputError(f"values: must be at least two finite numbers, got {array.tolist()!r}")
    return array


def _t_p(distance: float, error: float, degrees_of_freedom: int) -> float:
    """Return the two-sided p-value of a distance; without any variance, it is 0 for every difference."""
    if not error:
        return 0.0 if distance else 1.0
    return 2 * float(stats.t.sf(distance / error, degrees_of_freedom))
