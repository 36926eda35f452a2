"""Successive halving: the trials of a search that are worse after a part of their epochs end there.

Each stage of it, a rung, waits for all of its trials, so the result is the same on any number of cores or workers.

Source:
    Jamieson and Talwalkar (2016), Non-stochastic best arm identification and hyperparameter optimization, AISTATS; with
    the factor 3 of Li et al. (2018), Hyperband, Journal of Machine Learning Research 18.
"""

from collections.abc import Mapping
from math import ceil

_FACTOR = 3
_RUNGS = 3


def rungs(epochs: int, *, halving: bool) -> list[int]:
    """Return after how many epochs a trial of ``epochs`` is compared with others: at last at its end."""
    if not halving:
        return [epochs]
    return [max(1, round(epochs / _FACTOR**further)) for further in reversed(range(_RUNGS))]


def survivors(values: Mapping[int, float]) -> list[int]:
    """Return the trials that continue: the best third, rounded up.

    Args:
        values: by trial, of those that have not failed; higher is better. Of equals, the first continues.
    """
    best = sorted(values, key=lambda number: (-values[number], number))
    return sorted(best[: ceil(len(values) / _FACTOR)])
