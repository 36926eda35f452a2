"""The same pixels twice: test images that the training has seen, and test images that are one and the same."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.data.digests import image_digests
from hemline.data.normalized import Labelled


class Duplicates(NamedTuple):
    """Test images that are in another set, pixel for pixel, and those with another label there; bool (n,)."""

    found: NDArray[np.bool_]
    relabelled: NDArray[np.bool_]


def find_duplicates(test: Labelled, *others: Labelled) -> Duplicates:
    """Find the test images that other sets have, too, and those that have another label there, bool (n,) each.

    Images are (n, ...) of any shape and type, the same in all sets, and are looked at one after the other:
    memory-mapped arrays need not fit into memory.
    """
    own = image_digests(test.images)
    seen: dict[int, set[int]] = defaultdict(set)  # by digest, the labels in other sets
    for other in others:
        digests = image_digests(other.images)
        for place in np.flatnonzero(np.isin(digests, own)).tolist():
            seen[int(digests[place])].add(int(other.labels[place]))
    labels = [seen.get(digest, set()) for digest in own.tolist()]
    relabelled = [bool(each - {label}) for each, label in zip(labels, test.labels.tolist(), strict=True)]
    return Duplicates(np.array([*map(bool, labels)], bool), np.array(relabelled, bool))


def group_images(images: NDArray[np.generic], known: NDArray[np.integer] | None) -> NDArray[np.int32] | None:
    """Return the group of each image of a set (n, ...), from 0: of those of one object, and of the same pixels.

    Where integers (n,) are known, images of one object have the same. None: every image is a group by itself.
    """
    groups = np.arange(len(images)) if known is None else np.unique(known, return_inverse=True)[1]
    _, first, same = np.unique(image_digests(images), return_index=True, return_inverse=True)
    for place in np.flatnonzero(first[same] != np.arange(len(images))).tolist():
        own, twin = groups[place], groups[first[same[place]]]
        groups[groups == own] = twin
    numbers, groups = np.unique(groups, return_inverse=True)
    return None if len(numbers) == len(images) else groups.astype(np.int32)
