"""How often tests with few seeds err, reckoned without simulation.

With thousands of images the images' part of the variance is known, and that of the seeds follows a chi-squared
distribution if trainings are normal. So the share of wrong rejections is an integral over that distribution.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

from hemline.comparison.crossed import Crossed

LEVELS = (0.05, 0.01, 0.05 / 39)
_IMAGES = 10_000
_SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_POINTS = 2000


def t_half_width(estimate: Crossed, confidence: float) -> float:
    """Return half the width of the t interval, whatever the number of trainings."""
    return float(stats.t.ppf((1 + confidence) / 2, estimate.freedom)) * estimate.error


def worst_error(half_width: Callable[[Crossed, float], float], seeds: int, level: float) -> float:
    """Return the largest share of rejections of a true gain of 0, over the seeds' share in the variance."""
    return max(_error(half_width, seeds, level, share) for share in _SHARES)


def _error(half_width: Callable[[Crossed, float], float], seeds: int, level: float, share: float) -> float:
    quantiles = stats.chi2.ppf((np.arange(_POINTS) + 0.5) / _POINTS, seeds - 1) / (seeds - 1)
    estimates = [Crossed(0.0, 1 - share, share * each, seeds, _IMAGES, _IMAGES - 1) for each in quantiles.tolist()]
    return float(np.mean([2 * stats.norm.sf(half_width(each, 1 - level)) for each in estimates]))
