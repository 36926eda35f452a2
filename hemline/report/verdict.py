"""The answer in words, made from the comparison's numbers alone.

A variant is chosen by the validation images only: a choice by test accuracy would make the test images part of the
training.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hemline.comparison.enough import failures_ruled_out, seeds_warning
from hemline.comparison.facts import Facts
from hemline.comparison.metrics import ACCURACY, Decision, Metric, decision_of
from hemline.comparison.selection import Selection, best_by_validation
from hemline.comparison.units import Unit
from hemline.report import about_data, undertrained
from hemline.report.apart import apart
from hemline.report.question import Question
from hemline.report.undertrained import not_over_solved
from hemline.words import counted_images, listed, percent

_HEADS = {
    "better": "Better than {}",
    "worse": "Worse than {}",
    "no difference shown": "No difference from {} shown",
    "too few to tell": "Too few seeds or images to tell",
}
# The most variants that a sentence names.
_NAMED = 8


@dataclass(frozen=True)
class Verdict:
    """The result of the comparison in sentences."""

    # the answer to the question; also a sentence on variants that are not shown to beat the most frequent
    # class
    answer: str
    data: list[str]  # sentences about the data that the reader must know; may be empty
    details: list[str]  # a sentence for each kind of verdict, with gains and intervals
    selection: str  # the best variant by validation, or the reason why there is none
    basis: str  # seeds, test images, and coverage of the intervals

    @property
    def sentences(self) -> list[str]:
        """All sentences, in reading order."""
        return [self.answer, *self.data, *self.details, self.selection, self.basis]


def describe(
    comparison: pd.DataFrame,
    validation: pd.Series,
    baseline: str,
    title: str,
    facts: Facts,
    *,
    seeds: int,
    test_images: int,
    runs: pd.DataFrame,
    train_share: float = 1.0,
    per_seed: bool = False,
    searches: int = 1,
    warnings: Sequence[str] = (),
    question: Question | None = None,
    linear: dict[str, str] | None = None,
    metric: Metric = ACCURACY,
    selection: Selection | None = None,
) -> Verdict:
    """Put the comparison into words.

    Args:
        comparison: one row a variant: ``variant``, ``accuracy``, ``gain``, ``gain_low``, ``gain_high``
            (fractions), ``verdict``, ``still_improves`` (yes, no, unknown), ``so_far``, ``accuracy_low``,
            ``balanced_accuracy``, and the deciding metric.
        validation: mean of the deciding metric on validation images by variant; NaN without validation.
        baseline: the variant that the gains refer to.
        title: the data set's title.
        facts: about the data.
        seeds: the number of trainings of each variant.
        test_images: the number of test images.
        runs: a row per training: variant, seed, test_accuracy.
        train_share: the share of the training images that was used.
        per_seed: whether each seed has drawn its own validation images.
        searches: of each variant's settings, each with equally many of the seeds.
        warnings: reasons to distrust results from this data, in sentences.
        question: the question to answer; None: whether any variant beats the baseline.
        linear: by variant, whether a linear model is "solved" or "trained".
        metric: the deciding metric.
        selection: the choice by the validation images; None: the best variant.

    Returns:
        The sentences.
    """
    decision = decision_of(metric)
    if selection is None:
        best = best_by_validation(validation, metric)
        selection = Selection(best=best, tied=[best] if best else [], chosen=best)
    others = comparison[comparison["variant"] != baseline]
    question = question or Question("", f"the baseline {baseline}", list(others["variant"]))
    told = comparison[comparison["variant"].isin([baseline, *question.asked])]
    answer = _answer(told[told["variant"] != baseline], question, title, decision) + _qualification(told, baseline)
    answer += _single(others, seeds) + "."
    return Verdict(
        f"{answer} {about_data.unbeaten(comparison, facts, baseline, metric)}".rstrip(),
        _data(facts, test_images),
        [
            *(f"Warning: {each}" for each in warnings),
            *_impression(train_share),
            *_details(others, baseline, decision),
            *undertrained.sentences(comparison, baseline, linear or {}, metric),
            *apart(runs),
            *_convergence(comparison),
        ],
        _selection(comparison, validation, facts, metric, selection),
        _basis(
            counted_images(test_images, facts.groups),
            seeds,
            compared=len(others) > 0,
            per_seed=per_seed,
            searches=searches,
        )
        + _sign(decision),
    )


def _sign(decision: Decision) -> str:
    """Define a gain in a metric for which lower is better."""
    return f" A gain is the decrease in {decision.words}." if decision.is_loss else ""


def _data(facts: Facts, test_images: int) -> list[str]:
    duplicates = about_data.duplicates(facts, test_images) if facts.duplicates else ""
    return [sentence for sentence in (about_data.imbalance(facts), duplicates) if sentence]


def _impression(train_share: float) -> list[str]:
    seen = f"the networks saw {100 * train_share:g} % of the training images"
    return [] if train_share == 1 else [f"This is a preview: {seen}. With all of them, accuracies and gains differ."]


def _answer(others: pd.DataFrame, question: Question, title: str, decision: Decision) -> str:
    total, baseline, noun = len(others), question.baseline, question.noun
    if not total:
        return f"No comparison on {title}: {baseline} is the only variant. Add one to params.yaml to compare it with"
    better, worse, undecided, too_few = (int((others["verdict"] == name).sum()) for name in _HEADS)
    unsettled = [_unshown(undecided), _untold(too_few)]
    so_far = ", so far" if others["so_far"].any() else ""
    if better == total:
        whole = str(others["variant"].iloc[0]) if total == 1 else f"all {total} {noun}"
        verb = "beats" if total == 1 else "beat"
        return f"Yes{so_far}: {whole} {verb} {baseline} on {title}, by {_range(others, decision)}"
    if better:
        rest = listed([_count(worse, "is worse", "are worse"), *unsettled])
        gains = _range(others[others["verdict"] == "better"], decision)
        verb = "beats" if better == 1 else "beat"
        head = f"In part{so_far}: {better} of {total} {noun} {verb} {baseline} on {title}"
        return f"{head}, by {gains}; {rest}"
    if worse:
        rest = "".join(f"; {text}" for text in unsettled if text)
        verb = "is" if worse == 1 else "are"
        return f"No{so_far}: {worse} of {total} {noun} {verb} worse than {baseline} on {title}{rest}"
    if too_few:
        rest = f"; {_unshown(undecided)}" if undecided else ""
        whole = f"any {noun[:-1]}" if too_few == total else f"{too_few} of {total} {noun}"
        return f"Too few seeds or images to tell whether {whole} differs from {baseline} on {title}{rest}"
    return f"Not shown{so_far}: no {noun[:-1]} is shown to differ from {baseline} on {title}"


def _single(others: pd.DataFrame, seeds: int) -> str:
    """Say that the answer applies to these single trainings only: another seed would give another model."""
    if seeds > 1 or others.empty:
        return ""
    return "; this applies to these trained models only, one of each variant, not to other seeds"


def _qualification(comparison: pd.DataFrame, baseline: str) -> str:
    """Give the reason why a verdict holds only so far."""
    improving = list(comparison.loc[comparison["still_improves"] == "yes", "variant"])
    lost = not_over_solved(comparison)
    solved = f"; but no gain of {listed(lost)} is shown over the solved form of the same linear model" if lost else ""
    told = comparison[comparison["so_far"] & ~comparison["variant"].isin(lost)]
    if baseline not in improving and told.empty:
        return solved
    if not comparison["so_far"].any():
        return ""
    if len(improving) == len(comparison):
        who = "all variants still improved"
    elif baseline in improving:
        others = len(improving) - 1
        who = f"the baseline{f' and {others} of the others' if others else ''} still improved"
    else:
        who = f"{listed(improving)} still improved"
    return f"{solved}; but {who} when training ended, so this compares their speed of learning, not their final quality"


def _details(others: pd.DataFrame, baseline: str, decision: Decision) -> list[str]:
    sentences = []
    for name, head in _HEADS.items():
        rows = others[others["verdict"] == name].to_dict("records")
        # The first gain alone has the unit and the level.
        parts = [f"{row['variant']} by {_gain(row, decision.unit, first=place == 0)}" for place, row in enumerate(rows)]
        if name == "no difference shown":
            parts = [
                f"{text.replace(' by ', ' ', 1)[:-1]}{_detectable(row, decision.unit)})"
                for text, row in zip(parts, rows, strict=True)
            ]
        if name == "too few to tell":
            parts = [row["variant"] for row in rows]
        if len(parts) > _NAMED + 1:
            parts[_NAMED:] = [f"and {len(parts) - _NAMED} others (the table has them)"]
        if parts:
            sentences.append(f"{head.format(baseline)}: {', '.join(parts)}.")
    return sentences


def _convergence(comparison: pd.DataFrame) -> list[str]:
    """List the variants that had not converged, unless the answer already does."""
    if (comparison["still_improves"] == "unknown").any():
        return ["It is unknown whether the variants had converged: that needs validation images and several epochs."]
    improving = list(comparison.loc[comparison["still_improves"] == "yes", "variant"])
    named = bool(comparison["so_far"].any()) and len(improving) in {1, len(comparison)}
    if not improving or named:
        return []
    return [f"Still improving when training ended: {', '.join(improving)}. More epochs may change {_their(improving)}."]


def _their(improving: list[str]) -> str:
    return "its accuracy" if len(improving) == 1 else "their accuracies"


def _gain(row: dict[Hashable, Any], unit: Unit, *, first: bool) -> str:
    ends = (row["gain"], row["gain_low"], row["gain_high"])
    gain, low, high = unit.losses(*ends) if row["verdict"] == "worse" else unit.ends(row)
    level = "95 % interval " if first else ""
    return f"{unit.after(gain) if first else gain} ({level}{low} to {high})"


def _detectable(row: dict[Hashable, Any], unit: Unit) -> str:
    """Give the gain that would have been shown in 80 % of cases; empty for single trainings."""
    found = row["detectable"]
    return (
        "" if pd.isna(found) else f"; a gain of {unit.gain(found).lstrip('+')} would have been shown in 80 % of cases"
    )


def _selection(
    comparison: pd.DataFrame, validation: pd.Series, facts: Facts, metric: Metric, selection: Selection
) -> str:
    chosen = selection.chosen
    if chosen is None:
        return "No images were kept for validation, so no variant is called the best: test images must not decide that."
    (row,) = comparison[comparison["variant"] == chosen].to_dict("records")
    words = decision_of(metric).words
    # A single variant is not called the best.
    head = f"Best by validation {words}: {chosen}, with" if len(comparison) > 1 else f"{chosen} has"
    if len(selection.tied) > 1:
        rest = [variant for variant in selection.tied if variant != selection.best]
        are = "is" if len(rest) == 1 else "are"
        head = (
            f"Several tie by validation {words}: {listed(rest)} {are} not shown to differ from {selection.best}, which "
            f"is ahead. The smallest of them is chosen: {chosen}, with"
        )
    if metric.key != ACCURACY.key:
        sign = " %" if metric.show is percent else ""
        values = [f"{metric.show(float(value))}{sign}" for value in (validation[chosen], row[metric.key])]
        return f"{head} a {words} of {values[0]} on the validation images and {values[1]} on the test images."
    balanced = f" (balanced accuracy {percent(float(row['balanced_accuracy']))} %)" if facts.imbalanced else ""
    return (
        f"{head} {percent(float(validation[chosen]))} % on the validation images "
        f"and {percent(float(row['accuracy']))} % on the test images{balanced}."
    )


def _basis(images: str, seeds: int, *, compared: bool, per_seed: bool, searches: int) -> str:
    interval = "the intervals account for" if compared else "the interval accounts for"
    if seeds == 1:
        covered = f"One seed and {images}: {interval} the choice of test images only."
    elif per_seed:
        covered = (
            f"{seeds} seeds for each variant, each with its own training and validation images, and {images}: "
            f"{interval} the choice of all three, but not another test set or another data set: there is one of each."
        )
    elif searches > 1:
        own = seeds // searches
        trained = f"with {own} seed{'s' * (own > 1)} each"
        covered = (
            f"{searches} searches of each variant's settings, {trained}, and {images}: {interval} the choice of all."
        )
    else:
        covered = f"{seeds} seeds for each variant and {images}: {interval} the choice of both."
    return f"{covered} {failures_ruled_out(seeds)} {seeds_warning(seeds, searches)}".rstrip()


def _range(rows: pd.DataFrame, decision: Decision) -> str:
    """Write the range of the gains by the ends of their intervals: a range that reads like an interval must be one."""
    low, high = (decision.unit.gain(float(value)) for value in (rows["gain_low"].min(), rows["gain_high"].max()))
    ends = "the 95 % interval" if len(rows) == 1 else "the lowest and the highest end of their 95 % intervals"
    return f"{decision.unit.after(f'{low} to {high}')} of test {decision.words} ({ends})"


def _unshown(number: int) -> str:
    return f"for {number} no difference is shown" if number else ""


def _untold(number: int) -> str:
    return f"for {number} there are too few seeds or images to tell" if number else ""


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""
