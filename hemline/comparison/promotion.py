"""Which model deserves to be served: the candidate, its test against the present champion, and the reasons in words.

The candidate is chosen by validation accuracy alone; the test images only decide whether it may replace the champion.
What is served is one model, so one model is tested against one model: the result is about these two, not about what
other seeds of their variants would give. Each promotion looks at the same test images again; over many promotions the
champion's test accuracy becomes a little too good to be true.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.groups import Groups
from hemline.comparison.selection import best_by_validation, mean_validation
from hemline.comparison.statistics import Row, table
from hemline.errors import InputError
from hemline.words import percent


@dataclass(frozen=True)
class Candidate:
    """The model with the best validation accuracy of the variant that is best by the mean over its seeds.

    Attributes:
        variant: its variant.
        seed: its seed.
        seeds: how many trainings the variant has.
        variants: of how many variants it is the best.
        validation_accuracy: the mean over the variant's seeds, in [0, 1].
        own_validation_accuracy: of this one model, in [0, 1].
        test_accuracy: of this one model, in [0, 1].
        model_sha256: of its file.
        place: its place among the variant's seeds.
    """

    variant: str
    seed: int
    seeds: int
    variants: int
    validation_accuracy: float
    own_validation_accuracy: float
    test_accuracy: float
    model_sha256: str
    place: int

    def describe(self) -> str:
        """Say in words what it is the best of."""
        among = f"the best of {self.variants} variants" if self.variants > 1 else "the only variant"
        mean = f"{percent(self.validation_accuracy)} % validation accuracy"
        if self.seeds == 1:
            return f"{self.variant} is {among}: {mean} with its one seed, {self.seed}"
        own = f"{percent(self.own_validation_accuracy)} %"
        return f"{self.variant} is {among}: {mean}, the mean of {self.seeds} seeds; seed {self.seed} has {own}"


def choose(runs: pd.DataFrame) -> Candidate:
    """Choose by validation accuracy.

    Args:
        runs: a row per training: variant, seed, val_accuracy, test_accuracy, model_sha256; seeds in their order.

    Raises:
        InputError: nothing was kept for validation.
    """
    if runs["val_accuracy"].isna().any():
        raise InputError(
            "normalize.validation_split: must be above 0 to choose a model without looking at the test images; "
            "set it in params.yaml (0.1, say) and run `dvc repro`"
        )
    means = mean_validation(runs)
    best = runs[runs["variant"] == best_by_validation(means)].reset_index(drop=True)
    place = int(best["val_accuracy"].argmax())
    row = best.to_dict("records")[place]
    return Candidate(
        variant=str(row["variant"]),
        seed=int(row["seed"]),
        seeds=len(best),
        variants=len(means),
        validation_accuracy=float(means.max()),
        own_validation_accuracy=float(row["val_accuracy"]),
        test_accuracy=float(row["test_accuracy"]),
        model_sha256=str(row["model_sha256"]),
        place=place,
    )


def challenge(candidate: NDArray[np.bool_], champion: NDArray[np.bool_], groups: Groups | None = None) -> Row:
    """Test a candidate against the champion on the same images.

    Args:
        candidate: bool (images,), whether it is right about each.
        champion: bool (images,), likewise.
        groups: int (images,), those that count as one have the same; None: each is one by itself.

    Returns:
        The candidate's row of the comparison, with the champion as the baseline.
    """
    return table({"champion": champion[None], "candidate": candidate[None]}, "champion", groups=groups)[1]


def describe_challenge(row: Row, champion: str) -> str:
    """Say in words how the candidate compares with the champion, and with which numbers.

    Args:
        row: from ``challenge``.
        champion: what to call the champion.
    """
    comparison = row.comparison
    if comparison is None or row.p_value is None:
        raise ValueError("row: must be a candidate's, compared with the champion")
    words = {"better": "better than", "worse": "worse than", "no difference shown": "not shown to differ from"}
    points = [f"{100 * value:+.2f}" for value in (comparison.gain, comparison.low, comparison.high)]
    return (
        f"it is {words[row.verdict or 'no difference shown']} {champion} on {row.images:,} test images: {points[0]} "
        f"percentage points (95 % interval {points[1]} to {points[2]}, p = {row.p_value:.2g}; right where the champion "
        f"is wrong on {row.images_won:,} images, wrong where it is right on {row.images_lost:,})"
    )
