"""Arrays of images in any usual layout -> images with their channels last."""

import math
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from hemline.errors import InputError
from hemline.words import option

_CHANNELS = frozenset({1, 3})


def as_images(rows: NDArray[Any], shape: Sequence[int] | None) -> NDArray[Any]:
    """Arrange many images.

    Args:
        rows: (n, h, w), (n, h, w, channels) or (n, channels, h, w) with 1 or 3 channels; or (n, h * w), if that is
            the square of a number or ``shape`` says how.
        shape: (h, w), (h, w, channels) or (channels, h, w) of images in rows.

    Returns:
        (n, h, w), or (n, h, w, 3).

    Raises:
        InputError: there is no telling how.
    """
    if rows.ndim == 2:  # noqa: PLR2004 - n, pixels
        rows = rows.reshape(len(rows), *_shape_of_row(rows.shape[1], shape))
    if rows.ndim == 3:  # noqa: PLR2004 - n, h, w
        return rows
    if rows.ndim == 4:  # noqa: PLR2004 - n, h, w, channels
        if rows.shape[3] not in _CHANNELS and rows.shape[1] in _CHANNELS:
            rows = rows.transpose(0, 2, 3, 1)
        if rows.shape[3] in _CHANNELS:
            return rows[..., 0] if rows.shape[3] == 1 else rows
    rule = f"images must be (n, h, w) or (n, h, w, channels) with 1 or 3 channels, got {rows.shape}"
    raise InputError(f"{rule}; choose channels, or slices of volumes")


def _shape_of_row(count: int, shape: Sequence[int] | None) -> Sequence[int]:
    if shape is None:
        side = math.isqrt(count)
        if side * side == count:
            return side, side
        side = math.isqrt(count // 3)
        if side * side * 3 == count:
            remedy = f"{option('shape', [side, side, 3])} if a pixel's red, green and blue stand together, "
            remedy += f"{option('shape', [3, side, side])} if all red ones come first, as in CIFAR"
        else:
            remedy = f"say how by {option('shape', ['<height>', '<width>'])}, with the channels behind these if any"
        raise InputError(f"{count} pixels in a row make no square; {remedy}")
    if math.prod(shape) != count:
        raise InputError(f"options.shape: must be {count} pixels, as many as there are in a row, got {list(shape)}")
    return shape
