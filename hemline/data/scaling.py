"""Raw pixels to the inputs of networks, and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def scale(images: NDArray[np.uint8], divisor: float) -> NDArray[np.float32]:
    """Return ``images`` as float32, divided by ``divisor``."""
    return np.divide(images, np.float32(divisor), dtype=np.float32)


def to_raw(images: NDArray[Any], divisor: float) -> NDArray[np.uint8]:
    """Undo ``scale``.

    Args:
        images: float32, any shape; raw pixels divided by ``divisor``.
        divisor: as ``normalize.scale`` in params.yaml.

    Returns:
        uint8 of the same shape, 0 to 255.
    """
    return np.clip(np.rint(np.asarray(images, np.float64) * divisor), 0, 255).astype(np.uint8)
