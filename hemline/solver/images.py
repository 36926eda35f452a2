"""Labelled images in chunks of a fixed number of rows, as the solver sums over them.

Every sum over images is a float64 sum, in the order of the images, of float32 products of one chunk. So its bits do not
depend on how much memory there is, and a million images need no more of it than a thousand.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.data.scaling import scale

CHUNK = 256
# The number of chunks between two checks.
_CHECKED = 64


class Images(NamedTuple):
    """Images with labels that are classes of the model."""

    pixels: NDArray[Any]  # (n, ...), of any numeric dtype; may be memory-mapped
    labels: NDArray[np.int64]  # (n,), int64, from 0
    divisor: float  # the divisor of pixels
    check: Callable[[], None]  # called regularly; its exceptions end the pass

    @property
    def n_pixels(self) -> int:
        """The number of pixels of an image, times channels."""
        return math.prod(self.pixels.shape[1:])

    def chunks(self, step: int = 1) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Yield rows of scaled pixels, float32 (at most ``CHUNK``, pixels), and their labels, of every ``step``-th."""
        for number, start in enumerate(range(0, len(self.labels), CHUNK * step)):
            if number % _CHECKED == 0:
                self.check()
            rows = slice(start, start + CHUNK * step, step)
            pixels = self.pixels[rows]
            yield scale(pixels.reshape(len(pixels), -1), self.divisor), self.labels[rows]
