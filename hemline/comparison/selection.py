"""Which variant is the best: by validation accuracy, because test accuracy may not choose."""

import pandas as pd


def mean_validation(runs: pd.DataFrame) -> "pd.Series[float]":
    """Return the mean validation accuracy by variant, in the order of ``runs``; NaN without validation.

    Args:
        runs: a row per training: variant, val_accuracy.
    """
    return runs.groupby("variant", sort=False)["val_accuracy"].mean()


def best_by_validation(validation: "pd.Series[float]") -> str | None:
    """Name the variant with the highest mean validation accuracy; the first of equals; ``None`` without validation.

    Args:
        validation: from ``mean_validation``.
    """
    known = validation.dropna()
    return None if known.empty else str(known.idxmax())
