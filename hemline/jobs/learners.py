"""What a process keeps from one training to the next: learners, with compiled programs and the data.

A stage that trains one variant keeps its learner for all seeds; a worker of a cluster those of the latest variants.
"""

import functools
import threading

from hemline.data.normalized import Normalized
from hemline.families.family import Learner, Task
from hemline.families.registry import family_of
from hemline.jobs.job import TrainingSpec

# A compiled trainer takes some 30 MB beside its data, of which all trainers of a data set share one copy.
_LEARNERS = 8

# A thread that wants what another one makes waits for it, and makes nothing.
_making = threading.Lock()


def learner_for(spec: TrainingSpec, concurrent_trainings: int) -> Learner:
    """Return the learner of a variant, kept or made again.

    Args:
        spec: of the variant.
        concurrent_trainings: how many trainings share the memory of this machine.

    Raises:
        InputError: the data is missing or damaged, or does not suit the settings; or memory is short.
    """
    with _making:
        return _learner(spec, concurrent_trainings)


@functools.lru_cache(_LEARNERS)
def _learner(spec: TrainingSpec, concurrent_trainings: int) -> Learner:
    settings, data = spec.settings, Normalized(spec.data)
    task = Task(settings.variant, data, spec.digests, spec.record_test, concurrent_trainings)
    return family_of(settings.training).learner(settings.training, task)
