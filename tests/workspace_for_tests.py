"""A finished workspace of three classes and tiny images, with models whose quality is known: none of it is trained."""

import contextlib
import functools
import io
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML
from sets_for_tests import split, write_sets

from hemline.__main__ import main as hemline
from hemline.comparison.evaluated import Evaluated
from hemline.comparison.selection import Selection, best_by_validation, mean_validation
from hemline.data.duplicates import find_duplicates
from hemline.data.findings import Findings
from hemline.data.normalized import Normalized
from hemline.jobs.settings import Settings
from hemline.jobs.solved import Solved
from hemline.jobs.trained import Trained
from hemline.params import load_params
from stages import evaluate

REPOSITORY = Path(__file__).parent.parent
CLASSES = ["top", "middle", "bottom"]
SHAPE = (6, 6)
TRAIN, TEST = 90, 60
# By variant, for each of two seeds: how many of the classes its model knows, and its validation accuracy.
USUAL = {"linear": [(0, 0.3), (0, 0.35)], "two": [(2, 0.6), (2, 0.65)], "three": [(3, 0.9), (3, 0.95)]}
EPOCHS = 3
# Of what is made once in a process, and copied; it goes with the process.
_MADE = tempfile.TemporaryDirectory(prefix="hemline-tests-")


def images(count, seed=0):
    """Return dark images, each with a bright band whose place is its class, and their labels."""
    labels = np.arange(count) % len(CLASSES)
    pixels = np.random.default_rng(seed).integers(0, 20, (count, *SHAPE))
    for image, label in zip(pixels, labels, strict=True):
        image[2 * label : 2 * label + 2, 1:5] += 200
    return pixels.astype(np.uint8), labels.astype(np.uint8)


def build(folder, monkeypatch, variants=USUAL, validation_split=0.1):
    """Write a workspace into ``folder``, and go there."""
    if variants is USUAL and validation_split:
        return copy(_usual(), folder, monkeypatch)
    folder.mkdir(parents=True, exist_ok=True)
    enter(folder, monkeypatch)
    describe(variants, validation_split)
    sets = split(images(TRAIN), images(TEST, seed=1), divisor=255, validation_split=validation_split)
    write_sets(sets, CLASSES, 255)
    Findings().write([], find_duplicates(*(Normalized().read(name) for name in ("test", "train", "validation"))))
    for variant, seeds in variants.items():
        write_models(variant, seeds, validation_split)
    # As the stage solve does, of a baseline that is as good as its solution.
    Solved().write(Trained(next(iter(variants))).probabilities("test")[0])
    score(variants)
    return folder


def promoted(folder, monkeypatch):
    """Write a workspace whose best variant has been promoted into ``folder``, and go there."""
    return copy(_promoted(), folder, monkeypatch)


@functools.cache
def _usual():
    with pytest.MonkeyPatch.context() as monkeypatch:
        return build(Path(_MADE.name) / "usual", monkeypatch, dict(USUAL))


@functools.cache
def _promoted():
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = build(Path(_MADE.name) / "promoted", monkeypatch)
        with contextlib.redirect_stdout(io.StringIO()):
            hemline(["promote"])
    return folder


def copy(template, folder, monkeypatch):
    """Copy a workspace, and go there."""
    shutil.copytree(template, folder)
    enter(folder, monkeypatch)
    if Path("mlflow.db").exists():
        from hemline.tracking import store  # noqa: PLC0415 - imports MLflow, rarely needed

        store.bring_along()
    return folder


def enter(folder, monkeypatch):
    # MLflow leaves the store that it last used in the environment.
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)


def environment():
    """Return the environment of a command that runs in a workspace with the repository's code."""
    clean = {key: value for key, value in os.environ.items() if key not in {"MLFLOW_TRACKING_URI", "DVC_ROOT"}}
    return clean | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}


