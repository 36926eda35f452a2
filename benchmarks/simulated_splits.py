"""Comparisons whose trainings depend on the split of the images, with known true gains."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hemline.comparison.resampled import resampled
from hemline.comparison.statistics import compare

# Of the seeds' and the images' effects on what a model can do, on a latent scale.
_SEED, _LUCK = 0.05, 0.3
_ABILITIES = (1.2, 1.0)


@dataclass(frozen=True)
class Splits:
    """Latent scale: a training is right about an image where the sum of all effects is above zero.

    ``split`` is the standard deviation of the effect of a split on a variant, by that of a seed.
    """

    split: float
    per_seed: bool  # whether each seed has its own split, which all variants share; otherwise all have one

    def sample(self, rng: np.random.Generator, seeds: int, images: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return of a variant and the baseline bool (seeds, images)."""
        easiness, answers = rng.standard_normal(images), []
        for ability in _ABILITIES:
            split = self.split * rng.standard_normal((seeds if self.per_seed else 1, 1))
            luck = _SEED * (split + rng.standard_normal((seeds, 1))) + _LUCK * rng.standard_normal((seeds, images))
            answers.append(easiness + luck + ability > 0)
        variant, baseline = answers
        return variant, baseline

    def gain(self) -> float:
        """Return the true gain over all splits, seeds and images."""
        scale = np.sqrt(1 + _SEED**2 * (1 + self.split**2) + _LUCK**2)
        first, second = (float(stats.norm.cdf(ability / scale)) for ability in _ABILITIES)
        return first - second


def coverage(made: Splits, seeds: int, repetitions: int) -> float:
    """Return how often the interval of the comparison contains the true gain."""
    rng, gain, held = np.random.default_rng(40), made.gain(), 0
    for _ in range(repetitions):
        found = compare(*made.sample(rng, seeds, images=2000))
        held += found.low <= gain <= found.high
    return held / repetitions


@dataclass(frozen=True)
class Resampling:
    """Two classifiers of two normal classes, fitted to splits of one sample: least squares, and the nearest mean."""

    images: int
    held_out: float  # the share of the images in a test set
    features: int = 10

    def sample(self, rng: np.random.Generator, images: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return features (images, features) of correlated noise, and classes, -1 or 1."""
        classes = rng.choice([-1.0, 1.0], images)
        noise = rng.standard_normal((images, self.features))
        noise[:, 1:] += noise[:, :1]  # which least squares can subtract, and the nearest mean cannot
        return noise + 0.35 * classes[:, None], classes

    def gain(self, rng: np.random.Generator, images: tuple[Any, Any], n_test: int, splits: int) -> NDArray[np.float64]:
        """Return the gain in accuracy of least squares on each of random splits."""
        features, classes = images
        return np.array([self._split(features, classes, rng.permutation(len(classes)), n_test) for _ in range(splits)])

    def _split(
        self, features: NDArray[np.float64], classes: NDArray[np.float64], order: NDArray[np.intp], n_test: int
    ) -> float:
        test, train = order[:n_test], order[n_test:]
        own, answers = np.column_stack([features, np.ones(len(classes))]), classes[train]
        squares = np.linalg.lstsq(own[train], answers, rcond=None)[0]
        means = [features[train][answers == each].mean(axis=0) for each in (-1, 1)]
        nearest = np.append(means[1] - means[0], (means[0] @ means[0] - means[1] @ means[1]) / 2)
        right = [np.sign(own[test] @ weights) == classes[test] for weights in (squares, nearest)]
        return float(right[0].mean() - right[1].mean())


def resampled_coverage(made: Resampling, splits: int, repetitions: int) -> tuple[float, float]:
    """Return how often the corrected and the usual t interval over splits contain the gain on other samples."""
    rng, n_test = np.random.default_rng(41), round(made.held_out * made.images)
    truth = np.random.default_rng(42)
    # Of fresh samples of the same size, each split once: their gains are independent.
    gain = np.mean([made.gain(truth, made.sample(truth, made.images), n_test, 1)[0] for _ in range(10_000)])
    held = np.zeros(2)
    for _ in range(repetitions):
        values = made.gain(rng, made.sample(rng, made.images), n_test, splits)
        for place, ratio in enumerate((n_test / (made.images - n_test), 0.0)):
            found = resampled(values, ratio)
            held[place] += found.low <= gain <= found.high
    return float(held[0] / repetitions), float(held[1] / repetitions)
