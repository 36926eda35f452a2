"""Test images that the training has seen: the same pixels, in the training or the validation set."""

import hashlib
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled


class Duplicates(NamedTuple):
    """Which test images are in another set, too, pixel for pixel, and which have another label there; bool (n,) each.

    What is relabelled is found, too.
    """

    found: NDArray[np.bool_]
    relabelled: NDArray[np.bool_]


def find_duplicates(test: Labelled, *others: Labelled) -> Duplicates:
    """Find the test images that other sets have, too, and those that have another label there.

    Equal is what has the same SHA-256, as everywhere in this project. Of each set, one image after the other is looked
    at, and digests are kept of the test images only: memory-mapped arrays need not fit into memory.

    Args:
        test: images of any shape and type, (n, ...), and their labels (n,).
        others: sets with images of the same shape and type.

    Returns:
        For each test image whether it is in any of the others, and whether it has another label in any of them.
    """
    digests = [_digest(image) for image in test.images]
    labels_seen: dict[bytes, set[int]] = {digest: set() for digest in digests}
    # Three times as fast as a digest, and of images that differ, it is nearly always another.
    checksums = {_checksum(image) for image in test.images}
    for other in others:
        for image, label in zip(other.images, other.labels.tolist(), strict=True):
            if _checksum(image) in checksums and (digest := _digest(image)) in labels_seen:
                labels_seen[digest].add(label)
    seen = [labels_seen[digest] for digest in digests]
    relabelled = [bool(labels - {own}) for labels, own in zip(seen, test.labels.tolist(), strict=True)]
    return Duplicates(np.array([bool(labels) for labels in seen], np.bool_), np.array(relabelled, np.bool_))


def _checksum(image: NDArray[np.generic]) -> int:
    return zlib.crc32(np.ascontiguousarray(image).data)


def _digest(image: NDArray[np.generic]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(image).data).digest()
