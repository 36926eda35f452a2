"""What the comparison and the report cost as variants and seeds grow: on made-up trainings, of which none is trained.

Writes: <output>/many_trainings.json
Run:    python -m benchmarks.many_trainings [--variants 6 20 40] [--seeds 4 8 16] [--images 10000]

Each line is a process of its own, which does what the stages evaluate and report do, apart from MLflow; memory is what
it and its children hold for themselves. Linux only.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML
from scipy import special

from benchmarks.counts import count
from benchmarks.scale import ROOT, run
from hemline.comparison.evaluated import Evaluated
from hemline.data.duplicates import Duplicates
from hemline.data.findings import Findings
from hemline.data.normalized import About, Normalized
from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.report.page import render, write
from hemline.report.results import load_results
from hemline.training.trained import Predicted, Settings, Trained
from stages.evaluate import artifacts, evaluate
from stages.report import REPORTS

_NAME = "made"
_SIDE = 28
_EPOCHS = 5
_TRAIN = 1000  # images, which only pictures on the page are taken of
# Of logits: how much a label raises its own, and how much chance raises any.
_SKILL, _CHANCE = 3.0, 1.0


def main() -> None:
    """Measure, print, write JSON; or do the work of one line."""
    parser = argparse.ArgumentParser(description="What the comparison costs as variants and seeds grow.")
    parser.add_argument("--variants", nargs="+", type=count, default=[6, 20, 40])
    parser.add_argument("--seeds", nargs="+", type=count, default=[4, 8, 16], help="with the first number of variants")
    parser.add_argument("--images", type=count, default=10_000, help="of the test, and of the validation")
    parser.add_argument("--classes", type=count, default=10)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with one_line_errors():
        if options.stage:
            STAGES[options.stage]()
            return
        works = [(options.variants[0], seeds) for seeds in options.seeds]
        works += [(variants, options.seeds[0]) for variants in options.variants[1:]]
        lines = []
        print(f"{'variants':>9}{'seeds':>7}  {'stage':10}{'seconds':>9}{'CPU':>9}{'peak MB':>9}", flush=True)
        for variants, seeds in works:
            for line in _measure(variants, seeds, options.images, options.classes):
                figures = f"{line['seconds']:9.1f}{line['cpu_seconds']:9.1f}{line['peak_bytes'] / 1e6:9.0f}"
                print(f"{variants:9}{seeds:7}  {line['stage']:10}{figures}", flush=True)
                lines.append(line)
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "many_trainings.json").write_text(json.dumps(lines, indent=1) + "\n")


def _measure(variants: int, seeds: int, images: int, classes: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        _make(Path(folder), variants, seeds, images, classes)
        command = [sys.executable, "-m", "benchmarks.many_trainings", "--stage"]
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        about = {"variants": variants, "seeds": seeds, "images": images, "classes": classes}
        return [
            about | {"stage": stage} | run([*command, stage], Path(folder), further={"PYTHONPATH": path})
            for stage in STAGES
        ]


def _make(folder: Path, variants: int, seeds: int, images: int, classes: int) -> None:
    """Write what the stages before evaluate hand on."""
    rng = np.random.default_rng(0)
    sizes = {"train": _TRAIN, "validation": images, "test": images}
    labels = {name: (rng.permutation(size) % classes).astype(np.uint16) for name, size in sizes.items()}
    _describe(folder, variants, seeds, classes, sizes)
    normalized = Normalized(folder / Normalized.PATH)
    normalized.path.mkdir(parents=True)
    about = About(classes=[str(number) for number in range(classes)], scale=255)
    (normalized.path / "about.json").write_text(about.model_dump_json())
    for name, own in labels.items():
        normalized.write_array(f"{name}-labels.npy", own)
        normalized.write_array(f"{name}-images.npy", rng.random((len(own), _SIDE, _SIDE), np.float32))
    with contextlib.chdir(folder):
        params = load_params()
        Findings().write([], Duplicates(*np.zeros((2, images), np.bool_)))
        for variant in params.variants:
            _make_trained(Settings.of(params, variant), params.seeds, labels, classes, rng)


def _describe(folder: Path, variants: int, seeds: int, classes: int, sizes: dict[str, int]) -> None:
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    names = [params["baseline"], *(f"dense-{number}" for number in range(1, variants))]
    params |= {"dataset": _NAME, "epochs": _EPOCHS, "seeds": list(range(seeds))}
    params["variants"] = {name: {"hidden": [place] if place else []} for place, name in enumerate(names)}
    yaml.dump(params, folder / "params.yaml")
    counts = {"train": sizes["train"] + sizes["validation"], "test": sizes["test"]}
    files = {
        f"{part}-{kind}": {"name": f"{part}-{kind}", "sha256": "0" * 64, "count": size}
        for part, size in counts.items()
        for kind in ("images", "labels")
    }
    about = {"title": "Made trainings", "classes": [str(number) for number in range(classes)], "sources": []}
    (folder / "data").mkdir()
    yaml.dump(about | {"image_shape": [_SIDE, _SIDE], "files": files}, folder / f"data/{_NAME}.yaml")


def _make_trained(
    settings: Settings, seeds: list[int], labels: dict[str, NDArray[np.uint16]], classes: int, rng: np.random.Generator
) -> None:
    trained = Trained(settings.variant)
    trained.path.mkdir(parents=True)
    figures = {key: float(rng.random()) for key in ("loss", "accuracy", "val_loss", "val_accuracy")}
    history = [{"seed": seed, "epoch": epoch} | figures for seed in seeds for epoch in range(1, _EPOCHS + 1)]
    layers = [{"layer": "probabilities", "type": "Dense", "output_shape": str(classes), "parameters": 10 * classes}]
    sets: tuple[Predicted, ...] = ("validation", "test")
    probabilities = {name: [_guess(labels[name], classes, rng) for _ in seeds] for name in sets}
    trained.write(settings, history, layers, probabilities)
    for seed in seeds:
        trained.model_path(seed).write_bytes(f"{settings.variant} {seed}".encode())


def _guess(labels: NDArray[np.uint16], classes: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return probabilities (images, classes) that are often right."""
    logits = _CHANCE * rng.standard_normal((len(labels), classes), np.float32)
    logits[np.arange(len(labels)), labels] += _SKILL
    probabilities: NDArray[np.float32] = special.softmax(logits, axis=1)
    return probabilities


def _evaluate() -> None:
    params = load_params()
    evaluation = evaluate(params)
    Evaluated().write(evaluation)
    artifacts(evaluation, params.seeds, [(variant, seed) for variant in params.variants for seed in params.seeds])


def _report() -> None:
    write(render(load_results(load_params())), REPORTS)


STAGES = {"evaluate": _evaluate, "report": _report}


if __name__ == "__main__":
    main()
