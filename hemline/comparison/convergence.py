"""Convergence of trainings: a gain over a baseline that has not converged proves little.

The rule considers the last fifth of each training, with several hundred steps at least. A training still improves if
the mean validation loss over the second half of that part is lower than over every stretch of the same length before
the part, by more than the noise between epochs and seeds, and by enough to matter.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.statistics import Verdict

# The part of a training that is considered, and its least number of optimizer steps: fewer show mostly noise.
_PART, _FEWEST_STEPS = 0.2, 300
# The number of standard errors by which the mean fall must exceed 0: three would miss more interrupted trainings, and
# report as many finished ones.
_STANDARD_ERRORS = 2
# A share of the loss: a training that falls by less in its last fifth has hardly more than 1 % to gain.
_SMALLEST_FALL = 0.02
# A share of the fall since the first epoch: a training that has hardly begun falls slowly, but steadily.
_SMALLEST_SHARE = 0.1
# The fewest changes between epochs from which their noise is estimated.
_CHANGES = 4


class _End(NamedTuple):
    """The end of a training: its loss, its fall below all earlier losses and below the first, and the fall's noise."""

    loss: float
    fall: float
    whole_fall: float
    noise: float


def still_improves(history: pd.DataFrame, steps_per_epoch: float = math.inf) -> bool | None:
    """Decide whether the trainings of a variant still improved when they ended.

    Args:
        history: a row per seed and epoch: seed, epoch, val_loss.
        steps_per_epoch: optimizer steps; infinite without an optimizer.

    Returns:
        Whether they did; None if this is unknown: without validation, or after a single epoch.
    """
    losses = [group.sort_values("epoch")["val_loss"].to_numpy(np.float64) for _, group in history.groupby("seed")]
    if any(len(each) == 1 or np.isnan(each).any() for each in losses):
        return None
    ends = np.array([_end(each, steps_per_epoch) for each in losses])
    loss, fall, whole, _ = ends.mean(axis=0)
    between_seeds = ends[:, 1].std(ddof=1) if len(ends) > 1 else 0.0
    error = max(between_seeds, math.sqrt((ends[:, 3] ** 2).mean())) / math.sqrt(len(ends))
    # If the noise is unknown, as with one seed and few epochs, a small fall may be noise.
    matters = min(_SMALLEST_FALL * loss, _SMALLEST_SHARE * whole) if error else _SMALLEST_FALL * loss
    return bool(fall > max(_STANDARD_ERRORS * error, matters, 0))


def _end(losses: NDArray[np.float64], steps_per_epoch: float) -> _End:
    """Describe the end of one training, of at least two epochs."""
    part = max(math.ceil(_PART * len(losses)), math.ceil(_FEWEST_STEPS / steps_per_epoch))
    part = max(min(part, len(losses) * 2 // 3), 1)
    stretch = max(part // 2, 1)
    means = np.convolve(losses, np.full(stretch, 1 / stretch), "valid")
    changes = np.diff(losses[-part - 1 :])
    # Half the variance of the changes is that of single epochs; this is the error of a difference of two means.
    noise = changes.std(ddof=1) / math.sqrt(stretch) if len(changes) >= _CHANGES else 0.0
    return _End(means[-1], means[:-part].min() - means[-1], means[0] - means[-1], noise)


def holds_only_so_far(verdict: Verdict | None, variant_improves: bool | None, baseline_improves: bool | None) -> bool:
    """Decide whether more epochs could overturn a verdict.

    A baseline that still improves may overtake a better variant, and a worse variant that still improves may overtake
    the baseline. A better variant that still improves does not weaken the verdict.

    Args:
        verdict: on the variant; None for the baseline itself.
        variant_improves: from ``still_improves``; None counts as no.
        baseline_improves: likewise.
    """
    match verdict:
        case None:
            return False
        case "better":
            return bool(baseline_improves)
        case "worse":
            return bool(variant_improves)
        case _:
            return bool(variant_improves or baseline_improves)
