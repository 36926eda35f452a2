"""Pictures that a page carries inside itself: PNG bytes as data URIs, from figures' bytes or straight from pixels."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

RGB = 3


@dataclass(frozen=True)
class Picture:
    """An image element's contents.

    Attributes:
        source: a ``data:`` URI.
        text: what a reader who cannot see it is told.
        width: in CSS pixels.
        height: in CSS pixels.
    """

    source: str
    text: str
    width: int
    height: int


def from_png(content: bytes, text: str) -> Picture:
    """Wrap the bytes of a PNG file, shown at the size its resolution asks for.

    Args:
        content: a PNG file that states its resolution.
        text: the alternative text.

    Returns:
        The picture, 96 CSS pixels to the inch.
    """
    with Image.open(io.BytesIO(content)) as image:
        per_inch = float(image.info.get("dpi", (96, 96))[0])
        width, height = (round(size * 96 / per_inch) for size in image.size)
    return Picture(_uri(content), text, width, height)


def thumbnail(raw: npt.NDArray[np.uint8], text: str) -> Picture:
    """Encode one image of a data set pixel for pixel; the page enlarges it.

    Args:
        raw: uint8, (height, width) or (height, width, channels).
        text: the alternative text.

    Returns:
        The picture in its own size.
    """
    buffer = io.BytesIO()
    Image.fromarray(_displayable(raw)).save(buffer, "png", optimize=True)
    return Picture(_uri(buffer.getvalue()), text, raw.shape[1], raw.shape[0])


def _displayable(raw: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Drop what a screen cannot show: the axis of a single channel, and channels beyond red, green and blue."""
    if raw.ndim <= 2:  # noqa: PLR2004 - height and width
        return raw
    return np.ascontiguousarray(raw[..., :RGB] if raw.shape[-1] >= RGB else raw[..., 0])


def _uri(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")
