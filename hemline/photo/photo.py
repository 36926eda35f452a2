"""A photo, a picture file of any kind -> an upright, opaque image with as many channels as a model takes."""

from pathlib import Path

import numpy as np
from PIL import Image

from hemline.errors import InputError
from hemline.images.picture import read_picture

MODES = {1: "L", 3: "RGB"}


def read_photo(path: Path, channels: int) -> Image.Image:
    """Read a picture: turned as its camera says, on a plain background where it is transparent; its first frame.

    Args:
        path: the file; any format that Pillow reads.
        channels: 1 for grey, 3 for colour.

    Returns:
        An image of mode L or RGB.

    Raises:
        InputError: no such file, no picture, a broken or an absurdly large one; channels that no photo has.
    """
    if channels not in MODES:
        raise InputError(f"image_shape: must have 1 or 3 channels to predict photos, got {channels}")
    try:
        with path.open("rb") as file:
            return _eight_bits(read_picture(file)).convert(MODES[channels])
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _eight_bits(image: Image.Image) -> Image.Image:
    """Turn 16 bits a pixel into 8; Pillow itself would cut all off above 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image, np.float64)
    highest = 255 if values.max(initial=0) <= 255 else 65535  # noqa: PLR2004 - the range of 8 bits
    return Image.fromarray(np.clip(values * (255 / highest), 0, 255).astype(np.uint8))
