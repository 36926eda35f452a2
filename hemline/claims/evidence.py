"""What an experiment's trainings gave, read from DVC's cache at its Git revision; the workspace is not involved."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hemline.claims.outcome import Outcome
from hemline.comparison.evaluated import Evaluated
from hemline.comparison.metrics import image_losses
from hemline.data.description import load_dataset
from hemline.data.normalized import Normalized
from hemline.jobs.trained import Trained
from hemline.params import Params

# What the MLflow store is completed from. Of the normalized data it needs little, but the folder takes 0.2 s to copy.
_PUBLISHED = (Path("params.yaml"), Trained.PATH, Evaluated.PATH, Normalized.PATH)


class Experiment:
    """One experiment of DVC at one revision, with the parameters that it was run with and its data set."""

    def __init__(self, name: str, params: Params, revision: str) -> None:
        # Imported here: takes a second, and only this class needs it.
        from dvc.api import DVCFileSystem  # noqa: PLC0415

        self.name, self.params, self.dataset = name, params, load_dataset(params.dataset)
        self._files = DVCFileSystem(".", rev=revision)
        self._runs = Evaluated(files=self._files).runs()
        self._labels = Normalized(files=self._files).labels("test")

    def outcome(self, variant: str, seconds: dict[str, list[float]]) -> Outcome:
        """Load one variant, with the ``seconds`` of each epoch by the model's SHA-256, where they are known."""
        probabilities = self.probabilities(variant)
        return Outcome.of_history(
            self._trained(variant).history(),
            self.params.seeds_of(variant),
            correct=probabilities.argmax(axis=-1) == self._labels,
            losses=image_losses(probabilities, self._labels),
            epochs=self.params.epochs_of(variant),
            seconds=fastest_seconds(self.models(variant), seconds),
        )

    def models(self, variant: str) -> list[str]:
        """Return the SHA-256 of the models' files, one a seed, in the seeds' order."""
        runs = self._runs[self._runs["variant"] == variant].set_index("seed")
        return list(runs.loc[self.params.seeds_of(variant), "model_sha256"])

    def probabilities(self, variant: str) -> npt.NDArray[np.float32]:
        """Return what the final models answer: float32 (seeds, test images, classes)."""
        return self._trained(variant).probabilities("test")

    @property
    def labels(self) -> npt.NDArray[np.integer]:
        """The true classes of the test images."""
        return self._labels

    def materialise(self, folder: Path) -> None:
        """Write into ``folder`` what `commands.sync` reads."""
        for path in (*_PUBLISHED, Path("data") / f"{self.dataset.name}.yaml"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            self._files.get(path.as_posix(), str(folder / path), recursive=True)

    def _trained(self, variant: str) -> Trained:
        return Trained(variant, files=self._files)


def fastest_seconds(models: list[str], seconds: dict[str, list[float]]) -> npt.NDArray[np.float64] | None:
    """Return the seconds of each training's fastest epoch: what else the machine does can only make one slower.

    The first epoch, which compiles, is left out. Returns float64 (seeds,), NaN where a training was not timed over two
    epochs or more; None where fewer than two were.
    """
    fastest = np.array([min(seconds.get(sha256, [])[1:], default=np.nan) for sha256 in models])
    return fastest if np.isfinite(fastest).sum() > 1 else None
