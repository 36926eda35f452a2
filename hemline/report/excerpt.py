"""The choice of classes in confusion matrices, if there are too many to read."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# A larger matrix would be illegible, and mostly empty.
MOST_CLASSES = 20


def most_confused(shares: Iterable[Array], number: int = MOST_CLASSES) -> list[int]:
    """Choose the classes that are confused most often, the same for all variants.

    Pairs are chosen, the most confused first, until there are enough classes: a choice of single classes would prefer
    those that are confused with many others, and show few of these confusions.

    Args:
        shares: for each variant, (classes, classes): shares of the true class, which is the row.
        number: the most classes to choose.

    Returns:
        Numbers of classes, ascending; all of them if there are at most ``number``.
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
    # The last pair may add one class too many.
    return sorted(list(chosen)[:number])


def excerpt(matrix: Array, shown: Sequence[int]) -> Array:
    """Cut the rows and columns of the classes ``shown`` out of a matrix (classes, classes).

    Returns (shown, shown + 1), the last column the sum of all other classes; the whole matrix if it shows all.
    """
    if len(shown) == len(matrix):
        return matrix
    rows = matrix[shown]
    return np.column_stack([rows[:, shown], np.delete(rows, shown, axis=1).sum(axis=1)])
