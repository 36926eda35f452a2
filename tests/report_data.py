"""Writes what the stages before `report` write, small and made up, so that the report can be tested alone."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pipelines_for_tests import PARAMS as TINY
from ruamel.yaml import YAML
from sets_for_tests import write_sets

from hemline.comparison.calibration import Calibrations
from hemline.comparison.confusion import Answers, confusion_difference, most_frequent
from hemline.comparison.doubts import Doubts, Predicted, doubts
from hemline.comparison.evaluated import Evaluated
from hemline.comparison.facts import Facts
from hemline.comparison.metrics import METRICS
from hemline.comparison.pairs import COLUMNS
from hemline.comparison.selection import Selection
from hemline.data.duplicates import Duplicates
from hemline.data.findings import Findings
from hemline.data.normalized import Labelled, Normalized
from hemline.jobs.settings import Settings
from hemline.jobs.trained import Trained
from hemline.params import Params, load_params

PARAMS = TINY | {
    "normalize": {"scale": 255, "validation_split": 0.1},
    "epochs": 3,
    "batch_size": 32,
    "learning_rate": 0.001,
}
del PARAMS["variants"]
ENDS = {"": 0.0, "_low": -0.05, "_high": 0.05}
VERDICTS = {"better": 0.04, "worse": -0.05, "no difference shown": 0.002, "too few to tell": 0.1}


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
    improving: tuple[str, ...] = ()
    so_far: tuple[str, ...] = ()
    most_frequent_rate: float = 0.25
    imbalanced: bool = False
    duplicates: int = 0
    relabelled: int = 0
    known: list[dict[str, str]] = field(default_factory=list)

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
        "known": inputs.known,
    }
    _write_yaml(root / "params.yaml", params)
    _write_yaml(root / "data" / "tiny.yaml", source)
    labels = _write_images(Normalized(root / Normalized.PATH), inputs, rng)
    params = load_params(root / "params.yaml")
    probabilities = {}
    for place, name in enumerate(inputs.variants):
        probabilities[name] = _probabilities(inputs, labels, 1 + 0.4 * place, rng)
        _write_models(Trained(name, root / Trained.PATH), inputs, params, probabilities[name])
    # Only its tables count: where they come from is another test's matter.
    Evaluated(root / Evaluated.PATH).write(MadeUp(inputs, labels, probabilities))  # type: ignore[arg-type]


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
                "accuracy_without_duplicates": 0.79,
                **{f"{metric.key}{end}": 0.5 + by for metric in METRICS for end, by in ENDS.items()},
                "gain": gain,
                "gain_low": gain - 0.01,
                "gain_high": gain + 0.01,
                "p_value": gain and 0.01,
                "p_holm": np.nan if np.isnan(gain) else 0.0001,
                "verdict": verdict,
                "still_improves": "yes" if name in inputs.improving else "no",
                "so_far": name in inputs.so_far,
                "detectable": np.nan if np.isnan(gain) else 0.009,
                "may_be_best": verdict != "baseline",
            }
        )
    return pd.DataFrame(rows)


def pairs(inputs: Inputs) -> pd.DataFrame:
    """Of each pair, the earlier variant is worse by a point, which is shown where it is the baseline."""
    names = list(itertools.combinations(inputs.variants, 2))
    numbers = {"difference": -0.01, "low": -0.015, "high": -0.005, "p_value": 0.01, "p_holm": 0.02}
    rows = [
        numbers | {"first": a, "second": b, "verdict": "worse" if a == "linear" else "no difference shown"}
        for a, b in names
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def facts(inputs: Inputs, doubted: Doubts | None = None) -> Facts:
    return Facts(
        most_frequent=inputs.classes[0],
        most_frequent_rate=inputs.most_frequent_rate,
        imbalanced=inputs.imbalanced,
        duplicates=inputs.duplicates,
        relabelled=inputs.relabelled,
        doubted_by=doubted.variant if doubted else "",
        doubted_among=doubted.images if doubted else 0,
        likely_errors=doubted.likely_errors if doubted else 0,
    )


def _write_yaml(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        YAML().dump(values, stream)


def _write_images(normalized: Normalized, inputs: Inputs, rng: np.random.Generator) -> np.ndarray:
    """Write the three sets, and return the labels of the test set."""
    sets = {}
    for name, count in (("train", 60), ("validation", 6), ("test", inputs.test_images)):
        images = rng.integers(0, 256, (count, *inputs.shape)).astype(np.float32) / np.float32(255)
        sets[name] = Labelled(images, np.arange(count) % len(inputs.classes))
    write_sets(sets, inputs.classes, 255, folder=normalized.path)
    none = np.zeros(inputs.test_images, np.bool_)
    Findings(normalized.path.parent / "findings").write([], Duplicates(none, none))
    return sets["test"].labels


def _write_models(trained: Trained, inputs: Inputs, params: Params, probabilities: np.ndarray) -> None:
    trained.create(Settings.of(params, trained.variant))
    layers = [
        {"layer": "flatten", "type": "Flatten", "output_shape": "64", "parameters": 0},
        {"layer": "dense", "type": "Dense", "output_shape": f"{len(inputs.classes)}", "parameters": 1000},
    ]
    rows = _history(inputs, inputs.variants.index(trained.variant)).to_dict("records")
    # As the stage does, which has no figures of a validation set where there is none.
    history = [{str(key): value for key, value in row.items() if not pd.isna(value)} for row in rows]
    trained.write(history, layers, {"test": probabilities})


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


class MadeUp:
    """In the place of `Evaluation`: its verdicts are those that a test asks for, whatever the probabilities."""

    def __init__(self, inputs: Inputs, labels: np.ndarray, probabilities: dict[str, np.ndarray]) -> None:
        self.baseline, self.classes, self.variants = "linear", inputs.classes, inputs.variants
        self._inputs, self._labels, self._probabilities = inputs, labels, probabilities
        variant = self.variants[-1]
        self.doubts = doubts(variant, {"test": Predicted(labels, probabilities[variant])}, self.classes)
        self.calibrations = Calibrations(labels)
        for name, own in probabilities.items():
            self.calibrations.add(name, own, [(each, labels) for each in own] if inputs.validation else [])

    def comparison(self) -> pd.DataFrame:
        return comparison(self._inputs)

    def pairs(self) -> pd.DataFrame:
        return pairs(self._inputs)

    def selection(self) -> Selection:
        if not self._inputs.validation:
            return Selection()
        last = self.variants[-1]
        return Selection(best=last, tied=[last], chosen=last, other=last if len(self.variants) > 1 else None)

    def facts(self) -> Facts:
        return facts(self._inputs, self.doubts)

    def metrics(self) -> dict[str, dict[str, float]]:
        return {}

    def runs(self) -> pd.DataFrame:
        return _runs(self._inputs)

    def curves(self) -> pd.DataFrame:
        return _history(self._inputs, 0)

    def confusion(self, variant: str) -> np.ndarray:
        return _counts(self._probabilities[variant], self._labels, len(self.classes))

    def difference(self, variant: str) -> np.ndarray:
        return confusion_difference(self.confusion(variant), self.confusion(self.baseline))

    def confusions(self, variant: str) -> pd.DataFrame:
        answers = [self._probabilities[name].argmax(axis=-1) for name in (variant, self.baseline)]
        return most_frequent(Answers(self._labels, *answers), self.classes)

    def per_class(self, _variant: str) -> pd.DataFrame:
        support = np.bincount(self._labels, minlength=len(self.classes))
        table = pd.DataFrame({"precision": 0.8, "recall": 0.75, "f1": 0.77}, index=self.classes)
        return table.assign(support=support)

    def predictions(self, _variant: str) -> pd.DataFrame:
        return pd.DataFrame()


def _runs(inputs: Inputs) -> pd.DataFrame:
    tables = []
    for place, name in enumerate(inputs.variants):
        last = _history(inputs, place).groupby("seed").tail(1).rename(columns={"epoch": "epochs"})
        tables.append(
            last.assign(
                variant=name,
                test_accuracy=0.8,
                **{f"test_{metric.key}": 0.5 for metric in METRICS},
                model_sha256=[f"{place:032}{seed:032}" for seed in last.seed],
            )
        )
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
