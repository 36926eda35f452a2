"""Calibration: of the images that a model is 80 % sure of, are 80 % right? And temperature scaling, which mends it.

The error is that of the most probable class, in bins of equally many images, as a root mean square. The plug-in
estimate is above zero even for a calibrated model; here each bin's variance is subtracted.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, sparse

from hemline.comparison.metrics import image_losses

Probabilities = NDArray[np.floating]
Labels = NDArray[np.integer]
Floats = NDArray[np.float64]

_ERROR = ["error", "error_low", "error_high", "log_loss"]
COLUMNS = ["variant", *_ERROR, "temperature", *(f"scaled_{key}" for key in _ERROR)]
BIN_COLUMNS = ["variant", "confidence", "accuracy", "accuracy_low", "accuracy_high", "share"]
BINS = 15
_REPETITIONS = 200
# Confidences are rounded to this, so that all sums are exact: equal digits with any library of linear algebra.
_QUANTUM = 2.0**-16
_PIECE = 65_536  # images
_LEAST = 1e-12  # probability
_TEMPERATURES = (0.05, 20.0)


class Error(NamedTuple):
    """A calibration error as root mean square, in [0, 1], with its 95 % interval; ``square`` may be below 0."""

    square: float
    low: float
    high: float

    @property
    def root(self) -> float:
        """The error; 0 if its square is estimated below 0."""
        return math.sqrt(max(self.square, 0.0))


class Calibration(NamedTuple):
    """The calibration of a variant's models."""

    error: Error
    bins: pd.DataFrame  # a row per bin: confidence, accuracy and its interval, the share of images


class Calibrations:
    """The calibration of several variants on the same test images, before and after temperature scaling."""

    def __init__(self, labels: Labels, groups: NDArray[np.integer] | None = None) -> None:
        """Draw the resamples, which all variants share; ``groups``, (images,): None: images are independent."""
        self._labels, self._weights = labels, resamples(len(labels), groups)
        self._rows: list[dict[str, Any]] = []
        self._bins: dict[str, pd.DataFrame] = {}

    def add(
        self, variant: str, probabilities: Probabilities, validation: Sequence[tuple[Probabilities, Labels]]
    ) -> None:
        """Add a variant.

        Args:
            variant: its name.
            probabilities: on the test images, (seeds, images, classes).
            validation: of each seed, probabilities (images, classes) on validation images, and their labels; without
                images, there is no temperature.
        """
        plain = calibration(probabilities, self._labels, self._weights)
        row = {"variant": variant} | _columns("", plain.error, probabilities, self._labels)
        if validation and all(len(labels) for _, labels in validation):
            temperatures = [temperature(*each) for each in validation]
            after = scaled(probabilities, temperatures)
            own = calibration(after, self._labels, self._weights).error
            row |= {"temperature": float(np.mean(temperatures))} | _columns("scaled_", own, after, self._labels)
        self._rows.append(row)
        self._bins[variant] = plain.bins

    def table(self) -> pd.DataFrame:
        """Return a row per variant, with the columns ``COLUMNS``; errors in [0, 1], log loss in nats."""
        return pd.DataFrame(self._rows, columns=COLUMNS).round(6)

    def bins(self) -> pd.DataFrame:
        """Return a row per variant and bin of confidence, by which a reliability diagram is drawn."""
        bins = [table.assign(variant=variant) for variant, table in self._bins.items()]
        return pd.concat(bins)[BIN_COLUMNS].round(6) if bins else pd.DataFrame(columns=BIN_COLUMNS)


def _columns(prefix: str, error: Error, probabilities: Probabilities, labels: Labels) -> dict[str, float]:
    loss = float(image_losses(probabilities, labels).mean(dtype=np.float64))
    found = {"error": error.root, "error_low": error.low, "error_high": error.high, "log_loss": loss}
    return {f"{prefix}{key}": value for key, value in found.items()}


def calibration(probabilities: Probabilities, labels: Labels, weights: NDArray[np.uint8]) -> Calibration:
    """Return the calibration error of the most probable class, the mean square over the seeds, and the bins.

    Args:
        probabilities: (seeds, images, classes).
        labels: (images,), the true classes.
        weights: from ``resamples``.

    Source:
        Kumar, Liang and Ma (2019), Verified uncertainty calibration, NeurIPS 32: the debiased estimator. The interval
        is a basic bootstrap over seeds and images, or groups: its estimates are compared with the plug-in value, which
        is the true error of the distribution that is resampled.
    """
    # Exact: confidences are multiples of the quantum.
    confidence = np.rint(probabilities.max(axis=2) / _QUANTUM) * _QUANTUM
    difference = (probabilities.argmax(axis=2) == labels) - confidence
    edges = np.unique(np.quantile(confidence, np.arange(1, BINS) / BINS, method="lower"))
    places = np.searchsorted(edges, confidence, side="right")
    seeds = len(probabilities)
    chosen = np.random.default_rng(1).integers(0, seeds, (_REPETITIONS, seeds))
    sums = _sums(places, confidence, difference, weights, len(edges) + 1)
    squares = _squares(sums)
    estimate = float(squares[0].mean())
    plug_in = float(_squares(sums[:1], debiased=False).mean())
    resampled = np.take_along_axis(squares[1:], chosen, axis=1).mean(axis=1)
    low, high = estimate - np.quantile(resampled - plug_in, [0.975, 0.025])
    return Calibration(Error(estimate, max(low, 0.0) ** 0.5, max(high, 0.0) ** 0.5), _bins(sums))


