"""Rough durations of stages that train."""

import math
from collections.abc import Sequence

import joblib

from hemline.families.family import FamilySettings
from hemline.families.registry import family_of
from hemline.params import Params

# Of a stage around its trainings, and of the other stages together.
_PER_STAGE = 6.0
_OTHER_STAGES = 60.0


def stage_seconds(
    training: FamilySettings, seeds: Sequence[int], image_shape: Sequence[int], classes: int, images: int
) -> float:
    """Estimate the seconds of a stage that trains one variant on this machine, its seeds side by side.

    Images are (height, width) or (height, width, channels), and as many as an epoch has.
    """
    family = family_of(training)
    trainings = len(family.seeds(training, seeds))
    seconds = family.seconds(training, images, math.prod(image_shape), classes)
    return _PER_STAGE + trainings * seconds / min(trainings, int(joblib.cpu_count()))


def pipeline_seconds(params: Params, image_shape: Sequence[int], classes: int, images: int) -> float:
    """Estimate the seconds of the whole pipeline, once there is nothing of it yet; arguments as above."""
    trainings = map(params.training, params.variants)
    return _OTHER_STAGES + sum(stage_seconds(each, params.seeds, image_shape, classes, images) for each in trainings)
