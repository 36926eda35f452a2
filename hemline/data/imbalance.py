"""Classes of different size: whether they are, and what an answer is worth that looks at no image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]

# From here on, accuracy says little about the smaller classes. MNIST's largest class is 1.27 times its smallest.
IMBALANCED = 1.5


def is_imbalanced(labels: Labels) -> bool:
    """Say whether the largest class has over 1.5 times the images of the smallest with any, by labels (images,)."""
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    return bool(counts.max() > IMBALANCED * counts.min())


def most_frequent(labels: Labels) -> int:
    """Return the class that has the most images, by their labels, int (images,); the first of equals."""
    return int(np.bincount(labels).argmax())
