"""A photo, a picture file of any kind -> an upright, opaque image with as many channels as a model takes."""

from pathlib import Path

import numpy as np
from PIL import Image

from hemline.data.pixels import BYTES, Pixels
from hemline.data.scaling import to_screen
from hemline.errors import InputError
from hemline.images.picture import read_picture

MODES = {1: "L", 3: "RGB"}


def read_photo(path: Path, channels: int, pixels: Pixels = BYTES) -> Image.Image:
    """Read a picture file as mode L or RGB (1 or 3 ``channels``), 0 to 255: its first frame, turned as its camera says.

    What is transparent gets a plain background. A file that stays within a smaller range of ``pixels`` than files can
    hold is taken for one of the data set's own, whose white is the highest. No file, no picture, a broken or an
    absurdly large one, and channels that no photo has, are an ``InputError``.
    """
    if channels not in MODES:
        raise InputError(f"image_shape: must have 1 or 3 channels to predict photos, got {channels}")
    try:
        with path.open("rb") as file:
            return _eight_bits(read_picture(file), pixels).convert(MODES[channels])
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _eight_bits(image: Image.Image, pixels: Pixels) -> Image.Image:
    """Turn 16 bits a pixel into 8, which Pillow itself would cut off above 255; a smaller range becomes all of it."""
    wide = image.mode.startswith(("I", "F"))
    # Among deeper images, a file of 8 bits has its own white, as in the pipeline (``hemline.images.form``).
    if not wide and (pixels == BYTES or pixels.type == "uint16"):
        return image
    values = np.asarray(image)
    if pixels != BYTES and values.max(initial=0) <= pixels.highest:
        return Image.fromarray(to_screen(values, pixels))
    if not wide:
        return image
    highest = 255 if values.max(initial=0) <= 255 else 65535  # noqa: PLR2004 - the range of 8 bits
    return Image.fromarray(np.clip(values.astype(np.float64) * (255 / highest), 0, 255).astype(np.uint8))
