"""One MLflow run per variant and seed: its parameters, tags and data set, its figures, its model and its artifacts."""

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, LoggedModelStatus, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.protos.databricks_pb2 import BAD_REQUEST, ErrorCode
from mlflow.types import Schema, TensorSpec

from hemline.comparison.metrics import METRICS
from hemline.data.description import load_dataset
from hemline.jobs.settings import Settings
from hemline.tracking import flavors
from hemline.tracking.liveness import HOST_TAG
from hemline.tracking.messages import now
from hemline.tracking.model_file import ModelFile
from hemline.tracking.run_name import model_name, run_name
from hemline.tracking.store import HIDDEN, SHA_TAG, Store, project_run

_REFUSED = ErrorCode.Name(BAD_REQUEST)
# A tag, because it depends on other trainings: a metric keeps every value that it ever had.
_GAIN_TAG, _METRIC_TAG = "gain", "gain_metric"
_PICTURE_TAG = f"{HIDDEN}confusion_picture"
# Of the trained model on the test images.
TEST_FIGURES = ("test_accuracy", *(f"test_{metric.key}" for metric in METRICS))
BACKFILLED_TAG = "backfilled"


def create_run(store: Store, settings: Settings, seed: int, tags: dict[str, str], at: int | None = None) -> str:
    """Start a run with its parameters, tags and data set, and return its id; ``at`` is its start, now by default."""
    own = _tags(settings, seed, backfilled=BACKFILLED_TAG in tags)
    run = store.client.create_run(
        store.experiment_id, run_name=run_name(settings, seed), tags=own | tags, start_time=at
    )
    describe_run(store, run.info.run_id, settings, seed)
    return str(run.info.run_id)


def describe_run(store: Store, run_id: str, settings: Settings, seed: int) -> None:
    """Log parameters and data set of a run; a second time, this adds nothing."""
    params = _params_of(settings) | {"seed": str(seed)}
    store.client.log_batch(run_id, params=[Param(key, value) for key, value in params.items()])
    _log_dataset(store, run_id, _dataset_input(settings))


def _log_dataset(store: Store, run_id: str, dataset: DatasetInput) -> None:
    """Log the data set of a run.

    MLflow looks whether the experiment has it, and creates it where it has not: of several that do so at once, all but
    one are refused, and find it there the next time.
    """
    try:
        store.client.log_inputs(run_id, datasets=[dataset])
    except MlflowException as error:
        if error.error_code != _REFUSED:
            raise
        store.client.log_inputs(run_id, datasets=[dataset])


def _params_of(settings: Settings) -> dict[str, str]:
    """Return every setting, and the name that they give to a model, by which runs are grouped."""
    return {key: _cell(value) for key, value in settings.flat().items()} | {"model": model_name(settings)}


def _cell(value: Any) -> str:
    """Return a setting as a table shows it: "128 128" reads better than "[128, 128]", and "none" than nothing."""
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "none" if value is None or not text else text


def epoch_metrics(figures: Mapping[Any, Any], at: int) -> list[Metric]:
    """Return one epoch's figures, of the time ``at``; those that are missing (no validation set) are left out."""
    step = int(figures["epoch"])
    return [
        Metric(key, value, at, step)
        for key, value in figures.items()
        if key not in {"epoch", "seed"} and value == value  # noqa: PLR0124 - not NaN
    ]


def log_model(store: Store, run_id: str, model: ModelFile, sha256: str) -> None:
    """Log the model, and tie the run to the file in the workspace by its SHA-256.

    The tag comes last: a run that has it is complete up to here. What an earlier attempt left is completed.
    """
    run = store.client.get_run(run_id)
    logged = store.client.get_logged_model(model_id(run) or _create_model(store, run, model.interface.name, sha256))
    shape = model.interface.input_shape
    signature = ModelSignature(
        Schema([TensorSpec(np.dtype(np.float32), (-1, *(shape if model.path.suffix == ".keras" else [prod(shape)])))]),
        Schema([TensorSpec(np.dtype(np.float32), (-1, model.interface.n_classes))]),
    )
    about = Model(artifact_path=logged.artifact_location, run_id=run_id, model_id=logged.model_id)
    # Not by `Model.log`, which fails where an earlier attempt has told the run of its model.
    with tempfile.TemporaryDirectory() as folder:
        flavors.save_model(f"{folder}/model", about, model.path, signature)
        store.client.log_model_artifacts(logged.model_id, f"{folder}/model")
    store.client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    store.client.log_batch(run_id, tags=[RunTag(SHA_TAG, sha256)])


