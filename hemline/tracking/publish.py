"""Completing the store from what the workspace holds, whatever way the results came about.

A model in ``models/`` is tied to its run by its SHA-256. Where the store has no such run - restored from DVC's cache,
pulled into a fresh clone, store deleted or out of reach while it trained - one is back-filled from the outputs. A run
without test figures is given them.
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import classification_report

from hemline.dataset import load_dataset
from hemline.errors import InputError
from hemline.evaluation import confusion
from hemline.splits import read_split
from hemline.tables import read_table
from hemline.tracking import run, store
from hemline.tracking.model_file import ModelFile
from hemline.tracking.record import warn
from hemline.trained import Settings, Trained

BACKFILLED_TAG = "backfilled"


def publish(variants: list[str], reports: Path = Path("reports")) -> bool:
    """Complete the store for ``variants``; what fails costs a warning.

    Args:
        variants: those to be published; their models, and the tables of the evaluate stage, are read.
        reports: the folder of the evaluate stage.

    Returns:
        Whether the store is now complete.

    Raises:
        InputError: the results are missing from the workspace, or are not those of its models.
    """
    results = _read_results(variants, reports)
    try:
        opened = {
            dataset: store.open_store(dataset) for dataset in {Trained(name).settings().dataset for name in variants}
        }
        for row in results.runs.to_dict("records"):
            settings = Trained(row["variant"]).settings()
            _publish_run(opened[settings.dataset], settings, row, results)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever MLflow raises, the results themselves are safe
        warn(error)
        return False
    return True


class _Results(NamedTuple):
    """What the evaluate stage found, for the variants to be published."""

    runs: pd.DataFrame
    baseline: float  # its mean test accuracy
    predicted: dict[tuple[str, int], NDArray[np.intp]]
    labels: NDArray[np.integer]
    folder: Path


def _read_results(variants: list[str], reports: Path) -> _Results:
    try:
        runs = read_table(reports / "evaluation" / "runs.csv")
        comparison = read_table(reports / "evaluation" / "comparison.csv")
        if missing := [variant for variant in variants if variant not in set(runs.variant)]:
            raise InputError(f"{missing[0]}: has not been evaluated; run `dvc repro`")
        runs = runs[runs.variant.isin(variants)]
        predicted = {}
        for variant, group in runs.groupby("variant"):
            probabilities = np.load(reports / "evaluation" / "probabilities" / f"{variant}.npy", mmap_mode="r")
            for seed, each in zip(group.seed, probabilities, strict=True):
                predicted[str(variant), int(seed)] = each.argmax(axis=1)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: no such file; run `dvc repro`") from None
    (baseline,) = comparison[comparison.verdict == "baseline"].accuracy
    return _Results(runs, baseline, predicted, read_split("test").labels, reports / "evaluation")


def _publish_run(opened: store.Store, settings: Settings, row: dict[Any, Any], results: _Results) -> None:
    variant, seed, sha256 = row["variant"], row["seed"], row["model_sha256"]
    same_model = f"tags.{store.SHA_TAG} = '{sha256}' and attributes.status = 'FINISHED'"
    runs = store.search(opened, same_model) or [_back_fill(opened, settings, seed, sha256)]
    gain = round(row["test_accuracy"] - results.baseline, 6)
    figures = {"test_accuracy": row["test_accuracy"], "test_loss": row["test_loss"], "test_gain": gain}
    for each in runs:
        if any(each.data.metrics.get(key) != value for key, value in figures.items()):
            with tempfile.TemporaryDirectory() as folder:
                _write_artifacts(settings, results.predicted[variant, seed], results.labels, Path(folder))
                picture = results.folder / "confusion" / f"{variant}.png"
                shutil.copy(picture, Path(folder) / "confusion_matrix_all_seeds.png")
                run.log_figures(opened, each, figures, row["epochs"], Path(folder))


def _back_fill(opened: store.Store, settings: Settings, seed: int, sha256: str) -> Any:
    """Make a run of a model that the store does not know, from the outputs of the train stage."""
    trained = Trained(settings.variant)
    if trained.model_sha256(seed) != sha256:
        raise InputError(f"{trained.model_path(seed)}: was trained again since the evaluation; run `dvc repro`")
    from hemline.runtime import start_tensorflow  # noqa: PLC0415 - seconds, rarely needed

    start_tensorflow()
    from hemline.model import load_model, serving_model  # noqa: PLC0415

    history = trained.history()
    epochs = history[history.seed == seed].to_dict("records")
    now = time.time_ns() // 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        model = serving_model(load_model(trained.model_path(seed)), settings.normalize.scale)
        file = ModelFile.write(model, Path(folder) / "model.keras")
        lock = store.live_lock()
        run_id = run.create_run(opened, settings, seed, {BACKFILLED_TAG: "true", store.LOCK_TAG: lock.lock_file})
        metrics = [metric for figures in epochs for metric in run.epoch_metrics(figures, now)]
        opened.client.log_batch(run_id, metrics=metrics)
        run.log_model(opened, run_id, file, sha256, seed)
    opened.client.set_terminated(run_id, "FINISHED")
    store.end_lock(lock)
    return opened.client.get_run(run_id)


def _write_artifacts(
    settings: Settings, predicted: NDArray[np.intp], labels: NDArray[np.integer], folder: Path
) -> None:
    classes = load_dataset(settings.dataset).classes
    counts = confusion(labels, predicted, len(classes))
    pd.DataFrame(counts, index=classes, columns=classes).to_csv(folder / "confusion_matrix.csv", index_label="true")
    report = classification_report(labels, predicted, labels=range(len(classes)), target_names=classes, zero_division=0)
    (folder / "per_class.txt").write_text(report)
