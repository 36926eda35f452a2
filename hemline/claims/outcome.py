"""The outcome of a variant's trainings, read from DVC's cache: the basis for judging claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.evaluated import Evaluated
from hemline.comparison.metrics import image_losses
from hemline.data.description import load_dataset
from hemline.data.normalized import Normalized
from hemline.jobs.trained import Trained
from hemline.params import Params

Values = NDArray[np.float64]
# The files from which the MLflow store is completed. It needs little of the normalized data, but that copies in 0.2 s.
_PUBLISHED = (Path("params.yaml"), Trained.PATH, Evaluated.PATH, Normalized.PATH)


@dataclass(frozen=True)
class Outcome:
    """The outcome of one variant's trainings: one row a seed, in the same order everywhere."""

    metrics: Mapping[str, Values]  # by name, float64 (seeds, epochs), after each epoch; NaN after an early stop
    last_epochs: NDArray[np.int64]  # int64 (seeds,), the number of epochs of each training
    correct: NDArray[np.bool_]  # bool (seeds, test images), of the final models
    losses: NDArray[np.float32]  # float32 (seeds, test images), the cross-entropies of the final models in nats
    epochs: int  # the most epochs of a training
    # float64 (seeds,), of each training's fastest epoch, NaN if unknown; None if fewer than two are
    # known
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

        Its rows may be in any order; ``seeds`` have the order of the other arrays.
        """
        table = history.pivot_table(index="seed", columns="epoch", dropna=False).loc[list(seeds)]
        metrics = {str(name): table[name].to_numpy(np.float64) for name in table.columns.unique(0)}
        last_epochs = history.groupby("seed")["epoch"].max().loc[list(seeds)].to_numpy(np.int64)
        return cls(metrics, last_epochs, correct, losses, epochs, seconds)

    @property
    def n_seeds(self) -> int:
        """The number of trainings."""
        return len(self.last_epochs)

    def values(self, metric: str, epoch: int | None = None) -> Values:
        """Return a metric after ``epoch`` of each training that reached it, or after its last one: float64 (seeds,)."""
        curves = self.metrics[metric]
        if epoch is None:
            return curves[np.arange(self.n_seeds), self.last_epochs - 1]
        reached = self.last_epochs >= epoch
        return curves[reached, epoch - 1] if reached.any() else np.empty(0)

    def measured(self, metric: str) -> Values | None:
        """Return a metric after the last epochs, or the known ``seconds``, if there are at least two."""
        if metric != "seconds":
            return self.values(metric)
        known = np.empty(0) if self.seconds is None else self.seconds[np.isfinite(self.seconds)]
        return known if known.size > 1 else None

    def curves(self, metric: str) -> Values:
        """Return the values of all epochs, float64 (seeds, epochs); NaN after an early stop."""
        return self.metrics[metric]

    def taking(self, rows: NDArray[np.int64]) -> Self:
        """Return the outcome of the trainings in ``rows``, int64 (seeds,), which may repeat."""
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


class Experiment:
    """A DVC experiment at one Git revision, with its parameters and data set; the workspace is not read."""

    def __init__(self, name: str, params: Params, revision: str) -> None:
        # Imported here: takes a second, and only this class needs it.
        from dvc.api import DVCFileSystem  # noqa: PLC0415

        self.name, self.params, self.dataset = name, params, load_dataset(params.dataset)
        self._files = DVCFileSystem(".", rev=revision)
        self._runs = Evaluated(files=self._files).runs()
        self.labels = Normalized(files=self._files).labels("test")

    def outcome(self, variant: str, seconds: dict[str, list[float]]) -> Outcome:
        """Load one variant, with the known ``seconds`` of each epoch by the model's SHA-256."""
        probabilities = self.probabilities(variant)
        return Outcome.of_history(
            Trained(variant, files=self._files).history(),
            self.params.seeds_of(variant),
            correct=probabilities.argmax(axis=-1) == self.labels,
            losses=image_losses(probabilities, self.labels),
            epochs=self.params.epochs_of(variant),
            seconds=fastest_seconds(self.models(variant), seconds),
        )

    def models(self, variant: str) -> list[str]:
        """Return the SHA-256 of the models' files, one a seed, in the seeds' order."""
        runs = self._runs[self._runs["variant"] == variant].set_index("seed")
        return list(runs.loc[self.params.seeds_of(variant), "model_sha256"])

    def probabilities(self, variant: str) -> NDArray[np.float32]:
        """Return the final models' predictions: float32 (seeds, test images, classes)."""
        return Trained(variant, files=self._files).probabilities("test")

    def materialise(self, folder: Path) -> None:
        """Write the files that `hemline sync` reads into ``folder``."""
        for path in (*_PUBLISHED, Path("data") / f"{self.dataset.name}.yaml"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            self._files.get(path.as_posix(), str(folder / path), recursive=True)


def fastest_seconds(models: list[str], seconds: dict[str, list[float]]) -> Values | None:
    """Return the seconds of each training's fastest epoch: other load on the machine only makes epochs slower.

    The first epoch, which compiles, is left out. Returns float64 (seeds,), NaN for trainings that were not timed over
    two epochs or more; None if fewer than two were.
    """
    fastest = np.array([min(seconds.get(sha256, [])[1:], default=np.nan) for sha256 in models])
    return fastest if np.isfinite(fastest).sum() > 1 else None
