"""The promotion of a model: the choice of a candidate, its test against the current champion, and the reasons in words.

The deciding metric on the validation images alone chooses the candidate; the test images only decide whether it may
replace the champion. One model is served, so one model is tested against one model: the result applies to these two,
not to other seeds of their variants. Each promotion uses the same test images again; over many promotions the
champion's test accuracy becomes slightly overstated.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.groups import Groups
from hemline.comparison.metrics import ACCURACY, ImageScores, Metric, decision_of
from hemline.comparison.selection import Selection, best_by_validation, mean_validation
from hemline.comparison.statistics import Row, table
from hemline.errors import InputError
from hemline.words import percent


@dataclass(frozen=True)
class Candidate:
    """The best model on the validation images, from the variant that they choose."""

    variant: str  # its variant
    seed: int  # its seed
    seeds: int  # the number of trainings of the variant
    variants: int  # the number of variants in the choice
    validation: float  # the deciding metric on the validation images, the mean over the variant's seeds
    own_validation: float  # of this one model
    test_accuracy: float  # of this one model, in [0, 1]
    model_sha256: str  # of its file
    place: int  # its place among the variant's seeds
    metric: Metric = ACCURACY  # the deciding metric
    tied: int = 1  # the number of variants that tie; this one is the smallest of them

    def describe(self) -> str:
        """Describe the choice in words."""
        among = f"the best of {self.variants} variants" if self.variants > 1 else "the only variant"
        among = f"the smallest of {self.tied} variants that tie by validation" if self.tied > 1 else among
        words, sign = f"validation {decision_of(self.metric).words}", " %" if self.metric.show is percent else ""
        mean, own = (f"{self.metric.show(value)}{sign}" for value in (self.validation, self.own_validation))
        if self.seeds == 1:
            return f"{self.variant} is {among}: {mean} {words} with its one seed, {self.seed}"
        return f"{self.variant} is {among}: {mean} {words}, the mean of {self.seeds} seeds; seed {self.seed} has {own}"


def choose(runs: pd.DataFrame, metric: Metric = ACCURACY, selection: Selection | None = None) -> Candidate:
    """Choose the candidate by the validation images.

    Args:
        runs: a row per training: variant, seed, test_accuracy, model_sha256, and ``val_`` with the metric's key; seeds
            in their order.
        metric: the deciding metric.
        selection: the choice by the validation images; None: the best variant.

    Raises:
        InputError: there are no validation images.
    """
    key = f"val_{metric.key}"
    if runs[key].isna().any():
        raise InputError(
            "normalize.validation_split: must be above 0 to choose a model without looking at the test images; "
            "set it in params.yaml (0.1, say) and run `dvc repro`"
        )
    means = mean_validation(runs, metric)
    variant = str((selection and selection.chosen) or best_by_validation(means, metric))
    best = runs[runs["variant"] == variant].reset_index(drop=True)
    place = int(best[key].argmin() if decision_of(metric).is_loss else best[key].argmax())
    row = best.to_dict("records")[place]
    return Candidate(
        variant=variant,
        seed=int(row["seed"]),
        seeds=len(best),
        variants=len(means),
        validation=float(means[variant]),
        own_validation=float(row[key]),
        test_accuracy=float(row["test_accuracy"]),
        model_sha256=str(row["model_sha256"]),
        place=place,
        metric=metric,
        tied=len(selection.tied) if selection else 1,
    )


def challenge(
    candidate: ImageScores,
    champion: ImageScores,
    groups: Groups | None = None,
    labels: NDArray[np.integer] | None = None,
) -> Row:
    """Test a candidate against the champion on the same images.

    Args:
        candidate: (images,), its scores by the deciding metric.
        champion: (images,), likewise.
        groups: int (images,), the group of each image; None: images are independent.
        labels: int (images,), the true classes, to weight all classes equally; None: all images count equally.

    Returns:
        The candidate's row of the comparison, with the champion as the baseline.
    """
    scores = {"champion": champion[None], "candidate": candidate[None]}
    return table(scores, "champion", groups=groups, labels=labels)[1]


def describe_challenge(row: Row, champion: str, metric: Metric = ACCURACY) -> str:
    """Describe the comparison of the candidate with the champion, with its numbers.

    Args:
        row: from ``challenge``.
        champion: the champion's name in the text.
        metric: the deciding metric.
    """
    comparison, decision = row.comparison, decision_of(metric)
    if comparison is None or row.p_value is None:
        raise ValueError("row: must be a candidate's, compared with the champion")
    words = {"better": "better than", "worse": "worse than"}.get(row.verdict or "", "not shown to differ from")
    gain, low, high = map(decision.unit.gain, (comparison.gain, comparison.low, comparison.high))
    of = "" if metric.key == ACCURACY.key else f" of {decision.words}"
    rival = "the baseline" if champion.startswith("the baseline") else "the champion"
    won = (
        f"; right where {rival} is wrong on {row.images_won:,} images, wrong where it is right on {row.images_lost:,}"
        if row.images_won is not None
        else ""
    )
    return (
        f"it is {words} {champion} on {row.images:,} test images: {decision.unit.after(gain)}{of} "
        f"(95 % interval {low} to {high}, p = {row.p_value:.2g}{won})"
    )
