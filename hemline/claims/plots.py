"""A figure for each claim, with a panel for each part: published values and repeated trainings."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hemline.claims.intervals import rounded
from hemline.claims.kinds import METRIC_NAMES, AnyPart, OrderingPart, TrendPart, WobblePart
from hemline.claims.outcome import Outcomes, Values
from hemline.claims.verdicts import Judged
from hemline.comparison.statistics import prediction_interval
from hemline.report.plots import COLOURS, INK, MUTED, style

TRAINED, PUBLISHED = COLOURS[0], COLOURS[1]
COLUMNS = 3
# Inches of a panel.
WIDTH, HEIGHT = 3.5, 1.75

_DOTS = "Dots are single trainings, upright bars their means."
_NUMBERS = "Level grey bars are prediction intervals; orange is what was published."
_PUBLISHED = "Orange is what was published, or the threshold."
_LINES = "Lines are means over the seeds, bands reach from the lowest to the highest."


def claim_figure(judged: Judged, outcomes: Outcomes) -> Figure | None:
    """Draw a claim: dots are single trainings, bars 95 % prediction intervals, orange is the published value.

    None if no part has a panel.
    """
    drawn = [part for part in _distinct(judged.claim.parts) if part.kind in PANELS and not _unknown(part, outcomes)]
    if not drawn:
        return None
    columns, rows = min(COLUMNS, len(drawn)), math.ceil(len(drawn) / COLUMNS)
    with style():
        figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows))
        places = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, part in zip(places, drawn, strict=False):
            PANELS[part.kind][0](part, outcomes, axes)
            axes.set_title(_title(part), fontsize=8.5)
            axes.tick_params(labelsize=8)
        for axes in places[len(drawn) :]:
            axes.set_axis_off()
    return figure


def legend(parts: Sequence[AnyPart]) -> str:
    """Describe the panels of these parts in words."""
    needed = {text for part in parts if part.kind in PANELS for text in PANELS[part.kind][1:]}
    if _NUMBERS in needed:  # explains orange, too
        needed.discard(_PUBLISHED)
    return " ".join(text for text in (_DOTS, _NUMBERS, _PUBLISHED, _LINES) if text in needed)


def _unknown(part: AnyPart, outcomes: Outcomes) -> bool:
    metric = part.metric if isinstance(part, OrderingPart) else ""
    return metric == "seconds" and any(outcomes[place].measured(metric) is None for place in part.places())


def _distinct(parts: Sequence[AnyPart]) -> list[AnyPart]:
    """Leave out repeated curves: training and test are drawn together."""
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


def _draw_number(part: Any, outcomes: Outcomes, axes: Axes) -> None:
    rows = {"": outcomes[part.of].values(part.metric, part.epoch)}
    if part.otherwise:
        other = part.under_otherwise()
        rows = {"as stated": rows[""], "otherwise": outcomes[other.of].values(other.metric, other.epoch)}
    _draw_dots(axes, rows, METRIC_NAMES[part.metric], intervals=True)
    number = rounded(part.published)
    axes.axvspan(number.low, number.high, color=PUBLISHED, alpha=0.25, linewidth=0)
    axes.axvline(number.value, color=PUBLISHED, linewidth=1.6)


def _draw_range(part: Any, outcomes: Outcomes, axes: Axes) -> None:
    _draw_dots(axes, {"": outcomes[part.of].values(part.metric)}, METRIC_NAMES[part.metric])
    lower, upper = (rounded(number) for number in part.published)
    axes.axvspan(lower.low, upper.high, color=PUBLISHED, alpha=0.2, linewidth=0)


def _draw_ordering(part: Any, outcomes: Outcomes, axes: Axes) -> None:
    (experiment, variant), (other_experiment, other_variant) = (place.split("/") for place in part.places())
    # Both would be too long for an axis.
    names = (variant, other_variant) if variant != other_variant else (experiment, other_experiment)
    rows = {name: outcomes[place].measured(part.metric) for name, place in zip(names, part.places(), strict=True)}
    _draw_dots(axes, {name: values for name, values in rows.items() if values is not None}, METRIC_NAMES[part.metric])


def _draw_gap(part: Any, outcomes: Outcomes, axes: Axes) -> None:
    metrics = part.metric, part.than_metric
    _draw_dots(axes, {METRIC_NAMES[metric]: outcomes[part.of].values(metric) for metric in metrics}, "")


def _draw_threshold(part: Any, outcomes: Outcomes, axes: Axes) -> None:
    _draw_dots(axes, {"": outcomes[part.of].values(part.metric)}, METRIC_NAMES[part.metric])
    axes.axvline(part.at_least, color=PUBLISHED, linewidth=1.6)


def _draw_dots(axes: Axes, rows: dict[str, Values], label: str, *, intervals: bool = False) -> None:
    """Draw a row of dots for each entry, one dot a training, with a mark at their mean."""
    for place, values in enumerate(rows.values()):
        spread = place + np.linspace(-0.18, 0.18, len(values))
        axes.plot(values, spread, "o", color=TRAINED, markersize=3.5, alpha=0.7, markeredgewidth=0)
        axes.plot([values.mean()] * 2, [place - 0.3, place + 0.3], color=INK, linewidth=1.6)
        if intervals:
            ends = prediction_interval(values)
            axes.plot([ends.low, ends.high], [place + 0.36] * 2, color=MUTED, linewidth=3, solid_capstyle="butt")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.margins(x=0.1)
    axes.set_xlabel(label, fontsize=8.5)


def _draw_curves(part: Any, outcomes: Outcomes, axes: Axes) -> None:
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


def _draw_stop(part: Any, outcomes: Outcomes, axes: Axes) -> None:
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


# By kind: the drawing function of a part, and the sentences that explain it; some kinds have no panel.
PANELS: Mapping[str, tuple[Callable[[Any, Outcomes, Axes], None], *tuple[str, ...]]] = {
    "number": (_draw_number, _DOTS, _NUMBERS),
    "range": (_draw_range, _DOTS, _PUBLISHED),
    "ordering": (_draw_ordering, _DOTS),
    "trend": (_draw_curves, _LINES),
    "gap": (_draw_gap, _DOTS),
    "wobble": (_draw_curves, _LINES),
    "early-stop": (_draw_stop, _PUBLISHED),
    "threshold": (_draw_threshold, _DOTS, _PUBLISHED),
}
