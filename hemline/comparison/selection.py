"""The choice of a variant by the deciding metric on validation images; the test images must not choose."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from pydantic import Field

from hemline.comparison.groups import Groups
from hemline.comparison.metrics import ACCURACY, ImageScores, Labels, Metric, decision_of
from hemline.comparison.resampled import resampled
from hemline.schema import StrictModel

_ERROR = 0.05


class Selection(StrictModel):
    """The chosen variant: ``reports/evaluation/selection.json``."""

    metric: str = "accuracy"  # the deciding metric, by its name in params.yaml
    # the variant with the best mean on validation images, the first of equals; None without such images
    best: str | None = None
    # the variants that are not shown to differ from it on these images, including itself
    tied: list[str] = Field(default_factory=list)
    chosen: str | None = None  # the tied variant with the fewest parameters
    other: str | None = None  # the choice among the variants other than the baseline


def select(
    scores: Mapping[str, ImageScores],
    labels: Labels,
    parameters: Mapping[str, int],
    baseline: str,
    metric: Metric,
    *,
    groups: Groups | None = None,
) -> Selection:
    """Choose the smallest of the variants that are not shown to differ from the best, by the tests of the comparison.

    Args:
        scores: by variant, (seeds, validation images), higher is better; the same seeds for all.
        labels: int (validation images,).
        parameters: by variant, the number of weights of a model.
        baseline: the variant that the others are compared with.
        metric: that decides.
        groups: int (validation images,), the group of each image; None: images are independent.
    """
    if len(labels if groups is None else np.unique(groups)) < 2:  # noqa: PLR2004 - a variance needs two
        return Selection(metric=decision_of(metric).name)
    sizes = {name: parameters[name] for name in scores}
    return _selection(lambda names: _tied(names, scores, labels, metric, groups), sizes, baseline, metric)


def select_by_splits(
    values: "pd.DataFrame", validation_to_train: float, parameters: Mapping[str, int], baseline: str, metric: Metric
) -> Selection:
    """Choose in the same way where each seed has validation images of its own: by the test of ``resampled``.

    Args:
        values: a column per variant: each seed's value of the deciding metric on its own validation images.
        validation_to_train: the number of validation images by that of training images.
        parameters: as in ``select``.
        baseline: likewise.
        metric: likewise.
    """
    higher = -values if decision_of(metric).is_loss else values

    def tied(names: Sequence[str]) -> tuple[str, list[str]]:
        from hemline.comparison.statistics import adjust  # noqa: PLC0415 - seconds, and not for those who only read

        best = str(higher[names].mean().idxmax())
        others = [name for name in names if name != best]
        tests = [resampled(higher[name] - higher[best], validation_to_train).p_value for name in others]
        worse = {name for name, p_value in zip(others, adjust(tests), strict=True) if p_value < _ERROR}
        return best, [name for name in names if name not in worse]

    return _selection(tied, parameters, baseline, metric)


def _selection(
    tied_of: Callable[[list[str]], tuple[str, list[str]]], parameters: Mapping[str, int], baseline: str, metric: Metric
) -> Selection:
    best, tied = tied_of(list(parameters))
    others = [variant for variant in parameters if variant != baseline]
    among = tied_of(others)[1] if others else []
    smallest = parameters.__getitem__
    return Selection(
        metric=decision_of(metric).name,
        best=best,
        tied=tied,
        chosen=min(tied, key=smallest),
        other=min(among, key=smallest, default=None),
    )


def _tied(
    names: Sequence[str], scores: Mapping[str, ImageScores], labels: Labels, metric: Metric, groups: Groups | None
) -> tuple[str, list[str]]:
    from hemline.comparison.statistics import table  # noqa: PLC0415 - seconds, and not for those who only read

    decision = decision_of(metric)
    scores = {name: scores[name] for name in names}
    best = str(
        best_by_validation(pd.Series({each: decision.value(own, labels) for each, own in scores.items()}), metric)
    )
    rows = table(scores, best, groups=groups, labels=labels if decision.by_class else None)
    return best, [row.variant for row in rows if row.verdict != "worse"]


def mean_validation(runs: pd.DataFrame, metric: Metric = ACCURACY) -> "pd.Series[float]":
    """Return the mean on validation images by variant, in the order of ``runs``; NaN without validation.

    Args:
        runs: a row per training: variant, ``val_`` and the metric's key.
        metric: that decides.
    """
    return runs.groupby("variant", sort=False)[f"val_{metric.key}"].mean()


def best_by_validation(validation: "pd.Series[float]", metric: Metric = ACCURACY) -> str | None:
    """Name the variant with the best mean on validation images; the first of equals; ``None`` without validation.

    Args:
        validation: from ``mean_validation``.
        metric: that decides.
    """
    known = validation.dropna()
    if known.empty:
        return None
    return str(known.idxmin() if decision_of(metric).is_loss else known.idxmax())
