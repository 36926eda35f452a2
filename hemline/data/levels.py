"""The distribution of pixels of any type: counts between successive powers of the fourth root of 2."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.int64]
# Steps of a doubling, and the smallest and largest distinct exponents; 0 has a place of its own, the first.
_STEPS, _SMALLEST, _LARGEST = 4, -10, 20
NO_LEVELS: Levels = np.zeros(2 + _STEPS * (_LARGEST - _SMALLEST), np.int64)
# Of a larger image, no more pixels are counted, evenly.
_PIXELS = 2**16


def count_levels(image: NDArray[np.generic]) -> Levels:
    """Count the absolute values of an image's pixels by level."""
    values = image.reshape(-1)[:: 1 + image.size // _PIXELS]
    is_small = values.dtype in {np.dtype(np.uint8), np.dtype(np.uint16)}
    return np.bincount(_places_of_integers()[values] if is_small else _places(values), minlength=len(NO_LEVELS))


def _places(values: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the level of each value."""
    sizes = np.abs(values.astype(np.float64))
    exponents = np.ceil(_STEPS * np.log2(np.where(sizes > 0, sizes, 1))).clip(_STEPS * _SMALLEST, _STEPS * _LARGEST)
    return np.where(sizes > 0, 1 + exponents - _STEPS * _SMALLEST, 0).astype(np.int64)


@cache
def _places_of_integers() -> NDArray[np.int64]:
    """Return those of all numbers of 16 bits: looked up four times as fast as computed."""
    return _places(np.arange(2**16))


def most_pixels(levels: Levels) -> float:
    """Return what nine tenths of the pixels that are not 0 do not exceed."""
    return quantile(levels, 0.9, zeros=False)


def quantile(levels: Levels, share: float, *, zeros: bool = True) -> float:
    """Return what a share of the pixels does not exceed, by at most a fifth too much; powers of two are exact.

    Args:
        levels: counts, from ``count_levels``, or sums of them.
        share: of the pixels, from 0 to 1.
        zeros: whether pixels of value 0 count.
    """
    counts = levels.copy()
    counts[0] *= zeros
    place = int(np.searchsorted(np.cumsum(counts), share * counts.sum()))
    return float(2 ** ((place - 1) / _STEPS + _SMALLEST)) if place else 0.0
