"""What is taken for what: confusion matrices, and how a variant's differs from the baseline's."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.errors import InputError


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
    check_labels("labels", labels, n_classes)
    check_labels("predicted", predicted, n_classes)
    if labels.shape != predicted.shape:
        raise InputError(f"predicted: must be as many as the {labels.size} labels, got {predicted.size}")
    from sklearn.metrics import confusion_matrix  # noqa: PLC0415 - seconds, and not for those who only draw

    return np.asarray(confusion_matrix(labels, predicted, labels=range(n_classes)), dtype=np.int64)


def row_shares(counts: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
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
    variant, baseline = row_shares(variant_counts), row_shares(baseline_counts)
    if variant.shape != baseline.shape:
        raise InputError(f"variant_counts: must be of the baseline's shape {baseline.shape}, got {variant.shape}")
    return variant - baseline


def check_labels(key: str, labels: NDArray[Any], n_classes: int) -> None:
    """Refuse what is not one class from 0 to n_classes - 1 for each image.

    Raises:
        InputError: with the name ``key``.
    """
    if labels.ndim != 1 or not labels.size or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"{key}: must be whole numbers, one per image, got {labels.dtype} {labels.shape}")
    outside = labels[(labels < 0) | (labels >= n_classes)]
    if outside.size:
        raise InputError(f"{key}: must be from 0 to {n_classes - 1}, the number of classes less one, got {outside[0]}")


def _check_square(key: str, matrix: NDArray[Any]) -> None:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:  # noqa: PLR2004 - true classes and predicted ones
        raise InputError(f"{key}: must be square (classes, classes), got {matrix.shape}")
