"""The kinds of parts of a claim: their keys in ``claims.yaml``, and their judgement.

To add a kind, write a class here, add it to ``AnyPart``, and add its panel to ``plots.PANELS``.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from hemline.claims.finding import (
    Finding,
    Refuses,
    Verdict,
    interval_text,
    limit_verdict,
    p_text,
    same_verdict,
    share_text,
    sign_verdict,
)
from hemline.claims.intervals import Estimate, mean_test, prediction_p, rounded, share_interval
from hemline.claims.outcome import Outcome, Outcomes, Values
from hemline.comparison.groups import Scores
from hemline.comparison.statistics import Interval, accuracy_interval, compare, mean_difference, prediction_interval
from hemline.schema import Count, StrictModel, Text

Metric = Literal["loss", "accuracy", "test_loss", "test_accuracy"]
Place = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")]

METRIC_NAMES = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
    "seconds": "seconds of an epoch",
}
# The share of repeated trainings that should lie in a published range, as in a 95 % interval.
_SHARE_IN_RANGE = 0.95
# Most trainings should behave as claimed.
_MOST = 1 / 2
_SHARE_OF_MOST = (
    "share of trainings with its exact 95 % interval (Clopper and Pearson); shown where that lies above one half, "
    "refuted where it lies below"
)
_CROSSED = "95 % interval over seeds and test images (crossed random effects)"
_PAIRED = "95 % interval over seeds, paired by seed (t)"
_WELCH = "95 % interval of the difference of means over seeds (Welch)"
# The seeds of a variant run together, at another time than those of others, under a load that the interval ignores.
_LOAD = "the two ran one after the other, so other work on the machine may have slowed them differently"


def _check_quoted(value: object) -> object:
    # As a number, 0.880 would be 0.88, with a different rounding.
    if isinstance(value, float | int):
        raise ValueError("must stand in quotes, so that its last digit is kept")  # noqa: TRY004 - pydantic's protocol
    return value


Printed = Annotated[str, BeforeValidator(_check_quoted), StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?$")]


class Otherwise(StrictModel):
    """Another setting or metric for a part that does not hold as it stands.

    Attributes:
        condition: completes "shown only if ..." or "compatible only if ...".
    """

    condition: Text
    of: Place | None = None
    than: Place | None = None
    metric: Metric | None = None


class Part(StrictModel, ABC):
    """One statement of a claim, in our words; ``also`` marks additional evidence, which does not count."""

    says: Text
    also: bool = False
    otherwise: Otherwise | None = None

    @model_validator(mode="after")
    def _check_otherwise(self) -> Self:
        for key in self._changes():
            if key not in type(self).model_fields:
                raise ValueError(f"otherwise.{key}: is no key of this kind of part; remove it")
        return self

    @abstractmethod
    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:
        """Judge the part as it stands, by the outcomes of its trainings, with two or more seeds each.

        ``refuses`` returns the pipeline's error for a variant.
        """

    def places(self) -> list[str]:
        """Return its trainings, each as ``experiment/variant``."""
        return [place for key in ("of", "than") if (place := getattr(self, key, None))]

    def under_otherwise(self) -> Self:
        """Return the part with the changes of ``otherwise``, if any."""
        return self.model_copy(update=self._changes())

    def _changes(self) -> dict[str, Any]:
        return self.otherwise.model_dump(exclude={"condition"}, exclude_none=True) if self.otherwise else {}


class NumberPart(Part):
    """A training gives ``published``; ``epoch`` is the last one by default."""

    kind: Literal["number"]
    of: Place
    metric: Metric
    published: Printed
    epoch: Count | None = None

    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: ARG002
        """Compare the published number with the prediction for one more training.

        The interval of the mean would be wrong: it is for the average of many trainings, and gets narrower with every
        seed, while a published number comes from a single training. All share the test images, which add no variance.
        Rounding of the number is allowed for.

        A number in the interval is compatible, not shown: many other numbers would be, too. The distance at which a
        number would have been refuted shows the precision of the trainings.
        """
        values = outcomes[self.of].values(self.metric, self.epoch)
        interval, number = prediction_interval(values), rounded(self.published)
        beyond = max(number.low - interval.high, 0.0) + min(number.high - interval.low, 0.0)
        where = f"{abs(beyond):.4f} {'above' if beyond > 0 else 'below'}" if beyond else "in"
        # Losses are at least 0 and accuracies in [0, 1], but a normal interval may exceed that.
        low, high = max(interval.low, 0.0), min(interval.high, math.inf if self.metric.endswith("loss") else 1.0)
        p_value = prediction_p(values, number)
        return Finding(
            "refuted" if beyond else "compatible",
            f"{METRIC_NAMES[self.metric]} {self.published}",
            f"{interval.estimate:.4f} [{low:.4f}, {high:.4f}]",
            f"Published {self.published} lies {where} what one more training would give, {low:.4f} to {high:.4f} "
            f"({p_text(p_value)}).{'' if beyond else _detectable(interval, number)}",
            "95 % prediction interval for one more training (t); rounding of the published number allowed for",
            len(values),
            p_value,
        )


class RangePart(Part):
    """Repeated trainings give values between the two numbers."""

    kind: Literal["range"]
    of: Place
    metric: Metric
    published: Annotated[list[Printed], Field(min_length=2, max_length=2)]

    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: ARG002
        """Compare the range with repeated trainings: refuted once fewer than 95 % of them can lie in it.

        Rounding of its ends is allowed for. Not refuted means compatible, not shown: fewer than 95 % may be inside.
        """
        values = outcomes[self.of].values(self.metric)
        lower, upper = self.published
        inside = int(((values >= rounded(lower).low) & (values <= rounded(upper).high)).sum())
        share = share_interval(inside, len(values))
        seen = f"{values.min():.4f} to {values.max():.4f}"
        return Finding(
            "compatible" if share.high >= _SHARE_IN_RANGE else "refuted",
            f"{METRIC_NAMES[self.metric]} {lower} to {upper}",
            f"{seen}; {inside} of {len(values)} inside",
            f"{inside} of {len(values)} trainings lie between {lower} and {upper}; they reach from {seen}, and the "
            f"share inside is {share_text(share)}. Fewer than {_fewest_inside(len(values))} inside would have refuted "
            "the range.",
            "share of trainings inside, rounding allowed for, with its exact 95 % interval (Clopper and Pearson); "
            "refuted below 95 %",
            len(values),
        )


class OrderingPart(Part):
    """The trainings of ``of`` give a higher or lower value than those of ``than``, or the same within ``margin``."""

    kind: Literal["ordering"]
    of: Place
    than: Place
    metric: Metric | Literal["seconds"]
    claimed: Literal["higher", "lower", "same"]
    margin: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _check_margin(self) -> Self:
        if (self.claimed == "same") != (self.margin is not None):
            raise ValueError("margin: must be given where `claimed` is same, and only there")
        return self

    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: ARG002
        """Compare two variants with the same seeds, for other seeds and, with a test metric, other test images.

        Test losses and accuracies are those of the final models. The margin of accuracies is a share of the images.
        """
        one, other = outcomes[self.of], outcomes[self.than]
        match self.metric:
            case "test_accuracy":
                return self._judge_scores(one.correct, other.correct)
            case "test_loss":
                return self._judge_scores(one.losses, other.losses)
            case "seconds":
                return self._judge_seconds(one, other)
        first, second = one.values(self.metric), other.values(self.metric)
        return self._ordered(first, second, *mean_test(first - second), _PAIRED)

    def _judge_scores(self, first: Scores, second: Scores) -> Finding:
        """Judge the scores of the final models with the same seeds: (seeds, test images)."""
        result = compare(first, second)
        means = first.mean(axis=1, dtype=np.float64), second.mean(axis=1, dtype=np.float64)
        # The test of pairs on the page: small p-values, which Holm's method needs, are valid.
        return self._ordered(*means, Estimate(result.gain, result.low, result.high), result.cautious_p_value, _CROSSED)

    def _judge_seconds(self, one: Outcome, other: Outcome) -> Finding:
        """Judge times, unpaired because the two variants ran at different times."""
        first, second = one.measured("seconds"), other.measured("seconds")
        if first is None or second is None:
            why = (
                "No times are known for these trainings: they came from DVC's cache, or the MLflow store is a new one."
            )
            return Finding("not measured", self.says, "", why, "", 0)
        result = mean_difference(first, second)
        difference = Estimate(result.difference, result.low, result.high)
        finding = self._ordered(first, second, difference, result.p_value, _WELCH)
        ratio = f" The first takes {first.mean() / second.mean():.2f} times as long; {_LOAD}."
        return replace(finding, sentence=finding.sentence + ratio)

    def _ordered(self, first: Values, second: Values, difference: Estimate, p_value: float, method: str) -> Finding:
        """Put the difference between the means of ``first`` and ``second``, float64 (seeds,), in words."""
        scale, digits, unit = (100, 2, "percentage points") if self.metric == "test_accuracy" else (1, 4, "")
        difference = Estimate(*(scale * number for number in difference))
        size, limit = f"{interval_text(difference, digits)} {unit}".rstrip(), ""
        if self.margin is None:
            verdict = sign_verdict(difference, 1 if self.claimed == "higher" else -1)
        else:
            verdict, limit = same_verdict(difference, scale * self.margin, unit)
        (name, other_name), metric = self._names(), METRIC_NAMES[self.metric]
        return Finding(
            verdict,
            f"{metric}: {name} {'the same as' if self.claimed == 'same' else f'{self.claimed} than'} {other_name}",
            size,
            f"{metric.capitalize()} of {name} minus that of {other_name}: {size} ({p_text(p_value)} for no difference)."
            f"{limit}{_pairs(first, second, self.claimed)}",
            method,
            min(len(first), len(second)),
            p_value,
        )

    def _names(self) -> tuple[str, str]:
        """Name the two by their variants, with the experiments if the variants are the same."""
        (experiment, variant), (other_experiment, other_variant) = (place.split("/") for place in self.places())
        if variant != other_variant:
            return variant, other_variant
        return f"{variant} ({experiment})", f"{variant} ({other_experiment})"


class TrendPart(Part):
    """In one training, the value after ``to_epoch`` is above or below that after ``from_epoch``."""

    kind: Literal["trend"]
    of: Place
    metric: Metric
    from_epoch: Count
    to_epoch: Count
    claimed: Literal["rises", "falls"]

    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: ARG002
        """Compare two epochs of the same trainings."""
        curves, name = outcomes[self.of].curves(self.metric), METRIC_NAMES[self.metric]
        before, after = curves[:, self.from_epoch - 1], curves[:, self.to_epoch - 1]
        numbers, p_value = mean_test(after - before)
        change = interval_text(numbers)
        return Finding(
            sign_verdict(numbers, 1 if self.claimed == "rises" else -1),
            f"{name} {self.claimed} from epoch {self.from_epoch} to {self.to_epoch}",
            change,
            f"From epoch {self.from_epoch} to {self.to_epoch}, {name} changes by {change} ({p_text(p_value)} for no "
            f"change), from {before.mean():.4f} to {after.mean():.4f}. {_turning(curves, self.metric)}",
            f"{_PAIRED}{_on_images(self.metric)}",
            len(curves),
            p_value,
        )


class GapPart(Part):
    """In one training, ``metric`` is after the last epoch higher or lower than ``than_metric``."""

    kind: Literal["gap"]
    of: Place
    metric: Metric
    than_metric: Metric
    claimed: Literal["higher", "lower"]

    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: ARG002
        """Compare two metrics of the same trainings."""
        first, second = (outcomes[self.of].values(metric) for metric in (self.metric, self.than_metric))
        name, other_name = METRIC_NAMES[self.metric], METRIC_NAMES[self.than_metric]
        numbers, p_value = mean_test(first - second)
        gap = interval_text(numbers)
        return Finding(
            sign_verdict(numbers, 1 if self.claimed == "higher" else -1),
            f"{name} {self.claimed} than {other_name}",
            gap,
            f"{name.capitalize()} is {first.mean():.4f} and {other_name} {second.mean():.4f}: a difference of {gap} "
            f"({p_text(p_value)} for no difference).",
            f"{_PAIRED}{_on_images(self.metric, self.than_metric)}",
            len(first),
            p_value,
        )


class WobblePart(Part):
    """In one training, the value goes up and down from epoch to epoch, instead of falling only."""

    kind: Literal["wobble"]
    of: Place
    metric: Metric
    from_epoch: Count
    to_epoch: Count

    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: ARG002
        """Test whether most trainings have epochs that end with a higher value than the one before."""
        curves, name = outcomes[self.of].curves(self.metric), METRIC_NAMES[self.metric]
        steps = np.diff(curves[:, self.from_epoch - 1 : self.to_epoch], axis=1)
        seeds, epochs = steps.shape
        rises = (steps > 0).sum(axis=1)
        both = int(((rises > 0) & (rises < epochs)).sum())
        share = share_interval(both, seeds)
        return Finding(
            limit_verdict(share, _MOST),
            f"{name} goes up and down, epochs {self.from_epoch} to {self.to_epoch}",
            f"in {both} of {seeds} trainings; {rises.mean():.1f} of {epochs} epochs end higher",
            f"In {both} of {seeds} trainings {name} goes both up and down between epochs {self.from_epoch} and "
            f"{self.to_epoch}; {rises.min()} to {rises.max()} of the {epochs} epochs end higher than the one before, "
            f"{rises.mean():.1f} on average. The share of such trainings is {share_text(share)}.",
            _SHARE_OF_MOST,
            seeds,
        )


class StopPart(Part):
    """A training that stops once its loss is low enough stops after epoch ``published``."""

    kind: Literal["early-stop"]
    of: Place
    published: Count

    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: ARG002
        """Test whether most trainings stop after the published epoch."""
        outcome = outcomes[self.of]
        last_epochs = outcome.last_epochs
        stopped = int((last_epochs == self.published).sum())
        seen, counts = np.unique(last_epochs, return_counts=True)
        listed = ", ".join(f"{count} end after epoch {epoch}" for epoch, count in zip(seen, counts, strict=True))
        share = share_interval(stopped, len(last_epochs))
        return Finding(
            limit_verdict(share, _MOST),
            f"stops after epoch {self.published}",
            f"{stopped} of {len(last_epochs)} do",
            f"Of {len(last_epochs)} trainings of at most {outcome.epochs} epochs, {listed}; the share that stops after "
            f"epoch {self.published} is {share_text(share)}.",
            _SHARE_OF_MOST,
            len(last_epochs),
        )


class ThresholdPart(Part):
    """A value is at least ``at_least``, a number that was not published: ``because`` says why it was chosen."""

    kind: Literal["threshold"]
    of: Place
    metric: Literal["test_accuracy"]
    at_least: Annotated[float, Field(gt=0, lt=1)]
    because: Text

    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: ARG002
        """Test whether a test accuracy is above a threshold, for other seeds and other test images."""
        correct = outcomes[self.of].correct
        interval = accuracy_interval(correct)
        accuracy = Estimate(interval.estimate, interval.low, interval.high)
        found = "{:.2f} % [{:.2f}, {:.2f}]".format(*(100 * number for number in accuracy))
        return Finding(
            limit_verdict(accuracy, self.at_least),
            f"at least {100 * self.at_least:g} % (our threshold)",
            found,
            f"Test accuracy is {found}; the threshold of {100 * self.at_least:g} % is ours: {self.because}.",
            _CROSSED,
            len(correct),
        )


class ErrorPart(Part):
    """A variant with these keys is refused; the message holds the text ``expected``."""

    kind: Literal["error"]
    variant: dict[str, Any]
    expected: Text

    def judge(self, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: ARG002
        """Test whether a mistake is rejected with the error that names its rule."""
        message = refuses(self.variant)
        refused = message is not None and self.expected in message
        verdict: Verdict = "shown" if refused else "refuted"
        found = "one clear error" if refused else "no such error"
        said = "nothing is refused" if message is None else f"refused: {message}"
        method = "a variant with the mistake, given to the validation of params.yaml"
        return Finding(verdict, "an error", found, f"The answer of the pipeline to the mistake: {said}.", method, 0)


AnyPart = Annotated[
    NumberPart | RangePart | OrderingPart | TrendPart | GapPart | WobblePart | StopPart | ThresholdPart | ErrorPart,
    Field(discriminator="kind"),
]


def _pairs(first: Values, second: Values, claimed: str) -> str:
    """Give the share of pairs of single trainings that show the order, as in a tutorial with one training each."""
    sign = -1 if claimed == "lower" else 1
    differences = sign * (first[:, None] - second[None, :])
    share = 100 * float((differences > 0).mean() + (differences == 0).mean() / 2)
    word = "lower" if sign < 0 else "higher"
    return f" Of two single trainings, the first is {word} in {share:.0f} % of pairs."


def _turning(curves: Values, metric: str) -> str:
    """Give the epoch with the lowest loss or the highest accuracy, in the mean and over the seeds."""
    signed = curves if metric.endswith("loss") else -curves
    best, mean = signed.argmin(axis=1), int(signed.mean(axis=0).argmin()) + 1
    seeds = f"{best.min() + 1}" if best.min() == best.max() else f"{best.min() + 1} to {best.max() + 1}"
    word = "lowest" if metric.endswith("loss") else "highest"
    return f"Its mean is {word} after epoch {mean} of {curves.shape[1]} (single trainings: {seeds})."


def _detectable(interval: Interval, number: Estimate) -> str:
    """Give the distance from the mean at which a number printed like this one would have been refuted."""
    shift, share = interval.high - interval.estimate + (number.high - number.low) / 2, ""
    if interval.estimate:
        percent = 100 * shift / interval.estimate
        share = f" ({percent:.0f} %)" if percent >= 10 else f" ({percent:.2g} %)"  # noqa: PLR2004 - two digits
    return f" A number more than {shift:.4f}{share} away from the mean would have been refuted."


def _on_images(*metrics: str) -> str:
    """Say that an interval over seeds applies to these test images, if a metric is measured on them."""
    return ", on these test images" if any(metric.startswith("test_") for metric in metrics) else ""


@lru_cache
def _fewest_inside(total: int) -> int:
    """Return the fewest of ``total`` trainings inside a range that do not refute it."""
    return next(count for count in range(total + 1) if share_interval(count, total).high >= _SHARE_IN_RANGE)
