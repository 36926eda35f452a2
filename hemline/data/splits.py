"""Raw images to scaled training, validation and test sets."""

import numpy as np

from hemline.data.normalized import Labelled
from hemline.data.raw import RawImages
from hemline.data.scaling import scale
from hemline.errors import InputError

# Part of what defines the split, like the share itself; the seeds of params.yaml vary the trainings on one same split.
_SPLIT_SEED = 0


def split(raw: RawImages, *, divisor: float, validation_split: float) -> dict[str, Labelled]:
    """Scale all images, and take the validation set, stratified by class, out of the training set.

    Args:
        raw: the data set as it was published.
        divisor: pixels are divided by this.
        validation_split: the share of the validation set; with a share of 0 it is empty.

    Returns:
        The sets "train", "validation" and "test"; the order of the images is kept in each.

    Raises:
        InputError: the share leaves a class without an image on one side.
    """
    everything = np.arange(len(raw.train_labels))
    train, validation = everything, everything[:0]
    if validation_split:
        from sklearn.model_selection import train_test_split  # noqa: PLC0415 - slow, and not for those who only read

        try:
            train, validation = train_test_split(
                everything, test_size=validation_split, stratify=raw.train_labels, random_state=_SPLIT_SEED
            )
        except ValueError as error:
            raise InputError(
                f"normalize.validation_split: must leave images of every class on both sides, "
                f"got {validation_split}: {error}"
            ) from None
    parts = {
        "train": (raw.train_images, raw.train_labels, np.sort(train)),
        "validation": (raw.train_images, raw.train_labels, np.sort(validation)),
        "test": (raw.test_images, raw.test_labels, np.arange(len(raw.test_labels))),
    }
    return {
        name: Labelled(scale(images[indices], divisor), labels[indices])
        for name, (images, labels, indices) in parts.items()
    }
