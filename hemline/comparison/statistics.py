"""Intervals and tests for accuracies, gains and per-seed values; pure functions on arrays.

A variant's correctness is a boolean array (seeds, images): a row per training, a column per test image. The images are
the same for every variant, the trainings are not paired with each other. An accuracy measured so varies for two
reasons, another draw of seeds and another draw of test images, and each interval here says which of them it covers.

``table`` compares every variant with the baseline; the other functions are its parts, and those for single values.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from hemline.errors import InputError

Correct = NDArray[np.bool_]
Verdict = Literal["better", "worse", "no difference shown"]

# The smallest variance that two rational means can have lies many orders above this, rounding as many below.
_ROUNDING = 1e-30


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
    """The accuracy gain of a variant over the baseline, in [-1, 1], and the t test that belongs to its interval.

    The interval excludes 0 exactly when ``p_value`` is below 1 - confidence. ``covers_seeds`` is false where the
    variant or the baseline has a single training, whose spread between seeds is unknown and counted as none.
    """

    gain: float
    low: float
    high: float
    standard_error: float
    degrees_of_freedom: float
    p_value: float
    covers_seeds: bool


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

    ``images_won`` and ``images_lost`` count the test images on which a larger (smaller) share of the variant's
    trainings is right than of the baseline's; ``exact_p_value`` is the test on them. ``p_value`` joins it with the
    t test, ``adjusted_p_value`` corrects that for the number of variants and decides the verdict.
    """

    variant: str
    seeds: int
    images: int
    accuracy: Interval
    comparison: Comparison | None = None
    images_won: int | None = None
    images_lost: int | None = None
    exact_p_value: float | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    verdict: Verdict | None = None


def compare(variant_correct: Correct, baseline_correct: Correct, confidence: float = 0.95) -> Comparison:
    """Estimate the accuracy gain of a variant over the baseline for other seeds and other test images.

    Seeds and images are crossed random effects, as readers and cases are in multi-reader multi-case studies, so that
    the variance of the gain is

        var = images + max(seeds - residual, 0)

    where ``images`` is the variance over images of the difference between the two shares of trainings that are right,
    divided by the number of images; ``seeds`` is the variance between the accuracies of trainings, divided by their
    number, for the variant plus for the baseline; and ``residual`` is the interaction of seeds and images (its mean
    square divided by trainings x images, likewise), which both other parts contain and which may count only once. But
    for the bound this is unbiased; the bound keeps the variance from falling below that of the images alone.

    The degrees of freedom are found in two steps. Those of the seeds' part are Satterthwaite's. The whole is between
    these and the images' n - 1, by their shares of the variance:

        1 / df = share / df_seeds + (1 - share) / (n - 1),   share = max(seeds - residual, 0) / var

    which to first order is the weighted t value of Cochran and Cox. Satterthwaite's formula for the whole squares the
    share. Where a few trainings of one side dominate (a linear baseline hardly varies), a chance low estimate of their
    spread then lowers the share twice, and the interval is too sure of itself: it covered 93.6 % instead of 95 % with
    four seeds and normal accuracies, this one 94.9 % to 96.2 %. In simulated trainings it covers 94 % to 97 % from four
    seeds on; with three 92 % to 97 % and with two 87 % to 97 %, so two are better than one, but not enough.

    Args:
        variant_correct: bool (seeds, images), whether each training is right about each image.
        baseline_correct: bool (seeds, images) for the baseline, same images, any number of seeds.
        confidence: of the interval, between 0 and 1.

    Returns:
        The gain (positive where the variant is better), its interval within [-1, 1], and the test.

    Raises:
        InputError: arrays that are not boolean (seeds, images), or that differ in their images; a confidence outside
            (0, 1).

    Source:
        Gallas (2006), One-shot estimate of MRMC variance: AUC, Academic Radiology 13; Satterthwaite (1946), An
        approximate distribution of estimates of variance components, Biometrics Bulletin 2; Cochran and Cox (1957),
        Experimental Designs. Why both sources of variance belong in it: Bouthillier et al. (2021), Accounting for
        variance in machine learning benchmarks, Proceedings of Machine Learning and Systems 3.
    """
    _check_pair(variant_correct, baseline_correct)
    _check_confidence(confidence)
    difference = variant_correct.mean(axis=0) - baseline_correct.mean(axis=0)
    gain = _crossed(difference, [variant_correct, baseline_correct])
    low, high = _ends(gain, confidence, bounds=(-1, 1))
    covers_seeds = min(len(variant_correct), len(baseline_correct)) > 1
    return Comparison(gain.mean, low, high, gain.error, gain.freedom, _p_value(gain), covers_seeds)


