"""Several commands at once, with real DVC, store and servers; the workers of a queue are in test_one_store.py."""

import csv
import os
import re
import signal

import pytest
from pipelines_for_tests import PATIENCE, wait_until

pytestmark = pytest.mark.slow

LONG = 300  # epochs: still going on when the first ones are seen
SOME_SECONDS = 1000  # epochs: still going on when the first checkpoint is written


@pytest.fixture
def alone(pipeline):
    """A finished pipeline whose parameters are those of a single training, of which nothing is done."""
    pipeline.set(seeds=[0], epochs=LONG, variants={"linear": {"hidden": []}})
    pipeline.commit("One training")
    return pipeline


def started(pipeline, *command):
    """Start a command that trains, and return it once its training shows epochs."""
    pipeline.clear_output()
    process = pipeline.start(*command)
    wait_until(lambda: "linear  seed" in pipeline.output() or process.poll() is not None)
    assert process.poll() is None, pipeline.output()
    return process


def epochs_of(pipeline):
    with (pipeline.folder / "models/linear/history.csv").open() as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def test_an_experiment_during_a_training_is_refused_and_its_parameters_are_never_those_of_these_models(alone):
    known = alone.read("dvc.lock").partition("train@linear:")[2]
    dvc = started(alone, "dvc", "repro", "train@linear")
    (stopped,) = alone.trainings()
    stopped.suspend()
    refused = alone.run("dvc", "exp", "run", "-S", "epochs=2", check=False)
    assert refused.returncode != 0
    assert re.search(rf"is busy, it is being blocked by:\n  \(PID {dvc.pid}\): .*dvc repro", refused.stderr)
    # DVC refuses only after it has changed params.yaml, which it reads again at the end of the training.
    stopped.resume()
    assert dvc.wait(PATIENCE) != 0
    line = "error: params.yaml: the settings of linear must stay as they are while it trains, but were changed; "
    assert line in alone.output()
    assert "Traceback" not in alone.output()
    assert alone.read("dvc.lock").partition("train@linear:")[2] == known
    alone.run("git", "checkout", "--quiet", "params.yaml")
    taken_over = alone.run("dvc", "repro", "train@linear").stdout
    assert "seed 0 is finished" in taken_over
    assert epochs_of(alone) == list(range(1, LONG + 1))


@pytest.mark.trials(few=0, many=1)  # minutes
def test_code_that_is_edited_while_it_trains_is_not_recorded_as_what_trained(alone):
    known = alone.read("dvc.lock").partition("train@linear:")[2]
    edited = alone.folder / "hemline/training/optimizers.py"
    code = edited.read_text()
    dvc = started(alone, "dvc", "repro", "train@linear")
    edited.write_text(f"{code}\nUNUSED = 1\n")
    assert dvc.wait(PATIENCE) != 0
    line = "error: hemline/training/optimizers.py: must mean the same as long as a stage runs, but was edited; "
    assert line in alone.output()
    assert alone.read("dvc.lock").partition("train@linear:")[2] == known
    # The next one trains by the new code from its first epoch on; a comment in it, meanwhile, is none of its business.
    dvc = started(alone, "dvc", "repro", "train@linear")
    edited.write_text(f"{code}\nUNUSED = 1  # a comment\n")
    assert dvc.wait(PATIENCE) == 0
    assert "seed 0 is finished" not in alone.output()
    assert epochs_of(alone) == list(range(1, LONG + 1))
    assert "train@linear" not in alone.run("dvc", "status").stdout


@pytest.mark.trials(few=0, many=1)  # minutes
def test_the_store_is_completed_during_a_training_which_goes_on_and_is_in_it_once(alone):
    known = len(alone.statuses())
    dvc = started(alone, "dvc", "repro", "train@linear")
    wait_until(lambda: "RUNNING" in alone.statuses())
    (stopped,) = alone.trainings()
    stopped.suspend()
    done = alone.run("python", "-m", "hemline", "sync", check=False)
    assert "Traceback" not in done.stderr
    stopped.resume()
    assert dvc.wait(PATIENCE) == 0
    alone.run("dvc", "repro")
    alone.run("python", "-m", "hemline", "sync")
    assert alone.statuses() == ["FINISHED"] * (known + 1)


@pytest.mark.trials(few=0, many=1)
def test_a_copy_that_dvc_makes_goes_on_from_the_checkpoint_of_another(alone):
    alone.checkpoint_often()
    experiment = ("dvc", "exp", "run", "--temp", "-S", f"epochs={SOME_SECONDS}")
    first = started(alone, *experiment, "--name", "first")
    wait_until(lambda: list(alone.folder.glob(".hemline/checkpoints/*/seed-0.npz")))
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(PATIENCE)
    done = alone.run(*experiment, "--name", "second", "train@linear")
    (epoch,) = re.findall(r"seed 0 goes on after epoch (\d+)", done.stdout)
    assert f"epoch {epoch}/" not in done.stdout
    alone.run("dvc", "exp", "apply", "second")
    assert epochs_of(alone) == list(range(1, SOME_SECONDS + 1))
    assert not list(alone.folder.glob(".hemline/checkpoints/*"))
