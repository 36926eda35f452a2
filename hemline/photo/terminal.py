"""Images as text, for a terminal."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SHADES = np.array(list(" ░▒▓█"))
_WIDEST = 36  # pixels; each takes two columns


def shades(pixels: NDArray[np.uint8]) -> str:
    """Draw an image, uint8 (h, w[, channels]), with two characters a pixel, about as wide as high; light is filled.

    What is too wide for a terminal is reduced.
    """
    image = Image.fromarray(pixels.squeeze(axis=-1) if pixels.shape[2:] == (1,) else pixels).convert("L")
    image.thumbnail((_WIDEST, _WIDEST))
    levels = np.asarray(image, int) * len(_SHADES) // 256
    return "\n".join("".join(np.repeat(_SHADES[row], 2)).rstrip() for row in levels)
