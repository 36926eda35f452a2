"""Pictures embedded in a page: PNG bytes as data URIs, from figures' bytes or from pixels."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

RGB = 3
# The most pixels a side for which an enlarged image shows its pixels as squares.
FEW_PIXELS = 64
# Few places on the page are wider, and a hundred larger images would make the page too large.
MOST_PIXELS = 128


@dataclass(frozen=True)
class Picture:
    """An image element's contents: a ``data:`` URI, the alternative text, and its size in CSS pixels.

    A photograph keeps its colours on a dark page.
    """

    source: str
    text: str
    width: int
    height: int
    photograph: bool = False

    @property
    def crisp(self) -> bool:
        """Whether the page shows its pixels as squares instead of smoothing them."""
        return max(self.width, self.height) <= FEW_PIXELS


def from_png(content: bytes, text: str, *, photograph: bool = False) -> Picture:
    """Wrap the bytes of a PNG file, shown at the size of its resolution: 96 CSS pixels per inch."""
    with Image.open(io.BytesIO(content)) as image:
        per_inch = float(image.info.get("dpi", (96, 96))[0])
        width, height = (round(size * 96 / per_inch) for size in image.size)
    return Picture(_uri(content), text, width, height, photograph)


def thumbnail(raw: npt.NDArray[np.uint8], text: str) -> Picture:
    """Encode one image of a data set, uint8 (height, width[, channels]), pixel for pixel; the page enlarges it.

    A large image is reduced to 128 pixels on its longer side.
    """
    image = Image.fromarray(_displayable(raw))
    image.thumbnail((MOST_PIXELS, MOST_PIXELS))
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    return Picture(_uri(buffer.getvalue()), text, *image.size)


def _displayable(raw: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Drop the axis of a single channel, and channels beyond red, green and blue."""
    if raw.ndim <= 2:  # noqa: PLR2004 - height and width
        return raw
    return np.ascontiguousarray(raw[..., :RGB] if raw.shape[-1] >= RGB else raw[..., 0])


def _uri(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")
