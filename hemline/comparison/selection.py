"""Which variant is the best: by the deciding metric on validation images, because the test images may not choose."""

import pandas as pd

from hemline.comparison.metrics import ACCURACY, Metric, decision_of


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
