"""Images as text, for a terminal."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SHADES = np.array(list(" ░▒▓█"))
_WIDEST = 36  # pixels; each takes two columns


def shades(pixels: NDArray[np.uint8]) -> str:
    """Draw an image with two characters a pixel, which are about as wide as high; light is filled.

    Args:
        pixels: uint8 (h, w) or (h, w, channels); what is too wide for a terminal is reduced.
    """
    image = Image.fromarray(pixels.squeeze(axis=-1) if pixels.shape[2:] == (1,) else pixels).convert("L")
    image.thumbnail((_WIDEST, _WIDEST))
    levels = np.asarray(image, int) * len(_SHADES) // 256
    return "\n".join("".join(np.repeat(_SHADES[row], 2)).rstrip() for row in levels)
