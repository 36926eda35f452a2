"""Writes what the stages before `report` write, small and made up, so that the report can be tested alone."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from ruamel.yaml import YAML

from hemline.report.plots import confusion_figure, png

PARAMS = {
    "dataset": "tiny",
    "normalize": {"scale": 255, "validation_split": 0.1},
    "epochs": 3,
    "batch_size": 32,
    "optimizer": "adam",
    "learning_rate": 0.001,
    "activation": "relu",
    "dropout": 0.0,
    "stop_below_loss": None,
    "record_test": False,
    "seeds": [0, 1],
    "baseline": "linear",
}
VERDICTS = {"better": 0.04, "worse": -0.05, "no difference shown": 0.002}


@dataclass
class Inputs:
    """What a test may vary; `verdicts` names the variants beside the baseline, and what is found of each."""

    verdicts: dict[str, str] = field(default_factory=lambda: {"dense-8": "better", "dense-8x2": "no difference shown"})
    classes: list[str] = field(default_factory=lambda: [f"class {number}" for number in range(4)])
    shape: tuple[int, ...] = (8, 8)
    test_images: int = 40
    seeds: int = 2
    epochs: int = 3
    validation: bool = True
    drawn: bool = False  # whether confusion matrices are real pictures, which takes a second each

    @property
    def variants(self) -> list[str]:
        return ["linear", *self.verdicts]


def write_inputs(root: Path, inputs: Inputs) -> None:
    """Write the whole set of files under `root`."""
    rng = np.random.default_rng(0)
    params = PARAMS | {
        "seeds": list(range(inputs.seeds)),
        "epochs": inputs.epochs,
        "normalize": {"scale": 255, "validation_split": 0.1 if inputs.validation else 0},
        "variants": {name: {"hidden": [] if name == "linear" else [8]} for name in inputs.variants},
    }
    source = {
        "title": "Tiny shapes",
        "classes": inputs.classes,
        "licence": "CC0",
        "homepage": "https://example.org/tiny",
        "image_shape": list(inputs.shape),
        # The report reads what normalize wrote: of these files, the description is enough.
        "files": {
            f"{part}-{kind}": {"name": f"{part}-{kind}", "sha256": "0" * 64, "count": 1}
            for part in ("train", "test")
            for kind in ("images", "labels")
        },
        "sources": [],
    }
    _write_yaml(root / "params.yaml", params)
    _write_yaml(root / "data" / "tiny.yaml", source)
    labels = _write_images(root / "data" / "normalized", inputs, rng)
    for place, name in enumerate(inputs.variants):
        write_table(_history(inputs, place), root / "models" / name / "history.csv")
    _write_evaluation(root / "reports" / "evaluation", inputs, labels, rng)


def write_table(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)


def comparison(inputs: Inputs) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(inputs.variants):
        verdict = inputs.verdicts.get(name, "baseline")
        gain = VERDICTS.get(verdict, np.nan) + 0.001 * place
        rows.append(
            {
                "variant": name,
                "seeds": inputs.seeds,
                "parameters": 1000 + place,
                "accuracy": 0.8 + (0 if np.isnan(gain) else gain),
                "accuracy_low": 0.7,
                "accuracy_high": 0.9,
                "loss": 0.5,
                "gain": gain,
                "gain_low": gain - 0.01,
                "gain_high": gain + 0.01,
                "p_seeds_and_images": gain and 0.01,
                "p_exact": gain and 0.01,
                "p_holm": np.nan if np.isnan(gain) else 0.0001,
                "verdict": verdict,
            }
        )
    return pd.DataFrame(rows)


def _write_yaml(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        YAML().dump(values, stream)


def _write_images(folder: Path, inputs: Inputs, rng: np.random.Generator) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.empty(0, int)
    for part, count in (("train", 60), ("validation", 6), ("test", inputs.test_images)):
        images = rng.integers(0, 256, (count, *inputs.shape)).astype(np.float32) / np.float32(255)
        labels = np.arange(count) % len(inputs.classes)
        np.save(folder / f"{part}-images.npy", images)
        np.save(folder / f"{part}-labels.npy", labels)
    return labels


def _history(inputs: Inputs, place: int) -> pd.DataFrame:
    """Losses that fall a little more for each later variant, so that the last is the best by validation."""
    rows = []
    for seed in range(inputs.seeds):
        for epoch in range(1, inputs.epochs + 1):
            loss = (1 / epoch + 0.3) * (1 + 0.01 * seed - 0.02 * place)
            accuracy = 0.7 + 0.01 * place + 0.001 * epoch
            rows.append(
                {
                    "seed": seed,
                    "epoch": epoch,
                    "loss": loss,
                    "accuracy": accuracy,
                    "val_loss": loss + 0.05 if inputs.validation else np.nan,
                    "val_accuracy": accuracy - 0.01 if inputs.validation else np.nan,
                }
            )
    return pd.DataFrame(rows)


def _write_evaluation(folder: Path, inputs: Inputs, labels: np.ndarray, rng: np.random.Generator) -> None:
    write_table(comparison(inputs), folder / "comparison.csv")
    write_table(_runs(inputs), folder / "runs.csv")
    layers = [("flatten", "Flatten", "(64,)", 0), ("dense", "Dense", f"({len(inputs.classes)},)", 1000)]
    columns = ["variant", "layer", "type", "output_shape", "parameters"]
    rows = [(name, *layer) for name in inputs.variants for layer in layers]
    write_table(pd.DataFrame(rows, columns=columns), folder / "layers.csv")
    shares = {}
    for place, name in enumerate(inputs.variants):
        probabilities = _probabilities(inputs, labels, 1 + 0.4 * place, rng)
        (folder / "probabilities").mkdir(exist_ok=True)
        np.save(folder / "probabilities" / f"{name}.npy", probabilities)
        counts = _counts(probabilities, labels, len(inputs.classes))
        shares[name] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        write_matrix(counts, inputs.classes, folder / "confusion" / f"{name}.csv")
        picture = confusion_figure(counts, inputs.classes) if inputs.drawn else Figure((1, 1))
        (folder / "confusion" / f"{name}.png").write_bytes(png(picture))
        write_table(_per_class(inputs, labels), folder / "per_class" / f"{name}.csv")
    for name in inputs.verdicts:
        path = folder / "confusion" / f"{name}-minus-linear.csv"
        write_matrix(shares[name] - shares["linear"], inputs.classes, path)


def _runs(inputs: Inputs) -> pd.DataFrame:
    tables = []
    for place, name in enumerate(inputs.variants):
        last = _history(inputs, place).groupby("seed").tail(1).rename(columns={"epoch": "epochs"})
        tables.append(last.assign(variant=name, test_loss=0.5, test_accuracy=0.8, model_sha256="0" * 64))
    return pd.concat(tables)


def _probabilities(inputs: Inputs, labels: np.ndarray, skill: float, rng: np.random.Generator) -> np.ndarray:
    size = len(inputs.classes)
    scores = rng.normal(size=(inputs.seeds, len(labels), size)) + skill * np.eye(size)[labels]
    powers = np.exp(scores)
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


def _counts(probabilities: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    counts = np.zeros((size, size), int)
    for answers in probabilities.argmax(axis=-1):
        np.add.at(counts, (labels, answers), 1)
    return counts


def _per_class(inputs: Inputs, labels: np.ndarray) -> pd.DataFrame:
    support = np.bincount(labels, minlength=len(inputs.classes))
    table = pd.DataFrame({"class": inputs.classes})
    return table.assign(precision=0.8, recall=0.75, f1=0.77, support=support)


def write_matrix(values: np.ndarray, classes: list[str], path: Path) -> None:
    table = pd.DataFrame(values, columns=classes)
    table.insert(0, "true", classes)
    write_table(table, path)
