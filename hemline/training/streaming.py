"""A training set in the order of an epoch: held in memory, or, where it is too large, streamed from its files.

Streamed, an epoch is cut into chunks; while one is trained on, a thread gathers the next from the memory-mapped files.
The order is one permutation of all images either way, and the compiled steps are the same: so are the results, bit for
bit.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled
from hemline.training.dense import blocks
from hemline.training.tensorflow import tf

# Images up to so many bytes, as float32, are held in memory.
RESIDENT_BYTES = 2 * 2**30
# Of a chunk; each training holds three at most: in use, waiting, being gathered.
CHUNK_BYTES = 128 * 2**20


# For each block of pixels that a dense layer sums up, float32 (m, pixels of it): to cut images in every step would
# copy them.
Pixels = list[tf.Tensor]


class Chunk(NamedTuple):
    """Some images, and the steps to take on them."""

    images: Pixels
    labels: tf.Tensor  # int32 (m,)
    order: tf.Tensor  # int32 (batches, batch size): indices of images
    n_images: tf.Tensor  # int32: so many of order's indices count; the others are padding


class Held(NamedTuple):
    """A labelled set in memory: its pixels, and its labels, int32 (m,)."""

    images: Pixels
    labels: tf.Tensor


def hold(labelled: Labelled) -> Held:
    """Copy a set into memory."""
    return Held(in_blocks(labelled.images), tf.constant(labelled.labels, tf.int32))


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
        image_bytes = 4 * int(np.prod(labelled.images.shape[1:]))
        self._n_batches = max(1, CHUNK_BYTES // (image_bytes * batch_size))

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
                yield Chunk(in_blocks(images), tf.constant(labels), in_order, tf.constant(n_images))

    def _gather(self, order: NDArray[np.int32], start: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Read the chunk whose first batch is ``start``; every chunk has the same shape, so that one program fits."""
        indices = order[start : start + self._n_batches].ravel()
        # In the order of the file, which disks and the page cache read faster.
        ascending = np.argsort(indices, kind="stable")
        size = self._n_batches * self._batch_size
        images = np.zeros((size, *self._labelled.images.shape[1:]), np.float32)
        labels = np.zeros(size, np.int32)
        images[ascending] = self._labelled.images[indices[ascending]]
        labels[ascending] = self._labelled.labels[indices[ascending]]
        return images, labels


def in_blocks(images: NDArray[np.float32]) -> Pixels:
    """Return images (m, h, w) or (m, h, w, channels) as tensors of pixels, which own the only copy that is made."""
    flat = images.reshape(len(images), -1)
    cut = [np.array(flat[:, block], np.float32, order="C") for block in blocks(flat.shape[1])]
    # A tensor that shares the array's memory; `tf.constant` holds the images twice while it copies them.
    return [tf.experimental.dlpack.from_dlpack(array.__dlpack__()) for array in cut]


def resident_or_streamed(
    labelled: Labelled, batch_size: int, hold: Callable[[Labelled], Held] = hold
) -> Resident | Streamed:
    """Return the training set in memory if it is small enough, by ``hold``, and streamed otherwise."""
    if 4 * labelled.images.size <= RESIDENT_BYTES:
        return Resident(hold(labelled))
    return Streamed(labelled, batch_size)
