"""Comparisons of all pairs, of which the truth is known: how often they err, and how often planned gains are shown.

Mean scores are drawn, not images: thousands of images make their means normal, and the part of the variance that images
make is known. The part of the seeds is estimated, as in a real comparison, from as many mean scores as there are seeds.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.comparison.crossed import Crossed
from hemline.comparison.pairs import p_same
from hemline.comparison.power import cautious_parts, power, seeds_needed

_IMAGES, _ERROR = 10_000, 0.05


class Variants(NamedTuple):
    """Variants with true means.

    Attributes:
        means: of their scores; equal ones are not to be told apart.
        seeds_share: of the seeds in the variance of a difference, at ``seeds`` seeds.
        correlation: of the scores of the first half of the variants with each other; the others are independent.
    """

    means: tuple[float, ...]
    seeds_share: float
    correlation: float

    def sample(self, rng: np.random.Generator, seeds: int) -> dict[tuple[int, int], Crossed]:
        """Return the measured difference of each pair, first minus second, in standard errors of independent ones."""
        own = self._correlated(rng, 1)[0] * np.sqrt((1 - self.seeds_share) / 2)
        by_seed = self.means + own + self._correlated(rng, seeds) * np.sqrt(seeds * self.seeds_share / 2)
        first, second = np.triu_indices(len(self.means), 1)
        differences = by_seed[:, first] - by_seed[:, second]
        means, estimated = differences.mean(axis=0).tolist(), (differences.var(axis=0, ddof=1) / seeds).tolist()
        close = len(self.means) // 2
        images = [(1 - self.seeds_share) * (1 - self.correlation if each < close else 1.0) for each in second.tolist()]
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        return {
            pair: Crossed(mean, of_images, of_seeds, seeds, _IMAGES, _IMAGES - 1.0)
            for pair, mean, of_images, of_seeds in zip(pairs, means, images, estimated, strict=True)
        }

    def _correlated(self, rng: np.random.Generator, rows: int) -> NDArray[np.float64]:
        values = rng.standard_normal((rows, len(self.means)))
        close = len(self.means) // 2
        common = np.sqrt(self.correlation) * rng.standard_normal((rows, 1))
        values[:, :close] = np.sqrt(1 - self.correlation) * values[:, :close] + common
        return values


def family_wise_error(made: Variants, seeds: int, repetitions: int) -> float:
    """Return how often Holm's method finds a difference of equal variants, where it has found all true ones.

    That is its worst case: what is left is corrected for the number of true hypotheses only.
    """
    rng, found = np.random.default_rng(41), 0
    equal = [
        (first, second)
        for second in range(len(made.means))
        for first in range(second)
        if made.means[first] == made.means[second]
    ]
    level = 1 - _ERROR / len(equal)
    for _ in range(repetitions):
        pairs = made.sample(rng, seeds)
        found += any(abs(pairs[pair].mean) > pairs[pair].cautious_half_width(level) for pair in equal)
    return found / repetitions


def best_is_kept(made: Variants, seeds: int, repetitions: int) -> float:
    """Return how often the best variant is among those that may be the best; the last of equals counts as it."""
    rng, kept = np.random.default_rng(42), 0
    best = len(made.means) - 1
    level = 1 - 2 * _ERROR / best  # of a two-sided test, which is one-sided at half
    for _ in range(repetitions):
        pairs = made.sample(rng, seeds)
        kept += all(pairs[first, best].mean <= pairs[first, best].cautious_half_width(level) for first in range(best))
    return kept / repetitions


def found_the_same(seeds_share: float, seeds: int, repetitions: int, margin: float = 4.0) -> float:
    """Return how often a difference as large as the margin, in standard errors, is taken for the same."""
    rng, made = np.random.default_rng(43), Variants((margin, 0.0), seeds_share, 0.0)
    found = sum(p_same(made.sample(rng, seeds)[0, 1], margin) < _ERROR for _ in range(repetitions))
    return found / repetitions


def planned_power(seeds_share: float, comparisons: int, repetitions: int, gain: float = 4.0) -> tuple[float, float]:
    """Return the power that is computed for a gain at the number of seeds planned for it, and how often it is shown.

    Args:
        seeds_share: of the seeds in the variance, with four of them.
        comparisons: that are corrected for.
        repetitions: of the comparison.
        gain: in standard errors of a difference with four seeds.
    """
    known, seeds = _planned(seeds_share, comparisons, gain)
    parts = known.resized(seeds, _IMAGES)
    rng, shown = np.random.default_rng(44), 0
    for _ in range(repetitions):
        mean = gain + parts.error * rng.standard_normal()
        estimated = parts.seeds * rng.chisquare(seeds - 1) / (seeds - 1)
        half = parts._replace(seeds=estimated).cautious_half_width(1 - _ERROR / comparisons)
        shown += abs(mean) > half
    return power(parts, gain, comparisons), shown / repetitions


def pilots_that_suffice(seeds_share: float, comparisons: int, repetitions: int, gain: float = 4.0) -> float:
    """Return the share of pilots of four seeds whose plan gives a power of 80 % or more, in truth.

    Args:
        seeds_share: of the seeds in the variance, with four of them.
        comparisons: that are corrected for.
        repetitions: the number of pilots.
        gain: in standard errors of a difference with four seeds.
    """
    rng, enough = np.random.default_rng(45), 0
    known, truly_needed = _planned(seeds_share, comparisons, gain)
    for _ in range(repetitions):
        pilot = known._replace(seeds=known.seeds * rng.chisquare(3) / 3)
        planned = seeds_needed(cautious_parts(pilot), gain, comparisons)
        # If no number is enough, the plan does not suggest too few.
        enough += planned is None or planned >= truly_needed
    return enough / repetitions


def _planned(seeds_share: float, comparisons: int, gain: float) -> tuple[Crossed, int]:
    """Return the true variance of a difference with four seeds, and the number of seeds that show the gain."""
    known = Crossed(0.0, 1 - seeds_share, seeds_share, 4, _IMAGES, _IMAGES - 1.0)
    seeds = seeds_needed(known, gain, comparisons)
    if seeds is None:
        raise ValueError(f"gain: must be one that some number of seeds shows, got {gain}")
    return known, seeds
