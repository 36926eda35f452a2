"""Properties of images, one by one; hashes are computed beside the reading, as both take equally long."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

import joblib
import numpy as np
from numpy.typing import NDArray

from hemline.data.levels import Levels, count_levels
from hemline.describe.fingerprint import Fingerprint, fingerprint
from hemline.errors import InputError
from hemline.images.parallel import in_order
from hemline.processes.helper import helper_process

Image = NDArray[Any]
# Bytes of an image; from there on, NumPy and Pillow work longer on it than Python does, and threads will do. Of smaller
# ones, most is done in Python: another process does that, for so many at a time.
_LARGE = 2**16
_BATCH = 256
# So many images are worth the second or two that another process takes to start.
_MANY = 5000
_COLOURS = 3


class Seen(NamedTuple):
    """The properties of one image."""

    shape: tuple[int, ...]  # (height, width) or (height, width, channels)
    type: str  # of NumPy
    lowest: float  # its smallest pixel
    highest: float  # its largest pixel
    coloured: bool  # whether any pixel is not grey
    fingerprint: Fingerprint  # its hashes
    levels: Levels  # its pixels, counted


def look(images: Iterable[Image | InputError], count: int) -> Iterator[Seen | InputError]:
    """Yield the properties of each image, in their order; memory holds a few hundred small images, or a few large ones.

    Errors, of images that cannot be read, are passed on; ``count`` is how many there are, roughly.
    """
    cores = joblib.cpu_count()
    with ExitStack() as stack:
        threads: Executor = stack.enter_context(ThreadPoolExecutor(cores))
        helper = stack.enter_context(helper_process(max(1, cores - 1))) if count >= _MANY else None
        for batch in in_order(_begin(batch, threads, helper) for batch in _batches(images)):
            yield from batch


def see(image: Image) -> Seen:
    """Return the properties of an image."""
    lowest, highest = float(image.min()), float(image.max())
    hashes = fingerprint(image, lowest, highest)
    return Seen(image.shape, image.dtype.name, lowest, highest, _is_coloured(image), hashes, count_levels(image))


def _begin(
    batch: list[Image | InputError], threads: Executor, helper: Executor | None
) -> Callable[[], list[Seen | InputError]]:
    if _is_large(batch[0]):
        return threads.submit(_see_all, batch).result
    return helper.submit(_see_all, batch).result if helper else partial(_see_all, batch)


def _see_all(batch: list[Image | InputError]) -> list[Seen | InputError]:
    return [image if isinstance(image, InputError) else see(image) for image in batch]


def _batches(images: Iterable[Image | InputError]) -> Iterator[list[Image | InputError]]:
    """Yield small images many at a time, and large ones one by one."""
    batch: list[Image | InputError] = []
    for image in images:
        large = _is_large(image)
        if batch and (large or len(batch) == _BATCH):
            yield batch
            batch = []
        if large:
            yield [image]
        else:
            batch.append(image)
    if batch:
        yield batch


def _is_large(image: Image | InputError) -> bool:
    return isinstance(image, np.ndarray) and image.nbytes > _LARGE


def _is_coloured(image: Image) -> bool:
    if image.ndim < _COLOURS or image.shape[2] != _COLOURS:
        return False
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    return not (np.array_equal(red, green) and np.array_equal(green, blue))
