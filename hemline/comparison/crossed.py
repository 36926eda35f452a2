"""The standard error, interval and test of a mean over trainings and images that both vary.

Scores are an array (seeds, images): a row per training, a column per test image. Their mean varies with the draw of
seeds and with the draw of images. The two are crossed random effects, like readers and cases in multi-reader multi-case
studies. If images belong together, the group is the case: see ``groups``.
"""

import math
from typing import NamedTuple, Self

import numpy as np
from scipy import special
from scipy.optimize import brentq

from hemline.comparison.groups import Groups, Scores, by_group

# Far below the smallest variance that two rational means can have, and far above rounding errors.
_ROUNDING = 1e-30
# With one degree of freedom, the t interval is too narrow; see docs/STATISTICS.md.
_PAIR = 2
# The square of freedom at which the exponent in ``cautious_p`` is midway from 1 to 2: 7 at p = 5 %, 66 at 0.13 %.
_HALFWAY, _LATER, _BEGUN = 7, 19, 60
# No smaller p-value is needed, and no t quantile overflows above it.
_SMALLEST_P = 1e-15


class Crossed(NamedTuple):
    """A mean of scores with the parts of its variance."""

    mean: float  # over trainings and images
    images: float  # the part of its variance due to the draw of images
    # the part due to the draw of trainings, with the interaction; 0 with one training, where it is unknown
    seeds: float
    n_seeds: int  # the number of trainings
    n_images: int  # the number of images, or of groups of them
    image_freedom: float  # the degrees of freedom of the images' part
    interaction: float = 0.0  # the part of ``seeds`` due to the trainings' luck with single images

    @classmethod
    def of(cls, scores: Scores, groups: Groups | None = None) -> Self:
        """Estimate the mean and the parts of its variance, by the analysis of variance of seeds and images.

        ``seeds`` is the variance between the mean scores of trainings, divided by their number. ``images`` is the
        variance over images of the mean score of an image, divided by the number of images, less the interaction of
        seeds and images (the residual mean square divided by trainings x images), which both contain but which counts
        only once. So the sum of ``images`` and ``seeds`` is unbiased. The first part is known well, from thousands of
        images; the second has seeds - 1 degrees of freedom.

        Args:
            scores: (seeds, images), of any numeric type; at least one seed and two images.
            groups: (images,), the group of each image; None: images are independent.

        Source:
            Gallas (2006), One-shot estimate of MRMC variance: AUC, Academic Radiology 13.
        """
        freedom = scores.shape[1] - 1.0
        if groups is not None:
            scores, freedom = by_group(scores, groups)
        n_seeds, n_images = scores.shape
        per_training, per_image = scores.mean(axis=1, dtype=np.float64), scores.mean(axis=0, dtype=np.float64)
        mean = float(per_image.mean())
        images = float(per_image.var(ddof=1)) / n_images
        if n_seeds == 1:
            return cls(mean, images, 0.0, n_seeds, n_images, freedom)
        # One training at a time, to avoid a float copy of the whole array.
        rest = sum(
            float(np.square(row - per_image - (own - mean)).sum())
            for row, own in zip(scores, per_training, strict=True)
        )
        interaction = rest / ((n_seeds - 1) * (n_images - 1)) / scores.size
        # Two trainings may have exactly equal means by chance, although they differ on single images.
        seeds = float(per_training.var(ddof=1)) / n_seeds or interaction
        return cls(mean, max(images - interaction, 0.0), seeds, n_seeds, n_images, freedom, interaction)

    def resized(self, n_seeds: int, n_images: int) -> Self:
        """Return the expected parts for other numbers of trainings and of images or groups.

        Args:
            n_seeds: the number of trainings, at least two.
            n_images: the number of images, or of groups of them.
        """
        fewer_seeds, fewer_images = self.n_seeds / n_seeds, self.n_images / n_images
        interaction = self.interaction * fewer_seeds * fewer_images
        return self._replace(
            images=self.images * fewer_images,
            seeds=max(self.seeds - self.interaction, 0.0) * fewer_seeds + interaction,
            n_seeds=n_seeds,
            n_images=n_images,
            image_freedom=self.image_freedom / fewer_images,
            interaction=interaction,
        )

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        variance = self.images + self.seeds
        return math.sqrt(variance) if variance >= _ROUNDING else 0.0

    @property
    def freedom(self) -> float:
        """The degrees of freedom of the standard error: those of seeds and images, weighted by their shares.

            1 / df = share / (seeds - 1) + (1 - share) / (images - 1)

        To first order this is the weighted t value of Cochran and Cox. Satterthwaite's formula squares the share: if
        the seeds' part is estimated too low by chance, the interval becomes too narrow for two reasons.

        Source:
            Cochran and Cox (1957), Experimental Designs; Satterthwaite (1946), An approximate distribution of estimates
            of variance components, Biometrics Bulletin 2.
        """
        if not self.seeds or not self.error:
            return self.image_freedom
        share = self.seeds / (self.images + self.seeds)
        return 1 / (share / (self.n_seeds - 1) + (1 - share) / self.image_freedom)

    def half_width(self, confidence: float) -> float:
        """Return half the width of the t interval, or with two trainings of a wider one: see ``cautious_p``.

        Args:
            confidence: between 0 and 1.
        """
        if self.n_seeds == _PAIR:
            return self.cautious_half_width(confidence)
        return _upper_t((1 - confidence) / 2, self.freedom) * self.error

    def cautious_half_width(self, confidence: float) -> float:
        """Return half the width of the interval that belongs to ``cautious_p``.

        Args:
            confidence: between 0 and 1.
        """
        return math.sqrt(self._cautious_square((1 - confidence) / 2))

    def t_p(self) -> float:
        """Return the two-sided p value that belongs to ``half_width``."""
        if self.n_seeds == _PAIR:
            return self.cautious_p()
        return 2 * float(special.stdtr(self.freedom, -abs(self.mean) / self.error))

    def cautious_p(self) -> float:
        """Return a two-sided p-value that stays valid for small values, as comparisons of several variants need.

        There the t test of ``half_width`` errs too often. Banerjee's test has a separate t value for each part of the
        variance, so its error provably never exceeds the nominal one; if both parts matter, it stays far below. Here
        the seeds' t value is weighted by a power of the seeds' share. The exponent is 1 (Banerjee's) with two trainings
        and approaches 2 with many, more slowly for smaller p. Its growth was found by integration: for any share of the
        seeds in the true variance, the error is at most 1.02 of the nominal one, from 5 % down to 0.05 %.

        Source:
            Banerjee (1961), On confidence interval for two-means problem based on separate estimates of variances and
            tabulated values of t-table, Sankhya A 23; the exponent: docs/STATISTICS.md.
        """
        square = self.mean**2
        if self._cautious_square(_SMALLEST_P / 2) <= square:
            return _SMALLEST_P
        return float(brentq(lambda p: self._cautious_square(p / 2) - square, _SMALLEST_P, 1.0, xtol=1e-16))

    def _cautious_square(self, tail: float) -> float:
        by_images = _upper_t(tail, self.image_freedom) ** 2
        if self.n_seeds == 1:
            return self.images * by_images
        freedom, variance = self.n_seeds - 1, self.images + self.seeds
        halfway = max(_HALFWAY, _LATER * -math.log(2 * tail) - _BEGUN)
        weight = (self.seeds / variance) ** (1 + (freedom**2 - 1) / (freedom**2 - 1 + halfway))
        return float(variance * ((1 - weight) * by_images + weight * _upper_t(tail, freedom) ** 2))


def _upper_t(tail: float, freedom: float) -> float:
    """Return the t value with this upper tail probability; ``scipy.stats.t`` takes fifty times as long."""
    return -float(special.stdtrit(freedom, tail))
