"""Raw pixels to the inputs of networks, and back; and to what a screen shows, and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hemline.data.pixels import BYTES, Pixels

_BRIGHTEST = 255


def scale(images: NDArray[Any], divisor: float) -> NDArray[np.float32]:
    """Return ``images`` as float32, divided by ``divisor``."""
    scaled: NDArray[np.float32] = np.divide(images, np.float32(divisor), dtype=np.float32)
    return scaled


def to_raw(images: NDArray[Any], divisor: float, pixels: Pixels = BYTES) -> NDArray[Any]:
    """Undo ``scale``: pixels divided by ``divisor``, float32 of any shape, become ``pixels.type``, within the range."""
    return _within(np.asarray(images, np.float64) * divisor, pixels)


def to_screen(raw: NDArray[Any], pixels: Pixels) -> NDArray[np.uint8]:
    """Stretch the range of raw pixels of any shape to uint8, 0 for the lowest, 255 for the highest."""
    if pixels == BYTES:
        return np.asarray(raw, np.uint8)
    share = (np.asarray(raw, np.float64) - pixels.lowest) / (pixels.highest - pixels.lowest)
    return np.clip(np.rint(share * _BRIGHTEST), 0, _BRIGHTEST).astype(np.uint8)


def from_screen(shown: NDArray[np.uint8], pixels: Pixels) -> NDArray[Any]:
    """Undo ``to_screen``, as far as its 256 levels tell."""
    if pixels == BYTES:
        return shown
    share = np.asarray(shown, np.float64) / _BRIGHTEST
    return _within(pixels.lowest + share * (pixels.highest - pixels.lowest), pixels)


def _within(values: NDArray[np.float64], pixels: Pixels) -> NDArray[Any]:
    whole = values if pixels.type == "float32" else np.rint(values)
    clipped: NDArray[Any] = np.clip(whole, pixels.lowest, pixels.highest).astype(pixels.type)
    return clipped
