"""The framing of the objects in a data set, and photos brought into the same frame.

Networks are used to one background, and to objects of one size in the middle. ``measure`` finds these in the data
set's own images; ``frame`` crops, pads, inverts and resizes a photo to match. Data sets of photographs have no
background: there, photos stay whole.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hemline.data.description import Resize
from hemline.images.form import Form, conform

HIGHEST = 255
SAMPLE = 1000  # images are enough for medians
_MIDDLE = 127.5
# Of the strongest contrast to the background: what has less is taken for shadow, paper or noise.
_VISIBLE = 0.25
# Of a data set's images, whose borders are on the same side of the middle: what makes that the background of all.
_UNIFORM = 0.95
# A photo whose strongest contrast is below this, of 255, holds no object that could be cropped to.
_BLANK = 16


class Framing(NamedTuple):
    """The framing of the images of a data set."""

    background: float  # the usual brightness of the border, 0 to 255
    fill: float  # the usual share of the image's side that the object takes up, in (0, 1]
    uniform: bool = True  # whether nearly all images have a background that is as light, or as dark, as that


class Framed(NamedTuple):
    """A photo as the model sees it, uint8, its border's brightness, and whether light and dark were exchanged."""

    pixels: NDArray[np.uint8]
    border: float
    inverted: bool


def measure(images: NDArray[np.uint8]) -> Framing:
    """Measure images (n, h, w) or (n, h, w, channels), uint8; medians over them."""
    grey = images if images.ndim == 3 else images.mean(axis=-1)  # noqa: PLR2004 - no channels
    borders = np.array([_border(image) for image in grey])
    background = float(np.median(borders))
    uniform = float(np.mean((borders > _MIDDLE) == (background > _MIDDLE))) >= _UNIFORM
    boxes = [_object_box(image, _border(image)) for image in grey]
    shares = [max((b - t) / grey.shape[1], (r - x) / grey.shape[2]) for x, t, r, b in boxes]
    return Framing(background, float(np.median(shares)), uniform)


def frame(
    photo: Image.Image,
    image_shape: tuple[int, ...],
    framing: Framing,
    *,
    invert: bool | None = None,
    resize: Resize | None = None,
) -> Framed:
    """Bring a photo into the frame of a data set.

    A photo that has the model's size already is left where it is. Of a larger or smaller one, the object (what differs
    from the border's brightness) is centred, and the rest filled with the border's colour. Where the data set's images
    were themselves resized, a photo is resized in the same way. Where they have no background in common, or were
    resized, light and dark stay as they are.

    Args:
        photo: of mode L where ``image_shape`` has one channel or none, RGB where it has three.
        image_shape: (h, w) or (h, w, channels) of the model.
        framing: of the data set.
        invert: whether to exchange light and dark; None for a grey photo whose border is on the other side of the
            middle than the data set's background, as with dark ink on white paper.
        resize: how the data set's own images were brought to their size, if they were.
    """
    grey = np.asarray(photo.convert("L"), np.float64)
    border = _border(grey)
    has_background = framing.uniform and resize is None
    if invert is None:
        invert = has_background and photo.mode == "L" and (border > _MIDDLE) != (framing.background > _MIDDLE)
    if invert:
        photo = photo.point(lambda value: HIGHEST - value)
    size = image_shape[1], image_shape[0]
    if resize is not None:
        shape = (*size[::-1], *np.asarray(photo).shape[2:])
        photo = Image.fromarray(conform(np.asarray(photo), Form(shape, resize=resize)))
    elif photo.size != size:
        box, fill = (_object_box(grey, border), framing.fill) if framing.uniform else ((0, 0, *photo.size), 1)
        photo = _centred(photo, box, size, fill)
    pixels = np.asarray(photo)
    if photo.mode == "L" and has_background:
        pixels = _levelled(pixels, HIGHEST - border if invert else border, framing.background)
    return Framed(pixels.reshape(image_shape), border, invert)


def _border(grey: NDArray[Any]) -> float:
    """Return the median brightness of the outermost fiftieth on each side, at least one pixel."""
    wide = max(1, min(grey.shape) // 50)
    inner = grey[wide:-wide, wide:-wide]
    edges = np.ones(grey.shape, bool)
    if inner.size:
        edges[wide:-wide, wide:-wide] = False
    return float(np.median(grey[edges]))


def _object_box(grey: NDArray[Any], border: float) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what differs from the background; the whole image where nothing does."""
    contrast = np.abs(grey - border)
    if contrast.max() < _BLANK:
        return 0, 0, grey.shape[1], grey.shape[0]
    rows, columns = np.nonzero(contrast > _VISIBLE * contrast.max())
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def _centred(photo: Image.Image, box: tuple[int, int, int, int], size: tuple[int, int], fill: float) -> Image.Image:
    """Put the box into the middle of an image of ``size``, so that it fills the share ``fill`` of one side."""
    left, top, right, bottom = box
    # How many of the photo's pixels become one: by the side that is the tighter one.
    step = max((right - left) / (size[0] * fill), (bottom - top) / (size[1] * fill))
    width, height = (max(1, round(side * step)) for side in size)
    edge = np.asarray(photo)
    strips = [edge[0], edge[-1], edge[:, 0], edge[:, -1]]
    colour = np.median(np.concatenate(strips), axis=0).astype(int)
    canvas = Image.new(photo.mode, (width, height), int(colour) if photo.mode == "L" else tuple(colour.tolist()))
    canvas.paste(photo.crop(box), ((width - right + left) // 2, (height - bottom + top) // 2))
    return canvas.resize(size, Image.Resampling.LANCZOS)


def _levelled(pixels: NDArray[Any], border: float, background: float) -> NDArray[np.uint8]:
    """Shift the border's brightness to the background's: paper in a photo is grey, where data sets are black.

    The brightness at the other end stays, so that a photo with the right background is not changed.
    """
    if background > _MIDDLE:
        levelled = pixels * (background / max(border, 1))
    else:
        levelled = HIGHEST - (HIGHEST - pixels.astype(float)) * ((HIGHEST - background) / max(HIGHEST - border, 1))
    return np.asarray(np.clip(np.rint(levelled), 0, HIGHEST), np.uint8)
