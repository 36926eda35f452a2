"""The figure of gains and errors against the number of training images."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from hemline.comparison.crossing import Crossing
from hemline.comparison.power_law import PowerLaw
from hemline.comparison.units import POINTS, Unit
from hemline.report.labels import variant_labels
from hemline.report.plots import COLOURS, LINES, MUTED, style


def sizes_figure(
    table: pd.DataFrame,
    crossings: Mapping[str, Crossing],
    laws: Mapping[str, PowerLaw | None],
    heading: str,
    unit: Unit,
) -> Figure:
    """Draw the gain of each variant, with its interval and crossing, and beside it errors with their power laws.

    Args:
        table: a row per size and variant: images, variant, error, gain, gain_low, gain_high.
        crossings: by variant other than the baseline.
        laws: by variant; None: none fits.
        heading: of the axis of gains.
        unit: of gains.
    """
    names = list(dict.fromkeys(table["variant"]))
    labels, sizes = variant_labels(names), sorted(set(table["images"]))
    with style():
        figure = Figure(figsize=(9.6, 4.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.axhline(0, color=MUTED, linewidth=1)
        for place, name in enumerate(names):
            colour, line = COLOURS[place % len(COLOURS)], LINES[place // len(COLOURS) % len(LINES)]
            look: dict[str, Any] = {"color": colour, "linestyle": line}
            own = table[table["variant"] == name]
            if name in crossings:
                _gains(left, own, crossings[name], unit, look)
            _errors(right, own, laws[name], labels[name], look)
        left.set_title("gain, with 95 % intervals")
        left.set_ylabel(unit.heading(heading))
        right.set_title("error, with power laws where one fits")
        right.set_yscale("log")
        right.set_ylabel(f"error{', %' if unit is POINTS else ''}")
        # The ticks of a logarithmic axis of less than a decade would be powers of ten with fractions.
        right.yaxis.set_major_locator(MaxNLocator(6))
        right.yaxis.set_minor_locator(NullLocator())
        right.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{unit.factor * error:g}"))
        for axes in (left, right):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(FixedLocator(sizes))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
            axes.set_xlabel("training images")
            axes.tick_params(axis="x", labelsize=8)
            axes.grid(color="#e3e6e8", linewidth=0.8)
            axes.set_axisbelow(True)
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def _gains(axes: Axes, own: pd.DataFrame, found: Crossing, unit: Unit, look: dict[str, Any]) -> None:
    gain, low, high = (unit.factor * own[column].to_numpy() for column in ("gain", "gain_low", "gain_high"))
    axes.fill_between(own["images"], low, high, color=look["color"], alpha=0.12, linewidth=0)
    axes.plot(own["images"], gain, marker="o", markersize=3.5, linewidth=1.6, **look)
    if found.size is not None:
        ends = [found.low or own["images"].min(), found.high or own["images"].max()]
        axes.plot(ends, [0, 0], color=look["color"], linewidth=4, alpha=0.5, solid_capstyle="butt")
        axes.plot([found.size], [0], marker="D", markersize=6, color=look["color"])


def _errors(axes: Axes, own: pd.DataFrame, law: PowerLaw | None, label: str, look: dict[str, Any]) -> None:
    if law is None:
        axes.plot(own["images"], own["error"], marker="o", markersize=3.5, linewidth=0.8, label=label, **look)
        return
    grid = np.geomspace(own["images"].min(), own["images"].max(), 100)
    axes.plot(own["images"], own["error"], marker="o", markersize=3.5, linewidth=0, label=label, **look)
    axes.plot(grid, law.at(grid), linewidth=1.4, **look)
