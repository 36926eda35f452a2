"""Completing the store from what the workspace holds, whatever way the results came about.

A model in ``models/`` is tied to its run by its SHA-256. Where the store has no such run - restored from DVC's cache,
pulled into a fresh clone, store deleted or out of reach while it trained - one is back-filled from the outputs. A run
without test figures is given them.
"""

import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from numpy.typing import NDArray

from hemline.comparison.evaluated import Evaluated
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.families.registry import family_of
from hemline.jobs.trained import Settings, Trained
from hemline.tracking import liveness, mlflow_run, pictured, store
from hemline.tracking.artifacts import Run, texts
from hemline.tracking.messages import now
from hemline.tracking.model_file import ModelFile
from hemline.tracking.warning import warn

FIGURES = Path("reports/figures")


def publish_all(variants: list[str], advance: Callable[[int], None] = lambda _: None) -> bool:
    """Complete the store with everything that the workspace holds: what both functions below do.

    Args:
        variants: those to be published.
        advance: as in ``publish_figures``.

    Returns:
        Whether the store is now complete.

    Raises:
        InputError: as theirs.
    """
    return publish_figures(variants, advance=advance) and (not FIGURES.is_dir() or publish_pictures(variants))


def publish_figures(
    variants: list[str],
    artifacts: Mapping[Run, dict[str, str]] | None = None,
    *,
    only: Collection[Run] | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> bool:
    """Complete the store for ``variants``; what fails costs a warning.

    Args:
        variants: those to be published; their models, and the tables of the evaluate stage, are read.
        artifacts: of their runs, from ``artifacts.texts``, where the caller has them; otherwise made where needed.
        only: the trainings to be published, of those variants; None: all of them.
        advance: called with the number of trainings that have their runs since the last time.

    Returns:
        Whether the store is now complete.

    Raises:
        InputError: the results are missing from the workspace, or are not those of its models.
    """
    results = _read_results(variants)

    def publish() -> None:
        stores = _open_stores(variants)
        for row in results.runs.to_dict("records"):
            if only is None or (row["variant"], row["seed"]) in only:
                _publish_run(stores[row["variant"]], row, results, artifacts or {})
            advance(1)

    return _without_failing(publish)


def incomplete_runs(variants: list[str]) -> list[Run]:
    """Return those trainings whose runs lack their test figures, or are missing; what fails costs a warning.

    Which pictures the others have is noted for the report, see ``pictured``.

    Args:
        variants: those to be published; their models, and the tables of the evaluate stage, are read.

    Returns:
        What ``publish_figures`` has to do; nothing if the store cannot be asked.

    Raises:
        InputError: the results are missing from the workspace, or are not those of its models.
    """
    results = _read_results(variants)
    incomplete: list[Run] = []
    pictures: dict[str, str] = {}

    def look() -> None:
        stores = _open_stores(variants)
        for row in results.runs.to_dict("records"):
            runs = store.search(stores[row["variant"]], _of_model(row["model_sha256"]))
            if not runs or any(_lacks(each, _figures(row, results)) for each in runs):
                incomplete.append((row["variant"], row["seed"]))
            pictures[row["model_sha256"]] = _common_picture(runs)
        pictured.note(pictures)

    return incomplete if _without_failing(look) else []


def publish_pictures(variants: list[str]) -> bool:
    """Give every run the picture of its variant's confusion matrix, unless it has this one; what fails costs a warning.

    Args:
        variants: those to be published; ``reports/figures`` is read.

    Returns:
        Whether every run has its picture now.

    Raises:
        InputError: the results, or a picture, are missing from the workspace.
    """
    runs = Evaluated().runs(variants)
    pictures = {variant: _picture(variant) for variant in variants}

    def publish() -> None:
        stores = _open_stores(variants)
        for row in runs.to_dict("records"):
            opened = stores[row["variant"]]
            for each in store.search(opened, _of_model(row["model_sha256"])):
                mlflow_run.log_picture(opened, each, pictures[row["variant"]])
        digests = {variant: pictured.digest(picture.read_bytes()) for variant, picture in pictures.items()}
        pictured.note(dict(zip(runs.model_sha256, runs.variant.map(digests), strict=True)))

    return _without_failing(publish)


def _picture(variant: str) -> Path:
    path = FIGURES / f"confusion-{variant}.png"
    if not path.is_file():
        raise InputError(f"{path}: no such file; run `dvc repro report`")
    return path


def _open_stores(variants: list[str]) -> dict[str, store.Store]:
    """Return the store by variant, with the experiment of the data set that it was trained on."""
    datasets = {variant: Trained(variant).settings().dataset for variant in variants}
    opened = {dataset: store.open_store(dataset) for dataset in set(datasets.values())}
    return {variant: opened[dataset] for variant, dataset in datasets.items()}


def _without_failing(publish: Callable[[], None]) -> bool:
    """Return whether ``publish`` succeeds; what fails in MLflow costs a warning."""
    try:
        publish()
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
    probabilities: dict[tuple[str, int], NDArray[np.float32]]  # (images, classes), memory-mapped
    labels: NDArray[np.integer]
    classes: list[str]


def _read_results(variants: list[str]) -> _Results:
    evaluated, normalized = Evaluated(), Normalized()
    runs, comparison = evaluated.runs(variants), evaluated.comparison()
    labels, classes = normalized.labels("test"), normalized.about().classes
    by_run: dict[tuple[str, int], NDArray[np.float32]] = {}
    for variant, group in runs.groupby("variant"):
        shape = (len(group), len(labels), len(classes))
        probabilities = Trained(str(variant)).probabilities("test", shape)
        by_run |= {(str(variant), int(seed)): each for seed, each in zip(group.seed, probabilities, strict=True)}
    (baseline,) = comparison[comparison.verdict == "baseline"].accuracy
    return _Results(runs, baseline, by_run, labels, classes)


def _publish_run(
    opened: store.Store, row: dict[Any, Any], results: _Results, artifacts: Mapping[Run, dict[str, str]]
) -> None:
    variant, seed, sha256 = row["variant"], row["seed"], row["model_sha256"]
    runs = store.search(opened, _of_model(sha256))
    if not runs:
        _back_fill(opened, Trained(variant).settings(), seed, sha256)
        _remove_doubles(opened, sha256)
        runs = store.search(opened, _of_model(sha256))
    figures = _figures(row, results)
    for each in runs:
        if _lacks(each, figures):
            try:
                with tempfile.TemporaryDirectory() as folder:
                    for name, text in (artifacts.get((variant, seed)) or _artifacts(results, variant, seed)).items():
                        (Path(folder) / name).write_text(text)
                    mlflow_run.log_figures(opened, each, figures, row["epochs"], Path(folder))
            except MlflowException:
                # Somebody else may have removed it meanwhile, as the double of another, which he completes.
                if each.info.run_id in {run.info.run_id for run in store.search(opened, _of_model(sha256))}:
                    raise


def _figures(row: dict[Any, Any], results: _Results) -> dict[str, float]:
    own = row | {"test_gain": round(row["test_accuracy"] - results.baseline, 6)}
    return {key: own[key] for key in mlflow_run.TEST_FIGURES}


def _lacks(run: Any, figures: Mapping[str, float]) -> bool:
    return any(run.data.metrics.get(key) != value for key, value in figures.items())


def _common_picture(runs: list[Any]) -> str:
    """Return the digest of the picture that all of a model's runs have; empty, if they have not."""
    digests = {run.data.tags.get(mlflow_run.PICTURE_TAG, "") for run in runs}
    return str(digests.pop()) if len(digests) == 1 else ""


def _artifacts(results: _Results, variant: str, seed: int) -> dict[str, str]:
    return texts(results.labels, results.probabilities[variant, seed].argmax(axis=1), results.classes)


def _of_model(sha256: str) -> str:
    return f"tags.{store.SHA_TAG} = '{sha256}' and attributes.status = 'FINISHED'"


def _back_fill(opened: store.Store, settings: Settings, seed: int, sha256: str) -> None:
    """Make a run of a model that the store does not know, from the outputs of the train stage."""
    trained = Trained(settings.variant)
    if trained.model_sha256(seed) != sha256:
        raise InputError(f"{trained.model_path(seed)}: was trained again since the evaluation; run `dvc repro`")
    history = trained.history()
    epochs = history[history.seed == seed].to_dict("records")
    with tempfile.TemporaryDirectory() as folder:
        model = family_of(settings.training).serve(trained.model_path(seed), settings.normalize.scale)
        file = ModelFile.write(model, Path(folder) / f"model{model.suffix}")
        lock, tags = liveness.live_lock(), {mlflow_run.BACKFILLED_TAG: "true"}
        run_id = mlflow_run.create_run(opened, settings, seed, tags | {liveness.LOCK_TAG: lock.lock_file})
        at = now()
        metrics = [metric for figures in epochs for metric in mlflow_run.epoch_metrics(figures, at)]
        opened.client.log_batch(run_id, metrics=metrics)
        mlflow_run.log_model(opened, run_id, file, sha256)
    opened.client.set_terminated(run_id, "FINISHED")
    liveness.end_lock(lock)


def _remove_doubles(opened: store.Store, sha256: str) -> None:
    """Leave one back-filled run of a model: other people may have completed the same store at the same time.

    Whoever ends second sees both, because runs are looked for after one's own has ended; all of them keep the same one.
    """
    runs = [run for run in store.search(opened, _of_model(sha256)) if mlflow_run.BACKFILLED_TAG in run.data.tags]
    for double in sorted(runs, key=lambda run: (run.info.end_time, run.info.run_id))[1:]:
        # It no longer stands for the model, also where a server reserves deleting to others than this user.
        opened.client.set_terminated(double.info.run_id, "KILLED")
        with suppress(MlflowException):
            opened.client.delete_run(double.info.run_id)
