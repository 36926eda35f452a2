"""The output of the evaluate stage: ``reports/metrics.json`` and the tables of ``reports/evaluation/``."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.facts import Facts
from hemline.comparison.selection import Selection
from hemline.outputs import Outputs
from hemline.processes.drafts import draft

if TYPE_CHECKING:
    from hemline.comparison.evaluation import Evaluation


_FACTS, _SELECTION = "data.json", "selection.json"
_DOUBTED, _PAIRS = "doubted.csv", "pairs.csv"
_CALIBRATION, _RELIABILITY = "calibration.csv", "reliability.csv"


class Evaluated(Outputs):
    """The folder ``reports/evaluation``, or the same at another revision."""

    PATH = Path("reports/evaluation")
    STAGE = "evaluate"

    def write(self, evaluation: "Evaluation") -> None:
        """Write all tables, and ``metrics.json`` next to the folder, replacing the old ones.

        Raises:
            InputError: the comparison is not possible; nothing is changed.
        """
        comparison, metrics = evaluation.comparison(), evaluation.metrics()
        with draft() as new:
            folder = new.folder / "evaluation"
            for name in ("confusion", "per_class", "predictions"):
                (folder / name).mkdir(parents=True)
            comparison.to_csv(folder / "comparison.csv", index=False)
            evaluation.runs().to_csv(folder / "runs.csv", index=False)
            evaluation.pairs().to_csv(folder / _PAIRS, index=False)
            evaluation.curves().to_csv(folder / "curves.csv")  # for `dvc plots`
            evaluation.doubts.table.to_csv(folder / _DOUBTED, index=False)
            evaluation.calibrations.table().to_csv(folder / _CALIBRATION, index=False)
            evaluation.calibrations.bins().to_csv(folder / _RELIABILITY, index=False)
            (folder / _FACTS).write_text(evaluation.facts().model_dump_json(indent=2) + "\n")
            (folder / _SELECTION).write_text(evaluation.selection().model_dump_json(indent=2) + "\n")
            for variant in evaluation.variants:
                _write_variant(evaluation, variant, folder)
            (new.folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
            new.put(folder.name, self.path)
            new.put("metrics.json", self.path.parent / "metrics.json")

    def exists(self) -> bool:
        """Return whether the stage has written its tables."""
        return (self.path / "runs.csv").exists()

    def runs(self, variants: list[str] | None = None) -> pd.DataFrame:
        """Return a row per training, for these variants in their order, or for all.

        Raises:
            InputError: the table is missing or damaged, or lacks a variant.
        """
        return self._read_variants("runs.csv", variants)

    def comparison(self, variants: list[str] | None = None, metrics: Iterable[str] = ()) -> pd.DataFrame:
        """Return a row per variant, for these in their order, or for all.

        Args:
            variants: their names.
            metrics: the keys of required metrics, which an older table may lack.

        Raises:
            InputError: the table is missing or damaged, or lacks a variant or a metric.
        """
        table = self._read_variants("comparison.csv", variants)
        for key in metrics:
            if key not in table:
                raise self.wrong("comparison.csv", f"has no column for the metric {key!r}")
        return table

    def facts(self) -> Facts:
        """Return the facts about the data.

        Raises:
            InputError: they are missing, or damaged.
        """
        return self.read_json(_FACTS, Facts)

    def selection(self) -> Selection:
        """Return the choice of a variant by the validation images.

        Raises:
            InputError: it is missing, or damaged.
        """
        return self.read_json(_SELECTION, Selection)

    def pairs(self) -> pd.DataFrame:
        """Return a row per pair of variants: see ``pairs.compare_pairs``.

        Raises:
            InputError: the table is missing, or damaged.
        """
        return self.read_table(_PAIRS)

    def doubted(self) -> pd.DataFrame:
        """Return a row per suspicious label, the worst first: set, index, label, quality, looks_like, probability.

        Raises:
            InputError: the table is missing, or damaged.
        """
        return self.read_table(_DOUBTED)

    def calibrations(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return ``table`` and ``bins`` of ``Calibrations``; an ``InputError`` if one is missing or damaged."""
        return self.read_table(_CALIBRATION), self.read_table(_RELIABILITY)

    def per_class(self, variant: str) -> pd.DataFrame:
        """Return a row per class: class, precision, recall, f1, support; NaN if undefined.

        Raises:
            InputError: the table is missing, or damaged.
        """
        return self.read_table(_per_class_name(variant))

    def confusion(self, variant: str) -> NDArray[np.float64]:
        """Return counts (classes, classes) over all seeds; rows are the true classes.

        Raises:
            InputError: the matrix is missing, or damaged.
        """
        return self._read_matrix(_confusion_name(variant))

    def difference(self, variant: str, baseline: str) -> NDArray[np.float64]:
        """Return the shares of each true class minus those of the baseline, (classes, classes).

        Raises:
            InputError: the matrix is missing, or damaged.
        """
        return self._read_matrix(_difference_name(variant, baseline))

    def confusions(self, variant: str) -> pd.DataFrame:
        """Return a row per tested confusion of a variant and the baseline: see ``confusion.most_frequent``.

        Raises:
            InputError: the table is missing, or damaged.
        """
        return self.read_table(_confusions_name(variant))

    def _read_matrix(self, name: str) -> NDArray[np.float64]:
        table = self.read_table(name)
        try:
            values = table.iloc[:, 1:].to_numpy(float)
        except ValueError:
            raise self.wrong(name, "must hold numbers") from None
        if values.shape != (len(table), len(table)):
            raise self.wrong(name, f"must have as many columns of numbers as rows, got {values.shape}")
        return values

    def _read_variants(self, name: str, variants: list[str] | None) -> pd.DataFrame:
        table = self.read_table(name)
        if "variant" not in table:
            raise self.wrong(name, "must have a column `variant`")
        if variants is None:
            return table
        for variant in variants:
            if variant not in set(table["variant"]):
                raise self.wrong(name, f"has no row for the variant {variant!r}")
        order = table["variant"].map({variant: number for number, variant in enumerate(variants)})
        known = table.assign(_order=order).dropna(subset="_order")
        return known.sort_values("_order", kind="stable").drop(columns="_order").reset_index(drop=True)


def _write_variant(evaluation: "Evaluation", variant: str, folder: Path) -> None:
    _write_matrix(evaluation.confusion(variant), folder / _confusion_name(variant), evaluation.classes)
    if variant != evaluation.baseline:
        path = folder / _difference_name(variant, evaluation.baseline)
        _write_matrix(evaluation.difference(variant), path, evaluation.classes)
        evaluation.confusions(variant).to_csv(folder / _confusions_name(variant), index=False)
    evaluation.per_class(variant).to_csv(folder / _per_class_name(variant), index_label="class")
    evaluation.predictions(variant).to_csv(folder / f"predictions/{variant}.csv", index=False)  # for `dvc plots`


def _write_matrix(matrix: NDArray[Any], path: Path, classes: list[str]) -> None:
    pd.DataFrame(matrix, index=classes, columns=classes).to_csv(path, index_label="true")


def _confusion_name(variant: str) -> str:
    return f"confusion/{variant}.csv"


def _difference_name(variant: str, baseline: str) -> str:
    return f"confusion/{variant}-minus-{baseline}.csv"


def _confusions_name(variant: str) -> str:
    return f"confusion/{variant}-most-frequent.csv"


def _per_class_name(variant: str) -> str:
    return f"per_class/{variant}.csv"
