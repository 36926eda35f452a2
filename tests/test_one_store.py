"""One complete store for every way to come to a result, with real DVC, real projects and a real server."""

import os
import signal
import subprocess
import sys

import pytest
from pipelines_for_tests import PATIENCE, wait_until
from runs_for_tests import opened_runs
from servers_for_tests import wait_for

from hemline.processes.ports import free_port

pytestmark = pytest.mark.slow

ENDLESS = 1_000_000  # epochs


def epochs_of(runs):
    return {epochs for _, _, epochs in runs}


def finish_queue(pipeline, tasks):
    """Wait until as many ``tasks`` of DVC's queue have succeeded in all, and end its workers."""

    def finished():
        status = pipeline.run("dvc", "queue", "status").stdout
        assert "Failed" not in status, status
        return status.count("Success") == tasks

    wait_until(finished)
    pipeline.run("dvc", "queue", "stop")


@pytest.fixture
def pipeline(longer_copy):
    """A repository with the results of two commits, whose parameters are those of a single short training."""
    longer_copy.set(seeds=[0], variants={"linear": {"hidden": []}})
    longer_copy.commit("One training")
    yield longer_copy
    longer_copy.run("dvc", "queue", "stop", "--kill", check=False)


def test_every_way_to_train_logs_a_complete_run_into_one_store(pipeline):
    # Two workers of DVC's queue, and the workspace, at once.
    pipeline.run("dvc", "exp", "run", "--queue", "-S", "epochs=3,4", "report")
    pipeline.run("dvc", "queue", "start", "--jobs", "2")
    pipeline.run("dvc", "exp", "run", "--name", "here", "-S", "epochs=5", "report")
    shown = pipeline.run("dvc", "exp", "show", "--csv").stdout
    assert "here" in shown
    assert "linear.accuracy" in shown
    # A copy of the repository that DVC makes.
    pipeline.run("dvc", "exp", "run", "--temp", "--name", "apart", "-S", "epochs=6", "report")
    finish_queue(pipeline, 2)
    # A project of MLflow.
    pipeline.run("git", "checkout", "--quiet", "--force", "HEAD")
    pipeline.run("dvc", "checkout", "--force")
    pipeline.run("mlflow", "run", ".", "--env-manager", "local", "-P", "epochs=7")
    # Stages without DVC.
    pipeline.set(epochs=8)
    pipeline.run("python", "-m", "stages.train", "linear")
    pipeline.run("python", "-m", "stages.evaluate")
    pipeline.run("python", "-m", "stages.report")

    runs = opened_runs(pipeline)
    assert epochs_of(runs) == {1, 2, 3, 4, 5, 6, 7, 8}
    assert runs["linear", 0, 5] == "here"
    assert runs["linear", 0, 6] == "apart"
    assert runs["linear", 0, 8] is None
    assert len({runs["linear", 0, epochs] for epochs in (3, 4, 5, 6, 7, 8)}) == 6
    locations = pipeline.query(
        "SELECT artifact_uri FROM runs JOIN experiments USING (experiment_id) WHERE experiments.name = 'tiny'"
    )
    assert len(locations) == len(runs)
    assert all(uri.startswith((pipeline.folder / "mlartifacts").as_uri()) for (uri,) in locations)


# By variant, seed and epochs.
FIRST = {("linear", 0, 1), ("linear", 1, 1), ("dense-4", 0, 1), ("dense-4", 1, 1)}
SECOND = {("linear", 0, 1), ("linear", 1, 1), ("dense-4", 0, 2), ("dense-4", 1, 2)}


def test_results_of_an_older_commit_are_completed_from_dvc_s_cache(longer_copy):
    longer_copy.run("git", "checkout", "--quiet", "--force", "HEAD~1")
    longer_copy.run("dvc", "checkout", "--force")
    longer_copy.forget_the_store()
    longer_copy.run("python", "-m", "hemline", "sync")
    longer_copy.run("git", "checkout", "--quiet", "--force", "main")
    longer_copy.run("dvc", "checkout", "--force")
    longer_copy.run("python", "-m", "hemline", "sync")
    assert set(opened_runs(longer_copy)) == FIRST | SECOND


@pytest.mark.trials(few=0, many=1)
def test_a_moved_repository_still_opens_its_models_and_ends_its_dead_runs(longer_copy):
    longer_copy.set(epochs=ENDLESS)
    training = longer_copy.start("python", "-m", "stages.train", "linear")
    wait_until(lambda: len(running(longer_copy)) == 2)  # both seeds, each with its lock
    os.killpg(training.pid, signal.SIGKILL)
    training.wait(PATIENCE)
    longer_copy.folder = longer_copy.folder.rename(longer_copy.folder.with_name("moved"))
    assert running(longer_copy)
    longer_copy.run("python", "-m", "hemline", "sync")
    assert set(opened_runs(longer_copy)) == FIRST | SECOND
    assert not running(longer_copy)
    assert not list((longer_copy.folder / ".hemline" / "live").iterdir())


def running(pipeline):
    return pipeline.query("SELECT run_uuid FROM runs WHERE status = 'RUNNING'")


@pytest.fixture
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
        process.wait(PATIENCE)


@pytest.mark.trials(few=0, many=1)
def test_a_server_that_the_user_names_wins_for_every_way_to_run(pipeline, server):
    before = local_store(pipeline)
    pipeline.environment["MLFLOW_TRACKING_URI"] = server
    pipeline.run("dvc", "exp", "run", "--queue", "-S", "epochs=11", "report")
    pipeline.run("dvc", "queue", "start")
    pipeline.run("dvc", "exp", "run", "-S", "epochs=8", "report")
    finish_queue(pipeline, 1)
    pipeline.run("dvc", "exp", "run", "--temp", "-S", "epochs=9", "report")
    pipeline.run("mlflow", "run", ".", "--env-manager", "local", "-P", "epochs=10")
    assert epochs_of(opened_runs(pipeline)) == {8, 9, 10, 11}
    assert local_store(pipeline) == before


def local_store(pipeline):
    return {path.name: path.read_bytes() for path in pipeline.folder.glob("mlflow.db*")}
