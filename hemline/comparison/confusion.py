"""Confusion matrices, and the differences between a variant's and the baseline's."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.groups import Groups
from hemline.comparison.searches import by_search
from hemline.errors import InputError

if TYPE_CHECKING:
    from hemline.comparison.statistics import Row

# The number of confusions that are tested and listed.
_LISTED = 10


def confusion(
    labels: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]], n_classes: int
) -> NDArray[np.int64]:
    """Count the images of each true class by predicted class.

    Args:
        labels: int (images,) in [0, n_classes), the true classes.
        predicted: int (images,) in [0, n_classes).
        n_classes: the number of classes, with those without an image.

    Returns:
        int64 (n_classes, n_classes): true classes in rows, predicted ones in columns.

    Raises:
        InputError: no images, different numbers of labels, labels outside the classes.
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
    # A row without images is all zeros; division by 1 leaves it unchanged.
    return np.asarray(counts / np.maximum(totals, 1), dtype=np.float64)


def confusion_difference(
    variant_counts: NDArray[np.integer[Any]], baseline_counts: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """Subtract the baseline's shares of each true class from the variant's.

    The counts may be sums over different numbers of seeds: only shares are compared.

    Args:
        variant_counts: int (classes, classes), true classes in rows.
        baseline_counts: int (classes, classes), likewise.

    Returns:
        float64 (classes, classes) in [-1, 1]; off the diagonal, negative values are confusions that the variant makes
        less often.

    Raises:
        InputError: the counts are not square, or differ in their classes.
    """
    variant, baseline = row_shares(variant_counts), row_shares(baseline_counts)
    if variant.shape != baseline.shape:
        raise InputError(f"variant_counts: must be of the baseline's shape {baseline.shape}, got {variant.shape}")
    return variant - baseline


class Answers(NamedTuple):
    """The predictions of two variants for the test images."""

    labels: NDArray[np.integer[Any]]  # int (images,), the true classes
    variant: NDArray[np.integer[Any]]  # int (seeds, images), the predicted ones
    baseline: NDArray[np.integer[Any]]  # likewise
    groups: Groups | None = None  # int (images,), the group of each image; None: images are independent
    searches: int = 1  # of the settings: see ``by_search``


def most_frequent(answers: Answers, classes: Sequence[str]) -> pd.DataFrame:
    """Test whether a variant makes the most frequent confusions less often, or more often, than the baseline.

    They are the most frequent ones of both variants together. Those of the baseline alone would be frequent partly by
    chance, so any other variant would seem to make them less often.

    Args:
        answers: the predictions of the two variants.
        classes: the classes' names.

    Returns:
        A row a confusion, at most ten, the most frequent first: ``true``, ``predicted``, the shares of the true class's
        images ``before`` (baseline) and ``after``, their difference's 95 % interval ``low`` and ``high`` (NaN where
        there are not two images), ``p_holm``, adjusted for their number, and ``outcome``: less frequent, more frequent,
        no difference shown.
    """
    from hemline.comparison.statistics import compare_all  # noqa: PLC0415 - seconds, and not for those who only draw

    labels, size = answers.labels, len(classes)
    shares = np.zeros((size, size))
    for predicted in (answers.variant, answers.baseline):
        np.add.at(shares, (np.broadcast_to(labels, predicted.shape), predicted), 1)
    shares /= np.maximum(np.bincount(labels, minlength=size), 1)[:, None]
    np.fill_diagonal(shares, 0)
    order = np.argsort(-shares, axis=None, kind="stable")[:_LISTED]
    places = [divmod(place, size) for place in order.tolist() if shares.flat[place] > 0]
    masks = [labels == true for true, _ in places]
    pairs = [
        (
            by_search(answers.variant[:, mask] == taken, answers.searches),
            by_search(answers.baseline[:, mask] == taken, answers.searches),
        )
        for (_, taken), mask in zip(places, masks, strict=True)
    ]
    groups = [None if answers.groups is None else answers.groups[mask] for mask in masks]
    rows = compare_all(pairs, groups, shares=True)
    return pd.DataFrame(
        [
            {
                "true": classes[true],
                "predicted": classes[taken],
                "before": float(baseline.mean()),
                "after": float(variant.mean()),
                **_tested(row),
            }
            for (true, taken), (variant, baseline), row in zip(places, pairs, rows, strict=True)
        ],
        columns=["true", "predicted", "before", "after", "low", "high", "p_holm", "outcome"],
    )


def _tested(row: "Row | None") -> dict[str, Any]:
    if row is None or row.comparison is None:
        return {"low": np.nan, "high": np.nan, "p_holm": 1.0, "outcome": "no difference shown"}
    words = {"better": "more frequent", "worse": "less frequent"}
    outcome = words.get(row.verdict or "", "no difference shown")
    return {
        "low": row.comparison.low,
        "high": row.comparison.high,
        "p_holm": row.adjusted_p_value,
        "outcome": outcome,
    }


def check_labels(key: str, labels: NDArray[Any], n_classes: int) -> None:
    """Check that there is one class from 0 to n_classes - 1 for each image.

    Raises:
        InputError: they break this rule; the message begins with ``key``.
    """
    if labels.ndim != 1 or not labels.size or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"{key}: must be whole numbers, one per image, got {labels.dtype} {labels.shape}")
    outside = labels[(labels < 0) | (labels >= n_classes)]
    if outside.size:
        raise InputError(f"{key}: must be from 0 to {n_classes - 1}, the number of classes less one, got {outside[0]}")


def _check_square(key: str, matrix: NDArray[Any]) -> None:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:  # noqa: PLR2004 - true classes and predicted ones
        raise InputError(f"{key}: must be square (classes, classes), got {matrix.shape}")
