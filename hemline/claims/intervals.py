"""Intervals that the claims need beside those of ``comparison.statistics``: a rounding's, a mean's and a share's."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
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

    Args:
        values: (seeds,) finite, at least two; taken as normally distributed.
        confidence: of the interval, between 0 and 1.

    Returns:
        mean +- t s / sqrt(n), with n - 1 degrees of freedom.

    Raises:
        InputError: fewer than two values, or values that are not finite.

    Source:
        Student (1908), The probable error of a mean, Biometrika 6.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size < 2 or not np.isfinite(array).all():  # noqa: PLR2004 - a variance needs two
        raise InputError(f"values: must be at least two finite numbers, got {array.tolist()!r}")
    half = float(stats.t.ppf((1 + confidence) / 2, array.size - 1) * stats.sem(array))
    mean = float(array.mean())
    return Estimate(mean, mean - half, mean + half)


def share_interval(count: int, total: int, confidence: float = 0.95) -> Estimate:
    """Estimate the share of all trainings that do what ``count`` of ``total`` did.

    Args:
        count: from 0 to ``total``.
        total: at least 1.
        confidence: that the interval has at least, between 0 and 1.

    Returns:
        The share with its exact interval, in [0, 1].

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