def accuracy_interval(correct: Correct, confidence: float = 0.95) -> Interval:
    """Estimate a variant's mean accuracy for other seeds and other test images.

    The same interval as that of ``compare``, for one variant by itself. Two such intervals that overlap do not show
    that there is no difference: they do not know that the test images are the same.

    Args:
        correct: bool (seeds, images), whether each training is right about each image.
        confidence: of the interval, between 0 and 1.

    Returns:
        The accuracy and its interval, within [0, 1].

    Raises:
        InputError: an array that is not boolean (seeds, images); a confidence outside (0, 1).
    """
    _check_correct("correct", correct)
    _check_confidence(confidence)
    accuracy = _crossed(correct.mean(axis=0), [correct])
    low, high = _ends(accuracy, confidence, bounds=(0, 1))
    return Interval(accuracy.mean, low, high, accuracy.error, accuracy.freedom, covers_seeds=len(correct) > 1)


def exact_paired_test(variant_correct: Correct, baseline_correct: Correct) -> float:
    """Test whether the variant is right more often than the baseline on as many images as it is right less often.

    Each image counts once: for the one of which a larger share of its trainings is right. Images with equal shares say
    nothing and are dropped; the rest is a fair coin if there is no difference (the sign test). With one training each
    this is McNemar's exact test. It holds for the trained models at hand and other images like these: it knows nothing
    of other seeds.

    Args:
        variant_correct: bool (seeds, images), whether each training is right about each image.
        baseline_correct: bool (seeds, images) for the baseline, same images, any number of seeds.

    Returns:
        The exact two-sided p value, in (0, 1]; 1 where no image is left.

    Raises:
        InputError: arrays that are not boolean (seeds, images), or that differ in their images.

    Source:
        Dixon and Mood (1946), The statistical sign test, Journal of the American Statistical Association 41; McNemar
        (1947), Note on the sampling error of the difference between correlated proportions or percentages,
        Psychometrika 12.
    """
    return _sign_test(*images_won_and_lost(variant_correct, baseline_correct))


def images_won_and_lost(variant_correct: Correct, baseline_correct: Correct) -> tuple[int, int]:
    """Count the images on which a larger, and on which a smaller, share of the variant's trainings is right.

    Args:
        variant_correct: bool (seeds, images), whether each training is right about each image.
        baseline_correct: bool (seeds, images) for the baseline, same images, any number of seeds.

    Raises:
        InputError: arrays that are not boolean (seeds, images), or that differ in their images.
    """
    _check_pair(variant_correct, baseline_correct)
    # Whole numbers instead of shares, so that no rounding can break the tie of 1/3 and 2/6.
    lead = variant_correct.sum(axis=0) * len(baseline_correct) - baseline_correct.sum(axis=0) * len(variant_correct)
    return int((lead > 0).sum()), int((lead < 0).sum())


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


def table(correct: Mapping[str, Correct], baseline: str, confidence: float = 0.95) -> list[Row]:
    """Compare every variant with the baseline.

    A difference must stand twice: for other seeds and images (the t test of ``compare``), and exactly on these images
    (``exact_paired_test``), both in the same direction. The p value of the two together is the larger one, an
    intersection-union test, or 1 where their directions differ; Holm's method corrects it for the number of variants.
    The intervals are those of single comparisons, without this correction: one may exclude 0 where the verdict is "no
    difference shown".

    With a single training of a variant or of the baseline there is a verdict still, about these trained models only;
    its ``comparison.covers_seeds`` is false.

    Args:
        correct: for each variant its bool (seeds, images); the same images for all.
        baseline: the name of the variant that all others are compared with.
        confidence: of the intervals and verdicts, between 0 and 1.

    Returns:
        A row per variant, in the order received.

    Raises:
        InputError: the baseline is missing, or an array breaks the rules of ``compare``; the message names the variant.

    Source:
        Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24.
    """
    if baseline not in correct:
        raise InputError(f"baseline: must be one of the variants {list(correct)}, got {baseline!r}")
    rows = [_row(name, correct[name], correct[baseline], name == baseline, confidence) for name in correct]
    adjusted = iter(adjust([row.p_value for row in rows if row.p_value is not None]).tolist())
    return [_judged(row, next(adjusted), confidence) if row.comparison else row for row in rows]


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


class _Estimate(NamedTuple):
    """A mean over images, its standard error with its degrees of freedom, and the number of images."""

    mean: float
    error: float
    freedom: float
    images: int


def _crossed(per_image: NDArray[np.float64], samples: Sequence[Correct]) -> _Estimate:
    """Estimate the mean over images where seeds and images vary; see ``compare``."""
    n, mean = per_image.size, float(per_image.mean())
    images = float(per_image.var(ddof=1)) / n
    parts = [_seeds_and_residual(sample) for sample in samples if len(sample) > 1]
    seeds = sum(part for part, _, _ in parts)
    beyond_images = max(seeds - sum(residual for _, residual, _ in parts), 0.0)
    variance = images + beyond_images
    if variance < _ROUNDING:
        return _Estimate(mean, 0.0, float(n - 1), n)
    share = beyond_images / variance
    inverse_freedom = (1 - share) / (n - 1)
    if share:
        inverse_freedom += share * sum(part**2 / freedom for part, _, freedom in parts) / seeds**2
    return _Estimate(mean, math.sqrt(variance), 1 / inverse_freedom, n)


