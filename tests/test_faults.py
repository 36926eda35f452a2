"""Processes that are killed half-way, with real DVC and a real store."""

import os
import re
import shutil
import signal
import sys
import time

import numpy as np
import pytest
from pipelines_for_tests import PATIENCE, TRAINED, wait_until

pytestmark = pytest.mark.slow

# Long enough that a training is still going on when its first epochs are seen, and so long that it never ends.
LONG, ENDLESS = 500, 1_000_000
# A store out of reach costs no training, and 1000 epochs less to be recorded save time.
NO_STORE = {"MLFLOW_TRACKING_URI": "sqlite:////proc/nowhere/mlflow.db"}


@pytest.fixture
def prepared(pipeline):
    """A pipeline with its data in place and nothing trained."""
    pipeline.set(variants={"linear": {"hidden": []}})
    shutil.rmtree(pipeline.folder / "models")
    shutil.rmtree(pipeline.folder / "reports")
    pipeline.forget_the_store()
    return pipeline


def start_training(pipeline, epochs, **environment):
    """Start DVC, and return it with the training that is now in its first epochs, stopped."""
    pipeline.clear_output()
    pipeline.set(epochs=epochs)
    dvc = pipeline.start("dvc", "repro", "train@linear", **environment)
    wait_until(lambda: "linear  seed" in pipeline.output())
    (training,) = pipeline.trainings()
    training.suspend()
    assert f"epoch {epochs}/" not in pipeline.output()
    return dvc, training


def test_after_dvc_was_killed_the_next_run_waits_for_the_training_that_is_left(prepared):
    dvc, orphan = start_training(prepared, LONG, **NO_STORE)
    dvc.kill()
    dvc.wait(PATIENCE)
    assert orphan.is_running()
    again = prepared.start("dvc", "repro", "train@linear", **NO_STORE)
    wait_until(lambda: "linear: another process is still training it; waiting for its end" in prepared.output())
    # The orphan holds the lock for as long as it is stopped: nothing is written beside it.
    assert not prepared.model_digests("linear")
    orphan.resume()
    assert again.wait(PATIENCE) == 0
    assert not orphan.is_running()
    assert set(prepared.model_digests("linear")) == TRAINED
    assert len((prepared.folder / "models/linear/history.csv").read_text().splitlines()) == 1 + 2 * LONG
    assert "Running stage" not in prepared.run("dvc", "repro", "train@linear").stdout


# Enough epochs that a checkpoint is written half-way, on a slow machine as well.
SOME_SECONDS = 1000


def histories_of_steps(pipeline):
    """Return by run id how many losses there are of the finished runs, and of how many steps."""
    query = "SELECT COUNT(*), COUNT(DISTINCT step) FROM metrics JOIN runs USING (run_uuid) \
        WHERE key = 'loss' AND status = 'FINISHED' GROUP BY run_uuid"
    return pipeline.query(query)


def kept(pipeline, pattern):
    return list(pipeline.folder.glob(f".hemline/checkpoints/*/{pattern}"))


def go_on(pipeline):
    """Start DVC again, and return it and the line that tells where its training goes on."""
    pipeline.clear_output()
    dvc = pipeline.start("dvc", "repro", "train@linear")
    wait_until(lambda: "linear  seed" in pipeline.output() or dvc.poll() is not None)
    (line,) = [line for line in pipeline.output().splitlines() if "an earlier run was interrupted" in line]
    return dvc, line


def end(dvc, pipeline, number):
    """Send a signal to all processes, and return what DVC says of the training's end."""
    os.killpg(dvc.pid, number)
    dvc.wait(PATIENCE)
    wait_until(lambda: not pipeline.trainings())
    return pipeline.output()


def digests(pipeline):
    return {path.name: path.read_bytes() for path in (pipeline.folder / "models/linear").iterdir()}


