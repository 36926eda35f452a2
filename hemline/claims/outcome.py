"""What the trainings of a variant gave: the one thing that claims are held against."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What the trainings of one variant gave.

    Attributes:
        history: ``seed``, ``epoch`` (from 1) and the metrics after it.
        correct: bool (seeds, test images), of the final models.
        epochs: that a training may take.
        seconds: float64 (seeds,), of each training's fastest epoch; None where no times were recorded.
    """

    history: pd.DataFrame
    correct: NDArray[np.bool_]
    epochs: int
    seconds: Values | None = None

    def values(self, metric: str, epoch: int | None = None) -> Values:
        """Return a metric after ``epoch`` of each training that got there, or after its last one: float64 (seeds,)."""
        if epoch is None:
            return self.history.groupby("seed")[metric].last().to_numpy(np.float64)
        return self.history.loc[self.history["epoch"] == epoch, metric].to_numpy(np.float64)

    def measured(self, metric: str) -> Values | None:
        """Return a metric after the last epochs, or the ``seconds``, of which there may be none."""
        return self.seconds if metric == "seconds" else self.values(metric)

    def curves(self, metric: str) -> Values:
        """Return the values of all epochs, float64 (seeds, epochs); NaN after an early stop."""
        return self.history.pivot_table(index="seed", columns="epoch", values=metric).to_numpy(np.float64)

    def last_epochs(self) -> NDArray[np.int64]:
        """Return how many epochs each training took, int64 (seeds,)."""
        return self.history.groupby("seed")["epoch"].max().to_numpy(np.int64)


# By ``experiment/variant``.
Outcomes = Mapping[str, Outcome]
