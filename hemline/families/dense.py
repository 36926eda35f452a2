"""The family ``dense``: networks of dense layers, trained by the compiled trainer.

Without hidden layers, such a network is a linear model. The same bytes on every x86-64 processor with AVX2.
"""

import itertools
import re
from typing import Any, ClassVar, Literal

from hemline.errors import InputError
from hemline.families.family import TRAINED_SPACE, FamilySettings, Learner, NetworkFamily, Task
from hemline.families.hyperparameters import Hyperparameters
from hemline.families.space import Range, Space
from hemline.schema import Count

# Rough seconds of one core: of an epoch, which is recorded; of a step, whatever it does; of a step for each weight,
# which the optimizer changes; and of each weight and image.
_PER_EPOCH = 0.01
_PER_STEP = 5e-5
_PER_WEIGHT = 9e-10
_PER_WEIGHT_AND_IMAGE = 5e-11


class DenseSettings(FamilySettings, Hyperparameters):
    """A network of dense layers, and how it is trained."""

    hidden: list[Count]
    family: Literal["dense"] = "dense"


class Dense(NetworkFamily):
    """Networks of dense layers."""

    settings: ClassVar[type[FamilySettings]] = DenseSettings
    same_everywhere = True

    def learner(self, settings: DenseSettings, task: Task) -> Learner:
        """Return the compiled trainer of the network.

        Raises:
            InputError: as ``Family.learner``.
        """
        from hemline.training.learner import NetworkLearner, open_data
        from hemline.training.memory import check_memory

        data = open_data(task.data, task.digests, record_test=task.record_test)
        check_memory(task.variant, settings, data.train.images.shape[1:], data.n_classes, task.concurrent_trainings)
        return NetworkLearner(task.variant, settings, data)

    def check(self, settings: DenseSettings, images: int) -> None:
        """Refuse batches that are larger than the training set.

        Raises:
            InputError: they are.
        """
        check_batch_size(settings.batch_size, images)

    def linear(self, settings: DenseSettings) -> str:
        """Return whether it has no hidden layers: then it is a linear model, trained for some epochs."""
        return "" if settings.hidden else "trained"

    def space(self, settings: DenseSettings) -> Space:
        """Return learning rate, batch size, epochs and L2 penalty; with hidden layers, dropout as well."""
        dropout: Space = {"dropout": [0.0, 0.2, 0.4]} if settings.hidden else {}
        return TRAINED_SPACE | dropout | {"l2": Range(low=1e-7, high=1e-3, log=True)}

    def shown(self, settings: DenseSettings) -> dict[str, Any]:
        """Return the settings but for an L2 penalty of 0; without hidden layers, there is no activation to choose."""
        values = settings.model_dump(exclude=set() if settings.l2 else {"l2"})
        return values | ({} if settings.hidden else {"activation": None})

    def label(self, settings: DenseSettings, variant: str) -> str:
        """Return the hidden layers, as in "h512-256", "h128x4" or "h0", unless the variant's name ends with them."""
        groups = [(units, len(list(group))) for units, group in itertools.groupby(settings.hidden)]
        layers = "-".join(f"{units}x{times}" if times > 1 else f"{units}" for units, times in groups)
        named = re.search(r"(\d+(x\d+)?(-\d+(x\d+)?)*)?$", variant)
        return "" if named and named[0] == layers else f"h{layers or 0}"

    def seconds(self, settings: DenseSettings, images: int, pixels: int, classes: int) -> float:
        """Estimate the seconds of one training by its steps and weights."""
        sizes = [pixels, *settings.hidden, classes]
        weights = sum(before * after for before, after in itertools.pairwise(sizes))
        steps = settings.epochs * -(-images // settings.batch_size)
        step = _PER_STEP + weights * (_PER_WEIGHT + _PER_WEIGHT_AND_IMAGE * settings.batch_size)
        return settings.epochs * _PER_EPOCH + steps * step


def check_batch_size(batch_size: int, images: int) -> None:
    """Refuse a batch that is larger than the training set.

    Raises:
        InputError: it is.
    """
    if batch_size > images:
        raise InputError(f"batch_size: must be at most the number of training images, {images}, got {batch_size}")


FAMILY = Dense()
