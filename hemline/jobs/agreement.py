"""Checks ``params.yaml`` against the description of its data set, without reading images."""

import math

from hemline.data.description import Dataset
from hemline.errors import InputError
from hemline.families.registry import family_of
from hemline.params import Params


def check_agreement(params: Params, dataset: Dataset) -> None:
    """Check that the data can be split, and that each family can train on it.

    Raises:
        InputError: the key, the rule, the value received.
    """
    normalize, classes = params.normalize, len(dataset.classes)
    published = dataset.training_images
    used = math.ceil(normalize.train_share * published)  # as scikit-learn rounds
    if normalize.train_share < 1:
        _check_sides("train_share", normalize.train_share, used, published, classes)
    if normalize.train_images is not None:
        used = normalize.train_images
        if used > published:
            raise InputError(f"params.yaml: normalize.train_images: must be at most {published}, got {used}")
    validation = math.ceil(normalize.validation_split * used)
    if normalize.split == "per_seed":
        _check_split(params, dataset)
    if normalize.validation_split:
        _check_sides("validation_split", normalize.validation_split, validation, used, classes)
    for variant in params.variants:
        training = params.training(variant)
        try:
            family_of(training).check(training, used - validation)
        except InputError as error:
            raise InputError(f"params.yaml: {error} (variant {variant})") from None


def _check_split(params: Params, dataset: Dataset) -> None:
    """Refuse a split for each seed where there is nothing to draw, or no other seed to compare it with."""
    reasons = {
        "normalize.validation_split is 0": not params.normalize.validation_split,
        f"data/{dataset.name}.yaml has a validation part of its own": "validation" in dataset.counts,
        "there is a single seed, so a single split": len(params.seeds) == 1,
    }
    if reason := next((reason for reason, holds in reasons.items() if holds), None):
        raise InputError(f"params.yaml: normalize.split: must be fixed where {reason}, got per_seed")


def _check_sides(key: str, share: float, taken: int, images: int, classes: int) -> None:
    if min(taken, images - taken) < classes:
        raise InputError(
            f"params.yaml: normalize.{key}: must leave images of every one of {classes} classes on both sides of "
            f"{images} training images, got {share}"
        )
