"""The verdicts on single parts: what a claim says and what its trainings gave in, a finding in words out; pure.

``judge_part`` gives each kind of part to its own function. A verdict is one of four: ``shown``, where the trainings by
themselves show what is claimed; ``refuted``, where they show that it is not so; ``undecided``, where they show neither,
which is not "equal", because the interval says how large a difference could still be; and ``compatible``, for published
numbers, which is no more than not refuted. The two that end in ``only if`` are given by ``verdicts``, which tries a
second setting. ``not measured`` is no verdict.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, NamedTuple, assert_never

import numpy as np

from hemline.claims.intervals import Estimate, mean_interval, mean_p, prediction_p, rounded, share_interval
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
from hemline.comparison.groups import Scores
from hemline.comparison.statistics import Interval, accuracy_interval, compare, mean_difference, prediction_interval
from hemline.words import signed

Verdict = Literal["shown", "compatible", "shown only if", "compatible only if", "refuted", "undecided", "not measured"]
# The error that a variant is refused with, or None.
Refuses = Callable[[dict[str, Any]], str | None]

# Of repeated trainings, so many are to lie in a published range: as many as a 95 % interval means to hold.
_SHARE_IN_RANGE = 0.95
# What a training is said to do, most trainings are to do.
_MOST = 1 / 2
_SHARE_OF_MOST = (
    "share of trainings with its exact 95 % interval (Clopper and Pearson); shown where that lies above one half, "
    "refuted where it lies below"
)
_POINTS = "percentage points"
_SMALLEST_P = 0.001
_CROSSED = "95 % interval over seeds and test images (crossed random effects)"
_PAIRED = "95 % interval over seeds, paired by seed (t)"
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
        p_value: two-sided; of one more training that gives the published number, or of a difference of 0. None where no
            such test decides.
        condition: completes "shown only if ...".
        close: the share of other sets of seeds that overturn it, where they are many; otherwise 0. See ``close``.
    """

    verdict: Verdict
    published: str
    found: str
    sentence: str
    method: str
    seeds: int
    p_value: float | None = None
    condition: str = ""
    close: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the part holds, be it shown or only not refuted, as it stands or under its condition."""
        return self.verdict.startswith(("shown", "compatible"))


def judge_part(part: AnyPart, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: PLR0911 - one for each kind
    """Judge a part as it stands, by the outcomes of the trainings that it speaks of: two or more seeds each.

    ``refuses`` says how the pipeline answers a variant.
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

    A number in the interval is compatible, not shown: many other numbers would be, too. How far off a number would have
    been refuted says how much the trainings could have found out.
    """
    values = outcomes[part.of].values(part.metric, part.epoch)
    interval, number = prediction_interval(values), rounded(part.published)
    beyond = max(number.low - interval.high, 0.0) + min(number.high - interval.low, 0.0)
    where = f"{abs(beyond):.4f} {'above' if beyond > 0 else 'below'}" if beyond else "in"
    # No loss is below 0, and no accuracy outside [0, 1]: the normal curve of few values may be.
    low, high = max(interval.low, 0.0), min(interval.high, math.inf if part.metric.endswith("loss") else 1.0)
    p_value = prediction_p(values, number)
    return Finding(
        "refuted" if beyond else "compatible",
        f"{METRIC_NAMES[part.metric]} {part.published}",
        f"{interval.estimate:.4f} [{low:.4f}, {high:.4f}]",
        f"Published {part.published} lies {where} what one more training would give, {low:.4f} to {high:.4f} "
        f"({_p(p_value)}).{'' if beyond else _detectable(interval, number)}",
        "95 % prediction interval for one more training (t); rounding of the published number allowed for",
        len(values),
        p_value,
    )


def judge_range(part: RangePart, outcomes: Outcomes) -> Finding:
    """Hold a published range against repeated trainings: refuted once fewer than 95 % of them can lie in it.

    Whatever rounds to its ends is allowed for. Not refuted is compatible, not shown: fewer than 95 % may lie in it.
    """
    values = outcomes[part.of].values(part.metric)
    lower, upper = part.published
    inside = int(((values >= rounded(lower).low) & (values <= rounded(upper).high)).sum())
    share = share_interval(inside, len(values))
    seen = f"{values.min():.4f} to {values.max():.4f}"
    return Finding(
        "compatible" if share.high >= _SHARE_IN_RANGE else "refuted",
        f"{METRIC_NAMES[part.metric]} {lower} to {upper}",
        f"{seen}; {inside} of {len(values)} inside",
        f"{inside} of {len(values)} trainings lie between {lower} and {upper}; they reach from {seen}, and the share "
        f"inside is {_percents(share)}. Fewer than {_fewest_inside(len(values))} inside would have refuted the range.",
        "share of trainings inside, rounding allowed for, with its exact 95 % interval (Clopper and Pearson); "
        "refuted below 95 %",
        len(values),
    )


def judge_ordering(part: OrderingPart, outcomes: Outcomes) -> Finding:
    """Compare two variants of the same seeds, for other seeds and, where a test metric is meant, other test images.

    Test losses and accuracies are those of the final models. The margin of accuracies is a share of the images.
    """
    one, other = outcomes[part.of], outcomes[part.than]
    match part.metric:
        case "test_accuracy":
            return _judge_scores(part, one.correct, other.correct, _Unit(100, 2, _POINTS))
        case "test_loss":
            return _judge_scores(part, one.losses, other.losses, _PLAIN)
        case "seconds":
            return _judge_seconds(part, one, other)
        case "loss" | "accuracy":
            return _judge_paired(part, one.values(part.metric), other.values(part.metric))
        case _:
            assert_never(part.metric)


def judge_trend(part: TrendPart, outcomes: Outcomes) -> Finding:
    """Compare two epochs of the same trainings."""
    curves, name = outcomes[part.of].curves(part.metric), METRIC_NAMES[part.metric]
    before, after = curves[:, part.from_epoch - 1], curves[:, part.to_epoch - 1]
    numbers, p_value = mean_interval(after - before), mean_p(after - before)
    change = _interval(numbers, 4)
    return Finding(
        _sign_verdict(numbers, 1 if part.claimed == "rises" else -1),
        f"{name} {part.claimed} from epoch {part.from_epoch} to {part.to_epoch}",
        change,
        f"From epoch {part.from_epoch} to {part.to_epoch}, {name} changes by {change} ({_p(p_value)} for no change), "
        f"from {before.mean():.4f} to {after.mean():.4f}. {_turning(curves, part.metric)}",
        f"{_PAIRED}{_on_images(part.metric)}",
        len(curves),
        p_value,
    )


def judge_gap(part: GapPart, outcomes: Outcomes) -> Finding:
    """Compare two metrics of the same trainings."""
    first, second = (outcomes[part.of].values(metric) for metric in (part.metric, part.than_metric))
    name, other_name = METRIC_NAMES[part.metric], METRIC_NAMES[part.than_metric]
    numbers, p_value = mean_interval(first - second), mean_p(first - second)
    gap = _interval(numbers, 4)
    return Finding(
        _sign_verdict(numbers, 1 if part.claimed == "higher" else -1),
        f"{name} {part.claimed} than {other_name}",
        gap,
        f"{name.capitalize()} is {first.mean():.4f} and {other_name} {second.mean():.4f}: a difference of {gap} "
        f"({_p(p_value)} for no difference).",
        f"{_PAIRED}{_on_images(part.metric, part.than_metric)}",
        len(first),
        p_value,
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
        _limit_verdict(share, _MOST),
        f"{name} goes up and down, epochs {part.from_epoch} to {part.to_epoch}",
        f"in {both} of {seeds} trainings; {rises.mean():.1f} of {epochs} epochs end higher",
        f"In {both} of {seeds} trainings {name} goes both up and down between epochs {part.from_epoch} and "
        f"{part.to_epoch}; {rises.min()} to {rises.max()} of the {epochs} epochs end higher than the one before, "
        f"{rises.mean():.1f} on average. The share of such trainings is {_percents(share)}.",
        _SHARE_OF_MOST,
        seeds,
    )


def judge_stop(part: StopPart, outcomes: Outcomes) -> Finding:
    """Ask whether most trainings stop after the published epoch: a claim of what happens is one of what is usual."""
    outcome = outcomes[part.of]
    last_epochs = outcome.last_epochs
    stopped = int((last_epochs == part.published).sum())
    seen, counts = np.unique(last_epochs, return_counts=True)
    listed = ", ".join(f"{count} end after epoch {epoch}" for epoch, count in zip(seen, counts, strict=True))
    share = share_interval(stopped, len(last_epochs))
    return Finding(
        _limit_verdict(share, _MOST),
        f"stops after epoch {part.published}",
        f"{stopped} of {len(last_epochs)} do",
        f"Of {len(last_epochs)} trainings of at most {outcome.epochs} epochs, {listed}; the share that stops after "
        f"epoch {part.published} is {_percents(share)}.",
        _SHARE_OF_MOST,
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
        _CROSSED,
        len(correct),
    )


def judge_error(part: ErrorPart, refuses: Refuses) -> Finding:
    """Ask whether a mistake is refused, by the error that names its rule."""
    message = refuses(part.variant)
    refused = message is not None and part.expected in message
    said = "nothing is refused" if message is None else f"refused: {message}"
    return Finding(
        "shown" if refused else "refuted",
        "an error",
        "one clear error" if refused else "no such error",
        f"The answer of the pipeline to the mistake: {said}.",
        "a variant with the mistake, given to the validation of params.yaml",
        0,
    )


class _Unit(NamedTuple):
    """How a difference is printed: times ``scale``, with so many digits, and the name of its unit."""

    scale: float = 1
    digits: int = 4
    name: str = ""

    def text(self, difference: Estimate) -> str:
        return f"{_interval(self.scaled(difference), self.digits)} {self.name}".rstrip()

    def scaled(self, difference: Estimate) -> Estimate:
        return Estimate(*(self.scale * number for number in difference))


class _Tested(NamedTuple):
    """The difference of the first minus the second, the p value of there being none, and where both come from."""

    difference: Estimate
    p_value: float
    method: str


_PLAIN = _Unit()


def _judge_scores(part: OrderingPart, first: Scores, second: Scores, unit: _Unit) -> Finding:
    """Judge what the final models of the same seeds give for each test image: (seeds, test images)."""
    result = compare(first, second)
    difference = Estimate(result.gain, result.low, result.high)
    pair = first.mean(axis=1, dtype=np.float64), second.mean(axis=1, dtype=np.float64)
    return _ordered(part, pair, _Tested(difference, result.p_value, _CROSSED), unit)


def _judge_paired(part: OrderingPart, first: Values, second: Values) -> Finding:
    """Judge values of the same seeds, which set the order of the images for both: float64 (seeds,), at least two."""
    differences = first - second
    return _ordered(part, (first, second), _Tested(mean_interval(differences), mean_p(differences), _PAIRED))


def _judge_seconds(part: OrderingPart, one: Outcome, other: Outcome) -> Finding:
    """Judge times, which a seed does not pair: the two variants ran at different times."""
    first, second = one.measured("seconds"), other.measured("seconds")
    if first is None or second is None:
        reason = "No times are known for these trainings: they came from DVC's cache, or the MLflow store is a new one."
        return Finding("not measured", part.says, "", reason, "", 0)
    result = mean_difference(first, second)
    difference = Estimate(result.difference, result.low, result.high)
    method = "95 % interval of the difference of means over seeds (Welch)"
    finding = _ordered(part, (first, second), _Tested(difference, result.p_value, method))
    ratio = f" The first takes {first.mean() / second.mean():.2f} times as long; {_LOAD}."
    return replace(finding, sentence=finding.sentence + ratio)


def _ordered(part: OrderingPart, pair: tuple[Values, Values], tested: _Tested, unit: _Unit = _PLAIN) -> Finding:
    """Put the difference between a pair's means, each float64 (seeds,), in words."""
    difference, p_value, method = tested
    verdict, limit = _order_verdict(part, difference, unit)
    first, second = pair
    size = unit.text(difference)
    return Finding(
        verdict,
        _published_order(part),
        size,
        f"{_difference_of(part)}: {size} ({_p(p_value)} for no difference).{limit}{_pairs(first, second, part)}",
        method,
        min(len(first), len(second)),
        p_value,
    )


