"""Images that belong together, such as those of one object: the group is the unit of resampling, not the image.

Ten pictures of one object carry less information than ten of ten objects: a model that knows the object classifies most
of them correctly.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[Any]
Groups = NDArray[np.integer[Any]]


class Grouped(NamedTuple):
    """Scores of groups, in place of those of single images."""

    scores: NDArray[np.float64]  # float64 (seeds, groups), each row with the mean of that training's image scores
    # the degrees of freedom of a variance over groups: their number less one for equal sizes, fewer if a few
    # large ones dominate
    freedom: float


def by_group(scores: Scores, groups: Groups) -> Grouped:
    """Turn scores of images into scores of groups, with the same mean, and the variance of drawing groups.

    The mean over images is a ratio: the sum of the groups' scores by the sum of their sizes. To first order, a group
    contributes the sum of its images' deviations from the mean. A large group pulls the mean towards itself, which
    makes its deviation too small; the division by the root of one less its share of the images corrects that.

    Args:
        scores: (seeds, images), of any numeric type.
        groups: (images,), the group of each; at least two groups.

    Source:
        Obuchowski (1997), Nonparametric analysis of clustered ROC curve data, Biometrics 53 (the ratio estimator); Bell
        and McCaffrey (2002), Bias reduction in standard errors for linear regression with multi-stage samples, Survey
        Methodology 28 (the root, and the degrees of freedom).
    """
    _, places, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    n_images, n_groups = len(groups), len(sizes)
    means = scores.mean(axis=1, dtype=np.float64)
    shares = sizes / n_images
    weights = n_groups / n_images * np.sqrt((1 - 1 / n_groups) / (1 - shares))
    sums = np.stack([np.bincount(places, row - mean, n_groups) for row, mean in zip(scores, means, strict=True)])
    parts = weights * sums
    residuals = scores.mean(axis=0, dtype=np.float64) - means.mean()
    # Keep the mean unchanged by the weights.
    parts += (means - parts.mean(axis=1))[:, None]
    return Grouped(parts, _freedom(sizes, _likeness(residuals, sums.mean(axis=0), sizes)))


def _likeness(residuals: NDArray[np.float64], sums: NDArray[np.float64], sizes: Groups) -> float:
    """Return the intraclass correlation of two images of a group, in [0, 1], from the products of all pairs."""
    variance, pairs = float(np.square(residuals).mean()), float((sizes * (sizes - 1.0)).sum())
    if not variance or not pairs:
        return 0.0
    return float(np.clip((np.square(sums).sum() - np.square(residuals).sum()) / pairs / variance, 0, 1))


def _freedom(sizes: Groups, likeness: float) -> float:
    """Return the degrees of freedom of the variance of a mean over images, by Satterthwaite's approximation.

    The variance of a group's sum is modelled by its size, and by the square of its size as far as its images correlate.
    """
    if (sizes == sizes[0]).all():
        return float(len(sizes) - 1)
    shares = sizes / sizes.sum()
    own = (1 - likeness) * sizes + likeness * np.square(sizes, dtype=np.float64)
    weights, total = 1 / (1 - shares), own.sum()
    # Of D C, where D holds the weights, and C = diag(own) - shares own' - own shares' + total shares shares'.
    diagonal = total * shares**2 - 2 * shares * own
    trace = (weights * (own + diagonal)).sum()
    a, b, c = ((weights * each).sum() for each in (shares**2, shares * own, own**2))
    square = (
        (weights**2 * own * (own + 2 * diagonal)).sum() + total**2 * a**2 + 2 * a * c - 4 * total * a * b + 2 * b**2
    )
    return float(trace**2 / square)
