"""A small figure for each claim, a panel for each of its parts: what was published against what the repeats gave."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hemline.claims.file import (
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
    rounded,
)
from hemline.claims.judge import METRICS
from hemline.claims.verdicts import Judged, Outcome, Outcomes, short_names, values_of
from hemline.comparison.statistics import prediction_interval
from hemline.report.plots import COLOURS, INK, MUTED, style

Values = npt.NDArray[np.float64]

TRAINED, PUBLISHED = COLOURS[0], COLOURS[1]
COLUMNS = 3
# Inches of a panel; labels of two rows need more width than one panel alone has.
WIDTH, HEIGHT = 3.5, 1.75


def claim_figure(judged: Judged, outcomes: Outcomes) -> Figure | None:
    """Draw a claim: dots are single trainings, bars 95 % prediction intervals, orange is what was published.

    Args:
        judged: the claim and its findings.
        outcomes: by ``experiment/variant``.

    Returns:
        The figure, or None where no part has anything to draw.
    """
    parts = _distinct([part for part in judged.claim.parts if _drawable(part, outcomes)])
    if not parts:
        return None
    columns, rows = min(COLUMNS, len(parts)), math.ceil(len(parts) / COLUMNS)
    with style():
        figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows))
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, part in zip(panels, parts, strict=False):
            _draw(axes, part, outcomes)
            axes.set_title(_title(part), fontsize=8.5)
            axes.tick_params(labelsize=8)
        for axes in panels[len(parts) :]:
            axes.set_axis_off()
    return figure


def _drawable(part: AnyPart, outcomes: Outcomes) -> bool:
    if isinstance(part, ErrorPart):
        return False
    if isinstance(part, OrderingPart) and part.metric == "seconds":
        return outcomes[part.of].seconds is not None and outcomes[part.than].seconds is not None
    return True


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


def _draw(axes: Axes, part: AnyPart, outcomes: Outcomes) -> None:
    match part:
        case NumberPart():
            _draw_number(axes, part, outcomes)
        case RangePart():
            _draw_dots(axes, {"": outcomes[part.of].last(part.metric)}, METRICS[part.metric])
            ends = [rounded(figure) for figure in part.published]
            axes.axvspan(ends[0].low, ends[1].high, color=PUBLISHED, alpha=0.2, linewidth=0)
        case OrderingPart():
            _draw_ordering(axes, part, outcomes)
        case GapPart():
            outcome = outcomes[part.of]
            names = {METRICS[metric]: outcome.last(metric) for metric in (part.metric, part.than_metric)}
            _draw_dots(axes, names, "")
        case TrendPart() | WobblePart():
            _draw_curves(axes, outcomes[part.of], part)
        case StopPart():
            _draw_stop(axes, outcomes[part.of], part)
        case ThresholdPart():
            _draw_dots(axes, {"": outcomes[part.of].last(part.metric)}, METRICS[part.metric])
            axes.axvline(part.at_least, color=PUBLISHED, linewidth=1.6)


def _draw_number(axes: Axes, part: NumberPart, outcomes: Outcomes) -> None:
    rows = {"": values_of(part, outcomes)}
    other = part.otherwise
    if other:
        changed = part.model_copy(update=other.model_dump(exclude={"condition"}, exclude_none=True))
        rows = {"as stated": rows[""], "otherwise": values_of(changed, outcomes)}
    _draw_dots(axes, rows, METRICS[part.metric], intervals=True)
    number = rounded(part.published)
    axes.axvspan(number.low, number.high, color=PUBLISHED, alpha=0.25, linewidth=0)
    axes.axvline(number.value, color=PUBLISHED, linewidth=1.6)


def _draw_ordering(axes: Axes, part: OrderingPart, outcomes: Outcomes) -> None:
    names = short_names(part.of, part.than)
    if names[0].endswith(")"):
        names = part.of.split("/")[0], part.than.split("/")[0]
    first, second = (
        outcome.seconds if part.metric == "seconds" else outcome.last(part.metric)
        for outcome in (outcomes[part.of], outcomes[part.than])
    )
    if first is not None and second is not None:
        _draw_dots(axes, {names[0]: first, names[1]: second}, METRICS[part.metric])


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


def _draw_curves(axes: Axes, outcome: Outcome, part: TrendPart | WobblePart) -> None:
    """Draw training and test over epochs, mean and spread, with the epochs that are compared."""
    pair = ("accuracy", "test_accuracy") if part.metric.endswith("accuracy") else ("loss", "test_loss")
    for metric, colour, line in zip(pair, COLOURS, ("-", "--"), strict=False):
        curves = outcome.curves(metric)
        epochs = np.arange(1, curves.shape[1] + 1)
        axes.fill_between(epochs, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.2, linewidth=0)
        axes.plot(epochs, curves.mean(axis=0), line, color=colour, linewidth=1.4, label=METRICS[metric].split()[0])
    for epoch in (part.from_epoch, part.to_epoch):
        axes.axvline(epoch, color=MUTED, linewidth=0.8, linestyle=":")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("epoch", fontsize=8.5)
    axes.legend(fontsize=7.5, frameon=False)


def _draw_stop(axes: Axes, outcome: Outcome, part: StopPart) -> None:
    """Draw the loss of each training up to its stop."""
    for curve in outcome.curves("loss"):
        trained = curve[np.isfinite(curve)]
        axes.plot(np.arange(1, len(trained) + 1), trained, color=TRAINED, linewidth=0.8, alpha=0.6)
        axes.plot(len(trained), trained[-1], "o", color=TRAINED, markersize=3.5)
    axes.axvline(part.published, color=PUBLISHED, linewidth=1.6)
    axes.set_xlim(0.8, outcome.epochs + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch", fontsize=8.5)
    axes.set_ylabel("training loss", fontsize=8.5)


def legend(parts: Sequence[AnyPart]) -> str:
    """Say in words what the panels of these kinds show."""
    kinds = {part.kind for part in parts}
    texts = []
    if kinds & {"number", "range", "ordering", "gap", "threshold"}:
        texts.append("Dots are single trainings, black bars their means.")
    if "number" in kinds:
        texts.append("Grey bars are prediction intervals; orange is what was published.")
    elif kinds & {"range", "threshold", "early-stop"}:
        texts.append("Orange is what was published, or the threshold.")
    if kinds & {"trend", "wobble"}:
        texts.append("Lines are means over the seeds, bands reach from the lowest to the highest.")
    return " ".join(texts)
