"""The metrics of the comparison beside accuracy: one place for each, which the table, the files and MLflow share.

To add one, write a ``Metric`` here: it is computed for every training, averaged over seeds in ``metrics.json``, in
``comparison.csv`` and in the page's table, and logged as ``test_<key>`` on every MLflow run.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    """

    key: str
    heading: str
    unit: str
    compute: Callable[[Probabilities, Labels], float]
    show: Callable[[float], str]


def _cross_entropy(probabilities: Probabilities, labels: Labels) -> float:
    """Return the mean cross-entropy in nats (scikit-learn's ``log_loss``)."""
    from sklearn.metrics import log_loss  # noqa: PLC0415 - seconds, and not for those who only need the names

    # scikit-learn clips at the epsilon of the type it is given: a probability that a float32 softmax rounded to 0 costs
    # 15.9 nats in float32, but 36.0 once the same numbers come back as float64, from a CSV file say. Always float32.
    as_float32 = np.clip(probabilities.astype(np.float32), 0, 1)
    return float(log_loss(labels, as_float32, labels=range(probabilities.shape[1])))


METRICS = (Metric("loss", "Test", "loss", _cross_entropy, "{:.4f}".format),)
