"""A small figure for each claim, a panel for each of its parts: what was published against what the repeats gave."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import assert_never

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hemline.claims.intervals import rounded
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
from hemline.claims.outcome import Outcomes, Values
from hemline.claims.verdicts import Judged
from hemline.comparison.statistics import prediction_interval
from hemline.report.plots import COLOURS, INK, MUTED, style

Panel = Callable[[Axes], None]

TRAINED, PUBLISHED = COLOURS[0], COLOURS[1]
COLUMNS = 3
# Inches of a panel; labels of two rows need more width than one panel alone has.
WIDTH, HEIGHT = 3.5, 1.75

_DOTS = "Dots are single trainings, upright bars their means."
_NUMBERS = "Level grey bars are prediction intervals; orange is what was published."
_PUBLISHED = "Orange is what was published, or the threshold."
_LINES = "Lines are means over the seeds, bands reach from the lowest to the highest."


def claim_figure(judged: Judged, outcomes: Outcomes) -> Figure | None:
    """Draw a claim: dots are single trainings, bars 95 % prediction intervals, orange is what was published.

    None where no part has anything to draw.
    """
    drawn = [(part, panel) for part in _distinct(judged.claim.parts) if (panel := _panel(part, outcomes))]
    if not drawn:
        return None
    columns, rows = min(COLUMNS, len(drawn)), math.ceil(len(drawn) / COLUMNS)
    with style():
        figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows))
        places = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (part, panel) in zip(places, drawn, strict=False):
            panel(axes)
            axes.set_title(_title(part), fontsize=8.5)
            axes.tick_params(labelsize=8)
        for axes in places[len(drawn) :]:
            axes.set_axis_off()
    return figure


def legend(parts: Sequence[AnyPart]) -> str:
    """Say in words what the panels of these parts show."""
    needed = {text for part in parts for text in _legend(part)}
    if _NUMBERS in needed:  # says what orange is, too
        needed.discard(_PUBLISHED)
    return " ".join(text for text in (_DOTS, _NUMBERS, _PUBLISHED, _LINES) if text in needed)


def _panel(part: AnyPart, outcomes: Outcomes) -> Panel | None:  # noqa: PLR0911 - one for each kind
    """Return what draws a part, or None where there is nothing to draw."""
    match part:
        case NumberPart():
            return partial(_draw_number, part, outcomes)
        case RangePart():
            return partial(_draw_range, part, outcomes)
        case OrderingPart():
            unknown = any(outcomes[place].measured(part.metric) is None for place in part.places())
            return None if unknown else partial(_draw_ordering, part, outcomes)
        case GapPart():
            return partial(_draw_gap, part, outcomes)
        case TrendPart() | WobblePart():
            return partial(_draw_curves, part, outcomes)
        case StopPart():
            return partial(_draw_stop, part, outcomes)
        case ThresholdPart():
            return partial(_draw_threshold, part, outcomes)
        case ErrorPart():
            return None
        case _:
            assert_never(part)


def _legend(part: AnyPart) -> tuple[str, ...]:
    """Return what explains the panel of a part."""
    match part:
        case NumberPart():
            return _DOTS, _NUMBERS
        case RangePart() | ThresholdPart():
            return _DOTS, _PUBLISHED
        case OrderingPart() | GapPart():
            return (_DOTS,)
        case TrendPart() | WobblePart():
            return (_LINES,)
        case StopPart():
            return (_PUBLISHED,)
        case ErrorPart():
            return ()
        case _:
            assert_never(part)


def _distinct(parts: Sequence[AnyPart]) -> list[AnyPart]:
    """Leave out curves that are there already: training and test are drawn together."""
    kept = {_curves(part) or id(part): part for part in reversed(parts)}
    return list(reversed(kept.values()))


def _curves(part: AnyPart) -> tuple[str, str, int, int] | None:
    if not isinstance(part, TrendPart | WobblePart):
        return None
    return part.of, part.metric.removeprefix("test_"), part.from_epoch, part.to_epoch


def _title(part: AnyPart) -> str:
    curves = _curves(part)
    if curves is None:
        return part.says
    place, metric, first, last = curves
    return f"{place.split('/')[1]}: {metric}, epochs {first} and {last} marked"


def _draw_number(part: NumberPart, outcomes: Outcomes, axes: Axes) -> None:
    rows = {"": outcomes[part.of].values(part.metric, part.epoch)}
    if part.otherwise:
        other = part.under_otherwise()
        rows = {"as stated": rows[""], "otherwise": outcomes[other.of].values(other.metric, other.epoch)}
    _draw_dots(axes, rows, METRIC_NAMES[part.metric], intervals=True)
    number = rounded(part.published)
    axes.axvspan(number.low, number.high, color=PUBLISHED, alpha=0.25, linewidth=0)
    axes.axvline(number.value, color=PUBLISHED, linewidth=1.6)


def _draw_range(part: RangePart, outcomes: Outcomes, axes: Axes) -> None:
    _draw_dots(axes, {"": outcomes[part.of].values(part.metric)}, METRIC_NAMES[part.metric])
    lower, upper = (rounded(figure) for figure in part.published)
    axes.axvspan(lower.low, upper.high, color=PUBLISHED, alpha=0.2, linewidth=0)


def _draw_ordering(part: OrderingPart, outcomes: Outcomes, axes: Axes) -> None:
    (experiment, variant), (other_experiment, other_variant) = (place.split("/") for place in part.places())
    # Both would be too long for an axis.
    names = (variant, other_variant) if variant != other_variant else (experiment, other_experiment)
    rows = {name: outcomes[place].measured(part.metric) for name, place in zip(names, part.places(), strict=True)}
    known = {name: values for name, values in rows.items() if values is not None}
    _draw_dots(axes, known, METRIC_NAMES[part.metric])


def _draw_gap(part: GapPart, outcomes: Outcomes, axes: Axes) -> None:
    metrics = part.metric, part.than_metric
    _draw_dots(axes, {METRIC_NAMES[metric]: outcomes[part.of].values(metric) for metric in metrics}, "")


def _draw_threshold(part: ThresholdPart, outcomes: Outcomes, axes: Axes) -> None:
    _draw_dots(axes, {"": outcomes[part.of].values(part.metric)}, METRIC_NAMES[part.metric])
    axes.axvline(part.at_least, color=PUBLISHED, linewidth=1.6)


def _draw_dots(axes: Axes, rows: dict[str, Values], label: str, *, intervals: bool = False) -> None:
    """Draw a row of dots for each entry, one dot a training, with a mark at their mean."""
    for place, values in enumerate(rows.values()):
        spread = place + np.linspace(-0.18, 0.18, len(values))
        axes.plot(values, spread, "o", color=TRAINED, markersize=3.5, alpha=0.7, markeredgewidth=0)
        axes.plot([values.mean()] * 2, [place - 0.3, place + 0.3], color=INK, linewidth=1.6)
        if intervals:
            interval = prediction_interval(values)
            axes.plot(
                [interval.low, interval.high], [place + 0.36] * 2, color=MUTED, linewidth=3, solid_capstyle="butt"
            )
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.margins(x=0.1)
    axes.set_xlabel(label, fontsize=8.5)


def _draw_curves(part: TrendPart | WobblePart, outcomes: Outcomes, axes: Axes) -> None:
    """Draw training and test over epochs, mean and spread, with the epochs that are compared."""
    pair = ("accuracy", "test_accuracy") if part.metric.endswith("accuracy") else ("loss", "test_loss")
    for metric, colour, line in zip(pair, COLOURS, ("-", "--"), strict=False):
        curves = outcomes[part.of].curves(metric)
        epochs = np.arange(1, curves.shape[1] + 1)
        axes.fill_between(epochs, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.2, linewidth=0)
        axes.plot(epochs, curves.mean(axis=0), line, color=colour, linewidth=1.4, label=METRIC_NAMES[metric].split()[0])
    for epoch in (part.from_epoch, part.to_epoch):
        axes.axvline(epoch, color=MUTED, linewidth=0.8, linestyle=":")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("epoch", fontsize=8.5)
    axes.legend(fontsize=7.5, frameon=False)


def _draw_stop(part: StopPart, outcomes: Outcomes, axes: Axes) -> None:
    """Draw the loss of each training up to its stop."""
    outcome = outcomes[part.of]
    for curve in outcome.curves("loss"):
        trained = curve[np.isfinite(curve)]
        axes.plot(np.arange(1, len(trained) + 1), trained, color=TRAINED, linewidth=0.8, alpha=0.6)
        axes.plot(len(trained), trained[-1], "o", color=TRAINED, markersize=3.5)
    axes.axvline(part.published, color=PUBLISHED, linewidth=1.6)
    axes.set_xlim(0.8, outcome.epochs + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch", fontsize=8.5)
    axes.set_ylabel("training loss", fontsize=8.5)
