"""The metrics of the comparison beside accuracy: one place for each, which the table, the files and MLflow share.

To add one, write a ``Metric`` here: it is computed for every training, averaged over seeds in ``metrics.json``, in
``comparison.csv`` and in the page's table, and logged as ``test_<key>`` on every MLflow run. One that has ``scores``
has an interval, too, which is in ``comparison.csv`` as ``<key>_low`` and ``<key>_high``, and in the table.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.by_class import class_mean_scores
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
            of classes, mean size of a group -> float (seeds, columns), of which each row's mean varies as the figure
            does; None: no interval.
        imbalanced: whether it is only shown where the classes are imbalanced; elsewhere it says what accuracy says.
    """

    key: str
    heading: str
    unit: str
    compute: Callable[[Probabilities, Labels], float]
    show: Callable[[float], str]
    scores: Callable[[Labels, Labels, int, float], NDArray[np.float64]] | None = None
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


def balanced_accuracy(labels: Labels, predicted: Labels) -> float:
    """Return the mean recall of the classes that have images, in [0, 1]; both are int (images,).

    Source:
        scikit-learn's ``recall_score``; its ``balanced_accuracy_score`` warns of predicted classes without images.
    """
    from sklearn.metrics import recall_score  # noqa: PLC0415 - slow, and not for those who only know the metrics

    return float(recall_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0))


def macro_f1(labels: Labels, predicted: Labels) -> float:
    """Return the mean F1 of the classes that have images, in [0, 1]; both are int (images,).

    Source:
        scikit-learn's ``f1_score``.
    """
    from sklearn.metrics import f1_score  # noqa: PLC0415 - slow, and not for those who only know the metrics

    return float(f1_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0))


def _of_predicted(figure: Callable[[Labels, Labels], float]) -> Callable[[Probabilities, Labels], float]:
    return lambda probabilities, labels: figure(labels, probabilities.argmax(axis=1))


_BALANCED = Metric(
    key="balanced_accuracy",
    heading="Balanced",
    unit="accuracy, %",
    compute=_of_predicted(balanced_accuracy),
    show=percent,
    scores=partial(class_mean_scores, f1=False),
    imbalanced=True,
)
_MACRO_F1 = Metric(
    key="macro_f1",
    heading="Macro",
    unit="F1, %",
    compute=_of_predicted(macro_f1),
    show=percent,
    scores=partial(class_mean_scores, f1=True),
    imbalanced=True,
)
METRICS = (
    Metric("loss", "Test", "loss", _cross_entropy, "{:.4f}".format),
    _BALANCED,
    _MACRO_F1,
)


def shown_metrics(*, imbalanced: bool) -> list[Metric]:
    """Return the metrics that the table shows.

    Args:
        imbalanced: whether the test set's classes are.
    """
    return [metric for metric in METRICS if imbalanced or not metric.imbalanced]
