"""Whether trainings had converged when they ended: a baseline that is not trained yet is not beaten.

The last fifth of each training is looked at, and several hundred steps at least. A training still improves if the mean
validation loss of its end, half as long, is below that of every stretch of this length before that fifth, by more than
the noise between epochs and between seeds explains, and by enough to matter.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.statistics import Verdict

# Of a training, what is looked at; and how many steps of the optimizer at least: fewer tell little but noise.
_PART, _FEWEST_STEPS = 0.2, 300
# By how many standard errors the mean fall has to exceed 0: with three, more interrupted
# trainings are missed, and as many finished ones are reported.
_STANDARD_ERRORS = 2
# Of the loss; a training that falls less in its last fifth has hardly more than 1 % to come.
_SMALLEST_FALL = 0.02
# Of the fall since the first epoch: a training that has hardly begun falls as fast as ever, by however little.
_SMALLEST_SHARE = 0.1
# From so many changes between epochs on, they tell the noise between epochs.
_CHANGES = 4


class _End(NamedTuple):
    """The end of a training: its loss, how far that is below all before and below the first, and the fall's noise."""

    loss: float
    fall: float
    whole_fall: float
    noise: float


def still_improves(history: pd.DataFrame, steps_per_epoch: float = math.inf) -> bool | None:
    """Say whether the trainings of a variant still improved when they ended.

    Args:
        history: a row per seed and epoch: seed, epoch, val_loss.
        steps_per_epoch: of the optimizer; infinite where it has none.

    Returns:
        Whether they did; None where it cannot be seen: without validation, or after a single epoch.
    """
    losses = [group.sort_values("epoch")["val_loss"].to_numpy(np.float64) for _, group in history.groupby("seed")]
    if any(len(each) == 1 or np.isnan(each).any() for each in losses):
        return None
    ends = np.array([_end(each, steps_per_epoch) for each in losses])
    loss, fall, whole, _ = ends.mean(axis=0)
    between_seeds = ends[:, 1].std(ddof=1) if len(ends) > 1 else 0.0
    error = max(between_seeds, math.sqrt((ends[:, 3] ** 2).mean())) / math.sqrt(len(ends))
    # Where nothing tells the noise, as with one seed and few epochs, a small fall is not told from it.
    matters = min(_SMALLEST_FALL * loss, _SMALLEST_SHARE * whole) if error else _SMALLEST_FALL * loss
    return bool(fall > max(_STANDARD_ERRORS * error, matters, 0))


def _end(losses: NDArray[np.float64], steps_per_epoch: float) -> _End:
    """Describe the end of one training, of at least two epochs."""
    part = max(math.ceil(_PART * len(losses)), math.ceil(_FEWEST_STEPS / steps_per_epoch))
    part = max(min(part, len(losses) * 2 // 3), 1)
    stretch = max(part // 2, 1)
    means = np.convolve(losses, np.full(stretch, 1 / stretch), "valid")
    changes = np.diff(losses[-part - 1 :])
    # Half the variance of changes is that of single epochs; a difference of two means of them varies as follows.
    noise = changes.std(ddof=1) / math.sqrt(stretch) if len(changes) >= _CHANGES else 0.0
    return _End(means[-1], means[:-part].min() - means[-1], means[0] - means[-1], noise)


def holds_only_so_far(verdict: Verdict | None, variant_improves: bool | None, baseline_improves: bool | None) -> bool:
    """Say whether more epochs could overturn a verdict.

    A better variant may be overtaken by a baseline that still improves, a worse one may itself overtake; that the
    better one still improves takes nothing from the verdict.

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
