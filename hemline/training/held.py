"""The data of trainings, opened once: sets that fit into memory are shared by all trainings of a process."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hemline.data.normalized import Labelled, Normalized
from hemline.training.streaming import Held, hold

# For training and for validation, of two data sets that a worker serves in turns.
_SETS = 4


class TrainingData(NamedTuple):
    """The data that a network learns from."""

    train: Labelled
    # sets whose loss and accuracy are recorded, by the prefix of their columns; nothing is decided by them.
    watched: dict[str, Labelled]
    n_classes: int
    scale: float  # raw pixels are divided by this
    data: Normalized  # that they were read from
    digests: Mapping[str, str]  # SHA-256 of its files, by name

    def hold(self, labelled: Labelled) -> Held:
        """Return one of the sets in memory, loading it if needed."""
        prefix = next((prefix for prefix, each in self.watched.items() if each is labelled), "train")
        name = {"val": "validation"}.get(prefix, prefix)
        if self.data.per_seed:
            return hold(labelled)  # no other training has the same
        return _held(self.data.path, name, *(self.digests[file] for file in Normalized.files_of(name)))


def open_data(data: Normalized, digests: Mapping[str, str], *, record_test: bool) -> TrainingData:
    """Open the sets that a network learns from, and those that are watched; ``digests`` are SHA-256 by file name.

    With ``record_test`` the test set is watched as well, for the analysis of claims about test loss over epochs; no
    selection may read these columns.

    Raises:
        InputError: they are missing, or damaged.
    """
    about, names = data.about(), {"val": "validation"} | ({"test": "test"} if record_test else {})
    sets = {prefix: data.read(name) for prefix, name in names.items()}
    watched = {prefix: labelled for prefix, labelled in sets.items() if len(labelled.labels)}
    return TrainingData(data.read("train"), watched, len(about.classes), about.scale, data, digests)


@functools.lru_cache(_SETS)
def _held(data: Path, name: str, *_digests: str) -> Held:
    """Keep a set in memory while its path and digests stay the same."""
    return hold(Normalized(data).read(name))
