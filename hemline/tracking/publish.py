"""Completing the store from what the workspace holds, whatever way the results came about.

Everything in MLflow but the live epochs of a training and its model is written here, by ``publish``: the report stage
calls it when all is known, and ``make sync`` at any time. A model in ``models/`` is tied to its run by its SHA-256.
Where the store has no such run - restored from DVC's cache, pulled into a fresh clone, store deleted or out of reach
while it trained - one is back-filled from the outputs.
"""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException

from hemline.comparison.enough import interval
from hemline.comparison.evaluated import Evaluated
from hemline.comparison.metrics import Decision, decision_of, find_metric
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.families.registry import family_of
from hemline.jobs.settings import Settings
from hemline.jobs.trained import Trained
from hemline.tracking import liveness, mlflow_run, store
from hemline.tracking.artifacts import texts
from hemline.tracking.messages import now
from hemline.tracking.mlflow_run import Findings
from hemline.tracking.model_file import ModelFile
from hemline.tracking.one_line import warn
from hemline.tracking.published import note_published
from hemline.tracking.run_name import model_name
from hemline.tracking.trials import publish_trials

FIGURES = Path("reports/figures")


def publish(variants: list[str], advance: Callable[[int], None] = lambda _: None) -> bool:
    """Complete the store for ``variants``, and say whether that is done; what fails in MLflow costs a warning.

    A second time, this adds nothing. What evaluate and report have written is read; where it is missing, or not that
    of the workspace's models, that is an ``InputError``. ``advance`` is called with the number of trainings done.
    """
    rows = Evaluated().runs(variants).to_dict("records")
    found = _findings(rows, variants)
    try:
        opened = {dataset: store.open_store(dataset) for dataset in {each.settings.dataset for each in found}}
        for row, each in zip(rows, found, strict=True):
            _publish_training(opened[each.settings.dataset], row["seed"], row["model_sha256"], each)
            advance(1)
        publish_trials(variants)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever MLflow raises, the results themselves are safe
        warn(error)
        return False
    note_published()
    return True


def _findings(rows: list[dict[Any, Any]], variants: list[str]) -> list[Findings]:
    """Return what evaluate and report have found of each training, in the order of ``rows``."""
    labels, classes = Normalized().labels("test"), Normalized().about().classes
    decision = decision_of(find_metric(Evaluated().selection().metric))
    gains = _gains(decision)
    found: list[Findings] = []
    for variant in variants:
        trained, seeds = Trained(variant), [row for row in rows if row["variant"] == variant]
        settings = [trained.settings(row["seed"]) for row in seeds]
        probabilities = trained.probabilities("test", (len(seeds), len(labels), len(classes)))
        drawn = FIGURES / f"confusion-{variant}.png"
        for row, own, each in zip(seeds, settings, probabilities, strict=True):
            figures = {key: value for key, value in row.items() if str(key).startswith("test_")}
            files = partial(lambda array: texts(labels, array.argmax(axis=1), classes), each)
            picture = drawn if drawn.is_file() else None
            found.append(Findings(own, row["epochs"], figures, gains[variant], decision.name, files, picture))
    return found


def _gains(decision: Decision) -> dict[str, str]:
    """Return each variant's gain, its interval and its verdict in words, with what it was compared with."""
    rows = Evaluated().comparison().to_dict("records")
    baseline = next(row for row in rows if row["verdict"] == "baseline")
    compared = f"{model_name(Trained(baseline['variant']).settings())}, {baseline['seeds']} seeds"
    gains = {baseline["variant"]: "baseline"}
    for row in rows:
        if row is not baseline:
            gain = interval(decision.unit, row["gain"], row["gain_low"], row["gain_high"])
            gains[row["variant"]] = f"{gain} over {compared}: {row['verdict']}"
    return gains


def _publish_training(opened: store.Store, seed: int, sha256: str, found: Findings) -> None:
    runs = opened.runs_of(sha256)
    if not runs:
        _back_fill(opened, found.settings, seed, sha256)
        _remove_doubles(opened, sha256)
        runs = opened.runs_of(sha256)
    for each in runs:
        try:
            mlflow_run.complete(opened, each, found)
        except MlflowException:
            # Somebody else may have removed it meanwhile, as the double of another, which he completes.
            if each.info.run_id in {run.info.run_id for run in opened.runs_of(sha256)}:
                raise


def _back_fill(opened: store.Store, settings: Settings, seed: int, sha256: str) -> None:
    """Make a run of a model that the store does not know, from the outputs of the train stage."""
    trained = Trained(settings.variant)
    if trained.model_sha256(seed) != sha256:
        raise InputError(f"{trained.model_path(seed)}: was trained again since the evaluation; run `dvc repro`")
    history = trained.history()
    lock, tags = liveness.live_lock(), {mlflow_run.BACKFILLED_TAG: "true"}
    run_id = mlflow_run.create_run(opened, settings, seed, tags | {liveness.LOCK_TAG: lock.lock_file})
    epochs, at = history[history.seed == seed].to_dict("records"), now()
    metrics = [metric for figures in epochs for metric in mlflow_run.epoch_metrics(figures, at)]
    opened.client.log_batch(run_id, metrics=metrics)
    if not mlflow_run.reuse_model(opened, run_id, settings.variant, sha256):
        with tempfile.TemporaryDirectory() as folder:
            model = family_of(settings.training).serve(trained.model_path(seed), settings.normalize.scale)
            file = ModelFile.write(model, Path(folder), "model")
            mlflow_run.log_model(opened, run_id, file, sha256)
    opened.client.set_terminated(run_id, "FINISHED")
    liveness.end_lock(lock)


def _remove_doubles(opened: store.Store, sha256: str) -> None:
    """Leave one back-filled run of a model: other people may have completed the same store at the same time.

    Whoever ends second sees both, because runs are looked for after one's own has ended; all of them keep the same one.
    """
    runs = [run for run in opened.runs_of(sha256) if mlflow_run.BACKFILLED_TAG in run.data.tags]
    for double in sorted(runs, key=lambda run: (run.info.end_time, run.info.run_id))[1:]:
        # It no longer stands for the model, also where a server reserves deleting to others than this user.
        opened.client.set_terminated(double.info.run_id, "KILLED")
        with suppress(MlflowException):
            opened.client.delete_run(double.info.run_id)
