"""One complete store for every way to come to a result, with real DVC, real projects and a real server.

One repository goes through all tests, in their order; ``conftest.py`` keeps the file on one worker.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from pipelines_for_tests import Pipeline, make_pipeline
from servers_for_tests import wait_for

from hemline.processes.ports import free_port

pytestmark = pytest.mark.end_to_end

PATIENCE = 600  # seconds; no expectation, only an end to waiting
ENDLESS = 1_000_000  # epochs
COMPLETE = {"loss", "accuracy", "val_loss", "val_accuracy", "test_accuracy", "test_loss", "test_gain"}
# Opens every complete run: prints its epochs, seed and variant, its artifacts, and what its model makes of raw pixels.
OPEN_RUNS = """
import json, sys
import mlflow, numpy as np
from hemline.tracking import mlflow_run, store
opened = store.open_store("tiny")
for each in store.search(opened, "attributes.status = 'FINISHED'"):
    params = each.data.params
    model = mlflow.keras.load_model(f"models:/{mlflow_run.model_id(each)}")
    print(json.dumps({
        "run": [params["variant"], int(params["seed"]), int(params["epochs"])],
        "experiment": each.data.tags.get("dvc_experiment"),
        "metrics": sorted(each.data.metrics),
        "artifacts": sorted(file.path for file in opened.client.list_artifacts(each.info.run_id)),
        "sums": float(np.asarray(model(np.full((1, 4, 5), 100, np.float32))).sum()),
    }))
