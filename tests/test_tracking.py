"""MLflow, with a real SQLite store in a temporary folder."""

import json
import math
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from unittest.mock import Mock

import mlflow
import numpy as np
import psutil
import pytest
from datasets_for_tests import publish as publish_dataset
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.protos.databricks_pb2 import BAD_REQUEST
from sets_for_tests import write_sets
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import precision_recall_fscore_support
from sqlalchemy import event

from commands import ui
from hemline import tracking
from hemline.comparison.evaluated import Evaluated
from hemline.comparison.evaluation import Evaluation
from hemline.comparison.metrics import METRICS
from hemline.data.normalized import Labelled, Normalized
from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.families.scikit_learn import EstimatorModel, ScikitLearnSettings
from hemline.jobs.settings import Settings
from hemline.jobs.trained import Trained
from hemline.params import Normalize
from hemline.processes.helper import helper_process
from hemline.tracking import liveness, mlflow_run, publish, run_name, server, store
from hemline.tracking.artifacts import texts
from hemline.tracking.one_line import one_line
from hemline.tracking.recorder import Recorder, _writer
from hemline.tracking.registry import find_champion
from hemline.training.model import (
    build_model,
    describe_layers,
    load_model,
    predict,
    save_model,
    served_network,
    serving_model,
)
from hemline.words import signed

REPOSITORY = Path(__file__).parent.parent
VARIANTS = {"linear": [], "dense-3": [3]}
SEEDS = [0, 4]
PICTURE = "confusion_matrix_all_seeds.png"
EPOCHS = [
    {"epoch": 1, "loss": 1.5, "accuracy": 0.25, "val_loss": 1.75, "val_accuracy": 0.5},
    {"epoch": 2, "loss": 1.25, "accuracy": 0.5, "val_loss": 1.5, "val_accuracy": 0.75},
]


def settings_of(variant="dense-3", **changes):
    training = {"hidden": VARIANTS.get(variant, [3]), "epochs": 2} | changes
    return Settings(variant=variant, dataset="tiny", normalize=Normalize(), training=DenseSettings(**training))


def model_of(variant="dense-3", seed=0):
    return build_model(settings_of(variant).training, (2, 3), 3, seed, variant)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    os.environ["DVC_ROOT"] = str(path.parent)
    store._create(path)
    del os.environ["DVC_ROOT"]
    return path


@pytest.fixture
def in_a_thread(monkeypatch):
    """Let recorders record in a thread and not in a process, which would import MLflow each time."""
    monkeypatch.setattr("hemline.tracking.recorder.helper_process", lambda **_: ThreadPoolExecutor(1))
    _writer.cache_clear()


