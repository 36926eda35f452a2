"""What the train stage hands on in ``models/<variant>/``: a model per seed, the history, and the settings used."""

import csv
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hemline.errors import InputError
from hemline.params import Name, Normalize, Params, StrictModel, Training

if TYPE_CHECKING:
    import pandas as pd

HISTORY_COLUMNS = ["seed", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"]


class Settings(StrictModel):
    """All that determines a variant's models apart from their seeds; kept beside them, it outlives ``params.yaml``."""

    variant: Name
    dataset: Name
    normalize: Normalize
    training: Training

    @classmethod
    def of(cls, params: Params, variant: str) -> "Settings":
        """Return the settings that ``params`` gives to ``variant``."""
        return cls(
            variant=variant, dataset=params.dataset, normalize=params.normalize, training=params.training(variant)
        )

    def flat(self) -> dict[str, Any]:
        """Return the settings as one level of keys, for tables and tracking."""
        return (
            {"variant": self.variant, "dataset": self.dataset}
            | self.training.model_dump()
            | self.normalize.model_dump()
        )


class Trained:
    """The folder of one variant.

    Attributes:
        folder: ``models/<variant>``.
        variant: the variant's name.
    """

    def __init__(self, variant: str, models: Path = Path("models")) -> None:
        self.variant = variant
        self.folder = models / variant

    def model_path(self, seed: int) -> Path:
        """Return where the model of ``seed`` is."""
        return self.folder / f"seed-{seed}.keras"

    def model_sha256(self, seed: int) -> str:
        """Return the SHA-256 of the model's file, which is its identity in MLflow.

        Raises:
            InputError: the model is missing.
        """
        try:
            return hashlib.sha256(self.model_path(seed).read_bytes()).hexdigest()
        except FileNotFoundError:
            raise self._missing(self.model_path(seed)) from None

    def write(self, settings: Settings, history: list[dict[str, Any]]) -> None:
        """Write ``history.csv``, one row per seed and epoch in order, and ``settings.json``."""
        with (self.folder / "history.csv").open("w", newline="") as file:
            table = csv.DictWriter(file, _columns(history), lineterminator="\n")
            table.writeheader()
            table.writerows(sorted(history, key=lambda row: (row["seed"], row["epoch"])))
        (self.folder / "settings.json").write_text(json.dumps(settings.model_dump(), indent=2) + "\n")

    def history(self) -> "pd.DataFrame":
        """Return ``history.csv``: loss and accuracy of every seed and epoch.

        Raises:
            InputError: it is missing.
        """
        import pandas as pd  # noqa: PLC0415 - a training, which only writes, starts sooner without

        try:
            return pd.read_csv(self.folder / "history.csv")
        except FileNotFoundError:
            raise self._missing(self.folder / "history.csv") from None

    def settings(self) -> Settings:
        """Return the settings that the models were trained with.

        Raises:
            InputError: they are missing.
        """
        try:
            return Settings.model_validate_json((self.folder / "settings.json").read_text())
        except FileNotFoundError:
            raise self._missing(self.folder / "settings.json") from None

    def _missing(self, path: Path) -> InputError:
        return InputError(f"{path}: no such file; run `dvc repro train@{self.variant}`")


def _columns(history: list[dict[str, Any]]) -> list[str]:
    """Return the columns that every history has, then those of further watched sets."""
    further = [key for key in history[0] if key not in HISTORY_COLUMNS] if history else []
    return HISTORY_COLUMNS + further
