"""Workers that Slurm starts, by the code of docs/SCALE.md: the same bytes, whatever happens to their jobs."""

import json
import os
import re
import subprocess
import sys

import docs_for_tests as docs
import pytest
from distributed import Client
from pipelines_for_tests import PATIENCE, make_pipeline, wait_until
from slurm_for_tests import slurm

pytestmark = pytest.mark.slow

FILE = ".hemline/slurm.json"
VARIANT = "dense-512x2"
TRAIN = ("dvc", "repro", f"train@{VARIANT}")
EPOCHS = 240  # still going on when the first checkpoint is written
OWN = {'interface="eth0"': 'interface="lo"', "_jobs=16": "_jobs=1"}


class Workers:
    """The code of the page, run as a user runs it."""

    def __init__(self, pipeline, service):
        (code,) = [block for block in docs.blocks(docs.REPOSITORY / "docs/SCALE.md", "python") if "SLURM" in block]
        for shown, own in OWN.items():
            assert shown in code
            code = code.replace(shown, own)
        (pipeline.folder / "on_slurm.py").write_text(code)
        self._log = pipeline.folder.parent / "on_slurm.log"
        # One failure of a training may be borne, and workers that have ended are soon replaced.
        patience = {"SCHEDULER__ALLOWED_FAILURES": "1", "DEPLOY__LOST_WORKER_TIMEOUT": "1s"}
        dask = {f"DASK_DISTRIBUTED__{name}": value for name, value in patience.items()}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "on_slurm.py"],
                cwd=pipeline.folder,
                env=pipeline.environment | service.environment | dask,
                stdout=log,
                stderr=log,
            )
        self._pipeline = pipeline
        wait_until(self._is_there)
        self.client = Client(json.loads(pipeline.read(FILE))["address"], set_as_default=False)

    def stop(self):
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def said(self):
        return self._log.read_text()

    def trains(self):
        """Return the address of the worker that trains, once one does."""
        return wait_until(lambda: next((address for address, keys in self.client.processing().items() if keys), None))

    def begins(self):
        """Return a list to which is added, whenever the training begins anew, after how many epochs it does."""
        ((key,),) = (keys for keys in self.client.processing().values() if keys)
        found = []

        def take(event):
            _, message = event
            if "begin" in message:
                found.append(len(message["begin"]))

        self.client.subscribe_topic(key, take)
        return found

    # What runs on workers is defined in functions: so it travels, as workers know nothing of this module.

    def job(self, address):
        """Return the number of the job that a worker runs in."""
        return self.client.run(lambda: os.environ["SLURM_JOB_ID"], workers=[address])[address]

    def end_life(self, address):
        """Let a worker do what it does by itself at the end of its --lifetime."""
        self.client.run(
            lambda dask_worker: dask_worker.io_loop.add_callback(dask_worker.close_gracefully, reason="lifetime"),
            workers=[address],
        )

    def _is_there(self):
        assert self.process.poll() is None, self.said()
        return "Workers come" in self.said() and (self._pipeline.folder / FILE).exists()


@pytest.fixture(scope="module")
def service():
    with slurm() as started:
        yield started


def test_a_training_outlives_the_jobs_of_its_workers_and_gives_the_bytes_of_this_process(service, tmp_path):
    alone = make_pipeline(tmp_path / "alone/repository")
    alone.set(epochs=EPOCHS, batch_size=1, seeds=[0], baseline=VARIANT, variants={VARIANT: {"hidden": [512, 512]}})
    alone.run("dvc", "repro", "normalize")
    pipeline = alone.copy(tmp_path)
    alone.run(*TRAIN)
    pipeline.set(cluster=FILE)
    workers = Workers(pipeline, service)
    try:
        stage = pipeline.start(*TRAIN)
        wait_until(lambda: list(pipeline.folder.glob(".hemline/checkpoints/*/seed-0.npz")) or stage.poll() is not None)
        begins = workers.begins()
        service.cancel(workers.job(workers.trains()))
        wait_until(lambda: begins or stage.poll() is not None)
        # The one failure that is borne has been; a second would end the stage.
        workers.end_life(workers.trains())
        assert stage.wait(PATIENCE) == 0, pipeline.output()
        assert len(begins) == 2
        assert 0 < begins[0] <= begins[1] < EPOCHS
        wait_until(lambda: len(service.jobs("RUNNING")) == 1)
    finally:
        ended = workers.stop()
    assert ended == 0, workers.said()
    wait_until(lambda: not service.jobs())
    assert not (pipeline.folder / FILE).exists()
    shown = re.findall(rf"{VARIANT}  seed 0  epoch (\d+)/", pipeline.output())
    assert [int(epoch) for epoch in shown] == list(range(1, EPOCHS + 1))
    assert pipeline.model_digests(VARIANT) == alone.model_digests(VARIANT)