def enter(folder, monkeypatch):
    """Go to the folder of a repository with a data set, and no store."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_ROOT", str(folder))
    for name in ("MLFLOW_TRACKING_URI", "DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"):
        monkeypatch.delenv(name, raising=False)
    publish_dataset(folder)


@pytest.fixture
def fresh(tmp_path, monkeypatch, in_a_thread):
    enter(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def workspace(fresh, empty_database):
    """The same, with an empty store: creating one takes seconds."""
    shutil.copy(empty_database, fresh / "mlflow.db")
    return fresh


@pytest.fixture(scope="session")
def made(tmp_path_factory, empty_database):
    """A workspace with the outputs of all stages: models that were built and not trained; and a store."""
    folder = tmp_path_factory.mktemp("results")
    shutil.copy(empty_database, folder / "mlflow.db")
    with pytest.MonkeyPatch.context() as monkeypatch:
        enter(folder, monkeypatch)
        write_results()
    return folder


def write_results():
    images = np.arange(54, dtype=np.float32).reshape(9, 2, 3) / 255
    labels = np.arange(9, dtype=np.uint8) % 3
    write_sets({"test": Labelled(images, labels)}, ["a", "b", "c"], 255)
    evaluation = Evaluation("linear", ["a", "b", "c"], labels, labels)
    for variant in VARIANTS:
        trained = Trained(variant)
        trained.create(settings_of(variant))
        models = [model_of(variant, seed) for seed in SEEDS]
        for seed, model in zip(SEEDS, models, strict=True):
            save_model(model, trained.model_path(seed))
        history = [{"seed": seed} | figures for seed in SEEDS for figures in EPOCHS]
        probabilities = {"test": np.stack([predict(model, images) for model in models])}
        trained.write(history, describe_layers(models[0]), probabilities)
        digests = {seed: trained.model_sha256(seed) for seed in SEEDS}
        evaluation.add(variant, trained.history(), probabilities["test"], digests, models[0].count_params())
    Evaluated().write(evaluation)


@pytest.fixture
def results(fresh, made):
    shutil.copytree(made, fresh, dirs_exist_ok=True)
    return fresh


@pytest.fixture(scope="session")
def made_and_published(tmp_path_factory, made):
    folder = tmp_path_factory.mktemp("published") / "repository"
    shutil.copytree(made, folder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        enter(folder, monkeypatch)
        assert publish.publish(list(VARIANTS))
    return folder


@pytest.fixture
def published(fresh, made_and_published):
    """The same, after all variants were published; nothing is logged into runs: MLflow keeps where they were made."""
    shutil.copytree(made_and_published, fresh, dirs_exist_ok=True)
    store.bring_along()
    return fresh


def evaluate_over(baseline):
    """Evaluate the same models over another baseline."""
    labels, classes = Normalized().labels("test"), Normalized().about().classes
    evaluation = Evaluation(baseline, classes, labels, labels)
    for variant in VARIANTS:
        trained = Trained(variant)
        digests = {seed: trained.model_sha256(seed) for seed in SEEDS}
        parameters = int(trained.layers()["parameters"].sum())
        evaluation.add(variant, trained.history(), trained.probabilities("test"), digests, parameters)
    Evaluated().write(evaluation)


def record(settings, seed=0, sha256="f" * 64):
    with Recorder(settings) as recorder:
        recorder.start(seed)
        for figures in EPOCHS:
            recorder.epoch(seed, figures)
        recorder.finish(seed, served_network(model_of(seed=seed), 255), sha256)


def all_runs(condition="", dataset="tiny"):
    return store.search(store.open_store(dataset), condition)


def only_run():
    (run,) = all_runs()
    return run


def steps_of(run):
    return [point.step for point in store.open_store("tiny").client.get_metric_history(run.info.run_id, "loss")]


# What a recorded training leaves in the store.


def test_a_recorded_run_has_every_setting_a_curve_of_every_figure_its_model_s_digest_and_where_it_comes_from(
    workspace, monkeypatch
):
    monkeypatch.setenv("DVC_EXP_NAME", "tipsy-hats")
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "c" * 40)
    record(settings_of(dropout=0.25), seed=4, sha256="a" * 64)
    run, client = only_run(), store.open_store("tiny").client
    assert run.info.status == "FINISHED"
    assert run.data.params == {
        "variant": "dense-3",
        "dataset": "tiny",
        "family": "dense",
        "hidden": "3",
        "epochs": "2",
        "batch_size": "32",
        "optimizer": "adam",
        "learning_rate": "0.001",
        "activation": "relu",
        "dropout": "0.25",
        "l2": "0.0",
        "stop_below_loss": "none",
        "scale": "255",
        "validation_split": "0.1",
        "train_share": "1.0",
        "model": "dense-3 e2 dropout0.25",
        "seed": "4",
    }
    for key in ("loss", "accuracy", "val_loss", "val_accuracy"):
        curve = client.get_metric_history(run.info.run_id, key)
        assert [(point.step, point.value) for point in curve] == [(each["epoch"], each[key]) for each in EPOCHS]
    assert not {"epoch", "seed"} & set(run.data.metrics)
    # MLflow's UI hides tags that begin with its name: locks, hosts and the like are for programs.
    shown = {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")}
    assert shown == {"model_sha256": "a" * 64, "variant": "dense-3", "seed": "4", "dvc_experiment": "tipsy-hats"}
    assert run.data.tags["mlflow.source.git.commit"] == "c" * 40
    assert not (workspace / "mlruns").exists()


def test_without_a_validation_set_its_figures_are_left_out(workspace):
    with Recorder(settings_of()) as recorder:
        recorder.start(0)
        recorder.epoch(0, {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": float("nan")})
    assert set(only_run().data.metrics) == {"loss", "accuracy"}


def test_a_recorded_run_names_the_data_set_and_a_digest_that_changes_with_its_bytes(workspace):
    record(settings_of())
    (before,) = only_run().inputs.dataset_inputs
    assert before.dataset.name == "tiny"
    arrays = {
        key: np.full(shape, 2, np.uint8)
        for key, shape in {
            "train-images": (6, 2, 3),
            "train-labels": 6,
            "test-images": (3, 2, 3),
            "test-labels": 3,
        }.items()
    }
    publish_dataset(workspace, arrays)
    record(settings_of())
    digests = {run.inputs.dataset_inputs[0].dataset.digest for run in all_runs()}
    assert len(digests) == 2


def test_the_logged_model_takes_raw_pixels_and_answers_as_the_workspace_s_own(workspace):
    record(settings_of())
    run = only_run()
    assert run.outputs.model_outputs
    loaded = mlflow.pyfunc.load_model(f"models:/{run.outputs.model_outputs[0].model_id}")
    raw = np.random.default_rng(0).integers(0, 256, (5, 2, 3)).astype(np.float32)
    np.testing.assert_allclose(loaded.predict(raw), predict(model_of(), raw / 255), rtol=1e-4)
    (inputs,), (outputs,) = loaded.metadata.signature.inputs.inputs, loaded.metadata.signature.outputs.inputs
    assert inputs.shape == (-1, 2, 3)
    assert outputs.shape == (-1, 3)
    assert inputs.type == outputs.type == np.float32


def test_a_model_is_logged_as_mlflow_s_keras_flavor_logs_it(workspace, tmp_path):
    record(settings_of())
    logged = Path(mlflow.artifacts.download_artifacts(f"models:/{only_run().outputs.model_outputs[0].model_id}"))
    theirs = tmp_path / "theirs"
    mlflow.keras.save_model(
        serving_model(model_of(), 255),
        str(theirs),
        signature=Model.load(logged).signature,
        pip_requirements=[f"{package}=={version(package)}" for package in ("keras", "mlflow", "tensorflow")],
    )
    files = [{str(path.relative_to(folder)) for path in folder.rglob("*")} for folder in (logged, theirs)]
    assert files[0] - {"registered_model_meta"} == files[1]
    for name in files[1] - {"MLmodel", "data", "data/model.keras"}:
        assert (logged / name).read_text() == (theirs / name).read_text(), name
    mine, reference = (Model.load(folder).to_dict() for folder in (logged, theirs))
    reference["flavors"]["python_function"] |= {"code": None, "streamable": False}  # what is none is named by one only
    of_each = {"artifact_path", "model_id", "model_uuid", "model_size_bytes", "run_id", "utc_time_created"}
    assert {key: mine[key] for key in mine.keys() - of_each} == {
        key: reference[key] for key in reference.keys() - of_each
    }
    assert mine["model_size_bytes"] == pytest.approx(reference["model_size_bytes"], abs=200)
    again = mlflow.keras.load_model(str(logged))
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), model_of().get_weights(), strict=True))


def test_a_classifier_of_scikit_learn_is_logged_by_its_own_flavor(workspace, monkeypatch):
    raw = np.random.default_rng(0).integers(0, 256, (30, 2, 3))
    forest = RandomForestClassifier(3, random_state=0).fit(raw.reshape(30, 6) / 255, np.arange(30) % 3)
    training = ScikitLearnSettings(estimator="sklearn.ensemble.RandomForestClassifier", family="scikit-learn")
    settings = Settings(variant="forest", dataset="tiny", normalize=Normalize(), training=training)
    with Recorder(settings) as recorder:
        recorder.start(0)
        recorder.finish(0, EstimatorModel(forest, "forest", (2, 3), 3, 255).served(), "f" * 64)
    address = f"models:/{mlflow_run.model_id(only_run())}"
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")  # MLflow's default; it refuses skops with pickle
    expected = forest.predict_proba(raw.reshape(30, 6) / 255)
    np.testing.assert_allclose(mlflow.sklearn.load_model(address).predict_proba(raw.reshape(30, 6)), expected)
    loaded = mlflow.pyfunc.load_model(address)
    np.testing.assert_allclose(loaded.predict(raw.reshape(30, 6).astype(np.float32)), expected)


def test_artifacts_lie_beside_the_database_whatever_the_present_folder(workspace, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("a copy that DVC deletes")
    shutil.copytree(workspace / "data", elsewhere / "data")
    monkeypatch.chdir(elsewhere)
    record(settings_of())
    assert {path.name for path in elsewhere.iterdir()} == {"data", ".hemline"}
    assert not list((elsewhere / ".hemline").rglob("*.keras"))
    assert list((workspace / "mlartifacts" / "tiny").rglob("*.keras"))


@pytest.mark.parametrize(("error", "status"), [(OSError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_training_that_fails_ends_its_run_as_failed_and_one_that_is_interrupted_as_killed(workspace, error, status):
    with suppress(error), Recorder(settings_of()) as recorder:
        recorder.start(0)
        recorder._told[-1].result()
        for figures in EPOCHS:
            recorder.epoch(0, figures)
        raise error
    assert only_run().info.status == status
    if error is OSError:  # what is still to be recorded is waited for
        assert steps_of(only_run()) == [1, 2]


@pytest.mark.parametrize(("interval", "writes"), [(math.inf, [1, 2]), (0, [1, 1, 1])])
def test_epochs_that_follow_fast_are_written_together_and_slow_ones_at_once(workspace, monkeypatch, interval, writes):
    monkeypatch.setattr("hemline.tracking.store_writer._SECONDS_BETWEEN_WRITES", interval)
    seen = []

    def spy(_client, _run_id, metrics):
        seen.append(len({metric.step for metric in metrics}))

    with Recorder(settings_of()) as recorder:
        recorder.start(0)
        recorder._told[-1].result()
        monkeypatch.setattr(mlflow.MlflowClient, "log_batch", spy)
        for number in (1, 2, 3):
            recorder.epoch(0, EPOCHS[0] | {"epoch": number})
    assert seen == writes


def test_a_run_whose_model_cannot_be_logged_has_all_its_epochs(workspace, monkeypatch):
    monkeypatch.setattr("hemline.tracking.mlflow_run.log_model", Mock(side_effect=OSError))
    record(settings_of())
    assert steps_of(only_run()) == [1, 2]


def test_an_interrupted_training_does_not_wait_for_what_is_still_to_be_recorded(workspace):
    def wait_for_the_end_of_the_block():
        end = time.monotonic() + 30
        while not recorder._told[3].cancelled() and time.monotonic() < end:
            time.sleep(0.01)

    with suppress(KeyboardInterrupt), Recorder(settings_of()) as recorder:
        recorder.start(0)
        recorder.epoch(0, EPOCHS[0])
        recorder._told[-1].result()
        ready = threading.Event()
        recorder._process.submit(lambda: ready.wait(30) and wait_for_the_end_of_the_block())
        recorder.epoch(0, EPOCHS[1])
        ready.set()
        raise KeyboardInterrupt
    run = only_run()
    assert run.info.status == "KILLED"
    assert steps_of(run) == [1]


def test_a_run_lasts_from_its_start_to_its_end_however_late_they_are_recorded(workspace):
    with Recorder(settings_of()) as recorder:
        recorder._process.submit(time.sleep, 0.5)
        recorder.start(0)
        recorder.epoch(0, EPOCHS[0])
        recorder.finish(0, served_network(model_of(), 255), "f" * 64)
        told = time.time_ns() // 1_000_000
    run = only_run()
    (point,) = store.open_store("tiny").client.get_metric_history(run.info.run_id, "loss")
    assert run.info.start_time <= point.timestamp <= run.info.end_time <= told


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "dense-3 e2 s7"),
        ({"epochs": 20, "batch_size": 64, "learning_rate": 0.01}, "dense-3 e20 b64 lr0.01 s7"),
        ({"optimizer": "sgd", "activation": "tanh"}, "dense-3 e2 sgd tanh s7"),
        ({"dropout": 0.5, "stop_below_loss": 0.2}, "dense-3 e2 dropout0.5 stop0.2 s7"),
        ({"hidden": [7, 5]}, "dense-3 h7-5 e2 s7"),
        ({"hidden": [3, 3]}, "dense-3 h3x2 e2 s7"),
        ({"hidden": [3, 3], "variant": "dense-3x2"}, "dense-3x2 e2 s7"),
        ({"hidden": [7, 5], "variant": "dense-7-5"}, "dense-7-5 e2 s7"),
        ({"hidden": [], "variant": "linear"}, "linear e2 s7"),
        ({"hidden": []}, "dense-3 h0 e2 s7"),
        ({"hidden": [28], "variant": "dense-128"}, "dense-128 h28 e2 s7"),
        ({"hidden": [4], "variant": "dense-128x4"}, "dense-128x4 h4 e2 s7"),
        ({"hidden": [256], "variant": "dense-512-256"}, "dense-512-256 h256 e2 s7"),
    ],
)
def test_a_run_s_name_says_what_is_unusual_about_it(changes, name):
    assert run_name.run_name(settings_of(**changes), 7) == name


def test_a_run_s_name_tells_scales_and_splits_apart():
    settings = settings_of().model_copy(update={"normalize": Normalize(scale=1, validation_split=0.0)})
    assert run_name.run_name(settings, 7) == "dense-3 e2 scale1 val0 s7"


def test_a_key_without_an_abbreviation_stands_in_a_run_s_name_in_full(monkeypatch):
    monkeypatch.setattr(run_name, "_SHORT", {"renamed": "r", "optimizer": ""})
    settings = settings_of(stop_below_loss=0.2, optimizer="sgd", activation="tanh").model_copy(
        update={"normalize": Normalize(scale=1)}
    )
    assert run_name.run_name(settings, 7) == "dense-3 e2 sgd activation tanh stop_below_loss 0.2 scale 1 s7"


def test_the_table_of_runs_shows_every_metric_of_the_comparison_beside_the_one_that_chooses():
    columns = set(server._VIEW_STATE["selectedColumns"])
    assert columns >= {f"metrics.`test_{metric.key}`" for metric in METRICS}
    assert columns >= {"metrics.`test_accuracy`", "tags.`gain`", "metrics.`val_accuracy`"}
    # A curve of a model is the mean over its seeds, with their range.
    assert server._VIEW_STATE["groupBy"]["groupByKeys"] == [{"mode": "param", "groupByData": "model"}]
    assert server._VIEW_STATE["useGroupedValuesInCharts"]


# Failures of the store.


@pytest.mark.parametrize(
    "uri",
    ["http://me:secret@127.0.0.1:9", "sqlite:////proc/nowhere/mlflow.db", "nonsense://"],
    ids=["server", "file", "scheme"],
)
def test_a_store_out_of_reach_costs_one_warning_and_no_training(workspace, monkeypatch, capfd, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    record(settings_of())
    warnings = [line for line in capfd.readouterr().err.splitlines() if line.startswith("warning: MLflow: ")]
    assert len(warnings) == 1
    assert warnings[0].endswith("run `make sync` to complete it from the results")
    assert "secret" not in warnings[0]


@pytest.fixture
def at_once(monkeypatch):
    """Let a recorder try again with the next message, not a while later."""
    monkeypatch.setattr("hemline.tracking.store_writer._SECONDS_BETWEEN_ATTEMPTS", 0)


def test_of_several_that_create_the_same_data_set_at_once_each_has_it_without_a_warning(workspace, monkeypatch, capfd):
    log_inputs, faster = mlflow.MlflowClient.log_inputs, ["somebody else"]

    def refuse_once(client, run_id, **inputs):
        if faster:
            raise MlflowException(f"UniqueViolation: {faster.pop()} was faster", error_code=BAD_REQUEST)
        return log_inputs(client, run_id, **inputs)

    monkeypatch.setattr(mlflow.MlflowClient, "log_inputs", refuse_once)
    record(settings_of())
    (run,) = all_runs()
    assert [each.dataset.name for each in run.inputs.dataset_inputs] == ["tiny"]
    assert "warning" not in capfd.readouterr().err


def test_what_a_store_fails_with_otherwise_is_not_asked_twice(workspace, monkeypatch):
    asked = []

    def fail(client, run_id, **inputs):
        asked.append(run_id)
        raise MlflowException("the server has gone")

    monkeypatch.setattr(mlflow.MlflowClient, "log_inputs", fail)
    record(settings_of())
    assert len(asked) == 1


# Each may be the one in which the store goes away, before it has done what it was asked for or after that.
CALLS = ["create_run", "log_batch", "log_inputs", "create_logged_model", "set_terminated"]
CALLS += ["log_outputs", "log_model_artifacts"]


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("call", "done"), [("create_run", False), ("log_batch", False), *((call, True) for call in CALLS)]
)
def test_a_store_that_goes_away_and_comes_back_has_one_run_with_everything(workspace, monkeypatch, capfd, call, done):
    original, failures = getattr(mlflow.MlflowClient, call), [ConnectionError("gone")]

    def fail_once(client, *arguments, **options):
        if failures and not done:
            raise failures.pop()
        answer = original(client, *arguments, **options)
        if failures:
            raise failures.pop()
        return answer

    monkeypatch.setattr(mlflow.MlflowClient, call, fail_once)
    with Recorder(settings_of()) as recorder:
        recorder.start(0, "first")
        for figures in EPOCHS:
            recorder.epoch(0, figures)
        recorder.finish(0, served_network(model_of(), 255), "f" * 64)
    assert not failures
    run = only_run()
    assert run.info.status == "FINISHED"
    assert run.data.params["variant"] == "dense-3"
    assert steps_of(run) == [1, 2]
    (model,) = run.outputs.model_outputs
    raw = np.full((1, 2, 3), 100, np.float32)
    assert mlflow.pyfunc.load_model(f"models:/{model.model_id}").predict(raw).shape == (1, 3)
    assert not list(Path(".hemline/live").iterdir())
    said = [line for line in capfd.readouterr().err.splitlines() if "MLflow" in line]
    assert [line.partition(";")[0] for line in said] == [
        "warning: MLflow: gone",
        "MLflow answers again, and has what it missed",
    ]


def test_a_store_that_is_gone_is_not_asked_again_at_every_message(workspace, monkeypatch):
    log_batch = Mock(side_effect=ConnectionError("gone"))
    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", log_batch)
    record(settings_of())
    assert log_batch.call_count == 1


def test_a_server_that_takes_connections_and_never_answers_costs_one_warning(workspace, monkeypatch, capfd):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        record(settings_of())
    assert capfd.readouterr().err.count("warning: MLflow: ") == 1


def test_unless_the_user_says_otherwise_a_hanging_server_is_waited_for_no_longer_than_the_page_says():
    page = (REPOSITORY / "docs/TEAM.md").read_text()
    (seconds,) = re.findall(r"a stage waits at most (\d+) s", page)
    attempts = 1 + int(tracking._DEFAULTS["MLFLOW_HTTP_REQUEST_MAX_RETRIES"])
    assert attempts * int(tracking._DEFAULTS["MLFLOW_HTTP_REQUEST_TIMEOUT"]) == int(seconds)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2", "mysql+pymysql"])
def test_a_database_that_needs_a_server_is_refused_in_one_line_without_its_password(fresh, monkeypatch, scheme):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{scheme}://me:secret@127.0.0.1:9/runs")
    told = "^a database is reached through `mlflow server`"
    with pytest.raises(InputError, match=told) as caught, store.reached():
        store.open_store("tiny")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


_FOLDERS = ["./mlruns", "mlruns", "file:./mlruns", "file:///tmp/mlruns", "FILE:mlruns", "~/mlruns"]
# MLflow would take the first for one of the current folder, which is another one in every copy.
_OTHER_FORMS = ["sqlite+pysqlite:///x.db", "SQLITE:///x.db", " sqlite:///x.db", "sqlite:x.db", "sqlite://x.db"]
_NO_FILES = ["sqlite:///", "sqlite:///runs/", "sqlite:///:memory:", "sqlite:///~/x.db", "sqlite:///x.db?timeout=5"]


@pytest.mark.parametrize("uri", [*_FOLDERS, *_OTHER_FORMS, *_NO_FILES, "server:5000", "localhost:5000"])
def test_an_address_that_is_no_server_and_no_database_file_is_refused_in_one_line(fresh, monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(InputError, match=r"^MLFLOW_TRACKING_URI must be a server, as .*, or an SQLite file") as caught:
        find_champion("tiny")
    assert f"got {uri!r}; set it to sqlite:///mlflow.db" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_relative_database_is_one_of_the_main_repository_in_every_copy(results, monkeypatch, tmp_path_factory):
    top = results.parent
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///../shared.db")
    copy = tmp_path_factory.mktemp("a copy that DVC deletes")
    shutil.copytree(results, copy, dirs_exist_ok=True)
    monkeypatch.chdir(copy)
    assert publish.publish(list(VARIANTS))
    assert len(all_runs()) == len(VARIANTS) * len(SEEDS)
    assert (top / "shared.db").is_file()
    assert not [path.name for path in top.iterdir() if path.name == "mlartifacts" or path.suffix == ".lock"]
    assert not list(copy.rglob("shared.db*"))


def test_a_database_of_an_older_mlflow_is_copied_before_it_is_migrated_and_once(workspace, monkeypatch, capfd):
    with closing(sqlite3.connect("mlflow.db")) as connection, connection:
        connection.execute("PRAGMA user_version = 0")
    store.open_store("tiny")
    assert capfd.readouterr().err == ""  # of another version, but with the same tables
    monkeypatch.setattr("mlflow.store.db.utils._get_latest_schema_revision", lambda: "a newer one")
    for _ in range(2):
        with closing(sqlite3.connect("mlflow.db")) as connection, connection:
            connection.execute("PRAGMA user_version = 0")
        store.open_store("tiny")
    (told,) = [line for line in capfd.readouterr().err.splitlines() if "migrated" in line]
    assert told.startswith(f"mlflow.db: is migrated to MLflow {mlflow.__version__}; ")
    (copy,) = Path().glob("mlflow.db.before-*")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT name FROM experiments WHERE name = 'tiny'").fetchall() == [("tiny",)]


@pytest.mark.parametrize(
    ("status", "told"),
    [(401, "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"), (403, "does not permit this to the user")],
)
def test_a_server_that_refuses_whoever_asks_is_told_with_what_helps(status, told):
    message = f"API request to endpoint /api failed with error code {status} != 200. Response body: 'a\nb'"
    assert told in one_line(mlflow.MlflowException(message))


def test_a_recorder_whose_process_is_killed_costs_one_warning_and_no_training(workspace, monkeypatch, capfd):
    monkeypatch.setattr("hemline.tracking.recorder.helper_process", helper_process)
    with Recorder(settings_of()) as recorder:
        recorder.start(0)
        recorder._told[-1].result()
        recorder._process.submit(os.kill, recorder._process.submit(os.getpid).result(), signal.SIGKILL).exception()
        for figures in EPOCHS:
            recorder.epoch(0, figures)
        recorder.finish(0, served_network(model_of(), 255), "f" * 64)
    assert capfd.readouterr().err.count("warning: MLflow: ") == 1
    assert [run.info.status for run in all_runs()] == ["KILLED"]


@pytest.mark.parametrize("broken", ["recorder._writer", "model_file.ModelFile.write"])
def test_what_fails_before_anything_is_recorded_costs_one_warning_and_no_training(
    workspace, monkeypatch, capfd, broken
):
    monkeypatch.setattr(f"hemline.tracking.{broken}", Mock(side_effect=OSError("no space left")))
    record(settings_of())
    assert capfd.readouterr().err.count("warning: MLflow: no space left; run `make sync`") == 1


@pytest.fixture
def moved(workspace, monkeypatch, tmp_path_factory):
    """A repository with a recorded run that was moved to another place."""
    record(settings_of())
    there = workspace.rename(tmp_path_factory.mktemp("moved") / "repository")
    monkeypatch.chdir(there)
    monkeypatch.setenv("DVC_ROOT", str(there))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    _writer.cache_clear()
    return there


def test_a_store_that_was_moved_is_one_line_with_the_remedy_for_a_command(moved):
    with (
        pytest.raises(InputError, match=r"repository/mlflow.db: file://.* is no longer .*; run `make sync`$"),
        store.reached(),
    ):
        store.open_store("tiny")


def test_a_training_in_a_repository_that_was_moved_leaves_nothing_at_the_former_place(moved, tmp_path, capfd):
    record(settings_of())
    assert capfd.readouterr().err.count("warning: MLflow: ") == 1
    assert not tmp_path.exists()


def test_a_store_that_was_moved_opens_its_models_once_its_artifacts_were_brought_along(moved):
    store.bring_along()
    logged = mlflow.artifacts.download_artifacts(f"models:/{only_run().outputs.model_outputs[0].model_id}")
    assert Path(logged).is_relative_to(moved)
    assert mlflow.keras.load_model(logged).input_shape == (None, 2, 3)


def test_runs_sorted_by_a_metric_are_looked_up_by_run_and_not_compared_each_with_each(workspace):
    opened = store.open_store("tiny")
    with closing(sqlite3.connect("mlflow.db")) as connection:
        runs = [(f"{number:032x}", "active", opened.experiment_id, "", "FINISHED", 0, 0) for number in range(300)]
        columns = "run_uuid, lifecycle_stage, experiment_id, user_id, status, start_time, end_time"
        connection.executemany(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", runs)
        values = [(run, number) for number, (run, *_) in enumerate(runs)]
        metrics = "latest_metrics (key, step, is_nan, run_uuid, value) VALUES ('val_accuracy', 1, 0, ?, ?)"
        connection.executemany(f"INSERT INTO {metrics}", values)
        connection.commit()
    asked = []
    engine = opened.client._tracking_client.store.engine
    event.listen(engine, "before_cursor_execute", lambda *event: asked.append(event[2:4]))
    opened.client.search_runs([opened.experiment_id], order_by=[server._VIEW_STATE["orderByKey"]], max_results=9)
    (statement,) = [each for each in asked if "ORDER BY clause_1" in each[0]]
    store.bring_along()
    with closing(sqlite3.connect("mlflow.db")) as connection:
        steps = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1])]
    assert [step for step in steps if step.startswith("SEARCH anon_1")], steps


# Runs that nobody ended.

HOLD_A_RUN = """
import sys, time
from hemline.tracking.recorder import Recorder
from hemline.jobs.settings import Settings
recorder = Recorder(Settings.model_validate_json(sys.argv[1])).__enter__()
recorder.start(0)
recorder._told[-1].result()
print("started", flush=True)
time.sleep(600)
"""


@pytest.fixture
def holder(workspace):
    """Another process that has started a run and goes on with it."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", HOLD_A_RUN, settings_of().model_dump_json()]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "started\n"
        yield process
        process.kill()


