"""Trainings on classes of different size, whose true balanced accuracy and macro F1 are known."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hemline.comparison.by_class import Labels, class_mean_scores
from hemline.comparison.statistics import figure_interval

# Of a training's luck with single images, and of what it is better or worse than another; as in `simulated_trainings`.
_NOISE = 0.3
_SEED = 0.1


class Truth(NamedTuple):
    """The mean over endless trainings on endless images."""

    balanced_accuracy: float
    macro_f1: float


@dataclass(frozen=True)
class Classes:
    """Latent scale: a training is right about an image where the sum of all effects is above zero.

    Classes have shares of the images, and abilities of trainings on average. What is wrong is taken for any of the
    other classes alike.
    """

    shares: tuple[float, ...]
    abilities: tuple[float, ...]
    images: int

    def truth(self) -> Truth:
        """Return the true figures, by the mean over ten thousand trainings."""
        seeds = _SEED * np.random.default_rng(0).standard_normal((10_000, 1))
        recalls = stats.norm.cdf((np.array(self.abilities) + seeds) / np.hypot(1, _NOISE))
        shares, n_classes = np.array(self.shares), len(self.shares)
        wrong = shares * (1 - recalls)
        taken = shares * recalls + (wrong.sum(axis=1, keepdims=True) - wrong) / (n_classes - 1)
        return Truth(float(recalls.mean()), float((2 * shares * recalls / (shares + taken)).mean()))

    def sample(self, rng: np.random.Generator, seeds: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return labels, int (images,), and predicted classes, int (seeds, images)."""
        n_classes, shape = len(self.shares), (seeds, self.images)
        labels = rng.choice(n_classes, self.images, p=self.shares)
        effects = rng.standard_normal(self.images) + np.array(self.abilities)[labels]
        effects = effects + _SEED * rng.standard_normal((seeds, 1)) + _NOISE * rng.standard_normal(shape)
        other = (labels + rng.integers(1, n_classes, shape)) % n_classes
        return labels, np.where(effects > 0, labels, other)


_TEN = (0.4, 0.2, 0.1, 0.1, 0.05, 0.05, 0.04, 0.03, 0.02, 0.01)
CLASSES = {
    "950 and 50 images, the rare class is hard": Classes((0.95, 0.05), (2.0, 0.5), 1000),
    "950 and 50 images, both are easy": Classes((0.95, 0.05), (3.0, 2.1), 1000),
    "950 and 50 images, the rare class is hardly ever right": Classes((0.95, 0.05), (3.0, -2.0), 1000),
    "190 and 10 images": Classes((0.95, 0.05), (2.0, 1.0), 200),
    "ten classes, 400 to 10 images, the rare ones are hard": Classes(_TEN, tuple(np.linspace(2, 0.5, 10)), 1000),
    "ten classes, 400 to 10 images, all are easy": Classes(_TEN, tuple(np.linspace(3, 2, 10)), 1000),
    "ten classes, nine of 220 images and one of 20": Classes((0.11,) * 9 + (0.01,), (3.0,) * 9 + (1.5,), 2000),
}


def figure(labels: Labels, predicted: Labels, n_classes: int, *, f1: bool) -> float:
    """Return balanced accuracy or macro F1 without scikit-learn's checks of its input, which take most of the time."""
    images = np.bincount(labels, minlength=n_classes)
    right = np.bincount(labels[labels == predicted], minlength=n_classes)
    base = images + np.bincount(predicted, minlength=n_classes) if f1 else images
    present = images > 0
    return float(((2 if f1 else 1) * right[present] / base[present]).mean())


def coverage(classes: Classes, seeds: int, repetitions: int) -> Truth:
    """Return how often the 95 % intervals hold the true figures of classes that are drawn anew each time."""
    rng, truth, n_classes = np.random.default_rng(25), classes.truth(), len(classes.shares)
    held = np.zeros(len(truth))
    for _ in range(repetitions):
        labels, predicted = classes.sample(rng, seeds)
        for place, f1 in enumerate((False, True)):
            mean = float(np.mean([figure(labels, own, n_classes, f1=f1) for own in predicted]))
            interval = figure_interval(mean, class_mean_scores(labels, predicted, n_classes, f1=f1))
            held[place] += interval.low <= truth[place] <= interval.high
    return Truth(*(held / repetitions).tolist())
