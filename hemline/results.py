"""What the earlier stages wrote, loaded for the report: nothing is computed here, and nothing trained.

Only the variants of params.yaml are read; folders of former variants may lie beside them. A file that is missing is
one ``InputError`` line that names the stage that writes it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hemline.dataset import Dataset, load_dataset
from hemline.errors import InputError
from hemline.params import Params
from hemline.splits import Labelled, read_split
from hemline.tables import read_table

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Results:
    """Everything that the report shows. Tables hold the variants of params.yaml, in its order.

    Attributes:
        params: the settings.
        source: the data set.
        train: the training images.
        test: the test images.
        comparison: one row a variant, of ``evaluate``.
        runs: one row a training, of ``evaluate``.
        layers: one row a layer, of ``evaluate``.
        history: one row an epoch of a training, of ``train``.
        per_class: by variant, one row a class: ``precision``, ``recall``, ``f1``, ``support``.
        confusion: by variant, counts (classes, classes) over all seeds; rows are the true classes.
        difference: by variant other than the baseline, its row shares minus the baseline's.
        folder: where ``evaluate`` wrote.
    """

    params: Params
    source: Dataset
    train: Labelled
    test: Labelled
    comparison: pd.DataFrame
    runs: pd.DataFrame
    layers: pd.DataFrame
    history: pd.DataFrame
    per_class: dict[str, pd.DataFrame]
    confusion: dict[str, Array]
    difference: dict[str, Array]
    folder: Path

    @property
    def validation(self) -> pd.Series:
        """Mean validation accuracy after the last epoch, by variant in params.yaml's order; NaN without validation."""
        means = self.runs.groupby("variant")["val_accuracy"].mean()
        return means.reindex(list(self.params.variants))

    def confusion_png(self, variant: str) -> bytes:
        """Return the picture of a variant's confusion matrix, as a PNG file's bytes.

        Raises:
            InputError: the file is missing.
        """
        return _read_bytes(self.folder / "confusion" / f"{variant}.png", "evaluate")

    def probabilities(self, variant: str) -> Array:
        """Map the probabilities that a variant gives the classes of the test images.

        Args:
            variant: one of params.yaml.

        Returns:
            float32, (seeds, test images, classes).

        Raises:
            InputError: the file is missing, or of other test images.
        """
        path = self.folder / "probabilities" / f"{variant}.npy"
        values = _read_array(path, "evaluate")
        expected = (len(self.params.seeds), len(self.test.labels), len(self.source.classes))
        if values.shape != expected:
            raise InputError(f"{path}: must have the shape {expected}, got {values.shape}; run `dvc repro evaluate`")
        return values


def _read_bytes(path: Path, stage: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _missing(path, stage) from None


def load_results(params: Params, root: Path = Path()) -> Results:
    """Load what download, normalize, train and evaluate wrote.

    Args:
        params: the settings; they say which variants to read.
        root: the repository's top folder.

    Returns:
        The results.

    Raises:
        InputError: a file is missing or lacks a variant.
    """
    folder = root / "reports" / "evaluation"
    source = load_dataset(params.dataset, root / "data")
    normalized = root / "data" / "normalized"
    names = list(params.variants)
    others = [name for name in names if name != params.baseline]
    size = len(source.classes)
    confusion = folder / "confusion"
    return Results(
        params=params,
        source=source,
        train=read_split("train", normalized),
        test=read_split("test", normalized),
        comparison=_read_variants(folder / "comparison.csv", names),
        runs=_read_variants(folder / "runs.csv", names),
        layers=_read_variants(folder / "layers.csv", names),
        history=_load_history(names, root),
        per_class={name: _read_table(folder / "per_class" / f"{name}.csv", "evaluate") for name in names},
        confusion={name: _read_matrix(confusion / f"{name}.csv", size) for name in names},
        difference={name: _read_matrix(confusion / f"{name}-minus-{params.baseline}.csv", size) for name in others},
        folder=folder,
    )


def _load_history(names: list[str], root: Path) -> pd.DataFrame:
    tables = []
    for name in names:
        table = _read_table(root / "models" / name / "history.csv", f"train@{name}")
        tables.append(table.assign(variant=name))
    return pd.concat(tables, ignore_index=True)


def _read_variants(path: Path, names: list[str]) -> pd.DataFrame:
    """Read a table with a column ``variant``; keep the rows of these variants, in their order."""
    table = _read_table(path, "evaluate")
    missing = [name for name in names if name not in set(table["variant"])]
    if missing:
        raise InputError(f"{path}: has no row for the variant {missing[0]!r}; run `dvc repro evaluate`")
    place = table["variant"].map({name: place for place, name in enumerate(names)})
    known = table.assign(_place=place).dropna(subset="_place")
    return known.sort_values("_place", kind="stable").drop(columns="_place").reset_index(drop=True)


def _read_matrix(path: Path, size: int) -> Array:
    values = _read_table(path, "evaluate").iloc[:, 1:].to_numpy(float)
    if values.shape != (size, size):
        raise InputError(f"{path}: must have {size} rows and columns of numbers, got {values.shape}")
    return values


def _read_table(path: Path, stage: str) -> pd.DataFrame:
    try:
        return read_table(path)
    except FileNotFoundError:
        raise _missing(path, stage) from None


def _read_array(path: Path, stage: str) -> Array:
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise _missing(path, stage) from None
    return array


def _missing(path: Path, stage: str) -> InputError:
    return InputError(f"{path}: no such file; run `dvc repro {stage}`")
