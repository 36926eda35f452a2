"""Trainings on images that belong together, whose true accuracy and gain are known: ten pictures of one object, say."""

import gc
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hemline.comparison.statistics import accuracy_interval, compare, table

Correct = NDArray[np.bool_]
_SEED = 0.05
_NOISE = 0.3

SIZES = {"equal": "10", "unequal": "1 to 100", "few large": "1 to 100, few large"}


class Held(NamedTuple):
    """The coverage of the 95 % intervals of accuracy and gain."""

    accuracy: float
    gain: float


@dataclass(frozen=True)
class GroupedImages:
    """Latent scale: a training is right about an image where the sum of all effects is above zero.

    Sizes of groups: "equal", ten images each; "unequal", 1 to 100, each as likely; "few large", 1 to 100, each decade
    as likely. ``alike`` is the standard deviation of what a group is to all variants, ``own`` that of what it is to
    one.
    """

    sizes: str
    groups: int
    alike: float = 0.7
    own: float = 0.4

    def sample(
        self, rng: np.random.Generator, seeds: int, abilities: list[float]
    ) -> tuple[list[Correct], NDArray[np.int64]]:
        """Return of each variant bool (seeds, images), and the group of each image."""
        places = np.repeat(np.arange(self.groups), self._drawn_sizes(rng))
        easiness = rng.standard_normal(len(places)) + self.alike * rng.standard_normal(self.groups)[places]
        answers = []
        for ability in abilities:
            own = self.own * rng.standard_normal(self.groups)[places]
            luck = _SEED * rng.standard_normal((seeds, 1)) + _NOISE * rng.standard_normal((seeds, len(places)))
            answers.append(np.asarray(easiness + own + luck + ability > 0))
        return answers, places

    def accuracy(self, ability: float) -> float:
        """Return the true accuracy."""
        return float(stats.norm.cdf(ability / np.sqrt(1 + self.alike**2 + self.own**2 + _SEED**2 + _NOISE**2)))

    def _drawn_sizes(self, rng: np.random.Generator) -> NDArray[np.int64]:
        if self.sizes == "equal":
            return np.full(self.groups, 10)
        if self.sizes == "unequal":
            return rng.integers(1, 101, self.groups)
        return np.floor(100 ** rng.random(self.groups)).astype(np.int64)


def coverage(made: GroupedImages, seeds: int, repetitions: int, *, known: bool = True) -> Held:
    """Return how often the intervals hold the truth, where they know the groups, or where they do not."""
    rng, held = np.random.default_rng(32), np.zeros(2)
    accuracy, gain = made.accuracy(1.2), made.accuracy(1.2) - made.accuracy(1.0)
    for _ in range(repetitions):
        (variant, baseline), places = made.sample(rng, seeds, [1.2, 1.0])
        groups = places if known else None
        own, difference = accuracy_interval(variant, groups=groups), compare(variant, baseline, groups=groups)
        held += own.low <= accuracy <= own.high, difference.low <= gain <= difference.high
    return Held(*(held / repetitions).tolist())


def family_wise_error(made: GroupedImages, seeds: int, repetitions: int, *, known: bool = True) -> float:
    """Return how often a difference is found between five variants and a baseline that do not differ; see above."""
    gc.freeze()  # as in `simulated_trainings`
    rng, found = np.random.default_rng(33), 0
    for _ in range(repetitions):
        answers, places = made.sample(rng, seeds, [1.0] * 6)
        correct = {str(place): own for place, own in enumerate(answers)}
        rows = table(correct, "0", groups=places if known else None)
        found += any(row.verdict in {"better", "worse"} for row in rows)
    return found / repetitions
