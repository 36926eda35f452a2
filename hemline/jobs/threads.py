"""Trainings in this process: a thread for each core."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import joblib

from hemline.jobs.job import Executor, TrainingCallbacks, TrainingJob
from hemline.jobs.result import TrainingResult
from hemline.jobs.run import train_one


class Threads(Executor):
    """An executor of one training per core."""

    def __init__(self, prepare: Callable[[], object] = lambda: None) -> None:
        """Start the threads; ``prepare`` imports what the trainings need, while the stage looks at its data.

        What that raises, the first training raises as well.
        """
        self._executor = ThreadPoolExecutor(joblib.cpu_count(), thread_name_prefix="training")
        self._stopped = Event()
        self._executor.submit(prepare)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # The process can exit without waiting for an epoch.
        self._stopped.set()
        self._executor.shutdown(wait=kind is None or issubclass(kind, Exception), cancel_futures=True)

    def submit(self, job: TrainingJob, callbacks: TrainingCallbacks) -> Future[TrainingResult]:
        """Train in the next thread that is free."""
        return self._executor.submit(train_one, job, _Stoppable(callbacks, self._stopped))

    def stop(self) -> None:
        """End trainings after their current epoch."""
        self._stopped.set()
        self._executor.shutdown(wait=False, cancel_futures=True)


class _Stoppable:
    def __init__(self, callbacks: TrainingCallbacks, stopped: Event) -> None:
        self._callbacks, self._stopped = callbacks, stopped
        self.begin, self.epoch = callbacks.begin, callbacks.epoch

    def asked_to_end(self, seed: int) -> bool:
        return self._stopped.is_set() or self._callbacks.asked_to_end(seed)
