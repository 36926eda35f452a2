"""How long trainings take, roughly: by their steps and weights."""

import itertools
import math
from collections.abc import Sequence

import joblib

from hemline.params import Params, Training

# Rough seconds of one core: of an epoch, which is recorded; of a step, whatever it does; of a step for each weight,
# which the optimizer changes; and of each weight and image.
_PER_EPOCH = 0.01
_PER_STEP = 5e-5
_PER_WEIGHT = 9e-10
_PER_WEIGHT_AND_IMAGE = 5e-11
# Of a stage around its trainings, and of the other stages together.
_PER_STAGE = 6.0
_OTHER_STAGES = 60.0


def stage_seconds(training: Training, seeds: int, image_shape: Sequence[int], classes: int, images: int) -> float:
    """Estimate the seconds of a stage that trains a network on this machine, its seeds side by side.

    Args:
        training: the network, its epochs and batches.
        seeds: how many.
        image_shape: (height, width) or (height, width, channels).
        classes: its outputs.
        images: those of an epoch.
    """
    sizes = [math.prod(image_shape), *training.hidden, classes]
    weights = sum(before * after for before, after in itertools.pairwise(sizes))
    steps = training.epochs * math.ceil(images / training.batch_size)
    step = _PER_STEP + weights * (_PER_WEIGHT + _PER_WEIGHT_AND_IMAGE * training.batch_size)
    seconds = training.epochs * _PER_EPOCH + steps * step
    return _PER_STAGE + seeds * seconds / min(seeds, int(joblib.cpu_count()))


def pipeline_seconds(params: Params, image_shape: Sequence[int], classes: int, images: int) -> float:
    """Estimate the seconds of the whole pipeline, once there is nothing of it yet; arguments as above."""
    trainings = map(params.training, params.variants)
    seeds = len(params.seeds)
    return _OTHER_STAGES + sum(stage_seconds(each, seeds, image_shape, classes, images) for each in trainings)