def statuses():
    """Return the statuses of all runs as they are in the database, which is not opened by MLflow."""
    with closing(sqlite3.connect("mlflow.db")) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM runs")]


def kill_with_its_helper(holder):
    beside = psutil.Process(holder.pid).children()
    for each in (*beside, holder):
        each.kill()
    assert not psutil.wait_procs(beside, timeout=60)[1]


def test_a_run_whose_processes_were_killed_is_marked_at_the_next_start_and_a_live_one_never(holder):
    assert [run.info.status for run in all_runs()] == ["RUNNING"]
    assert [run.info.status for run in all_runs()] == ["RUNNING"]
    kill_with_its_helper(holder)
    assert statuses() == ["RUNNING"]
    store.open_store("another")  # whatever data set comes next
    assert statuses() == ["KILLED"]
    assert not list(Path(".hemline/live").iterdir())


def test_the_helper_of_a_training_that_is_killed_marks_its_runs_and_ends(holder):
    beside = psutil.Process(holder.pid).children()
    holder.kill()
    assert not psutil.wait_procs(beside, timeout=60)[1]
    assert statuses() == ["KILLED"]
    assert not list(Path(".hemline/live").iterdir())


def test_locks_that_no_process_holds_are_removed_at_the_next_start(workspace):
    Path(".hemline/live").mkdir(parents=True, exist_ok=True)
    Path(".hemline/live/killed-before-its-run-was-made.lock").touch()
    held = liveness.live_lock()
    store.open_store("tiny")
    assert [str(path.resolve()) for path in Path(".hemline/live").iterdir()] == [held.lock_file]
    liveness.end_lock(held)


