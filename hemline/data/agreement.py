"""Whether ``params.yaml`` and the description of its data set agree: from their numbers alone, no image is read."""

import math

from hemline.data.description import Dataset
from hemline.errors import InputError
from hemline.params import Params


def check_agreement(params: Params, dataset: Dataset) -> None:
    """Refuse what could not be split, or not be cut into batches.

    Raises:
        InputError: the key, the rule, the value received.
    """
    images, classes = dataset.files.train_images.count, len(dataset.classes)
    share = params.normalize.validation_split
    validation = math.ceil(share * images)  # as scikit-learn rounds
    training = images - validation
    if share and min(training, validation) < classes:
        raise InputError(
            f"params.yaml: normalize.validation_split: must leave images of every one of {classes} classes on both "
            f"sides of {images} training images, got {share}"
        )
    for variant in params.variants:
        batch_size = params.training(variant).batch_size
        if batch_size > training:
            raise InputError(
                f"params.yaml: batch_size: must be at most the number of training images, {training}, "
                f"got {batch_size} (variant {variant})"
            )
