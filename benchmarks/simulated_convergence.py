"""The error rate of the convergence rule: on made-up validation losses, and on real trainings stopped early."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.recorded_trainings import STOPPED, losses, needed_epochs
from hemline.comparison.convergence import still_improves

STEPS = 300
SHARES = (0.05, 0.2, 0.5, 1.0, 2.0)


class Curves(NamedTuple):
    """Made-up validation losses: 1 + an exponential fall from 2, as a seed shifts it, and noise of each epoch.

    Attributes:
        noise: the standard deviation of the noise; as large again is that of the seeds' shifts.
        needed: the share of the epochs that a training needs to come within 1 % of 1.
    """

    noise: float
    needed: float

    def sample(self, rng: np.random.Generator, seeds: int, epochs: int) -> NDArray[np.float64]:
        """Draw the losses of trainings, (seeds, epochs)."""
        falling = 0.01 ** (np.arange(1, epochs + 1) / (self.needed * epochs))
        shifts = rng.normal(0, self.noise, (seeds, 1))
        return 1 + falling + shifts + rng.normal(0, self.noise, (seeds, epochs))


def history(curves: NDArray[np.floating]) -> pd.DataFrame:
    """Return losses (seeds, epochs) as the table that trainings write."""
    seeds, epochs = np.indices(curves.shape)
    return pd.DataFrame({"seed": seeds.ravel(), "epoch": epochs.ravel() + 1, "val_loss": curves.ravel()})


def said_to_improve(curves: Curves, seeds: int, epochs: int, repetitions: int) -> float:
    """Return how often trainings are said to improve still."""
    rng = np.random.default_rng(26)
    found = [still_improves(history(curves.sample(rng, seeds, epochs)), STEPS) for _ in range(repetitions)]
    return float(np.mean([bool(each) for each in found]))


def stopped(name: str, share: float, seeds: int, repetitions: int) -> float | None:
    """Return how often real trainings are said to improve still, that are stopped after a share of what they need.

    Args:
        name: of the trainings.
        share: of the epochs that they need.
        seeds: are drawn from those that there are.
        repetitions: how many draws.

    Returns:
        The rate; None where a training of so many epochs cannot be judged, or there is none.
    """
    epochs, every, rng = round(share * needed_epochs(name)), losses(name), np.random.default_rng(27)
    if not 1 < epochs <= every.shape[1]:
        return None
    draws = [every[rng.permutation(len(every))[:seeds], :epochs] for _ in range(repetitions)]
    return float(np.mean([bool(still_improves(history(each), STOPPED[name].steps)) for each in draws]))
