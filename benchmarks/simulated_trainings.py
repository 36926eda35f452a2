"""Trainings whose true gain is known: made-up ones, and samples of forty real ones."""

import gc
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.recorded_trainings import correct as forty
from hemline.comparison import statistics
from hemline.comparison.crossed import Crossed
from hemline.gate.changes import compare_predictions, judge

Correct = NDArray[np.bool_]


@dataclass(frozen=True)
class Made:
    """Latent scale: a training is right about an image where the sum of all effects is above zero.

    Each pair is (variant, baseline). Images are easy or difficult by a normal effect that both share, and by one of
    their own; trainings are good or bad by an effect that both share, seed by seed, in the share ``common`` of its
    variance.

    Attributes:
        means: abilities.
        own_difficulty: standard deviation of what an image is to one of the two only.
        seed: standard deviation of a training's ability.
        noise: standard deviation of a training's luck with an image.
        common: share of the variance of trainings that both have in common.
        skewed: trainings fail more often badly than they succeed well (a gamma effect, skewness -1.4), as real ones do.
    """

    means: tuple[float, float] = (1.2, 1.0)
    own_difficulty: tuple[float, float] = (0.2, 0.2)
    seed: tuple[float, float] = (0.0, 0.0)
    noise: tuple[float, float] = (0.3, 0.3)
    common: float = 0.0
    skewed: bool = False

    def gain(self) -> float:
        """Return the true gain, exactly or by the mean over a million trainings where their effect is skewed."""
        return self._accuracy(0) - self._accuracy(1)

    def sample(self, rng: np.random.Generator, seeds: int, images: int) -> tuple[Correct, Correct]:
        """Return variant and baseline, bool (seeds, images)."""
        easiness = rng.standard_normal(images, dtype=np.float32)
        shared = self._effects(rng, seeds)

        def correct(which: int) -> Correct:
            own = self.own_difficulty[which] * rng.standard_normal(images, dtype=np.float32)
            effect = math.sqrt(self.common) * shared + math.sqrt(1 - self.common) * self._effects(rng, seeds)
            ability = (self.means[which] + self.seed[which] * effect)[:, None].astype(np.float32)
            noise = self.noise[which] * rng.standard_normal((seeds, images), dtype=np.float32)
            return np.asarray(easiness + own + ability + noise > 0)

        return correct(0), correct(1)

    def _effects(self, rng: np.random.Generator, seeds: int) -> NDArray[np.float64]:
        if not self.skewed:
            return rng.standard_normal(seeds)
        return -(rng.gamma(2, 1, seeds) - 2) / math.sqrt(2)

    def _accuracy(self, which: int) -> float:
        spread = math.sqrt(1 + self.own_difficulty[which] ** 2 + self.noise[which] ** 2)
        if not self.skewed:
            return float(stats.norm.cdf(self.means[which] / math.hypot(spread, self.seed[which])))
        rng = np.random.default_rng(0)
        shared, own = self._effects(rng, 1_000_000), self._effects(rng, 1_000_000)
        effect = math.sqrt(self.common) * shared + math.sqrt(1 - self.common) * own
        return float(stats.norm.cdf((self.means[which] + self.seed[which] * effect) / spread).mean())


def coverage(made: Made, seeds: int, repetitions: int) -> float:
    """Return how often the 95 % interval holds the true gain, on 500 images."""
    rng, gain, held = np.random.default_rng(20), made.gain(), 0
    for _ in range(repetitions):
        interval = statistics.compare(*made.sample(rng, seeds, images=500))
        held += interval.low <= gain <= interval.high
    return held / repetitions


# With 500 images, an accuracy that varies by 0.0134 between seeds weighs as much as 0.003 does with 10,000 images.
MADE = {
    "a steady baseline, a variant that varies": Made(seed=(0.067, 0.0), noise=(0.3, 0.02)),
    "both vary, and rise and fall together": Made(seed=(0.1, 0.1), common=0.4),
    "seeds dominate, on both sides": Made(seed=(0.2, 0.2)),
    "seeds dominate, on one side": Made(seed=(0.2, 0.0), noise=(0.3, 0.02)),
    "seeds and images weigh the same": Made(seed=(0.13, 0.0), noise=(0.3, 0.02)),
    "seeds and images weigh the same, skewed": Made(seed=(0.13, 0.0), noise=(0.3, 0.02), skewed=True),
    "both vary, and rise and fall together, skewed": Made(seed=(0.1, 0.1), common=0.4, skewed=True),
    "images dominate": Made(seed=(0.01, 0.01), own_difficulty=(0.3, 0.3)),
    "seeds do not vary beyond their luck with images": Made(noise=(0.5, 0.5), own_difficulty=(0.02, 0.02)),
}


