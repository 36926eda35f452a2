"""Raw images to scaled training, validation and test sets."""

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled
from hemline.data.raw import RawImages
from hemline.data.scaling import scale
from hemline.errors import InputError

# Part of what defines the split, like the share itself; the seeds of params.yaml vary the trainings on one same split.
_SPLIT_SEED = 0


def split(raw: RawImages, *, divisor: float, validation_split: float, train_share: float = 1.0) -> dict[str, Labelled]:
    """Scale all images, and take the validation set, stratified by class, out of the training set.

    Args:
        raw: the data set as it was published.
        divisor: pixels are divided by this.
        validation_split: the share of the validation set; with a share of 0 it is empty.
        train_share: the share of the training images that is used at all, stratified like the validation set.

    Returns:
        The sets "train", "validation" and "test"; the order of the images is kept in each.

    Raises:
        InputError: a share leaves a class without an image on one side.
    """
    used = np.arange(len(raw.train_labels))
    if train_share < 1:
        _, used = _stratified(used, raw.train_labels, train_share, "train_share")
    train, validation = used, used[:0]
    if validation_split:
        train, validation = _stratified(used, raw.train_labels, validation_split, "validation_split")
    parts = {
        "train": (raw.train_images, raw.train_labels, np.sort(train)),
        "validation": (raw.train_images, raw.train_labels, np.sort(validation)),
        "test": (raw.test_images, raw.test_labels, np.arange(len(raw.test_labels))),
    }
    return {
        name: Labelled(scale(images[indices], divisor), labels[indices])
        for name, (images, labels, indices) in parts.items()
    }


def _stratified(
    indices: NDArray[np.intp], labels: NDArray[np.uint8], share: float, key: str
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices without, and within, a share that holds as much of each class."""
    from sklearn.model_selection import train_test_split  # noqa: PLC0415 - slow, and not for those who only read

    try:
        rest, taken = train_test_split(indices, test_size=share, stratify=labels[indices], random_state=_SPLIT_SEED)
    except ValueError as error:
        raise InputError(
            f"normalize.{key}: must leave images of every class on both sides, got {share}: {error}"
        ) from None
    return rest, taken
