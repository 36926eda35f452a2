"""The interval and the test of a mean over random splits of the same images.

The values of two splits are not independent: they share most of the training images, and some of the others. The usual
t interval is too short for that. No unbiased estimate of the variance exists (Bengio and Grandvalet 2004). Nadeau and
Bengio's correction assumes that two splits correlate by the share of the images that are held out.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special


class Resampled(NamedTuple):
    """The mean of a value over splits, with its 95 % interval and the two-sided p-value of the test against 0."""

    mean: float
    low: float
    high: float
    p_value: float


def resampled(values: ArrayLike, held_to_train: float) -> Resampled:
    """Return the mean over splits with the corrected resampled t interval: variance factor 1/K + held / train.

    Args:
        values: (splits,), at least two: of each split, a value measured on the images that it holds out.
        held_to_train: the number of held-out images by that of training images.

    Source:
        Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52; Bengio and Grandvalet
        (2004), No unbiased estimator of the variance of k-fold cross-validation, Journal of Machine Learning Research
        5.
    """
    array = np.asarray(values, np.float64)
    mean, freedom = float(array.mean()), len(array) - 1
    error = math.sqrt((1 / len(array) + held_to_train) * float(array.var(ddof=1)))
    if not error:
        return Resampled(mean, mean, mean, float(not mean))
    half = -float(special.stdtrit(freedom, 0.025)) * error
    return Resampled(mean, mean - half, mean + half, 2 * float(special.stdtr(freedom, -abs(mean) / error)))
