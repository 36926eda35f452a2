"""What a trained model's probabilities are worth on labelled images; pure functions on arrays, by scikit-learn.

``score`` sums up one training; the confusion functions count what is taken for what, and subtract the baseline's shares
from a variant's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from hemline.errors import InputError

# How far from 1 a row of float32 probabilities may sum; rounding stays a hundred times below this.
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Score:
    """One training on one set of images.

    ``accuracy`` is in [0, 1] and ``loss`` the mean cross-entropy in nats. ``per_class`` has a row for each class,
    indexed by its name, with precision, recall and f1 in [0, 1] (0 where undefined) and support, its number of images.
    """

    accuracy: float
    loss: float
    per_class: pd.DataFrame


def score(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], classes: Sequence[str]) -> Score:
    """Score predicted probabilities against the labels; the predicted class is the most probable one.

    Args:
        probabilities: float (images, classes) in [0, 1], each row summing to 1.
        labels: int (images,) in [0, number of classes).
        classes: the names of the classes, at least two.

    Returns:
        Accuracy, cross-entropy loss and the values of each class.

    Raises:
        InputError: shapes that do not fit, no images, labels outside the classes, rows that are no probabilities.

    Source:
        scikit-learn's ``log_loss`` and ``precision_recall_fscore_support``.
    """
    n_classes = len(classes)
    if n_classes < 2:  # noqa: PLR2004 - with one class there is nothing to tell apart
        raise InputError(f"classes: must be at least two names, got {list(classes)!r}")
    _check_labels("labels", labels, n_classes)
    _check_probabilities(probabilities, (len(labels), n_classes))
    predicted = probabilities.argmax(axis=1)
    values = precision_recall_fscore_support(labels, predicted, labels=range(n_classes), zero_division=0)
    per_class = pd.DataFrame(
        dict(zip(("precision", "recall", "f1", "support"), values, strict=True)), index=pd.Index(classes, name="class")
    )
    return Score(float((predicted == labels).mean()), _cross_entropy(probabilities, labels, n_classes), per_class)


def confusion(
    labels: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]], n_classes: int
) -> NDArray[np.int64]:
    """Count how many images of each class are taken for each class.

    Args:
        labels: int (images,) in [0, n_classes), the true classes.
        predicted: int (images,) in [0, n_classes).
        n_classes: the number of classes, also of those without an image.

    Returns:
        int64 (n_classes, n_classes): true classes in rows, predicted ones in columns.

    Raises:
        InputError: no images, different numbers of them, labels outside the classes.
    """
    _check_labels("labels", labels, n_classes)
    _check_labels("predicted", predicted, n_classes)
    if labels.shape != predicted.shape:
        raise InputError(f"predicted: must be as many as the {labels.size} labels, got {predicted.size}")
    return np.asarray(confusion_matrix(labels, predicted, labels=range(n_classes)), dtype=np.int64)


def row_normalised(counts: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Turn counts into shares of each true class.

    Args:
        counts: int (classes, classes), true classes in rows.

    Returns:
        float64 (classes, classes) in [0, 1]; each row sums to 1, or is all 0 for a class without images.

    Raises:
        InputError: the counts are not square.
    """
    _check_square("counts", counts)
    totals = counts.sum(axis=1, keepdims=True)
    # A row without images is all zeros, and stays so when divided by 1.
    return np.asarray(counts / np.maximum(totals, 1), dtype=np.float64)


def confusion_difference(
    variant_counts: NDArray[np.integer[Any]], baseline_counts: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """Subtract the baseline's shares of each true class from the variant's.

    The counts may be sums over seeds, of different numbers of seeds: only shares are compared.

    Args:
        variant_counts: int (classes, classes), true classes in rows.
        baseline_counts: int (classes, classes), likewise.

    Returns:
        float64 (classes, classes) in [-1, 1]; off the diagonal, negative is a confusion that the variant makes less.

    Raises:
        InputError: the counts are not square, or differ in their classes.
    """
    variant, baseline = row_normalised(variant_counts), row_normalised(baseline_counts)
    if variant.shape != baseline.shape:
        raise InputError(f"variant_counts: must be of the baseline's shape {baseline.shape}, got {variant.shape}")
    return variant - baseline


def _cross_entropy(probabilities: NDArray[Any], labels: NDArray[Any], n_classes: int) -> float:
    # scikit-learn clips at the epsilon of the type it is given: a probability that a float32 softmax rounded to 0 costs
    # 15.9 nats in float32, but 36.0 once the same numbers come back as float64, from a CSV file say. Always float32.
    as_float32 = np.clip(probabilities.astype(np.float32), 0, 1)
    return float(log_loss(labels, as_float32, labels=range(n_classes)))


def _check_labels(key: str, labels: NDArray[Any], n_classes: int) -> None:
    if labels.ndim != 1 or not labels.size or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"{key}: must be whole numbers, one per image, got {labels.dtype} {labels.shape}")
    outside = labels[(labels < 0) | (labels >= n_classes)]
    if outside.size:
        raise InputError(f"{key}: must be from 0 to {n_classes - 1}, the number of classes less one, got {outside[0]}")


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


def _check_square(key: str, matrix: NDArray[Any]) -> None:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:  # noqa: PLR2004 - true classes and predicted ones
        raise InputError(f"{key}: must be square (classes, classes), got {matrix.shape}")
