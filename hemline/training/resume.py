"""The state of an interrupted training: everything needed to resume it with equal bytes at the end."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

Row = dict[str, int | float]  # the metrics of one epoch, and when it ended
Arrays = Sequence[NDArray[Any]]


class TrainingState(NamedTuple):
    """A training after one of its epochs."""

    history: list[Row]  # a row for each epoch so far, from the first
    # the family's state to resume from; for a network: weights, other layer state, the optimizer's slots, the
    # number of steps
    arrays: Arrays
