"""The common form of the images of one data set, and the conversion of a picture to it."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from hemline.data.description import Resize
from hemline.data.pixels import Pixels
from hemline.errors import InputError

_GREY, _RGB = 1, 3


class Form(NamedTuple):
    """The form of every image."""

    image_shape: tuple[int, ...]  # (height, width) or (height, width, channels)
    pixels: Pixels = Pixels()  # their type and range
    resize: Resize | None = None  # how images of another size are brought to it; None: they are refused

    @property
    def nbytes(self) -> int:
        """The bytes of one image."""
        return math.prod(self.image_shape) * np.dtype(self.pixels.type).itemsize


def conform(image: NDArray[Any], form: Form) -> NDArray[Any]:
    """Bring one image to the form: its channels, its type, its size.

    Args:
        image: uint8, uint16 or float32, (height, width) or (height, width, channels).
        form: what it must become.

    Returns:
        ``form.pixels.type``, ``form.image_shape``.

    Raises:
        InputError: another size without a way to resize; other channels than grey and colour; pixels out of range.
    """
    if image.shape != form.image_shape:
        image = _with_channels(image, form.image_shape)
        if image.shape[:2] != form.image_shape[:2]:
            image = _resized(image, form)
    if image.dtype != form.pixels.type:
        image = _of_type(image, form.pixels.type)
    check_range(image, form.pixels)
    return image


def conform_all(images: NDArray[Any], form: Form) -> NDArray[Any]:
    """Bring images of one shape, (n, height, width) or (n, height, width, channels), of any number type, to the form.

    Where they have its shape, that is one step for all. Result and errors are those of ``conform``, in turn.
    """
    if images.shape[1:] != form.image_shape:
        return np.stack([conform(image, form) for image in images])
    if images.dtype != form.pixels.type:
        images = _of_type(images, form.pixels.type)
    check_range(images, form.pixels)
    return images


def check_range(images: NDArray[Any], pixels: Pixels) -> None:
    """Refuse pixels outside the described range.

    Raises:
        InputError: with the first one that is outside.
    """
    if not images.size or (images.min() >= pixels.lowest and images.max() <= pixels.highest):
        return
    outside = images[~((images >= pixels.lowest) & (images <= pixels.highest))]
    raise InputError(f"pixels: must be from {pixels.lowest:g} to {pixels.highest:g}, got {outside.flat[0]:g}")


def _with_channels(image: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    wanted = shape[2] if len(shape) > 2 else None  # noqa: PLR2004 - height, width, channels
    had = image.shape[2] if image.ndim > 2 else None  # noqa: PLR2004
    if had == wanted:
        return image
    if had in {None, _GREY}:
        grey = image if had is None else image[..., 0]
        if wanted is None:
            return grey
        if wanted in {_GREY, _RGB}:
            return np.repeat(grey[..., None], wanted, axis=2)
    elif had == _RGB and wanted in {None, _GREY}:
        luma = _luma(image)
        return luma if wanted is None else luma[..., None]
    raise InputError(f"shape: must be {shape}, got {image.shape}")


def _luma(image: NDArray[Any]) -> NDArray[Any]:
    """Return the grey of a colour by Rec. 601, as Pillow does; one product after the other, rounded alike anywhere."""
    red, green, blue = (image[..., channel].astype(np.float64) for channel in range(_RGB))
    grey: NDArray[Any] = 0.299 * red + 0.587 * green + 0.114 * blue
    return grey.astype(np.float32) if image.dtype == np.float32 else np.rint(grey).astype(image.dtype)


def _resized(image: NDArray[Any], form: Form) -> NDArray[Any]:
    if form.resize is None:
        raise InputError(
            f"size: must be {form.image_shape[0]} x {form.image_shape[1]} (height x width), "
            f"got {image.shape[0]} x {image.shape[1]}; `resize: {{method: lanczos}}` in the description resizes"
        )
    if image.ndim == 2:  # noqa: PLR2004 - height and width
        return _resized_plane(image, form, form.resize)
    planes = [_resized_plane(image[..., channel], form, form.resize) for channel in range(image.shape[2])]
    return np.stack(planes, axis=2)


def _resized_plane(plane: NDArray[Any], form: Form, resize: Resize) -> NDArray[Any]:
    size = (form.image_shape[1], form.image_shape[0])
    method = Image.Resampling[resize.method.upper()]
    picture = Image.fromarray(plane if plane.dtype == np.uint8 else plane.astype(np.float32))
    match resize.fit:
        case "stretch":
            picture = picture.resize(size, method)
        case "crop":
            picture = ImageOps.fit(picture, size, method)
        case "pad":
            picture = ImageOps.pad(picture, size, method)
    resized: NDArray[Any] = np.asarray(picture)
    if plane.dtype == np.uint16:
        resized = np.clip(np.rint(resized), 0, np.iinfo(np.uint16).max)
    # Filters overshoot at edges; what was within the range stays there, and the black of `pad`.
    lowest = min(plane.min(), 0) if resize.fit == "pad" else plane.min()
    clipped: NDArray[Any] = np.clip(resized, lowest, plane.max())
    return clipped.astype(plane.dtype)


def _of_type(image: NDArray[Any], wanted: str) -> NDArray[Any]:
    """Turn 8 bits into 16 and back, so that white stays white; whole numbers of any type into what holds them."""
    if image.dtype == np.uint8 and wanted == "uint16":
        return image.astype(np.uint16) * 257
    if image.dtype == np.uint16 and wanted == "uint8":
        return np.rint(image / 257).astype(np.uint8)
    if wanted == "float32":
        return image.astype(np.float32)
    with np.errstate(invalid="ignore"):  # of what does not fit, which is found below
        cast: NDArray[Any] = image.astype(wanted)
    if not np.array_equal(cast, image):
        raise InputError(f"pixels: must be whole numbers of type {wanted}, got {image[cast != image].flat[0]:g}")
    return cast