"""


def opened_runs(pipeline, **environment):
    """Return every FINISHED run of the store by (variant, seed, epochs); each must be complete."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN_RUNS],
        cwd=pipeline.folder,
        env=pipeline.environment | {"PYTHONPATH": str(pipeline.folder), "TF_CPP_MIN_LOG_LEVEL": "3"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for run in found:
        assert set(run["metrics"]) >= COMPLETE, run
        assert set(run["artifacts"]) >= {"confusion_matrix.csv", "per_class.txt"}, run
        assert run["sums"] == pytest.approx(1, abs=1e-3)
    runs = {tuple(run["run"]): run["experiment"] for run in found}
    assert len(runs) == len(found), "a training stands twice in the store"
    return runs


def epochs_of(runs):
    return {epochs for _, _, epochs in runs}


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def finish_queue(pipeline, tasks):
    """Wait until as many ``tasks`` of DVC's queue have succeeded in all, and end its workers."""

    def finished():
        status = pipeline.run("dvc", "queue", "status").stdout
        assert "Failed" not in status, status
        return status.count("Success") == tasks

    wait_until(finished)
    pipeline.run("dvc", "queue", "stop")


def forget_the_store(pipeline):
    shutil.rmtree(pipeline.folder / "mlartifacts", ignore_errors=True)
    for path in pipeline.folder.glob("mlflow.db*"):
        path.unlink()


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """A repository whose first commit has the results of one epoch, and whose second those of two."""
    made = make_pipeline(tmp_path_factory.mktemp("store") / "repository")
    made.set(seeds=[0], variants={"linear": {"hidden": []}})
    made.run("dvc", "remote", "add", "--default", "shared", str(made.folder.parent / "remote"))
    made.run("dvc", "repro")
    made.commit("One epoch")
    made.set(epochs=2)
    made.run("dvc", "repro")
    made.commit("Two epochs")
    made.run("dvc", "push", "--all-commits")
    return made


def test_each_run_of_the_pipeline_left_a_complete_run_of_every_model(pipeline):
    assert epochs_of(opened_runs(pipeline)) == {1, 2}


def test_two_queue_workers_and_the_workspace_log_into_one_store_at_once(pipeline):
    pipeline.run("dvc", "exp", "run", "--queue", "-S", "epochs=3,4")
    pipeline.run("dvc", "queue", "start", "--jobs", "2")
    pipeline.run("dvc", "exp", "run", "--name", "here", "-S", "epochs=5")
    finish_queue(pipeline, 2)
    runs = opened_runs(pipeline)
    assert epochs_of(runs) == {1, 2, 3, 4, 5}
    assert runs["linear", 0, 5] == "here"
    assert len(set(runs.values())) == 4  # none, three experiments


def test_a_training_without_dvc_and_a_project_log_into_the_same_store(pipeline):
    pipeline.run("git", "checkout", "--quiet", "--force", "HEAD")
    pipeline.run("dvc", "checkout", "--force")
    pipeline.run("mlflow", "run", ".", "--env-manager", "local", "-P", "epochs=6")
    assert epochs_of(opened_runs(pipeline)) == {1, 2, 3, 4, 5, 6}
    pipeline.set(epochs=7)
    pipeline.run("python", "-m", "stages.train", "linear")
    pipeline.run("python", "-m", "stages.evaluate")
    assert epochs_of(opened_runs(pipeline)) == {1, 2, 3, 4, 5, 6, 7}


def test_results_of_an_older_commit_are_completed_from_dvc_s_cache(pipeline):
    pipeline.run("git", "checkout", "--quiet", "--force", "HEAD~1")
    pipeline.run("dvc", "checkout", "--force")
    forget_the_store(pipeline)
    pipeline.run("python", "-m", "commands.sync")
    assert set(opened_runs(pipeline)) == {("linear", 0, 1)}
    pipeline.run("git", "checkout", "--quiet", "--force", "main")
    pipeline.run("dvc", "checkout", "--force")
    pipeline.run("python", "-m", "commands.sync")
    assert epochs_of(opened_runs(pipeline)) == {1, 2}


def test_a_fresh_clone_that_pulled_the_results_is_completed_without_training(pipeline):
    clone = Pipeline(pipeline.folder.parent / "clone")
    pipeline.run("git", "clone", "--quiet", str(pipeline.folder), str(clone.folder))
    clone.run("dvc", "pull")
    clone.run("python", "-m", "commands.sync")
    assert set(opened_runs(clone)) == {("linear", 0, 2)}
    assert "Running stage" not in clone.run("dvc", "repro").stdout


def test_a_moved_repository_still_opens_its_models_and_ends_its_dead_runs(pipeline):
    pipeline.set(epochs=ENDLESS)
    training = pipeline.start("python", "-m", "stages.train", "linear")
    wait_until(lambda: running(pipeline))
    os.killpg(training.pid, signal.SIGKILL)
    training.wait()
    pipeline.folder = pipeline.folder.rename(pipeline.folder.with_name("moved"))
    assert running(pipeline)
    pipeline.run("python", "-m", "commands.sync")
    assert epochs_of(opened_runs(pipeline)) == {1, 2}
    assert not running(pipeline)
    assert not list((pipeline.folder / ".hemline" / "live").iterdir())


def running(pipeline):
    with closing(sqlite3.connect(pipeline.folder / "mlflow.db")) as connection:
        return connection.execute("SELECT run_uuid FROM runs WHERE status = 'RUNNING'").fetchall()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real `mlflow server` with a store of its own; its address."""
    folder = tmp_path_factory.mktemp("server")
    port, log = free_port(None, 0), folder / "log"
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", str(folder / "artifacts"), "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1"),
    ]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=file, stderr=file, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def test_a_server_that_the_user_names_wins_for_every_way_to_run(pipeline, server):
    local = pipeline.folder / "mlflow.db"
    before = local.read_bytes()
    pipeline.environment["MLFLOW_TRACKING_URI"] = server
    pipeline.run("git", "checkout", "--quiet", "--force", "main")
    pipeline.run("dvc", "exp", "run", "-S", "epochs=8")
    pipeline.run("dvc", "exp", "run", "--temp", "-S", "epochs=9")
    pipeline.run("mlflow", "run", ".", "--env-manager", "local", "-P", "epochs=10")
    pipeline.run("dvc", "exp", "run", "--queue", "-S", "epochs=11")
    pipeline.run("dvc", "queue", "start")
    finish_queue(pipeline, 3)
    assert epochs_of(opened_runs(pipeline)) == {8, 9, 10, 11}
    assert local.read_bytes() == before
    assert not Path(f"{local}-wal").exists() or not Path(f"{local}-wal").stat().st_size
