"""Executor on real workers: the same bytes, whatever happens to workers, scheduler and driver."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack

import psutil
import pytest
from distributed import Client
from pipelines_for_tests import PATIENCE, Pipeline, make_pipeline, wait_until

from hemline.processes.ports import HOST

pytestmark = pytest.mark.slow

FILE = ".hemline/workers.json"
LONG = 100_000  # epochs: never the last
SOME_SECONDS = 2500  # epochs: longer than DVC takes to say what has changed
CHECKPOINTED = 1500  # epochs: still going on when the first checkpoint is written
VARIANTS = {"linear": {"hidden": []}, "dense-4": {"hidden": [4]}}


class Workers:
    """The workers of a pipeline, started and stopped as a user does."""

    def __init__(self, pipeline, count=2, idle=30, **environment):
        self.pipeline, self.count = pipeline, count
        command = [sys.executable, "-m", "hemline", "workers", "--count", str(count), "--idle", str(idle)]
        environment = pipeline.environment | {"DVC_ROOT": str(pipeline.folder)} | environment
        done = subprocess.run(
            command, cwd=pipeline.folder, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr + pipeline.read(".hemline/workers.log")
        self.said = done.stdout
        self.address = json.loads(pipeline.read(FILE))["address"]
        self.client = Client(self.address, set_as_default=False)
        self.pids = self.client.run(os.getpid)

    def holder(self):
        """Return the process that holds scheduler and workers."""
        return psutil.Process(next(iter(self.pids.values()))).parent()

    def working(self):
        """Return the keys that are worked on, each with the address of its worker."""
        return {key: address for address, keys in self.client.processing().items() for key in keys}

    def heard(self):
        """Return when each training was heard of last, by key: of one that trains again, that changes."""
        topics = [topic for topic in self.client.get_events() if str(topic).startswith(("training-", "trial-"))]
        return {topic: self.client.get_events(topic)[-1][0] for topic in topics}

    def states(self):
        return self.client.run_on_scheduler(
            lambda dask_scheduler: {k: t.state for k, t in dask_scheduler.tasks.items()}
        )

    def stop(self):
        self.client.close()
        self.pipeline.run("python", "-m", "hemline", "workers", "--stop", check=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A pipeline with the results of trainings in its own process, and workers, which all tests here share."""
    pipeline = make_pipeline(tmp_path_factory.mktemp("cluster") / "repository")
    pipeline.checkpoint_often()
    pipeline.run("dvc", "repro")
    pipeline.commit("Results of this machine alone")
    shutil.copytree(pipeline.folder / "models", pipeline.folder.parent / "models")
    workers = Workers(pipeline)
    yield workers
    workers.stop()


@pytest.fixture
def workers(kept):
    """The workers, with a pipeline as it was: nothing trained since, nothing ordered."""
    pipeline = kept.pipeline
    pipeline.run("git", "checkout", "--quiet", "--force", ".")
    pipeline.run("git", "clean", "-fdq", "hemline")
    shutil.rmtree(pipeline.folder / "models", ignore_errors=True)
    shutil.copytree(pipeline.folder.parent / "models", pipeline.folder / "models")
    pipeline.set(cluster=FILE)
    pipeline.clear_output()
    yield kept
    for name in kept.client.list_datasets():
        kept.client.unpublish_dataset(name)
    wait_until(lambda: not kept.working())


def outputs_in_lock(pipeline):
    """Return the digests of all models as DVC knows them."""
    return re.findall(r"- path: (models/\S+)\n\s+hash: md5\n\s+md5: (\S+)", pipeline.read("dvc.lock"))


def trained_here(pipeline, tmp_path, variant, **changes):
    """Return the files of a variant as trained without workers, in a copy."""
    copy = Pipeline(pipeline.folder).copy(tmp_path)
    copy.set(cluster=None, **changes)
    copy.run("dvc", "repro", f"train@{variant}")
    return copy.model_digests(variant)


def start(workers, command=("dvc", "repro", "train@linear")):
    """Start a stage, and return it once its training shows epochs."""
    process = workers.pipeline.start(*command)
    wait_until(lambda: "seed 0  epoch" in workers.pipeline.output() or process.poll() is not None)
    assert process.poll() is None, workers.pipeline.output()
    return process