def temperature(probabilities: Probabilities, labels: Labels) -> float:
    """Return the temperature with the lowest log loss, from 0.05 to 20; above 1, a model was too sure.

    Args:
        probabilities: of validation images by one model, (images, classes).
        labels: (images,), their classes.

    Source:
        Guo et al. (2017), On calibration of modern neural networks, ICML.
    """
    logs = _logs(probabilities)

    def log_loss(log_temperature: float) -> float:
        scaled = logs / np.exp(log_temperature)
        return float((_log_sum(scaled) - scaled[np.arange(len(labels)), labels]).mean())

    low, high = np.log(_TEMPERATURES)
    found = optimize.minimize_scalar(log_loss, bounds=(low, high), method="bounded", options={"xatol": 1e-3})
    return round(float(np.exp(found.x)), 3)


def scaled(probabilities: Probabilities, temperatures: Sequence[float]) -> Floats:
    """Return probabilities (seeds, images, classes) after each seed's temperature."""
    logs = _logs(probabilities) / np.asarray(temperatures, np.float64)[:, None, None]
    return np.exp(logs - _log_sum(logs)[..., None])


def _logs(probabilities: Probabilities) -> Floats:
    return np.log(np.maximum(probabilities.astype(np.float64), _LEAST))


def _log_sum(logs: Floats) -> Floats:
    most = logs.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(logs - most).sum(axis=-1)) + most[..., 0])


def resamples(images: int, groups: NDArray[np.integer] | None = None) -> NDArray[np.uint8]:
    """Return weights of images, (1 + repetitions, images), the first all 1; those of a group are equal."""
    generator = np.random.default_rng(0)
    own = np.arange(images) if groups is None else np.unique(groups, return_inverse=True)[1]
    weights = np.ones((1 + _REPETITIONS, own.max() + 1), np.uint8)
    weights[1:] = generator.poisson(1, (_REPETITIONS, weights.shape[1]))
    return weights[:, own]


def _sums(
    places: NDArray[np.intp], confidence: Floats, difference: Floats, weights: NDArray[np.uint8], bins: int
) -> Floats:
    """Return (samples, seeds, bins, 4): weights, and weighted sums of difference, its square, and confidence."""
    seeds, images = places.shape
    rows = 4 * (places + bins * np.arange(seeds)[:, None])
    values = [np.ones_like(difference), difference, difference**2, confidence]
    found = np.zeros((4 * seeds * bins, len(weights)))
    for start in range(0, images, _PIECE):
        some = slice(start, start + _PIECE)
        size = len(places[0, some])
        columns = np.broadcast_to(np.arange(size), (seeds, size)).ravel()
        table = sparse.csr_array((len(found), size))
        for place, each in enumerate(values):
            own = each[:, some].ravel(), ((rows[:, some] + place).ravel(), columns)
            table = table + sparse.csr_array(own, shape=table.shape)
        found += table @ weights[:, some].T.astype(np.float64)
    return found.T.reshape(len(weights), seeds, bins, 4)


def _squares(sums: Floats, *, debiased: bool = True) -> Floats:
    """Return the squared error of each sample and seed, (samples, seeds)."""
    number, total, squares = sums[..., 0], sums[..., 1], sums[..., 2]
    known = np.maximum(number, 1)
    mean = total / known
    # The variance of the mean, whose expectation the square of the mean is too large by.
    variance = (squares / known - mean**2) / np.maximum(number - 1, 1)
    terms = mean**2 - (variance if debiased else 0.0)
    return np.asarray((number * terms).sum(axis=-1) / np.maximum(number.sum(axis=-1), 1))


def _bins(sums: Floats) -> pd.DataFrame:
    of_bin = sums.sum(axis=1)
    number = np.maximum(of_bin[..., 0], 1)
    difference, confidence = of_bin[..., 1] / number, of_bin[0, :, 3] / number[0]
    plain = difference[0]
    low, high = plain - np.quantile(difference[1:] - plain, [0.975, 0.025], axis=0)
    table = {"confidence": confidence, "accuracy": confidence + plain}
    table |= {"accuracy_low": np.clip(confidence + low, 0, 1), "accuracy_high": np.clip(confidence + high, 0, 1)}
    return pd.DataFrame(table | {"share": of_bin[0, :, 0] / of_bin[0, :, 0].sum()})
