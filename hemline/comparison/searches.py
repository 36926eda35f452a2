"""Repeated searches of settings: the search, not the training, is then the top level of what varies."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def by_search(scores: NDArray[Any], searches: int) -> NDArray[Any]:
    """Return the mean scores of the trainings of each search, which take the place of single trainings.

    Trainings of one search share its chosen settings, so they are no independent draws of "tune, then train". Their
    means are, and the variance between them has both parts: that of the search and that of its trainings.

    Args:
        scores: bool or float (trainings, columns), those of the first search first, equally many of each.
        searches: of the variant.

    Returns:
        float64 (searches, columns); the scores as they are where there is one search, or no more trainings than those.

    Source:
        Bouthillier et al. (2021), Accounting for variance in machine learning benchmarks, Proceedings of Machine
        Learning and Systems 3; means of clusters: Donner and Klar (2000), Cluster Randomization Trials, Arnold.
    """
    if searches == 1 or len(scores) <= searches:
        return scores
    return np.asarray(scores.reshape(searches, -1, scores.shape[1]).mean(axis=1))
