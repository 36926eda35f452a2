"""Power: how likely a difference of a given size is shown, and how many seeds or images that takes.

It is found for a gain that is stated beforehand, never for the one that was observed: that power is the p value in
other words (Hoenig and Heisey 2001, The abuse of power, The American Statistician 55).
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from hemline.comparison.crossed import Crossed

WANTED = 0.8
_ERROR = 0.05
# Quantiles of the estimated part of the seeds, over which the power is averaged.
_NODES = 200
# How often the part of the seeds is below its bound, a little more than the 80 % of pilots that are to suffice. Four
# seeds know a standard deviation within a factor of 0.57 to 3.7.
_BOUND_HOLDS = 0.82
MOST_SEEDS, _MOST_TIMES_IMAGES = 1000, 1000


def cautious_parts(parts: Crossed) -> Crossed:
    """Return the parts with an upper bound of that of the seeds, which so few trainings know only roughly.

    Args:
        parts: of a difference, measured with two seeds or more.

    Source:
        Browne (1995), On the use of a pilot sample for sample size determination, Statistics in Medicine 14: a bound
        that holds in 80 % of pilots gives the planned power in 80 % of them.
    """
    freedom = parts.n_seeds - 1
    factor = freedom / float(stats.chi2.ppf(1 - _BOUND_HOLDS, freedom))
    return parts._replace(seeds=factor * parts.seeds, interaction=min(parts.interaction, factor * parts.seeds))


def power(parts: Crossed, gain: float, comparisons: int = 1) -> float:
    """Return how likely a true gain is shown, in [0, 1].

    The images' part is taken as known, that of the seeds as estimated again from the trainings.

    Args:
        parts: expected of a difference with these seeds and images: see ``Crossed.resized``.
        gain: the true difference, in the unit of the parts.
        comparisons: how many are corrected for; the first step of Holm's method asks for a p value below 5 % by that.
    """
    freedom = parts.n_seeds - 1
    quantiles = stats.chi2.ppf((np.arange(_NODES) + 0.5) / _NODES, freedom) / freedom
    widths = np.array([_width(parts, each, comparisons) for each in (parts.seeds * quantiles).tolist()])
    if not parts.error:
        return float(np.mean(abs(gain) > widths))
    return float(np.mean(stats.norm.sf((widths - gain) / parts.error) + stats.norm.cdf((-widths - gain) / parts.error)))


def _width(parts: Crossed, seeds: float, comparisons: int) -> float:
    estimated = parts._replace(seeds=seeds)
    return estimated.cautious_half_width(1 - _ERROR / comparisons) if estimated.error else 0.0


def detectable_gain(parts: Crossed, comparisons: int = 1) -> float:
    """Return the smallest true gain that is shown with a probability of 80 %, in the unit of the parts.

    Args:
        parts: as in ``power``.
        comparisons: likewise.
    """
    if not parts.error:
        return 0.0
    most = parts.error
    while power(parts, most, comparisons) < WANTED:
        most *= 2
    return float(brentq(lambda gain: power(parts, gain, comparisons) - WANTED, 0, most, xtol=parts.error * 1e-4))


def seeds_needed(parts: Crossed, gain: float, comparisons: int = 1) -> int | None:
    """Return the smallest number of seeds, two or more, by which the gain is shown with 80 %; None: no number will do.

    Args:
        parts: of a difference, at any number of seeds.
        gain: the true difference, in the unit of the parts.
        comparisons: as in ``power``.
    """
    return _smallest(
        lambda seeds: power(parts.resized(seeds, parts.n_images), gain, comparisons) >= WANTED, 2, MOST_SEEDS
    )


def images_needed(parts: Crossed, gain: float, comparisons: int = 1) -> int | None:
    """Return the smallest number of test images, or groups, by which the gain is shown; None: no number will do.

    Args:
        parts: as in ``seeds_needed``.
        gain: likewise.
        comparisons: likewise.
    """
    least, most = min(parts.n_images, 10), parts.n_images * _MOST_TIMES_IMAGES
    return _smallest(
        lambda images: power(parts.resized(parts.n_seeds, images), gain, comparisons) >= WANTED, least, most
    )


def floor(parts: Crossed, comparisons: int = 1) -> float:
    """Return the gain below which no number of seeds helps: the test images alone hide it."""
    return detectable_gain(parts.resized(MOST_SEEDS, parts.n_images), comparisons)


def _smallest(enough: Callable[[int], bool], least: int, most: int) -> int | None:
    if not enough(most):
        return None
    low, high = least - 1, most
    while high - low > 1:
        # Geometrically: a few are as likely as many.
        middle = min(max(math.isqrt(max(low, 1) * high), low + 1), high - 1)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