# A training that was ended half-way and goes on.

ROWS = [EPOCHS[0] | {"seconds": 0.5, "at": 1_700_000_000_000}, EPOCHS[1] | {"seconds": 0.25, "at": 1_700_000_001_000}]


def interrupt_after(epochs, training_id="first", model=None):
    """Record some epochs of a training, perhaps its model, and let it be interrupted."""
    with suppress(KeyboardInterrupt), Recorder(settings_of()) as recorder:
        recorder.start(0, training_id)
        for figures in EPOCHS[:epochs]:
            recorder.epoch(0, figures)
        if model:
            recorder.finish(0, served_network(model_of(), 255), model)
        recorder._told[-1].result()
        raise KeyboardInterrupt


def go_on(earlier, rest, training_id="first"):
    with Recorder(settings_of()) as recorder:
        recorder.start(0, training_id, ROWS[:earlier])
        for figures in EPOCHS[earlier : earlier + rest]:
            recorder.epoch(0, figures | {"seconds": 9.0})
        recorder.finish(0, served_network(model_of(), 255), "f" * 64)


@pytest.mark.parametrize("recorded", [0, 1, 2])
def test_a_training_that_goes_on_goes_on_with_its_run_and_logs_no_step_twice(workspace, recorded):
    # Recording may have been behind the checkpoint, or ahead of it.
    interrupt_after(recorded)
    before = only_run()
    assert before.info.status == "KILLED"
    go_on(1, 1)
    run = only_run()
    assert run.info.run_id == before.info.run_id
    assert run.info.status == "FINISHED"
    assert run.info.end_time > before.info.end_time
    client = store.open_store("tiny").client
    for key in (*EPOCHS[0], "seconds"):
        if key != "epoch":
            assert sorted(point.step for point in client.get_metric_history(run.info.run_id, key)) == [1, 2]
    assert run.data.tags[store.SHA_TAG] == "f" * 64
    assert not list(Path(".hemline/live").iterdir())


