"""The output of the train stage in ``models/<variant>/``: models, history, layers, predictions and settings."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import RootModel

from hemline.families.registry import family_of
from hemline.jobs.settings import Settings
from hemline.outputs import Outputs

if TYPE_CHECKING:
    import pandas as pd
    from fsspec import AbstractFileSystem

HISTORY_COLUMNS = ["seed", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
LAYER_COLUMNS = ["layer", "type", "output_shape", "parameters"]
Predicted = Literal["validation", "test"]
# The settings of each seed are there where searches of one variant have chosen different ones.
_SETTINGS, _BY_SEED, _NOTES = "settings.json", "settings-by-seed.json", "notes.json"


class _Notes(RootModel[list[str]]):
    pass


class _BySeed(RootModel[dict[str, Settings]]):
    pass


class Trained(Outputs):
    """The folder of the variant ``variant``; what is missing, damaged or of another shape is an ``InputError``."""

    PATH = Path("models")

    def __init__(self, variant: str, models: Path = PATH, files: "AbstractFileSystem | None" = None) -> None:
        super().__init__(models / variant, files, stage=f"train@{variant}")
        self.variant = variant

    def model_path(self, seed: int) -> Path:
        """Return where the model of ``seed`` is."""
        return self.path / self._model_name(seed)

    def model_sha256(self, seed: int) -> str:
        """Return the SHA-256 of the model's file, which is its identity in MLflow."""
        return self.sha256(self._model_name(seed))

    def megabytes(self, seed: int) -> float:
        """Return the size of the model's file, in millions of bytes; 0 where it is missing."""
        path = self.model_path(seed)
        return path.stat().st_size / 1e6 if path.exists() else 0.0

    def create(self, settings: Settings, by_seed: Mapping[int, Settings] | None = None) -> None:
        """Make the folder, with the settings of the first model, and those of each seed where they differ."""
        self.path.mkdir(parents=True, exist_ok=True)
        _write_json(self.path / _SETTINGS, settings.model_dump())
        if by_seed and any(each != settings for each in by_seed.values()):
            _write_json(self.path / _BY_SEED, {str(seed): each.model_dump() for seed, each in by_seed.items()})

    def _model_name(self, seed: int) -> str:
        # A folder without its settings counts as missing, which the reader reports for the model.
        missing = self._files is None and not (self.path / _SETTINGS).is_file()
        return f"seed-{seed}{family_of(self.settings().training).suffix if not missing else '.keras'}"

    def write(
        self,
        history: Sequence[dict[str, Any]],
        layers: Sequence[dict[str, Any]],
        probabilities: Mapping[Predicted, Sequence[NDArray[np.float32]] | NDArray[np.float32]],
        notes: Sequence[str] = (),
    ) -> None:
        """Write everything but the models and the settings.

        ``history`` has a row per seed and epoch, in any order, ``layers`` one per layer, of any of the models;
        ``probabilities`` are, by set, float32 (images, classes) of each seed, in the seeds' order. Where seeds have
        fewer images than others, rows of NaN follow theirs.
        """
        rows = sorted(history, key=lambda row: (row["seed"], row["epoch"]))
        further = [key for key in rows[0] if key not in HISTORY_COLUMNS] if rows else []  # of further watched sets
        _write_csv(self.path / "history.csv", HISTORY_COLUMNS + further, rows)
        _write_csv(self.path / "layers.csv", LAYER_COLUMNS, layers)
        if notes:
            _write_json(self.path / _NOTES, list(notes))
        for name, arrays in probabilities.items():
            images, n_classes = max(map(len, arrays)), arrays[0].shape[1]
            shape = (len(arrays), images, n_classes)
            with self.array_writer(f"{name}-probabilities.npy", shape, arrays[0].dtype) as write:
                for array in arrays:  # one by one, because they may be files
                    write(array)
                    write(np.full((images - len(array), n_classes), np.nan, array.dtype))

    def history(self) -> "pd.DataFrame":
        """Return loss and accuracy of every seed and epoch."""
        table = self.read_table("history.csv")
        if missing := [column for column in HISTORY_COLUMNS if column not in table.columns]:
            raise self.wrong("history.csv", f"must have the columns {missing}")
        # Without a validation set, its columns are empty.
        if texts := [column for column in table.columns if table[column].dtype.kind not in "iuf"]:
            raise self.wrong("history.csv", f"must hold numbers, but has others in {texts}")
        for seed, epochs in table.groupby("seed").epoch:
            if list(epochs) != list(range(1, len(epochs) + 1)):
                raise self.wrong("history.csv", f"must have every epoch from 1 on once for seed {seed}")
        return table

    def history_rows(self) -> list[dict[str, Any]]:
        """Return the rows of the history as text: written again, they give the same bytes."""
        return self._rows("history.csv")

    def layer_rows(self) -> list[dict[str, Any]]:
        """Return the rows of the layers, likewise."""
        return self._rows("layers.csv")

    def _rows(self, name: str) -> list[dict[str, Any]]:
        return list(csv.DictReader(io.StringIO(self.read_bytes(name).decode())))

    def notes(self) -> list[str]:
        """Return sentences about the trainings; none without their file."""
        return self.read_json(_NOTES, _Notes).root if self.has(_NOTES) else []

    def layers(self) -> "pd.DataFrame":
        """Return a row per layer: layer, type, output_shape, parameters."""
        return self.read_table("layers.csv")

    def probabilities(self, name: Predicted, shape: tuple[int, int, int] | None = None) -> NDArray[np.float32]:
        """Return the models' probabilities on the images of a set, float32 (seeds, images, classes).

        They must have the ``shape``, where that is known.
        """
        array = self.read_array(f"{name}-probabilities.npy")
        if array.dtype != np.float32 or array.ndim != 3:  # noqa: PLR2004 - seeds, images, classes
            rule = f"must be float32 (seeds, images, classes), got {array.dtype} {array.shape}"
            raise self.wrong(f"{name}-probabilities.npy", rule)
        if shape is not None and array.shape != shape:
            raise self.wrong(f"{name}-probabilities.npy", f"must have the shape {shape}, got {array.shape}")
        if len(array) != (seeds := self.history().seed.nunique()):
            rule = f"must be of as many seeds as history.csv, {seeds}, got {len(array)}"
            raise self.wrong(f"{name}-probabilities.npy", rule)
        return array

    def settings(self, seed: int | None = None) -> Settings:
        """Return the settings that the model of ``seed``, by default the first, was trained with."""
        if seed is None or not self.has(_BY_SEED):
            return self.read_json(_SETTINGS, Settings)
        by_seed = self.read_json(_BY_SEED, _BySeed).root
        if str(seed) not in by_seed:
            raise self.wrong(_BY_SEED, f"has no settings of seed {seed}")
        return by_seed[str(seed)]


def _write_json(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n")


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
