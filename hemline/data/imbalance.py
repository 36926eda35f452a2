"""Classes of different size: whether they are, and what an answer is worth that looks at no image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]

# From here on, accuracy says little about the smaller classes. MNIST's largest class is 1.27 times its smallest.
IMBALANCED = 1.5


def is_imbalanced(labels: Labels) -> bool:
    """Say whether the largest class has more than 1.5 times the images of the smallest; a class without any is none.

    Args:
        labels: int (images,), the true classes.
    """
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    return bool(counts.max() > IMBALANCED * counts.min())


def most_frequent(labels: Labels) -> int:
    """Return the class that has the most images; the first of equals.

    Args:
        labels: int (images,), the true classes of the training images.
    """
    return int(np.bincount(labels).argmax())
