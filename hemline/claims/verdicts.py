"""From the claims and the outcomes of their trainings to verdicts; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hemline.claims import judge
from hemline.claims.file import (
    AnyPart,
    Claim,
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
from hemline.claims.judge import Finding
from hemline.comparison.statistics import Correct

Refuses = Callable[[dict[str, Any]], str | None]


@dataclass(frozen=True)
class Outcome:
    """What the trainings of one variant gave.

    Attributes:
        history: ``seed``, ``epoch`` (from 1) and the metrics after it.
        correct: bool (seeds, test images), of the final models.
        epochs: that a training may take.
        seconds: float64 (seeds,), of each training's fastest epoch; None where no times were recorded.
    """

    history: pd.DataFrame
    correct: Correct
    epochs: int
    seconds: npt.NDArray[np.float64] | None = None

    def last(self, metric: str) -> npt.NDArray[np.float64]:
        """Return the values after the last epoch of each training, float64 (seeds,)."""
        return self.history.groupby("seed")[metric].last().to_numpy(np.float64)

    def after(self, epoch: int, metric: str) -> npt.NDArray[np.float64]:
        """Return the values after ``epoch`` of each training that got there, float64 (seeds,)."""
        return self.history.loc[self.history["epoch"] == epoch, metric].to_numpy(np.float64)

    def curves(self, metric: str) -> npt.NDArray[np.float64]:
        """Return the values of all epochs, float64 (seeds, epochs); NaN after an early stop."""
        return self.history.pivot_table(index="seed", columns="epoch", values=metric).to_numpy(np.float64)

    def last_epochs(self) -> npt.NDArray[np.int64]:
        """Return how many epochs each training took, int64 (seeds,)."""
        return self.history.groupby("seed")["epoch"].max().to_numpy(np.int64)


Outcomes = Mapping[str, Outcome]


def phrase(part: AnyPart, finding: Finding) -> str:
    """Return a finding's verdict as it is printed: evidence beside a claim is no claim that could be reproduced."""
    if part.also:
        return {"reproduced": "shown", "not reproduced": "not so"}.get(finding.verdict, finding.verdict)
    return f"{finding.verdict} {finding.condition}".rstrip()


@dataclass(frozen=True)
class Judged:
    """A claim with a finding for each of its parts, and the verdict on the whole."""

    claim: Claim
    findings: list[Finding]
    verdict: str
    condition: str

    @property
    def words(self) -> str:
        """The verdict as it is printed."""
        texts = [self.verdict]
        if self.condition:
            # Of parts that differ, only some depend on the condition.
            link = " " if self.verdict.endswith("if") else ", in part only if "
            texts = [f"{self.verdict}{link}{self.condition}"]
        counted = zip(self.claim.parts, self.findings, strict=True)
        missing = sum(finding.verdict == "not measured" and not part.also for part, finding in counted)
        if missing and self.verdict != "not measured":
            texts.append(f"{missing} part{'s' if missing > 1 else ''} not measured")
        return "; ".join(texts)

    @property
    def seeds(self) -> int:
        """The fewest trainings that a part rests on; 0 where none was needed."""
        return min((finding.seeds for finding in self.findings if finding.seeds), default=0)


def judge_claim(claim: Claim, outcomes: Outcomes, refuses: Refuses) -> Judged:
    """Give a claim its verdict.

    Args:
        claim: the claim.
        outcomes: by ``experiment/variant``, all that the claim needs.
        refuses: returns the error that a variant with these keys is refused with, or None.
    """
    findings = [judge_part(part, outcomes, refuses) for part in claim.parts]
    counted = [finding for part, finding in zip(claim.parts, findings, strict=True) if not part.also]
    return Judged(claim, findings, *judge.combine(counted))


def judge_part(part: AnyPart, outcomes: Outcomes, refuses: Refuses) -> Finding:
    """Judge a part as it stands and, where it does not hold, under its other condition."""
    finding = _judge(part, outcomes, refuses)
    if part.otherwise is None or finding.verdict in {"reproduced", "not measured"}:
        return finding
    changes = part.otherwise.model_dump(exclude={"condition"}, exclude_none=True)
    other = _judge(part.model_copy(update=changes), outcomes, refuses)
    sentence = f"{finding.sentence} If {part.otherwise.condition}: {other.sentence}"
    found = f"{finding.found}; if {part.otherwise.condition}: {other.found}"
    if other.verdict != "reproduced":
        return replace(finding, sentence=sentence, found=found)
    condition = part.otherwise.condition
    return replace(finding, verdict="reproduced only if", condition=condition, sentence=sentence, found=found)


def _judge(part: AnyPart, outcomes: Outcomes, refuses: Refuses) -> Finding:  # noqa: PLR0911 - one for each kind
    match part:
        case NumberPart():
            return judge.judge_number(values_of(part, outcomes), part.published, part.metric)
        case RangePart():
            return judge.judge_range(outcomes[part.of].last(part.metric), part.published, part.metric)
        case OrderingPart():
            return _judge_ordering(part, outcomes)
        case TrendPart():
            epochs = part.from_epoch, part.to_epoch
            return judge.judge_trend(outcomes[part.of].curves(part.metric), part.metric, epochs, part.claimed)
        case GapPart():
            metrics = part.metric, part.than_metric
            first, second = (outcomes[part.of].last(metric) for metric in metrics)
            return judge.judge_gap(first, second, metrics, part.claimed)
        case WobblePart():
            epochs = part.from_epoch, part.to_epoch
            return judge.judge_wobble(outcomes[part.of].curves(part.metric), part.metric, epochs)
        case StopPart():
            return judge.judge_stop(outcomes[part.of].last_epochs(), part.published, outcomes[part.of].epochs)
        case ThresholdPart():
            return judge.judge_threshold(outcomes[part.of].correct, part.at_least, part.because)
        case ErrorPart():
            return judge.judge_error(refuses(part.variant), part.expected)


def values_of(part: NumberPart, outcomes: Outcomes) -> npt.NDArray[np.float64]:
    """Return the values that a published number is held against, float64 (seeds,)."""
    outcome = outcomes[part.of]
    return outcome.last(part.metric) if part.epoch is None else outcome.after(part.epoch, part.metric)


def _judge_ordering(part: OrderingPart, outcomes: Outcomes) -> Finding:
    first, second = outcomes[part.of], outcomes[part.than]
    claimed = judge.Claimed(short_names(part.of, part.than), part.claimed, part.margin)
    if part.metric == "test_accuracy":
        return judge.judge_accuracy_ordering(first.correct, second.correct, claimed)
    if part.metric != "seconds":
        return judge.judge_value_ordering(first.last(part.metric), second.last(part.metric), part.metric, claimed)
    if first.seconds is None or second.seconds is None:
        reason = "No times are known for these trainings: they came from DVC's cache, or the MLflow store is a new one."
        return judge.not_measured(part.says, reason)
    return judge.judge_value_ordering(first.seconds, second.seconds, "seconds", claimed)


def short_names(first: str, second: str) -> tuple[str, str]:
    """Name two trainings by their variants, or by what tells them apart where the variants are the same."""
    one, two = first.split("/"), second.split("/")
    if one[1] != two[1]:
        return one[1], two[1]
    return f"{one[1]} ({one[0]})", f"{two[1]} ({two[0]})"
