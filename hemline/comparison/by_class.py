"""Scores of single images for the intervals of balanced accuracy and macro F1, which count every class the same.

Accuracy is a mean over images, so ``Crossed`` gives its variance over seeds and images. These two metrics are means
over images to first order only: each image contributes its influence, the change of the metric if the image had a
little more weight. The scores here are the metric plus the influence.

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

# If all of a class's few images are right, nothing varies, and the interval would be too narrow. So images of this
# total weight are added to all classes, in equal parts, half of them right and half wrong: Price and Bonett (2004), An
# improved confidence interval for a linear function of binomial proportions, Computational Statistics and Data Analysis
# 45. With one class it is Agresti and Coull's "add two successes and two failures".
_ADDED = 4.0


def class_mean_scores(labels: Labels, predicted: Labels, n_classes: int, mean_size: float = 1.0, *, f1: bool) -> Scores:
    """Return scores with the mean and the variance of a training's metric.

    Args:
        labels: int (images,), the true classes.
        predicted: int (seeds, images).
        n_classes: the number of classes, with those without an image.
        mean_size: the mean size of a group of images: whole groups are added.
        f1: True for macro F1, False for balanced accuracy.

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
    """Return scores whose mean over images is the gain in balanced accuracy of one variant over another.

    Images are added as above, half of them right for either variant, so that half make no difference: Bonett and
    Price (2012), Adjusted Wald confidence interval for a difference of binomial proportions based on paired data,
    Journal of Educational and Behavioral Statistics 37.

    Args:
        differences: of any numeric type (seeds, images), in [-1, 1].
        labels: int (images,), the true classes.
        mean_size: the mean size of a group of images: whole groups are added.

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
    """Count by class its images (NaN if there are none), its correct images, and the images predicted as it."""
    count = np.bincount(labels, minlength=n_classes)
    right = np.bincount(labels[labels == predicted], minlength=n_classes)
    taken = np.bincount(predicted, minlength=n_classes)
    return np.where(count > 0, count, np.nan), right.astype(np.float64), taken.astype(np.float64)


def _scores(labels: Labels, predicted: Labels, n_classes: int, mean_size: float, *, f1: bool) -> Scores:
    images, right, taken = _counts(labels, predicted, n_classes)
    present = np.flatnonzero(images > 0)
    added, total = _ADDED * mean_size / len(present), len(labels) + _ADDED * mean_size
    # A class's value is gain x right / base; for F1, the base includes the images predicted as the class.
    gain = 2 if f1 else 1
    base = images + added + (taken + added / 2 if f1 else 0)
    figures = gain * (right + added / 2) / base
    # The increase by a correct image of the class, and the decrease by each image in the base.
    adds = np.nan_to_num(total / len(present) / base)
    takes = np.nan_to_num(figures * adds)
    own = gain * (labels == predicted) * adds[labels] - takes[labels] - (takes[predicted] if f1 else 0)
    of_right, of_wrong = (gain * (adds - takes))[present], -takes[present]
    # An added weight w is a pair of columns on either side of the mean, with the sum of squares of w images; for
    # groups, the size of a group enters, too.
    pairs = np.sqrt(added * mean_size / 4) * np.concatenate([of_right, -of_right, of_wrong, -of_wrong])
    influence = np.concatenate([own, pairs])
    # `Crossed` divides by the number of columns, not by the number of images with the added ones.
    influence *= len(influence) / total
    return np.asarray(figures[present].mean() + influence - influence.mean())
