"""What a process keeps from one training to the next: compiled programs and the data.

A stage that trains one variant keeps its trainer for all seeds; a worker of a cluster those of the latest variants.
"""

import functools
import threading
from pathlib import Path

from hemline.data.normalized import Labelled, Normalized
from hemline.jobs.job import TrainingSpec, watched_sets
from hemline.training.memory import check_memory
from hemline.training.streaming import Held, Resident, Streamed, hold, resident_or_streamed
from hemline.training.trainer import Trainer

# A trainer takes some 30 MB beside its data, of which all trainers of a data set share one copy.
_TRAINERS = 8
# For training and for watching, of two data sets that a worker serves in turns.
_SETS = 4

# A thread that wants what another one makes waits for it, and makes nothing.
_making = threading.Lock()


def trainer_for(spec: TrainingSpec, concurrent_trainings: int) -> Trainer:
    """Return the trainer of a variant, kept or made anew.

    Args:
        spec: of the variant.
        concurrent_trainings: how many trainings share the memory of this machine.

    Raises:
        InputError: the data is missing or damaged, or does not suit the settings; or memory is short.
    """
    with _making:
        return _trainer(spec, concurrent_trainings)


@functools.lru_cache(_TRAINERS)
def _trainer(spec: TrainingSpec, concurrent_trainings: int) -> Trainer:
    data, settings = Normalized(spec.data), spec.settings
    train, n_classes = data.read("train"), len(data.about().classes)
    check_memory(settings.variant, settings.training, train.images.shape[1:], n_classes, concurrent_trainings)
    watched = watched_sets(data, record_test=spec.record_test)
    names = {id(each): {"val": "validation"}.get(prefix, prefix) for prefix, each in watched.items()}

    def held(labelled: Labelled) -> Held:
        name = names.get(id(labelled), "train")
        return _held(spec.data, name, *(spec.digests[file] for file in data.files_of(name)))

    def source(labelled: Labelled, batch_size: int) -> Resident | Streamed:
        return resident_or_streamed(labelled, batch_size, held)

    return Trainer(settings.variant, settings.training, n_classes, train, watched, source=source, hold=held)


@functools.lru_cache(_SETS)
def _held(data: Path, name: str, *_digests: str) -> Held:
    """Hold a set in memory, as long as neither its place nor its digests change."""
    return hold(Normalized(data).read(name))
