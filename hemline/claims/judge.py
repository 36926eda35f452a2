"""The verdicts on single parts: what a claim says and what its trainings gave in, a finding in words out; pure.

``judge_part`` gives each kind of part to its own function. A verdict is one of four. ``reproduced only if`` is given by
``verdicts``, which tries a second setting. ``no difference shown`` is not "equal": the interval says how large a
difference could still be. ``not measured`` is no verdict.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, assert_never

import numpy as np

from hemline.claims.intervals import Estimate, mean_interval, rounded, share_interval
from hemline.claims.kinds import (
    METRIC_NAMES,
    AnyPart,
    ErrorPart,
    GapPart,
    NumberPart,
    OrderingPart,
    RangePart,
    StopPart,
    ThresholdPart,
    TrendPart,
    WobblePart,
)
from hemline.claims.outcome import Outcome, Outcomes, Values
from hemline.comparison.statistics import accuracy_interval, compare, mean_difference, prediction_interval
from hemline.words import signed

Verdict = Literal["reproduced", "reproduced only if", "not reproduced", "no difference shown", "not measured"]
# The error that a variant is refused with, or None.
Refuses = Callable[[dict[str, Any]], str | None]

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


def judge_part(part: AnyPart, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: PLR0911 - one for each kind
    """Judge a part as it stands.

    Args:
        part: of a claim.
        outcomes: of the trainings that it speaks of, at least; two or more seeds each.
        refuses: how the pipeline answers a variant.
    """
    match part:
        case NumberPart():
            return judge_number(part, outcomes)
        case RangePart():
            return judge_range(part, outcomes)
        case OrderingPart():
            return judge_ordering(part, outcomes)
        case TrendPart():
            return judge_trend(part, outcomes)
        case GapPart():
            return judge_gap(part, outcomes)
        case WobblePart():
            return judge_wobble(part, outcomes)
        case StopPart():
            return judge_stop(part, outcomes)
        case ThresholdPart():
            return judge_threshold(part, outcomes)
        case ErrorPart():
            return judge_error(part, refuses)
        case _:
            assert_never(part)


def judge_number(part: NumberPart, outcomes: Outcomes) -> Finding:
    """Hold one published number against the prediction for one more training.

    The interval of the mean would be the wrong one: it says where the average of many trainings lies, and gets narrower
    with every seed, while a published number is a single training. All share the test images, so they add nothing.
    Whatever rounds to the number is allowed for.
    """
    values = outcomes[part.of].values(part.metric, part.epoch)
    interval, number = prediction_interval(values), rounded(part.published)
    # No loss is below 0, and no accuracy outside [0, 1]: the normal curve of few values may be.
    low, high = max(interval.low, 0.0), min(interval.high, math.inf if part.metric.endswith("loss") else 1.0)
    beyond = max(number.low - high, 0.0) + min(number.high - low, 0.0)
    where = f"{abs(beyond):.4f} {'above' if beyond > 0 else 'below'}" if beyond else "in"
    return Finding(
        "not reproduced" if beyond else "reproduced",
        f"{METRIC_NAMES[part.metric]} {part.published}",
        f"{interval.estimate:.4f} [{low:.4f}, {high:.4f}]",
        f"Published {part.published} lies {where} what one more training would give, {low:.4f} to {high:.4f}.",
        "95 % prediction interval for one more training (t); rounding of the published number allowed for",
        len(values),
    )


def judge_range(part: RangePart, outcomes: Outcomes) -> Finding:
    """Hold a published range against repeated trainings: refuted once fewer than 95 % of them can lie in it.

    Whatever rounds to its ends is allowed for.
    """
    values = outcomes[part.of].values(part.metric)
    lower, upper = part.published
    inside = int(((values >= rounded(lower).low) & (values <= rounded(upper).high)).sum())
    share = share_interval(inside, len(values))
    seen = f"{values.min():.4f} to {values.max():.4f}"
    return Finding(
        "reproduced" if share.high >= _SHARE_IN_RANGE else "not reproduced",
        f"{METRIC_NAMES[part.metric]} {lower} to {upper}",
        f"{seen}; {inside} of {len(values)} inside",
        f"{inside} of {len(values)} trainings lie between {lower} and {upper}; they reach from {seen}, and the share "
        f"inside is {_percents(share)}.",
        "share of trainings inside, rounding allowed for, with its exact 95 % interval (Clopper and Pearson); "
        "refuted below 95 %",
        len(values),
    )


def judge_ordering(part: OrderingPart, outcomes: Outcomes) -> Finding:
    """Compare two variants: their test accuracies for other seeds and other test images, other values for other seeds.

    The margin of accuracies is a share of the images.
    """
    one, other = outcomes[part.of], outcomes[part.than]
    if part.metric == "test_accuracy":
        return _judge_accuracies(part, one, other)
    first, second = one.measured(part.metric), other.measured(part.metric)
    if first is None or second is None:
        reason = "No times are known for these trainings: they came from DVC's cache, or the MLflow store is a new one."
        return Finding("not measured", part.says, "", reason, "", 0)
    return _judge_values(part, first, second)


def judge_trend(part: TrendPart, outcomes: Outcomes) -> Finding:
    """Compare two epochs of the same trainings."""
    curves, name = outcomes[part.of].curves(part.metric), METRIC_NAMES[part.metric]
    before, after = curves[:, part.from_epoch - 1], curves[:, part.to_epoch - 1]
    numbers = mean_interval(after - before)
    change = _interval(numbers, 4)
    return Finding(
        _sign_verdict(numbers, 1 if part.claimed == "rises" else -1),
        f"{name} {part.claimed} from epoch {part.from_epoch} to {part.to_epoch}",
        change,
        f"From epoch {part.from_epoch} to {part.to_epoch}, {name} changes by {change}, from {before.mean():.4f} to "
        f"{after.mean():.4f}. {_turning(curves, part.metric)}",
        "95 % interval of the difference between the two epochs, paired by seed (t)",
        len(curves),
    )


def judge_gap(part: GapPart, outcomes: Outcomes) -> Finding:
    """Compare two metrics of the same trainings."""
    first, second = (outcomes[part.of].values(metric) for metric in (part.metric, part.than_metric))
    name, other_name = METRIC_NAMES[part.metric], METRIC_NAMES[part.than_metric]
    numbers = mean_interval(first - second)
    gap = _interval(numbers, 4)
    return Finding(
        _sign_verdict(numbers, 1 if part.claimed == "higher" else -1),
        f"{name} {part.claimed} than {other_name}",
        gap,
        f"{name.capitalize()} is {first.mean():.4f} and {other_name} {second.mean():.4f}: a difference of {gap}.",
        "95 % interval of the difference between the two, paired by seed (t)",
        len(first),
    )


def judge_wobble(part: WobblePart, outcomes: Outcomes) -> Finding:
    """Ask whether most trainings have epochs that end with a higher value than the one before."""
    curves, name = outcomes[part.of].curves(part.metric), METRIC_NAMES[part.metric]
    steps = np.diff(curves[:, part.from_epoch - 1 : part.to_epoch], axis=1)
    seeds, epochs = steps.shape
    rises = (steps > 0).sum(axis=1)
    both = int(((rises > 0) & (rises < epochs)).sum())
    share = share_interval(both, seeds)
    return Finding(
        _limit_verdict(share, 1 / 2),
        f"{name} goes up and down, epochs {part.from_epoch} to {part.to_epoch}",
        f"in {both} of {seeds} trainings; {rises.mean():.1f} of {epochs} epochs end higher",
        f"In {both} of {seeds} trainings {name} goes both up and down between epochs {part.from_epoch} and "
        f"{part.to_epoch}; {rises.min()} to {rises.max()} of the {epochs} epochs end higher than the one before, "
        f"{rises.mean():.1f} on average. The share of such trainings is {_percents(share)}.",
        "share of trainings with its exact 95 % interval (Clopper and Pearson); reproduced where it is above one half",
        seeds,
    )


def judge_stop(part: StopPart, outcomes: Outcomes) -> Finding:
    """Ask whether trainings stop after the published epoch."""
    outcome = outcomes[part.of]
    last_epochs = outcome.last_epochs()
    stopped = int((last_epochs == part.published).sum())
    seen, counts = np.unique(last_epochs, return_counts=True)
    listed = ", ".join(f"{count} end after epoch {epoch}" for epoch, count in zip(seen, counts, strict=True))
    return Finding(
        "reproduced" if stopped else "not reproduced",
        f"stops after epoch {part.published}",
        f"{stopped} of {len(last_epochs)} do",
        f"Of {len(last_epochs)} trainings of at most {outcome.epochs} epochs, {listed}; the share that stops after "
        f"epoch {part.published} is {_percents(share_interval(stopped, len(last_epochs)))}.",
        "share of trainings with its exact 95 % interval (Clopper and Pearson); reproduced where any does",
        len(last_epochs),
    )


def judge_threshold(part: ThresholdPart, outcomes: Outcomes) -> Finding:
    """Ask whether a test accuracy is above a threshold, for other seeds and other test images."""
    correct = outcomes[part.of].correct
    interval = accuracy_interval(correct)
    accuracy = Estimate(interval.estimate, interval.low, interval.high)
    found = "{:.2f} % [{:.2f}, {:.2f}]".format(*(100 * number for number in accuracy))
    return Finding(
        _limit_verdict(accuracy, part.at_least),
        f"at least {100 * part.at_least:g} % (our threshold)",
        found,
        f"Test accuracy is {found}; the threshold of {100 * part.at_least:g} % is ours: {part.because}.",
        "95 % interval over seeds and test images (crossed random effects)",
        len(correct),
    )


def judge_error(part: ErrorPart, refuses: Refuses) -> Finding:
    """Ask whether a mistake is refused, by the error that names its rule."""
    message = refuses(part.variant)
    refused = message is not None and part.expected in message
    said = "nothing is refused" if message is None else f"refused: {message}"
    return Finding(
        "reproduced" if refused else "not reproduced",
        "an error",
        "one clear error" if refused else "no such error",
        f"The answer of the pipeline to the mistake: {said}.",
        "a variant with the mistake, given to the validation of params.yaml",
        0,
    )


def _judge_accuracies(part: OrderingPart, one: Outcome, other: Outcome) -> Finding:
    result = compare(one.correct, other.correct)
    difference = Estimate(*(100 * number for number in (result.gain, result.low, result.high)))
    verdict, limit = _order_verdict(part, difference, 100, _POINTS)
    size = f"{_interval(difference, 2)} {_POINTS}"
    first, second = one.correct.mean(axis=1), other.correct.mean(axis=1)
    return Finding(
        verdict,
        _published_order(part),
        size,
        f"{_difference_of(part)}: {size}.{limit}{_pairs(first, second, part)}",
        "95 % interval over seeds and test images (crossed random effects)",
        min(len(first), len(second)),
    )


def _judge_values(part: OrderingPart, first: Values, second: Values) -> Finding:
    """Judge values of unpaired trainings, such as losses or seconds: float64 (seeds,), at least two."""
    result = mean_difference(first, second)
    difference = Estimate(result.difference, result.low, result.high)
    verdict, limit = _order_verdict(part, difference)
    size = _interval(difference, 4)
    ratio = ""
    if part.metric == "seconds":
        ratio = f" The first takes {first.mean() / second.mean():.2f} times as long; {_LOAD}."
    return Finding(
        verdict,
        _published_order(part),
        size,
        f"{_difference_of(part)}: {size}.{limit}{_pairs(first, second, part)}{ratio}",
        "95 % interval of the difference of means over seeds (Welch)",
        min(len(first), len(second)),
    )


def _published_order(part: OrderingPart) -> str:
    first, second = part.names()
    order = "the same as" if part.claimed == "same" else f"{part.claimed} than"
    return f"{METRIC_NAMES[part.metric]}: {first} {order} {second}"


def _difference_of(part: OrderingPart) -> str:
    first, second = part.names()
    return f"{METRIC_NAMES[part.metric].capitalize()} of {first} minus that of {second}"


def _order_verdict(part: OrderingPart, difference: Estimate, scale: float = 1, unit: str = "") -> tuple[Verdict, str]:
    """Judge an order, and say what was taken as none where the two were to be the same.

    Args:
        part: what is claimed.
        difference: of the first minus the second, in the unit that is printed.
        scale: how many of that unit the margin's unit has.
        unit: as it is printed.
    """
    if part.margin is None:
        return _sign_verdict(difference, 1 if part.claimed == "higher" else -1), ""
    return _same_verdict(difference, scale * part.margin, unit)


def _interval(numbers: Estimate, digits: int) -> str:
    return f"{signed(numbers.value, digits)} [{signed(numbers.low, digits)}, {signed(numbers.high, digits)}]"


def _same_verdict(difference: Estimate, margin: float, unit: str) -> tuple[Verdict, str]:
    """Judge "the same": shown once the whole interval lies within the margin, whatever its sign."""
    _, low, high = difference
    limit = f"{margin:g} {unit}".rstrip()
    if -margin < low and high < margin:
        tiny = " A difference is shown, but it is smaller than that." if low > 0 or high < 0 else ""
        return "reproduced", f" The whole interval lies within {limit}, which was taken as nothing.{tiny}"
    if low > 0 or high < 0:
        return "not reproduced", f" The difference is shown, and may exceed {limit}, which was taken as nothing."
    return "no difference shown", f" The interval holds 0, but reaches beyond {limit}, which was taken as nothing."


def _sign_verdict(difference: Estimate, sign: int) -> Verdict:
    """Judge a claimed sign by the interval of a difference."""
    if difference.low <= 0 <= difference.high:
        return "no difference shown"
    return "reproduced" if (difference.low > 0) == (sign > 0) else "not reproduced"


def _limit_verdict(estimate: Estimate, limit: float) -> Verdict:
    """Judge "at least": shown once the whole interval reaches the limit, refuted once all of it lies below."""
    if estimate.low >= limit:
        return "reproduced"
    return "not reproduced" if estimate.high < limit else "no difference shown"


def _pairs(first: Values, second: Values, part: OrderingPart) -> str:
    """Say how often two single trainings, one of each, would show the order: what a tutorial with one each sees."""
    sign = -1 if part.claimed == "lower" else 1
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


def _percents(share: Estimate) -> str:
    return f"between {100 * share.low:.0f} and {100 * share.high:.0f} %"
