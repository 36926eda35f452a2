"""Power: the probability that a difference is shown, and the seeds or images that it takes.

It is computed for a gain that is chosen beforehand, never for the observed one: that power only restates the p-value
(Hoenig and Heisey 2001, The abuse of power, The American Statistician 55).
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from hemline.comparison.crossed import Crossed

WANTED = 0.8
_ERROR = 0.05
# The number of quantiles of the seeds' estimated part, over which the power is averaged.
_NODES = 200
# The probability that the seeds' part is below its bound: a little above 80 %, the share of pilots that should suffice.
# Four seeds determine a standard deviation within a factor of 0.57 to 3.7.
_BOUND_HOLDS = 0.82
MOST_SEEDS, _MOST_TIMES_IMAGES = 1000, 1000


def cautious_parts(parts: Crossed) -> Crossed:
    """Replace the seeds' part by an upper bound, because a few trainings determine it only roughly.

    Args:
        parts: those of a difference, measured with two seeds or more.

    Source:
        Browne (1995), On the use of a pilot sample for sample size determination, Statistics in Medicine 14: a bound
        that holds in 80 % of pilots gives the planned power in 80 % of them.
    """
    freedom = parts.n_seeds - 1
    factor = freedom / float(stats.chi2.ppf(1 - _BOUND_HOLDS, freedom))
    return parts._replace(seeds=factor * parts.seeds, interaction=min(parts.interaction, factor * parts.seeds))


def power(parts: Crossed, gain: float, comparisons: int = 1) -> float:
    """Return the probability that a true gain is shown, in [0, 1].

    The images' part is treated as known, and the seeds' part as estimated from the trainings.

    Args:
        parts: those expected with these seeds and images: see ``Crossed.resized``.
        gain: the true difference, in the unit of the parts.
        comparisons: their number; the first step of Holm's method requires a p-value below 5 % divided by it.
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
    """Return the fewest seeds, at least two, for a power of 80 %; None if no number is enough.

    Args:
        parts: of a difference, at any number of seeds.
        gain: the true difference, in the unit of the parts.
        comparisons: as in ``power``.
    """
    return _smallest(
        lambda seeds: power(parts.resized(seeds, parts.n_images), gain, comparisons) >= WANTED, 2, MOST_SEEDS
    )


def images_needed(parts: Crossed, gain: float, comparisons: int = 1) -> int | None:
    """Return the fewest test images, or groups, for a power of 80 %; None if no number is enough.

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
    """Return the limit that the test images set: below this gain, no number of seeds helps."""
    return detectable_gain(parts.resized(MOST_SEEDS, parts.n_images), comparisons)


def _smallest(enough: Callable[[int], bool], least: int, most: int) -> int | None:
    if not enough(most):
        return None
    low, high = least - 1, most
    while high - low > 1:
        # Bisect on a log scale: small numbers are as likely as large ones.
        middle = min(max(math.isqrt(max(low, 1) * high), low + 1), high - 1)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