def _published_order(part: OrderingPart) -> str:
    first, second = part.names()
    order = "the same as" if part.claimed == "same" else f"{part.claimed} than"
    return f"{METRIC_NAMES[part.metric]}: {first} {order} {second}"


def _difference_of(part: OrderingPart) -> str:
    first, second = part.names()
    return f"{METRIC_NAMES[part.metric].capitalize()} of {first} minus that of {second}"


def _order_verdict(part: OrderingPart, difference: Estimate, unit: _Unit) -> tuple[Verdict, str]:
    """Judge an order, and say what was taken as none where the two were to be the same."""
    if part.margin is None:
        return _sign_verdict(difference, 1 if part.claimed == "higher" else -1), ""
    return _same_verdict(unit.scaled(difference), unit.scale * part.margin, unit.name)


def _interval(numbers: Estimate, digits: int) -> str:
    return f"{signed(numbers.value, digits)} [{signed(numbers.low, digits)}, {signed(numbers.high, digits)}]"


def _same_verdict(difference: Estimate, margin: float, unit: str) -> tuple[Verdict, str]:
    """Judge "the same": shown once the whole interval lies within the margin, refuted once all of it lies beyond."""
    _, low, high = difference
    limit = f"{margin:g} {unit}".rstrip()
    if -margin < low and high < margin:
        tiny = " A difference is shown, but it is smaller than that." if low > 0 or high < 0 else ""
        return "shown", f" The whole interval lies within {limit}, which was taken as nothing.{tiny}"
    if low >= margin or high <= -margin:
        return "refuted", f" The whole interval lies beyond {limit}, which was taken as nothing."
    return "undecided", f" The interval reaches beyond {limit}, which was taken as nothing, but not all of it does."


