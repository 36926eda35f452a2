"""Scores of predicted probabilities on labelled images: pure functions on arrays, by scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

from hemline.comparison.confusion import check_labels
from hemline.comparison.metrics import ACCURACY, Metric, computed_metrics
from hemline.errors import InputError

# The largest deviation from 1 of a sum of float32 probabilities; rounding stays a hundred times below this.
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Score:
    """The scores of one training on one set of images."""

    accuracy: float  # in [0, 1]
    metrics: dict[str, float]  # the computed metrics other than accuracy, by key
    # a row for each class, indexed by its name, with precision, recall and f1 in [0, 1] and support, its number
    # of images. NaN where undefined: the precision of a class that is never predicted, recall and f1 of one
    # without images
    per_class: pd.DataFrame


def score(
    probabilities: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    classes: Sequence[str],
    deciding: Metric = ACCURACY,
) -> Score:
    """Score predicted probabilities against the labels; the predicted class is the most probable one.

    Args:
        probabilities: float (images, classes) in [0, 1], each row summing to 1.
        labels: int (images,) in [0, number of classes).
        classes: the names of the classes, at least two.
        deciding: the deciding metric, which is always computed.

    Returns:
        Accuracy, the other metrics, and the values of each class.

    Raises:
        InputError: shapes do not match, there are no images, labels are outside the classes, or rows are no
        probabilities.

    Source:
        scikit-learn's ``precision_recall_fscore_support``.
    """
    n_classes = len(classes)
    if n_classes < 2:  # noqa: PLR2004 - with one class there is nothing to tell apart
        raise InputError(f"classes: must be at least two names, got {list(classes)!r}")
    check_labels("labels", labels, n_classes)
    _check_probabilities(probabilities, (len(labels), n_classes))
    predicted = probabilities.argmax(axis=1)
    values = precision_recall_fscore_support(labels, predicted, labels=range(n_classes), zero_division=np.nan)
    per_class = pd.DataFrame(
        dict(zip(("precision", "recall", "f1", "support"), values, strict=True)), index=pd.Index(classes, name="class")
    )
    # scikit-learn gives 0 for a wrongly predicted class, but without images F1 is undefined.
    per_class.loc[per_class["support"] == 0, "f1"] = np.nan
    metrics = {metric.key: metric.compute(probabilities, labels) for metric in computed_metrics(deciding.key)}
    return Score(float((predicted == labels).mean()), metrics, per_class)


def _check_probabilities(probabilities: NDArray[Any], shape: tuple[int, int]) -> None:
    if probabilities.shape != shape:
        raise InputError(f"probabilities: must be of shape (images, classes) {shape}, got {probabilities.shape}")
    if not np.isfinite(probabilities).all():
        raise InputError("probabilities: must be finite, got NaN or infinity; the training may have diverged")
    sums = probabilities.sum(axis=1, dtype=np.float64)
    if probabilities.min() < 0 or (np.abs(sums - 1) > _SUM_TOLERANCE).any():
        worst = sums[np.abs(sums - 1).argmax()]
        raise InputError(
            f"probabilities: must be at least 0 and sum to 1 for each image, "
            f"got a minimum of {probabilities.min():g} and a sum of {worst:g}"
        )
