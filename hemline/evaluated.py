"""What the evaluate stage hands on: ``reports/metrics.json`` and the tables and arrays of ``reports/evaluation/``."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.evaluation import Score, confusion, confusion_difference, row_normalised, score
from hemline.plots import confusion_figure, png
from hemline.statistics import Row, table


class Evaluation:
    """Collects the scores of all trainings, and writes what follows from them together.

    Attributes:
        per_run: one row per variant and seed.
    """

    def __init__(self, baseline: str, classes: Sequence[str], labels: NDArray[np.integer]) -> None:
        self._baseline, self._classes, self._labels = baseline, list(classes), labels
        self.per_run: list[dict[str, Any]] = []
        self._probabilities: dict[str, list[NDArray[np.float32]]] = {}
        self._scores: dict[str, list[Score]] = {}
        self._layers: dict[str, pd.DataFrame] = {}
        self._curves: dict[str, pd.DataFrame] = {}
        self._pictures: dict[str, bytes] = {}

    def add(
        self, variant: str, last_epoch: Mapping[Any, Any], probabilities: NDArray[np.float32], model_sha256: str
    ) -> None:
        """Score one training.

        Args:
            variant: its variant.
            last_epoch: the last row of its history.
            probabilities: float32 (test images, classes).
            model_sha256: of its model's file.

        Raises:
            InputError: the probabilities do not fit the labels and classes.
        """
        scored = score(probabilities, self._labels, self._classes)
        self._probabilities.setdefault(variant, []).append(probabilities)
        self._scores.setdefault(variant, []).append(scored)
        row = {"variant": variant, "seed": int(last_epoch["seed"]), "epochs": int(last_epoch["epoch"])}
        shown = ("loss", "accuracy", "val_loss", "val_accuracy")
        figures = {key: last_epoch[key] for key in shown}
        test = {"test_loss": scored.loss, "test_accuracy": scored.accuracy, "model_sha256": model_sha256}
        self.per_run.append(row | figures | test)

    def describe(self, variant: str, layers: pd.DataFrame, history: pd.DataFrame) -> None:
        """Complete a variant whose trainings are all added.

        Args:
            variant: the variant.
            layers: a row per layer: layer, type, output_shape, parameters.
            history: of its seeds.
        """
        self._layers[variant] = layers
        self._curves[variant] = history.groupby("epoch")[["loss", "accuracy", "val_loss", "val_accuracy"]].mean()
        # Drawn now, not when all is written: the next variant's models predict meanwhile.
        self._pictures[variant] = png(confusion_figure(self.counts(variant), self._classes))

    def accuracies(self, variant: str) -> NDArray[np.float64]:
        """Return the test accuracy of each seed."""
        return np.array([scored.accuracy for scored in self._scores[variant]])

    def write(self, reports: Path) -> None:
        """Write everything below ``reports``, in place of what was there.

        Raises:
            InputError: the comparison is not possible.
        """
        rows = self._compare()
        folder = reports / "evaluation"
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("confusion", "per_class", "predictions", "probabilities"):
            (folder / name).mkdir(parents=True)
        pd.DataFrame(self.per_run).to_csv(folder / "runs.csv", index=False)
        curves = pd.concat(self._curves, names=["variant"]).round(6)
        curves.to_csv(folder / "curves.csv")
        layers = [layers.assign(variant=variant) for variant, layers in self._layers.items()]
        pd.concat(layers).to_csv(folder / "layers.csv", index=False)
        comparison = pd.DataFrame([self._comparison_row(row) for row in rows])
        comparison.to_csv(folder / "comparison.csv", index=False)
        for variant in self._probabilities:
            self._write_variant(variant, folder)
        metrics = {row["variant"]: _metrics(row) for row in comparison.to_dict("records")}
        (reports / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")

    def counts(self, variant: str) -> NDArray[np.int64]:
        """Return the confusion matrix of ``variant``, summed over its seeds: true classes in rows."""
        each = [self._confusion(probabilities) for probabilities in self._probabilities[variant]]
        total: NDArray[np.int64] = np.stack(each).sum(axis=0)
        return total

    def _confusion(self, probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
        return confusion(self._labels, probabilities.argmax(axis=1), len(self._classes))

    def _compare(self) -> list[Row]:
        correct = {
            variant: np.stack([probabilities.argmax(axis=1) == self._labels for probabilities in each])
            for variant, each in self._probabilities.items()
        }
        return table(correct, self._baseline)

    def _comparison_row(self, row: Row) -> dict[str, Any]:
        gain = row.comparison
        return {
            "variant": row.variant,
            "seeds": row.seeds,
            "parameters": int(self._layers[row.variant].parameters.sum()),
            "accuracy": row.accuracy.estimate,
            "accuracy_low": row.accuracy.low,
            "accuracy_high": row.accuracy.high,
            "loss": float(np.mean([scored.loss for scored in self._scores[row.variant]])),
            "gain": gain.gain if gain else None,
            "gain_low": gain.low if gain else None,
            "gain_high": gain.high if gain else None,
            "p_seeds_and_images": gain.p_value if gain else None,
            "p_exact": row.exact_p_value,
            "p_holm": row.adjusted_p_value,
            "verdict": row.verdict or "baseline",
        }

    def _write_variant(self, variant: str, folder: Path) -> None:
        counts = self.counts(variant)
        self._write_matrix(counts, folder / "confusion" / f"{variant}.csv")
        (folder / "confusion" / f"{variant}.png").write_bytes(self._pictures[variant])
        self._write_matrix(row_normalised(counts), folder / "confusion" / f"{variant}-normalised.csv")
        if variant != self._baseline:
            difference = confusion_difference(counts, self.counts(self._baseline))
            self._write_matrix(difference, folder / "confusion" / f"{variant}-minus-{self._baseline}.csv")
        per_class = [scored.per_class for scored in self._scores[variant]]
        mean = pd.concat(per_class).groupby(level=0, sort=False).mean()
        mean.to_csv(folder / "per_class" / f"{variant}.csv", index_label="class")
        np.save(folder / "probabilities" / f"{variant}.npy", np.stack(self._probabilities[variant]))
        names = np.array(self._classes)
        predicted = self._probabilities[variant][0].argmax(axis=1)
        pairs = pd.DataFrame({"actual": names[self._labels], "predicted": names[predicted]})
        pairs.to_csv(folder / "predictions" / f"{variant}.csv", index=False)

    def _write_matrix(self, matrix: NDArray[Any], path: Path) -> None:
        pd.DataFrame(matrix, index=self._classes, columns=self._classes).to_csv(path, index_label="true")


def _metrics(row: Mapping[Any, Any]) -> dict[str, float]:
    """Return what `dvc metrics diff` and `dvc exp show` are to show of a variant."""
    keys = ["accuracy", "loss"] if pd.isna(row["gain"]) else ["accuracy", "loss", "gain", "gain_low", "gain_high"]
    return {key: round(row[key], 6) for key in keys}
