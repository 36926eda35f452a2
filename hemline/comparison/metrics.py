"""Definitions of the metrics, shared by the verdict, the table, the files and MLflow.

To add one, write a ``Metric`` here. It is computed for every training, averaged over seeds in ``metrics.json``,
``comparison.csv`` and the page's table, and logged as ``test_<key>`` on every MLflow run. A metric with ``scores`` also
has an interval: ``<key>_low`` and ``<key>_high`` in ``comparison.csv``, and in the table. A metric with a ``Decision``
may be the ``metric`` of ``params.yaml``.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.by_class import class_mean_scores
from hemline.comparison.units import NATS, PLAIN, POINTS, Unit
from hemline.errors import InputError
from hemline.words import percent

Probabilities = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
ImageScores = NDArray[Any]  # of bool or floats


class Decision(NamedTuple):
    """The use of a metric for the verdict, the choice by validation, promotion and the gate."""

    name: str  # in ``params.yaml``
    words: str  # in a sentence, after "test" or "validation"
    # probabilities float (..., images, classes), labels int (images,) -> (..., images), bool or float: the
    # scores of the images, whose mean is the metric
    image_scores: Callable[[Probabilities, Labels], ImageScores]
    unit: Unit = POINTS  # of gains
    by_class: bool = False  # whether the metric is the mean over classes of the means of their images
    is_loss: bool = False  # whether lower is better. A gain is positive in either case if the variant is better

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest possible value."""
        return 0.0, 1.0 if self.unit is POINTS else math.inf

    def scores(self, probabilities: Probabilities, labels: Labels) -> ImageScores:
        """Return the scores of images, higher is better: (..., images)."""
        scores = self.image_scores(probabilities, labels)
        return -scores if self.is_loss else scores

    def value(self, scores: ImageScores, labels: Labels) -> float:
        """Return the metric from the result of ``scores``, (..., images)."""
        means = scores.reshape(-1, len(labels)).mean(axis=0, dtype=np.float64)
        if self.by_class:
            return float(np.mean([means[labels == each].mean() for each in np.unique(labels)]))
        return float(-means.mean() if self.is_loss else means.mean())


class Metric(NamedTuple):
    """A metric of a training on the test images."""

    key: str  # its name in files; ``test_<key>`` on MLflow runs
    heading: str  # of its column
    unit: str  # below the heading
    # probabilities float (images, classes), labels int (images,) -> the value
    compute: Callable[[Probabilities, Labels], float]
    show: Callable[[float], str]  # the value as printed
    # scores for its interval, within [0, 1]: labels int (images,), predicted int (seeds, images), number of
    # classes, mean size of a group -> float (seeds, columns), with the mean and variance of the metric in each
    # row; None: no interval
    scores: Callable[[Labels, Labels, int, float], NDArray[np.float64]] | None = None
    # whether it is shown for imbalanced classes only; otherwise it hardly differs from accuracy
    imbalanced: bool = False
    decision: Decision | None = None  # its use as the deciding metric; None: it cannot decide


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

    # Clipped at the epsilon of float32 for all types: a probability that a float32 softmax rounded to 0 costs 15.9
    # nats, but would cost 36.0 if the same numbers were read back as float64, as from a CSV file.
    epsilon = np.finfo(np.float32).eps
    own = probabilities[..., np.arange(len(labels)), labels]
    # SciPy computes logarithms one by one; NumPy vectorizes them, with rounding that depends on the processor.
    losses: NDArray[np.float32] = -xlogy(np.float32(1), np.clip(own.astype(np.float32), epsilon, 1 - epsilon))
    return losses


def balanced_accuracy(labels: Labels, predicted: Labels) -> float:
    """Return the mean recall of the classes that have images, in [0, 1]; both are int (images,).

    Source:
        scikit-learn's ``recall_score``; its ``balanced_accuracy_score`` warns about predicted classes without images.
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


def correct(probabilities: Probabilities, labels: Labels) -> NDArray[np.bool_]:
    """Return whether the most probable class of each image is the true one, bool (..., images)."""
    return np.asarray(probabilities.argmax(axis=-1) == labels)


def image_briers(probabilities: Probabilities, labels: Labels) -> NDArray[np.float64]:
    """Return the squared distance of each image's probabilities from the true class, in [0, 2]: float64 (..., images).

    Source:
        Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather Review 78.
    """
    squares = np.square(probabilities, dtype=np.float64).sum(axis=-1)
    own = probabilities[..., np.arange(len(labels)), labels].astype(np.float64)
    return np.asarray(squares - 2 * own + 1)


def _mean(scores: Callable[[Probabilities, Labels], Any]) -> Callable[[Probabilities, Labels], float]:
    return lambda probabilities, labels: float(scores(probabilities, labels).mean())


ACCURACY = Metric(
    "accuracy", "Test", "accuracy, %", _mean(correct), percent, decision=Decision("accuracy", "accuracy", correct)
)
_BALANCED = Metric(
    key="balanced_accuracy",
    heading="Balanced",
    unit="accuracy, %",
    compute=_of_predicted(balanced_accuracy),
    show=percent,
    scores=partial(class_mean_scores, f1=False),
    imbalanced=True,
    decision=Decision("balanced_accuracy", "balanced accuracy", correct, by_class=True),
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
_LOG_LOSS = Metric(
    key="loss",
    heading="Test",
    unit="loss",
    compute=_mean(image_losses),
    show="{:.4f}".format,
    decision=Decision("log_loss", "log loss", image_losses, NATS, is_loss=True),
)
_BRIER = Metric(
    key="brier",
    heading="Brier",
    unit="score",
    compute=_mean(image_briers),
    show="{:.4f}".format,
    decision=Decision("brier", "Brier score", image_briers, PLAIN, is_loss=True),
)
# The metrics other than accuracy; and those that are computed only if they decide.
METRICS = (_LOG_LOSS, _BALANCED, _MACRO_F1)
_DECIDING_ONLY = (_BRIER,)


def find_metric(name: str) -> Metric:
    """Return the metric with this name in ``params.yaml``.

    Raises:
        InputError: there is none of this name.
    """
    known = {metric.decision.name: metric for metric in (ACCURACY, *METRICS, *_DECIDING_ONLY) if metric.decision}
    if name not in known:
        raise InputError(f"params.yaml: metric: must be one of {', '.join(known)}, got {name!r}")
    return known[name]


def decision_of(metric: Metric) -> Decision:
    """Return the decision of a metric from ``find_metric``."""
    if metric.decision is None:
        raise ValueError(f"metric: must be one that can decide, got {metric.key}")
    return metric.decision


def computed_metrics(deciding: str) -> list[Metric]:
    """Return the metrics other than accuracy that are computed if the metric with this key decides."""
    return [*METRICS, *(metric for metric in _DECIDING_ONLY if metric.key == deciding)]


def shown_metrics(deciding: str = "accuracy", *, imbalanced: bool) -> list[Metric]:
    """Return the metrics other than accuracy in the table.

    Args:
        deciding: the key of the deciding metric.
        imbalanced: whether the test set's classes are imbalanced.
    """
    return [each for each in computed_metrics(deciding) if imbalanced or not each.imbalanced or each.key == deciding]