def describe(variants, validation_split=0.1):
    """Write params.yaml and the description of the data set."""
    settings = {"epochs": EPOCHS, "batch_size": 8, "optimizer": "adam", "learning_rate": 0.001, "activation": "relu"}
    settings |= {"dropout": 0.0, "stop_below_loss": None, "record_test": False}
    names = list(variants)
    own = {
        "dataset": "tiny",
        "normalize": {"scale": 255, "validation_split": validation_split},
        "seeds": list(range(len(variants[names[0]]))),
        "metric": "accuracy",
        "baseline": names[0],
        "variants": {name: {"hidden": []} for name in names},
    }
    YAML().dump(settings | own, Path("params.yaml"))
    files = {
        f"{part}-{kind}": {"name": f"{part}-{kind}", "sha256": "0" * 64, "count": count}
        for part, count in {"train": TRAIN, "test": TEST}.items()
        for kind in ("images", "labels")
    }
    about = {"title": "Tiny", "licence": "CC0", "homepage": "https://example.org", "classes": CLASSES}
    Path("data").mkdir(exist_ok=True)
    YAML().dump(about | {"image_shape": list(SHAPE), "files": files, "sources": []}, Path("data/tiny.yaml"))


def write_models(variant, seeds, validation_split=0.1):
    """Write models/<variant>/ as the stage train does, with a history that rises to each validation accuracy."""
    from hemline.training.model import describe_layers, save_model  # noqa: PLC0415 - imports TensorFlow

    settings, trained = Settings.of(load_params(), variant), Trained(variant)
    trained.create(settings)
    models = [model(settings, known, seed) for seed, (known, _) in enumerate(seeds)]
    history = []
    for seed, (_, accuracy) in enumerate(seeds):
        save_model(models[seed], trained.model_path(seed))
        for epoch in range(1, EPOCHS + 1):
            reached = accuracy * epoch / EPOCHS
            figures = {"loss": 1 - reached, "accuracy": reached}
            figures |= {"val_loss": 1 - reached, "val_accuracy": reached} if validation_split else {}
            history.append({"seed": seed, "epoch": epoch} | figures)
    probabilities = {
        name: np.stack([probabilities_of(each, name) for each in models]) for name in ("validation", "test")
    }
    trained.write(history, describe_layers(models[0]), probabilities)


def probabilities_of(model, name):
    """Return what a model makes of the images of a set, of which there may be none."""
    from hemline.training.model import predict  # noqa: PLC0415

    images = Normalized().images(name)
    return predict(model, images) if len(images) else np.empty((0, len(CLASSES)), np.float32)


def model(settings, known, seed):
    """Return a linear model that finds the bright band of the first ``known`` classes."""
    from hemline.training.model import build_model  # noqa: PLC0415

    built = build_model(settings.training, SHAPE, len(CLASSES), seed, settings.variant)
    weights = np.zeros((*SHAPE, len(CLASSES)), np.float32)
    for label in range(known):
        weights[2 * label : 2 * label + 2, :, label] = 1
    # With something of the variant and the seed in it, so that no two models have the same bytes.
    bias = np.array([0.01, 1e-4 * seed, 1e-4 * len(settings.variant)], np.float32)
    built.set_weights([weights.reshape(-1, len(CLASSES)), bias])
    return built


def score(variants):
    """Write reports/ as the stage evaluate does, and pictures in the places of those that the stage report draws."""
    evaluation = evaluate.evaluate(load_params())
    # Validation accuracies are made up, so that the models' own answers cannot choose.
    best = best_by_validation(mean_validation(evaluation.runs()))
    chosen = Selection(best=best, tied=[best] if best else [], chosen=best, other=best)
    evaluation.selection = lambda: chosen
    Evaluated().write(evaluation)
    Path("reports/figures").mkdir(exist_ok=True)
    for variant in variants:
        Image.new("L", (2, 2)).save(f"reports/figures/confusion-{variant}.png")
