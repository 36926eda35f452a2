"""A picture file of any kind -> an upright, opaque image in grey or colour."""

import io
import logging
import warnings
from contextlib import suppress
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from hemline.errors import InputError

MOST_PIXELS = 100_000_000
_MIDDLE = 127.5
_GREY = frozenset({"1", "L", "LA", "La"})
# More than 8 bits a pixel: I;16 and its byte orders, I with 32, F with floating point numbers.
_DEEP = ("I", "F")
# Tags of TIFF.
_BITS, _PHOTOMETRIC, _SAMPLES, _PLANES, _SOFTWARE, _SAMPLE_FORMAT = 258, 262, 277, 284, 305, 339
_SEPARATE = 2
_MOST_CHANNELS, _MOST_BITS = 4, 32  # that Pillow knows
_QUARTER = 63
_HIGHEST = np.iinfo(np.uint16).max

# The size is compared with the limit here, before anything is unpacked: Pillow's own limit is first a warning. Filters
# belong to the whole process, so they cannot be set around one picture of several that are read side by side.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Of files that are a little damaged and still readable, as viewers read them.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
# What cannot be read is an error below; the log of it goes nowhere, unless somebody asks for logs.
logging.getLogger("PIL").addHandler(logging.NullHandler())


# An entry for each picture of this process that had colours of 16 bits, which became 8; threads add to it.
REDUCED: list[str] = []


def decode(content: bytes) -> NDArray[Any]:
    """Turn the bytes of a picture file into pixels; threads may do so side by side.

    The picture is turned as its EXIF data say. What is transparent lies on white or black, whichever the opaque part
    stands out from. Of an animation it is the first frame. Palettes become colours, or grey where all of theirs are
    grey; black and white becomes 0 and 255; CMYK and others become RGB. Colours of 16 bits become 8, as Pillow has no
    deeper ones, and are refused where that leaves a quarter of the levels or less; ``REDUCED`` counts the others. Grey
    of 16 bits stays. In a mask that tifffile saved, True is white, although the file says that 0 is.

    Args:
        content: a file in any format that Pillow reads.

    Returns:
        uint8 or uint16, (height, width), or uint8, (height, width, 3), as RGB; or float32 (height, width).

    Raises:
        InputError: no picture, a broken or an absurdly large one; grey values that are not finite, or integers that
            16 bits do not hold; colours of 9 to 14 bits; a TIFF that Pillow reads wrongly.
    """
    return _pixels(read_picture(io.BytesIO(content)))


def read_picture(file: IO[bytes]) -> Image.Image:
    """Read a picture as ``decode`` does, into mode L or RGB; of more than 8 bits a pixel, into F, I, I;16 or similar.

    No picture, a broken or an absurdly large one is an ``InputError``.
    """
    try:
        with Image.open(file) as image:
            _check_size(image)
            _check_tiff(image)
            is_deep, is_mask = _is_deep_colour(image), _is_mask_of_tifffile(image)
            image.load()
            with suppress(Exception):  # viewers show a picture whose EXIF data are damaged as it lies
                ImageOps.exif_transpose(image, in_place=True)
            plain = _plain(image)
            if is_deep:
                _check_levels(plain)
                REDUCED.append(image.mode)
            return ImageOps.invert(plain) if is_mask else plain
    except UnidentifiedImageError:
        file.seek(0)
        head = file.read(8)
        if head.startswith((b"II*\0", b"MM\0*")):
            raise InputError(_why_no_tiff(file, head)) from None
        got = "something else" if head else "an empty file"
        raise InputError(f"must be a picture (PNG, JPEG, WebP, ...), got {got}") from None
    except Image.DecompressionBombError:
        raise InputError(f"must have at most {MOST_PIXELS:,} pixels, got far more") from None
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow's readers raise anything for files that begin like a picture
        text = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"cannot be read: {text}") from None


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise InputError(f"must have at most {MOST_PIXELS:,} pixels, got {image.width:,} x {image.height:,}")


def _check_tiff(image: Image.Image) -> None:
    """Refuse what Pillow 13 reads wrongly without a word: signed bytes; of 16 bits, white as 0 and separate planes."""
    if image.format != "TIFF":
        return
    tags = getattr(image, "tag_v2", {})
    deep, signed = max(tags.get(_BITS, (1,))) > 8, 2 in tags.get(_SAMPLE_FORMAT, (1,))  # noqa: PLR2004
    kinds = {
        "pixels with a sign": signed and not deep,
        "white as 0 in more than 8 bits": deep and tags.get(_PHOTOMETRIC) == 0,
        "separate planes of 16 bits": deep and tags.get(_PLANES) == _SEPARATE and tags.get(_SAMPLES, 1) > 1,
    }
    for kind, found in kinds.items():
        if found:
            raise InputError(f"a TIFF with {kind} is not read; save it as PNG: `tifffile` reads it as it is meant")


def _why_no_tiff(file: IO[bytes], head: bytes) -> str:
    """Say what a TIFF is that Pillow does not know: of many channels, or of 64 bits."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(head)
    with suppress(Exception):
        file.seek(tags.next)
        tags.load(file)
    channels, bits = tags.get(_SAMPLES, 1), max(tags.get(_BITS, (1,)))
    if channels <= _MOST_CHANNELS and bits <= _MOST_BITS:
        return "cannot be read: a TIFF that is damaged, or of a kind that Pillow does not know; save it as PNG"
    remedy = "`tifffile` reads it: save one or three of its channels as PNG, or one as TIFF of float32"
    return f"a TIFF of {channels} channels of {bits} bits is not read; {remedy}"


def _is_mask_of_tifffile(image: Image.Image) -> bool:
    """Say whether a picture is an array of True and False, which tifffile saves with white as 0 and reads as it was."""
    tags = getattr(image, "tag_v2", {}) if image.mode == "1" else {}
    return tags.get(_PHOTOMETRIC) == 0 and str(tags.get(_SOFTWARE, "")).startswith("tifffile")


def _is_deep_colour(image: Image.Image) -> bool:
    """Say whether a picture that is not opened yet has 16 bits for each colour, which become 8."""
    raw = [str(tile[3]) for tile in getattr(image, "tile", [])]
    return not image.mode.startswith(_DEEP) and any(";16" in each for each in raw)


def _check_levels(image: Image.Image) -> None:
    highest = int(np.asarray(image).max(initial=0))
    if 0 < highest <= _QUARTER:
        rule = f"colours of 16 bits become 8, which would leave {highest + 1} levels of these"
        raise InputError(f"pixels: {rule}; save them with 8 bits, or stretched to all 16")


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith(_DEEP):
        return image.copy()
    grey = image.mode in _GREY or (image.mode in {"P", "PA"} and _is_grey(image))
    return _opaque(image).convert("L" if grey else "RGB")


def _is_grey(image: Image.Image) -> bool:
    colours = np.reshape(image.getpalette("RGB") or [], (-1, 3))
    return bool((colours == colours[:, :1]).all())


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


def _pixels(image: Image.Image) -> NDArray[Any]:
    pixels: NDArray[Any] = np.asarray(image)
    if image.mode.startswith("I"):
        if pixels.min() < 0 or pixels.max() > _HIGHEST:
            raise InputError(f"pixels: must be from 0 to {_HIGHEST}, got {pixels.min()} to {pixels.max()}")
        return pixels.astype(np.uint16)
    if image.mode == "F" and not np.isfinite(pixels).all():
        raise InputError("pixels: must be finite, got nan or infinity")
    return pixels
