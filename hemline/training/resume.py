"""The state of a training in the middle: all that is needed to resume it, and to end with equal bytes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

Row = dict[str, int | float]  # the metrics of one epoch, and when it ended
Arrays = Sequence[NDArray[Any]]


class TrainingState(NamedTuple):
    """A training after one of its epochs."""

    history: list[Row]  # a row for each epoch so far, from the first
    # what its family needs to resume; of a network: weights, what layers keep besides, the optimizer's slots,
    # the number of steps
    arrays: Arrays
