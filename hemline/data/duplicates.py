"""The same pixels twice: test images that the training has seen, and test images that are one and the same."""

import hashlib
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled

# Images of another set that are looked up at once.
_ROWS = 4096


class Duplicates(NamedTuple):
    """Which test images are in another set, pixel for pixel, and which have another label there; bool (n,)."""

    found: NDArray[np.bool_]
    relabelled: NDArray[np.bool_]


def find_duplicates(test: Labelled, *others: Labelled) -> Duplicates:
    """Find the test images that other sets have, too, and those that have another label there, bool (n,) each.

    Equal is what has the same SHA-256, as everywhere in this project. Of each set, one image after the other is looked
    at, and a checksum of 4 bytes is kept of each test image: memory-mapped arrays need not fit into memory. Images are
    (n, ...) of any shape and type, the same in all sets.
    """
    checksums = _checksums(test.images)
    wanted = np.unique(checksums)
    shared, labels_seen = set[int](), dict[bytes, set[int]]()
    for other in others:
        for start in range(0, len(other.labels), _ROWS):
            images, labels = (each[start : start + _ROWS] for each in (other.images, other.labels))
            own = _checksums(images)
            for place in np.flatnonzero(np.isin(own, wanted)).tolist():
                shared.add(int(own[place]))
                labels_seen.setdefault(_digest(images[place]), set()).add(int(labels[place]))
    found, relabelled = np.zeros((2, len(checksums)), np.bool_)
    for place in np.flatnonzero(np.isin(checksums, list(shared))).tolist():
        seen = labels_seen.get(_digest(test.images[place]), set())
        found[place], relabelled[place] = bool(seen), bool(seen - {int(test.labels[place])})
    return Duplicates(found, relabelled)


def group_test_images(images: NDArray[np.generic], known: NDArray[np.integer] | None) -> NDArray[np.int32] | None:
    """Return the group of each test image (n, ...), from 0: of those of one object, and of the same pixels.

    Where integers (n,) are known, images of one object have the same. None: every image is a group by itself.
    """
    groups = np.arange(len(images)) if known is None else np.unique(known, return_inverse=True)[1]
    checksums = _checksums(images)
    values, counts = np.unique(checksums, return_counts=True)
    first: dict[bytes, int] = {}
    for place in np.flatnonzero(np.isin(checksums, values[counts > 1])).tolist():
        own, same = groups[place], groups[first.setdefault(_digest(images[place]), place)]
        if own != same:
            groups[groups == own] = same
    numbers, groups = np.unique(groups, return_inverse=True)
    return None if len(numbers) == len(images) else groups.astype(np.int32)


def _checksums(images: NDArray[np.generic]) -> NDArray[np.uint32]:
    """Return those of images (n, ...): found three times as fast as digests, and nearly as sure to differ."""
    return np.fromiter((zlib.crc32(np.ascontiguousarray(image).data) for image in images), np.uint32, len(images))


def _digest(image: NDArray[np.generic]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(image).data).digest()
