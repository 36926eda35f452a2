"""Which classes the confusion matrices show where there are too many to be read."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# A matrix of more classes is not drawn: its numbers could not be read, and what is not confused fills it.
MOST_CLASSES = 20


def most_confused(shares: Iterable[Array], number: int = MOST_CLASSES) -> list[int]:
    """Choose the classes that are taken for one another most often, the same for all variants.

    Pairs are taken, the most confused first, until there are enough classes: a choice class by class would rather find
    classes that are each confused with many others, and show next to nothing of it.

    Args:
        shares: for each variant, (classes, classes): shares of the true class, which is the row.
        number: how many to choose at most.

    Returns:
        Numbers of classes, ascending; all of them where there are no more than ``number``.
    """
    matrix = np.sum(list(shares), axis=0)
    size = len(matrix)
    if size <= number:
        return list(range(size))
    both = np.triu(matrix + matrix.T, k=1)
    chosen: dict[int, None] = {}
    for place in np.argsort(-both, axis=None, kind="stable").tolist():
        chosen |= dict.fromkeys(divmod(place, size))
        if len(chosen) >= number:
            break
    # Two at once may be one too many.
    return sorted(list(chosen)[:number])


def excerpt(matrix: Array, shown: Sequence[int]) -> Array:
    """Cut the rows and columns of the classes ``shown`` out of a matrix (classes, classes).

    Returns (shown, shown + 1), the last column the sum of all other classes; the matrix itself where it shows all.
    """
    if len(shown) == len(matrix):
        return matrix
    rows = matrix[shown]
    return np.column_stack([rows[:, shown], np.delete(rows, shown, axis=1).sum(axis=1)])
