"""The gate's result in Markdown, for a pull request: a sentence, a table, and the method."""

from tabulate import tabulate

from hemline.comparison.enough import interval, seeds_warning
from hemline.comparison.metrics import ACCURACY, decision_of
from hemline.comparison.units import POINTS, Unit
from hemline.gate.changes import Change, Difference, Judged
from hemline.gate.outcome import DIGITS, Outcome
from hemline.words import counted_images, listed, plain_in_markdown

_SMALLEST_P = 0.001
_POINT = 0.01
_ONLY_PAIRS = "The revisions have different numbers of trainings, and only pairs are compared"
_OTHER_ACCURACIES = "So their accuracies here differ from those of the report, which includes all trainings."
_KINDS = {"unchanged": "unchanged: the same models", "new": "new", "removed": "removed"}


def verdict_of(outcome: Outcome) -> str:
    """Return the verdict as one sentence."""
    base = plain_in_markdown(outcome.base)
    compared = [each for each in outcome.judged if each.change.difference]
    if outcome.failed:
        unit, failed = _unit(outcome), [each.change for each in outcome.failed]
        if outcome.margin is None:
            losses = {each.variant: unit.losses(*each.difference[:3]) for each in failed if each.difference}
            names = [f"{name} by {unit.after(f'{loss} [{low}, {high}]')}" for name, (loss, low, high) in losses.items()]
            return f"Failed: worse than at {base}: {listed(names)}."
        names = [f"{each.variant} ({_interval(each.difference, unit)})" for each in failed]
        return f"Failed: not shown to lose less than {_margin(outcome.margin, unit)} against {base}: {listed(names)}."
    if not compared:
        return f"Passed: no variant of {base} was trained again."
    if outcome.margin is None:
        return f"Passed: no variant is shown to be worse than at {base}."
    return f"Passed: every variant is shown to lose less than {_margin(outcome.margin, _unit(outcome))} against {base}."


def render(outcome: Outcome) -> str:
    """Return the whole text, with a newline at its end."""
    sign = " %" if _unit(outcome) is POINTS else ""
    header = [
        "Variant",
        f"{plain_in_markdown(outcome.base)}{sign}",
        f"Here{sign}",
        f"{_unit(outcome).heading('Difference')} [95 % interval]",
        "p (Holm)",
        "Trainings",
        "Verdict",
    ]
    rows = [_row(each, outcome) for each in outcome.judged]
    table = tabulate(rows, header, tablefmt="github", disable_numparse=True)
    return "\n\n".join([f"**{verdict_of(outcome)}**", table, *_notes(outcome)]) + "\n"


def _unit(outcome: Outcome) -> Unit:
    return decision_of(outcome.metric).unit


def _row(judged: Judged, outcome: Outcome) -> list[str]:
    change = judged.change
    name = f"{change.variant} (baseline)" if change.variant == outcome.baseline else change.variant
    old, new = ("" if value is None else outcome.metric.show(value) for value in (change.old, change.new))
    words = judged.words or _KINDS.get(change.kind, "")
    p_value = "" if judged.p_value is None else _p_value(judged.p_value)
    trainings = str(change.trainings or "")
    difference = _interval(change.difference, _unit(outcome))
    return [name, old, new, difference, p_value, trainings, f"**{words}**" if judged.fails else words]


def _notes(outcome: Outcome) -> list[str]:
    compared = [each.change for each in outcome.judged if each.change.difference]
    where = f"Compared with {plain_in_markdown(outcome.base)}, commit {outcome.commit[:DIGITS]}."
    if not compared:
        return [where]
    paired = f"Paired by test image and by seed, on {counted_images(outcome.images, outcome.groups)}"
    others = [f"{change.variant} ({change.other_seeds})" for change in compared if change.other_seeds]
    fewer = [f"{change.variant} ({change.trainings})" for change in compared if change.left_out]
    words = decision_of(outcome.metric).words
    decides = [] if outcome.metric is ACCURACY else [f"The {words} decides; a difference above 0 is better."]
    return [
        f"{where} {paired}; the intervals account for the choice of images and seeds.",
        *decides,
        _rule(outcome.margin, _unit(outcome)),
        *_loss_left(outcome, compared),
        *([f"Trainings without one of the same seed were paired in their order: {listed(others)}."] if others else []),
        *([f"{_ONLY_PAIRS}: {listed(fewer)}. {_OTHER_ACCURACIES}"] if fewer else []),
        *_margin_shown(outcome),
        *filter(None, [seeds_warning(min(change.trainings for change in compared))]),
    ]


def _loss_left(outcome: Outcome, changes: list[Change]) -> list[str]:
    """Give the loss that "passed" does not rule out, if there is no margin."""
    losses = {change.variant: -change.difference.low for change in changes if change.difference}
    worst = max(losses, key=lambda variant: losses[variant])
    if outcome.margin is not None or outcome.failed or losses[worst] <= 0:
        return []
    loss = _amount(losses[worst], _unit(outcome))
    return [f"**This does not rule out a loss of up to {loss} ({worst}).**"]


def _margin_shown(outcome: Outcome) -> list[str]:
    """Give the smallest margin, in hundredths of a point, that the results would pass."""
    failed = [each.change for each in outcome.failed if each.words == "not shown to be within the margin"]
    if not failed:
        return []
    unit, low = _unit(outcome), min(change.difference.low for change in failed if change.difference)
    steps = unit.factor * 10**unit.digits
    least = _amount((int(-low * steps) + 1) / steps, unit)
    names = listed([change.variant for change in failed])
    return [f"With a margin of {least}, {names} would pass; with more seeds, a smaller margin may be enough."]


def _rule(margin: float | None, unit: Unit) -> str:
    if margin is None:
        return "A variant fails if it is shown to be worse: p, adjusted for the number of variants, is below 0.05."
    return (
        f"A variant fails unless it is shown to lose less than {_margin(margin, unit)}: its whole interval must lie "
        f"above {unit.gain(-margin)}."
    )


def _interval(difference: Difference | None, unit: Unit) -> str:
    return "" if difference is None else interval(unit, *difference[:3])


def _amount(value: float, unit: Unit) -> str:
    return f"{unit.factor * value:.{unit.digits}f} {unit.short}".rstrip()


def _p_value(value: float) -> str:
    return f"< {_SMALLEST_P}" if value < _SMALLEST_P else f"{value:.3f}"


def _margin(margin: float, unit: Unit) -> str:
    name = unit.name.removesuffix("s") if margin == _POINT else unit.name
    return f"{unit.factor * margin:g} {name}".rstrip()
