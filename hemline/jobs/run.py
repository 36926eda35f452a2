"""The run of a training: its family's learner, with checkpoints, from the job to the result.

A process keeps learners, with compiled programs and the data, from one training to the next: a stage that trains one
variant keeps its learner for all seeds; a worker of a cluster those of the latest variants. Where each seed has
training images of its own, no learner is kept.
"""

import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError

from hemline.data.normalized import Normalized
from hemline.families.family import FitCallbacks, FittedModel, Learner, Task
from hemline.families.registry import family_of
from hemline.jobs.checkpoint import Checkpoints
from hemline.jobs.cpu import CLOCK
from hemline.jobs.job import TrainingCallbacks, TrainingJob, TrainingSpec
from hemline.jobs.result import PREDICTED, TrainingResult
from hemline.training.resume import Arrays, Row, TrainingState

# A compiled trainer takes some 30 MB beside its data, of which all trainers of a data set share one copy.
_LEARNERS = 8
# A thread waits for a value that another thread computes.
_making = threading.Lock()


def train_one(job: TrainingJob, callbacks: TrainingCallbacks) -> TrainingResult:
    """Run a training, on a device that no other thread of this process uses meanwhile.

    Raises:
        InputError: it failed.
        CancelledError: it was asked to end; a checkpoint was kept where that is possible.
    """
    with family_of(job.spec.settings.training).device(), CLOCK.running():
        return _Run(job, callbacks).run()


class _Run:
    def __init__(self, job: TrainingJob, callbacks: TrainingCallbacks) -> None:
        self._job, self._callbacks = job, callbacks
        self._data = Normalized(job.spec.data).of_seed(job.seed)
        key_of = None if job.longer else job.spec.key_of
        self._kept = Checkpoints(job.spec.settings.variant, job.state_key, job.checkpoints, key_of)
        self._rows: list[Row] = []
        self._clock = 0.0

    def run(self) -> TrainingResult:
        with _making:
            learner = self._learner()
        seed, state = self._job.seed, self._kept.state(self._job.seed)
        if self._callbacks.asked_to_end(seed):
            raise CancelledError
        self._rows = list(state.history) if state else []
        self._callbacks.begin(seed, list(self._rows))
        self._clock = CLOCK.read()
        self._kept.begin(seed)
        return self._result(learner.fit(seed, FitCallbacks(self._epoch, self._checkpoint), state))

    def _learner(self) -> Learner:
        spec, at_once = self._job.spec, self._job.concurrent_trainings
        return _make(spec, at_once, self._data) if self._data.per_seed else _shared(spec, at_once)

    def _epoch(self, metrics: Row) -> None:
        before, self._clock = self._clock, CLOCK.read()
        seconds = self._clock - before
        row = metrics | {"seconds": seconds, "at": time.time_ns() // 1_000_000}
        self._rows.append(row)
        self._callbacks.epoch(self._job.seed, row)

    def _checkpoint(self, arrays: Callable[[], Arrays]) -> None:
        seed, asked = self._job.seed, self._callbacks.asked_to_end(self._job.seed)
        if asked or self._kept.due(seed) or self._goes_on_later():
            self._kept.keep(seed, TrainingState(self._rows, arrays()))
        if asked:
            raise CancelledError

    def _goes_on_later(self) -> bool:
        """Return whether a longer training will resume after the latest epoch."""
        training = self._job.spec.settings.training
        return self._job.goes_on and self._rows[-1]["epoch"] == family_of(training).epochs(training)

    def _result(self, model: FittedModel) -> TrainingResult:
        if self._job.trial:
            return TrainingResult.of_trial(self._rows, model.predict(self._data.images("validation")))
        return TrainingResult(
            history=self._rows,
            model=model.content(),
            served=model.served(),
            layers=model.describe(),
            notes=model.notes(),
            # The test images only: their labels are for the evaluate stage.
            predicted={name: model.predict(self._data.images(name)) for name in PREDICTED},
        )


@functools.lru_cache(_LEARNERS)
def _shared(spec: TrainingSpec, concurrent_trainings: int) -> Learner:
    """Return the learner of a variant, of which so many trainings share the memory of this machine."""
    return _make(spec, concurrent_trainings, Normalized(spec.data))


def _make(spec: TrainingSpec, concurrent_trainings: int, data: Normalized) -> Learner:
    settings = spec.settings
    task = Task(settings.variant, data, spec.digests, spec.record_test, concurrent_trainings)
    return family_of(settings.training).learner(settings.training, task)
