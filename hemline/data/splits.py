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


def choose_per_seed(
    parts: Mapping[Part, Labels],
    seeds: Iterable[int],
    *,
    split: Split | None = None,
    validation_split: float,
    train_share: float = 1.0,
) -> SeedSplits:
    """Choose the images of the test, and of each seed's validation set: for seed 0, those that ``choose`` chooses.

    Args:
        parts: train and test; or all.
        seeds: of the trainings.
        split: as in ``choose``.
        validation_split: likewise; above 0.
        train_share: likewise; all seeds have the same share.

    Raises:
        InputError: as ``choose``.
    """
    source, used, test = _pool_and_test(parts, split, train_share)
    pool = np.sort(used)
    validation = {
        seed: np.searchsorted(pool, np.sort(_divide(used, parts[source], validation_split, _VALIDATION, seed)[1]))
        for seed in seeds
    }
    return SeedSplits(Chosen(source, pool), test, validation)


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
