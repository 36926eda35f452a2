"""Other estimates of the seeds' part of a gain's variance, tried where the truth is known.

Accuracies are drawn directly, in percentage points: five variants and their baseline, whose trainings vary with the
seed, and gains that also vary with the test images, by a part that is known, as it nearly is with thousands of images.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Array = NDArray[np.float64]
# Standard error of a gain for other test images: that of dense-128 over the linear baseline, 10,000 images.
IMAGES = 0.19
LEVEL = 0.05


class Spread(NamedTuple):
    """How trainings vary: standard deviations in points, and the share of the variance that all have in common."""

    baseline: float
    variants: tuple[float, ...]
    common: float


SPREADS = {
    "all alike, and with the seed": Spread(0.43, (0.43,) * 5, 0.47),
    "all alike, each by itself": Spread(0.43, (0.43,) * 5, 0.0),
    "variants by 0.1 to 0.8 points": Spread(0.1, (0.1, 0.2, 0.4, 0.8, 0.4), 0.0),
}


def seed_by_seed(variants: Array, baseline: Array) -> tuple[Array, Array]:
    """Estimate from the differences seed by seed, as ``comparison.statistics`` does.

    Args:
        variants: accuracies (repetitions, variants, seeds).
        baseline: accuracies (repetitions, 1, seeds).

    Returns:
        The variance of each gain between seeds, and its degrees of freedom: (repetitions, variants).
    """
    between = (variants - baseline).var(axis=2, ddof=1) / variants.shape[2]
    return between, np.full_like(between, variants.shape[2] - 1)


def unpaired(variants: Array, baseline: Array) -> tuple[Array, Array]:
    """Estimate as if trainings of the same seed had nothing in common; Welch's degrees of freedom."""
    one, other = (each.var(axis=2, ddof=1) / each.shape[2] for each in (variants, baseline))
    freedom = variants.shape[2] - 1
    return one + other, (one + other) ** 2 / ((one**2 + other**2) / freedom)


def pooled(variants: Array, baseline: Array) -> tuple[Array, Array]:
    """Draw each variant's own estimate towards that of all, the more the less they differ (empirical Bayes).

    Source:
        Smyth (2004), Linear models and empirical Bayes methods for assessing differential expression in microarray
        experiments, Statistical Applications in Genetics and Molecular Biology 3.
    """
    own, freedom = seed_by_seed(variants, baseline)
    half = freedom[0, 0] / 2
    logs = np.log(own) - special.digamma(half) + np.log(half)
    mean = logs.mean(axis=1, keepdims=True)
    excess = logs.var(axis=1, ddof=1, keepdims=True) - special.polygamma(1, half)
    prior = 2 * _inverse_trigamma(np.maximum(excess, 1e-6))
    centre = np.exp(mean + special.digamma(prior / 2) - np.log(prior / 2))
    return (prior * centre + freedom * own) / (prior + freedom), prior + freedom


def bounded(variants: Array, baseline: Array) -> tuple[Array, Array]:
    """Let no variant's estimate be below the mean of all."""
    own, freedom = seed_by_seed(variants, baseline)
    return np.maximum(own, own.mean(axis=1, keepdims=True)), freedom


METHODS: dict[str, Callable[[Array, Array], tuple[Array, Array]]] = {
    "seed by seed (used)": seed_by_seed,
    "unpaired": unpaired,
    "pooled over variants": pooled,
    "at least the mean": bounded,
}


class Found(NamedTuple):
    """What a method gives: coverage of each variant's interval, family-wise error, half widths in points."""

    covered: Array
    error: float
    half_widths: Array


def tried(spread: Spread, method: Callable[[Array, Array], tuple[Array, Array]], seeds: int, repetitions: int) -> Found:
    """Try a method on trainings that do not differ."""
    rng, n_variants = np.random.default_rng(25), len(spread.variants)
    effects = np.sqrt(spread.common) * rng.standard_normal((repetitions, 1, seeds)) + np.sqrt(
        1 - spread.common
    ) * rng.standard_normal((repetitions, n_variants + 1, seeds))
    accuracies = effects * np.array([spread.baseline, *spread.variants])[:, None]
    baseline, variants = accuracies[:, :1], accuracies[:, 1:]
    # Of the images' part, the baseline's half is in every gain.
    images = IMAGES * np.sqrt(0.5) * rng.standard_normal((repetitions, n_variants + 1))
    gains = (variants - baseline).mean(axis=2) + images[:, 1:] - images[:, :1]
    between, freedom = method(variants, baseline)
    variance = between + IMAGES**2
    freedom = freedom * variance / between
    halves = stats.t.ppf(1 - LEVEL / 2, freedom) * np.sqrt(variance)
    p_values = 2 * stats.t.sf(np.abs(gains) / np.sqrt(variance), freedom)
    erred = (_holm(p_values) < LEVEL).any(axis=1)
    return Found((np.abs(gains) <= halves).mean(axis=0), float(erred.mean()), halves)


def _holm(p_values: Array) -> Array:
    order = np.argsort(p_values, axis=1)
    count = p_values.shape[1]
    raised = np.maximum.accumulate(np.take_along_axis(p_values, order, 1) * (count - np.arange(count)), axis=1)
    adjusted = np.empty_like(p_values)
    np.put_along_axis(adjusted, order, raised, 1)
    return adjusted


def _inverse_trigamma(values: Array) -> Array:
    """Newton's method of Smyth (2004), appendix."""
    found = 0.5 + 1 / values
    for _ in range(50):
        trigamma = special.polygamma(1, found)
        found = found + trigamma * (1 - trigamma / values) / special.polygamma(2, found)
    return found