def test_workers_give_the_bytes_of_this_process_and_show_and_record_every_epoch(workers):
    pipeline = workers.pipeline
    alone = outputs_in_lock(pipeline)
    known = len(pipeline.statuses())
    for path in (pipeline.folder / ".dvc/cache/runs").rglob("*"):
        if path.is_file():
            path.unlink()
    done = pipeline.run("dvc", "repro", "--force", "train@linear", "train@dense-4")
    assert outputs_in_lock(pipeline) == alone
    assert {"models/linear", "models/dense-4"} <= dict(alone).keys()
    for variant in VARIANTS:
        assert f"{variant}: trains on {workers.address}, workers: 2, without TLS: " in done.stdout
        for seed in (0, 1):
            assert len(re.findall(rf"^{variant}  seed {seed}  epoch 1/1  loss ", done.stdout, re.MULTILINE)) == 1
    assert pipeline.statuses()[known:] == ["FINISHED"] * 4
    # With that setting of Dask's, an epoch takes half as long again.
    assert set(workers.client.run(os.environ.get, "MALLOC_TRIM_THRESHOLD_").values()) == {None}


def test_a_stage_with_workers_imports_no_tensorflow(workers):
    workers.pipeline.set(epochs=2)
    code = (
        "import sys; sys.argv = ['train', 'linear']; from stages import train; train.main(); print(sorted(sys.modules))"
    )
    done = workers.pipeline.run("python", "-c", code)
    assert "'distributed'" in done.stdout
    assert "'tensorflow'" not in done.stdout
    assert "'keras'" not in done.stdout


def test_what_the_next_stage_will_want_is_trained_meanwhile_and_once(workers):
    pipeline = workers.pipeline
    pipeline.set(epochs=SOME_SECONDS)
    pipeline.run("dvc", "repro", "train@linear")
    # The stage of dense-4 has not run, and nobody waits for it.
    wait_until(lambda: list(workers.states().values()) == ["memory"] * 2)
    heard = workers.heard()
    done = pipeline.run("dvc", "repro", "train@dense-4")
    assert f"dense-4  seed 1  epoch {SOME_SECONDS}/{SOME_SECONDS}" in done.stdout
    assert workers.heard() == heard
    wait_until(lambda: not workers.states())
    assert workers.client.list_datasets() == ()


def test_trials_of_the_next_search_are_trained_meanwhile_and_once(workers):
    pipeline = workers.pipeline
    space = {"epochs": [SOME_SECONDS, SOME_SECONDS + 1], "batch_size": [16]}
    pipeline.set(tuning={"trials": 2, "spaces": dict.fromkeys(VARIANTS, space)})
    pipeline.run("dvc", "repro", "tune@linear")
    wait_until(lambda: list(workers.states().values()) == ["memory"] * 2)
    heard = workers.heard()
    done = pipeline.run("dvc", "repro", "tune@dense-4")
    assert "dense-4  trial 2/2  validation accuracy" in done.stdout
    assert workers.heard() == heard
    wait_until(lambda: not workers.states())


def test_a_worker_that_is_killed_costs_no_more_than_the_time_since_its_checkpoint(workers, tmp_path):
    pipeline = workers.pipeline
    changes = {"epochs": CHECKPOINTED, "seeds": [0]}
    pipeline.set(**changes)
    stage = start(workers)
    wait_until(lambda: list(pipeline.folder.glob(".hemline/checkpoints/*/seed-0.npz")) or stage.poll() is not None)
    address = workers.working()[next(key for key in workers.working() if key.endswith("-0"))]
    os.kill(workers.pids[address], signal.SIGKILL)
    assert stage.wait(PATIENCE) == 0, pipeline.output()
    shown = re.findall(r"linear  seed 0  epoch (\d+)/", pipeline.output())
    assert [int(epoch) for epoch in shown] == list(range(1, CHECKPOINTED + 1))
    assert pipeline.model_digests("linear") == trained_here(pipeline, tmp_path, "linear", **changes)
    assert pipeline.statuses()[-1] == "FINISHED"
    workers.client.wait_for_workers(2, timeout=PATIENCE)
    workers.pids = workers.client.run(os.getpid)


def test_who_is_told_to_make_room_finds_the_training_done_when_he_comes_back(workers):
    pipeline = workers.pipeline
    epochs = CHECKPOINTED + 1  # what DVC has not seen
    pipeline.set(epochs=epochs, seeds=[0], variants={"linear": {"hidden": []}})
    stage = start(workers, ("python", "-m", "stages.train", "linear"))
    stage.terminate()
    assert stage.wait(PATIENCE) == 128 + signal.SIGTERM
    assert workers.working()
    wait_until(lambda: list(workers.states().values()) == ["memory"])
    heard = workers.heard()
    done = pipeline.run("dvc", "repro", "train@linear")
    assert f"epoch {epochs}/{epochs}" in done.stdout
    assert workers.heard() == heard


def test_ctrl_c_stops_the_workers_too(workers):
    workers.pipeline.set(epochs=LONG)
    stage = start(workers)
    wait_until(lambda: len(workers.working()) >= 2)
    os.killpg(stage.pid, signal.SIGINT)
    assert stage.wait(PATIENCE) != 0
    wait_until(lambda: not workers.states())
    # They are free for others: no thread trains on unseen.
    workers.pipeline.set(epochs=2, seeds=[0])
    workers.pipeline.run("dvc", "repro", "train@linear")


