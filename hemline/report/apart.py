"""Trainings that stand apart from the others of their variant: one that failed moves a mean that is called typical."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.words import percent

# Of fewer than four trainings, one would lie so far apart by chance in 15 % of variants; of four, in 2 %.
_FEWEST = 4
# How far from the nearest other, beside the range of the others; and in accuracy at least.
_RANGES, _LEAST = 5.0, 0.01


def apart(runs: pd.DataFrame) -> list[str]:
    """Name the training of each variant that stands apart, with the interquartile mean, which it does not move.

    Args:
        runs: a row per training: variant, seed, test_accuracy.

    Returns:
        A sentence for each variant that has one: its lowest training lies more than five times as far below the next as
        all the others lie apart, and a point at least.

    Source:
        Agarwal, Schwarzer, Castro, Courville and Bellemare (2021), Deep reinforcement learning at the edge of the
        statistical precipice, NeurIPS (the interquartile mean).
    """
    sentences = []
    for variant, own in runs.groupby("variant", sort=False):
        values = own["test_accuracy"].to_numpy(np.float64)
        order = np.argsort(values, kind="stable")
        if len(values) < _FEWEST or not _stands_apart(values[order]):
            continue
        seed, rest = own["seed"].iloc[int(order[0])], values[order[1:]]
        sentences.append(
            f"One training of {variant} stands apart: with seed {seed}, {percent(float(values.min()))} % of the test "
            f"images are right, with the others {percent(float(rest.min()))} to {percent(float(rest.max()))} %. "
            f"The mean is {percent(float(values.mean()))} %, the interquartile mean {percent(middle_mean(values))} %; "
            f"{len(values)} trainings cannot tell how often that happens."
        )
    return sentences


def middle_mean(values: NDArray[np.float64]) -> float:
    """Return the mean of the middle half of the values: of those left when a quarter at either end is cut."""
    cut = len(values) // 4
    return float(np.sort(values)[cut : len(values) - cut].mean())


def _stands_apart(ascending: NDArray[np.float64]) -> bool:
    gap, spread = ascending[1] - ascending[0], ascending[-1] - ascending[1]
    return bool(gap > max(_RANGES * spread, _LEAST))
