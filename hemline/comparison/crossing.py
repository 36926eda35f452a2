"""The number of training images from which a variant is better than the baseline, estimated with an interval."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.groups import Groups, Scores
from hemline.comparison.statistics import compare

# The places per pair of neighbouring sizes at which the gain is tested.
_STEPS = 40


class Crossing(NamedTuple):
    """The size at which the gain turns positive, with its 95 % interval.

    Without an estimate, the gain is positive at all sizes (``ahead``), or is not positive at the largest. An end of the
    interval is None where it lies outside the measured sizes.
    """

    size: float | None
    low: float | None
    high: float | None
    ahead: bool  # whether the gain at the largest size is positive


def crossing(
    sizes: Sequence[int],
    variant: Sequence[Scores],
    baseline: Sequence[Scores],
    groups: Groups | None = None,
    labels: NDArray[np.integer[Any]] | None = None,
) -> Crossing:
    """Estimate the size from which the variant is better.

    Between two sizes, the scores of each seed on each image are interpolated linearly in the logarithm of the size. The
    interval contains the sizes whose gain is not shown to differ from 0. If the gain is straight between the measured
    sizes, the true crossing is one of them in 95 % of cases, because the interval of the gain at that size contains 0.

    Args:
        sizes: numbers of training images, ascending, at least two.
        variant: of each size (seeds, images), as in ``compare``; the same seeds and images at all sizes.
        baseline: likewise.
        groups: as in ``compare``.
        labels: as in ``compare``.

    Source:
        Fieller (1954), Some problems in interval estimation, Journal of the Royal Statistical Society B 16, inverts a
        test in the same way for a ratio.
    """
    places = np.linspace(0, len(sizes) - 1, _STEPS * (len(sizes) - 1) + 1)
    found = [compare(_at(place, variant), _at(place, baseline), groups=groups, labels=labels) for place in places]
    gains = np.array([each.gain for each in found])
    behind, ahead = (np.array(each) for each in zip(*((one.high < 0, one.low > 0) for one in found), strict=True))
    grid = np.exp(np.interp(places, np.arange(len(sizes)), np.log(sizes)))
    estimate = _turn(grid, gains)
    if ahead.all():
        return Crossing(None, None, float(sizes[0]), ahead=True)
    if behind[-1]:
        return Crossing(None, float(sizes[-1]), None, ahead=False)
    open_ = np.flatnonzero(~ahead & ~behind)
    low, high = (float(grid[each]) for each in (open_[0], open_[-1]))
    return Crossing(
        estimate, low if open_[0] else None, high if open_[-1] < len(grid) - 1 else None, ahead=bool(gains[-1] > 0)
    )


def _at(place: float, scores: Sequence[Scores]) -> Scores:
    """Return the scores at a place between two sizes; those of a measured size unchanged."""
    first = int(place)
    share = place - first
    if not share:
        return scores[first]
    return np.asarray((1 - share) * scores[first].astype(np.float64) + share * scores[first + 1])


def _turn(grid: NDArray[np.float64], gains: NDArray[np.float64]) -> float | None:
    """Return where the gain last turns from at most 0 to positive; None where it never does, or ends at most 0."""
    not_positive = np.flatnonzero(gains <= 0)
    if not len(not_positive) or not_positive[-1] == len(gains) - 1:
        return None
    last = not_positive[-1]
    share = -gains[last] / (gains[last + 1] - gains[last])
    return float(np.exp((1 - share) * np.log(grid[last]) + share * np.log(grid[last + 1])))