def test_workers_with_other_code_are_refused_by_name(workers):
    pipeline = workers.pipeline
    file = pipeline.folder / "hemline/training/memory.py"
    file.write_text(file.read_text() + "# other code\n")
    done = pipeline.run("dvc", "repro", "train@linear", check=False)
    assert done.returncode != 0
    for address in workers.client.scheduler_info(n_workers=-1)["workers"]:
        assert f"worker {address}: has other code in hemline/training, or in what it needs; it is given nothing" in (
            done.stdout
        )
    assert f"error: cluster: {FILE}: none of its 2 workers can do this; see above\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_scheduler_that_was_started_elsewhere_needs_none_of_this_project(tmp_path):
    pipeline = make_pipeline(tmp_path / "repository")
    file = tmp_path / "scheduler.json"
    scheduler = ["dask", "scheduler", "--host", HOST, "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    worker = [sys.executable, "-m", "hemline", "worker", "--scheduler-file", str(file), "--no-dashboard", "--no-nanny"]
    with ExitStack() as ending:

        def start(command, folder):
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=pipeline.environment | {"DVC_ROOT": str(pipeline.folder)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            ending.callback(process.wait)
            ending.callback(process.kill)

        start(scheduler, tmp_path)
        wait_until(lambda: file.exists() and file.read_text().strip().endswith("}"))
        start(worker, pipeline.folder)
        pipeline.set(cluster=json.loads(file.read_text())["address"])
        said = pipeline.run("dvc", "repro").stdout
    assert "linear: trains on tcp://" in said
    assert "dense-4: trains on tcp://" in said


@pytest.mark.trials(few=0, many=1)
def test_a_training_that_kills_its_workers_fails_alone(tmp_path):
    pipeline = make_pipeline(tmp_path / "repository")
    pipeline.set(cluster=FILE, epochs=SOME_SECONDS, variants={"linear": {"hidden": []}})
    pipeline.run("dvc", "repro", "normalize")
    workers = Workers(pipeline, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    try:
        stage = start(workers)
        wait_until(lambda: any(key.endswith("-1") for key in workers.working()))
        os.kill(workers.pids[workers.working()[next(k for k in workers.working() if k.endswith("-1"))]], signal.SIGKILL)
        assert stage.wait(PATIENCE) != 0
        said = pipeline.output()
        assert re.search(
            r"^linear, seed 1: each of 1 workers died of it, tcp://\S+ last; .*; the others go on$", said, re.MULTILINE
        )
        assert f"linear  seed 0  epoch {SOME_SECONDS}/" in said
        assert "error: linear, seed 1: each of 1 workers died of it" in said
        assert "Traceback" not in said
        # The one that failed is tried anew, the other is kept.
        done = pipeline.run("dvc", "repro", "train@linear")
        assert "linear: an earlier run was interrupted: seed 0 is finished" in done.stdout
    finally:
        workers.stop()


@pytest.mark.trials(few=0, many=1)
def test_a_scheduler_that_is_killed_is_one_line_and_what_had_ended_is_kept(tmp_path):
    pipeline = make_pipeline(tmp_path / "repository")
    pipeline.set(cluster=FILE, epochs=LONG, variants={"linear": {"hidden": []}})
    pipeline.run("dvc", "repro", "normalize")
    workers = Workers(pipeline)
    stage = start(workers)
    holder = workers.holder()
    children = holder.children(recursive=True)
    holder.kill()
    assert stage.wait(PATIENCE) != 0
    said = pipeline.output()
    assert f"error: cluster: {FILE}: the scheduler has gone; finished trainings are kept: " in said
    assert "Traceback" not in said
    # The workers end by themselves, and what their scheduler left behind is in nobody's way.
    psutil.wait_procs(children, PATIENCE)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    refused = pipeline.run("dvc", "repro", "train@linear", check=False)
    assert f"error: cluster: {FILE}: no answer (" in refused.stderr
    pipeline.set(cluster=None, epochs=2, seeds=[0], variants={"linear": {"hidden": []}})
    pipeline.run("dvc", "repro", "train@linear")


def test_workers_without_work_end_by_themselves(tmp_path):
    pipeline = make_pipeline(tmp_path / "repository")
    workers = Workers(pipeline, count=1, idle=0.1)
    holder = workers.holder()
    workers.client.close()
    holder.wait(PATIENCE)
    wait_until(lambda: not (pipeline.folder / FILE).exists())
    said = pipeline.run("python", "-m", "hemline", "workers", "--stop").stdout
    assert said == "No workers are running.\n"
