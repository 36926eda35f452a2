"""Scores of single images for the intervals of balanced accuracy and macro F1, which count every class the same.

Accuracy is the mean of right and wrong over images, so its variance over seeds and images is known: ``Crossed``. These
two are no means over images, but to first order they are: each image adds to them what they would change by if there
were a little more of it, its influence. The scores returned here are the figure plus that.

Source:
    Takahashi, Yamamoto, Kuchiba and Koyama (2022), Confidence interval for micro-averaged F1 and macro-averaged F1
    scores, Applied Intelligence 52 (the delta method). Brodersen et al. (2010), The balanced accuracy and its posterior
    distribution, ICPR. Classes without images are left out of both, as in scikit-learn's ``balanced_accuracy_score``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]
Scores = NDArray[np.float64]

# Where all of a class's few images are right, nothing varies, which would claim certainty. For an interval, images of
# this weight are added to those of all classes, in equal parts, half of them right and half wrong: Price and Bonett
# (2004), An improved confidence interval for a linear function of binomial proportions, Computational Statistics and
# Data Analysis 45. With one class it is Agresti and Coull's "add two successes and two failures".
_ADDED = 4.0


def class_mean_scores(labels: Labels, predicted: Labels, n_classes: int, mean_size: float = 1.0, *, f1: bool) -> Scores:
    """Return scores whose mean over images is a training's figure, and whose variance is that of it.

    Args:
        labels: int (images,), the true classes.
        predicted: int (seeds, images).
        n_classes: the number of classes, also of those without an image.
        mean_size: of a group of images that belong together: it is groups that are added.
        f1: whether the figure is macro F1, or balanced accuracy.

    Returns:
        float64 (seeds, columns): the images, then the added ones.
    """
    first = _scores(labels, predicted[0], n_classes, mean_size, f1=f1)
    scores = np.empty((len(predicted), len(first)))
    scores[0] = first
    for place, own in enumerate(predicted[1:], start=1):
        scores[place] = _scores(labels, own, n_classes, mean_size, f1=f1)
    return scores


def class_mean_differences(differences: Scores, labels: Labels, mean_size: float = 1.0) -> Scores:
    """Return scores whose mean over images is the mean over classes of differences of two variants' right and wrong.

    Images are added as above, to either variant half of them right, so that half of them make no difference: Bonett and
    Price (2012), Adjusted Wald confidence interval for a difference of binomial proportions based on paired data,
    Journal of Educational and Behavioral Statistics 37.

    Args:
        differences: of any numeric type (seeds, images), in [-1, 1].
        labels: int (images,), the true classes.
        mean_size: of a group of images that belong together: it is groups that are added.

    Returns:
        float64 (seeds, columns): the images, then the added ones.
    """
    present, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    added, total = _ADDED * mean_size / len(present), len(labels) + _ADDED * mean_size
    adds = total / len(present) / (counts + added)
    rows = []
    for own in differences:
        figures = np.bincount(places, own, len(present)) / (counts + added)
        quarter, half = (np.sqrt(added * mean_size / share / 2) for share in (4, 2))
        each = [quarter * adds * (1 - figures), quarter * adds * (1 + figures), half * adds * figures]
        influence = np.concatenate([adds[places] * (own - figures[places]), *each, *(-column for column in each)])
        influence *= len(influence) / total
        rows.append(figures.mean() + influence - influence.mean())
    return np.stack(rows)


def _counts(labels: Labels, predicted: Labels, n_classes: int) -> tuple[Scores, Scores, Scores]:
    """Return by class its images (NaN where there are none), those that are right, and those taken for it."""
    count = np.bincount(labels, minlength=n_classes)
    right = np.bincount(labels[labels == predicted], minlength=n_classes)
    taken = np.bincount(predicted, minlength=n_classes)
    return np.where(count > 0, count, np.nan), right.astype(np.float64), taken.astype(np.float64)


def _scores(labels: Labels, predicted: Labels, n_classes: int, mean_size: float, *, f1: bool) -> Scores:
    images, right, taken = _counts(labels, predicted, n_classes)
    present = np.flatnonzero(images > 0)
    added, total = _ADDED * mean_size / len(present), len(labels) + _ADDED * mean_size
    # A class's figure is gain x right / base, for F1 with the images taken for it in the base.
    gain = 2 if f1 else 1
    base = images + added + (taken + added / 2 if f1 else 0)
    figures = gain * (right + added / 2) / base
    # What an image of the class adds where it is right, and what each image in the base takes away.
    adds = np.nan_to_num(total / len(present) / base)
    takes = np.nan_to_num(figures * adds)
    own = gain * (labels == predicted) * adds[labels] - takes[labels] - (takes[predicted] if f1 else 0)
    of_right, of_wrong = (gain * (adds - takes))[present], -takes[present]
    # An added weight w is a pair of columns to either side of the mean, whose squares are together w squares; as large
    # groups, it varies by their size.
    pairs = np.sqrt(added * mean_size / 4) * np.concatenate([of_right, -of_right, of_wrong, -of_wrong])
    influence = np.concatenate([own, pairs])
    # `Crossed` divides by the columns, where the images with those added to them are meant.
    influence *= len(influence) / total
    return np.asarray(figures[present].mean() + influence - influence.mean())
