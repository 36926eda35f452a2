"""The worker's side. ``dask worker --preload hemline.cluster.worker`` makes it ready before its first training.

It offers a resource named by its identity, one for each of its threads. Jobs ask for that, and so never come to a
worker with other code, other versions or another processor target, whenever it joins.

It reads the data set in the driver's folder, where it sees that, or in its own repository. Nothing is sent: the stages
make the same bytes everywhere, and did so sooner than Dask could send them (Fashion-MNIST as float32, 220 MB: 4 s to
the scheduler and 11 s to a worker on one machine; download and normalize take 3 CPU s).
"""

import asyncio
import functools
import hashlib
import importlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import get_worker

from hemline.cluster.identity import identity, resource
from hemline.data.normalized import Normalized
from hemline.jobs.job import LostError, TrainingJob, TrainingSpec
from hemline.jobs.result import TrainingResult
from hemline.jobs.run import train_one
from hemline.training.resume import Row

if TYPE_CHECKING:
    from distributed import Worker

# The data of the folder that this process was started in.
_OWN = Normalized.PATH.resolve()
_IDENTITY = identity(worker=True)
# Seconds between two events of a training. Tiny ones end a thousand epochs a second: an event each would keep a
# scheduler and a driver from everything else, such as hearing that the training is no longer needed.
_BETWEEN = 0.1


async def dask_setup(worker: "Worker") -> None:
    """Import TensorFlow, and offer what jobs ask for; called before the worker joins."""
    await asyncio.to_thread(importlib.import_module, "hemline.training.learner")
    name = resource(_IDENTITY)
    worker.state.total_resources[name] = worker.state.available_resources[name] = worker.state.nthreads


def identity_here() -> dict[str, str]:
    """Return the identity of the process that this is called in: of the code as it was loaded."""
    return _IDENTITY


def lacks(spec: TrainingSpec, dask_worker: "Worker") -> str | None:
    """Return why a worker cannot train on the data set, or None where it can; Dask names the worker."""
    try:
        local_folder(spec, dask_worker.address)
    except LostError as error:
        return str(error)
    return None


def on_worker(job: TrainingJob) -> TrainingResult:
    """Do a job on the worker that this is called on."""
    worker = get_worker()
    job = replace(job, spec=replace(job.spec, data=local_folder(job.spec, worker.address)))
    callbacks = _Callbacks(worker, job)
    try:
        return train_one(job, callbacks)
    finally:
        callbacks.tell()


class _Callbacks:
    def __init__(self, worker: "Worker", job: TrainingJob) -> None:
        self._worker, self._key, self._seed = worker, job.key, job.seed
        self._rows: list[Row] = []
        self._told = 0.0

    def begin(self, seed: int, earlier: list[Row]) -> None:
        self._log(seed, begin=earlier)

    def epoch(self, seed: int, row: Row) -> None:  # noqa: ARG002 - a job has one
        self._rows.append(row)
        if time.monotonic() - self._told >= _BETWEEN:
            self.tell()

    def tell(self) -> None:
        """Report the epochs that were not reported yet."""
        rows, self._rows = self._rows, []
        if rows:
            self._told = time.monotonic()
            self._log(self._seed, epochs=rows)

    def asked_to_end(self, seed: int) -> bool:  # noqa: ARG002 - this one
        """Say whether the training is no longer needed, by a client or a published future."""
        task = self._worker.state.tasks.get(self._key)
        return task is None or task.state == "cancelled"

    def _log(self, seed: int, **event: Any) -> None:
        """Log an event under the job's key, which its drivers have subscribed to."""
        self._worker.log_event(self._key, {"seed": seed} | event)


def local_folder(spec: TrainingSpec, worker: str) -> Path:
    """Return the folder of the data set on this machine; a ``LostError`` if there is none like the driver's."""
    for folder in (spec.data, _OWN):
        if all((folder / name).is_file() for name in spec.digests):
            for name, digest in spec.digests.items():
                if _sha256(folder / name, *_state(folder / name)) != digest:
                    raise LostError(f"worker {worker}: {folder / name}: is not the file that the driver has")
            return folder
    remedy = "run `dvc repro normalize` there, or share that folder"
    raise LostError(f"worker {worker}: does not see {spec.data}, and {_OWN} is not complete; {remedy}")


def _state(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns, state.st_ino


@functools.lru_cache(64)
def _sha256(path: Path, *_state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
