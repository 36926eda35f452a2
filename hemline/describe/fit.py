"""Settings of ``params.yaml`` that fit a data set: by its pixels, its classes and its number of images."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hemline.data.description import Part, Split
from hemline.data.imbalance import is_imbalanced
from hemline.data.labels import Labels
from hemline.data.levels import NO_LEVELS, Levels, quantile
from hemline.data.pixels import Pixels
from hemline.data.splits import Chosen, choose
from hemline.errors import InputError

# What a training takes: Fashion-MNIST's five epochs of 54,000 images in batches of 32.
STEPS = 8440
_EPOCHS = (5, 200)
_BATCH = (2, 32)
# Of an epoch; with fewer, batches are smaller.
_LEAST_STEPS = 30
_VALIDATION = (0.1, 0.15, 0.2, 0.25, 0.3)
_SMALLEST_SCALE, _LARGEST_SCALE = 0.001, 1_000_000
# Of the pixels; a few that are far larger, as in a date stamp, say nothing of the others.
_USUAL = 0.999


class Fit(NamedTuple):
    """Settings that the numbers of images suggest."""

    validation_split: float  # the share of the training images that is for validation
    batch_size: int  # images of a step
    epochs: int  # of a training
    training_images: int  # those of an epoch
    sets: dict[str, Chosen]  # the images of train, validation and test
    # whether the test set's classes differ much in size, as ``imbalance.is_imbalanced`` says
    imbalanced: bool = False

    @property
    def steps(self) -> int:
        """Of a training."""
        return self.epochs * math.ceil(self.training_images / self.batch_size)


def fit(parts: Mapping[Part, Labels], classes: Sequence[str], split: Split | None) -> Fit:
    """Choose settings; no image is read; an ``InputError`` if there are too few images of a class."""
    share, sets = _validation(parts, classes, split)
    images = len(sets["train"].indices)
    batch_size = _batch_size(images)
    epochs = round(STEPS / math.ceil(images / batch_size))
    imbalanced = is_imbalanced(labels_of(parts, sets["test"]))
    return Fit(share, batch_size, min(max(epochs, _EPOCHS[0]), _EPOCHS[1]), images, sets, imbalanced)


def fitting_scale(pixels: Pixels, levels: Levels = NO_LEVELS) -> float:
    """Return what makes the largest pixels 1, within what ``normalize.scale`` can be.

    Of all pixels, counted, those that are larger than 99.9 % and than half the largest do not count.
    """
    largest, usual = max(abs(pixels.lowest), abs(pixels.highest)), quantile(levels, _USUAL)
    scale = largest
    if 0 < usual < largest / 2:
        scale = math.ceil(usual) if pixels.type.startswith("u") else usual
    return float(min(max(scale, _SMALLEST_SCALE), _LARGEST_SCALE))


def changes(dataset: str, pixels: Pixels, fitting: Fit, levels: Levels = NO_LEVELS) -> list[tuple[str, Any]]:
    """Return the keys of ``params.yaml``, with dots as `dvc exp run -S` takes them, and the values that fit."""
    scale = fitting_scale(pixels, levels)
    return [
        ("dataset", dataset),
        ("normalize.scale", int(scale) if scale.is_integer() else round(scale, 3)),
        ("normalize.validation_split", fitting.validation_split),
        ("batch_size", fitting.batch_size),
        ("epochs", fitting.epochs),
        *([("metric", "balanced_accuracy")] if fitting.imbalanced else []),
    ]


def changed(params: Mapping[str, Any], changes: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the contents of ``params.yaml`` with changes."""
    values = {key: dict(value) if isinstance(value, dict) else value for key, value in params.items()}
    for key, value in changes:
        *above, last = key.split(".")
        place = values
        for each in above:
            place = place.setdefault(each, {})
        place[last] = value
    return values


def labels_of(parts: Mapping[Part, Labels], chosen: Chosen) -> np.ndarray[Any, Any]:
    """Return the labels of a set, (n,)."""
    return parts[chosen.part].codes[chosen.indices]


def _batch_size(images: int) -> int:
    """Return the largest power of two that leaves enough steps."""
    most = max(1, images // _LEAST_STEPS)
    return min(max(1 << (most.bit_length() - 1), _BATCH[0]), _BATCH[1], images)


def _validation(
    parts: Mapping[Part, Labels], classes: Sequence[str], split: Split | None
) -> tuple[float, dict[str, Chosen]]:
    """Return the smallest share that has images of every class, or as many classes as any share."""
    best: tuple[int, float, dict[str, Chosen]] | None = None
    refused = None
    for share in _VALIDATION:
        try:
            sets = choose(parts, split=split, validation_split=share)
        except InputError as error:
            refused = refused or error
            continue
        found = len(np.unique(labels_of(parts, sets["validation"])))
        if best is None or found > best[0]:
            best = found, share, sets
        if found == len(classes) or "validation" in parts:
            break
    if best is None:
        raise InputError(f"{refused}; give the rarest class more images, or take it out")
    return best[1], best[2]
