"""Power laws of the error against the number of training images, where one fits."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

# The level of the test of the fit, and the normal quantile of a 95 % interval.
_LEVEL, _NORMAL = 0.05, 1.959964


class PowerLaw(NamedTuple):
    """The law ``floor + factor * size ** -exponent``, with the 95 % interval of the exponent."""

    floor: float
    factor: float
    exponent: float
    low: float
    high: float
    p_value: float  # of the test that this law is true

    def at(self, size: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the error at a size."""
        return np.asarray(self.floor + self.factor * np.asarray(size, np.float64) ** -self.exponent)


def power_law(sizes: Sequence[int], losses: Sequence[NDArray[np.floating]]) -> PowerLaw | None:
    """Fit a power law to mean losses; without a floor if that fits, else with one; None if neither fits.

    A law fits if the chi-squared test of its residuals has a p-value of at least 0.05, with at least one degree of
    freedom. The same test images make the errors of all sizes high or low together, so the fit uses their covariance.

    Args:
        sizes: numbers of training images, ascending.
        losses: of each size (seeds, images), the losses whose mean is the error: 1 for a wrong class and 0 for a right
            one, or the loss of each image. The same images at all sizes, two seeds at least.

    Source:
        Viering and Loog (2022), The shape of learning curves: a review, IEEE Transactions on Pattern Analysis and
        Machine Intelligence 45.
    """
    scores = np.stack([np.asarray(each, np.float64) for each in losses])
    means, size = scores.mean(axis=(1, 2)), np.asarray(sizes, np.float64)
    n_seeds, n_images = scores.shape[1:]
    covariance = np.cov(scores.mean(axis=1)) / n_images
    covariance += np.diag(scores.mean(axis=2).var(axis=1, ddof=1) / n_seeds)
    if (means <= 0).any() or np.linalg.matrix_rank(covariance) < len(size):
        return None
    slope, start = np.polyfit(np.log(size), np.log(means), 1)
    for with_floor in (False, True):
        first = [float(np.exp(start)), max(-float(slope), 1e-3), means.min() / 2][: 2 + with_floor]
        if law := _fit(size, means, covariance, first):
            return law
    return None


def _fit(
    size: NDArray[np.float64], means: NDArray[np.float64], covariance: NDArray[np.float64], first: list[float]
) -> PowerLaw | None:
    freedom = len(size) - len(first)
    if freedom < 1:
        return None

    def law(at: NDArray[np.float64], factor: float, exponent: float, floor: float = 0.0) -> NDArray[np.float64]:
        return np.asarray(floor + factor * at**-exponent)

    try:
        found, error = optimize.curve_fit(law, size, means, first, covariance, absolute_sigma=True, bounds=(0, np.inf))
    except RuntimeError:  # no convergence
        return None
    rest = means - law(size, *found)
    p_value = float(stats.chi2.sf(rest @ np.linalg.solve(covariance, rest), freedom))
    half = _NORMAL * float(np.sqrt(error[1, 1]))
    if p_value < _LEVEL or not np.isfinite(half):
        return None
    factor, exponent, *floor = map(float, found)
    return PowerLaw(sum(floor), factor, exponent, exponent - half, exponent + half, p_value)
