"""Calibration: of the images that a model is 80 % sure of, are 80 % right? And temperature scaling, which mends it.

The error is that of the most probable class, in bins of equally many images, as a root mean square. The plug-in
estimate is above zero even for a calibrated model; here each bin's variance is subtracted.
"""

import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
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
# Of more, several are drawn together, so that memory does not grow with the number of images.
_MOST_UNITS = 2**14
_PIECE = 2**13  # images
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
    """The calibration of several variants on the same test images, before and after temperature scaling.

    It is computed in a thread of its own, while the caller compares the variants.
    """

    def __init__(self, labels: Labels, groups: NDArray[np.integer] | None = None, searches: int = 1) -> None:
        """Store the data that all variants share.

        Args:
            labels: (images,), of the test images.
            groups: (images,), the group of each image; None: images are independent.
            searches: of each variant's settings, as in ``calibration``.
        """
        self._labels, self._groups, self._searches = labels, groups, searches
        self._thread = ThreadPoolExecutor(1)
        self._found: list[Future[tuple[dict[str, Any], pd.DataFrame]]] = []

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
        self._found.append(self._thread.submit(self._calibrate, variant, probabilities, validation))

    def table(self) -> pd.DataFrame:
        """Return a row per variant, with the columns ``COLUMNS``; errors in [0, 1], log loss in nats."""
        return pd.DataFrame([each.result()[0] for each in self._found], columns=COLUMNS).round(6)

    def bins(self) -> pd.DataFrame:
        """Return a row per variant and bin of confidence, by which a reliability diagram is drawn."""
        bins = [each.result()[1] for each in self._found]
        return pd.concat(bins)[BIN_COLUMNS].round(6) if bins else pd.DataFrame(columns=BIN_COLUMNS)

    def _calibrate(
        self, variant: str, probabilities: Probabilities, validation: Sequence[tuple[Probabilities, Labels]]
    ) -> tuple[dict[str, Any], pd.DataFrame]:
        plain = calibration(probabilities, self._labels, self._resamples, self._searches)
        row = {"variant": variant} | _columns("", plain.error, probabilities, self._labels)
        if validation and all(len(labels) for _, labels in validation):
            temperatures = [temperature(*each) for each in validation]
            after = scaled(probabilities, temperatures)
            own = calibration(after, self._labels, self._resamples, self._searches).error
            row |= {"temperature": float(np.mean(temperatures))} | _columns("scaled_", own, after, self._labels)
        return row, plain.bins.assign(variant=variant)

    @cached_property
    def _resamples(self) -> "Resamples":
        return resample(len(self._labels), self._groups)


def _columns(prefix: str, error: Error, probabilities: Probabilities, labels: Labels) -> dict[str, float]:
    loss = float(image_losses(probabilities, labels).mean(dtype=np.float64))
    found = {"error": error.root, "error_low": error.low, "error_high": error.high, "log_loss": loss}
    return {f"{prefix}{key}": value for key, value in found.items()}


def calibration(probabilities: Probabilities, labels: Labels, resamples: "Resamples", searches: int = 1) -> Calibration:
    """Return the calibration error of the most probable class, the mean square over the seeds, and the bins.

    Args:
        probabilities: (seeds, images, classes).
        labels: (images,), the true classes.
        resamples: from ``resample``.
        searches: of the settings; seeds of one search, which follow each other, are then drawn together.

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
    units = searches if 1 < searches < seeds else seeds
    drawn = np.random.default_rng(1).integers(0, units, (_REPETITIONS, units, 1))
    chosen = (drawn * (seeds // units) + np.arange(seeds // units)).reshape(_REPETITIONS, seeds)
    sums = _sums(places, difference, resamples, len(edges) + 1)
    squares = _squares(sums)
    estimate = float(squares[0].mean())
    plug_in = float(_squares(sums[:1], debiased=False).mean())
    resampled = np.take_along_axis(squares[1:], chosen, axis=1).mean(axis=1)
    low, high = estimate - np.quantile(resampled - plug_in, [0.975, 0.025])
    confidences = np.bincount(places.ravel(), confidence.ravel(), len(edges) + 1).astype(np.float64)
    error = Error(estimate, math.sqrt(max(low, 0.0)), math.sqrt(max(high, 0.0)))
    return Calibration(error, _bins(sums, confidences))


def temperature(probabilities: Probabilities, labels: Labels) -> float:
    """Return the temperature with the lowest log loss, from 0.05 to 20; above 1, a model was too sure.

    Args:
        probabilities: of validation images by one model, (images, classes).
        labels: (images,), their classes.

    Source:
        Guo et al. (2017), On calibration of modern neural networks, ICML.
    """
    logs = _logs(probabilities)
    # The most probable class has 0 at every temperature.
    logs -= logs.max(axis=1, keepdims=True)
    of_truth = float(logs[np.arange(len(labels)), labels].mean())

    def log_loss(log_temperature: float) -> float:
        factor = math.exp(-log_temperature)
        return float(np.log(np.exp(logs * factor).sum(axis=1)).mean()) - factor * of_truth

    low, high = np.log(_TEMPERATURES)
    found = optimize.minimize_scalar(log_loss, bounds=(low, high), method="bounded", options={"xatol": 1e-3})
    return round(float(np.exp(found.x)), 3)


def scaled(probabilities: Probabilities, temperatures: Sequence[float]) -> Floats:
    """Return probabilities (seeds, images, classes) after each seed's temperature."""
    logs = _logs(probabilities) / np.asarray(temperatures, np.float64)[:, None, None]
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _logs(probabilities: Probabilities) -> Floats:
    return np.log(np.maximum(probabilities.astype(np.float64), _LEAST))


