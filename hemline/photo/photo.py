"""A picture file of any kind -> an upright, opaque image in grey or colour."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from hemline.errors import InputError

MODES = {1: "L", 3: "RGB"}
_MOST_PIXELS = 100_000_000
_MIDDLE = 127.5


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
        # The size is checked below, before anything is unpacked: Pillow's own limit is a warning.
        with (
            warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning),
            Image.open(path) as file,
        ):
            _check_size(file, path)
            upright = ImageOps.exif_transpose(file)
            return _opaque(_eight_bits(upright)).convert(MODES[channels])
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnidentifiedImageError:
        raise InputError(f"{path}: must be a picture (PNG, JPEG, WebP, ...), got something else") from None
    except Image.DecompressionBombError:
        raise InputError(f"{path}: must have at most {_MOST_PIXELS:,} pixels, got far more") from None
    except InputError:
        raise
    except (OSError, ValueError, SyntaxError) as error:
        # Pillow's readers raise all of these for files that begin like a picture.
        text = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: cannot be read: {text}") from None


def _check_size(image: Image.Image, path: Path) -> None:
    if image.width * image.height > _MOST_PIXELS:
        raise InputError(f"{path}: must have at most {_MOST_PIXELS:,} pixels, got {image.width:,} x {image.height:,}")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Turn 16 bits a pixel into 8; Pillow itself would cut all off above 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image, np.float64)
    highest = 255 if values.max(initial=0) <= 255 else 65535  # noqa: PLR2004 - the range of 8 bits
    return Image.fromarray(np.clip(values * (255 / highest), 0, 255).astype(np.uint8))


def _opaque(image: Image.Image) -> Image.Image:
    """Lay what is transparent on white or black, whichever the opaque part stands out from."""
    if not image.has_transparency_data:
        return image
    layers = image.convert("RGBA")
    alpha = np.asarray(layers.getchannel("A"), np.float64)
    grey = np.asarray(layers.convert("RGB").convert("L"), np.float64)
    brightness = float((grey * alpha).sum() / alpha.sum()) if alpha.any() else 0.0
    background = Image.new("RGBA", layers.size, "white" if brightness < _MIDDLE else "black")
    return Image.alpha_composite(background, layers)
