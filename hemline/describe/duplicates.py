"""Images that are there more than once, as they are or nearly so, found by their fingerprints."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# Bits of 256 in which the fine hashes of near duplicates differ at most. Of Fashion-MNIST's 70,000 images, 30 pairs are
# found so, all much alike; with 24 bits 75, with 48 bits 546, most of them different clothes.
FARTHEST = 16
# Each image is compared with so many with the same coarse hash; thousands may have it, where pictures are mostly empty.
_NEIGHBOURS = 64

Indices = NDArray[np.intp]


class Duplicates(NamedTuple):
    """Images in groups."""

    images: int  # how many are in a group of two or more
    groups: int  # how many such groups there are
    leaked: int  # how many test images are in a group with one that is not
    mislabelled: int  # how many groups have more than one label
    # the places of two images of one group, of different labels or sides if there are such; None without
    example: tuple[int, int] | None


def exact_groups(fingerprints: NDArray[np.void]) -> Indices:
    """Return the group of each image, (n,): those with the same pixels have the same."""
    return np.unique(fingerprints["exact"], return_inverse=True)[1]


def near_groups(fingerprints: NDArray[np.void], exact: Indices) -> Indices:
    """Return the group of each image, (n,): near duplicates, and near duplicates of these, have the same.

    Two images are near duplicates if their perceptual hashes are equal and their fine difference hashes differ in
    at most ``FARTHEST`` bits: the first is robust and the second exacting. Both know shapes only; a picture that is
    recoloured, but not one that is turned, is found. The cost grows with n log n. Exact groups are compared as one.
    """
    _, places = np.unique(exact, return_index=True)  # one image of each
    fine = fingerprints["fine"][places]
    coarse = np.unique(fingerprints["coarse"][places], return_inverse=True)[1]
    order = np.lexsort((*fine.T[::-1], coarse))
    first, second = [], []
    for step in range(1, min(_NEIGHBOURS, len(order))):
        left, right = order[:-step], order[step:]
        same = np.flatnonzero(coarse[left] == coarse[right])
        if not same.size:
            break
        left, right = left[same], right[same]
        near = np.bitwise_count(fine[left] ^ fine[right]).sum(axis=1) <= FARTHEST
        first.append(left[near])
        second.append(right[near])
    groups = _connected(first, second, len(places))
    return groups[exact]


def count_duplicates(groups: Indices, labels: NDArray[Any], is_test: NDArray[np.bool_]) -> Duplicates:
    """Count the images that share a group, given of each (n,) its group, its label, and whether it is a test image."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    several = sizes > 1
    labels, tests = labels[order], np.asarray(is_test[order], int)
    if not several.any():
        return Duplicates(0, 0, 0, 0, None)
    mixed = several & (np.minimum.reduceat(labels, starts) != np.maximum.reduceat(labels, starts))
    of_test = np.add.reduceat(tests, starts)
    both = (of_test > 0) & (of_test < sizes)
    worst = next(np.flatnonzero(kind)[0] for kind in (mixed, both, several) if kind.any())
    members = order[starts[worst] : starts[worst] + sizes[worst]]
    return Duplicates(
        int(sizes[several].sum()),
        int(several.sum()),
        int(of_test[both].sum()),
        int(mixed.sum()),
        _most_unlike(members, labels[starts[worst] : starts[worst] + sizes[worst]], is_test[members]),
    )


def near_only(groups: Indices, exact: Indices) -> Indices:
    """Return near groups (n,) without those whose images are all exact copies of each other: these get one each."""
    together = np.zeros(groups.max(initial=-1) + 1, int)
    pairs = np.unique(np.stack([groups, exact]), axis=1)
    np.add.at(together, pairs[0], 1)
    alone = together[groups] == 1
    apart: Indices = groups.copy()
    apart[alone] = len(together) + np.arange(alone.sum())
    return apart


def _most_unlike(members: Indices, labels: NDArray[Any], is_test: NDArray[np.bool_]) -> tuple[int, int]:
    other = np.flatnonzero(labels != labels[0])
    if not other.size:
        other = np.flatnonzero(is_test != is_test[0])
    return int(members[0]), int(members[other[0] if other.size else 1])


def _connected(first: list[Indices], second: list[Indices], count: int) -> Indices:
    left, right = (np.concatenate(each) if each else np.empty(0, np.intp) for each in (first, second))
    graph = coo_array((np.ones(len(left), bool), (left, right)), shape=(count, count))
    groups: Indices = connected_components(graph, directed=False)[1].astype(np.intp)
    return groups