def test_a_training_whose_run_is_gone_gets_a_new_one_with_all_its_epochs(workspace):
    interrupt_after(1)
    store.open_store("tiny").client.delete_run(only_run().info.run_id)
    go_on(1, 1)
    run = only_run()
    assert sorted(steps_of(run)) == [1, 2]
    (first, _) = sorted(
        store.open_store("tiny").client.get_metric_history(run.info.run_id, "seconds"), key=lambda point: point.step
    )
    assert (first.value, first.timestamp) == (0.5, 1_700_000_000_000)


def test_another_training_of_the_same_settings_has_a_run_of_its_own(workspace):
    interrupt_after(1)
    go_on(1, 1, training_id="second")
    assert sorted(run.info.status for run in all_runs()) == ["FINISHED", "KILLED"]


def test_a_finished_run_is_left_as_it_is_and_one_that_only_lacks_its_end_is_given_it(workspace):
    interrupt_after(2, model="f" * 64)
    before = only_run()
    assert before.info.status == "FINISHED"
    go_on(2, 0)
    assert only_run().info.end_time == before.info.end_time
    store.open_store("tiny").client.set_terminated(before.info.run_id, "KILLED")
    go_on(2, 0)
    assert only_run().info.status == "FINISHED"
    assert len(only_run().outputs.model_outputs) == 1


