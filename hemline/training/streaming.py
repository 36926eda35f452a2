"""Sets that are trained on or watched: held in memory, or, where they are too large, streamed from their files.

Streamed, an epoch is cut into chunks; while one is trained on, a thread gathers the next from the memory-mapped files.
The order is one permutation of all images either way, and the compiled steps are the same: so are the results, bit for
bit. A watched set is cut into parts, in its own order.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled
from hemline.data.rows import Rows
from hemline.training.available import available_bytes
from hemline.training.dense import blocks
from hemline.training.mapped import Mapped
from hemline.training.tensorflow import devices, tf

# The most bytes of images held in memory ...
RESIDENT_BYTES = 2 * 2**30
# ... but no more than this share of what is free.
_SHARE = 1 / 4
# Of a chunk, unless those of all trainings together were more than that share, too.
CHUNK_BYTES = 128 * 2**20
# The most chunks per training: in use, waiting, being gathered.
_CHUNKS = 3
# The bytes read from a file at once.
_READ_BYTES = 4 * 2**20
# Bytes of the longest register.
_ALIGNED = 64


class Pixels(NamedTuple):
    """Images in memory, as they came: a quarter of what float32 would take, and scaled in every step as fast.

    Attributes:
        blocks: for each block of pixels that a dense layer sums up, (m, pixels of it): to split images in every step
            would copy them.
        scale: float32 scalar, by which they are divided; an argument of the program, because XLA would make a product
            with its reciprocal of a constant, whose last bits differ.
    """

    blocks: list[tf.Tensor]
    scale: tf.Tensor


class Chunk(NamedTuple):
    """Some images, and the steps to take on them."""

    images: Pixels
    labels: tf.Tensor  # int32 (m,)
    order: tf.Tensor  # int32 (batches, batch size): indices of images
    n_images: tf.Tensor  # int32: the number of valid indices in order; the others are padding


class Held(NamedTuple):
    """A labelled set, or a part of one, in memory: its pixels, and its labels, int32 (m,)."""

    images: Pixels
    labels: tf.Tensor


def hold(labelled: Labelled) -> Held:
    """Copy a set into memory."""
    return Held(in_blocks(labelled.images, labelled.scale), tf.constant(labelled.labels, tf.int32))


class Resident:
    """A training set in memory: one chunk, whatever the order."""

    def __init__(self, held: Held) -> None:
        self._images, self._labels = held

    def chunks(self, order: NDArray[np.int32]) -> Iterator[Chunk]:
        """Yield everything; ``order`` as ``Streamed`` takes it."""
        yield Chunk(self._images, self._labels, tf.constant(order), tf.constant(len(self._labels)))


class Streamed:
    """A training set in memory-mapped files."""

    def __init__(self, labelled: Labelled, batch_size: int) -> None:
        self._labelled, self._batch_size = labelled, batch_size
        self._n_batches = _batches_in_a_chunk(labelled, batch_size)
        images: Any = labelled.images
        rows = images if isinstance(images, Rows) else None
        self._images: NDArray[Any] = images if rows is None else rows.array
        self._places = None if rows is None else rows.places
        larger_than_memory = self._images.nbytes > available_bytes()
        self._mapped = Mapped(self._images) if larger_than_memory and Mapped.can(self._images) else None

    def chunks(self, order: NDArray[np.int32]) -> Iterator[Chunk]:
        """Yield the images in ``order``, int32 (batches, batch size), whose last batch may be padded."""
        in_order = tf.reshape(tf.range(self._n_batches * self._batch_size), (self._n_batches, self._batch_size))
        with ThreadPoolExecutor(1, thread_name_prefix="streaming") as executor:
            starts = range(0, len(order), self._n_batches)
            ahead = executor.submit(self._gather, order, 0)
            for start in starts:
                images, labels = ahead.result()
                if start != starts[-1]:
                    ahead = executor.submit(self._gather, order, start + self._n_batches)
                n_images = min(len(labels), len(self._labelled.labels) - start * self._batch_size)
                # Tensors are made here, because the thread knows nothing of the training's device.
                yield Chunk(_pixels(images, self._labelled.scale), tf.constant(labels), in_order, tf.constant(n_images))

    def _gather(self, order: NDArray[np.int32], start: int) -> tuple[list[NDArray[Any]], NDArray[np.int32]]:
        """Read the chunk whose first batch is ``start``; every chunk has the same shape, so that one program fits."""
        indices = order[start : start + self._n_batches].ravel()
        # In the order of the file, which disks and the page cache read faster.
        ascending = np.argsort(indices, kind="stable")
        size = self._n_batches * self._batch_size
        labels = np.zeros(size, np.int32)
        labels[ascending] = self._labelled.labels[indices[ascending]]
        wanted: NDArray[Any] = indices if self._places is None else self._places[indices]
        images = self._mapped.array if self._mapped else self._images
        flat = images.reshape(len(images), -1)
        n_pixels = flat.shape[1]
        split = _empty_blocks(size, n_pixels, flat.dtype)
        # A few images at a time: to index them all at once would hold the chunk once more.
        rows = max(1, _READ_BYTES // (flat.itemsize * n_pixels))
        for first in range(0, len(indices), rows):
            places = ascending[first : first + rows]
            if self._mapped:
                self._mapped.ask_for(wanted[places].tolist())
            read = flat[wanted[places]]
            for block, target in zip(blocks(n_pixels), split, strict=True):
                target[places] = read[:, block]
        return split, labels


class Parts:
    """A set that is watched: its images in their order, a part of a large file at a time."""

    def __init__(self, labelled: Labelled, batch_size: int, hold: Callable[[Labelled], Held] = hold) -> None:
        """Read it into memory if it is small enough.

        Args:
            labelled: the set, of one image or more.
            batch_size: of whose multiples all parts are, apart from the last.
            hold: puts it into memory.
        """
        self._labelled = labelled
        n_images = len(labelled.labels)
        size = batch_size * _batches_in_a_chunk(labelled, batch_size)
        # The last one takes the rest: as few sizes as possible are to be compiled for, and none below a batch.
        self._bounds = list(itertools.pairwise([*range(0, max(n_images - size, 0) + 1, size), n_images]))
        self._held = [hold(labelled)] if _fits(labelled) else []

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._labelled.labels)

    def __iter__(self) -> Iterator[Held]:
        """Yield images and labels, int32."""
        return iter(self._held) if self._held else self._read(self._bounds)

    def of_each_size(self) -> Iterator[Held]:
        """Yield a part of each occurring size."""
        sizes = {end - start: (start, end) for start, end in self._bounds}
        return iter(self._held) if self._held else self._read(sizes.values())

    def _read(self, bounds: Iterable[tuple[int, int]]) -> Iterator[Held]:
        for start, end in bounds:
            part = self._labelled._replace(
                images=self._labelled.images[start:end], labels=self._labelled.labels[start:end]
            )
            yield hold(part)


def in_blocks(images: NDArray[Any], scale: float) -> Pixels:
    """Return images (m, h, w) or (m, h, w, channels) as tensors of pixels, which own the only copy that is made."""
    flat = images.reshape(len(images), -1)
    return _pixels([np.array(flat[:, block], order="C") for block in blocks(flat.shape[1])], scale)


def _empty_blocks(size: int, n_pixels: int, dtype: np.dtype[Any]) -> list[NDArray[Any]]:
    """Return zeros (size, pixels of it) for each block of pixels, in one piece of memory.

    Of pieces that are small, the allocator keeps more than are used.
    """
    shapes = [(size, block.stop - block.start) for block in blocks(n_pixels)]
    # Each starts as the first one does, to the width of the longest register.
    aligned = _ALIGNED // dtype.itemsize
    ends = list(itertools.accumulate(-(-rows * columns // aligned) * aligned for rows, columns in shapes))
    whole = np.zeros(ends[-1], dtype)
    starts = [0, *ends[:-1]]
    return [whole[start : start + math.prod(shape)].reshape(shape) for start, shape in zip(starts, shapes, strict=True)]


def _pixels(arrays: list[NDArray[Any]], scale: float) -> Pixels:
    """Return tensors that share the arrays' memory; `tf.constant` holds the images twice while it copies them."""
    shared = [tf.experimental.dlpack.from_dlpack(array.__dlpack__()) for array in arrays]
    return Pixels(shared, tf.constant(scale, tf.float32))


def resident_or_streamed(
    labelled: Labelled, batch_size: int, hold: Callable[[Labelled], Held] = hold
) -> Resident | Streamed:
    """Return the training set in memory if it is small enough, by ``hold``, and streamed otherwise."""
    return Resident(hold(labelled)) if _fits(labelled) else Streamed(labelled, batch_size)


def _batches_in_a_chunk(labelled: Labelled, batch_size: int) -> int:
    together = available_bytes() * _SHARE / (_CHUNKS * len(devices()))
    batch_bytes = labelled.images.itemsize * batch_size * math.prod(labelled.images.shape[1:])
    return max(1, int(min(CHUNK_BYTES, together)) // batch_bytes)


def _fits(labelled: Labelled) -> bool:
    return labelled.images.nbytes <= min(RESIDENT_BYTES, available_bytes() * _SHARE)
