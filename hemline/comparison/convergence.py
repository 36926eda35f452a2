"""Whether trainings had converged when they ended: a baseline that is not trained yet is not beaten.

A training is taken to improve still if its last epoch lowered the validation loss, below all that came before, by more
than another seed would change it and by more than a fiftieth. It is a rule of thumb, not a test: validation loss also
rises and falls by chance from epoch to epoch, so that where trainings are about to converge either answer can come out.
"""

import pandas as pd

from hemline.comparison.statistics import Verdict

# What nineteen of twenty seeds stay within of their mean.
_STANDARD_DEVIATIONS = 2
# Of the loss. With one seed nothing else is known; with many, smaller falls are nobody's concern.
_SMALLEST_FALL = 0.02


def still_improves(history: pd.DataFrame) -> bool | None:
    """Say whether the trainings of a variant still improved when they ended.

    Args:
        history: a row per seed and epoch: seed, epoch, val_loss.

    Returns:
        Whether the mean fall of the last epoch exceeds two standard deviations between the seeds' last losses, and two
        per cent of their mean; None where it cannot be seen: without validation, or after a single epoch.
    """
    losses = [group.sort_values("epoch")["val_loss"] for _, group in history.groupby("seed")]
    if any(len(each) == 1 or each.isna().any() for each in losses):
        return None
    last = pd.Series([each.iloc[-1] for each in losses])
    falls = pd.Series([each.iloc[:-1].min() for each in losses]) - last
    spread = 0.0 if len(last) == 1 else float(last.std())
    return bool(falls.mean() > max(_STANDARD_DEVIATIONS * spread, _SMALLEST_FALL * last.mean()))


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
