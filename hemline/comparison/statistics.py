"""Intervals and tests for accuracies, gains and per-seed values; pure functions on arrays.

A variant's correctness is a boolean array (seeds, images): a row per training, a column per test image. Images and
seeds are the same for every variant, and a seed sets the order of the images in every epoch for all variants alike, so
that their accuracies rise and fall together: those of forty linear and forty dense-128 networks correlate by 0.47.
Differences are therefore taken seed by seed and image by image.

``table`` compares every variant with the baseline; the other functions are its parts, and those for single values.
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

    ``covers_seeds`` is false where one training alone was measured: then the interval covers the choice of the test
    images, and says nothing of what another seed would give.
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

    The interval excludes 0 exactly when ``p_value`` is below 1 - confidence. ``covers_seeds`` is false where there is a
    single training each, whose spread between seeds is unknown and counted as none. ``cautious_p_value`` is right also
    where it is small, or the trainings are few: see ``Crossed.cautious_p``. ``parts`` are those of the variance.
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

    ``accuracy`` is None where the scores are not right and wrong.
    ``p_value`` is that of the test which decides: see ``table``. ``adjusted_p_value`` corrects it for the number of
    variants, and gives the verdict. ``images_won`` and ``images_lost`` count, with one training each, the test images
    on which only the variant's, and only the baseline's, is right.
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
) -> Comparison:
    """Estimate the gain of a variant over the baseline for other seeds and other test images.

    The gain is the mean of the differences seed by seed and image by image, which vary with both; ``Crossed`` tells how
    its variance, its degrees of freedom and its interval are found. Simulated and real trainings show that the interval
    covers the true gain in 94 to 96.5 % of cases from three seeds on, and in more with two.

    Args:
        variant: (seeds, images), a score of each training on each image: bool for right or wrong, float for a loss.
        baseline: likewise for the baseline, of the same seeds and images, in the same order.
        confidence: of the interval, between 0 and 1.
        groups: int (images,): images of one object have the same number, and count as one; None: none belong together.
        labels: int (images,), the true classes, of which each counts the same; None: each image does.

    Returns:
        The gain (positive where the variant's scores are higher), its interval, and the test. For booleans it is an
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
    right_or_wrong = variant.dtype == np.bool_ and baseline.dtype == np.bool_
    differences = _signed(variant) - _signed(baseline)
    bound = 1.0 if right_or_wrong else math.inf
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
    # Images that are added pull the interval towards 0, by next to nothing where a class has more than a few.
    estimate = gain.mean if estimate is None else estimate
    low, high = min(low, estimate), max(high, estimate)
    return Comparison(estimate, low, high, gain.error, gain.freedom, p_value, cautious, gain.n_seeds > 1, gain)


def accuracy_interval(correct: Correct, confidence: float = 0.95, groups: Groups | None = None) -> Interval:
    """Estimate a variant's mean accuracy for other seeds and other test images.

    The same interval as that of ``compare``, for one variant by itself; of groups, and where no seed changes anything,
    it is Wilson's, because there a few units alone decide, and the t interval of a share is then too short. Two such
    intervals that overlap do not show that there is no difference: they do not know that seeds and test images are the
    same.

    Args:
        correct: bool (seeds, images), whether each training is right about each image.
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
    """Estimate the interval of a figure that is no mean over images, for other seeds and other test images.

    The same interval as that of ``accuracy_interval``, of scores that stand for the figure: see ``by_class``.

    Args:
        figure: the mean over the trainings at hand.
        scores: float (seeds, columns), whose mean varies as the figure does, and lies near it.
        confidence: of the interval, between 0 and 1.
        groups: of the first columns, as in ``compare``; each further column is a group by itself.
        bounds: what the figure can be.

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
    """Test whether, of the images on which two trained models differ, each model is right about half.

    It holds for the trained models at hand and other images like these: it knows nothing of other seeds.

    Args:
        won: the number of images on which only the first is right.
        lost: the number of those on which only the second is.

    Returns:
        The exact two-sided p value, in (0, 1]; 1 where the two never differ.

    Source:
        McNemar (1947), Note on the sampling error of the difference between correlated proportions or percentages,
        Psychometrika 12.
    """
    return float(stats.binomtest(won, won + lost, 0.5).pvalue) if won + lost else 1.0


def adjust(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values for their number, so that one false finding among them stays as unlikely as each claims to be.

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
    """Put a gain and its adjusted p value in words.

    Args:
        gain: accuracy gain over the baseline.
        p_value: in [0, 1], adjusted for the number of comparisons.
        confidence: that a verdict other than "no difference shown" needs, between 0 and 1.

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
) -> list[Row]:
    """Compare every variant with the baseline.

    With several seeds the cautious test of ``compare`` decides, about other seeds and other images: small p values of
    the t test are too small, and the correction for several variants asks for small ones. With a single training of
    each variant there is a verdict about these trained models only, by McNemar's exact test, or by the t test where
    images belong together, of which McNemar's knows nothing, or where scores are not right and wrong, or classes count
    the same; its ``comparison.covers_seeds`` is false. Holm's method corrects the p values for the number of variants.
    The intervals are those of single comparisons, without this correction: one may exclude 0 where the verdict is "no
    difference shown".

    The verdict is "too few to tell" where no difference is shown and the interval spans half of what is possible.

    Args:
        scores: for each variant its (seeds, images): bool, whether each is right, or floats of which higher ones are
            better; the same seeds and images for all.
        baseline: the name of the variant that all others are compared with.
        confidence: of the intervals and verdicts, between 0 and 1.
        groups: as in ``compare``.
        labels: as in ``compare``.

    Returns:
        A row per variant, in the order received.

    Raises:
        InputError: the baseline is missing, or an array breaks the rules of ``compare``; the message names the variant.
    """
    if baseline not in scores:
        raise InputError(f"baseline: must be one of the variants {list(scores)}, got {baseline!r}")
    rows = [
        _row(name, own, None if name == baseline else scores[baseline], confidence, groups=groups, labels=labels)
        for name, own in scores.items()
    ]
    adjusted = iter(adjust([row.p_value for row in rows if row.p_value is not None]).tolist())
    return [_judged(row, next(adjusted), confidence) if row.comparison else row for row in rows]


def compare_all(
    pairs: Sequence[tuple[Scores, Scores]],
    groups: Sequence[Groups | None],
    labels: NDArray[np.integer[Any]] | None = None,
) -> list[Row | None]:
    """Compare several pairs, with the intervals and tests of ``table``: of two variants, or of an event in both.

    Args:
        pairs: (seeds, images) of the first and the second: bool, or floats of which higher ones are better.
        groups: of each pair, those of its images.
        labels: as in ``compare``, of all pairs.

    Returns:
        A row a pair, its p value adjusted for their number; None where there are not two images, or groups of them.
    """
    rows: list[Row | None] = []
    for (variant, baseline), own in zip(pairs, groups, strict=True):
        units = variant.shape[1] if own is None else len(np.unique(own))
        rows.append(_row("", variant, baseline, 0.95, groups=own, labels=labels) if units > 1 else None)
    adjusted = iter(adjust([row.p_value for row in rows if row is not None and row.p_value is not None]).tolist())
    return [None if row is None else _judged(row, next(adjusted), 0.95) for row in rows]


def prediction_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Predict the value of one more training: where a single published number would lie if it were one of these.

    Wider than the interval of the mean, which says where the average of many trainings lies: mean +- t s sqrt(1 + 1/n)
    with n - 1 degrees of freedom. Values are taken as normally distributed.

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
        b: (seeds,) finite, at least two; any number of them.
        confidence: of the interval, between 0 and 1.

    Returns:
        mean(a) - mean(b) with its interval and two-sided p value. Where neither set varies, the interval has no width
        and the p value is 1 for equal means and 0 for others.

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
    """Return the ends of the interval, within the bounds of what is estimated.

    Where nothing varies at all, as when every training is right about each of forty images, the t interval has no
    width, which would claim certainty. Then at most a share 1 - (alpha/2)^(1/n) of all images is different (Clopper and
    Pearson 1934), and that share could lie at either bound. Without bounds nothing can be said of it.
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
    """Return the ends of Wilson's interval of a share, of as many images as its standard error is worth.

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
    """Return the t test's p value and the cautious one."""
    if gain.error:
        return gain.t_p(), gain.cautious_p()
    if math.isinf(bound):
        return (0.0, 0.0) if gain.mean else (1.0, 1.0)
    # One less the confidence at which the interval of `_ends` touches 0; McNemar's exact p value where the gain is 1.
    p_value = min(1.0, 2 * math.pow(1 + abs(gain.mean), -gain.n_images))
    return p_value, p_value


def _row(
    name: str,
    scores: Scores,
    baseline: Scores | None,
    confidence: float,
    *,
    groups: Groups | None,
    labels: NDArray[np.integer[Any]] | None = None,
) -> Row:
    """Return the row of a variant, or of the baseline, which is compared with None."""
    try:
        accuracy = accuracy_interval(scores, confidence, groups) if scores.dtype == np.bool_ else None
        row = Row(name, seeds=scores.shape[0], images=scores.shape[1], accuracy=accuracy)
        if baseline is None:
            return row
        comparison = compare(scores, baseline, confidence, groups, labels)
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
    # What is possible is known of shares only.
    if words == "no difference shown" and row.accuracy and not tells(comparison.low, comparison.high):
        words = "too few to tell"
    return replace(row, adjusted_p_value=adjusted, verdict=words)


def _with_added(groups: Groups | None, columns: int) -> Groups | None:
    """Return the groups of columns that begin with images: each that was added is one by itself."""
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
