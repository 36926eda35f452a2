"""Close findings: those that another set of seeds would overturn easily.

A finding rests on the seeds that happened to be drawn. The bootstrap shows what others would have said: sets of as many
seeds are drawn from these with replacement, and the part is judged again on each. Wherever a set names a seed, it means
the same row of every training involved, because seeds are paired.

A set that holds a seed twice varies less than one of new seeds: the variance between seeds comes out too small by a
factor of (n - 1) / n on average, 5 % with twenty seeds. So slightly fewer of the drawn sets than of new ones leave a
finding undecided; this is a warning, not a test.

Source:
    Efron (1979), Bootstrap methods: another look at the jackknife, The Annals of Statistics 7.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hemline.claims.outcome import Outcomes

# A finding is close where at least this share of the drawn sets gives another verdict.
CLOSE = 0.1

_SETS = 200
# Most findings are far from another verdict. Where this many sets agree, fewer than a tenth of all would differ: at a
# tenth, so many agree in 1.5 % of cases.
_ENOUGH_ALIKE = 40
_GENERATOR_SEED = 0


def share_overturned(verdict: Callable[[Outcomes], str], outcomes: Outcomes) -> float:
    """Return the share of drawn sets of seeds, in [0, 1], on which ``verdict`` is another than on these seeds.

    It is the same for the same outcomes, and 0 where there are none. Outcomes that the verdict does not need would be
    drawn for nothing.
    """
    if not outcomes:
        return 0.0
    own, others = verdict(outcomes), 0
    for number in range(_SETS):
        if number == _ENOUGH_ALIKE and not others:
            return 0.0
        others += verdict(_drawn(outcomes, number)) != own
    return others / _SETS


def _drawn(outcomes: Outcomes, number: int) -> Outcomes:
    return {place: outcome.taking(_rows(outcome.n_seeds)[number]) for place, outcome in outcomes.items()}


@lru_cache
def _rows(n_seeds: int) -> NDArray[np.int64]:
    """Return the rows of all sets, int64 (sets, seeds): the same for all trainings with as many seeds."""
    return np.random.default_rng(_GENERATOR_SEED).integers(n_seeds, size=(_SETS, n_seeds))
