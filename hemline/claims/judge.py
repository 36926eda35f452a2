"""The verdicts: numbers of repeated trainings in, a finding in words out; pure functions.

A verdict is one of four. ``reproduced only if`` is given by ``verdicts``, which tries a second setting. ``no difference
shown`` is not "equal": the interval says how large a difference could still be. ``not measured`` is no verdict.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hemline.claims.file import rounded
from hemline.claims.intervals import Mean, mean_interval, share_interval
from hemline.comparison.statistics import Correct, accuracy_interval, compare, mean_difference, prediction_interval
from hemline.words import signed

Verdict = Literal["reproduced", "reproduced only if", "not reproduced", "no difference shown", "not measured"]
Values = NDArray[np.float64]

METRICS = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
    "seconds": "seconds of an epoch",
}
# Of repeated trainings, so many are to lie in a published range: as many as a 95 % interval means to hold.
_SHARE_IN_RANGE = 0.95
_POINTS = "percentage points"
# Seeds of one variant run together, and those of another at another time: the interval cannot know what else ran then.
_LOAD = "the two ran one after the other, so other work on the machine may have slowed them differently"


@dataclass(frozen=True)
class Finding:
    """What the trainings say about one part of a claim, every number as it is printed.

    Attributes:
        verdict: in words.
        published: what was claimed.
        found: what was found, with its interval in brackets.
        sentence: the finding in a full sentence.
        method: where the interval comes from.
        seeds: trainings on either side; 0 where none was needed.
        condition: completes "reproduced only if ...".
    """

    verdict: Verdict
    published: str
    found: str
    sentence: str
    method: str
    seeds: int
    condition: str = ""


@dataclass(frozen=True)
class Claimed:
    """An order of two trainings.

    Attributes:
        names: the first and the second.
        order: "higher", "lower" or "same", of the first.
        margin: for "same", the difference that still counts as none.
    """

    names: tuple[str, str]
    order: str
    margin: float | None = None


def judge_number(values: Values, published: str, metric: str) -> Finding:
    """Hold one published number against the prediction for one more training.

    The interval of the mean would be the wrong one: it says where the average of many trainings lies, and gets narrower
    with every seed, while a published number is a single training. All share the test images, so they add nothing.

    Args:
        values: float64 (seeds,), at least two.
        published: as printed; whatever rounds to it is allowed for.
        metric: a key of ``METRICS``.
    """
    interval, number = prediction_interval(values), rounded(published)
    # No loss is below 0, and no accuracy outside [0, 1]: the normal curve of few values may be.
    low, high = max(interval.low, 0.0), min(interval.high, math.inf if metric.endswith("loss") else 1.0)
    beyond = max(number.low - high, 0.0) + min(number.high - low, 0.0)
    where = f"{abs(beyond):.4f} {'above' if beyond > 0 else 'below'}" if beyond else "in"
    return Finding(
        "not reproduced" if beyond else "reproduced",
        f"{METRICS[metric]} {published}",
        f"{interval.estimate:.4f} [{low:.4f}, {high:.4f}]",
        f"Published {published} lies {where} what one more training would give, {low:.4f} to {high:.4f}.",
        "95 % prediction interval for one more training (t); rounding of the published number allowed for",
        len(values),
    )


def judge_range(values: Values, published: Sequence[str], metric: str) -> Finding:
    """Hold a published range against repeated trainings: refuted once fewer than 95 % of them can lie in it.

    Args:
        values: float64 (seeds,).
        published: the lower and the upper end, as printed; whatever rounds to them is allowed for.
        metric: a key of ``METRICS``.
    """
    low, high = rounded(published[0]).low, rounded(published[1]).high
    inside = share_interval(int(((values >= low) & (values <= high)).sum()), len(values))
    fits = inside.high >= _SHARE_IN_RANGE
    seen = f"{values.min():.4f} to {values.max():.4f}"
    return Finding(
        "reproduced" if fits else "not reproduced",
        f"{METRICS[metric]} {published[0]} to {published[1]}",
        f"{seen}; {inside.successes} of {inside.trials} inside",
        f"{inside.successes} of {inside.trials} trainings lie between {published[0]} and {published[1]}; they reach "
        f"from {seen}, and the share inside is {_percents(inside.low, inside.high)}.",
        "share of trainings inside, rounding allowed for, with its exact 95 % interval (Clopper and Pearson); "
        "refuted below 95 %",
        len(values),
    )


def judge_accuracy_ordering(first: Correct, second: Correct, claimed: Claimed) -> Finding:
    """Compare two test accuracies for other seeds and other test images.

    Args:
        first: bool (seeds, images), whether each training is right about each image.
        second: bool (seeds, images), the same images.
        claimed: the order, and the margin as a share of the images.
    """
    result = compare(first, second)
    difference = Mean(*(100 * number for number in (result.gain, result.low, result.high)))
    in_points = claimed if claimed.margin is None else replace(claimed, margin=100 * claimed.margin)
    finding = _judge_ordering(difference, in_points, "test accuracy", _POINTS, 2)
    return replace(
        finding,
        sentence=finding.sentence + _pairs(first.mean(axis=1), second.mean(axis=1), claimed.order),
        method="95 % interval over seeds and test images (crossed random effects)",
        seeds=min(len(first), len(second)),
    )


def judge_value_ordering(first: Values, second: Values, metric: str, claimed: Claimed) -> Finding:
    """Compare per-training values, such as losses or seconds, of unpaired trainings.

    Args:
        first: float64 (seeds,), at least two.
        second: float64 (seeds,), at least two.
        metric: a key of ``METRICS``.
        claimed: the order, and the margin in the unit of the values.
    """
    result = mean_difference(first, second)
    difference = Mean(result.difference, result.low, result.high)
    finding = _judge_ordering(difference, claimed, METRICS[metric], "", 4)
    ratio = ""
    if metric == "seconds":
        ratio = f" The first takes {first.mean() / second.mean():.2f} times as long; {_LOAD}."
    return replace(
        finding,
        sentence=finding.sentence + _pairs(first, second, claimed.order) + ratio,
        method="95 % interval of the difference of means over seeds (Welch)",
        seeds=min(len(first), len(second)),
    )


def judge_trend(curves: Values, metric: str, epochs: tuple[int, int], claimed: str) -> Finding:
    """Compare two epochs of the same trainings.

    Args:
        curves: float64 (seeds, epochs), at least two seeds.
        metric: a key of ``METRICS``.
        epochs: from which to which, from 1.
        claimed: "rises" or "falls".
    """
    before, after = epochs
    numbers = mean_interval(curves[:, after - 1] - curves[:, before - 1])
    where = _turning(curves, metric)
    finding = _sign_verdict(numbers, 1 if claimed == "rises" else -1)
    change = _interval(numbers, 4)
    return Finding(
        finding,
        f"{METRICS[metric]} {claimed} from epoch {before} to {after}",
        change,
        f"From epoch {before} to {after}, {METRICS[metric]} changes by {change}, from "
        f"{curves[:, before - 1].mean():.4f} to {curves[:, after - 1].mean():.4f}. {where}",
        "95 % interval of the difference between the two epochs, paired by seed (t)",
        len(curves),
    )


def judge_gap(first: Values, second: Values, metrics: tuple[str, str], claimed: str) -> Finding:
    """Compare two figures of the same trainings.

    Args:
        first: float64 (seeds,), at least two.
        second: float64 (seeds,), of the same trainings.
        metrics: keys of ``METRICS``.
        claimed: "higher" or "lower", of the first.
    """
    numbers = mean_interval(first - second)
    gap = _interval(numbers, 4)
    names = [METRICS[metric] for metric in metrics]
    return Finding(
        _sign_verdict(numbers, 1 if claimed == "higher" else -1),
        f"{names[0]} {claimed} than {names[1]}",
        gap,
        f"{names[0].capitalize()} is {first.mean():.4f} and {names[1]} {second.mean():.4f}: a difference of {gap}.",
        "95 % interval of the difference between the two, paired by seed (t)",
        len(first),
    )


def judge_wobble(curves: Values, metric: str, epochs: tuple[int, int]) -> Finding:
    """Ask whether most trainings have epochs that end with a higher value than the one before.

    Args:
        curves: float64 (seeds, epochs).
        metric: a key of ``METRICS``.
        epochs: from which to which, from 1.
    """
    steps = np.diff(curves[:, epochs[0] - 1 : epochs[1]], axis=1)
    rises = (steps > 0).sum(axis=1)
    both = int(((rises > 0) & (rises < steps.shape[1])).sum())
    share = share_interval(both, len(curves))
    verdict: Verdict = "no difference shown"
    if share.low > 1 / 2 or share.high < 1 / 2:
        verdict = "reproduced" if share.low > 1 / 2 else "not reproduced"
    return Finding(
        verdict,
        f"{METRICS[metric]} goes up and down, epochs {epochs[0]} to {epochs[1]}",
        f"in {both} of {len(curves)} trainings; {rises.mean():.1f} of {steps.shape[1]} epochs end higher",
        f"In {both} of {len(curves)} trainings {METRICS[metric]} goes both up and down between epochs {epochs[0]} and "
        f"{epochs[1]}; {rises.min()} to {rises.max()} of the {steps.shape[1]} epochs end higher than the one before, "
        f"{rises.mean():.1f} on average. The share of such trainings is {_percents(share.low, share.high)}.",
        "share of trainings with its exact 95 % interval (Clopper and Pearson); reproduced where it is above one half",
        len(curves),
    )


def judge_stop(last_epochs: NDArray[np.int64], published: int, allowed: int) -> Finding:
    """Ask whether trainings stop after the published epoch.

    Args:
        last_epochs: int64 (seeds,), the number of epochs that each training took.
        published: after which epoch it is said to stop.
        allowed: the epochs that it may take.
    """
    share = share_interval(int((last_epochs == published).sum()), len(last_epochs))
    seen, counts = np.unique(last_epochs, return_counts=True)
    listed = ", ".join(f"{count} end after epoch {epoch}" for epoch, count in zip(seen, counts, strict=True))
    return Finding(
        "reproduced" if share.successes else "not reproduced",
        f"stops after epoch {published}",
        f"{share.successes} of {share.trials} do",
        f"Of {share.trials} trainings of at most {allowed} epochs, {listed}; the share that stops after epoch "
        f"{published} is {_percents(share.low, share.high)}.",
        "share of trainings with its exact 95 % interval (Clopper and Pearson); reproduced where any does",
        len(last_epochs),
    )


def judge_threshold(correct: Correct, at_least: float, because: str) -> Finding:
    """Ask whether a test accuracy is above a threshold, for other seeds and other test images.

    Args:
        correct: bool (seeds, images), whether each training is right about each image.
        at_least: the threshold, in (0, 1).
        because: why this one.
    """
    interval = accuracy_interval(correct)
    verdict: Verdict = "no difference shown"
    if interval.low >= at_least or interval.high < at_least:
        verdict = "reproduced" if interval.low >= at_least else "not reproduced"
    found = f"{100 * interval.estimate:.2f} % [{100 * interval.low:.2f}, {100 * interval.high:.2f}]"
    return Finding(
        verdict,
        f"at least {100 * at_least:g} % (our threshold)",
        found,
        f"Test accuracy is {found}; the threshold of {100 * at_least:g} % is ours: {because}.",
        "95 % interval over seeds and test images (crossed random effects)",
        len(correct),
    )


def judge_error(message: str | None, expected: str) -> Finding:
    """Ask whether a mistake is refused, by the error that names its rule.

    Args:
        message: the pipeline's one line, or None where it refused nothing.
        expected: a part of the message.
    """
    refused = message is not None and expected in message
    said = "nothing is refused" if message is None else f"refused: {message}"
    return Finding(
        "reproduced" if refused else "not reproduced",
        "an error",
        "one clear error" if refused else "no such error",
        f"The answer of the pipeline to the mistake: {said}.",
        "a variant with the mistake, given to the validation of params.yaml",
        0,
    )


def not_measured(published: str, reason: str) -> Finding:
    """Say that a part has no evidence."""
    return Finding("not measured", published, "", reason, "", 0)


def combine(findings: Sequence[Finding]) -> tuple[str, str]:
    """Sum up the findings that count for a claim.

    Returns:
        The verdict in words, and what completes "reproduced only if ..."; parts that differ are counted.
    """
    decided = [finding for finding in findings if finding.verdict != "not measured"]
    if not decided:
        return "not measured", ""
    kinds = {finding.verdict for finding in decided}
    conditions = list(dict.fromkeys(finding.condition for finding in decided if finding.condition))
    if len(kinds) == 1 or kinds == {"reproduced", "reproduced only if"}:
        verdict = "reproduced only if" if "reproduced only if" in kinds else next(iter(kinds))
        return verdict, " and ".join(conditions)
    held = sum(finding.verdict.startswith("reproduced") for finding in decided)
    if held == 0:
        return "not reproduced", ""
    return f"reproduced in {held} of {len(decided)} parts", " and ".join(conditions)


def _judge_ordering(difference: Mean, claimed: Claimed, name: str, unit: str, digits: int) -> Finding:
    """Judge a difference with its interval; what it rests on is left to the caller."""
    size = _interval(difference, digits)
    with_unit = f"{size} {unit}".rstrip()
    first, second = claimed.names
    if claimed.margin is None:
        verdict = _sign_verdict(difference, 1 if claimed.order == "higher" else -1)
        published, extra = f"{name}: {first} {claimed.order} than {second}", ""
    else:
        verdict, extra = _same_verdict(difference, claimed.margin, unit)
        published = f"{name}: {first} the same as {second}"
    sentence = f"{name.capitalize()} of {first} minus that of {second}: {with_unit}.{extra}"
    return Finding(verdict, published, with_unit, sentence, "", 0)


def _interval(numbers: Mean, digits: int) -> str:
    return f"{signed(numbers.mean, digits)} [{signed(numbers.low, digits)}, {signed(numbers.high, digits)}]"


def _same_verdict(difference: Mean, margin: float, unit: str) -> tuple[Verdict, str]:
    """Judge "the same": shown once the whole interval lies within the margin, whatever its sign."""
    _, low, high = difference
    limit = f"{margin:g} {unit}".rstrip()
    if -margin < low and high < margin:
        tiny = " A difference is shown, but it is smaller than that." if low > 0 or high < 0 else ""
        return "reproduced", f" The whole interval lies within {limit}, which was taken as nothing.{tiny}"
    if low > 0 or high < 0:
        return "not reproduced", f" The difference is shown, and may exceed {limit}, which was taken as nothing."
    return "no difference shown", f" The interval holds 0, but reaches beyond {limit}, which was taken as nothing."


def _sign_verdict(difference: Mean, sign: int) -> Verdict:
    """Judge a claimed sign by the interval of a difference."""
    if difference.low <= 0 <= difference.high:
        return "no difference shown"
    return "reproduced" if (difference.low > 0) == (sign > 0) else "not reproduced"


def _pairs(first: Values, second: Values, claimed: str) -> str:
    """Say how often two single trainings, one of each, would show the order: what a tutorial with one each sees."""
    sign = -1 if claimed == "lower" else 1
    differences = sign * (first[:, None] - second[None, :])
    share = 100 * float((differences > 0).mean() + (differences == 0).mean() / 2)
    word = "lower" if sign < 0 else "higher"
    return f" Of two single trainings, the first is {word} in {share:.0f} % of pairs."


def _turning(curves: Values, metric: str) -> str:
    """Say after which epoch a loss is lowest, or an accuracy highest, in the mean and over the seeds."""
    lowest = metric.endswith("loss")
    best = curves.argmin(axis=1) if lowest else curves.argmax(axis=1)
    mean = int(curves.mean(axis=0).argmin() if lowest else curves.mean(axis=0).argmax()) + 1
    seeds = f"{best.min() + 1}" if best.min() == best.max() else f"{best.min() + 1} to {best.max() + 1}"
    word = "lowest" if lowest else "highest"
    return f"Its mean is {word} after epoch {mean} of {curves.shape[1]} (single trainings: {seeds})."


def _percents(low: float, high: float) -> str:
    return f"between {100 * low:.0f} and {100 * high:.0f} %"