class Resamples(NamedTuple):
    """Weights for a bootstrap: how often each repetition draws a unit, which is an image, a group or several."""

    weights: NDArray[np.uint8]  # (1 + repetitions, units); the first are all 1
    units: NDArray[np.intp]  # (images,), the unit of each


def resample(images: int, groups: NDArray[np.integer] | None = None) -> Resamples:
    """Draw the repetitions for this number of images; ``groups``, (images,): images of a group are drawn together."""
    generator = np.random.default_rng(0)
    units = (np.arange(images) if groups is None else np.unique(groups, return_inverse=True)[1]) % _MOST_UNITS
    weights = np.ones((1 + _REPETITIONS, units.max() + 1), np.uint8)
    weights[1:] = generator.poisson(1, (_REPETITIONS, weights.shape[1]))
    return Resamples(weights, units)


def _sums(places: NDArray[np.intp], difference: Floats, resamples: Resamples, bins: int) -> Floats:
    """Return (samples, seeds, bins, 3): the weights, and the weighted sums of the difference and of its square."""
    seeds, images = places.shape
    rows = places + bins * np.arange(seeds)[:, None]
    values = np.stack([np.ones_like(difference), difference, difference**2])
    found = np.zeros((3 * seeds * bins, len(resamples.weights)))
    for start in range(0, images, _PIECE):
        own = np.stack([rows[:, start : start + _PIECE] + power * seeds * bins for power in range(3)])
        columns = np.broadcast_to(np.arange(own.shape[2]), own.shape)
        entries = values[:, :, start : start + _PIECE].ravel(), (own.ravel(), columns.ravel())
        table = sparse.csr_array(entries, shape=(len(found), own.shape[2]))
        weights = resamples.weights[:, resamples.units[start : start + _PIECE]]
        found += table @ weights.T.astype(np.float64)
    return np.moveaxis(found.reshape(3, seeds, bins, -1), (0, 3), (3, 0))


def _squares(sums: Floats, *, debiased: bool = True) -> Floats:
    """Return the squared error of each sample and seed, (samples, seeds)."""
    number, total, squares = sums[..., 0], sums[..., 1], sums[..., 2]
    known = np.maximum(number, 1)
    mean = total / known
    # The variance of the mean, whose expectation the square of the mean is too large by.
    variance = (squares / known - mean**2) / np.maximum(number - 1, 1)
    terms = mean**2 - (variance if debiased else 0.0)
    return np.asarray((number * terms).sum(axis=-1) / np.maximum(number.sum(axis=-1), 1))


def _bins(sums: Floats, confidences: Floats) -> pd.DataFrame:
    """Return the bins of all seeds together, of which ``confidences`` (bins,) are the sums."""
    of_bin = sums.sum(axis=1)
    number = np.maximum(of_bin[..., 0], 1)
    difference, confidence = of_bin[..., 1] / number, confidences / number[0]
    plain = difference[0]
    low, high = plain - np.quantile(difference[1:] - plain, [0.975, 0.025], axis=0)
    table = {"confidence": confidence, "accuracy": confidence + plain}
    table |= {"accuracy_low": np.clip(confidence + low, 0, 1), "accuracy_high": np.clip(confidence + high, 0, 1)}
    shares = of_bin[0, :, 0] / of_bin[0, :, 0].sum()
    # The lowest is empty where many confidences are equal.
    return pd.DataFrame(table | {"share": shares}).query("share > 0")
