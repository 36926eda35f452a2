"""The work that every competitor does: a network, a batch size, a number of epochs, on the workspace's data."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled, Normalized
from hemline.data.scaling import scale
from hemline.errors import InputError

Predict = Callable[[NDArray[np.float32]], Any]  # images (n, h, w) -> scores (n, classes)

ROWS = {"784-10": [], "784-128-10": [128], "784-128x4-10": [128] * 4, "784-1024-10": [1024]}
BATCH_SIZES = (32, 128)
LEARNING_RATE = 0.001  # of Adam, everywhere


class Work(NamedTuple):
    """One row of the table: dense layers of ``hidden`` units with relu, softmax, cross-entropy, Adam."""

    row: str
    hidden: list[int]
    batch_size: int
    epochs: int


class Data(NamedTuple):
    """The training images and the images of the final accuracy."""

    train: Labelled
    test: Labelled

    @property
    def n_classes(self) -> int:
        """The number of classes in the training labels."""
        return int(self.train.labels.max()) + 1


def read_data() -> Data:
    """Read the workspace's normalized sets into memory.

    Raises:
        InputError: they are missing.
    """
    try:
        sets = [Normalized().read(name) for name in ("train", "test")]
    except InputError as error:
        raise InputError(f"{error} or `make` first") from None
    # Scaled ahead: peers take float32 images.
    return Data(*(Labelled(scale(each.images, each.scale), np.array(each.labels)) for each in sets))


def accuracy(predict: Predict, data: Data) -> float:
    """Return the share of the test images whose highest score is that of their label."""
    return float((np.asarray(predict(data.test.images)).argmax(axis=1) == data.test.labels).mean())