def test_another_repository_that_uses_the_same_store_leaves_live_runs_alone(holder, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path('mlflow.db').resolve()}")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path_factory.mktemp("clone")))
    assert [run.info.status for run in all_runs()] == ["RUNNING"]


def test_a_run_whose_lock_belongs_to_another_user_is_left_alone(workspace, monkeypatch):
    opened = store.open_store("tiny")
    tags = {liveness.HOST_TAG: socket.gethostname(), liveness.LOCK_TAG: str(workspace / "another" / "lock")}
    (workspace / "another").mkdir()
    opened.client.create_run(opened.experiment_id, tags=tags)

    acquire = liveness.FileLock.acquire

    def refuse(lock, **options):
        if "another" in lock.lock_file:
            raise PermissionError(13, "Permission denied")
        return acquire(lock, **options)

    monkeypatch.setattr(liveness.FileLock, "acquire", refuse)
    assert [run.info.status for run in all_runs()] == ["RUNNING"]


def test_runs_of_another_machine_are_left_alone(workspace):
    opened = store.open_store("tiny")
    opened.client.create_run(opened.experiment_id, tags={liveness.HOST_TAG: "elsewhere"})
    assert [run.info.status for run in all_runs()] == ["RUNNING"]


def test_a_run_has_its_lock_from_its_first_moment(workspace, monkeypatch):
    statuses = []
    log_inputs = mlflow.MlflowClient.log_inputs

    def spy(client, run_id, **arguments):
        # In the middle of its creation, another process opens the store.
        store.open_store("tiny")
        statuses.append(client.get_run(run_id).info.status)
        return log_inputs(client, run_id, **arguments)

    monkeypatch.setattr(mlflow.MlflowClient, "log_inputs", spy)
    record(settings_of())
    assert statuses == ["RUNNING"]
    assert not list(Path(".hemline/live").iterdir())


# Starting MLflow.


@pytest.mark.parametrize("module", ["store_writer", "registry"])
def test_whichever_module_comes_first_mlflow_is_imported_without_telemetry(module):
    code = (
        f"import hemline.tracking.{module}; from mlflow.telemetry.client import get_telemetry_client; "
        "sys.exit(get_telemetry_client() is not None)"
    )
    # In an environment that tells MLflow of no test, in which it would have no telemetry by itself.
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
    assert subprocess.run([sys.executable, "-c", f"import sys; {code}"], env=environment, check=False).returncode == 0


# Creating the store.


