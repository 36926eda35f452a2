"""Processes that are killed half-way, with real DVC and a real store."""

import os
import signal
import sqlite3
import time
from contextlib import closing

import psutil
import pytest
from pipelines_for_tests import make_pipeline

pytestmark = pytest.mark.end_to_end

# Long enough that a training is still going on when its first epochs are seen, and so long that it never ends.
LONG, ENDLESS = 500, 1_000_000
# A store out of reach costs no training, and 1000 epochs less to be recorded save time.
NO_STORE = {"MLFLOW_TRACKING_URI": "sqlite:////proc/nowhere/mlflow.db"}
PROBABILITIES = ["test-probabilities.npy", "validation-probabilities.npy"]
FILES = sorted(["history.csv", "layers.csv", "seed-0.keras", "seed-1.keras", "settings.json", *PROBABILITIES])
PATIENCE = 600  # seconds after which something that must happen is taken not to


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A pipeline with its data in place and nothing trained."""
    pipeline = make_pipeline(tmp_path_factory.mktemp("faults") / "repository")
    pipeline.set(variants={"linear": {"hidden": []}})
    pipeline.run("dvc", "repro", "normalize")
    return pipeline


@pytest.fixture
def pipeline(prepared):
    """The same, for one test: what it trained is forgotten afterwards, what it left running is ended."""
    yield prepared
    for process in trainings(prepared):
        process.kill()
    for name in (
        "dvc.lock",
        "models",
        "reports",
        ".hemline",
        ".dvc/cache/runs",
        "mlflow.db",
        "mlflow.db-wal",
        "mlflow.db-shm",
    ):
        prepared.run("rm", "-rf", name)
    prepared.set(epochs=1)
    prepared.run("dvc", "repro", "normalize")


def output_of(pipeline):
    return (pipeline.folder.parent / "output").read_text()


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


def trainings(pipeline):
    """Return the processes that train in this repository; no shell that only started one."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if process.info["cwd"] == str(pipeline.folder)
        and (process.info["cmdline"] or [])[1:3] == ["-m", "stages.train"]
    ]


def start_training(pipeline, epochs, **environment):
    """Start DVC, and return it with the training that is now in its first epochs, stopped."""
    (pipeline.folder.parent / "output").write_text("")
    pipeline.set(epochs=epochs)
    dvc = pipeline.start("dvc", "repro", "train@linear", **environment)
    wait_for(lambda: "linear  seed" in output_of(pipeline))
    (training,) = trainings(pipeline)
    training.suspend()
    assert f"epoch {epochs}/" not in output_of(pipeline)
    return dvc, training


def models(pipeline):
    return sorted(path.name for path in (pipeline.folder / "models" / "linear").glob("*"))


def statuses(pipeline):
    with closing(sqlite3.connect(pipeline.folder / "mlflow.db")) as connection:
        return sorted(status for (status,) in connection.execute("SELECT status FROM runs"))


def test_after_dvc_was_killed_the_next_run_waits_for_the_training_that_is_left(pipeline):
    dvc, orphan = start_training(pipeline, LONG, **NO_STORE)
    dvc.kill()
    dvc.wait()
    assert orphan.is_running()
    again = pipeline.start("dvc", "repro", "train@linear", **NO_STORE)
    wait_for(lambda: "linear: another process is still training it; waiting for its end" in output_of(pipeline))
    # The orphan holds the lock for as long as it is stopped: nothing is written beside it.
    assert models(pipeline) == []
    orphan.resume()
    assert again.wait() == 0
    assert not orphan.is_running()
    assert models(pipeline) == FILES
    assert len((pipeline.folder / "models/linear/history.csv").read_text().splitlines()) == 1 + 2 * LONG
    assert "Running stage" not in pipeline.run("dvc", "repro", "train@linear").stdout


def test_a_training_that_was_killed_is_completed_by_the_next_run_and_marked_in_the_store(pipeline):
    dvc, training = start_training(pipeline, ENDLESS)
    training.resume()
    wait_for(lambda: (pipeline.folder / "mlflow.db").exists() and statuses(pipeline) == ["RUNNING", "RUNNING"])
    training.kill()
    assert dvc.wait() != 0
    assert models(pipeline) == []
    pipeline.set(epochs=2)
    pipeline.run("dvc", "repro")
    assert models(pipeline) == FILES
    assert statuses(pipeline) == ["FINISHED", "FINISHED", "KILLED", "KILLED"]
    assert (pipeline.folder / "reports" / "index.html").exists()


def test_an_interrupted_training_ends_without_a_traceback_of_its_own_and_leaves_nothing(pipeline):
    dvc, training = start_training(pipeline, ENDLESS)
    training.resume()
    wait_for(lambda: (pipeline.folder / "mlflow.db").exists() and statuses(pipeline) == ["RUNNING", "RUNNING"])
    os.killpg(dvc.pid, signal.SIGINT)
    assert dvc.wait() != 0
    wait_for(lambda: not trainings(pipeline))
    assert "Traceback" not in output_of(pipeline)
    assert models(pipeline) == []
    assert statuses(pipeline) == ["KILLED", "KILLED"]