# Seeds vary as those of dense-128 do, by 0.43 points; the true gain is half a point.
STEADY = Made(means=(1.0640, 1.0), seed=(0.018, 0.0), noise=(0.3, 0.02))


def family_wise_error(variant: str, seeds: int, repetitions: int, images: int = 2000) -> float:
    """Return how often a comparison of real, equal trainings finds a difference between variants.

    The forty trainings of a variant are dealt out, again and again, into groups of so many seeds, one of them as the
    baseline: as many as there are, but at most six. ``images`` of the test images are drawn each time.
    """
    gc.freeze()  # statsmodels' correction collects garbage at every call, which takes ten times as long as all the rest
    rng, trainings, found = np.random.default_rng(23), forty(variant), 0
    n_groups = min(len(trainings) // seeds, 6)
    for _ in range(repetitions):
        order = rng.permutation(len(trainings))
        shown = rng.integers(0, trainings.shape[1], images)
        groups = {str(place): trainings[order[place * seeds :][:seeds]][:, shown] for place in range(n_groups)}
        found += any(row.verdict in {"better", "worse"} for row in statistics.table(groups, "0"))
    return found / repetitions


def power(made: Made, seeds: int, repetitions: int, images: int = 10_000) -> float:
    """Return how often a variant's true gain is found when it alone is compared with its baseline."""
    rng, found = np.random.default_rng(24), 0
    for _ in range(repetitions):
        variant, baseline = made.sample(rng, seeds, images)
        found += statistics.table({"variant": variant, "baseline": baseline}, "baseline")[0].verdict == "better"
    return found / repetitions


def gate_failures(lost: float, seeds: int, margins: Sequence[float | None], repetitions: int) -> list[float]:
    """Return how often the gate fails with each margin, if a share of the test images is lost.

    Of forty real trainings of dense-128, some are those of one revision and some those of the other, as if with the
    same seeds. From the latter, what is lost is taken: images that are right become wrong, the same ones for all.
    """
    gc.freeze()  # as above
    rng, trainings, failed = np.random.default_rng(31), forty("dense-128"), np.zeros(len(margins))
    share = lost / trainings.mean()
    for _ in range(repetitions):
        chosen = trainings[rng.permutation(len(trainings))[: 2 * seeds]]
        kept = rng.random(trainings.shape[1]) >= share
        old, new = chosen[:seeds], chosen[seeds:] & kept
        change = compare_predictions("dense-128", dict(enumerate(old)), dict(enumerate(new)))
        failed += [judge([change], margin)[0].fails for margin in margins]
    return [float(each) for each in failed / repetitions]


class Null(NamedTuple):
    """Variants that do not differ: standard deviations as in ``Made``, the same for all of them and the baseline."""

    seed: float
    noise: float
    own_difficulty: float

    def correct(self, rng: np.random.Generator, seeds: int, easiness: NDArray[np.float32]) -> NDArray[np.int8]:
        """Return whether each training is right about each image, int8 (seeds, images)."""
        own = self.own_difficulty * rng.standard_normal(len(easiness), dtype=np.float32)
        ability = self.seed * rng.standard_normal((seeds, 1), dtype=np.float32)
        noise = self.noise * rng.standard_normal((seeds, len(easiness)), dtype=np.float32)
        right: NDArray[np.bool_] = easiness + own + ability + noise > 0
        return right.view(np.int8)


NULLS = {
    "seeds weigh a tenth": Null(seed=0.03, noise=0.3, own_difficulty=0.2),
    "seeds and images weigh the same": Null(seed=0.09, noise=0.3, own_difficulty=0.2),
    "seeds dominate": Null(seed=0.3, noise=0.3, own_difficulty=0.2),
}


def many_variants_error(null: Null, seeds: int, variants: int, repetitions: int, images: int = 1000) -> float:
    """Return how often a comparison of many variants beside the baseline that do not differ finds a difference.

    Of variants that do not differ, the first step of Holm's method decides whether any difference is found.
    """
    rng, found, level = np.random.default_rng(31), 0, 1 - 0.05 / variants
    for _ in range(repetitions):
        easiness = rng.standard_normal(images, dtype=np.float32) + 1
        baseline = null.correct(rng, seeds, easiness)
        found += any(
            abs(gain.mean) > gain.cautious_half_width(level)
            for gain in (Crossed.of(null.correct(rng, seeds, easiness) - baseline) for _ in range(variants))
        )
    return found / repetitions
