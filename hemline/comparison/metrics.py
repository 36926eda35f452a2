"""The metrics of the comparison beside accuracy: one place for each, which the table, the files and MLflow share.

To add one, write a ``Metric`` here: it is computed for every training, averaged over seeds in ``metrics.json``, in
``comparison.csv`` and in the page's table, and logged as ``test_<key>`` on every MLflow run. One that has ``scores``
has an interval, too, which is in ``comparison.csv`` as ``<key>_low`` and ``<key>_high``, and in the table.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.by_class import (
    balanced_accuracy,
    balanced_accuracy_scores,
    macro_f1,
    macro_f1_scores,
)
from hemline.words import percent

Probabilities = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]


class Metric(NamedTuple):
    """A figure of a training on the test images.

    Attributes:
        key: its name in files; ``test_<key>`` on MLflow runs.
        heading: of its column.
        unit: below the heading.
        compute: probabilities float (images, classes), labels int (images,) -> the figure.
        show: the figure as it is printed.
        scores: by which it has an interval, within [0, 1]: labels int (images,), predicted int (seeds, images), number
            of classes -> float (seeds, columns), of which each row's mean varies as the figure does; None: no interval.
        imbalanced: whether it is only shown where the classes are imbalanced; elsewhere it says what accuracy says.
    """

    key: str
    heading: str
    unit: str
    compute: Callable[[Probabilities, Labels], float]
    show: Callable[[float], str]
    scores: Callable[[Labels, Labels, int], NDArray[np.float64]] | None = None
    imbalanced: bool = False


def image_losses(probabilities: Probabilities, labels: Labels) -> NDArray[np.float32]:
    """Return the cross-entropy of each image in nats.

    Their mean is scikit-learn's ``log_loss`` of float32 probabilities, to the last bit.

    Args:
        probabilities: float (..., images, classes).
        labels: int (images,), the true classes.

    Returns:
        float32 (..., images).
    """
    from scipy.special import xlogy  # noqa: PLC0415 - a quarter of a second, and not for those who only know the metrics

    # Clipped at the epsilon of float32, whatever the type: a probability that a float32 softmax rounded to 0 costs 15.9
    # nats, but would cost 36.0 once the same numbers came back as float64, from a CSV file say.
    epsilon = np.finfo(np.float32).eps
    own = probabilities[..., np.arange(len(labels)), labels]
    # SciPy takes one logarithm after another, NumPy several at once and rounds them as the processor does.
    losses: NDArray[np.float32] = -xlogy(np.float32(1), np.clip(own.astype(np.float32), epsilon, 1 - epsilon))
    return losses


def _cross_entropy(probabilities: Probabilities, labels: Labels) -> float:
    """Return the mean cross-entropy in nats."""
    return float(image_losses(probabilities, labels).mean())


def _balanced_accuracy(probabilities: Probabilities, labels: Labels) -> float:
    return balanced_accuracy(labels, probabilities.argmax(axis=1), probabilities.shape[1])


def _macro_f1(probabilities: Probabilities, labels: Labels) -> float:
    return macro_f1(labels, probabilities.argmax(axis=1), probabilities.shape[1])


METRICS = (
    Metric("loss", "Test", "loss", _cross_entropy, "{:.4f}".format),
    Metric("balanced_accuracy", "Balanced", "accuracy, %", _balanced_accuracy, percent, balanced_accuracy_scores, True),
    Metric("macro_f1", "Macro", "F1, %", _macro_f1, percent, macro_f1_scores, True),
)


def shown_metrics(*, imbalanced: bool) -> list[Metric]:
    """Return the metrics that the table shows.

    Args:
        imbalanced: whether the test set's classes are.
    """
    return [metric for metric in METRICS if imbalanced or not metric.imbalanced]
