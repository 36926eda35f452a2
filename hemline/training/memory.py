"""A lower bound of the memory of trainings, checked first because TensorFlow fails late, with a long message."""

import itertools
import math
from collections.abc import Sequence

from hemline.errors import InputError
from hemline.training.available import available_bytes
from hemline.training.optimizers import OPTIMIZERS
from hemline.training.settings import DenseNetwork
from hemline.training.tensorflow import devices

_BYTES = 4  # of a float32


def check_memory(
    variant: str, training: DenseNetwork, image_shape: Sequence[int], n_classes: int, n_seeds: int
) -> None:
    """Reject a network that this machine cannot train ``n_seeds`` times, one training per core at once.

    Raises:
        InputError: the trainings need more memory than is free.
    """
    at_once = min(n_seeds, len(devices()))
    free = available_bytes()
    needed = needed_bytes(training, math.prod(image_shape), n_classes, at_once)
    if needed <= free:
        return
    alone = needed_bytes(training, math.prod(image_shape), n_classes, 1) <= free
    remedy = "one at a time, by `taskset -c 0 dvc repro`, may do" if alone else "take fewer units"
    raise InputError(
        f"variants.{variant}.hidden: {at_once} trainings at once need at least {needed / 1e9:,.1f} GB of memory, but "
        f"{free / 1e9:,.1f} GB are free, got {training.hidden}; {remedy}"
    )


def needed_bytes(training: DenseNetwork, n_pixels: int, n_classes: int, at_once: int) -> int:
    """Return a lower bound of the bytes that trainings take, besides the data.

    A network of 182 MB of weights was seen to take 2.6 GB with adam, 4.4 GB in two trainings at once, and 1.8 GB with
    sgd; this gives 1.7, 3.2 and 1.0 GB.
    """
    sizes = [n_pixels, *training.hidden, n_classes]
    weights = sum(inputs * outputs + outputs for inputs, outputs in itertools.pairwise(sizes))
    # The network that is traced; and, in each training, its model, its state before and after an epoch, its gradients.
    copies = 1 + at_once * (1 + 2 * (1 + OPTIMIZERS[training.optimizer].slots) + 1)
    return _BYTES * weights * copies
