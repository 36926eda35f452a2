"""The split into training, validation and test images: places in the parts of a data set; no image is read."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hemline.data.description import Part, Split
from hemline.data.labels import Labels
from hemline.errors import InputError

# Part of what defines the split, like the share itself. The seeds of params.yaml vary the trainings on this one split,
# unless each of them is to have its own.
_SPLIT_SEED = 0

_VALIDATION = "normalize.validation_split"

Indices = NDArray[np.intp]
Integers = NDArray[np.integer[Any]]


class Chosen(NamedTuple):
    """Images of a set: the part that they are in, and their places there, ascending."""

    part: Part
    indices: Indices


def choose(
    parts: Mapping[Part, Labels], *, split: Split | None = None, validation_split: float, train_share: float = 1.0
) -> dict[str, Chosen]:
    """Choose the images of "train", "validation" and "test".

    Args:
        parts: train and test, and validation where one is given; or all.
        split: how the test set is taken out of all.
        validation_split: the share of the training images that the validation set takes, stratified by class; with a
            share of 0, it is empty. Not used where a validation set is given.
        train_share: the share of the training images that is used at all, stratified like the validation set.

    Returns:
        The sets; the order of the images is kept in each.

    Raises:
        InputError: a share leaves a class without an image on one side.
    """
    source, used, test = _pool_and_test(parts, split, train_share)
    if "validation" in parts:
        validation = Chosen("validation", np.arange(len(parts["validation"].codes)))
    else:
        taken = used[:0]
        if validation_split:
            used, taken = _divide(used, parts[source], validation_split, _VALIDATION)
        validation = Chosen(source, np.sort(taken))
    return {"train": Chosen(source, np.sort(used)), "validation": validation, "test": test}


class SeedSplits(NamedTuple):
    """The sets where each seed has a validation set of its own."""

    pool: Chosen  # the images for training and validation
    test: Chosen
    validation: dict[int, Indices]  # by seed, places in the pool, ascending
    train: dict[int, Indices]  # likewise; empty where it has all others


def choose_per_seed(
    parts: Mapping[Part, Labels],
    seeds: Iterable[int],
    *,
    split: Split | None = None,
    validation_split: float,
    train_share: float = 1.0,
    train_images: int | None = None,
) -> SeedSplits:
    """Choose the images of the test, and of each seed's validation set: for seed 0, those that ``choose`` chooses.

    Args:
        parts: train and test; or all.
        seeds: of the trainings.
        split: as in ``choose``.
        validation_split: likewise; above 0.
        train_share: likewise; all seeds have the same share.
        train_images: the number of images for training and validation that each seed draws; None: all.

    Raises:
        InputError: as ``choose``.
    """
    source, used, test = _pool_and_test(parts, split, train_share)
    pool, validation, train = np.sort(used), {}, {}
    for seed in seeds:
        own = used if train_images is None else _first_of(used, parts[source], train_images, seed)
        rest, taken = _divide(own, parts[source], validation_split, _VALIDATION, seed)
        validation[seed] = np.searchsorted(pool, np.sort(taken))
        if train_images is not None:
            train[seed] = np.searchsorted(pool, np.sort(rest))
    return SeedSplits(Chosen(source, pool), test, validation, train)


def _first_of(indices: Indices, part: Labels, number: int, seed: int) -> Indices:
    """Return the first images in a seed's random order, so that a larger number contains those of a smaller one.

    Any number of them has each class in its share, or consists of whole groups.
    """
    shuffled = np.random.default_rng(seed).permutation(indices)
    if part.groups is not None:
        _, first, group = np.unique(part.groups[shuffled], return_index=True, return_inverse=True)
        ordered = shuffled[np.argsort(first[group], kind="stable")]
        ends = np.flatnonzero(np.diff(part.groups[ordered], append=-1)) + 1
        fitting = int(np.searchsorted(ends, number, "right"))
        return ordered[: ends[max(fitting - 1, 0)]]
    codes = part.codes[shuffled]
    by_class = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    place = np.empty(len(codes))
    place[by_class] = np.concatenate([(np.arange(count) + 0.5) / count for count in counts if count])
    return shuffled[np.argsort(place, kind="stable")[:number]]


def _pool_and_test(
    parts: Mapping[Part, Labels], split: Split | None, train_share: float
) -> tuple[Part, Indices, Chosen]:
    """Return the part for training and validation, the images of it to use, in any order, and the test set."""
    source: Part = "train"
    if split is None:
        test = Chosen("test", np.arange(len(parts["test"].codes)))
        used = np.arange(len(parts["train"].codes))
    else:
        source = "all"
        used = np.arange(len(parts["all"].codes))
        used, taken = _divide(used, parts["all"], split.test, "split.test", split.seed)
        used, test = np.sort(used), Chosen("all", np.sort(taken))
    if train_share < 1:
        _, used = _divide(used, parts[source], train_share, "normalize.train_share")
    return source, used, test


def _divide(indices: Indices, part: Labels, share: float, key: str, seed: int = _SPLIT_SEED) -> tuple[Indices, Indices]:
    """Return the indices without, and within, a share that holds as much of each class."""
    labels = part.codes[indices]
    try:
        if part.groups is not None:
            return _by_groups(indices, labels, part.groups[indices], share, seed)
        from sklearn.model_selection import train_test_split  # noqa: PLC0415 - slow, and not for those who only read

        rest, taken = train_test_split(indices, test_size=share, stratify=labels, random_state=seed)
    except ValueError:
        # What scikit-learn says names neither the key nor the class.
        rarest = int(np.bincount(labels)[np.unique(labels)].min())
        raise InputError(
            f"{key}: must leave images of each of {len(np.unique(labels))} classes on both sides of {len(labels)} "
            f"images ({rarest} of the rarest class), got {share:g}"
        ) from None
    return rest, taken


def _by_groups(
    indices: Indices, labels: Integers, groups: Integers, share: float, seed: int
) -> tuple[Indices, Indices]:
    """Divide whole groups, so that the classes' shares are as equal as that allows."""
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - slow, and not for those who only read

    # A fold is one part of equally many: the nearest to the share, of this or of what is left.
    small = min(share, 1 - share)
    folds = StratifiedGroupKFold(max(2, round(1 / small)), shuffle=True, random_state=seed)
    rest, taken = next(folds.split(indices[:, None], labels, groups))
    if share > 1 / 2:
        rest, taken = taken, rest
    if not set(np.unique(labels)) == set(np.unique(labels[rest])) == set(np.unique(labels[taken])):
        raise ValueError
    return indices[rest], indices[taken]