def _sign_verdict(difference: Estimate, sign: int) -> Verdict:
    """Judge a claimed sign by the interval of a difference."""
    if difference.low <= 0 <= difference.high:
        return "undecided"
    return "shown" if (difference.low > 0) == (sign > 0) else "refuted"


def _limit_verdict(estimate: Estimate, limit: float) -> Verdict:
    """Judge "at least": shown once the whole interval reaches the limit, refuted once all of it lies below."""
    if estimate.low >= limit:
        return "shown"
    return "refuted" if estimate.high < limit else "undecided"


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


def _p(p_value: float) -> str:
    return f"p < {_SMALLEST_P}" if p_value < _SMALLEST_P else f"p = {p_value:.3f}"


def _detectable(interval: Interval, number: Estimate) -> str:
    """Say how far from the mean a number printed like this one would have been refuted."""
    shift = interval.high - interval.estimate + (number.high - number.low) / 2
    share = f" ({_percent(shift / interval.estimate)})" if interval.estimate else ""
    return f" A number more than {shift:.4f}{share} away from the mean would have been refuted."


def _percent(share: float) -> str:
    """Print a share with two digits at least."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"  # noqa: PLR2004 - two digits


def _on_images(*metrics: str) -> str:
    """Say of seeds' intervals that they are about these test images, where they are about test images at all."""
    return ", on these test images" if any(metric.startswith("test_") for metric in metrics) else ""


@lru_cache
def _fewest_inside(total: int) -> int:
    """Return how many trainings of a total must lie in a range for it not to be refuted."""
    return next(count for count in range(total + 1) if share_interval(count, total).high >= _SHARE_IN_RANGE)
