"""Pictures that a page carries inside itself: PNG bytes as data URIs, from figures' bytes or straight from pixels."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

RGB = 3
# Up to this many pixels a side, an image is enlarged on the page with its pixels to be seen as squares.
FEW_PIXELS = 64
# No place on the page is much wider, and a hundred larger ones would make a page that cannot be sent.
MOST_PIXELS = 128


@dataclass(frozen=True)
class Picture:
    """An image element's contents: a ``data:`` URI, the alternative text, and its size in CSS pixels.

    A photograph shows an image's own colours, which stay as they are on a dark page.
    """

    source: str
    text: str
    width: int
    height: int
    photograph: bool = False

    @property
    def crisp(self) -> bool:
        """Whether its pixels are so few that they are to be seen; many are smoothed."""
        return max(self.width, self.height) <= FEW_PIXELS


def from_png(content: bytes, text: str, *, photograph: bool = False) -> Picture:
    """Wrap the bytes of a PNG file, shown at the size its resolution asks for: 96 CSS pixels to the inch."""
    with Image.open(io.BytesIO(content)) as image:
        per_inch = float(image.info.get("dpi", (96, 96))[0])
        width, height = (round(size * 96 / per_inch) for size in image.size)
    return Picture(_uri(content), text, width, height, photograph)


def thumbnail(raw: npt.NDArray[np.uint8], text: str) -> Picture:
    """Encode one image of a data set, uint8 (height, width[, channels]), pixel for pixel, which the page enlarges.

    A large one is reduced, to 128 pixels of its longer side.
    """
    image = Image.fromarray(_displayable(raw))
    image.thumbnail((MOST_PIXELS, MOST_PIXELS))
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    return Picture(_uri(buffer.getvalue()), text, *image.size)


def _displayable(raw: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Drop what a screen cannot show: the axis of a single channel, and channels beyond red, green and blue."""
    if raw.ndim <= 2:  # noqa: PLR2004 - height and width
        return raw
    return np.ascontiguousarray(raw[..., :RGB] if raw.shape[-1] >= RGB else raw[..., 0])


def _uri(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")
