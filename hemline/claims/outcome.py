"""What the trainings of a variant gave: the one thing that claims are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What the trainings of one variant gave, one row a seed, in the same order everywhere.

    Attributes:
        metrics: by name, float64 (seeds, epochs), after each epoch; NaN after an early stop.
        last_epochs: int64 (seeds,), how many epochs each training took.
        correct: bool (seeds, test images), of the final models.
        losses: float32 (seeds, test images), the cross-entropies of the final models in nats.
        epochs: that a training may take.
        seconds: float64 (seeds,), of each training's fastest epoch, NaN for those without a time; None where fewer than
            two have one.
    """

    metrics: Mapping[str, Values]
    last_epochs: NDArray[np.int64]
    correct: NDArray[np.bool_]
    losses: NDArray[np.float32]
    epochs: int
    seconds: Values | None = None

    @classmethod
    def of_history(
        cls,
        history: pd.DataFrame,
        seeds: Sequence[int],
        *,
        correct: NDArray[np.bool_],
        losses: NDArray[np.float32],
        epochs: int,
        seconds: Values | None = None,
    ) -> Self:
        """Take the metrics from a table with ``seed``, ``epoch`` (from 1) and a column a metric; the rest as above.

        Its rows may stand in any order; ``seeds`` are in that of the other arrays.
        """
        order = list(seeds)
        names = [name for name in history.columns if name not in {"seed", "epoch"}]
        metrics = {
            name: history.pivot_table(index="seed", columns="epoch", values=name, dropna=False)
            .loc[order]
            .to_numpy(np.float64)
            for name in names
        }
        last_epochs = history.groupby("seed")["epoch"].max().loc[order].to_numpy(np.int64)
        return cls(metrics, last_epochs, correct, losses, epochs, seconds)

    @property
    def n_seeds(self) -> int:
        """The number of trainings."""
        return len(self.last_epochs)

    def values(self, metric: str, epoch: int | None = None) -> Values:
        """Return a metric after ``epoch`` of each training that got there, or after its last one: float64 (seeds,)."""
        curves = self.metrics[metric]
        if epoch is None:
            return curves[np.arange(self.n_seeds), self.last_epochs - 1]
        reached = self.last_epochs >= epoch
        return curves[reached, epoch - 1] if reached.any() else np.empty(0)

    def measured(self, metric: str) -> Values | None:
        """Return a metric after the last epochs, or the ``seconds`` that are known, if two are."""
        if metric != "seconds":
            return self.values(metric)
        known = np.empty(0) if self.seconds is None else self.seconds[np.isfinite(self.seconds)]
        return known if known.size > 1 else None

    def curves(self, metric: str) -> Values:
        """Return the values of all epochs, float64 (seeds, epochs); NaN after an early stop."""
        return self.metrics[metric]

    def taking(self, rows: NDArray[np.int64]) -> Self:
        """Return the outcome of these trainings only, each as often as it is named: int64 (seeds,), from 0."""
        return replace(
            self,
            metrics={name: curves[rows] for name, curves in self.metrics.items()},
            last_epochs=self.last_epochs[rows],
            correct=self.correct[rows],
            losses=self.losses[rows],
            seconds=None if self.seconds is None else self.seconds[rows],
        )


# By ``experiment/variant``.
Outcomes = Mapping[str, Outcome]
