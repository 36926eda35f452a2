"""Outliers among the trainings of a variant: a single failed training moves the mean."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.words import percent

# By chance, 15 % of variants with three trainings would have such an outlier; with four, 2 %.
_FEWEST = 4
# The smallest distance from the nearest other: as a multiple of the others' range, and in accuracy.
_RANGES, _LEAST = 5.0, 0.01


def apart(runs: pd.DataFrame) -> list[str]:
    """Describe the outlier of each variant, with the interquartile mean, which it does not move.

    Args:
        runs: a row per training: variant, seed, test_accuracy.

    Returns:
        A sentence for each variant that has one: a lowest training that lies at least a point below the next, and more
        than five times the range of all others.

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
            f"One training of {variant} is an outlier: seed {seed} scores {percent(float(values.min()))} % on the test "
            f"images, the others {percent(float(rest.min()))} to {percent(float(rest.max()))} %. "
            f"The mean is {percent(float(values.mean()))} %, the interquartile mean {percent(middle_mean(values))} %; "
            f"{len(values)} trainings cannot show how often this happens."
        )
    return sentences


def middle_mean(values: NDArray[np.float64]) -> float:
    """Return the mean of the values without the lowest and the highest quarter, rounded down to whole values."""
    cut = len(values) // 4
    return float(np.sort(values)[cut : len(values) - cut].mean())


def _stands_apart(ascending: NDArray[np.float64]) -> bool:
    gap, spread = ascending[1] - ascending[0], ascending[-1] - ascending[1]
    return bool(gap > max(_RANGES * spread, _LEAST))
