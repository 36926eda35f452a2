"""The shape and the range of pixels that all images are brought to, as the images themselves suggest."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from hemline.data.pixels import Pixels
from hemline.describe.survey import Survey
from hemline.errors import InputError

# A dense layer has a weight for each pixel and unit: larger pictures are reduced unless told otherwise.
_LONGEST, _LONGEST_AS_IT_IS = 64, 128
_COLOURS = 3
_MIDDLE_OF_BYTES = 128


class Wanted(NamedTuple):
    """The user's options."""

    size: tuple[int, int] | None = None  # (height, width); None: as the images suggest
    colour: bool | None = None  # True for colour, False for grey; None: as the images are


class Suggested(NamedTuple):
    """The form as it is written into the description."""

    image_shape: tuple[int, ...]  # (height, width) or (height, width, channels)
    resized: bool  # whether images of other sizes are resized
    reason: str  # why this size was chosen; empty where all have it


def suggest_shape(seen: Survey, wanted: Wanted) -> Suggested:
    """Choose the shape of all images; an ``InputError`` if channels are neither grey nor colour, and not alike."""
    sizes = seen.sizes
    size, reason = _size(sizes, wanted.size)
    channels = _channels(seen, wanted.colour)
    return Suggested((*size, *channels), set(sizes) != {size}, reason)


def suggest_pixels(seen: Survey) -> Pixels:
    """Choose the type and the range of pixels.

    Integers use their whole range, unless not even half of it is used: 8 bits end at the largest pixel that was seen
    (16 in scikit-learn's digits), 16 bits at the largest value of the fewest bits that hold it (4095 for 12 bits).
    Floating point numbers end where they were seen to, or at 0, 1 or -1, if that is near.
    """
    widest = next((name for name in ("float32", "uint16") if name in seen.types), "uint8")
    highest = float(seen.highest)
    match widest:
        case "uint8":
            return Pixels(highest=255 if highest >= _MIDDLE_OF_BYTES or highest < 1 else highest)
        case "uint16":
            # What has 8 bits is stretched to 16.
            most = 2 ** max(8, int(highest).bit_length()) - 1 if set(seen.types) == {"uint16"} else 2**16 - 1
            return Pixels(type="uint16", highest=most)
        case _:
            lowest, highest = _round(float(seen.lowest), 0.0), _round(highest, 1.0)
            return Pixels(type="float32", lowest=lowest, highest=highest if highest > lowest else lowest + 1)


def _round(value: float, usual: float) -> float:
    """Return -1, 0 or 1 where the value is a little inside of it, as the ends of a usual range are."""
    sign = 1 if usual else -1
    for end in sorted({usual, -1.0, 0.0}, key=lambda end: -sign * end, reverse=True):
        if 0 <= sign * (end - value) < 1 / 10:
            return end
    return value


def _size(sizes: Counter[tuple[int, int]], wanted: tuple[int, int] | None) -> tuple[tuple[int, int], str]:
    if wanted is not None:
        return wanted, "as told by --resize"
    median = _median(sizes)
    longest = max(median)
    if len(sizes) == 1 and longest <= _LONGEST_AS_IT_IS:
        return median, ""
    factor = min(1.0, _LONGEST / longest)
    size = (max(1, round(factor * median[0])), max(1, round(factor * median[1])))
    what = f"the median, {median[0]} x {median[1]}" if len(sizes) > 1 else f"{median[0]} x {median[1]}"
    if factor < 1:
        return size, f"{what}, reduced to {_LONGEST} pixels on the longer side, as a dense network has weights for each"
    return size, what


def _median(sizes: Counter[tuple[int, int]]) -> tuple[int, int]:
    """Return the median height and the median width; each is one that an image has."""
    median = np.quantile(list(sizes), 0.5, axis=0, weights=list(sizes.values()), method="inverted_cdf")
    height, width = median.astype(int).tolist()
    return height, width


def _channels(seen: Survey, colour: bool | None) -> tuple[int, ...]:
    had = {shape[2] if len(shape) > 2 else 1 for shape in seen.shapes}  # noqa: PLR2004 - height, width, channels
    if had <= {1, _COLOURS}:
        return (_COLOURS,) if (seen.coloured > 0 if colour is None else colour) else ()
    if len(had) > 1 or colour is not None:
        raise InputError(
            f"channels: must be 1 (grey) or {_COLOURS} (colour), or as many in all images, got {sorted(had)}"
        )
    return tuple(had)