def reuse_model(store: Store, run_id: str, name: str, sha256: str) -> bool:
    """Tie a run to a model that the store has already, without its run say; return whether there is one, with files."""
    known = store.client.search_logged_models(store.experiments, f"tags.{SHA_TAG} = '{sha256}'")
    for each in known:
        # A champion's model, which has the digest as well, has another name.
        whole = each.name == name and each.status == LoggedModelStatus.READY
        if whole and store.client.list_logged_model_artifacts(each.model_id):
            store.client.log_outputs(run_id, [LoggedModelOutput(each.model_id, step=0)])
            store.client.log_batch(run_id, tags=[RunTag(SHA_TAG, sha256)])
            return True
    return False


def _create_model(store: Store, run: Any, name: str, sha256: str) -> str:
    created = store.client.create_logged_model(
        store.experiment_id, name=name, source_run_id=run.info.run_id, params=run.data.params, tags={SHA_TAG: sha256}
    )
    store.client.log_outputs(run.info.run_id, [LoggedModelOutput(created.model_id, step=0)])
    return str(created.model_id)


def _tags(settings: Settings, seed: int, *, backfilled: bool) -> dict[str, str]:
    environment = {
        "dvc_experiment": None if backfilled else os.environ.get("DVC_EXP_NAME"),  # that one did not train it
        "mlflow_project_run": project_run(),
        "mlflow.source.git.commit": os.environ.get("DVC_EXP_BASELINE_REV") or _commit(),
    }
    own = {"variant": settings.variant, "seed": str(seed), HOST_TAG: socket.gethostname()}
    source = {"mlflow.source.name": "stages/train.py", "mlflow.source.type": "LOCAL"}
    return own | source | {key: value for key, value in environment.items() if value}


def _commit() -> str | None:
    git = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return git.stdout.strip() if git.returncode == 0 else None


def _dataset_input(settings: Settings) -> DatasetInput:
    dataset = load_dataset(settings.dataset)
    source = f'{{"uri": "data/{settings.dataset}.yaml"}}'
    entity = Dataset(settings.dataset, dataset.digest[:16], "local", source, schema=None, profile=None)
    return DatasetInput(entity, [InputTag("mlflow.data.context", "training")])


def model_id(run: Any) -> str | None:
    """Return the id of the model that ``run`` logged, or None."""
    outputs = run.outputs.model_outputs if run.outputs else []
    return str(outputs[0].model_id) if outputs else None


class Findings(NamedTuple):
    """The findings of evaluate and report about a training."""

    settings: Settings
    # how many there were. The figures are those after the last, and so the latest also where test figures of
    # each epoch were recorded
    epochs: int
    figures: dict[str, float]  # of the test images, by their names
    gain: str  # of its variant, in words, with what it was compared with
    metric: str  # that the gain is of
    files: Callable[[], dict[str, str]]  # for people, by their names; made where a run lacks its figures
    picture: Path | None  # of the confusion matrix over all seeds, if it has been drawn


def complete(store: Store, run: Any, found: Findings) -> None:
    """Give a run what it lacks of ``found``, and replace what is different; nothing is written a second time."""
    tags = {_GAIN_TAG: found.gain, _METRIC_TAG: found.metric}
    params = [Param(key, value) for key, value in _params_of(found.settings).items() if key not in run.data.params]
    with tempfile.TemporaryDirectory() as folder:
        if lacking := any(run.data.metrics.get(key) != value for key, value in found.figures.items()):
            for name, text in found.files().items():
                Path(folder, name).write_text(text)
        if found.picture is not None:
            tags[_PICTURE_TAG] = hashlib.sha256(found.picture.read_bytes()).hexdigest()[:16]
            if run.data.tags.get(_PICTURE_TAG) != tags[_PICTURE_TAG]:
                shutil.copy(found.picture, Path(folder, "confusion_matrix_all_seeds.png"))
        if any(Path(folder).iterdir()):
            store.client.log_artifacts(run.info.run_id, folder)
    changed = [RunTag(key, value) for key, value in tags.items() if run.data.tags.get(key) != value]
    metrics = _figures(run, found) if lacking else []
    if metrics or params or changed:
        store.client.log_batch(run.info.run_id, metrics=metrics, params=params, tags=changed)


def _figures(run: Any, found: Findings) -> list[Metric]:
    """Return the test figures, tied to the run's model and data set."""
    data = run.inputs.dataset_inputs[0].dataset if run.inputs and run.inputs.dataset_inputs else None
    of = {"dataset_name": data.name, "dataset_digest": data.digest} if data else {}
    of |= {"model_id": model_id(run), "run_id": run.info.run_id}
    return [Metric(key, value, now(), found.epochs, **of) for key, value in found.figures.items()]
