"""Intervals and tests for accuracies, gains and per-seed values; pure functions on arrays.

A variant's correctness is a boolean array (seeds, images): a row per training, a column per test image. Images and
seeds are the same for every variant. A seed gives all variants the same order of images in every epoch, so their
accuracies correlate: those of forty linear and forty dense-128 networks by 0.47. Differences are therefore taken seed
by seed and image by image.

``table`` compares every variant with the baseline; the other functions are its parts, or compare single values.
docs/STATISTICS.md has the simulations behind the choices.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from hemline.comparison.by_class import class_mean_differences
from hemline.comparison.crossed import Crossed
from hemline.comparison.enough import tells
from hemline.comparison.groups import Groups, Scores
from hemline.errors import InputError

Correct = NDArray[np.bool_]
Verdict = Literal["better", "worse", "no difference shown", "too few to tell"]


@dataclass(frozen=True)
class Interval:
    """An estimate and the ends of its interval, all in the unit of the estimate.

    ``covers_seeds`` is false for a single training: the interval then accounts for the choice of test images only.
    """

    estimate: float
    low: float
    high: float
    standard_error: float
    degrees_of_freedom: float
    covers_seeds: bool


@dataclass(frozen=True)
class Comparison:
    """The gain of a variant over the baseline, and the t test that belongs to its interval.

    The interval excludes 0 exactly when ``p_value`` is below 1 - confidence. ``covers_seeds`` is false for single
    trainings, whose variance between seeds is unknown and counts as 0. ``cautious_p_value`` stays valid for small
    values and few trainings: see ``Crossed.cautious_p``. ``parts`` are those of the variance.
    """

    gain: float
    low: float
    high: float
    standard_error: float
    degrees_of_freedom: float
    p_value: float
    cautious_p_value: float
    covers_seeds: bool
    parts: Crossed


@dataclass(frozen=True)
class Difference:
    """The difference of two means of unpaired values, with Welch's interval and test."""

    difference: float
    low: float
    high: float
    degrees_of_freedom: float
    p_value: float


@dataclass(frozen=True)
class Row:
    """One variant in the comparison table; the baseline's own row has no comparison and no verdict.

    ``accuracy`` is None if the scores are not boolean. ``p_value`` is that of the deciding test: see ``table``.
    ``adjusted_p_value`` corrects it for the number of variants, and gives the verdict. With one training each,
    ``images_won`` and ``images_lost`` count the test images on which only the variant, and only the baseline, is right.
    """

    variant: str
    seeds: int
    images: int
    accuracy: Interval | None = None
    comparison: Comparison | None = None
    images_won: int | None = None
    images_lost: int | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    verdict: Verdict | None = None


def compare(
    variant: Scores,
    baseline: Scores,
    confidence: float = 0.95,
    groups: Groups | None = None,
    labels: NDArray[np.integer[Any]] | None = None,
    *,
    shares: bool = False,
) -> Comparison:
    """Estimate the gain of a variant over the baseline for other seeds and other test images.

    The gain is the mean of the differences, seed by seed and image by image; ``Crossed`` computes its variance, degrees
    of freedom and interval. In simulated and real trainings, the interval covers the true gain in 94 to 96.5 % of cases
    from three seeds on, and in more with two.

    Args:
        variant: (seeds, images), the score of each training on each image: bool for right or wrong, float for a loss.
        baseline: likewise for the baseline, with the same seeds and images, in the same order.
        confidence: of the interval, between 0 and 1.
        groups: int (images,), the group of each image, such as its object; None: images are independent.
        labels: int (images,), the true classes, to weight all classes equally; None: all images count equally.
        shares: whether floats are shares of trainings that are right, within [0, 1].

    Returns:
        The gain (positive if the variant's scores are higher), its interval, and the test. For booleans it is an
        accuracy gain within [-1, 1].

    Raises:
        InputError: arrays that are neither boolean nor finite floats (seeds, images), or that differ in their images or
            in the number of their seeds; a confidence outside (0, 1).

    Source:
        Gallas (2006), One-shot estimate of MRMC variance: AUC, Academic Radiology 13. Why both sources of variance
        belong in it: Bouthillier et al. (2021), Accounting for variance in machine learning benchmarks, Proceedings of
        Machine Learning and Systems 3.
    """
    _check_pair(variant, baseline)
    _check_confidence(confidence)
    _check_groups(groups, variant)
    shares = shares or (variant.dtype == np.bool_ and baseline.dtype == np.bool_)
    differences = _signed(variant) - _signed(baseline)
    bound = 1.0 if shares else math.inf
    estimate = None
    if labels is not None:
        per_image = differences.mean(axis=0)
        estimate = float(np.mean([per_image[labels == each].mean() for each in np.unique(labels)]))
        size = 1.0 if groups is None else len(groups) / len(np.unique(groups))
        differences = class_mean_differences(differences, labels, size)
        groups = _with_added(groups, differences.shape[1])
    gain = Crossed.of(differences, groups)
    low, high = _ends(gain, confidence, bounds=(-bound, bound))
    p_value, cautious = _p_values(gain, bound)
    # Added images pull the interval towards 0, but hardly if a class has more than a few images.
    estimate = gain.mean if estimate is None else estimate
    low, high = min(low, estimate), max(high, estimate)
    return Comparison(estimate, low, high, gain.error, gain.freedom, p_value, cautious, gain.n_seeds > 1, gain)


