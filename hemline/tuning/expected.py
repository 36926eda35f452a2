"""The expected best validation score of a search by its number of trials."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import t


def expected_best(scores: NDArray[np.float64], trials: int) -> float:
    """Estimate the mean of the best of ``trials`` independent trials, from the scores of at least as many.

    The mean over all subsets of that size, which is unbiased; higher scores are better.

    Source:
        Tang et al. (2020), Showing your work doesn't always work, ACL. The form with replacement, of Dodge et al.
        (2019), Show your work, EMNLP, is too low on average.
    """
    n = len(scores)
    if not 1 <= trials <= n:
        raise ValueError(f"trials: must be from 1 to {n}, got {trials}")
    ranks = np.arange(1, n + 1)
    own = ranks >= trials
    # The share of the subsets whose best is the one of this rank: C(rank - 1, trials - 1) / C(n, trials).
    logs = _log_binomial(ranks[own] - 1, trials - 1) - _log_binomial(np.array([n]), trials)
    return float(np.exp(logs) @ np.sort(scores)[own])


def interval(scores: NDArray[np.float64], trials: int, level: float = 0.95) -> tuple[float, float]:
    """Return an interval of ``expected_best``, from the jackknife's variance and Student's t.

    Source:
        Arvesen (1969), Jackknifing U-statistics, Annals of Mathematical Statistics 40. Dodge et al. (2021), Expected
        validation performance and estimation of a random variable's maximum: it is for few trials of many only.
    """
    n = len(scores)
    if n <= trials:
        return math.nan, math.nan
    left_out = np.array([expected_best(np.delete(scores, place), trials) for place in range(n)])
    error = math.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
    half = float(t.ppf((1 + level) / 2, n - 1)) * error
    estimate = expected_best(scores, trials)
    return estimate - half, estimate + half


def most_trials(n: int) -> int:
    """Return up to how many of ``n`` trials the curve is drawn: a third, because its end rests on few best ones."""
    return max(1, n // 3)


def _log_binomial(n: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
