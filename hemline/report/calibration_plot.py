"""Reliability diagrams: accuracy against confidence, a small one for each variant."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hemline.report.labels import variant_labels
from hemline.report.plots import COLOURS, MUTED, style

_COLUMNS = 4
# Of more variants, the rest is in the table.
_MOST = 16


def reliability_figure(bins: pd.DataFrame) -> Figure:
    """Draw a diagram for each of the first 16 variants.

    Args:
        bins: ``variant``, and shares from 0 to 1: ``confidence``, ``accuracy``, ``accuracy_low``, ``accuracy_high``.
    """
    tables = list(bins.groupby("variant", sort=False))[:_MOST]
    labels = variant_labels([str(name) for name, _ in tables])
    columns = min(len(tables), _COLUMNS) or 1
    rows = math.ceil(len(tables) / columns) or 1
    with style():
        figure = Figure(figsize=(9.6, 0.5 + 2.4 * rows), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        least = min(bins["confidence"].min(), bins["accuracy_low"].min()) if len(bins) else 0.0
        for axes in grid.flat[len(tables) :]:
            axes.set_axis_off()
        for place, (axes, (name, table)) in enumerate(zip(grid.flat, tables, strict=False)):
            _draw(axes, table, least)
            axes.set_title(labels[str(name)], fontsize=9)
            axes.tick_params(labelbottom=place + columns >= len(tables))  # also above a place without a diagram
        figure.supxlabel("confidence: probability of the answer, %", fontsize=9)
        figure.supylabel("accuracy, %", fontsize=9)
    return figure


def _draw(axes: Axes, table: pd.DataFrame, least: float) -> None:
    shares = 100 * table[["confidence", "accuracy", "accuracy_low", "accuracy_high"]]
    axes.plot([100 * least, 100], [100 * least, 100], color=MUTED, linewidth=1)
    axes.fill_between(
        shares["confidence"], shares["accuracy_low"], shares["accuracy_high"], color=COLOURS[0], alpha=0.25, linewidth=0
    )
    axes.plot(shares["confidence"], shares["accuracy"], color=COLOURS[0], marker="o", markersize=3, linewidth=1.4)
    axes.grid(color="#e3e6e8", linewidth=0.8)
    axes.set_axisbelow(True)