def accuracy_interval(correct: Correct, confidence: float = 0.95, groups: Groups | None = None) -> Interval:
    """Estimate a variant's mean accuracy for other seeds and other test images.

    The same interval as in ``compare``, for one variant. With groups, or if seeds have no effect, it is Wilson's
    interval: there a few units decide, and the t interval of a share is too short. Overlapping intervals of two
    variants do not show that there is no difference: they ignore that seeds and test images are the same.

    Args:
        correct: bool (seeds, images), whether each training classifies each image correctly.
        confidence: of the interval, between 0 and 1.
        groups: as in ``compare``.

    Returns:
        The accuracy and its interval, within [0, 1].

    Raises:
        InputError: an array that is not boolean (seeds, images); a confidence outside (0, 1).
    """
    _check_scores("correct", correct, floats=False)
    _check_confidence(confidence)
    _check_groups(groups, correct)
    accuracy = Crossed.of(correct, groups)
    few_units = groups is not None or not accuracy.seeds
    low, high = (_wilson if few_units and accuracy.error else _ends)(accuracy, confidence, (0.0, 1.0))
    return Interval(accuracy.mean, low, high, accuracy.error, accuracy.freedom, covers_seeds=len(correct) > 1)


def figure_interval(
    figure: float,
    scores: NDArray[np.floating[Any]],
    confidence: float = 0.95,
    groups: Groups | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """Estimate the interval of a metric that is no mean over images, for other seeds and other test images.

    The same interval as in ``accuracy_interval``, from scores that represent the metric: see ``by_class``.

    Args:
        figure: the metric's mean over the trainings.
        scores: float (seeds, columns), with nearly the mean and the variance of the metric.
        confidence: of the interval, between 0 and 1.
        groups: of the first columns, as in ``compare``; each further column is a group by itself.
        bounds: the smallest and largest possible value.

    Returns:
        The figure and its interval, within the bounds.

    Raises:
        InputError: scores that are no finite array (seeds, columns); a confidence outside (0, 1).
    """
    _check_scores("scores", scores)
    _check_confidence(confidence)
    mean = Crossed.of(scores, _with_added(groups, scores.shape[1]))
    low, high = _ends(mean, confidence, bounds)
    return Interval(figure, min(low, figure), max(high, figure), mean.error, mean.freedom, covers_seeds=len(scores) > 1)


def mcnemar(won: int, lost: int) -> float:
    """Test whether two trained models win equally many of the images on which only one of them is right.

    The result applies to these trained models and other images like these, not to other seeds.

    Args:
        won: the number of images on which only the first is right.
        lost: the number of images on which only the second is.

    Returns:
        The exact two-sided p-value, in (0, 1]; 1 if the two never differ.

    Source:
        McNemar (1947), Note on the sampling error of the difference between correlated proportions or percentages,
        Psychometrika 12.
    """
    return float(stats.binomtest(won, won + lost, 0.5).pvalue) if won + lost else 1.0


def adjust(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for their number, to control the probability of any false finding among them.

    Args:
        p_values: (tests,) in [0, 1]; may be empty.

    Returns:
        float64 (tests,), the p values adjusted by Holm's method, in the order received.

    Raises:
        InputError: values outside [0, 1], or of more than one dimension.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise InputError(f"p_values: must be a list of numbers between 0 and 1, got {p_values!r}")
    if not values.size:
        return values
    return np.asarray(multipletests(values, method="holm")[1], dtype=np.float64)


def verdict(gain: float, p_value: float, confidence: float = 0.95) -> Verdict:
    """Return the verdict for a gain and its adjusted p-value.

    Args:
        gain: accuracy gain over the baseline.
        p_value: in [0, 1], adjusted for the number of comparisons.
        confidence: the level required for a verdict other than "no difference shown", between 0 and 1.

    Raises:
        InputError: a confidence outside (0, 1).
    """
    _check_confidence(confidence)
    # The rounding keeps 1 - 0.95 from being 0.050000000000000044.
    if gain == 0 or not p_value < round(1 - confidence, 12):
        return "no difference shown"
    return "better" if gain > 0 else "worse"


def table(
    scores: Mapping[str, Scores],
    baseline: str,
    confidence: float = 0.95,
    groups: Groups | None = None,
    labels: NDArray[np.integer[Any]] | None = None,
    *,
    shares: bool = False,
) -> list[Row]:
    """Compare every variant with the baseline.

    With several seeds the cautious test of ``compare`` decides, for other seeds and other images: the t test's small
    p-values are too small, and the correction for several variants needs small ones. With a single training of each
    variant, the verdict applies to these trained models only, and ``comparison.covers_seeds`` is false. The test is
    then McNemar's exact test, or the t test for groups of images, scores that are not boolean, or equally weighted
    classes. Holm's method corrects the p-values for the number of variants. The intervals are those of single
    comparisons, without this correction: one may exclude 0 although the verdict is "no difference shown".

    The verdict is "too few to tell" if no difference is shown and the interval spans half of the possible range.

    Args:
        scores: by variant, (seeds, images): bool, whether each is right, or floats, higher is better; the same seeds
            and images for all.
        baseline: the variant that all others are compared with.
        confidence: of the intervals and verdicts, between 0 and 1.
        groups: as in ``compare``.
        labels: as in ``compare``.
        shares: as in ``compare``.

    Returns:
        A row per variant, in the order received.

    Raises:
        InputError: the baseline is missing, or an array breaks the rules of ``compare``; the message names the variant.
    """
    if baseline not in scores:
        raise InputError(f"baseline: must be one of the variants {list(scores)}, got {baseline!r}")
    rows = [
        _row(
            name,
            own,
            None if name == baseline else scores[baseline],
            confidence,
            groups=groups,
            labels=labels,
            shares=shares,
        )
        for name, own in scores.items()
    ]
    adjusted = iter(adjust([row.p_value for row in rows if row.p_value is not None]).tolist())
    return [_judged(row, next(adjusted), confidence) if row.comparison else row for row in rows]


def compare_all(
    pairs: Sequence[tuple[Scores, Scores]],
    groups: Sequence[Groups | None],
    labels: NDArray[np.integer[Any]] | None = None,
    *,
    shares: bool = False,
) -> list[Row | None]:
    """Compare several pairs, of two variants or of an event in both, by the intervals and tests of ``table``.

    Args:
        pairs: (seeds, images) of the first and the second: bool, or floats, higher is better.
        groups: for each pair, the groups of its images.
        labels: as in ``compare``, for all pairs.
        shares: likewise.

    Returns:
        A row a pair, its p-value adjusted for the number of pairs; None with fewer than two images, or groups of
        images.
    """
    rows: list[Row | None] = []
    for (variant, baseline), own in zip(pairs, groups, strict=True):
        units = variant.shape[1] if own is None else len(np.unique(own))
        rows.append(_row("", variant, baseline, 0.95, groups=own, labels=labels, shares=shares) if units > 1 else None)
    adjusted = iter(adjust([row.p_value for row in rows if row is not None and row.p_value is not None]).tolist())
    return [None if row is None else _judged(row, next(adjusted), 0.95) for row in rows]


def prediction_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Predict the value of one more training, to compare a single published number with repeated trainings.

    The interval is wider than that of the mean of many trainings: mean +- t s sqrt(1 + 1/n)
    with n - 1 degrees of freedom. Values are assumed to be normally distributed.

    Args:
        values: (seeds,) finite, at least two; one value per training.
        confidence: of the interval, between 0 and 1.

    Returns:
        The mean and the interval of the next value; ``standard_error`` is that of the prediction.

    Raises:
        InputError: fewer than two values, or values that are not finite; a confidence outside (0, 1).

    Source:
        Hahn and Meeker (1991), Statistical Intervals: A Guide for Practitioners, Wiley.
    """
    array = _checked_values("values", values)
    _check_confidence(confidence)
    mean, error = float(array.mean()), float(array.std(ddof=1)) * math.sqrt(1 + 1 / array.size)
    half = float(stats.t.ppf((1 + confidence) / 2, array.size - 1)) * error
    return Interval(mean, mean - half, mean + half, error, array.size - 1, covers_seeds=True)


def mean_difference(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Difference:
    """Compare the means of two sets of unpaired per-training values, such as losses or seconds, by Welch's t test.

    Args:
        a: (seeds,) finite, at least two.
        b: (seeds,) finite, at least two; their number may differ.
        confidence: of the interval, between 0 and 1.

    Returns:
        mean(a) - mean(b) with its interval and two-sided p value. If neither set varies, the interval has no width, and
        the p-value is 1 for equal means and 0 otherwise.

    Raises:
        InputError: fewer than two values, or values that are not finite; a confidence outside (0, 1).

    Source:
        Welch (1947), The generalization of 'Student's' problem when several different population variances are
        involved, Biometrika 34.
    """
    first, second = _checked_values("a", a), _checked_values("b", b)
    _check_confidence(confidence)
    difference = float(first.mean() - second.mean())
    if np.ptp(first) == 0 == np.ptp(second):  # Welch's formula would divide 0 by 0.
        freedom = float(first.size + second.size - 2)
        return Difference(difference, difference, difference, freedom, 1.0 if first[0] == second[0] else 0.0)
    test = stats.ttest_ind(first, second, equal_var=False)
    ends = test.confidence_interval(confidence)
    return Difference(difference, float(ends.low), float(ends.high), float(test.df), float(test.pvalue))


def _signed(scores: Scores) -> Scores:
    """Return scores that can be subtracted: booleans as int8, whose difference is -1, 0 or 1."""
    return scores.astype(np.int8) if scores.dtype == np.bool_ else scores


def _ends(estimate: Crossed, confidence: float, bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of the interval, within the bounds of the estimate.

    If nothing varies, as when every training is right on each of forty images, the t interval has no width, which would
    suggest certainty. Then at most a share 1 - (alpha/2)^(1/n) of all images is different (Clopper and Pearson 1934),
    and that share could lie at either bound. Without bounds, the effect of that share is unknown.
    """
    mean, (lowest, highest) = estimate.mean, bounds
    if estimate.error:
        half = estimate.half_width(confidence)
        return max(mean - half, lowest), min(mean + half, highest)
    if math.isinf(highest):
        return mean, mean
    unseen = 1 - ((1 - confidence) / 2) ** (1 / estimate.n_images)
    return mean - unseen * (mean - lowest), mean + unseen * (highest - mean)


def _wilson(share: Crossed, confidence: float, bounds: tuple[float, float]) -> tuple[float, float]:
    """Return Wilson's interval of a share, for the effective number of images that its standard error implies.

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of the American
        Statistical Association 22; Korn and Graubard (1998), Confidence intervals for proportions with small expected
        number of positive counts estimated from survey data, Survey Methodology 24 (the number of images).
    """
    mean, square = share.mean, (share.half_width(confidence) / share.error) ** 2
    ratio = square * share.error**2 / (mean * (1 - mean))
    middle = (mean + ratio / 2) / (1 + ratio)
    half = math.sqrt(square * share.error**2 + ratio**2 / 4) / (1 + ratio)
    return max(middle - half, bounds[0]), min(middle + half, bounds[1])


def _p_values(gain: Crossed, bound: float) -> tuple[float, float]:
    """Return the p-values of the t test and of the cautious test."""
    if gain.error:
        return gain.t_p(), gain.cautious_p()
    if math.isinf(bound):
        return (0.0, 0.0) if gain.mean else (1.0, 1.0)
    # One minus the confidence at which the interval of `_ends` touches 0; McNemar's exact p-value for a gain of 1.
    p_value = min(1.0, 2 * math.pow(1 + abs(gain.mean), -gain.n_images))
    return p_value, p_value


def _row(
    name: str,
    scores: Scores,
    baseline: Scores | None,
    confidence: float,
    *,
    groups: Groups | None,
    labels: NDArray[np.integer[Any]] | None,
    shares: bool,
) -> Row:
    """Return the row of a variant; ``baseline`` is None for the baseline's own row."""
    try:
        accuracy = accuracy_interval(scores, confidence, groups) if scores.dtype == np.bool_ else None
        row = Row(name, seeds=scores.shape[0], images=scores.shape[1], accuracy=accuracy)
        if baseline is None:
            return row
        comparison = compare(scores, baseline, confidence, groups, labels, shares=shares)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    if row.seeds > 1:
        return replace(row, comparison=comparison, p_value=comparison.cautious_p_value)
    if accuracy is None:
        return replace(row, comparison=comparison, p_value=comparison.p_value)
    won, lost = int((scores & ~baseline).sum()), int((baseline & ~scores).sum())
    p_value = mcnemar(won, lost) if groups is None and labels is None else comparison.p_value
    return replace(row, comparison=comparison, images_won=won, images_lost=lost, p_value=p_value)


def _judged(row: Row, adjusted: float, confidence: float) -> Row:
    comparison = row.comparison
    if comparison is None:
        return row
    words = verdict(comparison.gain, adjusted, confidence)
    # The possible range is known for shares only.
    if words == "no difference shown" and row.accuracy and not tells(comparison.low, comparison.high):
        words = "too few to tell"
    return replace(row, adjusted_p_value=adjusted, verdict=words)


def _with_added(groups: Groups | None, columns: int) -> Groups | None:
    """Return the groups of images, extended by a separate group for each added column."""
    return None if groups is None else np.append(groups, groups.max() + 1 + np.arange(columns - len(groups)))


def _check_pair(variant: Scores, baseline: Scores) -> None:
    _check_scores("variant", variant)
    _check_scores("baseline", baseline)
    (seeds, images), (other_seeds, other_images) = variant.shape, baseline.shape
    if images != other_images:
        raise InputError(f"variant: must be about the same {other_images} images as the baseline, got {images}")
    if seeds != other_seeds:
        raise InputError(f"variant: must be of the same {other_seeds} seeds as the baseline, got {seeds}")


def _check_scores(key: str, scores: Any, *, floats: bool = True) -> None:
    kinds = "bf" if floats else "b"
    if not isinstance(scores, np.ndarray) or scores.dtype.kind not in kinds or scores.ndim != 2:  # noqa: PLR2004 - seeds, images
        kind = f"{scores.dtype} {scores.shape}" if isinstance(scores, np.ndarray) else type(scores).__name__
        wanted = "boolean or float" if floats else "boolean"
        raise InputError(f"{key}: must be a {wanted} array (seeds, images), got {kind}")
    if scores.shape[0] < 1 or scores.shape[1] < 2:  # noqa: PLR2004 - a variance needs two
        raise InputError(f"{key}: must have at least one seed and two images, got {scores.shape}")
    if scores.dtype.kind == "f" and not np.isfinite(scores).all():
        raise InputError(f"{key}: must be finite; a training has diverged")


def _check_groups(groups: Groups | None, scores: Scores) -> None:
    if groups is None:
        return
    if groups.shape != scores.shape[1:]:
        raise InputError(f"groups: must be one for each of {scores.shape[1]} images, got {groups.shape}")
    if len(np.unique(groups)) < 2:  # noqa: PLR2004 - a variance needs two
        raise InputError("groups: must be at least two, got one: of a single object, nothing is known of others")


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"confidence: must lie between 0 and 1, got {confidence!r}")


def _checked_values(key: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size < 2 or not np.isfinite(array).all():  # noqa: PLR2004 - a variance needs two
        raise InputError(f"{key}: must be at least two finite numbers, got {array.tolist()!r}")
    return array