def test_a_training_that_is_ended_in_every_way_goes_on_each_time_and_ends_as_if_nothing_had_happened(prepared):
    prepared.checkpoint_often()
    prepared.set(seeds=[0, 1, 2], epochs=SOME_SECONDS)
    prepared.clear_output()
    dvc = prepared.start("dvc", "repro", "train@linear")
    wait_until(lambda: len(kept(prepared, "seed-?.npz")) == 2)
    end(dvc, prepared, signal.SIGKILL)

    dvc, line = go_on(prepared)
    assert line.count(" goes on after epoch ") == 2
    # A machine that is taken away tells all processes; this one saves its present epoch first.
    assert "Traceback" not in end(dvc, prepared, signal.SIGTERM)
    (last,) = [line for line in prepared.output().splitlines() if "seed 0  epoch" in line][-1:]
    assert not prepared.model_digests("linear")

    dvc, line = go_on(prepared)
    assert f"seed 0 goes on after epoch {last.split('epoch ')[1].split('/')[0]}" in line
    wait_until(lambda: len(kept(prepared, "seed-?-finished.npz")) == 2 and "seed 2  epoch" in prepared.output())
    said = end(dvc, prepared, signal.SIGINT)
    # A /bin/sh that starts the stage as a child, as Debian's does, dies of the same signal itself.
    assert "exited with 130" in said or "exited with -2" in said
    assert "Traceback" not in said

    dvc, line = go_on(prepared)
    # The third, which was in its first seconds, may have kept an epoch while the others said goodbye.
    assert re.search(r"seed 0 is finished, seed 1 is finished(, seed 2 goes on after epoch \d+)?$", line)
    assert dvc.wait(PATIENCE) == 0
    assert set(prepared.model_digests("linear")) == {*TRAINED, "seed-2.keras"}
    # Two seeds went on in their runs; the third was ended before it had a checkpoint, and perhaps a run.
    assert sorted(prepared.statuses()) in (3 * ["FINISHED"], [*3 * ["FINISHED"], "KILLED"])
    assert histories_of_steps(prepared) == [(SOME_SECONDS, SOME_SECONDS)] * 3
    assert kept(prepared, "*") == []

    resumed = digests(prepared)
    prepared.run("dvc", "repro", "--force", "--single-item", "train@linear")
    assert digests(prepared) == resumed


@pytest.mark.trials(few=0, many=25)
@pytest.mark.parametrize(
    "command", [("dvc", "repro", "train@linear"), (sys.executable, "-m", "stages.train", "linear")]
)
def test_ctrl_c_is_heard_every_time(prepared, command, repetitions):
    prepared.set(epochs=ENDLESS)
    prepared.run("dvc", "repro", "normalize")
    for repetition in range(repetitions):
        prepared.clear_output()
        process = prepared.start(*command)
        wait_until(lambda: "linear  seed" in prepared.output())
        time.sleep(np.random.default_rng(repetition).uniform(0, 1))
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) in {130, 255}
        wait_until(lambda: not prepared.trainings())
        assert "Traceback" not in prepared.output()
        # As it would say of one that heard nothing, and was ended by the system.
        assert f"exited with -{signal.SIGALRM:d}" not in prepared.output()


@pytest.mark.trials(few=0, many=1)
def test_what_killed_trainings_left_is_removed_by_the_next_stage_of_another_variant(pipeline):
    pipeline.environment["TMPDIR"] = str(pipeline.folder.parent / "temporary")
    (pipeline.folder.parent / "temporary").mkdir()
    pipeline.clear_output()
    pipeline.set(epochs=ENDLESS)
    dvc = pipeline.start("dvc", "repro", "train@linear")
    wait_until(lambda: "linear  seed" in pipeline.output() and list((pipeline.folder / ".hemline/live").glob("*")))
    recorded = pipeline.folder / ".hemline/recorded/linear"
    recorded.mkdir(parents=True, exist_ok=True)
    end(dvc, pipeline, signal.SIGKILL)
    left = [*(pipeline.folder.parent / "temporary").glob("hemline-*"), *(pipeline.folder / ".hemline/drafts").glob("*")]
    left += [recorded, *(pipeline.folder / ".hemline/live").glob("*")]
    assert len(left) >= 5
    assert all(path.exists() for path in left)
    pipeline.set(epochs=1)
    pipeline.run("dvc", "repro", "--force", "--single-item", "train@dense-4")
    assert not [path for path in left if path.exists()]
    assert not list((pipeline.folder.parent / "temporary").iterdir())
    assert "RUNNING" not in pipeline.statuses()


# Losses are of seconds, so the training is the longer, the more often it is ended.
EPOCHS_PER_END = 6000


@pytest.mark.trials(few=0, many=20)
def test_a_training_that_is_ended_again_and_again_trains_at_most_half_as_much_again(prepared, repetitions):
    seeds, epochs = 2, repetitions * EPOCHS_PER_END
    prepared.set(epochs=epochs)
    generator, trained = np.random.default_rng(0), 0
    for number in range(repetitions + 1):
        prepared.clear_output()
        dvc = prepared.start("dvc", "repro", "train@linear")
        wait_until(lambda: "linear  seed" in prepared.output())
        if number == repetitions:
            assert dvc.wait(2 * PATIENCE) == 0
        else:
            time.sleep(generator.uniform(0, 10))
            # In turns, so that few repetitions have all of them.
            end(dvc, prepared, (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[number % 3])
        trained += prepared.output().count("  epoch ")
    assert seeds * epochs <= trained <= 1.5 * seeds * epochs
    ended = digests(prepared)
    prepared.run("dvc", "repro", "--force", "--single-item", "train@linear")
    assert digests(prepared) == ended