@pytest.mark.slow
def test_several_repositories_that_create_the_store_at_once_share_one(fresh, monkeypatch):
    code = (
        "import sys\nfrom hemline.tracking import liveness, store\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "opened = store.open_store('tiny')\n"
        "opened.client.create_run(opened.experiment_id, tags={liveness.HOST_TAG: sys.argv[1]})"
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{fresh / 'mlflow.db'}")
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    hosts = {"0", "1", "2"}
    for host in hosts:
        (fresh / host).mkdir()
    processes = [
        subprocess.Popen([sys.executable, "-c", code, host], env=environment | {"DVC_ROOT": str(fresh / host)}, **pipes)
        for host in hosts
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert {run.data.tags[liveness.HOST_TAG] for run in all_runs()} == hosts


@pytest.mark.slow
def test_a_process_killed_while_it_creates_the_store_leaves_room_for_the_next(fresh):
    code = """
import os, signal
from hemline.tracking import store
import sqlalchemy
count = [0]
@sqlalchemy.event.listens_for(sqlalchemy.engine.Engine, "after_cursor_execute")
def kill(*arguments):
    count[0] += 1
    if count[0] == 40:
        os.kill(os.getpid(), signal.SIGKILL)
store.open_store("tiny")
"""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(fresh.glob(".mlflow.db.draft*"))
    assert not (fresh / "mlflow.db").exists()
    assert all_runs() == []
    assert not list(fresh.glob(".mlflow.db.draft*"))


def test_a_database_that_was_deleted_does_not_come_back_in_pieces(holder):
    holder.kill()
    holder.wait()
    assert Path("mlflow.db-wal").stat().st_size
    Path("mlflow.db").unlink()
    assert all_runs() == []


def test_a_deleted_experiment_comes_back(workspace):
    opened = store.open_store("tiny")
    opened.client.delete_experiment(opened.experiment_id)
    assert store.open_store("tiny").experiment_id == opened.experiment_id


def test_a_run_that_mlflow_started_for_the_whole_project_is_kept_as_a_tag_only(workspace):
    code = (
        "import json, os, sys; from hemline.tracking.mlflow_run import _tags; "
        "from hemline.jobs.trained import Settings; "
        "print(json.dumps([_tags(Settings.model_validate_json(sys.argv[1]), 0, backfilled=False), dict(os.environ)]))"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "MLFLOW_RUN_ID": "b" * 32, "MLFLOW_EXPERIMENT_ID": "3"}
    command = [sys.executable, "-c", code, settings_of().model_dump_json()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    tags, remaining = json.loads(done.stdout)
    assert tags["mlflow_project_run"] == "b" * 32
    assert not {"MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"} & set(remaining)


# Completing the store from the workspace.


def figures_of(run):
    return {key: run.data.metrics.get(key) for key in ("test_accuracy", "test_loss")}


def evaluated():
    import pandas as pd  # noqa: PLC0415 - only these tests read tables

    return pd.read_csv("reports/evaluation/runs.csv")


def test_publishing_into_an_empty_store_back_fills_a_full_run_of_every_model(results):
    assert publish.publish(list(VARIANTS))
    runs = {(run.data.tags["variant"], int(run.data.tags["seed"])): run for run in all_runs()}
    assert set(runs) == {(variant, seed) for variant in VARIANTS for seed in SEEDS}
    client = store.open_store("tiny").client
    for (variant, seed), run in runs.items():
        assert run.info.status == "FINISHED"
        assert run.data.tags["backfilled"] == "true"
        assert run.data.tags["model_sha256"] == Trained(variant).model_sha256(seed)
        assert run.data.params["hidden"] == ("3" if variant == "dense-3" else "none")
        curve = client.get_metric_history(run.info.run_id, "val_loss")
        assert [(point.step, point.value) for point in curve] == [(1, 1.75), (2, 1.5)]
        assert {file.path for file in client.list_artifacts(run.info.run_id)} >= {
            "confusion_matrix.csv",
            "per_class.txt",
        }
        served = mlflow.pyfunc.load_model(f"models:/{run.outputs.model_outputs[0].model_id}")
        raw = np.full((1, 2, 3), 100, np.float32)
        expected = predict(load_model(Trained(variant).model_path(seed)), raw / 255)
        np.testing.assert_allclose(served.predict(raw), expected, rtol=1e-4)


def test_publishing_sets_the_test_figures_and_the_gain_with_what_it_is_over(published):
    table = evaluated()
    (compared,) = Evaluated().comparison(["dense-3"]).to_dict("records")
    for run in all_runs():
        variant, seed = run.data.tags["variant"], int(run.data.tags["seed"])
        (row,) = table[(table.variant == variant) & (table.seed == seed)].to_dict("records")
        assert figures_of(run) == {"test_accuracy": row["test_accuracy"], "test_loss": row["test_loss"]}
        if variant == "linear":
            assert run.data.tags["gain"] == "baseline"
        else:
            assert run.data.tags["gain"].startswith(signed(100 * compared["gain"]))
            assert run.data.tags["gain"].endswith(f" over linear e2, 2 seeds: {compared['verdict']}")


def test_another_baseline_replaces_the_gain_and_adds_no_point_to_any_curve(published):
    def points():
        with closing(sqlite3.connect("mlflow.db")) as connection:
            return connection.execute("SELECT count(*) FROM metrics").fetchone()

    before = points()
    evaluate_over("dense-3")
    assert publish.publish(list(VARIANTS))
    assert points() == before
    gains = {run.data.tags["variant"]: run.data.tags["gain"] for run in all_runs()}
    assert gains["dense-3"] == "baseline"
    assert " over dense-3 e2, 2 seeds: " in gains["linear"]


def test_runs_of_a_store_from_before_models_had_names_are_given_them(published):
    with closing(sqlite3.connect("mlflow.db")) as connection, connection:
        connection.execute("DELETE FROM params WHERE key = 'model'")
    assert publish.publish(list(VARIANTS))
    assert {run.data.params["model"] for run in all_runs()} == {"linear e2", "dense-3 e2"}


def test_back_filled_runs_do_not_take_the_name_of_the_experiment_that_is_running(results, monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "tipsy-hats")
    publish.publish(list(VARIANTS))
    assert not any("dvc_experiment" in run.data.tags for run in all_runs())


def test_runs_are_known_by_their_models_in_whatever_experiment_they_are(published):
    client = store.open_store("tiny").client
    before = {run.info.run_id for run in all_runs()}
    client.rename_experiment(store.open_store("tiny").experiment_id, "My project")
    assert publish.publish(list(VARIANTS))
    assert {run.info.run_id for run in all_runs()} == before
    # Also where another experiment has taken the place of the data set's.
    client.delete_experiment_tag(store.open_store("tiny").experiment_id, "mlflow.hemline.dataset")
    assert publish.publish(list(VARIANTS))
    assert all_runs() == []
    assert {each.name for each in client.search_experiments()} == {"Default", "My project", "tiny"}


def test_a_model_that_outlived_its_run_is_tied_to_the_run_that_comes_after_it(published):
    client = store.open_store("tiny").client
    before = {run.info.run_id: mlflow_run.model_id(run) for run in all_runs()}
    for run in before:
        client.delete_run(run)
    files = set(Path("mlartifacts").rglob("model.keras"))
    assert publish.publish(list(VARIANTS))
    assert {mlflow_run.model_id(run) for run in all_runs()} == set(before.values())
    assert set(Path("mlartifacts").rglob("model.keras")) == files


def test_what_people_read_on_a_run_are_its_confusions_and_the_figures_of_each_class(published):
    client = store.open_store("tiny").client
    for run in all_runs():
        counts, table = (
            Path(client.download_artifacts(run.info.run_id, name)).read_text()
            for name in ("confusion_matrix.csv", "per_class.txt")
        )
        assert counts.startswith("true,a,b,c\na,")
        assert table.split()[:7] == ["precision,", "%", "recall,", "%", "f1,", "%", "images"]


def test_the_figures_of_each_class_are_scikit_learn_s():
    labels, predicted = np.array([0, 0, 1, 1, 1], np.uint8), np.array([0, 1, 1, 1, 2])
    expected = precision_recall_fscore_support(labels, predicted, labels=range(4), zero_division=np.nan)
    rows = [row.split()[1:] for row in texts(labels, predicted, list("abcd"))["per_class.txt"].splitlines()[1:]]
    shown = np.array(rows, float).T
    np.testing.assert_allclose(shown[:2], 100 * np.array(expected[:2]), atol=5e-3)
    np.testing.assert_allclose(shown[2, :2], 100 * expected[2][:2], atol=5e-3)
    np.testing.assert_array_equal(shown[3], expected[3])


@pytest.mark.parametrize("permitted", [True, False])
def test_of_a_model_that_two_people_back_fill_at_once_one_run_stays(results, monkeypatch, permitted):
    back_fill, delete = publish._back_fill, mlflow.MlflowClient.delete_run

    def back_fill_twice(*arguments):
        back_fill(*arguments)
        back_fill(*arguments)

    def delete_run(client, run_id):
        if not permitted:
            raise mlflow.MlflowException("failed with error code 403")
        delete(client, run_id)

    monkeypatch.setattr(publish, "_back_fill", back_fill_twice)
    monkeypatch.setattr(mlflow.MlflowClient, "delete_run", delete_run)
    assert publish.publish(list(VARIANTS))
    runs = all_runs()
    finished = [run for run in runs if run.info.status == "FINISHED"]
    assert len({run.data.tags["model_sha256"] for run in finished}) == len(finished) == len(VARIANTS) * len(SEEDS)
    assert all(None not in figures_of(run).values() for run in finished)
    assert {run.info.status for run in runs if run not in finished} == (set() if permitted else {"KILLED"})


def test_a_double_that_somebody_else_removes_while_figures_are_written_onto_it_costs_nothing(
    results, monkeypatch, capfd
):
    back_fill, complete = publish._back_fill, mlflow_run.complete
    removed = []

    def back_fill_twice(*arguments):
        back_fill(*arguments)
        back_fill(*arguments)

    def remove_first(opened, run, *arguments):
        if not removed:
            removed.append(run.info.run_id)
            opened.client.delete_run(run.info.run_id)
        complete(opened, run, *arguments)

    monkeypatch.setattr(publish, "_back_fill", back_fill_twice)
    monkeypatch.setattr(publish, "_remove_doubles", lambda *_: None)
    monkeypatch.setattr(mlflow_run, "complete", remove_first)
    assert publish.publish(list(VARIANTS))
    assert capfd.readouterr().err == ""
    assert all(None not in figures_of(run).values() for run in all_runs())


def test_publishing_again_adds_nothing(published):
    def contents():
        with closing(sqlite3.connect("mlflow.db")) as connection:
            tables = ("runs", "metrics", "params", "tags", "logged_models", "inputs")
            return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for table in tables}

    def files():
        return {path: path.stat().st_mtime_ns for path in Path("mlartifacts").rglob("*")}

    before = contents(), files()
    assert publish.publish(list(VARIANTS))
    assert (contents(), files()) == before


def test_publishing_completes_the_run_of_the_training_and_adds_none(results):
    sha256 = Trained("dense-3").model_sha256(4)
    record(settings_of(), seed=4, sha256=sha256)
    assert publish.publish(list(VARIANTS))
    (run,) = all_runs(f"tags.model_sha256 = '{sha256}'")
    assert "backfilled" not in run.data.tags
    assert None not in figures_of(run).values()
    assert len(all_runs()) == len(VARIANTS) * len(SEEDS)


def test_a_run_that_lost_its_end_is_no_full_run_and_another_is_back_filled(results):
    sha256 = Trained("linear").model_sha256(0)
    opened = store.open_store("tiny")
    opened.client.create_run(opened.experiment_id, tags={store.SHA_TAG: sha256, liveness.HOST_TAG: "elsewhere"})
    publish.publish(["linear"])
    statuses = sorted(run.info.status for run in all_runs(f"tags.model_sha256 = '{sha256}'"))
    assert statuses == ["FINISHED", "RUNNING"]


def draw(name, *variants):
    """Put bytes in the places of the pictures that the report stage draws."""
    Path("reports/figures").mkdir(exist_ok=True)
    for variant in variants:
        Path(f"reports/figures/confusion-{variant}.png").write_text(f"{name} picture of {variant}")


def pictures():
    """Return the variants and pictures of all runs."""
    client = store.open_store("tiny").client
    return sorted(
        (run.data.tags["variant"], Path(client.download_artifacts(run.info.run_id, PICTURE)).read_text())
        for run in all_runs()
    )


def test_a_picture_is_logged_once_and_again_only_when_it_changes(results, monkeypatch):
    draw("first", *VARIANTS)
    publish.publish(list(VARIANTS))
    logged = []
    log_artifacts = mlflow.MlflowClient.log_artifacts

    def spy(client, run_id, folder):
        logged.append(client.get_run(run_id).data.tags["variant"])
        log_artifacts(client, run_id, folder)

    monkeypatch.setattr(mlflow.MlflowClient, "log_artifacts", spy)
    assert publish.publish(list(VARIANTS))
    assert not logged
    draw("second", "linear")
    assert publish.publish(list(VARIANTS))
    assert logged == ["linear"] * len(SEEDS)
    assert {text for _, text in pictures()} == {"second picture of linear", "first picture of dense-3"}


def test_publishing_everything_does_without_pictures_until_the_report_has_drawn_them(results):
    assert publish.publish(list(VARIANTS))
    assert not [run for run in all_runs() if "mlflow.hemline.confusion_picture" in run.data.tags]
    draw("first", *VARIANTS)
    assert publish.publish(list(VARIANTS))
    assert pictures() == sorted((variant, f"first picture of {variant}") for variant in VARIANTS for _ in SEEDS)


def test_only_the_variants_asked_for_are_published(results):
    publish.publish(["linear"])
    assert {run.data.tags["variant"] for run in all_runs()} == {"linear"}


def test_publishing_to_a_store_out_of_reach_is_a_warning_and_says_so(results, monkeypatch, capfd):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////proc/nowhere/mlflow.db")
    assert not publish.publish(list(VARIANTS))
    assert capfd.readouterr().err.count("warning: MLflow: ") == 1


def test_a_model_that_was_trained_again_is_not_back_filled_as_the_one_that_was_evaluated(results):
    save_model(model_of("linear", seed=7), Trained("linear").model_path(4))
    with pytest.raises(InputError, match=r"seed-4.keras: was trained again since the evaluation; run `dvc repro`"):
        publish.publish(["linear"])
    assert {run.data.tags["seed"] for run in all_runs()} == {"0"}


def test_a_variant_that_was_not_evaluated_is_no_complete_store(results):
    with pytest.raises(
        InputError, match=r"evaluation/runs.csv: has no row for the variant 'new'; run `dvc repro evaluate`"
    ):
        publish.publish(["linear", "new"])


def test_the_ui_opens_while_results_are_made_anew(results, capsys):
    shutil.rmtree(Trained("dense-3").path)
    ui.complete(list(VARIANTS))
    assert capsys.readouterr().err.startswith("warning: models/dense-3/settings.json: no such file")


def test_a_database_that_is_none_is_one_line_for_a_command(fresh):
    (fresh / "mlflow.db").write_text("no database, though it is as long as one may be")
    with pytest.raises(InputError, match=r"MLflow at sqlite.*: file is not a database"), store.reached():
        store.open_store("tiny")