def _seeds_and_residual(correct: Correct) -> tuple[float, float, int]:
    """Return variance of the mean accuracy between seeds, the residual's part in it, and the seeds' degrees of freedom.

    The residual is the mean square of the two-way analysis of variance without replication.
    """
    seeds, n = correct.shape
    accuracies, shares = correct.mean(axis=1), correct.mean(axis=0)
    mean = accuracies.mean()
    # Of zeros and ones the total sum of squares follows from the mean: no float copy of the whole array is needed.
    total = correct.size * mean * (1 - mean)
    rest = total - n * ((accuracies - mean) ** 2).sum() - seeds * ((shares - mean) ** 2).sum()
    residual = max(float(rest), 0.0) / ((seeds - 1) * (n - 1))
    return float(accuracies.var(ddof=1)) / seeds, residual / correct.size, seeds - 1


def _ends(estimate: _Estimate, confidence: float, bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of the t interval, within the bounds of what is estimated.

    Where nothing varies at all, as when every training is right about each of forty images, the t interval has no
    width, which would claim certainty. Then at most a share 1 - (alpha/2)^(1/n) of all images is different (Clopper and
    Pearson 1934), and that share could lie at either bound.
    """
    mean, error, freedom, images = estimate
    lowest, highest = bounds
    if error:
        half = float(stats.t.ppf((1 + confidence) / 2, freedom)) * error
        return max(mean - half, lowest), min(mean + half, highest)
    unseen = 1 - ((1 - confidence) / 2) ** (1 / images)
    return mean - unseen * (mean - lowest), mean + unseen * (highest - mean)


def _p_value(gain: _Estimate) -> float:
    if gain.error:
        return 2 * float(stats.t.sf(abs(gain.mean) / gain.error, gain.freedom))
    # One less the confidence at which the interval of `_ends` touches 0; McNemar's exact p value where the gain is 1.
    return min(1.0, 2 * math.pow(1 + abs(gain.mean), -gain.images))


def _sign_test(won: int, lost: int) -> float:
    return float(stats.binomtest(won, won + lost, 0.5).pvalue) if won + lost else 1.0


def _row(name: str, correct: Correct, baseline_correct: Correct, is_baseline: bool, confidence: float) -> Row:
    try:
        accuracy = accuracy_interval(correct, confidence)
        row = Row(name, seeds=correct.shape[0], images=correct.shape[1], accuracy=accuracy)
        if is_baseline:
            return row
        comparison = compare(correct, baseline_correct, confidence)
        won, lost = images_won_and_lost(correct, baseline_correct)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    exact = _sign_test(won, lost)
    agree = comparison.gain * (won - lost) > 0
    joint = max(comparison.p_value, exact) if agree else 1.0
    return replace(row, comparison=comparison, images_won=won, images_lost=lost, exact_p_value=exact, p_value=joint)


def _judged(row: Row, adjusted: float, confidence: float) -> Row:
    gain = row.comparison.gain if row.comparison else 0.0
    return replace(row, adjusted_p_value=adjusted, verdict=verdict(gain, adjusted, confidence))


def _check_pair(variant_correct: Correct, baseline_correct: Correct) -> None:
    _check_correct("variant_correct", variant_correct)
    _check_correct("baseline_correct", baseline_correct)
    images, others = variant_correct.shape[1], baseline_correct.shape[1]
    if images != others:
        raise InputError(f"variant_correct: must be about the same {others} images as the baseline, got {images}")


def _check_correct(key: str, correct: Any) -> None:
    if not isinstance(correct, np.ndarray) or correct.dtype != np.bool_ or correct.ndim != 2:  # noqa: PLR2004 - seeds, images
        kind = f"{correct.dtype} {correct.shape}" if isinstance(correct, np.ndarray) else type(correct).__name__
        raise InputError(f"{key}: must be a boolean array (seeds, images), got {kind}")
    if correct.shape[0] < 1 or correct.shape[1] < 2:  # noqa: PLR2004 - a variance needs two
        raise InputError(f"{key}: must have at least one seed and two images, got {correct.shape}")


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"confidence: must lie between 0 and 1, got {confidence!r}")


def _checked_values(key: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size < 2 or not np.isfinite(array).all():  # noqa: PLR2004 - a variance needs two
        raise InputError(f"{key}: must be at least two finite numbers, got {array.tolist()!r}")
    return array
